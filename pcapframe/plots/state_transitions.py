"""Connections by handshake, data and ending, as a matrix."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from pcapframe.patterns import Traffic
from pcapframe.patterns.state_transitions import DATA, StateTransitionsLimits, observe
from pcapframe.plots._api import Chart
from pcapframe.plots._axes import axes_or_new, inches, ink
from pcapframe.plots._captions import tally
from pcapframe.plots._frames import Source, both
from pcapframe.plots._graph import Axis, Graph, Mark, Panel, Rows
from pcapframe.plots._palette import BLUE, ENDING_LOOKS, Look
from pcapframe.plots._text import state, title
from pcapframe.schema import ENDINGS, HANDSHAKES
from pcapframe.wording import counted

__all__ = ["state_transitions", "state_transitions_data"]

FROM = (*(f"handshake:{name}" for name in HANDSHAKES), *(f"data:{name}" for name in DATA))
TO = (*(f"data:{name}" for name in DATA), *(f"ending:{name}" for name in ENDINGS))


def state_transitions_data(segments: pd.DataFrame, connections: pd.DataFrame) -> pd.DataFrame:
    """Count the transitions of connections: the table of the pattern ``state_transitions``, as a matrix.

    Parameters
    ----------
    segments, connections : DataFrame
        Columns of ``schema.SEGMENTS`` and ``schema.CONNECTIONS``; not modified.

    Returns
    -------
    DataFrame
        Counts of connections (Int64), from the state in the index to that in the columns; null where no such
        transition is possible: from a handshake to data, and from data to an ending, each half sums to the connections.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("clean.pcap"))
    >>> matrix = pf.plots.state_transitions_data(analysis.segments, analysis.connections)
    >>> int(matrix.loc["data:data_both_ways", "ending:fin"])
    13
    """
    index, columns = pd.Index(FROM, name="from"), pd.Index(TO, name="to")
    matrix = pd.DataFrame(index=index, columns=columns, dtype="Int64")
    matrix.iloc[: len(HANDSHAKES), : len(DATA)] = 0
    matrix.iloc[len(HANDSHAKES) :, len(DATA) :] = 0
    pattern = observe(Traffic(segments, connections), StateTransitionsLimits())
    for transition in pattern.observations["transitions"] if pattern else ():
        matrix.loc[transition["from"], transition["to"]] = transition["count"]
    return matrix


def state_transitions(segments: Source, connections: pd.DataFrame | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw the matrix of state transitions.

    Parameters
    ----------
    segments : DataFrame or Analysis
        Columns of ``schema.SEGMENTS``; not modified.
    connections : DataFrame, optional
        Columns of ``schema.CONNECTIONS``; by default built from the segments.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `state_transitions_data`: each cell shows the number of connections, shaded by its logarithm.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.state_transitions(pf.analyze(pf.example("resets.pcap"))).get_xlabel()
    'to'
    """
    segments, connections = both(segments, connections)
    ax = axes_or_new(ax, size=(8, 5))
    what = CHART.title
    if connections.empty:
        return state(ax, what, "There is no connection.")
    data = state_transitions_data(segments, connections)
    counts = data.to_numpy(np.float64, na_value=np.nan)
    shown = np.where(counts > 0, counts, np.nan)
    image = ax.imshow(shown, cmap="cividis", norm=LogNorm(1, max(counts[counts > 0].max(), 2)), aspect="auto")
    narrow = inches(ax) < 4
    size = "x-small" if narrow else "small"
    for (i, j), count in np.ndenumerate(counts):
        if not np.isnan(count):
            paint = ink(ax)
            if count:
                # Black or white, whichever contrasts more with the cell.
                light = np.dot(image.cmap(image.norm(count))[:3], (0.299, 0.587, 0.114)) > 0.5
                paint = "black" if light else "white"
            ax.text(j, i, _short(int(count)) if narrow else f"{int(count):,}", ha="center", va="center",
                    fontsize=size, color=paint)  # fmt: skip
    ax.set_xticks(range(len(TO)), [_words(name) for name in TO], rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(FROM)), [_words(name) for name in FROM])
    ax.tick_params(labelsize=size)
    line = {"color": ink(ax), "linewidth": 0.8, "alpha": 0.6}
    ax.axhline(len(HANDSHAKES) - 0.5, **line)
    ax.axvline(len(DATA) - 0.5, **line)
    ax.set_xlabel("to")
    ax.set_ylabel("from")
    endings = connections["ending"].value_counts().to_dict()
    title(ax, what, f"{counted(len(connections), 'connection')}; each of the two halves sums to them",
          labels=23, numbers=[tally(ENDING_LOOKS, endings)])  # fmt: skip
    return ax


def _words(name: str) -> str:
    return (
        name.partition(":")[2].replace("_", " ")
        if name.startswith("data:")
        else name.replace("_", " ").replace(":", ": ")
    )


def _short(count: int) -> str:
    """Write a count in four characters at most."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.0f} {unit}"
    return str(count)


def _filters(data: pd.DataFrame) -> list[dict[str, str]]:
    """Return what a row selects in the explorer: only those of a handshake do."""
    states = [str(name).partition(":") for name in data.index]
    return [{name: value} if name == "handshake" else {} for name, _, value in states]


GRAPH = Graph(
    across=Axis("to"),
    panels=(Panel(Axis("to"), tuple(Mark(name, Look(_words(name), BLUE), "cell", high=name) for name in TO)),),
    rows=Rows(names=lambda data: [_words(str(name)) for name in data.index], filters=_filters),
    evidence="row",
)
CHART = Chart(
    draw=state_transitions,
    data=state_transitions_data,
    title="State transitions of connections",
    numbers="connections by handshake, data and ending",
    limited_by=("endings", "open_endings"),
    section="endings",
    graph=GRAPH,
    shows=lambda connections: len(connections[["handshake", "ending"]].drop_duplicates()) > 1,
)
