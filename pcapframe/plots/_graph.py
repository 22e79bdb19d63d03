"""What a chart's axes and marks are, declared once: matplotlib and the browser draw from the same declaration."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import pandas as pd

from pcapframe.plots._marks import Marks
from pcapframe.plots._palette import Look

__all__ = ["Axis", "Graph", "Mark", "Panel", "Shape"]

Shape: TypeAlias = Literal["span", "steps", "points", "bars", "line", "band", "lane"]
Evidence: TypeAlias = Literal["packet", "bin"]


class Axis(NamedTuple):
    """An axis.

    Parameters
    ----------
    label : str
        What is measured.
    unit : str
        ``UTC`` for times, ``s``, ``B``; empty for a count.
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
        `high`; ``bars`` reach from 0 to `high` over a bin; ``band`` fills from `low` to `high`; ``lane`` is a bar
        across the panel, from the place in the column `low` to that in `high`.
    low, high : str
        Columns.
    plain : bool
        Drawn in the colour of text.
    """

    name: str
    look: Look
    shape: Shape
    high: str
    low: str = ""
    plain: bool = False


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
        Returns the panel's own frame, where that is not the chart's; takes segments, ``conn_id`` and ``from_client``.
    """

    axis: Axis
    marks: tuple[Mark, ...]
    share: float = 1.0
    data: Callable[..., pd.DataFrame] | None = None


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Axes and marks of a chart.

    Parameters
    ----------
    across : Axis
        The horizontal axis: ``UTC``, or ``s`` since the ``start_ns`` in the data's attrs.
    panels : tuple of Panel
        From the top.
    at : str
        Column or index level of the horizontal place.
    by : str
        Column or index level that names the mark; empty where each mark has all rows.
    evidence : {"packet", "bin"}
        What a mark stands for: a packet, whose number is in the column ``frame``, or what is counted in a bin of time,
        between the ``edges`` in the data's attrs.
    marks : callable, optional
        Returns all marks of a connection, of which a part can be asked for: a zoom loses nothing.
    """

    across: Axis
    panels: tuple[Panel, ...]
    at: str
    by: str = ""
    evidence: Evidence = "bin"
    marks: Callable[..., tuple[Marks, dict[Any, Any]]] | None = None
