"""One panel of a chart, packed: its marks as columns, with what the script needs to know of each kind."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from pcapframe.arrays import Array
from pcapframe.browser._columns import Columns
from pcapframe.browser.packets import TAKEN, describe
from pcapframe.plots._graph import Graph, Mark, Panel
from pcapframe.plots._marks import Marks

__all__ = ["Binned", "Followed", "Lanes", "Ranked", "Seen", "Shown", "Spans"]


class Seen:
    """What the packets of the marks are called, gathered mark by mark.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.SEGMENTS``: of the connection that is shown.
    """

    def __init__(self, packets: pd.DataFrame) -> None:
        self._packets = packets[list(TAKEN)] if TAKEN[0] in packets else packets
        self.labels: list[str] = []
        self.flags: dict[str, str] = {}

    def of(self, frames: Array) -> dict[str, Array]:
        """Return flags, payload and labels of packets, by column."""
        described = describe(self._packets, frames)
        self.labels = described.names
        self.flags.update({str(value): text for value, text in described.flag_texts.items()})
        return {"flags": described.flags, "bytes": described.payload, "labels": described.labels}


class Shown(Protocol):
    """A panel with what it shows."""

    @property
    def ends(self) -> tuple[float, float]:
        """First and last place on the horizontal axis. [s]."""

    def packed(self, columns: Columns, low: float | None, high: float | None, most: int) -> dict[str, Any]:
        """Return the panel, or the part of it from `low` to `high` [s]; its numbers are added to `columns`."""


def _panel(panel: Panel, marks: list[dict[str, Any] | None], *, label: str, total: str = "") -> dict[str, Any]:
    return {
        "label": label,
        "short": "bytes" if panel.axis.unit == "B" else panel.axis.label,
        "unit": panel.axis.unit,
        "log": panel.axis.log,
        "share": panel.share,
        "total": total,
        "marks": [mark for mark in marks if mark is not None],
    }


def _mark(mark: Mark, columns: dict[str, list[Any]], total: int, **extra: Any) -> dict[str, Any]:
    look = mark.look._asdict()
    return {
        "name": mark.name,
        "label": look.pop("label"),
        **look,
        "shape": mark.shape,
        "plain": mark.plain,
        "total": total,
        **extra,
        "columns": columns,
    }


def _own(frame: pd.DataFrame, by: str, mark: Mark) -> pd.DataFrame:
    """Return the rows that a kind of marks has."""
    if not by:
        return frame
    known: Any = frame[by] if by in frame else frame.index.get_level_values(by)
    return frame.loc[np.asarray(known.isin(mark.of or (mark.name,)))]


@dataclass(frozen=True)
class Followed:
    """Marks of one connection, each of which stands for a packet."""

    panel: Panel
    marks: Marks
    label: str
    graph: Graph
    seen: Seen

    @property
    def ends(self) -> tuple[float, float]:
        return self.marks.first_s, self.marks.last_s

    def packed(self, columns: Columns, low: float | None, high: float | None, most: int) -> dict[str, Any]:
        frame = self.marks.between(low, high, most=most)
        frame = frame.assign(**self.seen.of(frame["frame"].to_numpy()))
        return _panel(self.panel, [self._mark(mark, frame, columns) for mark in self.panel.marks], label=self.label)

    def _mark(self, mark: Mark, frame: pd.DataFrame, columns: Columns) -> dict[str, Any] | None:
        total = self.marks.count(mark.name)
        if not total:
            return None
        rows = _own(frame, self.graph.by, mark)
        packed = {name: columns.add(rows[name], "u4") for name in ("frame", "marks", "bytes", "labels")}
        packed |= {"at": columns.add(rows[self.graph.at], "f8"), "flags": columns.add(rows["flags"], "u2")}
        packed["high"] = columns.add(rows[mark.high], "f8")
        if mark.low and mark.shape != "points":
            packed["low"] = columns.add(rows[mark.low], "f8")
        if "first_copy" in rows and rows["first_copy"].notna().any():
            packed["copy"] = columns.add(rows["first_copy"].fillna(0), "u4")
            packed["copyAt"] = columns.add(rows["first_copy_s"], "f8")
        return _mark(mark, packed, total)


@dataclass(frozen=True)
class Lanes:
    """Spans of time across the panel."""

    panel: Panel
    spans: pd.DataFrame

    @property
    def ends(self) -> tuple[float, float]:
        return float(self.spans["start_s"].min()), float(self.spans["end_s"].max())

    def packed(self, columns: Columns, low: float | None, high: float | None, most: int) -> dict[str, Any]:
        del low, high, most
        return _panel(self.panel, [self._mark(mark, columns) for mark in self.panel.marks], label="")

    def _mark(self, mark: Mark, columns: Columns) -> dict[str, Any] | None:
        rows = _own(self.spans, "state", mark)
        if rows.empty:
            return None
        packed = {name: columns.add(rows[of], "f8") for name, of in
                  (("at", mark.low), ("low", mark.low), ("high", mark.high))}  # fmt: skip
        if "turn" in rows:
            packed["turn"] = columns.add(rows["turn"], "u4")
        return _mark(mark, packed, len(rows))


@dataclass(frozen=True)
class Binned:
    """What is counted in bins of time."""

    panel: Panel
    data: pd.DataFrame
    graph: Graph
    start_ns: int

    @property
    def ends(self) -> tuple[float, float]:
        return 0.0, (self.data.attrs["edges"][-1] - self.data.attrs["edges"][0]) / 1e9

    @property
    def _width_s(self) -> float:
        return float(self.data.attrs["edges"][1] - self.data.attrs["edges"][0]) / 1e9

    def packed(self, columns: Columns, low: float | None, high: float | None, most: int) -> dict[str, Any]:
        del low, high, most
        marks, totals = self.panel.marks, self.data.attrs.get("totals", {})
        total = f"{totals[marks[0].name]:,}" if len(marks) == 1 and marks[0].name in totals else ""
        packed = [self._mark(mark, columns) for mark in marks]
        made = _panel(self.panel, packed, label=self.panel.axis.label, total=total)
        return made | {"atOnce": True} if self.panel.at_once else made

    def _mark(self, mark: Mark, columns: Columns) -> dict[str, Any] | None:
        rows, is_bar = self._of(mark), mark.shape in ("bars", "stack")
        high = rows[mark.high]
        total = int(high.sum()) if is_bar else high.size
        if not high.size or (mark.shape == "stack" and not total):
            return None
        kept = high > 0 if is_bar else ~np.isnan(high)
        factor = self.panel.per_s / self._width_s if self.panel.per_s else 1
        packed = {"bin": columns.add(rows["bin"][kept]), "high": columns.add(high[kept] * factor)}
        if mark.low:
            packed["low"] = columns.add(rows[mark.low][kept] * factor)
        if "samples" in rows:
            packed["samples"] = columns.add(rows["samples"][kept])
        extra: dict[str, Any] = {"who": mark.who} if mark.who else {}
        if mark.down:
            extra["down"] = True
        if offset := self.data.attrs["edges"][0] - self.start_ns:
            extra["offset"] = offset / 1e9
        return _mark(mark, packed, total, width=self._width_s, **extra)

    def _of(self, mark: Mark) -> dict[str, Array]:
        """Return the bins of a kind of marks and their numbers; several rows of one bin are added up."""
        by = self.graph.by if self.panel.data is None else ""
        rows, edges = _own(self.data, by, mark), self.data.attrs["edges"]
        starts = rows.index.get_level_values("start").to_numpy("datetime64[ns]").view(np.int64)
        numbers = {"bin": (starts - edges[0]) // (edges[1] - edges[0])}
        wanted = [name for name in (mark.high, mark.low, "samples") if name in rows]
        numbers |= {name: rows[name].to_numpy(np.float64) for name in wanted}
        if len(mark.of) < 2:
            return numbers
        bins = numbers.pop("bin")
        summed = {name: np.bincount(bins, column) for name, column in numbers.items()}
        return {"bin": np.arange(len(summed[mark.high])), **summed}


@dataclass(frozen=True)
class Spans:
    """What lasted, in rows that lie below each other."""

    panel: Panel
    data: pd.DataFrame
    graph: Graph

    @property
    def ends(self) -> tuple[float, float]:
        return float(self.data["start_s"].min()), float(self.data["end_s"].max())

    def packed(self, columns: Columns, low: float | None, high: float | None, most: int) -> dict[str, Any]:
        del low, high, most
        marks = [self._mark(mark, columns) for mark in self.panel.marks]
        names = self.data.attrs.get("names", {})
        return _panel(self.panel, marks, label="") | {"names": names, "rows": int(self.data[self.graph.at].max()) + 1}

    def _mark(self, mark: Mark, columns: Columns) -> dict[str, Any] | None:
        rows = _own(self.data, self.graph.by, mark)
        if rows.empty:
            return None
        packed = {"row": columns.add(rows[self.graph.at]), "key": columns.add(rows[self.graph.key])}
        packed["at"] = columns.add(rows["start_s"], "f8")
        packed["end"] = columns.add(rows["end_s"], "f8")
        if "segments" in rows:
            packed["many"] = columns.add(rows["segments"])
        if "among" in rows:
            packed["among"] = columns.add(rows["among"])
        return _mark(mark, packed, int(rows["segments"].sum()) if "segments" in rows else len(rows))


@dataclass(frozen=True)
class Ranked:
    """What is counted or measured in rows that lie below each other."""

    panel: Panel
    data: pd.DataFrame
    graph: Graph
    row: Array

    @property
    def ends(self) -> tuple[float, float]:
        return 0.0, 1.0

    def packed(self, columns: Columns, low: float | None, high: float | None, most: int) -> dict[str, Any]:
        del low, high, most
        marks = [self._mark(mark, columns) for mark in self.panel.marks]
        return _panel(self.panel, marks, label=self.panel.axis.label)

    def _mark(self, mark: Mark, columns: Columns) -> dict[str, Any] | None:
        data = _own(self.data.assign(_row=self.row), self.graph.by, mark)
        names = [mark.high, *([mark.low] if mark.low else []), *mark.inner]
        frame = data[names].astype(np.float64)
        if self.panel.share_of:
            frame = frame.div(data[self.panel.share_of], axis="index")
        known = frame[mark.high].notna() & ((frame[mark.high] > 0) | (mark.shape != "stack"))
        if not known.any():
            return None
        frame, data = frame[known], data[known]
        packed = {"row": columns.add(data["_row"]), "high": columns.add(frame[mark.high])}
        if mark.low:
            packed["low"] = columns.add(frame[mark.low])
        for name, of in zip(("from", "middle", "to"), mark.inner, strict=False):
            packed[name] = columns.add(frame[of])
        if mark.shape == "box" and "n" in data:
            packed["n"] = columns.add(data["n"])
        return _mark(mark, packed, len(frame))
