"""RSTs by sender, by direction and by phase of their connection."""

from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.analysis import Analysis
from pcapframe.arrays import Mask
from pcapframe.plots._api import Chart, Tab, of_either_side
from pcapframe.plots._axes import axes_or_new, inches
from pcapframe.plots._captions import tally
from pcapframe.plots._frames import Source, both
from pcapframe.plots._graph import Axis, Graph, Mark, Panel, Rows
from pcapframe.plots._palette import DIRECTIONS, PHASE_LOOKS
from pcapframe.plots._scales import count_axis
from pcapframe.plots._shapes import cut_others, outline
from pcapframe.plots._text import legend, shorten, state, title
from pcapframe.plots.rst_events import IDLE_S, PHASES, RST_DIRECTIONS, rst_events
from pcapframe.wording import counted, percent

__all__ = ["rst_distribution", "rst_distribution_data"]

By: TypeAlias = Literal["phase", "source", "direction"]
SOURCES = 12  # that have their own row; the others share one


def rst_distribution_data(
    segments: pd.DataFrame,
    connections: pd.DataFrame,
    *,
    by: By = "phase",
    idle_s: float = IDLE_S,
    server_given: bool | Mask = False,
) -> pd.DataFrame:
    """Count RSTs by phase, source or direction.

    Parameters
    ----------
    segments, connections : DataFrame
        Columns of ``schema.SEGMENTS`` and ``schema.CONNECTIONS``; not modified.
    by : {"phase", "source", "direction"}
        What the rows are.
    idle_s, server_given
        As for `rst_events`.

    Returns
    -------
    DataFrame
        Counts (int64) whose sum is the number of RSTs. Rows are all phases or directions, 0 included, or the 12
        sources with the most RSTs, most first, and "N others"; columns the directions (rows: phases) or the
        phases (otherwise). ``attrs`` holds ``rsts``, ``reset_connections`` and ``connections``.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("resets.pcap"))
    >>> counts = pf.plots.rst_distribution_data(analysis.segments, analysis.connections, by="direction")
    >>> counts.sum(axis="columns").to_dict()
    {'to_server': 6, 'from_server': 20, 'unknown': 0}
    """
    events = rst_events(segments, connections, idle_s=idle_s, server_given=server_given)
    across = "direction" if by == "phase" else "phase"
    if by == "source":
        codes, names = events["source"].cat.codes.to_numpy(), events["source"].cat.categories.to_numpy(object)
        sums = np.bincount(codes, minlength=names.size)
        most = np.argsort(-sums, kind="stable")[: np.count_nonzero(sums)]
        place = np.full(names.size, SOURCES)
        place[most[:SOURCES]] = np.arange(min(most.size, SOURCES))
        row, index = place[codes], names[most[:SOURCES]].tolist()
        if most.size > SOURCES:
            index.append(counted(most.size - SOURCES, "other"))
    else:
        row, index = events[by].cat.codes.to_numpy(), list(PHASES if by == "phase" else RST_DIRECTIONS)
    columns = PHASES if across == "phase" else RST_DIRECTIONS
    cell = row.astype(np.int64) * len(columns) + events[across].cat.codes.to_numpy()
    counts = np.bincount(cell, minlength=len(index) * len(columns)).reshape(-1, len(columns))
    made = pd.DataFrame(counts, index=pd.Index(index, name=by, dtype="str"), columns=list(columns))
    made.attrs = {
        "rsts": len(events),
        "reset_connections": int(events["conn_id"].nunique()),
        "connections": len(connections),
    }
    return made


def rst_distribution(
    segments: Source,
    connections: pd.DataFrame | None = None,
    *,
    by: By = "phase",
    idle_s: float = IDLE_S,
    ax: Axes | None = None,
) -> Axes:
    """Draw how many RSTs there are, by the phase of their connections, by source or by direction.

    Parameters
    ----------
    segments : DataFrame or Analysis
        Columns of ``schema.SEGMENTS``; not modified.
    connections : DataFrame, optional
        Columns of ``schema.CONNECTIONS``; by default built from the segments.
    by : {"phase", "source", "direction"}
        What the bars are. Those of phases are split by direction, the others by phase.
    idle_s : float, default 1.0
        Shortest idle gap. [s]
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        One bar per row of `rst_distribution_data`, with its count and share of all RSTs.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.rst_distribution(pf.analyze(pf.example("resets.pcap")), by="source").get_xlabel()
    'RSTs'
    """
    frames = both(segments, connections)
    given = isinstance(segments, Analysis) and segments.selection.tells_server(frames[1])
    data = rst_distribution_data(*frames, by=by, idle_s=idle_s, server_given=given)
    ax = axes_or_new(ax)
    what = f"{CHART.title} by {by}" + (" of the connection" if by == "phase" else "")
    total = data.attrs["rsts"]
    if not total:
        return state(ax, what, f"No RST in {counted(data.attrs['connections'], 'connection')}.")
    names = {"phase": PHASE_LOOKS, "direction": DIRECTIONS}.get(by, {})
    looks = DIRECTIONS if by == "phase" else PHASE_LOOKS
    data = data[(data.sum(axis="columns") > 0) | (data.index != "unknown")]
    places = np.arange(len(data))
    left = np.zeros(len(data))
    for name, counts in data.items():
        if counts.any():
            look = looks[str(name)]
            ax.barh(places, counts, left=left, color=look.color, hatch=look.hatch, label=look.label, **outline(ax))
            left += counts.to_numpy()
    ax.margins(x=min(2 / inches(ax), 0.8))
    ax.set_xlim(left=0)
    cut = by == "source" and len(data) > SOURCES and cut_others(ax, left)
    for place, count in zip(places[: -1 if cut else None], left, strict=not cut):
        text = f"{count:,.0f} ({percent(count / total)})".replace(" %", "\N{NO-BREAK SPACE}%")
        ax.annotate(text, (count, place), (4, 0), textcoords="offset points", va="center", fontsize="small")
    room = 16 if inches(ax) < 4 else 40
    texts = [names[name].label if name in names else shorten(name, room) for name in data.index]
    ax.set_yticks(places, texts)
    ax.set_ylim(len(data) - 0.4, -0.6)
    count_axis(ax, "RSTs", which="x")
    note = f"; idle gap: {idle_s:g} s or more" if by != "source" else ""
    of = f"{counted(total, 'RST')} in {data.attrs['reset_connections']:,} of "
    of += f"{counted(data.attrs['connections'], 'connection')}{note}"
    of += "; the bar of the others is cut off" if cut else ""
    by_row = ", ".join(f"{count:,.0f} {name}" for name, count in zip(texts, left, strict=True) if count)
    in_all = {str(name): int(count) for name, count in data.sum().items()}
    title(ax, what, of, labels=max(map(len, texts)), numbers=(by_row, tally(looks, in_all)))
    legend(ax)
    return ax


def _labels(data: pd.DataFrame) -> list[str]:
    return [PHASE_LOOKS[name].label for name in data.index]


def _phases(data: pd.DataFrame) -> list[dict[str, str]]:
    """Return what a bar selects in the explorer: nothing where it has no RST."""
    counts = data.sum(axis="columns")
    return [{"rst_phase": str(name)} if count else {} for name, count in counts.items()]


def _totals(data: pd.DataFrame) -> list[str]:
    counts = data.sum(axis="columns")
    whole = max(int(counts.sum()), 1)
    return [f"{count:,} ({percent(count / whole)})" if count else "0" for count in counts]


GRAPH = Graph(
    across=Axis("RSTs"),
    panels=(Panel(Axis("RSTs"), tuple(Mark(name, look, "stack", high=name) for name, look in DIRECTIONS.items())),),
    rows=Rows(names=_labels, filters=_phases, notes=_totals),
    evidence="row",
)
CHART = Chart(
    draw=rst_distribution,
    data=rst_distribution_data,
    title="RSTs",
    numbers="RSTs by phase of their connection (in the handshake, after data, after a FIN …), by source or direction",
    limited_by=("flags",),
    section="endings",
    reported=({}, {"by": "source"}),
    ways=({}, {"by": "source"}, {"by": "direction"}),
    tab=Tab(label="RSTs", height=400),
    graph=GRAPH,
    shows=of_either_side("rsts"),
)
