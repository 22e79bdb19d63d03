"""An analysis that keeps only a part of its capture."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any, TypeAlias, cast

import pandas as pd

from pcapframe.analysis.chosen import Asked, all_columns
from pcapframe.analysis.known import Judged
from pcapframe.analysis.result import Analysis
from pcapframe.errors import ParameterError
from pcapframe.keeping import Keep

__all__ = ["KeptAnalysis", "NotKeptError", "assembled", "kept_of"]

Part: TypeAlias = pd.DataFrame | Judged | Asked | Callable[[], Any]
"""Something that is kept, or how to read it when it is first used."""


class NotKeptError(ParameterError):
    """What was asked for is not kept of the capture."""


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
            ``_judged``: what results are made from; ``_asked``: that of the selected connections; and ``segments``
            and ``events`` of the whole capture, where they are kept.

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
        segments: pd.DataFrame = self._part("segments", "segments")
        return segments

    @property
    def events(self) -> pd.DataFrame:
        """The segments that anything can be said of, where they are kept."""
        events: pd.DataFrame = self._part("events", "events")
        return events

    @property
    def _judged(self) -> Judged:
        judged: Judged = self._part("_judged", "connections")
        return judged

    @property
    def _asked(self) -> Asked:
        asked: Asked = self._part("_asked", "connections")
        return asked

    def __getstate__(self) -> dict[str, Any]:
        """Return all that is kept, read by now."""
        return {**vars(self), "_parts": {name: self._part(name, self.keep) for name in vars(self)["_parts"]}}

    def _with(self, **changes: Any) -> "KeptAnalysis":
        """Return this analysis with other fields."""
        if "_asked" in changes:
            changes["_parts"] = {**vars(self)["_parts"], "_asked": changes.pop("_asked")}
        return cast(KeptAnalysis, super()._with(**changes))

    def filtered_columns(self, *names: str) -> pd.DataFrame:
        """Return some columns of `filtered_segments`, where segments are kept."""
        if self.keep != "segments":
            raise self._lacks("segments", "segments")
        return super().filtered_columns(*names)

    def _part(self, name: str, keep: str) -> Any:
        parts: dict[str, Part] = vars(self)["_parts"]
        if name not in parts:
            raise self._lacks(name, keep)
        part = parts[name]
        if callable(part):
            parts[name] = part = part()
        return part

    def _lacks(self, what: str, keep: str) -> NotKeptError:
        return NotKeptError(
            f'{what} of {self.capture.name} are not kept (keep="{self.keep}"): analyse the capture with keep="{keep}"'
        )


def assembled(parts: dict[str, Any], keep: Keep, **frames: Callable[[], pd.DataFrame]) -> Analysis:
    """Put an analysis together from its results, and leave out what is not to be kept.

    Parameters
    ----------
    parts : dict
        All fields of `Analysis` but packets and segments.
    keep : {"packets", "segments", "events", "connections"}
        What to keep.
    **frames : callable
        Return ``packets``, ``segments`` and ``events`` of the whole capture, or raise a `ParameterError` that says what
        has them.

    Returns
    -------
    Analysis or KeptAnalysis
        With the same results.
    """
    if keep == "packets":
        return Analysis(packets=frames["packets"](), segments=frames["segments"](), **parts)
    kept: dict[str, Part] = {name: parts.pop(name) for name in ("_judged", "_asked")}
    judged: Judged = cast(Judged, kept["_judged"])
    if keep == "segments":
        kept["segments"] = segments = frames["segments"]()
        kept["events"] = lambda: all_columns(judged, segments)
    elif keep == "events":
        kept["events"] = frames["events"]()
    return KeptAnalysis.of(parts, keep, judged.facts.packets, kept)


def kept_of(analysis: Analysis, keep: Keep) -> Analysis:
    """Leave out what is not to be kept.

    Parameters
    ----------
    analysis : Analysis
        With everything.
    keep : {"packets", "segments", "events", "connections"}
        What to keep.

    Returns
    -------
    Analysis or KeptAnalysis
        With the same results.
    """
    names = [field.name for field in fields(Analysis) if field.name not in ("packets", "segments")]
    parts = {name: getattr(analysis, name) for name in names}
    of: dict[str, Callable[[], pd.DataFrame]] = {
        name: partial(getattr, analysis, name) for name in ("packets", "segments", "events")
    }
    return assembled(parts, keep, **of)
