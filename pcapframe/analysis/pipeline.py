"""Run all stages over a capture and return the results as one frozen `Analysis`."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal, NamedTuple, cast

import numpy as np
import pandas as pd

from pcapframe.analysis.chosen import all_columns, choose, take_events
from pcapframe.analysis.counted import counted_once, is_second_view
from pcapframe.analysis.counting import count_statistics
from pcapframe.analysis.health import examine_capture
from pcapframe.analysis.kept import assembled, kept_of
from pcapframe.analysis.known import Judged, capture_facts
from pcapframe.analysis.memory_bound import claim_memory
from pcapframe.analysis.provenance import CaptureFile, Provenance, files_of, installed_version
from pcapframe.analysis.result import Analysis
from pcapframe.analysis.selection import Address, Selection, Time, select_connections
from pcapframe.analysis.standouts import Filters, find_standouts
from pcapframe.analysis.summary import summarise_patterns
from pcapframe.arrays import Array
from pcapframe.connections import connections_and_turns
from pcapframe.disk import disk_may_be_used
from pcapframe.errors import ParameterError
from pcapframe.events import Floors, gather_events
from pcapframe.keeping import GATHERED_KEEPS, Keep, check_keep
from pcapframe.measures import without_attrs
from pcapframe.packets import DECODE_AS, CaptureSource, DecodeAs, Names, Progress, capture_info, read_pcap
from pcapframe.patterns import Patterns, Thresholds, Traffic, columns_read, floors_of, observed_in
from pcapframe.segments import label_segments
from pcapframe.store import is_store

__all__ = ["WholeCapture", "analyze", "judged", "judged_parts", "select_endpoints"]

DEFAULTS = Thresholds()
IN_MEMORY = 1_000_000_000  # of columns that are not kept; on the disk a packet takes no longer [bytes]


def analyze(
    source: CaptureSource | Sequence[CaptureSource] | pd.DataFrame | Analysis,
    *,
    server_ip: Address | None = None,
    server_port: int | None = None,
    start: Time | None = None,
    end: Time | None = None,
    client_ip: Address | None = None,
    server_name: str | None = None,
    thresholds: Thresholds = DEFAULTS,
    decode_as: DecodeAs | None = None,
    names: Names = True,
    keep: Keep | None = None,
    cache: bool = False,
    progress: Progress | Literal[False] | None = None,
) -> Analysis:
    """Analyse a capture: its connections and what is observed in them.

    Parameters
    ----------
    source : capture, list of captures, DataFrame, Analysis or store
        What `read_pcap` takes, the frame that it returned, or an Analysis: then its capture is not read
        again, and the filter given here takes the place of the one it had. The folder of a store
        (`write_store`) is opened: its packets are read when they are first used.
    server_ip, server_port : optional
        Only connections whose server endpoint matches both. Addresses are compared as addresses, whatever
        their spelling. Where no packet shows the roles, the endpoint that matches is taken as the server, and
        ``notes`` say so; where both match they stay unknown.
    start, end : datetime or str, optional
        Only connections that overlap this time, whole; ISO 8601, UTC where no zone is given.
    client_ip : optional
        Only connections whose client has this address; compared, and roles told, as for the server.
    server_name : str, optional
        Only connections to this name: ``server_name``, or one of ``server_names``, in any letter case;
        ``*.example.com`` matches all names below ``example.com``.
    thresholds : Thresholds, optional
        When the patterns are reported.
    decode_as : str or iterable of str, optional
        As for `read_pcap`; only for a capture.
    names : bool or path, default True
        As for `read_pcap`: whether to read payload for names, or a file of names.
    keep : {"packets", "segments", "events", "connections"}, optional
        What the result keeps: the packets and everything else (by default), no packets, only the segments that
        anything can be said of (``Analysis.events``), or only connections and what was found in them. All results are
        the same. What is not kept raises a `ParameterError` when it is used. Of a store or an Analysis, by default
        what that keeps.
    cache : bool, default False
        Keep a store of the whole capture in the user's cache folder, and open it the next time, as long as the capture
        files have not changed. The oldest are removed where all are larger than ``PCAPFRAME_CACHE_BYTES`` (4 GB).
    progress : callable or False, optional
        As for `read_pcap`; called once more before each later stage, so that what it raises ends the analysis
        there.

    Returns
    -------
    Analysis
        Frames, patterns, statistics and where they come from.

    Raises
    ------
    CaptureError
        The capture cannot be read.
    ParameterError
        An argument is not valid, such as a ``server_ip`` that is no address.

    Warns
    -----
    CaptureWarning
        Part of the capture could not be read; ``capture.notes`` says what.

    Notes
    -----
    A capture whose columns would take more than half of the memory that is free has them in temporary files instead,
    which are gone with the last frame on them; where segments are not kept, from 1 GB on. ``PCAPFRAME_MEMORY_BYTES``
    and ``PCAPFRAME_TEMPORARY`` (a folder) change how much may be in memory, and where the files are.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = analyze(pf.example("resets.pcap"), server_ip="198.51.100.20", server_port=80)
    >>> len(analysis.connections) < len(analysis.whole_connections)
    True
    >>> analyze(analysis, server_port=443).statistics["total_connections"]
    0
    """
    check_keep(keep)
    wanted = Selection.parse(server_ip, server_port, start, end, client_ip, server_name)
    if cache or is_store(source):
        from pcapframe.analysis.stored import opened  # noqa: PLC0415  # which makes an Analysis

        source, decode_as = opened(source, decode_as, names, progress), None
        if wanted == Selection() and thresholds == DEFAULTS:
            return source if keep in (None, source.keep) else kept_of(source, keep)
    with disk_may_be_used(IN_MEMORY if keep in GATHERED_KEEPS else None):
        whole = _stages(source, decode_as, names, progress, floors_of(thresholds))
        if keep == "connections" and not wanted.tells_roles:
            whole = whole._replace(packets=_none, segments=_none, events=_none)  # lets them go
        parts = _judged(whole, wanted, thresholds)
        has = source.keep if isinstance(source, Analysis) else "packets"
        frames = {"packets": whole.packets, "segments": whole.segments, "events": whole.events}
        return assembled(parts, keep or cast(Keep, has), **frames)


class WholeCapture(NamedTuple):
    """A whole capture, before anything is chosen of it."""

    packets: pd.DataFrame
    segments: pd.DataFrame
    connections: pd.DataFrame
    files: tuple[CaptureFile, ...]


class _Ready(NamedTuple):
    """What results are made from, and how to get at the frames."""

    judged: Judged
    connections: pd.DataFrame
    files: tuple[CaptureFile, ...]
    packets: Callable[[], pd.DataFrame]
    segments: Callable[[], pd.DataFrame]
    events: Callable[[], pd.DataFrame]


def judged(whole: WholeCapture, wanted: Selection, thresholds: Thresholds) -> Analysis:
    """Choose the connections that are wanted, and find what is seen in them and what limits that.

    Parameters
    ----------
    whole : WholeCapture
        The capture.
    wanted : Selection
        Which connections.
    thresholds : Thresholds
        When patterns are reported.

    Returns
    -------
    Analysis
        With everything.
    """
    ready = _ready(whole, floors_of(thresholds))
    parts = _judged(ready, wanted, thresholds)
    return assembled(parts, "packets", packets=ready.packets, segments=ready.segments)


def judged_parts(
    made: Judged,
    connections: pd.DataFrame,
    files: tuple[CaptureFile, ...],
    *,
    wanted: Selection,
    thresholds: Thresholds,
    keep: Keep,
    segments: Callable[[], pd.DataFrame],
    events: Callable[[], pd.DataFrame],
) -> Analysis:
    """Find what is seen in a capture whose packets and segments are elsewhere.

    Parameters
    ----------
    made : Judged
        What results are made from.
    connections : DataFrame
        Of the whole capture.
    files : tuple of CaptureFile
        Where it is from.
    wanted, thresholds
        As for `judged`.
    keep : {"events", "connections"}
        What the analysis keeps.
    segments, events : callable
        Return all segments, and all columns of the events; called where they are needed.

    Returns
    -------
    Analysis
        As from `analyze` with this `keep`.
    """
    results = _judged(_Ready(made, connections, files, _none, segments, events), wanted, thresholds)
    return assembled(results, keep, events=events)


def _ready(whole: WholeCapture, floors: Floors, turns: Sequence[Array] | None = None) -> _Ready:
    """Find the events of a capture, and what its packets tell."""
    packets, segments, connections, files = whole
    facts = capture_facts(packets, segments, capture_info(packets))
    made = Judged(facts, *take_events(segments, *gather_events(segments, connections, floors, turns)))
    return _Ready(made, connections, files, lambda: packets, lambda: segments, lambda: all_columns(made, segments))


def _none() -> pd.DataFrame:
    raise AssertionError("packets and segments were let go")


def _judged(whole: _Ready, wanted: Selection, thresholds: Thresholds) -> dict[str, Any]:
    """Choose the connections that are wanted, and find what is seen in them and what limits that.

    Returns
    -------
    dict
        All fields of `Analysis` but packets and segments.
    """
    facts, events, _ = whole.judged
    selected = select_connections(whole.connections, wanted)
    asked, connections = choose(whole.judged, whole.connections, selected, whole.segments)
    turned = whole.connections.index.to_numpy()[selected.flip]
    bare = without_attrs(connections)  # once: it takes as long as a pattern
    some = all_events = without_attrs(events)
    if asked.events is not events:
        some = without_attrs(asked.events)
    counted, is_second = counted_once(some, bare), is_second_view(bare)
    server_given = wanted.tells_server(counted.connections)
    health = examine_capture(
        facts.findings,
        all_events,
        counted.connections,
        totals=asked.totals,
        capture=facts.capture,
        packets=facts.packets,
        message=facts.message,
        asked=counted.segments,
        server_given=server_given,
        second_views=bare[is_second] if is_second.any() else None,
    )
    traffic = Traffic(
        *counted, server_given=server_given, totals=asked.totals, reads=columns_read(), attrs=connections.attrs
    )
    patterns = Patterns(health.qualify_pattern(seen) for seen in observed_in(traffic, thresholds))
    quotes = {"has_quotes": facts.has_quotes, "is_tunnelled": facts.is_tunnelled}
    whole_connections = bare if connections is whole.connections else whole.connections
    standouts = find_standouts(
        traffic, patterns, health, Filters(facts.capture, all_events, whole_connections, **quotes)
    )
    decoded = {DECODE_AS: list(facts.decode_as)} if facts.decode_as else {}
    parameters = {**wanted.to_dict(), "thresholds": thresholds.to_dict(), **decoded}
    return {
        "capture": facts.capture,
        "health": health,
        "connections": connections,
        "patterns": patterns,
        "statistics": count_statistics(*counted, server_given=server_given),
        "standouts": standouts,
        "summary": summarise_patterns(patterns, standouts),
        "message": selected.message if len(whole.connections) else facts.message,
        "notes": selected.notes,
        "selection": wanted,
        "thresholds": thresholds,
        "provenance": Provenance(installed_version(), parameters, whole.files),
        "whole_connections": whole.connections,
        "_judged": whole.judged,
        "_asked": asked,
        "_kept": None if asked.events is events else selected.keep,
        "_turned": turned,
    }


def _stages(
    source: CaptureSource | Sequence[CaptureSource] | pd.DataFrame | Analysis,
    decode_as: DecodeAs | None,
    names: Names,
    progress: Progress | Literal[False] | None,
    floors: Floors,
) -> _Ready:
    """Run the stages that look at every packet."""
    if decode_as is not None and isinstance(source, pd.DataFrame | Analysis):
        raise ParameterError("decode_as changes how a capture is read: expected a capture, and its packets are given")
    if isinstance(source, Analysis):
        made = source._judged
        events: Callable[[], pd.DataFrame] = lambda: source.events  # noqa: E731  # read where it is used
        if floors.idle_s < made.totals.floors.idle_s or floors.resends < made.totals.floors.resends:
            gathered = gather_events(source.segments, source.whole_connections, floors)
            made = Judged(made.facts, *take_events(source.segments, *gathered))
            events = partial(all_columns, made, source.segments)
        known = source.whole_connections, source.provenance.files
        frames = (lambda: source.packets, lambda: source.segments, events)
        return _Ready(made, *known, *frames)
    files: tuple[CaptureFile, ...] = ()
    if isinstance(source, pd.DataFrame):
        packets = source
        if not _ascends(packets.index):
            raise ParameterError("the packets are not in order of their frames, each once: sort them by their index")
    else:
        files = files_of(source)
        packets = read_pcap(source, decode_as=decode_as, names=names, progress=progress)
        claim_memory(source, packets)
    size = capture_info(packets).bytes  # refuses a frame without capture facts before the stages run
    step = progress or (lambda _done, _size: None)
    step(size, size)
    segments = label_segments(packets)
    step(size, size)
    connections, turns = connections_and_turns(segments)
    step(size, size)
    return _ready(WholeCapture(packets, segments, connections, files), floors, turns)


def _ascends(index: pd.Index) -> bool:
    """Whether each label is greater than the one before, by which rows are found."""
    if isinstance(index, pd.RangeIndex):  # without an array of the whole index, which pandas would keep
        return index.step > 0 or len(index) < 2
    labels = index.to_numpy()
    return bool((labels[1:] > labels[:-1]).all())


def select_endpoints(analysis: Analysis, wanted: Selection) -> Analysis:
    """Narrow the frames of an analysis to some endpoints, with the roles that these determine, without a new analysis.

    Parameters
    ----------
    analysis : Analysis
        To narrow; only its selected connections are considered.
    wanted : Selection
        The endpoints; its times are ignored.

    Returns
    -------
    Analysis
        Connections and their segments as ``analyze(analysis, ...)`` returns for these endpoints, though segments of
        other connections may be included too. Health, patterns, statistics and provenance are those of `analysis`.
    """
    endpoints = replace(wanted, start=None, end=None)
    if endpoints == replace(analysis.selection, start=None, end=None):
        return analysis
    whole, places = analysis.whole_connections, analysis.connections.index.to_numpy()  # conn_ids: also rows in `whole`
    selected = select_connections(whole.take(places), endpoints)
    keep, flip = (np.zeros(len(whole), np.bool_) for _ in range(2))
    keep[places], flip[places] = selected.keep, selected.flip
    narrowed = analysis._with(selection=endpoints, notes=selected.notes, message=selected.message)
    if not flip.any() and not analysis._turned.size:
        return narrowed._with(connections=whole[keep])
    asked, connections = choose(
        analysis._judged, whole, replace(selected, keep=keep, flip=flip), lambda: analysis.segments
    )
    turned = whole.index.to_numpy()[flip]
    return narrowed._with(connections=connections, _asked=asked, _kept=keep, _turned=turned)
