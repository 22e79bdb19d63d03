"""An analysis that keeps only a part of its capture."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from pcapframe.analysis.chosen import turn
from pcapframe.analysis.counting import READ as STATISTIC_READS
from pcapframe.analysis.events import rows_of_events
from pcapframe.analysis.result import Analysis
from pcapframe.errors import ParameterError
from pcapframe.measures import without_attrs
from pcapframe.patterns import Evidence
from pcapframe.rows import take_rows

__all__ = ["ANSWER_READS", "KEEPS", "Keep", "KeptAnalysis", "kept_of"]

Keep: TypeAlias = Literal["packets", "segments", "events", "connections"]
KEEPS: tuple[Keep, ...] = ("packets", "segments", "events", "connections")  # each keeps less than the one before
# Columns of events that answers read, kept with connections too.
ANSWER_READS = (*dict.fromkeys(STATISTIC_READS), "from_client", "rst_ignored", "zero_window")


Part: TypeAlias = pd.DataFrame | Callable[[], pd.DataFrame]
"""A frame that is kept, or how to read it when it is first used."""


class KeptAnalysis(Analysis):
    """An `Analysis` without its packets, and without its segments or even their events.

    What it does not keep raises a `ParameterError` that says which `keep` has it.
    """

    @classmethod
    def of(cls, known: Mapping[str, Any], keep: Keep, packet_count: int, parts: Mapping[str, Part]) -> "KeptAnalysis":
        """Make one.

        Parameters
        ----------
        known : mapping
            All fields of `Analysis` but packets and segments.
        keep : {"segments", "events", "connections"}
            What is kept.
        packet_count : int
            How many packets the capture has.
        parts : mapping
            ``segments`` and ``events`` of the whole capture, where they are kept, and ``_asked``: of the selected
            connections what results are counted from.

        Returns
        -------
        KeptAnalysis
            With the same results.
        """
        made = cls.__new__(cls)
        vars(made).update(known, _keep=keep, _packet_count=packet_count, _parts=dict(parts))
        return made

    @property
    def keep(self) -> str:
        """What is kept of the capture, as `analyze` was told."""
        keep: str = vars(self)["_keep"]
        return keep

    @property
    def packets(self) -> pd.DataFrame:
        """Not kept."""
        raise self._lacks("packets", "packets")

    @property
    def packet_count(self) -> int:
        """How many packets the capture has."""
        count: int = vars(self)["_packet_count"]
        return count

    @property
    def segments(self) -> pd.DataFrame:
        """Segments of the whole capture, where they are kept."""
        return self._part("segments", "segments")

    @property
    def events(self) -> pd.DataFrame:
        """The segments that anything can be said of, where they are kept."""
        return self._part("events", "events")

    @property
    def _asked(self) -> pd.DataFrame:
        return self._part("_asked", "connections")

    def filtered_columns(self, *names: str) -> pd.DataFrame:
        """Return some columns of `filtered_segments`, where segments are kept."""
        if self.keep != "segments":
            raise self._lacks("segments", "segments")
        return super().filtered_columns(*names)

    def filtered_events(self, *names: str) -> pd.DataFrame:
        """Return some columns of the events of the selected connections."""
        if self.keep == "segments":
            return self.filtered_columns(*names)
        if not set(names) <= set(self._asked):
            raise self._lacks("events", "events")
        return without_attrs(self._asked)[list(names)]

    def find_evidence(self, pattern: str, *, limit: int) -> Evidence:
        """List more of what shows a pattern, where segments are kept."""
        if self.keep != "segments":
            raise self._lacks("segments", "segments")
        return super().find_evidence(pattern, limit=limit)

    def _part(self, name: str, keep: Keep) -> pd.DataFrame:
        parts: dict[str, Part] = vars(self)["_parts"]
        if name not in parts:
            raise self._lacks(name, keep)
        part = parts[name]
        if callable(part):
            parts[name] = part = part()
        return part

    def _lacks(self, what: str, keep: Keep) -> ParameterError:
        return ParameterError(
            f'{what} of {self.capture.name} are not kept (keep="{self.keep}"): analyse the capture with keep="{keep}"'
        )


def kept_of(analysis: Analysis, keep: Keep) -> KeptAnalysis:
    """Leave out what is not to be kept.

    Parameters
    ----------
    analysis : Analysis
        With everything.
    keep : {"segments", "events", "connections"}
        What to keep.

    Returns
    -------
    KeptAnalysis
        With the same results.
    """
    parts: dict[str, Part] = {}
    if keep == "segments":
        parts = {"segments": analysis.segments, "events": analysis.events, "_asked": analysis._asked}
    else:
        rows = rows_of_events(analysis.segments)
        if analysis._rows is not None:
            rows = np.intersect1d(analysis._rows, rows, assume_unique=True)
        if keep == "events":
            parts["events"] = analysis.events
        bare = without_attrs(analysis.segments)
        read = list(bare) if keep == "events" else list(ANSWER_READS)
        parts["_asked"] = turn(take_rows(bare[read], rows), analysis._turned)
    dropped = {"packets", "segments", "_asked"}
    known = {field.name: getattr(analysis, field.name) for field in fields(Analysis) if field.name not in dropped}
    return KeptAnalysis.of(known, keep, analysis.packet_count, parts)
