"""A capture and everything found in it, as one frozen `Analysis`."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from pcapframe.analysis.chosen import Asked, ConnIds, all_columns, segments_of, turn
from pcapframe.analysis.counted import Counted, counted_once
from pcapframe.analysis.counting import count_statistics
from pcapframe.analysis.health import CaptureHealth
from pcapframe.analysis.known import Judged
from pcapframe.analysis.provenance import Provenance
from pcapframe.analysis.selection import Selection
from pcapframe.analysis.standouts import Standout
from pcapframe.analysis.statistics import LISTED, Statistics
from pcapframe.analysis.summary import Summary
from pcapframe.arrays import Mask
from pcapframe.measures import each_way, without_attrs
from pcapframe.packets import CaptureInfo
from pcapframe.patterns import Evidence, Patterns, Thresholds, Traffic, columns_read, evidence_in
from pcapframe.rows import rows_at
from pcapframe.wording import counted as numbered

if TYPE_CHECKING:
    from pcapframe.analysis.display import Brief, Report

__all__ = ["Analysis"]

COMPUTED = ("counted", "filtered_segments", "_report")  # from fields that may be others in a copy


@dataclass(frozen=True, eq=False, repr=False)
class Analysis:
    """A capture and everything found in it; returned by `analyze`.

    Parameters
    ----------
    capture : CaptureInfo
        Facts about the capture, and what could not be read.
    health : CaptureHealth
        What the capture can and cannot support: which statistics are lower bounds (``at least``) or unknown.
    packets, segments : DataFrame
        Of the whole capture: columns of ``schema.PACKETS`` and ``schema.SEGMENTS``.
    connections : DataFrame
        The selected connections: columns of ``schema.CONNECTIONS``.
    patterns : Patterns
        What was observed in them, as from `find_patterns`: a tuple that also takes names. A description says so where
        `health` limits its numbers.
    statistics : Statistics
        Counts over them: the ``statistics`` of the tool's answer.
    standouts : tuple of Standout
        What stands out, the most important first; each event once. Empty where nothing does.
    summary : Summary
        Counts of the patterns, and `standouts` as kind and sentence.
    message : str or None
        Why there is nothing to report: the capture has no TCP that can be read, or nothing matches the filter.
    notes : tuple of str
        Notes on the filter: connections left out, roles that the filter determined.
    selection : Selection
        The filter.
    thresholds : Thresholds
        Limits above which patterns are reported.
    provenance : Provenance
        Version, parameters and files.
    whole_connections : DataFrame
        Every connection of the capture, whatever the filter.
    """

    capture: CaptureInfo
    health: CaptureHealth
    packets: pd.DataFrame
    segments: pd.DataFrame
    connections: pd.DataFrame
    patterns: Patterns
    statistics: Statistics
    standouts: tuple[Standout, ...]
    summary: Summary
    message: str | None
    notes: tuple[str, ...]
    selection: Selection
    thresholds: Thresholds
    provenance: Provenance
    whole_connections: pd.DataFrame
    _judged: Judged  # what results are made from, of the whole capture
    _asked: Asked  # the same of the selected connections
    _kept: Mask | None  # which connections are selected, by conn_id; None without a filter
    _turned: ConnIds  # connections whose inferred roles the filter swaps

    @property
    def keep(self) -> str:
        """What is kept of the capture, as `analyze` was told."""
        return "packets"

    @property
    def packet_count(self) -> int:
        """How many rows `packets` has."""
        return len(self.packets)

    @property
    def segment_count(self) -> int:
        """How many rows `segments` has."""
        return int(each_way(self.whole_connections, "packets").sum())

    @cached_property
    def events(self) -> pd.DataFrame:
        """The segments of the whole capture that anything can be said of: columns of ``schema.SEGMENTS``.

        Those with SYN, FIN or RST, any label or a SACK block; resent, reordered and copied ones; probes, zero windows,
        and what acknowledges bytes that are missing; the first and last segment of each connection, side and turn;
        and what came before and after idle times, before a RST, late, or moved a window or timestamp back.
        """
        return all_columns(self._judged, self.segments)

    @cached_property
    def counted(self) -> Counted:
        """Events and connections that totals count: the selected ones without second views (``same_as``)."""
        return counted_once(self._asked.events, self.connections)

    @cached_property
    def filtered_segments(self) -> pd.DataFrame:
        """Segments of the selected connections; without a filter, the frame `segments` itself."""
        if self._kept is None:
            return self.segments
        return segments_of(self.segments, self._kept, self._turned)

    def filtered_columns(self, *names: str) -> pd.DataFrame:
        """Return some columns of `filtered_segments`, faster than computing all of them.

        Parameters
        ----------
        *names : str
            Columns of ``schema.SEGMENTS``.

        Returns
        -------
        DataFrame
            These columns, one row per segment.
        """
        if self._kept is None or "filtered_segments" in vars(self):
            return without_attrs(self.filtered_segments)[list(names)]
        wanted = list(dict.fromkeys(("conn_id", "from_client", *names)))
        return segments_of(without_attrs(self.segments)[wanted], self._kept, self._turned)[list(names)]

    def filtered_events(self, *names: str) -> pd.DataFrame:
        """Return some columns of the events of the selected connections.

        Parameters
        ----------
        *names : str
            Columns of ``schema.SEGMENTS``.

        Returns
        -------
        DataFrame
            These columns, one row per event.
        """
        asked = without_attrs(self._asked.events)
        if set(names) <= set(asked):
            return asked[list(names)]
        rows = rows_at(self.events, asked.index)
        return turn(without_attrs(self.events).take(rows), self._turned)[list(names)]

    def segments_of(self, frames: Sequence[int]) -> pd.DataFrame:
        """Return the segments of some frames, with the roles that the filter determines.

        Parameters
        ----------
        frames : sequence of int
            Frame numbers of TCP packets.

        Returns
        -------
        DataFrame
            Columns of ``schema.SEGMENTS``, a row per frame.
        """
        return turn(self.segments.loc[list(frames)], self._turned)

    def count_statistics(self, *, limit: int = LISTED) -> Statistics:
        """Count `statistics` again, with longer or shorter lists.

        Parameters
        ----------
        limit : int, default 100
            Most entries of each list; the totals are exact.

        Returns
        -------
        Statistics
            Plain Python objects.
        """
        return count_statistics(*self.counted, server_given=self._server_given, limit=limit)

    def find_evidence(self, pattern: str, *, limit: int) -> Evidence:
        """List more of the connections and frames that show a pattern than its evidence does.

        Parameters
        ----------
        pattern : str
            Its name.
        limit : int
            Most connections and most frames to list.

        Returns
        -------
        Evidence
            The first ones, with exact totals; empty where the pattern is not observed.

        Raises
        ------
        ParameterError
            There is no pattern of this name.
        """
        given, totals = self._server_given, self._asked.totals
        traffic = Traffic(*self.counted, listed=limit, server_given=given, totals=totals, reads=columns_read())
        return evidence_in(traffic, pattern, self.thresholds)

    def _with(self, **changes: Any) -> "Analysis":
        """Return this analysis with other fields, without reading what is read when it is first used."""
        made = object.__new__(type(self))
        vars(made).update({name: value for name, value in vars(self).items() if name not in COMPUTED} | changes)
        return made

    @property
    def _server_given(self) -> Mask:
        """Counted connections whose server the filter determines."""
        return self.selection.tells_server(self.counted.connections)

    @cached_property
    def _report(self) -> "Report":
        from pcapframe.analysis.display import Report  # noqa: PLC0415  # rich is needed only for display

        return Report(**{name: getattr(self, name) for name in Report.__match_args__})

    @property
    def brief(self) -> "Brief":
        """What stands out and a line a section; rich prints it, and so does ``pcapframe analyze``."""
        from pcapframe.analysis.display import Brief  # noqa: PLC0415

        return Brief(**{name: getattr(self, name) for name in Brief.__match_args__})

    def __str__(self) -> str:
        return self._report.plain_text()

    def __repr__(self) -> str:
        found = f"{numbered(len(self.connections), 'connection')}, {numbered(len(self.patterns), 'pattern')}"
        return f"<Analysis of {self.capture.name!r}: {numbered(self.capture.packets, 'packet')}, {found}>"

    def __rich__(self) -> "Report":
        return self._report

    def _repr_html_(self) -> str:
        return self._report.html()
