"""Throughput over time, each way: new payload, retransmitted payload, and headers."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.arrays import NO_TIME
from pcapframe.measures import values, without_attrs
from pcapframe.plots._api import Chart, over_time
from pcapframe.plots._axes import axes_or_new
from pcapframe.plots._bins import bin_of, known_times, nanoseconds, time_edges, to_time, width_text
from pcapframe.plots._frames import Source, counted_segments_of
from pcapframe.plots._graph import Axis, Graph, Mark, Panel
from pcapframe.plots._palette import PART_LOOKS, SIDES
from pcapframe.plots._scales import dates, time_axis, unit_axis
from pcapframe.plots._shapes import stack
from pcapframe.plots._text import legend, state, title, up_and_down, without_time
from pcapframe.wording import counted, percent

__all__ = ["throughput", "throughput_data"]


def throughput_data(segments: pd.DataFrame) -> pd.DataFrame:
    """Sum bytes by time, sender and kind.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``: of a capture, of some connections or of one; not modified.

    Returns
    -------
    DataFrame
        One row for each bin and sender, index ``(start, side)``, times in UTC: ``payload_bytes`` sent for the first
        time, ``resent_bytes`` of retransmitted payload, ``other_bytes`` (headers, and further copies of packets that
        the capture has twice), which sum to ``wire_bytes`` (int64); and ``bits_per_s``, 8 ``wire_bytes`` divided by the
        width of the bin. At most 120 bins, of a round width; the first and the last may be only partly captured.
        ``attrs`` holds ``edges`` [ns since 1970], ``wire_bytes``, ``segments`` and ``without_time`` (segments left
        out).

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.analyze(pf.example("clean.pcap")).segments
    >>> int(pf.plots.throughput_data(segments)["wire_bytes"].sum()) == int(segments["wire_bytes"].sum())
    True
    """
    segments = without_attrs(segments)
    time = nanoseconds(segments["time"])
    timed = time != NO_TIME
    edges = time_edges(known_times(time))
    bins = max(edges.size - 1, 0)
    wire = segments["wire_bytes"].to_numpy().astype(np.int64)
    payload = values(segments["payload_bytes"], np.int64)
    payload = np.where(segments["capture_duplicate"].to_numpy(), 0, payload)
    resent = np.minimum(segments["resent_bytes"].to_numpy().astype(np.int64), payload)
    cell = 2 * bin_of(time[timed], edges) + ~segments["from_client"].to_numpy()[timed] if bins else np.empty(0, int)
    parts = {"payload_bytes": payload - resent, "resent_bytes": resent, "other_bytes": wire - payload}
    sums = {name: _sums(cell, part[timed], 2 * bins) for name, part in parts.items()}
    index = pd.MultiIndex.from_product([to_time(edges[:-1]), list(SIDES)], names=["start", "side"])
    made = pd.DataFrame(sums, index=index)
    made["wire_bytes"] = made.sum(axis="columns")
    made["bits_per_s"] = made["wire_bytes"] * 8e9 / (edges[1] - edges[0]) if bins else made["wire_bytes"] * 8.0
    made.attrs = {
        "edges": edges.tolist(),
        "wire_bytes": int(wire.sum()),
        "segments": len(segments),
        "without_time": int((~timed).sum()),
    }
    return made


def _sums(cell: np.ndarray, part: np.ndarray, size: int) -> np.ndarray:
    return np.bincount(cell, weights=part, minlength=size).astype(np.int64)


def throughput(segments: Source, *, ax: Axes | None = None) -> Axes:
    """Draw throughput over time: of clients upward, of servers downward.

    Parameters
    ----------
    segments : DataFrame or Analysis
        Columns of ``schema.SEGMENTS``: of a capture, of some connections or of one; not modified.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `throughput_data` by second, in at most 120 bins of a round width.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.throughput(pf.analyze(pf.example("clean.pcap"))).get_ylabel()
    'throughput'
    """
    data = throughput_data(counted_segments_of(segments))
    ax = axes_or_new(ax)
    what, facts = CHART.title, data.attrs
    if data.empty:
        none = "There is no TCP packet to draw."
        timeless = without_time(facts["segments"], "segment")
        return state(ax, what, timeless if facts["segments"] else none)
    edges = np.array(facts["edges"])
    days = dates(to_time(edges))
    to_rate = 8e9 / (edges[1] - edges[0])
    for side in SIDES:
        rows = data.xs(side, level="side")
        stack(ax, days, {name: rows[name].to_numpy() * to_rate for name in PART_LOOKS}, PART_LOOKS,
              down=side == "server")  # fmt: skip
    up_and_down(ax)
    time_axis(ax, days[0], days[-1])
    unit_axis(ax, PANEL.axis.label, PANEL.axis.unit)
    shares = [
        f"{percent(data[name].sum() / max(data['wire_bytes'].sum(), 1))} {look.label}".replace(
            " %", "\N{NO-BREAK SPACE}%"
        )
        for name, look in PART_LOOKS.items()
        if data[name].any()
    ]
    of = f"{counted(facts['wire_bytes'], 'byte')} on the wire in {counted(facts['segments'], 'segment')} "
    of += f"({', '.join(shares)}), bins of {width_text(edges)}"
    of += f"; {facts['without_time']:,} without a time left out" if facts["without_time"] else ""
    title(ax, what, of)
    legend(ax)
    return ax


PANEL = Panel(
    Axis("throughput", "bit/s"),
    tuple(
        Mark(f"{name} {side}", look, "stack", high=name, of=(side,), down=side == "server", who=f"{side}s")
        for side in SIDES
        for name, look in PART_LOOKS.items()
    ),
    per_s=8,
)
CHART = Chart(
    draw=throughput,
    data=throughput_data,
    title="Throughput over time",
    numbers="bit rates over time each way: new payload, retransmitted payload, headers",
    shows=over_time,
    graph=Graph(across=Axis("time", "UTC"), panels=(PANEL,), at="start", by="side"),
)
