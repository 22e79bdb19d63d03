"""The time–sequence graph of one connection, as tcptrace and Wireshark draw it."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.axes import Axes

from pcapframe.arrays import Array
from pcapframe.conversation import sender_spans
from pcapframe.measures import values
from pcapframe.plots._api import Chart
from pcapframe.plots._axes import axes_or_new, ink, split
from pcapframe.plots._captions import tally
from pcapframe.plots._connection import OneConnection, one_connection, thinned
from pcapframe.plots._frames import Source, category, segments_of
from pcapframe.plots._palette import SENDER_LOOKS, SEQUENCE_LOOKS
from pcapframe.plots._scales import seconds_axis, unit_axis
from pcapframe.plots._shapes import outline
from pcapframe.plots._text import legend, state, title
from pcapframe.schema import FLAG_BITS
from pcapframe.wording import counted, percent

__all__ = ["sender_ribbon_data", "time_sequence", "time_sequence_data"]

KINDS = tuple(SEQUENCE_LOOKS)
LINES = ("ack", "window")
POINTS = ("fin", "rst")
SPANS = 2_000  # of the ribbon


def time_sequence_data(
    segments: pd.DataFrame, conn_id: int | None = None, *, from_client: bool | None = None
) -> pd.DataFrame:
    """Return what one side of a connection sent and what the other acknowledged.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    conn_id : int, optional
        Which connection; by default that with the most payload.
    from_client : bool, optional
        Whose data; by default that of the side with more payload.

    Returns
    -------
    DataFrame
        ``kind`` (category), ``time_s`` since the connection's first packet (float64 [s]), ``low`` and ``high``,
        relative sequence numbers of the side followed (float64 [bytes]), and ``marks``, the number of marks in a row
        (int64). Kinds: ``segment`` and ``resent`` reach from ``rel_seq`` over payload, SYN and FIN; ``ack``, ``window``
        (its right edge) and ``sack`` (its blocks) are of the other side; ``fin`` and ``rst`` of either. Of a kind with
        more than 4,000, those in the same 2000th of the time are joined. ``attrs`` holds ``conn_id``,
        ``from_client``, ``connection`` (text), ``start_ns`` and ``segments``; it is empty without segments.

    Raises
    ------
    ParameterError
        There is no such connection.
    """
    one = one_connection(segments, conn_id, from_client)
    if one is None:
        return _marks("segment", np.empty(0), np.empty(0), np.empty(0)).assign(marks=np.empty(0, np.int64))
    made = thinned(pd.concat([*_sent(one), *_answered(one)], ignore_index=True))
    made.attrs = {
        "conn_id": one.conn_id,
        "from_client": one.from_client,
        "connection": one.text,
        "start_ns": one.start_ns,
        "segments": len(one.segments),
    }
    return made


def sender_ribbon_data(segments: pd.DataFrame, conn_id: int, *, from_client: bool) -> pd.DataFrame:
    """Return what the side of a connection that `time_sequence` follows was doing, as its ribbon shows it.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    conn_id : int
        The connection.
    from_client : bool
        Which side.

    Returns
    -------
    DataFrame
        ``state`` (category: ``idle``, ``sending``, ``repairing``, ``window_limited``), ``start_s`` and ``end_s`` since
        the connection's first packet (float64 [s]), without gaps. Of more than 2,000 spans, those that begin in the
        same 2000th of the time are one, with the state that lasts longest. Empty where it is not known.

    Raises
    ------
    ParameterError
        There is no such connection.
    """
    own = segments[segments["conn_id"].to_numpy() == conn_id]
    spans = sender_spans(own, conn_id)
    spans = spans[spans["sender"] == ("client" if from_client else "server")]
    first = own["time"].min()
    made = pd.DataFrame({"state": spans["state"].reset_index(drop=True)})
    for name in ("start", "end"):
        made[f"{name}_s"] = (spans[name] - first).dt.total_seconds().to_numpy()
    if len(made) <= SPANS:
        return made
    whole = max(float(made["end_s"].iloc[-1] - made["start_s"].iloc[0]), 1e-9)
    column = ((made["start_s"] - made["start_s"].iloc[0]) / whole * SPANS).astype(np.int64)
    longest = (made["end_s"] - made["start_s"]).groupby(column).idxmax()
    grouped = made.groupby(column)
    return pd.DataFrame(
        {
            "state": made["state"].loc[longest].reset_index(drop=True),
            "start_s": grouped["start_s"].first().to_numpy(),
            "end_s": grouped["end_s"].last().to_numpy(),
        }
    )


def _marks(kind: str, time_s: Array, low: Array, high: Array) -> pd.DataFrame:
    column = category(np.full(time_s.size, KINDS.index(kind)), KINDS)
    return pd.DataFrame({"kind": column, "time_s": time_s, "low": low, "high": high})


def _sent(one: OneConnection) -> list[pd.DataFrame]:
    """Return the marks of the segments that the side followed sent."""
    sent, time_s = one.segments[one.sent], one.time_s[one.sent]
    flags = sent["tcp_flags"].to_numpy()
    syn, fin, rst = ((flags & FLAG_BITS[name]) != 0 for name in ("SYN", "FIN", "RST"))
    low = values(sent["rel_seq"], np.int64).astype(np.float64)
    high = low + values(sent["payload_bytes"], np.int64) + syn + fin
    again, carries = sent["resent"].to_numpy(), high > low
    chosen = {"segment": carries & ~again, "resent": carries & again}
    made = [_marks(kind, time_s[of], low[of], high[of]) for kind, of in chosen.items()]
    ends = {"fin": fin, "rst": rst}
    return made + [_marks(kind, time_s[of], high[of], high[of]) for kind, of in ends.items()]


def _answered(one: OneConnection) -> list[pd.DataFrame]:
    """Return ACKs, windows, SACK blocks, FINs and RSTs of the other side, those without a number at its last ACK."""
    answers, time_s = one.segments[~one.sent], one.time_s[~one.sent]
    flags = answers["tcp_flags"].to_numpy()
    has_ack = answers["rel_ack"].notna().to_numpy() & ((flags & FLAG_BITS["RST"]) == 0)
    ack = answers["rel_ack"].astype("float64").ffill().fillna(0.0).to_numpy()
    window = values(answers["window_bytes"], np.float64, null=np.nan)
    offers = has_ack & ~np.isnan(window)
    made = [
        _marks("ack", time_s[has_ack], ack[has_ack], ack[has_ack]),
        _marks("window", time_s[offers], (ack + window)[offers], (ack + window)[offers]),
        _sacked(answers, time_s, ack),
    ]
    for kind, name in (("fin", "FIN"), ("rst", "RST")):
        of = (flags & FLAG_BITS[name]) != 0
        made.append(_marks(kind, time_s[of], ack[of], ack[of]))
    return made


def _sacked(answers: pd.DataFrame, time_s: Array, ack: Array) -> pd.DataFrame:
    """Return the blocks of SACK options; their edges are relative to the ACK, modulo 2**32."""
    some = np.flatnonzero(answers["sack"].notna().to_numpy())
    lists = pa.array(answers["sack"].array.take(some))
    edges = np.asarray(pc.list_flatten(lists).to_numpy(zero_copy_only=False), np.uint32)
    row = np.repeat(some, pc.list_value_length(lists).to_numpy(zero_copy_only=False).astype(np.int64))
    from_ack = (edges - answers["ack"].to_numpy()[row]).astype(np.int32)
    place = ack[row] + from_ack
    return _marks("sack", time_s[row[::2]], place[::2], place[1::2])


def time_sequence(
    segments: Source, conn_id: int | None = None, *, from_client: bool | None = None, ax: Axes | None = None
) -> Axes:
    """Draw sequence numbers over time: what one side of a connection sent, and what the other acknowledged.

    Parameters
    ----------
    segments : DataFrame or Analysis
        Columns of ``schema.SEGMENTS``; not modified.
    conn_id : int, optional
        Which connection; by default that with the most payload.
    from_client : bool, optional
        Whose data; by default that of the side with more payload.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        `time_sequence_data`: a vertical line per segment, from its first byte to its last; steps for acknowledgements
        and for the right edge of the window, which is cut off where it is far above the data. Below it, a ribbon shows
        what the sender was doing (`sender_ribbon_data`), where that is known.

    Raises
    ------
    ParameterError
        There is no such connection.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.plots.time_sequence(pf.analyze(pf.example("losses.pcap"))).get_ylabel()
    'relative sequence number'
    """
    segments = segments_of(segments)
    data = time_sequence_data(segments, conn_id=conn_id, from_client=from_client)
    ax = axes_or_new(ax, size=(8, 5.5))
    what, facts = CHART.title, data.attrs
    if data.empty:
        return state(ax, what, "There is no segment with a time.")
    for kind, look in SEQUENCE_LOOKS.items():
        rows = data[data["kind"] == kind]
        if rows.empty:
            continue
        color = ink(ax) if kind in POINTS else look.color
        label = f"{look.label} ({rows['marks'].sum():,})"
        if kind in LINES:
            ax.plot(rows["time_s"], rows["high"], color=color, linestyle=look.line, drawstyle="steps-post",
                    linewidth=1, label=label)  # fmt: skip
        elif kind in POINTS:
            ax.scatter(rows["time_s"], rows["high"], color=color, marker=look.marker, s=36, linewidths=1, label=label,
                       zorder=4)  # fmt: skip
        else:
            above = 3 if kind == "resent" else 2
            places = rows.assign(gap=np.nan)  # one line with gaps is far faster than a line per segment
            ax.plot(places[["time_s", "time_s", "gap"]].to_numpy().ravel(),
                    places[["low", "high", "gap"]].to_numpy().ravel(),
                    color=color, linewidth=1.8, solid_capstyle="butt", snap=True, zorder=above)  # fmt: skip
            # The mark at the foot distinguishes the kinds without colour.
            ax.plot(rows["time_s"], rows["low"], color=color, marker=look.marker, linestyle="",
                    markersize=5 if kind == "resent" else 3, label=label, zorder=above)  # fmt: skip
    _limit(ax, data)
    ribbon = sender_ribbon_data(segments, facts["conn_id"], from_client=facts["from_client"])
    _, below = split(ax, (0.94, 0.06)) if len(ribbon) else (ax, ax)
    if len(ribbon):
        _draw_ribbon(below, ribbon)
    seconds_axis(below, facts["start_ns"], 0.0, float(data["time_s"].max()))
    unit_axis(ax, "relative sequence number", "B")
    of = f"connection {facts['conn_id']:,}: {facts['connection']}, {counted(facts['segments'], 'segment')} both ways"
    title(ax, what, of, numbers=[tally(SEQUENCE_LOOKS, data.groupby("kind", observed=True)["marks"].sum().to_dict())])
    legend(below, *([ax] if len(ribbon) else []))
    return ax


def _draw_ribbon(ax: Axes, ribbon: pd.DataFrame) -> None:
    """Draw what the sender was doing as one row of bars; each kind has its share of the time in the legend."""
    lasted = ribbon["end_s"] - ribbon["start_s"]
    for state_name, look in SENDER_LOOKS.items():
        of = (ribbon["state"] == state_name).to_numpy()
        if of.any():
            share = percent(float(lasted[of].sum()) / max(float(lasted.sum()), 1e-9))
            spans = list(zip(ribbon["start_s"][of].tolist(), lasted[of].tolist(), strict=True))
            ax.broken_barh(spans, (0, 1), facecolors=look.color, hatch=look.hatch, label=f"{look.label} ({share})",
                           **outline(ax) | {"linewidth": 0})  # fmt: skip
    ax.set_ylim(0, 1)
    ax.set_yticks([])


def _limit(ax: Axes, data: pd.DataFrame) -> None:
    """Limit the vertical axis to the data, and to the window unless it is far above."""
    is_data = data["kind"] != "window"
    low, high = float(data["low"][is_data].min()), float(data["high"][is_data].max())
    window = float(data["high"].max())
    top = min(window, high + max(high - low, 1.0))
    room = 0.04 * max(top - low, 1.0)
    ax.set_ylim(low - room, top + room)


CHART = Chart(
    draw=time_sequence,
    data=time_sequence_data,
    title="Time–sequence graph",
    numbers="sequence numbers, acknowledgements, SACK blocks and window of one connection over time, as in tcptrace",
    of="connection",
)
