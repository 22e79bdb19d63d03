"""What a chart's axes and marks are, declared once: matplotlib and the browser draw from the same declaration."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import pandas as pd

from pcapframe.plots._marks import Marks
from pcapframe.plots._palette import Look

__all__ = ["Axis", "Graph", "Mark", "Panel", "Rows", "Shape"]

Shape: TypeAlias = Literal["span", "steps", "points", "bars", "stack", "line", "band", "lane", "row", "box", "cell"]
Evidence: TypeAlias = Literal["packet", "bin", "span", "row"]


class Axis(NamedTuple):
    """An axis.

    Parameters
    ----------
    label : str
        What is measured.
    unit : str
        ``UTC`` for times, ``s``, ``B``, ``bit/s``, ``%`` for a share from 0 to 1; empty for a count.
    log : bool
        Logarithmic.
    """

    label: str
    unit: str = ""
    log: bool = False


class Mark(NamedTuple):
    """Marks of one kind.

    Parameters
    ----------
    name : str
        What its rows have in the column or level ``Graph.by``; where there is none, all rows are its own.
    look : Look
        Colour, and what distinguishes it without colour.
    shape : str
        ``span`` reaches from `low` to `high` at one place; ``steps`` and ``line`` join the places; ``points`` stand at
        `high`; ``bars`` reach from 0 to `high` over a bin, and ``stack`` that stands on the marks before; ``band``
        fills from `low` to `high`; ``lane`` is a bar across the panel, from the place in the column `low` to that in
        `high`, and ``row`` is one at the row that ``Graph.at`` tells; ``box`` is a line from `low` to `high` with a box
        and a mark inside, at `inner`; ``cell`` is a column of a table of numbers, shaded by their logarithm.
    low, high : str
        Columns.
    plain : bool
        Drawn in the colour of text.
    of : tuple of str
        What its rows have in ``Graph.by``, where that is not `name`; bars of several such rows are added up.
    down : bool
        Its bars go down from 0.
    who : str
        Who sent what its bars count; empty where bars go up only.
    inner : tuple of str
        Columns: where a box begins, where its mark is, where it ends.
    """

    name: str
    look: Look
    shape: Shape
    high: str
    low: str = ""
    plain: bool = False
    of: tuple[str, ...] = ()
    down: bool = False
    who: str = ""
    inner: tuple[str, ...] = ()


class Panel(NamedTuple):
    """Marks on one vertical axis.

    Parameters
    ----------
    axis : Axis
        The vertical one.
    marks : tuple of Mark
        From the lowest to the highest.
    share : float
        Of the height.
    data : callable, optional
        Returns the panel's own frame, where that is not the chart's; takes segments, ``conn_id`` and ``from_client``,
        or in a chart of no single connection what it names of ``segments``, ``connections`` and the chart's ``data``.
    per_s : float
        Values are multiplied by it, and divided by the width of their bin; 0 leaves them as they are. [1/s]
    share_of : str
        Column that values are a share of.
    at_once : bool
        Counts what there is at once: the same may be in several bins, so they do not add up and are no rate.
    """

    axis: Axis
    marks: tuple[Mark, ...]
    share: float = 1.0
    data: Callable[..., pd.DataFrame] | None = None
    per_s: float = 0.0
    share_of: str = ""
    at_once: bool = False


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What the rows of a chart are, from the top.

    Parameters
    ----------
    names : callable
        Returns the name of each row of the data; those with the same name, one after another, share a row.
    filters : callable, optional
        Returns for each row of the data the filters of the explorer that a click sets; empty for none.
    notes : callable, optional
        Returns for each row of the data what stands beside it.
    own : int
        Of more rows, the last one stands for all others and may be cut off; 0 where there is none.
    """

    names: Callable[[pd.DataFrame], Sequence[str]]
    filters: Callable[[pd.DataFrame], Sequence[Mapping[str, str]]] | None = None
    notes: Callable[[pd.DataFrame], Sequence[str]] | None = None
    own: int = 0


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Axes and marks of a chart.

    Parameters
    ----------
    across : Axis
        The horizontal axis: ``UTC``, or ``s`` since the ``start_ns`` in the data's attrs; of `rows`, the panels have
        their own.
    panels : tuple of Panel
        From the top.
    at : str
        Column or index level of the horizontal place; of `rows`, empty.
    by : str
        Column or index level that names the mark; empty where each mark has all rows.
    evidence : {"packet", "bin", "span", "row"}
        What a mark stands for: a packet, whose number is in the column ``frame``; what is counted in a bin of time,
        between the ``edges`` in the data's attrs; what lasted, from ``start_s`` to ``end_s``; or what is counted in one
        of the `rows`.
    marks : callable, optional
        Returns all marks of a connection, of which a part can be asked for: a zoom loses nothing.
    rows : Rows, optional
        Of a chart whose bars lie across, a row each.
    drawn : callable, optional
        Makes the rows of marks of the chart's data, where these are not as they are.
    key : str
        Of what lasted: the column whose value a click tells, ``frame`` or ``conn_id``.
    """

    across: Axis
    panels: tuple[Panel, ...]
    at: str = ""
    by: str = ""
    evidence: Evidence = "bin"
    marks: Callable[..., tuple[Marks, dict[Any, Any]]] | None = None
    rows: Rows | None = None
    drawn: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    key: str = ""
