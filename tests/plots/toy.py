"""A toy chart, which tests add to the registry: the file that a new chart is."""

import pandas as pd
from matplotlib.axes import Axes

from pcapframe.plots._api import Chart, Tab
from pcapframe.plots._axes import axes_or_new
from pcapframe.plots._frames import Source, segments_of

__all__ = ["toy", "toy_data"]


def toy_data(segments: pd.DataFrame) -> pd.DataFrame:
    return segments.groupby("from_client").size().to_frame("packets")


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
)
