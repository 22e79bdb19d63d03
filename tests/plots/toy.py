"""A toy chart, which tests add to the registry: the file that a new chart is."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.plots._api import Chart, Tab
from pcapframe.plots._axes import axes_or_new
from pcapframe.plots._bins import bin_of, known_times, nanoseconds, time_edges, to_time
from pcapframe.plots._frames import Source, segments_of
from pcapframe.plots._graph import Axis, Graph, Mark, Panel
from pcapframe.plots._palette import Look

__all__ = ["toy", "toy_data"]


def toy_data(segments: pd.DataFrame) -> pd.DataFrame:
    time = nanoseconds(segments["time"])
    edges = time_edges(known_times(time), at_most=4)
    counts = np.bincount(bin_of(time, edges), minlength=edges.size - 1)
    made = pd.DataFrame({"packets": counts}, index=pd.Index(to_time(edges[:-1]), name="start"))
    made.attrs = {"edges": edges.tolist()}
    return made


def toy(segments: Source, *, by: str = "side", ax: Axes | None = None) -> Axes:
    ax = axes_or_new(ax)
    ax.pie(toy_data(segments_of(segments))["packets"])
    ax.set_title(f"Toy by {by}", loc="left")
    return ax


CHART = Chart(
    draw=toy,
    data=toy_data,
    title="Toy",
    numbers="toy slices by side",
    section="endings",
    ways=({}, {"by": "moon"}),
    tab=Tab(label="Toy", height=321),
    graph=Graph(
        across=Axis("time", "UTC"),
        panels=(Panel(Axis("toys"), (Mark("packets", Look("toys", "#123456"), "bars", high="packets"),)),),
        at="start",
    ),
)
