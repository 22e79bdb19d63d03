"""Tables of connections and packets, sent to the browser page by page."""

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd
from itables.widget import ITable

from pcapframe.measures import each_way, endpoint_text
from pcapframe.naming import server_name_text
from pcapframe.schema import FLAG_BITS
from pcapframe.widgets._rows import Heading, Rows
from pcapframe.widgets._state import ExplorerState
from pcapframe.zones import options, zone_name

__all__ = [
    "PACKET_ROWS",
    "PAGE_ROWS",
    "SORTS",
    "ConnectionTable",
    "Pager",
    "connection_rows",
    "flag_text",
    "packet_rows",
    "paged",
    "plain_table",
    "show_rows",
    "turn_rows",
    "whole",
]

PAGE_ROWS = 2_000  # connections
PACKET_ROWS = 500
# Sort keys: columns of the connections frame, or sums over both sides.
SORTS = {
    "conn_id": "conn_id",
    "start": "start",
    "duration_s": "duration [s]",
    "client": "client",
    "server": "server",
    "handshake": "handshake",
    "ending": "ending",
    "packets": "packets",
    "wire_bytes": "bytes",
    "resent_segments": "resent",
    "rsts": "RSTs",
    "initial_rtt_s": "initial RTT [ms]",
}

TEXTS = ("conn_id", "start", "client", "server", "handshake", "ending")  # sorted from the smallest at first

# Remarks on a packet, by its label.
NOTES = {
    "resent": "retransmitted",
    "reordered": "reordered",
    "capture_duplicate": "copy",
    "zero_window": "zero window",
    "duplicate_ack": "duplicate ACK",
    "keep_alive": "keep-alive",
    "window_full": "fills the window",
}


def paged(connections: pd.DataFrame, *, sort: str, descending: bool, page: int) -> pd.DataFrame:
    """Return one page of the connections in the chosen order.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``; not modified.
    sort : str
        One of `SORTS`.
    descending : bool
        Largest first; nulls are last either way.
    page : int
        Page of 2,000 rows, from 0.

    Returns
    -------
    DataFrame
        Those rows.
    """
    if sort == "conn_id":
        ordered = connections.iloc[::-1] if descending else connections
        return ordered.iloc[page * PAGE_ROWS : (page + 1) * PAGE_ROWS]
    key = _sum(connections, sort) if sort not in connections else connections[sort]
    order = key.reset_index(drop=True).sort_values(ascending=not descending, kind="stable").index
    return connections.iloc[order[page * PAGE_ROWS : (page + 1) * PAGE_ROWS]]


def connection_rows(connections: pd.DataFrame) -> pd.DataFrame:
    """Return connections as the table shows them.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``; not modified.

    Returns
    -------
    DataFrame
        Twelve columns, those of `SORTS`, in HTML; an unknown value is an empty text.
    """
    return pd.DataFrame(
        {
            "conn_id": connections.index.to_numpy(),
            f"start ({zone_name()})": _clock(connections["start"]),
            "duration [s]": _decimal(connections["duration_s"], 3),
            "client": _endpoint(connections["client"], connections["client_port"]),
            "server": _named_endpoint(connections),
            "handshake": _spaced(connections["handshake"]),
            "ending": _spaced(connections["ending"]),
            "packets": whole(_sum(connections, "packets")),
            "bytes": whole(_sum(connections, "wire_bytes")),
            "resent": whole(_sum(connections, "resent_segments")),
            "RSTs": whole(_sum(connections, "rsts")),
            "initial RTT [ms]": _decimal(connections["initial_rtt_s"] * 1000, 3),
        }
    )


def packet_rows(segments: pd.DataFrame, *, start: pd.Timestamp | None = None) -> pd.DataFrame:
    """Return segments of one connection as the table shows them.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    start : Timestamp, optional
        Time 0; the first segment by default.

    Returns
    -------
    DataFrame
        ``frame``, ``time [s]``, ``from``, ``flags``, ``seq``, ``ack``, ``payload`` and ``seen``.
    """
    time = segments["time"]
    since = (time - (time.min() if start is None else start)).dt.total_seconds()
    flags = segments["tcp_flags"].to_numpy()
    known = {int(value): flag_text(int(value)) for value in np.unique(flags)}
    seen = np.full(len(segments), "", dtype=object)
    for column, text in NOTES.items():
        which = segments[column].to_numpy()
        seen[which] = [f"{have}, {text}" if have else text for have in seen[which]]
    return pd.DataFrame(
        {
            "frame": segments.index.to_numpy(),
            "time [s]": _decimal(since, 6),
            "from": np.where(segments["from_client"].to_numpy(), "client", "server"),
            "flags": [known[int(value)] for value in flags],
            "seq": whole(segments["rel_seq"]),
            "ack": whole(segments["rel_ack"]),
            "payload": whole(segments["payload_bytes"]),
            "seen": seen,
        }
    )


def turn_rows(turns: pd.DataFrame) -> pd.DataFrame:
    """Return turns of one connection as the table shows them.

    Parameters
    ----------
    turns : DataFrame
        Columns of ``schema.TURNS``; not modified.

    Returns
    -------
    DataFrame
        ``turn``, ``request`` and ``response`` (first frames), ``sent`` and ``received`` (bytes), ``waited [s]``,
        ``asked [s]``, ``service [s]`` and ``answered [s]``, as on the command line, and ``overlaps``.
    """
    times = {"waited": "wait_s", "asked": "request_s", "service": "service_s", "answered": "response_s"}
    return pd.DataFrame(
        {
            "turn": turns["turn"].to_numpy(),
            "request": whole(turns["request_frame"]),
            "response": whole(turns["response_frame"]),
            "sent": whole(turns["request_bytes"]),
            "received": whole(turns["response_bytes"]),
            **{f"{name} [s]": _decimal(turns[column], 6) for name, column in times.items()},
            "overlaps": np.where(turns["overlapping"].to_numpy(), "yes", ""),
        }
    )


def plain_table(frame: pd.DataFrame, *, height: str, is_html: bool = False) -> ITable:
    """Return a table with selectable rows.

    Parameters
    ----------
    frame : DataFrame
        Shown.
    height : str
        Of the visible rows.
    is_html : bool, default False
        The frame's texts are HTML; otherwise they are escaped.

    Returns
    -------
    ITable
        Its `update` needs the same options again: see `show_rows`.
    """
    return ITable(frame, **_options(height, is_html))


def show_rows(
    table: ITable, frame: pd.DataFrame, *, height: str, is_html: bool = False, selected: int | None = None
) -> None:
    """Replace the rows of a table.

    Parameters
    ----------
    table : ITable
        From `plain_table`.
    frame : DataFrame
        Shown.
    height, is_html
        As for `plain_table`.
    selected : int, optional
        Row to select.
    """
    table.update(frame, selected_rows=[] if selected is None else [selected], **_options(height, is_html))


def _options(height: str, is_html: bool) -> dict[str, Any]:
    return {
        "allow_html": is_html,
        "select": "single", "showIndex": False, "maxBytes": 0, "maxRows": 0, "maxColumns": 0, "ordering": False,
        "scrollY": height, "scrollX": True, "scrollCollapse": True, "pageLength": 100, "autoWidth": True,
        "lengthMenu": [25, 100, 500, 2000], "classes": "display compact", "style": "width:100%",
        "layout": {"topStart": None, "topEnd": None, "bottomStart": ["pageLength", "info"], "bottomEnd": "paging"},
    }  # fmt: skip


class Pager(widgets.HBox):
    """Buttons to page through a long table, and the rows shown.

    Parameters
    ----------
    rows : int
        On one page.
    what : str
        Name of the rows, in the plural.
    turned : callable
        Called with the wanted page, from 0.
    """

    def __init__(self, rows: int, what: str, turned: Callable[[int], None]) -> None:
        self._rows, self._what = rows, what
        self._page = 0
        small = widgets.Layout(width="auto")
        self.before = widgets.Button(description=f"Previous {rows:,}", icon="chevron-left", layout=small)
        self.after = widgets.Button(description=f"Next {rows:,}", icon="chevron-right", layout=small)
        self.place = widgets.HTML()
        self.before.on_click(lambda _button: turned(self._page - 1))
        self.after.on_click(lambda _button: turned(self._page + 1))
        super().__init__([self.before, self.after, self.place], layout=widgets.Layout(align_items="center"))

    def show(self, page: int, total: int) -> None:
        """Show which rows are on the page, and hide the buttons if there is only one page."""
        self._page = page
        first, last = page * self._rows, min((page + 1) * self._rows, total)
        rows = f"rows {first + 1:,} to {last:,} of {total:,} {self._what}" if total else f"no {self._what}"
        self.place.value = f"<span class='pcapframe-note'>{rows}</span>"
        self.before.disabled, self.after.disabled = page == 0, last >= total
        for button in (self.before, self.after):
            button.layout.display = "none" if total <= self._rows else None


class ConnectionTable(widgets.VBox):
    """The selected connections, sorted, in pages of 2,000.

    Parameters
    ----------
    state : ExplorerState
        Whose selection is shown; a row that is selected becomes its ``conn_id``.
    guarded : callable
        Wraps callbacks of widgets, so that an error is shown.
    """

    def __init__(self, state: ExplorerState, guarded: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        self._state = state
        self._page = state.selection.connections.iloc[:0]
        self.table = Rows("Connections", guarded(lambda sort, down: state.set(sort=sort, descending=down, page=0)))
        self.pager = Pager(PAGE_ROWS, "connections", guarded(lambda page: state.set(page=page)))
        self.table.observe(guarded(self._picked), "selected_rows")
        super().__init__([self.pager, self.table])
        self.add_class("pcapframe-connections")

    def show(self) -> None:
        """Show the page that the state names."""
        state = self._state
        connections = state.selection.connections
        total = len(connections)
        self._page = paged(connections, sort=state.sort, descending=state.descending, page=state.page)
        self.pager.show(state.page, total)
        places = np.flatnonzero(self._page.index.to_numpy() == (-1 if state.conn_id is None else state.conn_id))
        selected = int(places[0]) if places.size else None
        rows = connection_rows(self._page)
        headings = [
            Heading(label, sort, number=sort not in TEXTS, head=sort == "conn_id")
            for label, sort in zip(rows.columns, SORTS, strict=True)
        ]
        self.table.show(rows, headings, selected=selected, sort=state.sort, descending=state.descending)

    def _picked(self, change: Any) -> None:
        rows = change["new"]
        if rows and rows[0] < len(self._page):
            self._state.conn_id = int(self._page.index[rows[0]])


def _sum(connections: pd.DataFrame, column: str) -> pd.Series:
    return pd.Series(each_way(connections, column), connections.index)


def _named_endpoint(connections: pd.DataFrame) -> list[str]:
    """Write servers, each with its name below."""
    texts = _endpoint(connections["server"], connections["server_port"])
    names = map(html.escape, server_name_text(connections).tolist())
    return [f"{text}<br><small>{name}</small>" if name else text for text, name in zip(texts, names, strict=True)]


def _endpoint(addresses: pd.Series, ports: pd.Series) -> list[str]:
    """Write endpoints as HTML that breaks before the port, not inside it, where space is short."""
    parts = (html.escape(text).rpartition(":") for text in endpoint_text(addresses, ports))
    return [f"{host}<wbr>:{port}" for host, _, port in parts]


def _clock(times: pd.Series) -> list[str]:
    times = times.dt.tz_convert(options.timezone)
    known = times.dropna()
    one_day = known.empty or known.min().date() == known.max().date()
    write = "%H:%M:%S.%f" if one_day else "%Y-%m-%d %H:%M:%S.%f"
    return ["" if pd.isna(time) else format(time, write)[:-3] for time in times]  # to the millisecond


def _decimal(column: pd.Series, digits: int) -> list[str]:
    return ["" if pd.isna(value) else f"{value:,.{digits}f}" for value in column.tolist()]


def whole(column: pd.Series) -> list[str]:
    """Write whole numbers; nothing where they are unknown.

    Parameters
    ----------
    column : Series
        Numbers, perhaps null.

    Returns
    -------
    list of str
        One each.

    Examples
    --------
    >>> whole(pd.Series([1200, None], dtype="Int64"))
    ['1,200', '']
    """
    return ["" if pd.isna(value) else f"{int(value):,}" for value in column.tolist()]


def _spaced(column: pd.Series) -> list[str]:
    return [str(value).replace("_", " ") for value in column]


def flag_text(flags: int) -> str:
    """Name the TCP flags that are set.

    Parameters
    ----------
    flags : int
        Their bits.

    Returns
    -------
    str
        Their names, or "none".

    Examples
    --------
    >>> flag_text(0x12)
    'SYN ACK'
    """
    return " ".join(name for name, bit in FLAG_BITS.items() if flags & bit) or "none"
