"""The time–sequence graph of one connection, as tcptrace and Wireshark draw it."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from matplotlib.axes import Axes

from pcapframe.arrays import Array
from pcapframe.measures import values
from pcapframe.plots._api import Chart
from pcapframe.plots._axes import axes_or_new, ink
from pcapframe.plots._connection import OneConnection, one_connection, thinned
from pcapframe.plots._frames import Source, category, segments_of
from pcapframe.plots._palette import SEQUENCE_LOOKS
from pcapframe.plots._scales import seconds_axis, unit_axis
from pcapframe.plots._text import legend, state, title
from pcapframe.schema import FLAG_BITS
from pcapframe.wording import counted

__all__ = ["time_sequence", "time_sequence_data"]

KINDS = tuple(SEQUENCE_LOOKS)
LINES = ("ack", "window")
POINTS = ("fin", "rst")


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
        and for the right edge of the window, which is cut off where it is far above the data.

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
    data = time_sequence_data(segments_of(segments), conn_id=conn_id, from_client=from_client)
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
    seconds_axis(ax, facts["start_ns"], 0.0, float(data["time_s"].max()))
    unit_axis(ax, "relative sequence number", "B")
    of = f"connection {facts['conn_id']:,}: {facts['connection']}, {counted(facts['segments'], 'segment')} both ways"
    title(ax, what, of)
    legend(ax)
    return ax


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
