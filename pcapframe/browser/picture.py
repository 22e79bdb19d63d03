"""A chart packed for the script that draws it: plain values, and columns as bytes."""

import base64
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from pcapframe.analysis import Analysis
from pcapframe.browser._columns import Columns
from pcapframe.browser._panels import Binned, Followed, Lanes, Ranked, Seen, Shown, Spans
from pcapframe.errors import ParameterError
from pcapframe.plots._api import Chart
from pcapframe.plots._connection import of_connection
from pcapframe.plots._frames import Source, both, connections_of, segments_of
from pcapframe.plots._marks import MARKS
from pcapframe.wording import counted
from pcapframe.zones import local, offset_text, options, zone_name

__all__ = ["Picture", "Scene", "Sides"]

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
    connections : DataFrame, optional
        Of another chart: which connections of the source; by default all of them.

    Attributes
    ----------
    filters : list of mappings
        Of a chart of rows: what each row selects in the explorer; empty for nothing.

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

    def __init__(
        self, chart: Chart, source: Source, *, conn_id: int | None = None, sides: Sides | None = None,
        connections: pd.DataFrame | None = None,
    ) -> None:  # fmt: skip
        if chart.graph is None:
            raise ParameterError(f"the chart {chart.name} is drawn by matplotlib only")
        self._chart, self._graph = chart, chart.graph
        self._panels: list[Shown] = []
        self._rows: dict[str, Any] = {}
        self._of = ""
        self.filters: list[Mapping[str, str]] = []
        self.empty = True
        self.conn_id = conn_id
        self._start_ns = 0
        self._seen = Seen(pd.DataFrame())
        if self._graph.marks is not None:
            self._follow(segments_of(source), sides)
        elif chart.of == "connection":
            self._last(chart.data(segments_of(source), conn_id), {})
        else:
            self._count(source, connections)

    @property
    def title(self) -> str:
        """Title, and counts where there is something to draw."""
        return f"{self._chart.title}: {self._of}" if self._of and not self.empty else self._chart.title

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
                packets = of_connection(segments, attrs["conn_id"], segments.columns)
                self._seen = Seen(packets)
                self._of = f"connection {self.conn_id:,}, {counted(attrs['segments'], 'segment')} both ways"
            for panel in self._graph.panels:
                own = panel.data
                if own is None:
                    self._panels.append(Followed(panel, marks, attrs["connection"], self._graph, self._seen))
                elif len(frame := own(packets, self.conn_id, from_client=attrs["from_client"])):
                    self._panels.append(Lanes(panel, frame))

    def _count(self, source: Source, connections: pd.DataFrame | None) -> None:
        """Take what is counted in bins of time, or in rows."""
        given: dict[str, Any] = {}
        if isinstance(source, Analysis) and connections is None and not self._reads_segments:
            connections = connections_of(source)  # where segments are not kept, these are
        else:
            given["segments"], connections = both(source, connections)
        if connections.empty:
            return
        given["connections"] = connections
        if isinstance(source, Analysis):
            given["server_given"] = source.selection.tells_server(connections)
        takes = [name for name in inspect.signature(self._chart.data).parameters if name in given]
        data = self._chart.data(**{name: given[name] for name in takes})
        self._of = counted(len(connections), "connection")
        given["data"] = data
        if self._graph.evidence == "row":
            self._rank(data)
        elif self._graph.evidence == "span":
            self._last(data, given)
        elif not data.empty and len(edges := data.attrs["edges"]) > 1:
            self._start_ns = int(edges[0])
            self._panels = [Binned(panel, data, self._graph, self._start_ns) for panel in self._graph.panels]
            highs = [mark.high for panel in self._graph.panels[:1] for mark in panel.marks]
            self.empty = not data[highs].to_numpy().any()

    @property
    def _reads_segments(self) -> bool:
        """Whether the numbers are those of segments, not of connections alone."""
        made = [self._chart.data, *(panel.data for panel in self._graph.panels if panel.data is not None)]
        return any("segments" in inspect.signature(one).parameters for one in made)

    def _last(self, data: pd.DataFrame, given: dict[str, Any]) -> None:
        """Take what lasted."""
        made = data if self._graph.drawn is None or data.empty else self._graph.drawn(data)
        if made.empty:
            return
        self.empty, self._start_ns = False, made.attrs["start_ns"]
        self.conn_id = made.attrs.get("conn_id", self.conn_id)
        self._of = made.attrs.get("of", self._of)
        for panel in self._graph.panels:
            if panel.data is None:
                self._panels.append(Spans(panel, made, self._graph))
                continue
            takes = [name for name in inspect.signature(panel.data).parameters if name in given]
            frame = panel.data(**{name: given[name] for name in takes})
            if len(frame.attrs["edges"]) > 1:
                self._panels.append(Binned(panel, frame, self._graph, self._start_ns))

    def _rank(self, data: pd.DataFrame) -> None:
        """Take what is counted in rows; those with the same name, one after another, share one."""
        declared = self._graph.rows
        assert declared is not None
        names = list(declared.names(data))
        row = np.array([0, *accumulate(int(one != other) for one, other in pairwise(names))][: len(names)], np.int64)
        first = np.unique(row, return_index=True)[1].tolist()
        filters = [{} for _ in names] if declared.filters is None else list(declared.filters(data))
        notes = [""] * len(names) if declared.notes is None else list(declared.notes(data))
        self.filters = [filters[place] for place in first]
        self._rows = {
            "names": [names[place] for place in first],
            "notes": [notes[place] for place in first],
            "picks": [bool(one) for one in self.filters],
            "hasOthers": 0 < declared.own < len(first),
        }
        self._panels = [Ranked(panel, data, self._graph, row) for panel in self._graph.panels]
        self.empty = not any(panel.packed(Columns(), None, None, 0)["marks"] for panel in self._panels)

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
        columns = Columns()
        panels = [shown.packed(columns, low, high, most) for shown in self._panels]
        spans = [shown for shown in self._panels if isinstance(shown, Spans)]  # bins beside them may go on
        ends = [shown.ends for shown in spans or self._panels]
        first, last = min((end[0] for end in ends), default=0.0), max((end[1] for end in ends), default=1.0)
        room = 0.01 * (last - first) or 0.5
        header = {
            "name": self._chart.name,
            "title": self._chart.title,
            "of": self._of,
            "evidence": self._graph.evidence,
            "key": self._graph.key,
            "startNs": str(self._start_ns),
            "zone": _zone(self._start_ns),
            "across": {"label": self._graph.across.label, "unit": self._graph.across.unit},
            "span": [first, last] if self._graph.evidence == "bin" else [first - room, last + room],
            "panels": panels,
            "rows": self._rows,
            "labels": self._seen.labels,
            "flags": self._seen.flags,
        }
        return Picture(header, columns.joined())


def _zone(start_ns: int) -> dict[str, Any]:
    """Return the chosen zone's name, and its offset from UTC when the chart begins, which holds for all of it [s]."""
    start = datetime.fromisoformat(pd.Timestamp(start_ns, unit="ns", tz="UTC").isoformat())
    offset_s = round((local(start).utcoffset() or timedelta()).total_seconds())
    sign = f" ({offset_text(start)})" if options.timezone is not UTC else ""
    return {"name": f"{zone_name()}{sign}", "offsetS": offset_s}
