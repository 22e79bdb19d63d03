"""Tabs: charts of the selection, one connection with its packets."""

import html
import inspect
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from pcapframe import plots
from pcapframe.analysis import Analysis
from pcapframe.browser import Scene
from pcapframe.conversation import READ, make_turns
from pcapframe.dissection import dissect
from pcapframe.errors import ParameterError
from pcapframe.measures import connection_text
from pcapframe.plots._api import Chart as Declared
from pcapframe.widgets._export import Guard
from pcapframe.widgets._live import LiveChart, group_of
from pcapframe.widgets._selection import check_unchanged
from pcapframe.widgets._state import ExplorerState
from pcapframe.widgets._table import PACKET_ROWS, Pager, packet_rows, plain_table, show_rows, turn_rows
from pcapframe.wording import printable
from pcapframe.zones import time_to_type

__all__ = ["ConnectionView", "SelectionChart", "TurnsView", "escaped"]

SEQUENCE = plots.CHARTS["time_sequence"]
HINTS = {
    "bin": "Drag, or click a bar, to select that time; the wheel zooms. Keys: arrows, Enter, Shift+Enter to add more.",
    "row": "Click a row to select its connections.",
}


def escaped(text: str) -> str:
    r"""Escape text for HTML and make control characters visible.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> print(escaped("<b>" + chr(7)))
    &lt;b&gt;\x07
    """
    return html.escape(printable(text, keep="\n\t"))


class SelectionChart(widgets.VBox):
    """A chart of the selected connections.

    Parameters
    ----------
    declared : Declared
        A chart that declares a tab and a graph.
    state : ExplorerState
        Its selection is drawn; a pick narrows it.
    guarded : callable
        Wraps callbacks of widgets, so that an error is shown.

    Raises
    ------
    ParameterError
        It declares no tab, or no graph.
    """

    def __init__(self, declared: Declared, state: ExplorerState, guarded: Guard) -> None:
        if declared.tab is None:
            raise ParameterError(f"the chart {declared.name} declares no tab")
        if declared.graph is None:
            raise ParameterError(f"the chart {declared.name} is drawn by matplotlib only")
        self._declared = declared
        self._state = state
        evidence = declared.graph.evidence
        self.chart = LiveChart(
            height=declared.tab.height, picked=guarded(self._picked), group=group_of(state.analysis),
            selects=evidence == "bin", hint=HINTS.get(evidence, ""),
        )  # fmt: skip
        super().__init__([self.chart])

    def show(self) -> None:
        """Draw the selection."""
        selection = self._state.selection
        # Charts ignore segments of other connections; that is cheaper than removing them.
        whole: Any = selection.found.analysis
        if selection.is_inside or "connections" not in inspect.signature(self._declared.data).parameters:
            whole = selection.segments
        self.chart.show(Scene(self._declared, whole, connections=selection.connections))
        self.chart.brush = self._state.brush

    def _picked(self, found: dict[str, Any]) -> None:
        if "from" in found:
            start, end = (time_to_type(int(found[name])) for name in ("from", "to"))
            self._state.set(start=start, end=end)
        elif found.get("filters"):
            self._state.set(**found["filters"])


class TurnsView(widgets.HBox):
    """The turns of one connection: as a waterfall, and as a table.

    Parameters
    ----------
    state : ExplorerState
        The first frame of a picked turn becomes its ``frame``.
    guarded : callable
        Wraps callbacks of widgets, so that an error is shown.
    """

    HEIGHT = "240px"

    def __init__(self, state: ExplorerState, guarded: Guard) -> None:
        self._state = state
        self._turns = make_turns(state.analysis.segments.iloc[:0], state.analysis.connections.iloc[:0])
        self._page = 0
        self.chart = LiveChart(height=320, picked=guarded(self._clicked), group=group_of(state.analysis))
        self.table = plain_table(turn_rows(self._turns), height=self.HEIGHT)
        self.pager = Pager(PACKET_ROWS, "turns", guarded(self._show_page))
        self.table.observe(guarded(self._picked), "selected_rows")
        right = widgets.VBox([self.pager, self.table])
        for half in (self.chart.layout, right.layout):
            half.flex, half.min_width, half.width = "1 1 46%", f"{ConnectionView.FEWEST}px", "auto"
        super().__init__([self.chart, right], layout=widgets.Layout(flex_flow="row wrap", width="100%"))

    def show(self, segments: pd.DataFrame, connection: pd.DataFrame) -> None:
        """Show the turns of a connection; nothing where there is none.

        Parameters
        ----------
        segments, connection : DataFrame
            Of this connection.
        """
        self._turns = make_turns(segments[["conn_id", *READ]], connection)
        self.layout.display = "none" if self._turns.empty else None
        if not self._turns.empty:
            self.chart.show(Scene(plots.CHARTS["turns"], segments, conn_id=int(connection.index[0])))
            self._show_page(0)

    def _show_page(self, page: int) -> None:
        self._page = page
        first = page * PACKET_ROWS
        show_rows(self.table, turn_rows(self._turns.iloc[first : first + PACKET_ROWS]), height=self.HEIGHT)
        self.pager.show(page, len(self._turns))

    def _clicked(self, found: dict[str, Any]) -> None:
        if found.get("frame") in self._turns["request_frame"].to_numpy():
            self._state.frame = found["frame"]

    def _picked(self, change: Any) -> None:
        place = self._page * PACKET_ROWS + (change["new"] or [len(self._turns)])[0]
        if place < len(self._turns):
            self._state.frame = int(self._turns["request_frame"].iloc[place])


class ConnectionView(widgets.VBox):
    """One connection: time–sequence graph, round-trip times, turns, packets, and one packet dissected.

    Parameters
    ----------
    state : ExplorerState
        Its ``conn_id`` and ``frame`` are shown and set.
    guarded : callable
        Wraps callbacks of widgets, so that an error is shown.
    """

    HEIGHT = "360px"
    FEWEST = 420  # CSS pixels that a chart is wide
    BESIDE = 340  # that a packet's bytes are wide beside the table: two fit into a window of 1280

    def __init__(self, state: ExplorerState, guarded: Guard) -> None:
        self._state = state
        self._rows = state.analysis.segments.iloc[:0]
        self._shown: Any = None
        self.number = widgets.Text(
            description="Connection", placeholder="number", continuous_update=False,
            style={"description_width": "82px"}, layout=widgets.Layout(width="190px"),
        )  # fmt: skip
        self.side = widgets.Dropdown(
            options=[("the side with more payload", ""), ("client", "client"), ("server", "server"), ("both", "both")],
            value="",
            description="Data from", style={"description_width": "82px"}, layout=widgets.Layout(width="300px"),
        )  # fmt: skip
        self.facts = widgets.HTML()
        self.sequence = LiveChart(height=340, picked=guarded(self._clicked), group=group_of(state.analysis))
        self.rtt = LiveChart(height=320, group=group_of(state.analysis))
        self.turns = TurnsView(state, guarded)
        self._page = -1
        self.packets = plain_table(packet_rows(self._rows), height=self.HEIGHT)
        self.frame = widgets.Text(
            description="Frame", placeholder="number", continuous_update=False, style={"description_width": "50px"},
            layout=widgets.Layout(width="150px"),
        )  # fmt: skip
        self.pager = Pager(PACKET_ROWS, "packets", guarded(self._show_packets))
        self.choice = widgets.HBox(
            [self.frame, self.pager], layout=widgets.Layout(flex_flow="row wrap", align_items="center")
        )
        self.packet = widgets.HTML()
        self.number.observe(guarded(self._typed), "value")
        self.side.observe(guarded(lambda _change: self.show()), "value")
        self.frame.observe(guarded(self._framed), "value")
        self.packets.observe(guarded(self._picked), "selected_rows")
        row = widgets.Layout(flex_flow="row wrap", width="100%")
        beside = widgets.Layout(flex="1 1 46%", min_width=f"{self.BESIDE}px", width="auto")
        left = widgets.VBox([self.choice, self.packets], layout=beside)
        right = widgets.VBox([self.packet], layout=beside)
        super().__init__(
            [
                widgets.HBox([self.number, self.side, self.facts], layout=row),
                self.sequence,
                widgets.HBox([left, right], layout=row),  # below it, so that the packet clicked on is in sight
                self.rtt,
                self.turns,
            ]
        )

    def show(self) -> None:
        """Show the open connection and packet."""
        conn_id = self._state.conn_id
        self.number.value = "" if conn_id is None else str(conn_id)
        if conn_id is None:
            self._shown = None
            self.facts.value = (
                "<span class='pcapframe-note'>Pick a row in the Connections tab, or type its conn_id.</span>"
            )
            for part in (self.sequence, self.rtt, self.turns, self.packets, self.choice, self.packet):
                part.layout.display = "none"
            return
        for part in (self.sequence, self.rtt, self.packets, self.choice, self.packet):
            part.layout.display = None
        analysis = self._state.selection.analysis_of(conn_id)
        connection = conn_id, connection_text(analysis.connections.loc[[conn_id]])[0]
        if self._shown != (wanted := (connection, self.side.value)):
            self._show_connection(analysis, conn_id, is_new=self._shown is None or self._shown[0] != connection)
            self._shown = wanted
        self._show_packet()

    def _show_connection(self, analysis: Analysis, conn_id: int, *, is_new: bool) -> None:
        if is_new:
            segments = analysis.filtered_segments
            self._rows = segments[segments["conn_id"].to_numpy() == conn_id]
            connection = analysis.connections.loc[[conn_id]]
            ends = escaped(connection_text(connection)[0])
            facts = connection.iloc[0]
            words = f"handshake {facts['handshake']}, ending {facts['ending']}"
            words += f" (Zeek: {facts['conn_state']} {facts['history']})"
            self.facts.value = f"<span>{ends}<br>{escaped(words.replace('_', ' '))}</span>"
        if is_new or self._shown[1] != self.side.value:
            self.sequence.show(Scene(SEQUENCE, self._rows, conn_id=conn_id, sides=self.side.value or None))
        if is_new:
            self.rtt.show(Scene(plots.CHARTS["rtt"], self._rows, connections=analysis.connections.loc[[conn_id]]))
            self.turns.show(self._rows, analysis.connections.loc[[conn_id]])
            self._page = -1

    def _show_packets(self, page: int, selected: int | None = None) -> None:
        """Show one page of the packets; times count from the first packet of the connection."""
        self._page = page
        first = page * PACKET_ROWS
        rows = packet_rows(self._rows.iloc[first : first + PACKET_ROWS], start=self._rows["time"].min())
        show_rows(self.packets, rows, height=self.HEIGHT, selected=selected)
        self.pager.show(page, len(self._rows))

    def _show_packet(self) -> None:
        frame = self._state.frame
        places = np.flatnonzero(self._rows.index.to_numpy() == (-1 if frame is None else frame))
        page, row = divmod(int(places[0]), PACKET_ROWS) if places.size else (max(self._page, 0), None)
        if page != self._page:
            self._show_packets(page, row)
        elif row is not None and self.packets.selected_rows != [row]:
            self.packets.selected_rows = [row]
        self.frame.value = "" if row is None else str(frame)
        self.sequence.frame = None if row is None else frame
        if frame is None:
            self.packet.value = "<span class='pcapframe-note'>Pick a packet to dissect it.</span>"
            return
        try:
            check_unchanged(self._state.analysis)
            text = dissect(self._state.analysis, frame).show(dump=True)
        except Exception as error:  # odd bytes may raise anything while they are shown
            self.packet.value = f"<div class='pcapframe-problem' role='alert'>{escaped(str(error))}</div>"
            return
        self.packet.value = f"<b>Frame {frame:,}</b><pre class='pcapframe-packet' tabindex='0'>{escaped(text)}</pre>"

    def _clicked(self, found: dict[str, Any]) -> None:
        if found.get("frame") in self._rows.index:
            self._state.frame = found["frame"]

    def _typed(self, change: Any) -> None:
        text = change["new"].strip().replace(",", "")
        if not text:
            self._state.conn_id = None
        elif text.isdecimal() and int(text) in self._state.analysis.connections.index:
            self._state.conn_id = int(text)
        else:
            whole = len(self._state.analysis.connections)
            self.facts.value = (
                f"<span role='alert'>There is no connection {escaped(repr(text))}; the capture has {whole:,}.</span>"
            )

    def _framed(self, change: Any) -> None:
        text = change["new"].strip().replace(",", "")
        if not text:
            return
        if text.isdecimal() and int(text) in self._rows.index:
            self._state.frame = int(text)
        else:
            self.packet.value = (
                f"<span role='alert'>Frame {escaped(repr(text))} is not one of the {len(self._rows):,} of this "
                "connection.</span>"
            )

    def _picked(self, change: Any) -> None:
        place = self._page * PACKET_ROWS + (change["new"] or [len(self._rows)])[0]
        if place < len(self._rows):
            self._state.frame = int(self._rows.index[place])
