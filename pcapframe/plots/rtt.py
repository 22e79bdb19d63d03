"""Round-trip times over time and their distribution, by the side that acknowledges."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pcapframe.arrays import NO_TIME, Array
from pcapframe.measures import without_attrs
from pcapframe.plots._api import Chart, of_either_side
from pcapframe.plots._axes import axes_or_new, inches, split
from pcapframe.plots._bins import bin_of, known_times, nanoseconds, time_edges, to_time, width_text
from pcapframe.plots._frames import Source, category, counted_segments_of
from pcapframe.plots._graph import Axis, Graph, Mark, Panel
from pcapframe.plots._palette import RTT_LOOKS
from pcapframe.plots._scales import dates, log_axis, time_axis, unit_axis
from pcapframe.plots._shapes import steps
from pcapframe.plots._text import legend, state, title
from pcapframe.schema import FLAG_BITS
from pcapframe.wording import counted, seconds

__all__ = ["rtt", "rtt_data", "rtt_distribution_data", "rtt_samples"]

BINS_A_DECADE = 20
LOWEST = 0.01  # share of the samples that may be below the axis: some answers take next to no time
QUANTILES = {"p5_s": 0.05, "median_s": 0.5, "p95_s": 0.95}


def rtt_samples(segments: pd.DataFrame) -> pd.DataFrame:
    """Return the round-trip times behind the connections columns ``client_ack_rtt_…`` and ``server_ack_rtt_…``.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``, whole connections in capture order; not modified.

    Returns
    -------
    DataFrame
        One row per sample, index ``frame`` of the acknowledgement: ``conn_id``, ``time`` (UTC), ``side``, who sent what
        is acknowledged (category: client, server), and ``rtt_s`` (float64 [s]). They are those of ``ack_rtt_s`` that
        no retransmission makes ambiguous (Karn's rule, RFC 6298 section 3), without duplicates and RSTs.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("losses.pcap"))
    >>> samples = pf.plots.rtt_samples(analysis.segments)
    >>> of_clients = samples[samples["side"] == "client"].groupby("conn_id")["rtt_s"].max()
    >>> bool((of_clients == analysis.connections["client_ack_rtt_max_s"].loc[of_clients.index]).all())
    True
    """
    segments = without_attrs(segments)
    rtt_s = segments["ack_rtt_s"].to_numpy()
    copies = segments["capture_duplicate"].to_numpy()
    is_rst = (segments["tcp_flags"].to_numpy() & FLAG_BITS["RST"]) != 0
    rows = np.flatnonzero((rtt_s > 0) & ~copies & ~is_rst)
    again = np.flatnonzero(segments["resent"].to_numpy() & ~copies)
    time = nanoseconds(segments["time"])
    if again.size and rows.size:
        sender = 2 * segments["conn_id"].to_numpy().astype(np.int64) + ~segments["from_client"].to_numpy()
        # The last retransmission before each sample by the side that it acknowledges; sorted by sender, then by row.
        keys = np.sort(sender[again] * len(segments) + again)
        found = np.searchsorted(keys, (sender[rows] ^ 1) * len(segments) + rows) - 1
        key = keys[np.maximum(found, 0)]
        same = (found >= 0) & (key // len(segments) == sender[rows] ^ 1)
        sent = time[rows] - (rtt_s[rows] * 1e9 + 0.5).astype(np.int64)
        rows = rows[~(same & (time[key % len(segments)] >= sent))]
    chosen = segments[["conn_id", "time"]].take(rows)
    from_client = segments["from_client"].to_numpy()[rows]
    side = category(from_client.astype(np.int8), tuple(RTT_LOOKS))
    return chosen.assign(side=side, rtt_s=rtt_s[rows])


def rtt_data(segments: pd.DataFrame) -> pd.DataFrame:
    """Summarise round-trip times by time.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``, whole connections in capture order; not modified.

    Returns
    -------
    DataFrame
        One row for each bin and side with a sample, index ``(start, side)``, times in UTC: ``samples`` (int64) of
        `rtt_samples`, and their ``p5_s``, ``median_s`` and ``p95_s`` [s], each one of the samples. At most 120 bins, of
        a round width. ``attrs`` holds ``edges`` [ns since 1970], ``samples`` and ``median_s`` by side [s,
        NaN without any], and ``segments``.
    """
    return _over_time(rtt_samples(segments), segments)


def rtt_distribution_data(segments: pd.DataFrame) -> pd.DataFrame:
    """Count round-trip times by their length.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``, whole connections in capture order; not modified.

    Returns
    -------
    DataFrame
        Index ``low_s``, the lower edge of each of 20 bins a decade from the shortest to the longest of `rtt_samples`
        [s], and ``high_s`` its upper one; ``client`` and ``server``, counts (int64) by the sender of the acknowledged
        data; ``client_share`` and ``server_share``, of all samples of this side [0 to 1].
    """
    return _distribution(rtt_samples(segments))


def _over_time(samples: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    samples = samples[samples["time"].notna()]
    time = nanoseconds(segments["time"])
    edges = time_edges(known_times(time))
    cell: Array = np.empty(0, np.int64)
    if len(samples):
        cell = 2 * bin_of(nanoseconds(samples["time"]), edges) + samples["side"].cat.codes.to_numpy()
    rtt_s: Array = samples["rtt_s"].to_numpy()
    order = np.lexsort((rtt_s, cell))
    ordered = rtt_s[order]
    cells, starts, counts = np.unique(cell[order], return_index=True, return_counts=True)
    sides = np.array(list(RTT_LOOKS))
    index = pd.MultiIndex.from_arrays(
        [to_time(edges[cells // 2]) if cells.size else to_time(cells), sides[cells % 2]], names=["start", "side"]
    )
    made = pd.DataFrame({"samples": counts}, index=index)
    for name, share in QUANTILES.items():
        made[name] = ordered[starts + np.maximum(np.ceil(counts * share).astype(np.int64) - 1, 0)]
    made.attrs = {
        "edges": edges.tolist(),
        "samples": {side: int((samples["side"] == side).sum()) for side in RTT_LOOKS},
        "median_s": {side: float(samples.loc[samples["side"] == side, "rtt_s"].median()) for side in RTT_LOOKS},
        "segments": len(segments),
        "without_time": int((time == NO_TIME).sum()),
    }
    return made


def _distribution(samples: pd.DataFrame) -> pd.DataFrame:
    logs = np.floor(np.log10(samples["rtt_s"].to_numpy()) * BINS_A_DECADE).astype(np.int64)
    low = int(logs.min()) if logs.size else 0
    bins = int(logs.max()) - low + 1 if logs.size else 0
    edges: Array = 10 ** ((low + np.arange(bins + 1)) / BINS_A_DECADE)
    server = samples["side"].cat.codes.to_numpy() == 1
    counts = {side: np.bincount(logs[server == (side == "server")] - low, minlength=bins)[:bins] for side in RTT_LOOKS}
    shares = {f"{side}_share": count / max(int(count.sum()), 1) for side, count in counts.items()}
    return pd.DataFrame({"high_s": edges[1:], **counts, **shares}, index=pd.Index(edges[:-1], name="low_s"))


def rtt(segments: Source, *, ax: Axes | None = None) -> Axes:
    """Draw round-trip times over time, and beside it how they are distributed.

    Parameters
    ----------
    segments : DataFrame or Analysis
        Columns of ``schema.SEGMENTS``, whole connections in capture order; not modified.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `rtt_data` on a logarithmic scale: a line through the medians and a band from the 5th to the 95th percentile,
        in at most 120 bins of a round width. The panel at the right has `rtt_distribution_data`.

    Notes
    -----
    A sample is the time from the capture point to the acknowledging side and back, including any delayed ACK.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.rtt(pf.analyze(pf.example("clean.pcap"))).get_ylabel()
    'round-trip time'
    """
    segments = counted_segments_of(segments)
    samples = rtt_samples(segments)
    data, distribution = _over_time(samples, segments), _distribution(samples)
    ax = axes_or_new(ax, size=(8, 4.8))
    what, facts = CHART.title, data.attrs
    if data.empty:
        return state(
            ax, what, f"No acknowledgement of {counted(facts['segments'], 'segment')} gives a round-trip time."
        )
    edges = np.array(facts["edges"])
    days = dates(to_time(edges))
    _, panel = split(ax, (0.78, 0.22), across=True)
    levels = np.append(distribution.index.to_numpy(), distribution["high_s"].iloc[-1])
    for side, look in RTT_LOOKS.items():
        if not facts["samples"][side]:
            continue
        rows = data.xs(side, level="side").reindex(to_time(edges[:-1]))
        middle = (days[:-1] + days[1:]) / 2
        drawn = rows["samples"].notna().to_numpy()
        ax.fill_between(middle, rows["p5_s"], rows["p95_s"], where=drawn, step="mid", color=look.color, alpha=0.25,
                        linewidth=0)  # fmt: skip
        ax.plot(middle, rows["median_s"], color=look.color, marker=look.marker, markersize=2.5, linestyle=look.line,
                linewidth=1.2, label=f"{look.label} (n = {facts['samples'][side]:,})")  # fmt: skip
        share = 100 * distribution[f"{side}_share"]
        steps(panel, share, levels, across=True, facecolor=look.color, alpha=0.35)
        steps(panel, share, levels, across=True, fill=False, color=look.color, linestyle=look.line)
    low = max(float(samples["rtt_s"].quantile(LOWEST, interpolation="lower")), levels[0])
    log_axis(ax, low, levels[-1])
    unit_axis(ax, PANEL.axis.label, PANEL.axis.unit)
    time_axis(ax, days[0], days[-1])
    panel.set_xlabel("share [%]")
    panel.xaxis.set_major_locator(MaxNLocator(2))
    panel.set_xlim(left=0)
    total = sum(facts["samples"].values())
    of = f"{counted(total, 'sample')} in {counted(facts['segments'], 'segment')}; median and "
    medians = ", ".join(
        f"median of {look.label} {seconds(facts['median_s'][side])}"
        for side, look in RTT_LOOKS.items()
        if facts["samples"][side]
    )
    of += f"5th to 95th percentile in bins of {width_text(edges)}"
    of += f"; {below:,} below the axis" if (below := int((samples["rtt_s"] < low / 1.15).sum())) else ""
    title(ax, what, of, width=inches(ax, panel), numbers=[medians])
    legend(ax)
    return ax


PANEL = Panel(
    Axis("round-trip time", "s", log=True),
    tuple(
        mark
        for side, look in RTT_LOOKS.items()
        for mark in (
            Mark(side, look._replace(label=f"{look.label}, 5th to 95th percentile"), "band", high="p95_s", low="p5_s"),
            Mark(side, look._replace(label=f"{look.label}, median"), "line", high="median_s"),
        )
    ),
)
CHART = Chart(
    draw=rtt,
    data=rtt_data,
    title="Round-trip times by acknowledgement",
    numbers="round-trip times over time and their distribution, by the side that answers",
    limited_by=("round_trips",),
    section="timing",
    shows=of_either_side("ack_rtt_max_s"),
    graph=Graph(across=Axis("time", "UTC"), panels=(PANEL,), at="start", by="side"),
)
