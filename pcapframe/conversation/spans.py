"""What the two senders of one connection were doing, span by span."""

from typing import Any

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array, fixed
from pcapframe.conversation.sender import Senders, Sent
from pcapframe.conversation.sender_state import BUSY, HELD, LIMITED, REPAIRING, SPAN
from pcapframe.errors import ParameterError
from pcapframe.plain import PlainColumns
from pcapframe.schema import SEGMENTS

__all__ = ["SENDER_STATES", "known_senders", "sender_spans"]

SENDER_STATES = ("idle", "sending", "repairing", "window_limited")  # of overlapping ones, the last has the time
MOST_SPANS = 8  # of one segment
MOST_LOST = 0.05  # share of the peer's segments that it may resend [0 to 1]
BLOCK_ROWS = 1 << 11  # connections whose state the cache holds
STATE_OF = {BUSY: 1, HELD: 1, REPAIRING: 2, LIMITED: 3}
SENDERS = ("client", "server")


def sender_spans(segments: pd.DataFrame, conn_id: int) -> pd.DataFrame:
    """List what the two senders of a connection were doing.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS`` in capture order; not modified. Other connections may be in it.
    conn_id : int
        The connection.

    Returns
    -------
    DataFrame
        One row per span, by sender and time, without gaps from the handshake (or the first packet, where the capture
        began later) to the last packet: ``sender`` (``client`` or ``server``), ``state`` (categorical: ``idle``,
        ``sending``, ``repairing`` or ``window_limited``), ``start`` and ``end`` (UTC). ``sending`` is busy for neither
        of the other reasons. Sums of the spans are the columns ``busy_s`` and so on of the connection. A sender for
        which ``busy_s`` is null has no spans; where only ``window_limited_s`` is null, ``sending`` contains that time.

    Raises
    ------
    ParameterError
        There is no such connection.

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("losses.pcap"))
    >>> spans = sender_spans(analysis.segments, 0)
    >>> spans["state"].cat.categories.tolist()
    ['idle', 'sending', 'repairing', 'window_limited']
    """
    is_own = segments["conn_id"].to_numpy() == conn_id
    segments = segments if is_own.all() else segments[is_own]
    if segments.empty:
        raise ParameterError(f"segments has no connection {conn_id}")
    senders, spans = Senders(1), np.zeros(1 + MOST_SPANS * (len(segments) + 1), SPAN)
    columns = PlainColumns(segments, SEGMENTS, Sent._fields[1:]).chunk(0, len(segments))
    senders.feed(Sent(place=fixed(np.zeros(len(segments)), np.int32), **columns), spans)
    senders.finish(spans)
    (link,) = senders.links
    found = spans[1 : 1 + spans[0]["sender"]]
    made: dict[str, list[Any]] = {"sender": [], "state": [], "start": [], "end": []}
    known = known_senders(senders)
    if link["begun_at"] != NO_TIME:
        for side, name in enumerate(SENDERS):
            if not known[side]:
                continue
            starts, ends, states = _joined(found[found["sender"] == side], int(link["begun_at"]), int(link["last_at"]))
            for key, values in (("start", starts), ("end", ends), ("state", states)):
                made[key].extend(values.tolist())
            made["sender"].extend([name] * starts.size)
    return pd.DataFrame(
        {
            "sender": pd.Categorical(made["sender"], SENDERS),
            "state": pd.Categorical.from_codes(made["state"], dtype=pd.CategoricalDtype(list(SENDER_STATES))),
            **{key: pd.to_datetime(np.array(made[key], np.int64), utc=True) for key in ("start", "end")},
        }
    )


def known_senders(senders: Senders) -> Array:
    """Tell of which senders it is known what they were doing.

    Parameters
    ----------
    senders : Senders
        After ``finish``.

    Returns
    -------
    ndarray of bool
        Two per connection: of the client and of the server.
    """
    known = np.zeros(senders.senders.size, np.bool_)
    for first in range(0, senders.links.size, BLOCK_ROWS):
        links = senders.links[first : first + BLOCK_ROWS]
        rows = slice(2 * first, 2 * (first + BLOCK_ROWS))
        both, told = senders.senders[rows], known[rows]
        is_open = ~links["awaits_ack"] & ~links["is_unclear"]
        for side in range(len(SENDERS)):
            own, peer = both[side::2], both[1 - side :: 2]
            # At this rate, losses that leave no trace at a distant capture point have to be expected.
            may_lose = (own["lag_ns"] > 0) & (peer["resends"] > MOST_LOST * peer["segments"])
            is_told = own["is_seen"] & peer["is_seen"] & (own["answer_ns"] >= 0) & ~own["lacks_bytes"]
            told[side::2] = is_open & is_told & ~may_lose
    return known


def _joined(spans: Array, begin: int, end: int) -> tuple[Array, Array, Array]:
    """Return start, end and state of a sender's time from `begin` to `end`, without overlaps and gaps."""
    edges = np.unique(np.clip(np.concatenate([spans["start"], spans["end"], [begin, end]]), begin, end))
    starts, ends = edges[:-1], edges[1:]
    states = np.zeros(starts.size, np.int8)
    for kind in (BUSY, HELD, REPAIRING, LIMITED):
        of = spans[spans["kind"] == kind]
        steps = np.zeros(edges.size + 1, np.int64)
        np.add.at(steps, np.searchsorted(edges, np.clip(of["start"], begin, end)), 1)
        np.add.at(steps, np.searchsorted(edges, np.clip(of["end"], begin, end)), -1)
        states[np.cumsum(steps)[: starts.size] > 0] = STATE_OF[kind]
    first = np.flatnonzero(np.append(True, states[1:] != states[:-1])[: states.size])
    last = np.append(first[1:], states.size) - 1 if states.size else first
    return starts[first], ends[last], states[first]
