"""The explorer of a join: pick a connection, see what each of its packets did between the points."""

import base64
import html
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd

from pcapframe.joining import Joined
from pcapframe.joining.standouts import find_join_standouts
from pcapframe.measures import endpoint_text
from pcapframe.plots._canvas import Canvas
from pcapframe.plots.ladder import BEFORE, ladder
from pcapframe.schema import FATES
from pcapframe.widgets._parts import STYLE
from pcapframe.widgets._rows import Heading, Rows
from pcapframe.widgets._table import flag_text, whole
from pcapframe.wording import counted

__all__ = ["JoinExplorer", "path_rows", "transmission_rows"]

PAGE = 500  # rows of a table
LADDER: dict[str, Any] = {"width": 1120, "height": 560, "ratio": 1.5}
ALL = "all"
NOT_PASSED = [fate for fate in FATES if fate != "passed"]


def path_rows(joined: Joined) -> pd.DataFrame:
    """Return the connections that more than one capture has, with how many packets had which fate.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.

    Returns
    -------
    DataFrame
        Index ``path_id``: ``client`` and ``server`` as the first of the captures has them, ``matched_by``,
        ``packets`` and one column for each fate but passed.
    """
    common = joined.connections[joined.connections["matched_by"].notna()]
    ends = {side: np.full(len(common), "", object) for side in ("client", "server")}
    for name in reversed(joined.names):
        there = common[f"conn_id_{name}"].notna().to_numpy()
        whole = joined.analyses[name].whole_connections.loc[common.loc[there, f"conn_id_{name}"].astype(int)]
        for side, texts in ends.items():
            texts[there] = endpoint_text(whole[side], whole[f"{side}_port"])
    made = pd.DataFrame(ends, index=common.index)
    made["matched_by"] = common["matched_by"].astype(str).str.replace("_", " ")
    fates = joined.segments.groupby(["path_id", "fate"], observed=False).size().unstack(fill_value=0)
    counts = fates.reindex(index=common.index, columns=list(FATES), fill_value=0)
    made["packets"] = counts.sum(axis=1)
    return made.join(counts[NOT_PASSED])


def transmission_rows(joined: Joined, rows: pd.DataFrame) -> pd.DataFrame:
    """Return transmissions as the table shows them.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.
    rows : DataFrame
        Some of ``joined.segments``.

    Returns
    -------
    DataFrame
        Texts: sender, frame at each point, flags, sequence numbers, fate with its points, the rule, the delay.
    """
    made: dict[str, Any] = {"from": np.where(rows["from_client"], "client", "server")}
    for name in joined.names:
        made[f"frame at {name}"] = whole(rows[f"frame_{name}"])
    made["flags"] = [flag_text(flags) for flags in rows["tcp_flags"].tolist()]
    made["seq"] = [f"{low:,}" if low == high else f"{low:,} to {high:,}"
                   for low, high in zip(rows["rel_seq"].tolist(), rows["rel_end"].tolist(), strict=True)]  # fmt: skip
    fates, ends = rows["fate"].astype(str).str.replace("_", " "), []
    for fate, here, there in zip(fates, rows["last_seen"].astype(object), rows["first_missing"].astype(object),
                                 strict=True):  # fmt: skip
        ends.append(fate if pd.isna(there) else f"{fate}: seen at {here}, not at {there}")
    made["fate"] = ends
    made["decided by"] = rows["fate_rule"].astype(str).str.replace("_", " ").to_numpy()
    made["delay [ms]"] = ["" if pd.isna(delay) else f"{1e3 * delay:,.3f}" for delay in rows["delay_s"].tolist()]
    return pd.DataFrame({name: [html.escape(str(text)) for text in values] for name, values in made.items()})


class JoinExplorer(widgets.VBox):
    """What stands out in a join, its connections, and of the picked one the ladder and every packet with its fate.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.

    Attributes
    ----------
    path_id : int or None
        The connection that is shown.
    fate : str
        The packets that are shown: one of ``schema.FATES``, or ``all``.
    """

    def __init__(self, joined: Joined) -> None:
        self.joined = joined
        self.path_id: int | None = None
        self._paths = path_rows(joined)
        self._sort, self._descending = "", True
        self._first: int | None = None
        self.text = widgets.HTML(self._standouts())
        self.find_box = widgets.Text(
            description="Find", placeholder="part of an address or port, or the number of a connection",
            continuous_update=False, layout=widgets.Layout(width="460px"), style={"description_width": "40px"},
        )  # fmt: skip
        self.find_box.observe(lambda _change: self._list(), "value")
        self.count = widgets.HTML()
        self.paths = Rows("Connections", self._order)
        self.paths.observe(self._picked_path, "selected_rows")
        self.fate_box = widgets.Dropdown(
            description="Fate", options=[(one.replace("_", " "), one) for one in (ALL, *FATES)], value=ALL,
            layout=widgets.Layout(width="260px"), style={"description_width": "40px"},
        )  # fmt: skip
        self.fate_box.observe(lambda _change: self._show_packets(), "value")
        self.chart, self._canvas = widgets.HTML(), Canvas()
        self.note = widgets.HTML()
        self.packets = Rows("Packets")
        self.packets.observe(self._picked_packet, "selected_rows")
        self.detail = widgets.VBox([self.chart, self.fate_box, self.note, self.packets])
        super().__init__([self.text, self.find_box, self.count, self.paths, self.detail])
        self.add_class("pcapframe-explorer")
        self._list()
        if self._listed:
            self.show(self._listed[0])
        else:
            self.detail.layout.display = self.find_box.layout.display = "none"

    @property
    def fate(self) -> str:
        """Fate of the packets in the table."""
        return str(self.fate_box.value)

    def show(self, path_id: int) -> None:
        """Show one connection.

        Parameters
        ----------
        path_id : int
            One that more than one capture has.
        """
        self.path_id, self._first = path_id, None
        self._list()
        self._show_packets()
        self._draw()

    def _standouts(self) -> str:
        found = [str(one) for one in find_join_standouts(self.joined)]
        items = "".join(f"<li>{html.escape(text)}</li>" for text in [*found, *self.joined.notes])
        title = html.escape(" and ".join(self.joined.names))
        return f"<style>{STYLE}</style><p><b>Join of {title}</b></p><ul>{items or '<li>Nothing stands out.</li>'}</ul>"

    def _list(self) -> None:
        frame = self._paths
        unusual = frame[NOT_PASSED].sum(axis=1)
        if self._sort:
            key = frame.index.to_series() if self._sort == "connection" else frame[self._sort]
            frame = frame.loc[key.sort_values(ascending=not self._descending, kind="stable").index]
        else:  # those with the most packets that did not pass
            frame = frame.loc[unusual.sort_values(ascending=False, kind="stable").index]
        found = self._found(frame)
        frame = found.iloc[:PAGE]
        self._listed = frame.index.tolist()
        of = "in common" if len(found) == len(self._paths) else "found"
        more = f"; {len(frame):,} of them listed" if len(frame) < len(found) else ""
        self.count.value = f"<p class='pcapframe-note'>{counted(len(found), 'connection')} {of}{more}.</p>"
        cells = {"connection": [f"{path:,}" for path in self._listed]}
        cells |= {name: [html.escape(text) for text in frame[name].tolist()] for name in ("client", "server")}
        cells["matched by"] = [html.escape(text) for text in frame["matched_by"]]
        numbers = {name: whole(frame[name]) for name in ("packets", *NOT_PASSED)}
        cells |= {name.replace("_", " "): values for name, values in numbers.items()}
        headings = [Heading("connection", "connection", number=True, head=True), Heading("client", "client"),
                    Heading("server", "server"), Heading("matched by", "matched_by"),
                    *(Heading(name.replace("_", " "), name, number=True) for name in numbers)]  # fmt: skip
        selected = self._listed.index(self.path_id) if self.path_id in self._listed else None
        with self.paths.hold_trait_notifications():
            self.paths.show(pd.DataFrame(cells), headings, selected=selected, sort=self._sort,
                            descending=self._descending)  # fmt: skip

    def _found(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the connections that fit what is typed."""
        text = self.find_box.value.strip().lower()
        if not text:
            return frame
        ends = [frame[side].str.lower().str.contains(text, regex=False) for side in ("client", "server")]
        found: pd.DataFrame = frame[ends[0] | ends[1] | (frame.index.astype(str) == text.lstrip("#"))]
        return found

    def _order(self, sort: str, descending: bool) -> None:
        self._sort, self._descending = sort, descending
        self._list()

    def _rows(self) -> pd.DataFrame:
        rows = self.joined.segments
        return rows[rows["path_id"] == self.path_id]

    def _show_packets(self) -> None:
        rows = self._rows()
        mine = rows if self.fate == ALL else rows[rows["fate"] == self.fate]
        shown = mine.iloc[self._begin(mine) :][:PAGE]
        self._shown = shown.index
        frame = transmission_rows(self.joined, shown)
        numbers = {"delay [ms]", *(f"frame at {name}" for name in self.joined.names)}
        self.packets.show(frame, [Heading(str(name), number=name in numbers, head=name == "from") for name in frame])
        self.note.value = (
            f"<p class='pcapframe-note'>Connection {self.path_id}: {len(shown):,} of {len(mine):,} packets shown. Pick "
            "one to draw the packets around it.</p>"
        )

    def _begin(self, rows: pd.DataFrame) -> int:
        """Return where the table begins: ten rows before the first that did not pass, if it is far down."""
        odd = np.flatnonzero((rows["fate"] != "passed").to_numpy())
        return max(int(odd[0]) - BEFORE, 0) if self.fate == ALL and odd.size and len(rows) > PAGE else 0

    def _draw(self) -> None:
        if self.path_id is not None:
            path, first = self.path_id, self._first
            png = self._canvas.draw(lambda ax: ladder(self.joined, path, first=first, ax=ax), **LADDER)
            picture = base64.b64encode(png).decode("ascii")
            self.chart.value = (
                f"<img class='pcapframe-picture' alt='Packets of connection {path} between the points; the table below "
                f"has them' src='data:image/png;base64,{picture}'>"
            )

    def _picked_path(self, change: Any) -> None:
        if change["new"] and self._listed[change["new"][0]] != self.path_id:
            self.show(self._listed[change["new"][0]])

    def _picked_packet(self, change: Any) -> None:
        if change["new"]:
            place = int(self._rows().index.get_indexer(self._shown[change["new"][:1]])[0])
            self._first = max(place - BEFORE, 0)
            self._draw()
