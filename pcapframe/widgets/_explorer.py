"""The explorer: filters on the left, charts and tables of the selection on the right."""

import functools
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, overload

import ipywidgets as widgets

from pcapframe.analysis import Analysis, analyze
from pcapframe.analysis.provenance import files_of
from pcapframe.errors import ParameterError, PcapframeError
from pcapframe.joining import Joined
from pcapframe.plots import CHARTS
from pcapframe.widgets._chips import Chips
from pcapframe.widgets._controls import Controls
from pcapframe.widgets._export import Export
from pcapframe.widgets._join import JoinExplorer
from pcapframe.widgets._parts import STYLE, Debounced, Named, let_go
from pcapframe.widgets._patterns import PatternView
from pcapframe.widgets._selection import ExplorerSelection
from pcapframe.widgets._standouts import StandoutList
from pcapframe.widgets._state import FILTERS, ExplorerState
from pcapframe.widgets._table import ConnectionTable
from pcapframe.widgets._views import ConnectionView, SelectionChart, escaped
from pcapframe.wording import counted

__all__ = ["Explorer", "explore"]

FOLDED = "Code and filters to copy"
KEPT = (*FILTERS, "conn_id", "frame", "sort", "descending", "page")
_OPEN: dict[str, "Explorer"] = {}  # by the cell that shows it


def tab_titles() -> dict[str, str]:
    """Return the title of each tab, by name: charts as they declare it, then what is no chart.

    Returns
    -------
    dict of str
        In the order of the tabs.
    """
    charts = {name: chart.tab.label for name, chart in CHARTS.items() if chart.tab is not None}
    return {**charts, "patterns": "Patterns", "connections": "Connections", "connection": "One connection"}


class Explorer(widgets.VBox):
    """A capture to filter and look at; made by `explore`.

    Parameters
    ----------
    source : capture, list of captures, DataFrame or Analysis
        As for `analyze`.

    Attributes
    ----------
    state : ExplorerState or None
        The user's choices; None if the capture could not be read.
    problem : str
        The last error; empty if there is none.
    views : dict of widgets
        The tabs by name; empty if the capture could not be read.
    """

    def __init__(self, source: Any) -> None:
        self.state: ExplorerState | None = None
        self.views: dict[str, Any] = {}
        self._stale: set[str] = set()
        self.problem = ""
        self.message = widgets.HTML()
        super().__init__()
        self.add_class("pcapframe-explorer")
        self.look_at(source)

    @property
    def selection(self) -> ExplorerSelection:
        """What is selected: ``packets``, ``segments``, ``connections``, ``display_filter`` and ``code``.

        Raises
        ------
        ParameterError
            No capture could be read.
        """
        if self.state is None:
            raise ParameterError(self.problem or "no capture is open")
        return self.state.selection

    def look_at(self, source: Any) -> None:
        """Open a capture with all filters cleared; if it cannot be read, show why.

        Parameters
        ----------
        source : capture, list of captures, DataFrame or Analysis
            As for `analyze`.
        """
        self._let_go()
        style = widgets.HTML(f"<style>{STYLE}</style>", layout=widgets.Layout(display="none"))
        try:
            analysis = source if isinstance(source, Analysis) else analyze(source)
        except PcapframeError as error:
            self._say(str(error))
            path = widgets.Text(
                description="Capture", value=str(source) if isinstance(source, str | os.PathLike) else "",
                placeholder="path of a capture", layout=widgets.Layout(width="60%"),
            )  # fmt: skip
            button = widgets.Button(description="Open", icon="folder-open")
            button.on_click(self._guarded(lambda _button: self.look_at(path.value)))
            self.children = [style, self.message, widgets.HBox([path, button])]
            return
        self._say("")
        self.state = ExplorerState(analysis)
        self._build(self.state, style)

    def open_tab(self, name: str) -> None:
        """Show a tab.

        Parameters
        ----------
        name : str
            Of a chart that has a tab, or ``patterns``, ``connections`` or ``connection``.

        Raises
        ------
        ParameterError
            There is no such tab, or no capture could be read.
        """
        if name not in self.views:
            raise ParameterError(f"there is no tab {name!r}: expected one of {', '.join(self.views) or 'none'}")
        self.tabs.selected_index = list(self.views).index(name)

    def open_link(self, link: str) -> None:
        """Set the filters that were copied from an explorer as a link.

        Parameters
        ----------
        link : str
            As ``handshake=refused&port=8080``: `ExplorerState.link`.

        Raises
        ------
        ParameterError
            It has something that is no filter, or no capture could be read.
        """
        if self.state is None:
            raise ParameterError(self.problem or "no capture is open")
        self.state.open_link(link)

    def close(self) -> None:
        """Close the widgets and release the capture."""
        self._let_go()
        let_go(self.message)
        super().close()

    def _build(self, state: ExplorerState, style: widgets.HTML) -> None:
        guarded = self._guarded
        self.controls = Controls(state)
        self.views = {
            name: SelectionChart(chart, state, guarded) for name, chart in CHARTS.items() if chart.tab is not None
        }
        self.views["patterns"] = PatternView(state, guarded)
        self.views["connections"] = ConnectionTable(state, guarded)
        self.views["connection"] = ConnectionView(state, guarded)
        self.tabs = widgets.Tab(
            list(self.views.values()), titles=list(tab_titles().values()),
            layout=widgets.Layout(width="auto", min_width="0"),
        )  # fmt: skip
        self.head = widgets.HTML()
        self.export = Export(state, guarded, lambda: self._say(state.problem))
        self.chips = Chips(state)
        self.export.layout.display = "none"
        self.fold = widgets.ToggleButton(
            description=FOLDED, icon="code", tooltip="Show what selects the same elsewhere, to copy; write the packets",
            layout=widgets.Layout(width="auto", flex="0 0 auto"),
        )  # fmt: skip
        line = widgets.HBox([self.chips, self.fold], layout=widgets.Layout(width="100%"))
        side = widgets.VBox([self.controls, Named()], layout=widgets.Layout(flex="0 0 236px", width="236px"))
        side.add_class("pcapframe-side")
        main = widgets.VBox([self.tabs], layout=widgets.Layout(flex="1 1 0", min_width="0", padding="0 0 0 8px"))
        body = widgets.HBox([side, main], layout=widgets.Layout(width="100%"))
        self.standouts = StandoutList(state, guarded)
        self._health = health_html(state.analysis)
        self.children = [style, self.standouts, self.head, line, self.export, self.message, body]
        self._draw = Debounced(guarded(self._show))
        self._tell = Debounced(guarded(self._show_selection))
        state.observe(self._selected, "selection")
        state.observe(self._problem, "problem")
        state.observe(self._look, ["conn_id", "frame"])
        state.observe(self._turn, ["sort", "descending", "page"])
        self.tabs.observe(self._draw, "selected_index")
        self.fold.observe(guarded(lambda _change: self._show_export()), "value")
        self._stale = set(self.views)
        self._say(state.problem)
        self._show_selection()
        self._show()

    def _let_go(self) -> None:
        if self.state is not None:
            self.state.unobserve_all()
            self.controls.unlink()
            self._draw.cancel()
            self._tell.cancel()
        old = [child for child in self.children if child is not self.message]
        self.children = []
        let_go(*old)
        self.state = None
        self.views = {}

    # Reactions to a change of the state.

    def _selected(self, _change: Any) -> None:
        assert self.state is not None
        self._say(self.state.problem)
        self.export.forget()
        self._stale = set(self.views)  # also the view of one connection: filters may determine its roles
        self._draw()
        self._tell()

    def _look(self, change: Any) -> None:
        self._stale.add("connection")
        if change["new"] is not None:
            self.open_tab("connection")
        self._draw()

    def _turn(self, _change: Any) -> None:
        self._stale.add("connections")
        self._draw()

    def _problem(self, change: Any) -> None:
        self._say(change["new"])

    def _show(self) -> None:
        """Draw the open tab if it is out of date."""
        name = list(self.views)[self.tabs.selected_index or 0]
        if name in self._stale:
            self.views[name].show()
            self._stale.discard(name)

    def _show_selection(self) -> None:
        """Show how much is selected, and the code and filters that select it."""
        assert self.state is not None
        selection, analysis = self.state.selection, self.state.analysis
        whole, of = len(analysis.connections), len(analysis.segments)
        counts = (
            f"<b>{len(selection.connections):,}</b> of {counted(whole, 'connection')} · "
            f"<b>{selection.packet_count:,}</b> of {counted(of, 'TCP packet')}"
        )
        notes = "".join(f"<br><span class='pcapframe-note'>{escaped(note)}</span>" for note in selection.found.notes)
        name = escaped(analysis.capture.name)
        self.head.value = (
            f"<div class='pcapframe-head' role='status'>{counts}"
            f"<br><span class='pcapframe-name'>{name}</span>{notes}"
            f"{self._health}</div>"
        )
        self.chips.show()
        self.controls.count(self.state.counts())
        self._show_export()

    def _show_export(self) -> None:
        """Write what selects the same elsewhere, if it is in sight: a long filter takes longer than a chart."""
        self.export.layout.display = None if self.fold.value else "none"
        if self.fold.value:
            self.export.show()

    # Errors.

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that shows errors in the explorer."""

        @functools.wraps(function)
        def call(*arguments: Any) -> None:
            try:
                function(*arguments)
            except (PcapframeError, OSError) as error:
                self._say(str(error))
            except Exception as error:  # a bug: with the line, so that it can be reported
                where = traceback.extract_tb(error.__traceback__)[-1]
                self._say(f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})")

        return call

    def _say(self, problem: str) -> None:
        self.problem = problem
        text = f"<div class='pcapframe-problem' role='alert'>{escaped(problem)}</div>" if problem else ""
        self.message.value = text


def health_html(analysis: Analysis) -> str:
    """Write in a line what a capture supports, which unfolds to what limits it.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.

    Returns
    -------
    str
        HTML.
    """
    health = analysis.health
    found = "".join(f"<li>{escaped(finding.sentence)}</li>" for finding in health.findings)
    line = f"<b>Capture health:</b> {escaped(health.sentence)}"
    if not found:
        return f"<div class='pcapframe-health'>{line}</div>"
    return f"<details class='pcapframe-health'><summary>{line}</summary><ul>{found}</ul></details>"


@overload
def explore(source: Joined, *, filters: str = "") -> JoinExplorer: ...


@overload
def explore(source: Any, *, filters: str = "") -> Explorer: ...


def explore(source: Any, *, filters: str = "") -> Explorer | JoinExplorer:
    """Explore a capture in a notebook, from the overview down to the packet; or a join, with both ends of a connection.

    Parameters
    ----------
    source : capture, list of captures, DataFrame, Analysis or Joined
        As for `analyze`; of a join, filters and selection are left out.
    filters : str
        Filters to begin with, as the explorer writes them to copy: ``handshake=refused&port=8080``.

    Returns
    -------
    Explorer
        A widget, shown below the cell; ``explorer.selection`` is the selection. If the capture cannot be read, the
        widget says why. When the cell runs again, the filters stay.

    Raises
    ------
    ParameterError
        `filters` has something that is no filter.

    Examples
    --------
    >>> import pcapframe as pf
    >>> explorer = explore(pf.example("resets.pcap"))
    >>> explorer.state.set(handshake="refused", text="8080")
    >>> len(explorer.selection.connections), explorer.selection.display_filter
    (6, 'frame.number in {86, 87, 95..102, 112, 113}')
    """
    if isinstance(source, Joined):
        return JoinExplorer(source)
    cell = _cell_id()
    before = _OPEN.pop(cell, None) if cell else None
    kept: dict[str, Any] = {}
    if before is not None:
        if before.state is not None:
            kept = {name: getattr(before.state, name) for name in KEPT}
            kept["tab"] = before.tabs.selected_index
            old = before.state.analysis
            if _is_of(source, old):
                source = old if not isinstance(source, Analysis) else source
            else:
                kept = {}
        before.close()
    explorer = Explorer(source)
    if filters and not kept and explorer.state is not None:
        explorer.open_link(filters)
    if kept and explorer.state is not None:
        tab = kept.pop("tab")
        explorer.state.set(**{name: kept.pop(name) for name in FILTERS})
        if kept["conn_id"] in explorer.state.analysis.connections.index:
            explorer.state.conn_id = kept["conn_id"]
            explorer.state.frame = kept["frame"]
        explorer.state.set(sort=kept["sort"], descending=kept["descending"], page=kept["page"])
        explorer.tabs.selected_index = tab
    if cell:
        _OPEN[cell] = explorer
    return explorer


def _is_of(source: Any, analysis: Analysis) -> bool:
    """Return whether a source is the unchanged capture of an analysis."""
    if isinstance(source, Analysis):
        same_files = bool(source.provenance.files) and source.provenance.files == analysis.provenance.files
        return source.packets is analysis.packets or same_files
    if hasattr(source, "attrs"):
        return source is analysis.packets
    files = files_of(source)
    return bool(files) and files == analysis.provenance.files and analysis.selection == type(analysis.selection)()


def _cell_id() -> str | None:
    """Return the id of the running notebook cell; None elsewhere."""
    try:
        from IPython import get_ipython
    except ModuleNotFoundError:
        return None
    shell = get_ipython()
    header = getattr(shell, "parent_header", None) or {}
    cell = header.get("metadata", {}).get("cellId")
    return str(cell) if cell else None
