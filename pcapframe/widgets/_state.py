"""The choices of the explorer's user, without any widget."""

from dataclasses import fields
from functools import cached_property
from typing import Any

import pandas as pd
from traitlets import Bool, HasTraits, Instance, Int, TraitError, Unicode, observe

from pcapframe.analysis import Analysis
from pcapframe.errors import ParameterError, PcapframeError
from pcapframe.widgets._filters import Filters, Searched, selection_of
from pcapframe.widgets._selection import ExplorerSelection
from pcapframe.wording import counted

__all__ = ["ExplorerState"]

MOST_UNDONE = 100
FILTERS = [field.name for field in fields(Filters)]


class ExplorerState(HasTraits):
    """Filters, their selection, and the connection and packet that are open.

    Parameters
    ----------
    analysis : Analysis
        The explored analysis.

    Attributes
    ----------
    server, port, client, handshake, ending, pattern, rst_phase, start, end, packets, text : str
        As in `Filters`.
    selection : ExplorerSelection
        The selection of the last valid filters.
    problem : str
        Why a filter is not valid or nothing is selected; otherwise empty.
    conn_id : int or None
        The open connection.
    frame : int or None
        The open packet.
    sort : str
        Column by which the table is sorted.
    descending : bool
        Largest first.
    page : int
        Page of the table, from 0.

    Examples
    --------
    >>> import pcapframe as pf
    >>> state = ExplorerState(pf.analyze(pf.example("resets.pcap")))
    >>> state.handshake = "refused"
    >>> len(state.selection.connections), state.selection.display_filter
    (6, 'frame.number in {86, 87, 95..102, 112, 113}')
    """

    server = Unicode("")
    port = Unicode("")
    client = Unicode("")
    handshake = Unicode("")
    ending = Unicode("")
    pattern = Unicode("")
    rst_phase = Unicode("")
    start = Unicode("")
    end = Unicode("")
    packets = Unicode("")
    text = Unicode("")
    selection = Instance(ExplorerSelection)
    problem = Unicode("")
    conn_id = Int(None, allow_none=True)
    frame = Int(None, allow_none=True)
    sort = Unicode("conn_id")
    descending = Bool(False)
    page = Int(0)

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._searched = Searched(analysis)
        self._before: list[Filters] = []
        self._undoing = False
        super().__init__()
        self.selection = ExplorerSelection(analysis, Filters(), self._searched.find(Filters()))
        self.problem = analysis.message or ""

    @property
    def filters(self) -> Filters:
        """The current filters."""
        return Filters(**{name: getattr(self, name) for name in FILTERS})

    def set(self, **values: Any) -> None:
        """Set several traits at once; the selection is computed once.

        Parameters
        ----------
        **values
            Traits by name.

        Raises
        ------
        ParameterError
            There is no such trait, or the value is not valid.
        """
        unknown = [name for name in values if not self.has_trait(name)]
        if unknown:
            raise ParameterError(f"the explorer has no {', '.join(unknown)}")
        try:
            with self.hold_trait_notifications():
                for name, value in values.items():
                    setattr(self, name, value)
        except TraitError as error:
            raise ParameterError(str(error)) from None

    @property
    def link(self) -> str:
        """The filters as a text to keep, and to open again with `open_link`."""
        return self.filters.link

    def open_link(self, link: str) -> None:
        """Set the filters that a link has.

        Parameters
        ----------
        link : str
            From `link`, as ``handshake=refused&port=8080``.

        Raises
        ------
        ParameterError
            It has something that is no filter.
        """
        self.set(**vars(Filters.of_link(link)))

    @property
    def can_undo(self) -> bool:
        """Whether there are filters to go back to."""
        return bool(self._before)

    def undo(self) -> None:
        """Go back to the filters of the selection before; nothing happens where there is none."""
        if not self._before:
            return
        self._undoing = True
        try:
            self.set(**vars(self._before.pop()))
        finally:
            self._undoing = False

    @property
    def brush(self) -> dict[str, str]:
        """The time that is filtered by, as charts show it: ``from`` and ``to`` in ns since 1970; empty for none."""
        wanted = selection_of(self.selection.filters, self.analysis.selection)
        if wanted.start is None and wanted.end is None:
            return {}
        first, last = self._ends
        start, end = (
            first if wanted.start is None else wanted.start.value,
            last if wanted.end is None else wanted.end.value,
        )
        return {"from": str(start), "to": str(end)}

    @cached_property
    def _ends(self) -> tuple[int, int]:
        """First and last time of the capture. [ns since 1970]."""
        connections = self.analysis.connections
        first, last = connections["start"].min(), connections["end"].max()
        return (0, 0) if first is pd.NaT else (first.value, last.value)

    def counts(self) -> dict[str, dict[str, int]]:
        """Count what each value of a picker would select beside the other filters, as `Searched.counts`."""
        return self._searched.counts(self.selection.filters)

    def clear(self) -> None:
        """Clear all filters."""
        self.set(**dict.fromkeys(FILTERS, ""))

    @observe(*FILTERS)
    def _select(self, _change: Any) -> None:
        filters = self.filters
        if self.trait_has_value("selection") and filters == self.selection.filters and not self.problem:
            return
        try:
            found = self._searched.find(filters)
        except PcapframeError as error:
            self.problem = str(error)
            return
        message = ""
        if not found.mask.any():
            whole = len(self.analysis.connections)
            none = f"Nothing matches the filter ({filters}); the capture has {counted(whole, 'connection')}."
            message = self.analysis.message or found.message or none
        if filters != self.selection.filters and not self._undoing:
            self._before = [*self._before[1 - MOST_UNDONE :], self.selection.filters]
        selected = ExplorerSelection(self.analysis, filters, found)
        gone = self.conn_id is not None and self.conn_id not in selected.connections.index
        looked_at = {"conn_id": None, "frame": None} if gone else {}
        self.set(selection=selected, problem=message, page=0, **looked_at)

    @observe("conn_id")
    def _forget_frame(self, _change: Any) -> None:
        if self.frame is None:
            return
        if self.conn_id is None or int(self.analysis.segments["conn_id"].get(self.frame, -1)) != self.conn_id:
            self.frame = None
