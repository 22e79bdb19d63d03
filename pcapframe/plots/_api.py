"""What a chart declares about itself; reports, the explorer, the MCP server, benchmarks and the docs read it here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pandas as pd

from pcapframe.plots._graph import Graph
from pcapframe.plots._registry import SHOWS, Shows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Chart", "Options", "Section", "Tab", "always", "of_either_side", "over_time"]

Options: TypeAlias = Mapping[str, Any]
Section: TypeAlias = Literal["overview", "handshakes", "endings", "retransmissions", "timing", "connections"]


def always(_: pd.DataFrame) -> bool:
    """Say that there is something to see in any connections, if only that there is nothing of a kind."""
    return True


def over_time(connections: pd.DataFrame) -> bool:
    """Say whether any time passes in connections: charts over time show nothing of a single packet."""
    return bool(connections["end"].max() > connections["start"].min())


def of_either_side(column: str) -> Callable[[pd.DataFrame], bool]:
    """Return a function that tells whether any connection has more than zero in a column of either side.

    Parameters
    ----------
    column : str
        Name of the columns, without ``client_`` or ``server_``.

    Returns
    -------
    callable
        For ``Chart.shows``.

    Examples
    --------
    >>> has_rsts = of_either_side("rsts")
    >>> has_rsts(pd.DataFrame({"client_rsts": [0, 0], "server_rsts": [0, 1]}))
    True
    """
    return lambda connections: any(bool((connections[f"{side}_{column}"] > 0).any()) for side in ("client", "server"))


@dataclass(frozen=True, kw_only=True)
class Tab:
    """The explorer's tab of a chart.

    Parameters
    ----------
    label : str
        On the tab.
    height : int
        Of the chart. [CSS pixels]
    """

    label: str
    height: int


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart as its file declares it.

    Parameters
    ----------
    draw : callable
        Draws the chart: takes an `Analysis` or frames, ``ax`` and the options of `ways`, and returns the axes.
    data : callable
        Returns the numbers drawn, as a frame.
    title : str
        First words of the chart's title.
    numbers : str
        What is drawn, in words that continue a sentence.
    limited_by : tuple of str
        What the numbers depend on: keys of ``analysis.health.STATISTICS``.
    section : str or None
        The report's section that has the chart; None for none.
    reported : tuple of mappings
        Options of each drawing in the report.
    ways : tuple of mappings
        Options of each way to draw it; tests and benchmarks go through all.
    tab : Tab or None
        The explorer's tab; None for none.
    shows : callable
        Tells from the connections whether there is something to see; the report leaves out charts without.
    graph : Graph or None
        Axes and marks, from which the browser draws it; None where only matplotlib does.
    """

    draw: Callable[..., "Axes"]
    data: Callable[..., pd.DataFrame]
    title: str
    numbers: str
    limited_by: tuple[str, ...] = ()
    section: Section | None = None
    reported: tuple[Options, ...] = ({},)
    ways: tuple[Options, ...] = ({},)
    tab: Tab | None = None
    shows: Callable[[pd.DataFrame], bool] = always
    graph: Graph | None = None

    @property
    def name(self) -> str:
        """Name of the function that draws it, and of its file."""
        return self.draw.__name__

    @property
    def of(self) -> Shows:
        """What it shows, as the registry says: all selected connections (``analysis``), or one (``connection``).

        The one is chosen with ``conn_id`` and ``from_client``.
        """
        return SHOWS[self.name]

    @property
    def alt(self) -> str:
        """What is drawn, as a sentence: for a description, or as alternative text of the picture."""
        return self.numbers[:1].upper() + self.numbers[1:]
