"""Read the captures named on the command line."""

import os
import sys
from typing import TYPE_CHECKING, Any, Literal

import click

import pcapframe
from pcapframe.cli.options import CACHE, CLUSTER, DECODE_AS, NAMES, SERVER_NAME, Captures
from pcapframe.cli.output import STDOUT
from pcapframe.keeping import StoredKeep

if TYPE_CHECKING:
    from pathlib import Path

    from pcapframe.analysis import Analysis

__all__ = [
    "analyze_captures",
    "convert_on_cluster",
    "decode_as",
    "names",
    "progress",
    "server_name",
    "sources",
    "spare_numpy",
]


def spare_numpy(**variables: str) -> None:
    """Set, before NumPy is imported, what it does in vain otherwise.

    Its library for linear algebra, of which there is none here, starts a thread for each core, and these wait for work
    by turning in circles: a sixth of the processor time of a command with a short capture.

    Parameters
    ----------
    **variables : str
        More environment variables. Those that are set keep their values.
    """
    for name, value in (variables | {"OPENBLAS_NUM_THREADS": "1"}).items():
        os.environ.setdefault(name, value)


def analyze_captures(
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    thresholds: dict[str, float] | None = None,
) -> "Analysis":
    """Analyse the captures of a command line.

    Parameters
    ----------
    captures : tuple
        Files, ``-`` and URLs.
    server_ip, server_port, start, end, thresholds
        As for `pcapframe.analyze`, None where not given.

    Returns
    -------
    Analysis
        A terminal shows a progress bar meanwhile.
    """
    # Huge pages pay off where memory is reused, as in a server. A process that analyses one capture only waits for
    # them, which takes long in virtual machines.
    spare_numpy(NUMPY_MADVISE_HUGEPAGE="0")
    meta = click.get_current_context().meta
    if meta.get(CLUSTER):
        return _on_cluster(meta[CLUSTER], captures, server_ip, server_port, start, end, thresholds)
    return pcapframe.analyze(
        sources(captures),
        server_ip=server_ip,
        server_port=server_port,
        start=start,
        end=end,
        thresholds=pcapframe.Thresholds().with_values(thresholds or {}),
        server_name=server_name(),
        decode_as=decode_as(),
        names=names() or True,
        cache=meta.get(CACHE, False),
        progress=progress(),
    )


def _on_cluster(
    scheduler: str,
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    thresholds: dict[str, float] | None,
) -> "Analysis":
    """Analyse the captures of a command line on a cluster."""
    if click.get_current_context().meta.get(CACHE):
        raise click.UsageError("--cache keeps packets, which a cluster leaves where they are: use convert --cluster")
    from pcapframe import cluster

    return cluster.analyze(
        *_for_cluster(captures, scheduler),
        keep="events",
        decode_as=decode_as(),
        names=names() or True,
        thresholds=pcapframe.Thresholds().with_values(thresholds or {}),
        progress=progress(),
        server_ip=server_ip,
        server_port=server_port,
        start=start,
        end=end,
        server_name=server_name(),
    )


def convert_on_cluster(captures: Captures, folder: str, keep: StoredKeep) -> "Path":
    """Let a cluster write the captures of a command line into a folder.

    Parameters
    ----------
    captures : tuple
        Files and URLs.
    folder, keep
        As for `pcapframe.write_store`.

    Returns
    -------
    Path
        The folder.
    """
    from pcapframe import cluster

    given, client = _for_cluster(captures, click.get_current_context().meta[CLUSTER])
    return cluster.convert(
        given, folder, client, keep, decode_as=decode_as(), names=names() or True, progress=progress()
    )


def _for_cluster(captures: Captures, scheduler: str) -> tuple[list[str], str | None]:
    return [one if isinstance(one, str) else one.url for one in captures], None if scheduler == "local" else scheduler


def decode_as() -> list[str] | None:
    """Return what ``--decode-as`` says.

    Returns
    -------
    list of str or None
        For the ``decode_as`` of `pcapframe.read_pcap`.
    """
    return list(click.get_current_context().meta.get(DECODE_AS, ())) or None


def names() -> str | None:
    """Return what ``--names`` says.

    Returns
    -------
    str or None
        A file, for the ``names`` of `pcapframe.read_pcap`.
    """
    given: str | None = click.get_current_context().meta.get(NAMES)
    return given


def server_name() -> str | None:
    """Return what ``--server-name`` says.

    Returns
    -------
    str or None
        For the ``server_name`` of `pcapframe.analyze`.
    """
    given: str | None = click.get_current_context().meta.get(SERVER_NAME)
    return given


def sources(captures: Captures) -> Any:
    """Return the captures to read; refuse standard input that is a terminal.

    Parameters
    ----------
    captures : tuple
        Files, ``-`` and URLs.

    Returns
    -------
    capture or list
        What `pcapframe.read_pcap` takes.
    """
    if captures.count(STDOUT) > 1:
        raise click.UsageError("standard input (-) can be read only once")
    if STDOUT in captures and sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("standard input (-) is a terminal: expected a capture, as in tcpdump -w - | …")
    return captures[0] if len(captures) == 1 else list(captures)


def progress() -> Literal[False] | None:
    """Show a progress bar in a terminal only.

    Returns
    -------
    None or False
        For the ``progress`` of `pcapframe.read_pcap`.
    """
    return None if sys.stderr.isatty() else False
