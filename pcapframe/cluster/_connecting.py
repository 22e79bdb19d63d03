"""Connect to a cluster, and refuse one that cannot do the work before any of it begins."""

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pcapframe.analysis.provenance import installed_version
from pcapframe.cluster._sources import Source, size_of
from pcapframe.errors import CaptureNotFoundError, ClusterError, ParameterError, needs_extra
from pcapframe.store import schema_digest
from pcapframe.threads import VARIABLE, threads_to_use
from pcapframe.wording import counted, printable

__all__ = ["check_captures", "check_workers", "connected", "partitions_for"]

ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?(\[[\da-fA-F:.%]+\]|[\w.-]+):\d{1,5}")
ANSWER_WITHIN_S = 10.0
MOST_LOOKED_AT = 64  # captures that each worker is asked for, first and last among them
# What a part takes on a worker, by what its packets take in captures: rows, segments and connections. Measured with
# `make bench-cluster`; packets cut to 192 bytes.
TIMES_AS_LARGE = 4
SHARE_OF_MEMORY = 0.25  # of a worker's, for a part that is analysed


@contextmanager
def connected(client: Any) -> Iterator[Any]:
    """Yield a client of a cluster: the one given, one for an address, or one of a cluster on this machine.

    Parameters
    ----------
    client : distributed.Client, str or None
        A client stays connected; what was made for this is closed.

    Yields
    ------
    distributed.Client
        Connected.

    Raises
    ------
    ClusterError
        No scheduler answers.
    ParameterError
        It is something else.
    """
    with needs_extra("clusters need", "cluster"):
        from distributed import Client, LocalCluster  # an extra
    if isinstance(client, Client):
        if client.status not in ("running", "newly-created"):
            raise ClusterError(f"the client is {client.status}: expected one that is connected to a scheduler")
        yield client
    elif client is None:
        options = {"processes": True, "threads_per_worker": 1, "dashboard_address": None}
        with (
            LocalCluster(
                n_workers=threads_to_use(), silence_logs=logging.ERROR, env={VARIABLE: "1"}, **options
            ) as cluster,
            Client(cluster) as made,
        ):
            yield made
    elif isinstance(client, str):
        name = printable(client)
        if not ADDRESS.fullmatch(client):
            raise ParameterError(f"{name} is no address of a scheduler: expected one such as tcp://192.0.2.1:8786")
        try:
            made = Client(client, timeout=ANSWER_WITHIN_S)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(f"no scheduler answers at {name} ({type(error).__name__})") from None
        with made:
            yield made
    else:
        raise ParameterError(f"client is a {type(client).__name__}: expected a distributed.Client, an address or None")


def _about() -> tuple[str, str, tuple[int, int], str]:
    """Return what has to be the same everywhere: versions and columns; and the machine's byte order."""
    return installed_version(), schema_digest(), sys.version_info[:2], sys.byteorder


def _here() -> tuple[str, str, tuple[int, int], str]:
    return _about()


def check_workers(client: Any) -> None:
    """Refuse a cluster without workers, or with one that would not give the same results.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.

    Raises
    ------
    ClusterError
        Says which worker, and what it has.
    """
    if not client.scheduler_info(n_workers=-1)["workers"]:
        raise ClusterError(
            f"the scheduler at {_address(client)} has no workers: start some with `dask worker {_address(client)}`"
        )
    here = _here()
    for worker, there in client.run(_about, on_error="return").items():
        if isinstance(there, BaseException):
            raise ClusterError(
                f"the worker {worker} cannot run pcapframe {here[0]} ({type(there).__name__}): install the same version"
            )
        for what, own, other in zip(("pcapframe", "columns", "Python", "byte order"), here, there, strict=True):
            if own != other:
                known = "other columns" if what == "columns" else f"{what} {_shown(other)}"
                mine = "the client" if what == "columns" else f"{what} {_shown(own)}, as the client"
                raise ClusterError(f"the worker {worker} has {known}: expected those of {mine}, so that results agree")


def _shown(version: Any) -> str:
    return ".".join(map(str, version)) if isinstance(version, tuple) else str(version)


def _address(client: Any) -> str:
    return str(client.scheduler.address)


def check_captures(client: Any, sources: Sequence[Source]) -> None:
    """Refuse captures that a worker does not see, such as files on the client's disk.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    sources : sequence of Source
        The captures; of many, some are looked for.

    Raises
    ------
    CaptureNotFoundError
        Says which one, and on which worker. One that nobody sees is no error here: it is passed over later.
    """
    step = -(-len(sources) // MOST_LOOKED_AT)
    some = [*sources[::step], sources[-1]]
    seen = client.run(_seen, some)
    for number, source in enumerate(some):
        lacking = [worker for worker, sizes in seen.items() if sizes[number] is None]
        if lacking and (source.size is not None or len(lacking) < len(seen)):
            which = f"{counted(len(lacking), 'worker')} of {len(seen)}, such as {lacking[0]}"
            raise CaptureNotFoundError(
                source.name,
                f"{which}, cannot see it: expected a folder or an object store that all machines have",
            )


def _seen(sources: Sequence[Source]) -> list[int | None]:
    return [size_of(source) for source in sources]


def partitions_for(client: Any, sources: Sequence[Source]) -> int:
    """Return into how many parts the connections go, so that each fits the memory of a worker.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    sources : sequence of Source
        The captures.

    Returns
    -------
    int
        At least two for each thread.
    """
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    threads = sum(worker["nthreads"] for worker in workers)
    room = min((worker["memory_limit"] or 4 << 30) / worker["nthreads"] for worker in workers)
    size = sum(source.size or 0 for source in sources)
    return int(max(2 * threads, TIMES_AS_LARGE * size / (SHARE_OF_MEMORY * room) + 1))
