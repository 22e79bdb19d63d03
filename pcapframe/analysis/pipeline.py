"""Run the stages over a capture and hold what they give in one frozen `Analysis`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.analysis.provenance import CaptureFile, Provenance, files_of
from pcapframe.analysis.selection import Address, Selected, Selection, Time, select_connections
from pcapframe.analysis.statistics import LISTED, Statistics, Summary, count_statistics, summarise_patterns
from pcapframe.connections import build_connections
from pcapframe.packets import CaptureInfo, CaptureSource, Progress, capture_info, read_pcap
from pcapframe.patterns import Evidence, Pattern, Thresholds, find_evidence, find_patterns
from pcapframe.segments import label_segments

if TYPE_CHECKING:
    from pcapframe.analysis.display import Report

__all__ = ["Analysis", "analyze"]

Mask = npt.NDArray[np.bool_]
DEFAULTS = Thresholds()
NO_TCP = "No TCP packets found in this capture"


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """A capture with everything that was found in it; made by `analyze`.

    Parameters
    ----------
    capture : CaptureInfo
        Facts about the capture and what could not be read of it.
    packets, segments : DataFrame
        Of the whole capture: columns of ``schema.PACKETS`` and ``schema.SEGMENTS``.
    connections : DataFrame
        Those asked for: columns of ``schema.CONNECTIONS``.
    patterns : tuple of Pattern
        What was observed in them.
    statistics : Statistics
        Counts over them: the ``statistics`` of the tool's answer.
    summary : Summary
        Counts of the patterns and what stands out.
    message : str or None
        Why there is nothing to report: no TCP in the capture, or nothing matches the filter.
    notes : tuple of str
        What a reader should know about the selection.
    selection : Selection
        What was asked for.
    thresholds : Thresholds
        When the patterns are reported.
    provenance : Provenance
        Version, parameters and files.
    whole_connections : DataFrame
        Every connection of the capture; `connections` without a filter.
    """

    capture: CaptureInfo
    packets: pd.DataFrame
    segments: pd.DataFrame
    connections: pd.DataFrame
    patterns: tuple[Pattern, ...]
    statistics: Statistics
    summary: Summary
    message: str | None
    notes: tuple[str, ...]
    selection: Selection
    thresholds: Thresholds
    provenance: Provenance
    whole_connections: pd.DataFrame
    _view: pd.DataFrame  # the segments, with the roles that the filter tells
    _kept: Mask | None  # which of them are asked for; None for all

    @cached_property
    def filtered_segments(self) -> pd.DataFrame:
        """Segments of the connections asked for; the same frame as `segments` without a filter."""
        if self._kept is None:
            return self._view
        chosen = self._view[self._kept]
        chosen.attrs = self._view.attrs
        return chosen

    def count_statistics(self, *, limit: int = LISTED) -> Statistics:
        """Count what `statistics` states, with longer or shorter lists.

        Parameters
        ----------
        limit : int, default 100
            So many entries of each list, beside their exact total.

        Returns
        -------
        Statistics
            Plain Python objects.
        """
        named = self.selection.names_server
        return count_statistics(self._view, self.connections, kept=self._kept, server_given=named, limit=limit)

    def find_evidence(self, pattern: str, *, limit: int) -> Evidence:
        """Name more of the connections and packets that show a pattern than its evidence lists.

        Parameters
        ----------
        pattern : str
            Its name.
        limit : int
            So many connections and frames, the first.

        Returns
        -------
        Evidence
            With the exact totals; nothing in it where the pattern is not observed.

        Raises
        ------
        ParameterError
            There is no pattern of this name.
        """
        return find_evidence(self._view, self.connections, pattern, limit=limit, thresholds=self.thresholds)

    @cached_property
    def _report(self) -> "Report":
        from pcapframe.analysis.display import Report  # noqa: PLC0415  # rich is for who looks at it

        return Report(**{name: getattr(self, name) for name in Report.__match_args__})

    def __str__(self) -> str:
        return self._report.plain_text()

    def __repr__(self) -> str:
        found = f"{len(self.connections):,} connections, {len(self.patterns):,} patterns"
        return f"<Analysis of {self.capture.name!r}: {self.capture.packets:,} packets, {found}>"

    def __rich__(self) -> "Report":
        return self._report

    def _repr_html_(self) -> str:
        return self._report.html()


def analyze(
    source: CaptureSource | Sequence[CaptureSource] | pd.DataFrame | Analysis,
    *,
    server_ip: Address | None = None,
    server_port: int | None = None,
    start: Time | None = None,
    end: Time | None = None,
    thresholds: Thresholds = DEFAULTS,
    progress: Progress | Literal[False] | None = None,
) -> Analysis:
    """Analyse a capture: its connections and what is observed in them.

    Parameters
    ----------
    source : capture, list of captures, DataFrame or Analysis
        What `read_pcap` takes, the frame that it returned, or an Analysis: then its capture is not read
        again, and the filter given here takes the place of the one it had.
    server_ip, server_port : optional
        Only connections whose server endpoint matches both. Addresses are compared as addresses, whatever
        their spelling. Where no packet shows the roles, the endpoint that matches is taken as the server.
    start, end : datetime or str, optional
        Only connections that overlap this time, whole; ISO 8601, UTC where no zone is given.
    thresholds : Thresholds, optional
        When the patterns are reported.
    progress : callable or False, optional
        As for `read_pcap`.

    Returns
    -------
    Analysis
        Frames, patterns, statistics and where they come from.

    Raises
    ------
    CaptureError
        The capture cannot be read.
    ParameterError
        An argument cannot be meant, such as a ``server_ip`` that is no address.

    Warns
    -----
    CaptureWarning
        Part of the capture could not be read; ``capture.notes`` says what.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = analyze(pf.example("resets.pcap"), server_ip="198.51.100.20", server_port=80)
    >>> len(analysis.connections) < len(analysis.whole_connections)
    True
    >>> analyze(analysis, server_port=443).statistics["total_connections"]
    0
    """
    wanted = Selection.parse(server_ip, server_port, start, end)
    files: tuple[CaptureFile, ...] = ()
    if isinstance(source, Analysis):
        packets, segments, whole = source.packets, source.segments, source.whole_connections
        files = source.provenance.files
    else:
        if isinstance(source, pd.DataFrame):
            packets = source
        else:
            files = files_of(source)
            packets = read_pcap(source, progress=progress)
        capture_info(packets)  # a frame without it is refused before the work
        segments = label_segments(packets)
        whole = build_connections(segments)
    selected = select_connections(whole, wanted)
    view, kept, connections = _chosen(segments, whole, selected)
    patterns = tuple(find_patterns(view, connections, thresholds=thresholds))
    statistics = count_statistics(view, connections, kept=kept, server_given=wanted.names_server)
    return Analysis(
        capture=capture_info(packets),
        packets=packets,
        segments=segments,
        connections=connections,
        patterns=patterns,
        statistics=statistics,
        summary=summarise_patterns(patterns),
        message=selected.message if len(whole) else NO_TCP,
        notes=(*selected.notes, *_notes(statistics, wanted)),
        selection=wanted,
        thresholds=thresholds,
        provenance=Provenance(_version(), {**wanted.to_dict(), "thresholds": thresholds.to_dict()}, files),
        whole_connections=whole,
        _view=view,
        _kept=kept,
    )


def _chosen(
    segments: pd.DataFrame, whole: pd.DataFrame, selected: Selected
) -> tuple[pd.DataFrame, Mask | None, pd.DataFrame]:
    """Segments with the roles that the filter tells, which of them are asked for, and their connections."""
    if not selected.flip.any():
        if selected.keep.all():
            return segments, None, whole
        connections = whole[selected.keep]
        return segments, _segments_of(segments, connections.index), connections
    flipped = _segments_of(segments, whole.index[selected.flip])
    view = segments.assign(from_client=segments["from_client"].to_numpy() ^ flipped)
    kept = None if selected.keep.all() else _segments_of(segments, whole.index[selected.keep])
    return view, kept, build_connections(view if kept is None else view[kept])


def _segments_of(segments: pd.DataFrame, conn_ids: pd.Index) -> Mask:
    """Tell the segments of some connections."""
    conn_id = segments["conn_id"].to_numpy()
    wanted = np.zeros(int(conn_id.max(initial=-1)) + 1, np.bool_)
    wanted[conn_ids.to_numpy()] = True
    return wanted.take(conn_id)


def _notes(statistics: Statistics, wanted: Selection) -> list[str]:
    """Say what limits the counts."""
    notes = []
    inferred, copies = statistics["roles"]["inferred"], statistics["capture_duplicates"]
    if inferred and not wanted.names_server:
        notes.append(
            f"No packet shows the roles in {inferred:,} of {statistics['total_connections']:,} connections: "
            "there, client and server are inferred from ports."
        )
    if copies:
        notes.append(
            f"{copies:,} of {statistics['total_packets']:,} TCP packets are further copies of a packet "
            "already captured: they count in packets and bytes only."
        )
    return notes


def _version() -> str:
    """Return the version of pcapframe as installed."""
    try:
        return version("pcapframe")
    except PackageNotFoundError:  # run from a folder
        return "unknown"
