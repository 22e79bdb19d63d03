"""A chart packed for the script that draws it: plain values, and columns as bytes."""

import base64
import inspect
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from pcapframe.arrays import Array
from pcapframe.browser.packets import TAKEN, describe
from pcapframe.errors import ParameterError
from pcapframe.plots._api import Chart
from pcapframe.plots._bins import nanoseconds
from pcapframe.plots._connection import of_connection
from pcapframe.plots._frames import Source, both, segments_of
from pcapframe.plots._graph import Graph, Mark, Panel
from pcapframe.plots._marks import MARKS, Marks
from pcapframe.wording import counted, percent
from pcapframe.zones import local, offset_text, options, zone_name

__all__ = ["Picture", "Scene", "Sides"]

TYPES = {"f8": np.float64, "u4": np.uint32, "u2": np.uint16}
Sides: TypeAlias = Literal["client", "server", "both"]
WANTED: dict[Sides | None, tuple[bool | None, ...]] = {
    "client": (True,),
    "server": (False,),
    "both": (True, False),
    None: (None,),
}


@dataclass(frozen=True)
class Picture:
    """A chart, or the part of it that is in sight.

    Parameters
    ----------
    header : dict
        Plain values; columns are type, offset and length.
    body : bytes
        The columns.
    """

    header: dict[str, Any]
    body: bytes

    def to_json(self) -> dict[str, Any]:
        """Return both as plain values, the bytes as Base64."""
        return {"header": self.header, "body": base64.b64encode(self.body).decode("ascii")}


class _Columns:
    """Columns, one after another in a block of bytes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, kind: str, column: Any) -> list[Any]:
        part = np.ascontiguousarray(column, TYPES[kind]).tobytes()
        found = [kind, self._length, len(part) // np.dtype(TYPES[kind]).itemsize]
        part += bytes(-len(part) % 8)
        self._parts.append(part)
        self._length += len(part)
        return found

    def joined(self) -> bytes:
        return b"".join(self._parts)


class Scene:
    """A chart of which parts can be asked for.

    Parameters
    ----------
    chart : Chart
        One of ``plots.CHARTS`` that declares a graph.
    source : Analysis or DataFrame
        What it shows; a frame has the columns of ``schema.SEGMENTS``.
    conn_id : int, optional
        Of a chart of one connection: which; by default that with the most payload.
    sides : {"client", "server", "both"}, optional
        Of a chart of one connection: whose data; by default that of the side with more payload.

    Raises
    ------
    ParameterError
        The chart declares no graph, or there is no such connection.

    Examples
    --------
    >>> import pcapframe as pf
    >>> scene = Scene(pf.plots.CHARTS["time_sequence"], pf.analyze(pf.example("losses.pcap")))
    >>> [mark["name"] for mark in scene.picture().header["panels"][0]["marks"]]
    ['segment', 'resent', 'sack', 'ack', 'window', 'fin']
    """

    def __init__(self, chart: Chart, source: Source, *, conn_id: int | None = None, sides: Sides | None = None) -> None:
        if chart.graph is None:
            raise ParameterError(f"the chart {chart.name} is drawn by matplotlib only")
        self._chart, self._graph = chart, chart.graph
        self._panels: list[_Shown] = []
        self._of = ""
        segments = segments_of(source)
        self._packets = segments.iloc[:0]
        self.empty = True
        self.conn_id = conn_id
        self._start_ns = 0
        if chart.of == "connection":
            self._follow(segments, sides)
        else:
            self._bin(source)

    @property
    def title(self) -> str:
        """Title and counts."""
        return f"{self._chart.title}: {self._of}" if self._of else self._chart.title

    def _follow(self, segments: pd.DataFrame, sides: Sides | None) -> None:
        """Take all marks of a connection."""
        made = self._graph.marks
        assert made is not None
        for from_client in WANTED[sides]:
            marks, attrs = made(segments, self.conn_id, from_client=from_client)
            if not attrs:
                return
            if self.empty:  # the first: further ones are of the same connection
                self.empty, self.conn_id, self._start_ns = False, attrs["conn_id"], attrs["start_ns"]
                self._packets = of_connection(segments, attrs["conn_id"], segments.columns)
                self._of = f"connection {self.conn_id:,}, {counted(attrs['segments'], 'segment')} both ways"
            for panel in self._graph.panels:
                own = panel.data
                if own is None:
                    self._panels.append(_Shown(panel, marks, attrs["connection"], self._graph))
                elif len(frame := own(self._packets, self.conn_id, from_client=attrs["from_client"])):
                    self._panels.append(_Shown(panel, frame, "", self._graph))

    def _bin(self, source: Source) -> None:
        """Take what is counted in bins of time."""
        segments, connections = both(source, None)
        frames = {"segments": segments, "connections": connections}
        takes = [name for name in inspect.signature(self._chart.data).parameters if name in frames]
        data = self._chart.data(*(frames[name] for name in takes))
        edges = data.attrs.get("edges", [])
        self.empty = data.empty or len(edges) < 2
        if not self.empty:
            self._start_ns = int(edges[0])
            self._panels = [_Shown(panel, data, "", self._graph) for panel in self._graph.panels]
            self._of = counted(len(connections), "connection")

    def picture(self, low: float | None = None, high: float | None = None, *, most: int = MARKS) -> Picture:
        """Return the chart, or a part of it.

        Parameters
        ----------
        low, high : float, optional
            Ends, since the start; by default all. Marks that were joined are apart in a part that is small enough. [s]
        most : int, default 4000
            Marks of a kind that are not joined.

        Returns
        -------
        Picture
            What the script draws.
        """
        columns, seen = _Columns(), _Seen(self._packets)
        panels = [shown.packed(columns, seen, low, high, most) for shown in self._panels]
        ends = [shown.ends for shown in self._panels]
        first, last = min((end[0] for end in ends), default=0.0), max((end[1] for end in ends), default=1.0)
        room = 0.01 * (last - first) or 0.5
        header = {
            "name": self._chart.name,
            "title": self._chart.title,
            "of": self._of,
            "evidence": self._graph.evidence,
            "startNs": str(self._start_ns),
            "zone": _zone(self._start_ns),
            "across": {"label": self._graph.across.label, "unit": self._graph.across.unit},
            "span": [first - room, last + room] if self._graph.evidence == "packet" else [first, last],
            "panels": panels,
            "labels": seen.labels,
            "flags": seen.flags,
        }
        return Picture(header, columns.joined())


def _zone(start_ns: int) -> dict[str, Any]:
    """Return the chosen zone's name, and its offset from UTC when the chart begins, which holds for all of it [s]."""
    start = datetime.fromisoformat(pd.Timestamp(start_ns, unit="ns", tz="UTC").isoformat())
    offset_s = round((local(start).utcoffset() or timedelta()).total_seconds())
    sign = f" ({offset_text(start)})" if options.timezone is not UTC else ""
    return {"name": f"{zone_name()}{sign}", "offsetS": offset_s}


class _Seen:
    """What the packets of the marks are called, gathered mark by mark."""

    def __init__(self, packets: pd.DataFrame) -> None:
        self._packets = packets[list(TAKEN)] if TAKEN[0] in packets else packets
        self.labels: list[str] = []
        self.flags: dict[str, str] = {}

    def of(self, frames: Array) -> dict[str, Array]:
        described = describe(self._packets, frames)
        self.labels = described.names
        self.flags.update({str(value): text for value, text in described.flag_texts.items()})
        return {"flags": described.flags, "bytes": described.payload, "labels": described.labels}


@dataclass(frozen=True)
class _Shown:
    """A panel with what it shows."""

    panel: Panel
    data: Marks | pd.DataFrame
    label: str
    graph: Graph

    @property
    def ends(self) -> tuple[float, float]:
        """First and last place on the horizontal axis. [s]."""
        if isinstance(self.data, Marks):
            return self.data.first_s, self.data.last_s
        if "edges" in self.data.attrs:
            edges = self.data.attrs["edges"]
            return 0.0, (edges[-1] - edges[0]) / 1e9
        return float(self.data["start_s"].min()), float(self.data["end_s"].max())

    def packed(
        self, columns: _Columns, seen: _Seen, low: float | None, high: float | None, most: int
    ) -> dict[str, Any]:
        axis, data = self.panel.axis, self.data
        frame = data.between(low, high, most=most) if isinstance(data, Marks) else data
        if isinstance(data, Marks):
            frame = frame.assign(**seen.of(frame["frame"].to_numpy()))
        marks = [made for mark in self.panel.marks if (made := self._mark(mark, frame, columns)) is not None]
        total = ""
        if self.graph.evidence == "bin" and len(self.panel.marks) == 1:
            total = f"{frame.attrs['totals'][self.panel.marks[0].name]:,}" if "totals" in frame.attrs else ""
        return {
            "label": self.label or (axis.label if self.graph.evidence == "bin" else ""),
            "short": "bytes" if axis.unit == "B" else axis.label,
            "unit": axis.unit,
            "log": axis.log,
            "share": self.panel.share,
            "total": total,
            "marks": marks,
        }

    def _mark(self, mark: Mark, frame: pd.DataFrame, columns: _Columns) -> dict[str, Any] | None:
        """Pack the marks of one kind; None where there never is one."""
        rows = _rows(frame, self._by, mark.name)
        if isinstance(self.data, Marks):
            total = self.data.count(mark.name)
        else:
            total = len(rows)
        if not total:
            return None
        packed: dict[str, tuple[str, Any]] = {}
        extra: dict[str, Any] = {}
        if isinstance(self.data, Marks):
            packed = {"at": ("f8", rows[self.graph.at]), "flags": ("u2", rows["flags"])}
            packed |= {name: ("u4", rows[name]) for name in ("frame", "marks", "bytes", "labels")}
            if rows["first_copy"].notna().any():
                packed |= {"copy": ("u4", rows["first_copy"].fillna(0)), "copyAt": ("f8", rows["first_copy_s"])}
        elif mark.shape == "lane":
            packed = {"at": ("f8", rows[mark.low])} | ({"turn": ("u4", rows["turn"])} if "turn" in rows else {})
            lasted = (frame[mark.high] - frame[mark.low]).sum()
            extra["share"] = percent(float((rows[mark.high] - rows[mark.low]).sum() / max(lasted, 1e-9)))
        else:
            edges = frame.attrs["edges"]
            starts = nanoseconds(pd.Series(rows.index.get_level_values(self.graph.at)))
            packed = {"at": ("f8", (starts - edges[0]) / 1e9)}
            extra["width"] = (edges[1] - edges[0]) / 1e9
            if "samples" in rows:
                packed["samples"] = ("u4", rows["samples"])
        packed["high"] = ("f8", rows[mark.high])
        if mark.low and (mark.shape != "points"):
            packed["low"] = ("f8", rows[mark.low])
        look = {name: value for name, value in asdict(_Look(*mark.look)).items() if name != "label"}
        return {
            "name": mark.name,
            "label": mark.look.label,
            **look,
            "shape": mark.shape,
            "plain": mark.plain,
            "total": total,
            **extra,
            "columns": {name: columns.add(kind, column) for name, (kind, column) in packed.items()},
        }

    @property
    def _by(self) -> str:
        """The column that tells the marks of this panel; its own frame names them ``state``."""
        return self.graph.by if self.panel.data is None else "state"


@dataclass(frozen=True)
class _Look:
    label: str
    color: str
    hatch: str
    marker: str
    line: str


def _rows(frame: pd.DataFrame, by: str, name: str) -> pd.DataFrame:
    if not by:
        return frame
    values: Any = frame[by] if by in frame else frame.index.get_level_values(by)
    return frame.loc[np.asarray(values == name)]
