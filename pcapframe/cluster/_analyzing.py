"""Analyse captures on a cluster, with the results of one machine."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import pandas as pd

from pcapframe.analysis import Analysis
from pcapframe.analysis.chosen import judged_columns
from pcapframe.analysis.known import Judged, capture_facts
from pcapframe.analysis.pipeline import judged_parts
from pcapframe.analysis.provenance import CaptureFile
from pcapframe.analysis.selection import Selection, select_connections
from pcapframe.capture.decode_as import decoded_ports, listed
from pcapframe.cluster._aside import Into
from pcapframe.cluster._connecting import check_captures, check_workers, connected, partitions_for
from pcapframe.cluster._decoding import Decoded
from pcapframe.cluster._running import run
from pcapframe.cluster._shuffling import Tell
from pcapframe.cluster._sources import Listed, list_sources
from pcapframe.cluster._whole import Whole, bring_together
from pcapframe.errors import CaptureWarning, ParameterError
from pcapframe.events import Floors
from pcapframe.keeping import GATHERED_KEEPS, GatheredKeep, check_keep
from pcapframe.measures import without_attrs
from pcapframe.names import read_hosts
from pcapframe.packets import DECODE_AS, DecodeAs, Names, capture_info
from pcapframe.patterns import Thresholds, floors_of

__all__ = ["Order", "analyze", "gather", "ordered", "results", "shown"]

DEFAULTS = Thresholds()


def analyze(
    captures: Any,
    client: Any = None,
    keep: GatheredKeep = "connections",
    *,
    decode_as: DecodeAs | None = None,
    names: Names = True,
    storage_options: Mapping[str, Any] | None = None,
    thresholds: Thresholds = DEFAULTS,
    progress: Tell | Literal[False] | None = None,
    **wanted: Any,
) -> Analysis:
    """Analyse captures on a cluster that runs Dask: the results are those of `pcapframe.analyze`.

    Parameters
    ----------
    captures : path, URL, folder, pattern, or a list of these
        Files on a folder that every worker has, or objects that fsspec opens, such as ``s3://captures/monday/*.pcap``.
    client : distributed.Client or str, optional
        The cluster, or the address of its scheduler. By default one is started on this machine, with a worker for each
        core, and closed again.
    keep : {"connections", "events"}, default "connections"
        As for `pcapframe.analyze`. Packets stay where they are.
    decode_as, names, thresholds
        As for `pcapframe.analyze`. A file of names is read here.
    storage_options : mapping, optional
        For fsspec, such as credentials. They go to the workers, and into no message, log or answer.
    progress : callable or False, optional
        Called with how many tasks are done and how many there are: a capture to decode, or a part of the connections to
        analyse. An exception from it ends the analysis. By default a bar appears after a second; False shows none.
    **wanted
        A filter, as for `pcapframe.analyze`: ``server_ip``, ``server_port``, ``start``, ``end``, ``client_ip``,
        ``server_name``.

    Returns
    -------
    Analysis
        As from `pcapframe.analyze` with the same captures and the same `keep`.

    Raises
    ------
    ClusterError
        No scheduler answers, there are no workers, or one of them has another version.
    CaptureError
        The workers do not see the captures, or none can be read.
    ParameterError
        An argument is not valid.

    Warns
    -----
    CaptureWarning
        A capture cannot be read, or only a part of it: unlike on one machine, the others are analysed all the same.

    Notes
    -----
    A script that starts a cluster on its own machine needs ``if __name__ == "__main__":``, since workers are processes
    that import it.

    Where one machine would follow something from one capture into the next, these stay apart: a name that stands in
    payload which begins in one capture and ends in another is not read, and one that is said again in a later capture
    of the same connection may be heard there. Fragments never span captures, here and there.
    """
    check_keep(keep, GATHERED_KEEPS)
    selection, order = _selection(wanted), ordered(captures, decode_as, names, storage_options)
    with connected(client) as cluster, shown(progress) as tell:
        check_workers(cluster)
        check_captures(cluster, order.sources.sources)
        _, whole = gather(cluster, order, floors_of(thresholds), tell, whole=keep == "events")
        return results(whole, order.sources.files, selection, thresholds, keep)


class Order(NamedTuple):
    """What is to be read, and how."""

    sources: Listed
    decode_as: list[str]
    names: bool
    given: list[tuple[str, str]]  # addresses with names


def ordered(
    captures: Any, decode_as: DecodeAs | None, names: Names, storage_options: Mapping[str, Any] | None
) -> Order:
    """Check what is to be read.

    Parameters
    ----------
    captures, decode_as, names, storage_options
        As for `analyze`.

    Returns
    -------
    Order
        The captures are not opened yet.

    Raises
    ------
    CaptureError, ParameterError
        As for `analyze`.
    """
    texts = listed(decode_as)
    decoded_ports(texts)
    given = [] if isinstance(names, bool) else read_hosts(names)
    return Order(list_sources(captures, storage_options), texts, bool(names), given)


def gather(
    cluster: Any, order: Order, floors: Floors, tell: Tell, *, whole: bool, into: Into | None = None
) -> tuple[list[Decoded], Whole]:
    """Let the workers read and analyse, and put together what they found.

    Parameters
    ----------
    cluster : distributed.Client
        Of the cluster, whose workers see the captures.
    order : Order
        What is to be read.
    floors : Floors
        From where on idle times and repeated segments are kept.
    tell : callable
        Called with how many tasks are done, and how many there are.
    whole : bool
        Whether the events have all columns.
    into : Into, optional
        Where packets and segments are kept.

    Returns
    -------
    list of Decoded
        What each capture says.
    Whole
        All of them.

    Raises
    ------
    CaptureError
        None can be read.

    Warns
    -----
    CaptureWarning
        One cannot be read, or only a part of it.
    """
    sources = order.sources
    found = run(
        cluster,
        sources.sources,
        partitions=partitions_for(cluster, sources.sources),
        decode_as=order.decode_as,
        names=order.names,
        floors=floors,
        whole=whole,
        tell=tell,
        into=into,
    )
    unread = [one.passed_over for one in found.decoded if one.passed_over is not None]
    if len(unread) == len(found.decoded):
        raise unread[0]
    made = bring_together(found.decoded, found.parts, sources.name, order.given, found.fetch, found.everything)
    for one in found.decoded:
        for note in one.info.notes:
            warnings.warn(f"{one.info.name}: {note}", CaptureWarning, stacklevel=3)
    if order.decode_as:
        for frame in (made.packets, made.events, made.connections):
            frame.attrs[DECODE_AS] = order.decode_as
    return found.decoded, made


def results(
    whole: Whole, files: tuple[CaptureFile, ...], selection: Selection, thresholds: Thresholds, keep: GatheredKeep
) -> Analysis:
    """Find what is seen in the whole.

    Parameters
    ----------
    whole : Whole
        All captures.
    files : tuple of CaptureFile
        These.
    selection : Selection
        Which connections are wanted.
    thresholds : Thresholds
        When patterns are reported.
    keep : {"connections", "events"}
        What the analysis keeps.

    Returns
    -------
    Analysis
        As from `pcapframe.analyze`.
    """
    capture, count = capture_info(whole.packets), pd.DataFrame(index=pd.RangeIndex(whole.segments))
    facts = capture_facts(
        whole.packets, count, capture, clock_steps=lambda _segments: whole.clock_steps(), counts=whole.counts
    )
    read = without_attrs(whole.events)[judged_columns()]
    read.attrs = whole.events.attrs

    def segments() -> pd.DataFrame:
        some = whole.fetch(select_connections(whole.connections, selection).keep)
        some.attrs = whole.events.attrs
        return some

    return judged_parts(
        Judged(facts, read, whole.totals),
        whole.connections,
        files,
        wanted=selection,
        thresholds=thresholds,
        keep=keep,
        segments=segments,
        events=lambda: whole.events,
    )


def _selection(wanted: Mapping[str, Any]) -> Selection:
    names = ("server_ip", "server_port", "start", "end", "client_ip", "server_name")
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise ParameterError(f"there is no filter {unknown[0]}: expected {', '.join(names)}")
    return Selection.parse(*(wanted.get(name) for name in names))


@contextmanager
def shown(progress: Tell | Literal[False] | None) -> Iterator[Tell]:
    """Yield what is told how far the analysis is.

    Parameters
    ----------
    progress : callable or False, optional
        As for `analyze`.

    Yields
    ------
    callable
        Takes how many tasks are done, and how many there are.
    """
    if progress is not None:
        yield progress or (lambda _done, _total: None)
        return
    from tqdm.auto import tqdm  # loads much

    with tqdm(desc="decoding and analysing", unit="task", leave=False, delay=1) as bar:

        def tell(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield tell
