"""When segments were retransmitted, by which rule, and as which share of those sent."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe.arrays import NO_TIME, Array
from pcapframe.measures import values, wilson_interval, without_attrs
from pcapframe.patterns import Traffic
from pcapframe.plots._api import Chart, Tab, of_either_side
from pcapframe.plots._axes import axes_or_new, split
from pcapframe.plots._bins import bin_of, known_times, time_edges, to_time, width_text
from pcapframe.plots._captions import tally
from pcapframe.plots._frames import Source, both
from pcapframe.plots._graph import Axis, Graph, Mark, Panel
from pcapframe.plots._palette import REASON_LOOKS, SIDES
from pcapframe.plots._scales import count_axis, dates, share_axis, time_axis
from pcapframe.plots._shapes import stack, steps
from pcapframe.plots._text import legend, state, title, up_and_down, without_time
from pcapframe.schema import FLAG_BITS, RESEND_REASONS
from pcapframe.wording import counted

__all__ = ["retransmission_timeline", "retransmission_timeline_data"]

FEWEST = 20  # segments sent in a bin that has a rate even if none of them is retransmitted


def retransmission_timeline_data(segments: pd.DataFrame, connections: pd.DataFrame) -> pd.DataFrame:
    """Count retransmitted segments by time, sender and reason, beside all segments sent.

    Parameters
    ----------
    segments, connections : DataFrame
        Columns of ``schema.SEGMENTS`` and ``schema.CONNECTIONS``; not modified. Segments of connections that
        are not in `connections` are ignored.

    Returns
    -------
    DataFrame
        One row for each bin and sender, index ``(start, side)``, times in UTC: one column of counts (int64) per reason;
        ``resent``, their sum; ``sent``, the segments with payload, SYN or FIN; ``rate``, their quotient [0 to 1, NaN
        where none of fewer than 20 was retransmitted: too few for a rate], with its 95 % Wilson interval ``rate_low``
        and ``rate_high``. Duplicates made by the capture do not count. At most 120 bins, of a round width. ``attrs``
        holds ``edges`` [ns since 1970], ``resent`` and ``sent`` by side over the whole, and ``without_time``
        (retransmitted segments that are in no bin).

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("losses.pcap"))
    >>> data = pf.plots.retransmission_timeline_data(analysis.segments, analysis.connections)
    >>> int(data["resent"].sum()) == analysis.statistics["retransmissions"]["total"]
    True
    """
    traffic = Traffic(segments, connections, reads=("resend_reason",))
    is_counted = (traffic.column("tcp_flags") & (FLAG_BITS["SYN"] | FLAG_BITS["FIN"])) != 0
    is_counted |= values(traffic.series("payload_bytes"), np.uint32) > 0
    sent_rows = traffic.rows(is_counted)
    resent_rows = traffic.resent
    sent_ns = traffic.time_ns(sent_rows)
    by_client, resent_by_client = (traffic.from_client(rows) for rows in (sent_rows, resent_rows))
    edges = time_edges(known_times(traffic.start_ns, traffic.end_ns, sent_ns))
    reason = traffic.series("resend_reason").cat.codes.to_numpy()[resent_rows]
    counts = _by_bin(traffic.time_ns(resent_rows), resent_by_client, edges, reason, len(RESEND_REASONS))
    sent = _by_bin(sent_ns, by_client, edges, np.zeros(1, np.int8), 1)[:, 0]
    resent = counts.sum(axis=1)
    has_rate = (sent >= FEWEST) | ((resent > 0) & (sent > 0))
    trials = np.where(has_rate, sent, 0)
    intervals = [wilson_interval(*pair) for pair in zip(resent.tolist(), trials.tolist(), strict=True)]
    low, high = np.array(intervals, np.float64).reshape(-1, 2).T
    index = pd.MultiIndex.from_product([to_time(edges[:-1]), list(SIDES)], names=["start", "side"])
    made = pd.DataFrame(counts, index=index, columns=list(RESEND_REASONS)).assign(
        resent=resent,
        sent=sent,
        rate=np.divide(resent, sent, out=np.full(sent.size, np.nan), where=has_rate),
        rate_low=low,
        rate_high=high,
    )
    made.attrs = {
        "edges": edges.tolist(),
        "resent": {"client": int(resent_by_client.sum()), "server": int((~resent_by_client).sum())},
        "sent": {"client": int(by_client.sum()), "server": int((~by_client).sum())},
        "without_time": int(resent_rows.size - resent.sum()),
    }
    return made


def _by_bin(time: Array, by_client: Array, edges: Array, kind: Array, kinds: int) -> Array:
    """Count segments by bin and sender (rows of the result) and kind (columns)."""
    bins = max(edges.size - 1, 0)
    timed = time != NO_TIME
    if not timed.any():
        return np.zeros((2 * bins, kinds), np.int64)
    kind = np.broadcast_to(kind, time.shape)
    if not timed.all():  # avoid a copy where all have a time: there can be millions
        time, by_client, kind = time[timed], by_client[timed], kind[timed]
    cell = bin_of(time, edges)
    cell *= 2
    cell += ~by_client
    if kinds > 1:
        cell *= kinds
        cell += kind
    return np.bincount(cell, minlength=2 * bins * kinds).reshape(-1, kinds)


def retransmission_timeline(
    segments: Source, connections: pd.DataFrame | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw retransmitted segments over time by reason: those of clients upward, those of servers downward.

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
        `retransmission_timeline_data`, in at most 120 bins of a round width. Two panels below have their own
        scales: the rate with its 95 % Wilson interval, and the segments sent, its denominator.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.retransmission_timeline(pf.analyze(pf.example("losses.pcap"))).get_title(loc="left").splitlines()[0]
    'Retransmitted segments'
    """
    data = retransmission_timeline_data(*both(segments, connections))
    ax = axes_or_new(ax, size=(8, 6))
    what, facts, data = CHART.title, data.attrs, without_attrs(data)
    total, sent = sum(facts["resent"].values()), sum(facts["sent"].values())
    if not data["resent"].any():
        none = f"None of {counted(sent, 'segment')} with payload, SYN or FIN was retransmitted."
        return state(ax, what, without_time(total, "segment", " retransmitted") if total else none)
    edges = np.array(facts["edges"])
    days = dates(to_time(edges))
    of_side = {side: data.xs(side, level="side") for side in SIDES}
    _, rate_ax, counts_ax = split(ax, (0.5, 0.28, 0.22))
    for side, rows in of_side.items():
        stack(ax, days, {name: rows[name].to_numpy() for name in RESEND_REASONS}, REASON_LOOKS, down=side == "server")
        look = SIDES[side]
        steps(rate_ax, rows["rate_high"], days, baseline=rows["rate_low"], facecolor=look.color, alpha=0.25)
        middle, rate = (days[:-1] + days[1:]) / 2, rows["rate"].to_numpy()
        rate_ax.plot(middle, rate, color=look.color, marker=look.marker, markersize=2.5, linestyle=look.line,
                     linewidth=1.2, label=look.label)  # fmt: skip
        steps(counts_ax, rows["sent"], days, fill=False, color=look.color, linestyle=look.line, linewidth=1.4)
    up_and_down(ax)
    # The interval of a bin with few segments spans everything: scale to the bins with retransmissions.
    highest = float(data.loc[data["resent"] > 0, "rate_high"].max())
    rate_ax.set_ylim(0, min(1.05 * highest, 1.05))
    count_axis(ax, f"retransmitted\nin {width_text(edges)}")
    share_axis(rate_ax, "rate")
    count_axis(counts_ax, "segments")
    counts_ax.set_ylim(bottom=0)
    time_axis(counts_ax, days[0], days[-1])
    sides = [
        f"{side}s {facts['resent'][side]:,} of {facts['sent'][side]:,} segments with payload, SYN or FIN"
        for side in SIDES
    ]
    of = f"{sides[0]}, {sides[1].removesuffix(' segments with payload, SYN or FIN')}"
    of += f"; {facts['without_time']:,} without a time left out" if facts["without_time"] else ""
    reasons = {name: int(data[name].sum()) for name in RESEND_REASONS}
    title(ax, what, of, numbers=[tally(REASON_LOOKS, reasons)])
    legend(counts_ax, ax, rate_ax)
    return ax


SENT = Axis("segments")
RATE = Axis("rate", "%")
GRAPH = Graph(
    across=Axis("time", "UTC"),
    panels=(
        Panel(
            Axis("retransmitted"),
            tuple(
                Mark(f"{name} {side}", look, "stack", high=name, of=(side,), down=side == "server", who=f"{side}s")
                for side in SIDES
                for name, look in REASON_LOOKS.items()
            ),
            share=0.5,
        ),
        Panel(
            RATE,
            tuple(
                mark
                for side, look in SIDES.items()
                for mark in (
                    Mark(side, look._replace(label=f"{look.label}, 95 % interval"), "band", "rate_high", "rate_low"),
                    Mark(side, look, "line", high="rate"),
                )
            ),
            share=0.28,
        ),
        Panel(SENT, tuple(Mark(side, look, "steps", high="sent") for side, look in SIDES.items()), share=0.22),
    ),
    at="start",
    by="side",
)
CHART = Chart(
    draw=retransmission_timeline,
    data=retransmission_timeline_data,
    title="Retransmitted segments",
    numbers="retransmitted segments over time by sender and reason, and their rate",
    limited_by=("retransmissions", "retransmission_rate", "resend_reasons"),
    section="retransmissions",
    tab=Tab(label="Retransmissions", height=520),
    graph=GRAPH,
    shows=of_either_side("resent_segments"),
)
