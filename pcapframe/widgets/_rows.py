"""A table whose headers sort and whose rows are picked."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import pandas as pd
import traitlets

__all__ = ["Heading", "Rows"]


class Heading(NamedTuple):
    """The head of a column.

    Parameters
    ----------
    label : str
        On it.
    sort : str
        What the table is sorted by when it is clicked; empty for a column that does not sort.
    number : bool
        Stands at the right; sorted by it, the largest come first.
    head : bool
        Names its row.
    """

    label: str
    sort: str = ""
    number: bool = False
    head: bool = False


class Rows(anywidget.AnyWidget):
    """A table; whoever made it sorts its rows, which may be one page of many.

    Parameters
    ----------
    label : str
        What its rows are.
    ordered : callable, optional
        Called with what to sort by, and whether the largest come first.

    Attributes
    ----------
    df : DataFrame
        The rows.
    selected_rows : list of int
        The row that is picked.
    """

    _esm = Path(__file__).parent / "static" / "rows.js"
    label = traitlets.Unicode("").tag(sync=True)
    columns: traitlets.List[dict[str, Any]] = traitlets.List(traitlets.Dict()).tag(sync=True)
    rows: traitlets.List[list[str]] = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    sort = traitlets.Unicode("").tag(sync=True)
    descending = traitlets.Bool(False).tag(sync=True)
    selected_rows: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True)

    def __init__(self, label: str, ordered: Callable[[str, bool], None] | None = None) -> None:
        super().__init__(label=label)
        self._ordered = ordered
        self.df = pd.DataFrame()
        self.on_msg(self._hear)

    def show(
        self,
        frame: pd.DataFrame,
        headings: Sequence[Heading],
        *,
        selected: int | None = None,
        sort: str = "",
        descending: bool = False,
    ) -> None:
        """Show rows.

        Parameters
        ----------
        frame : DataFrame
            Its cells are HTML.
        headings : sequence of Heading
            One for each column.
        selected : int, optional
            Row that is picked.
        sort : str
            What they are sorted by.
        descending : bool
            Largest first.
        """
        self.df = frame
        cells = [frame.iloc[:, place].astype(str).tolist() for place in range(frame.shape[1])]
        with self.hold_sync():
            self.columns = [heading._asdict() for heading in headings]
            self.rows = [list(row) for row in zip(*cells, strict=True)]
            self.sort, self.descending = sort, descending
            self.selected_rows = [] if selected is None else [selected]

    def _hear(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if "sort" in content and self._ordered is not None:
            if content["sort"] in {column["sort"] for column in self.columns} - {""}:
                self._ordered(content["sort"], bool(content["descending"]))
        elif isinstance(row := content.get("row"), int) and 0 <= row < len(self.rows):
            self.selected_rows = []  # so that the same row can be picked again
            self.selected_rows = [row]
