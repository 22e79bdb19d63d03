"""Sequence numbers and windows counted by the SYN-ACK that was taken, where a host seems to send different ones.

SYN cookies, several hosts behind one address, and forged packets give SYN-ACKs with different numbers. The client takes
one and drops the others (RFC 9293 sections 3.10.7.3 and 3.10.7.4), so only that one says where the host's bytes begin
and by how much its windows are scaled (RFC 7323 section 2). Wireshark goes by the latest, and its labels here do too:
only ``rel_seq``, ``rel_ack`` and ``window_bytes`` are computed again, in connections that have another SYN-ACK.

A SYN-ACK that was not taken has ``rel_seq`` 0, the number of its own host. Until its own SYN-ACK is shown to be taken,
a connection counts by its first one.

Limits. What else the host of a SYN-ACK that was not taken sends, such as a RST, is counted from the one that was taken.
If no SYN-ACK was taken in the capture, because it begins later, the window scale is unknown.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.disk import give_back
from pcapframe.jit import jit
from pcapframe.memory import extremes, pieces, rows_where, taken
from pcapframe.schema import ACK, NO_NUMBER, SYN
from pcapframe.segments.columns import SegmentColumns
from pcapframe.segments.exchange.hosts import OTHER_SYN_ACK, OWN_NUMBERS_ANEW, PEER_NUMBERS_ANEW
from pcapframe.segments.sequence import LARGEST_SCALE, NO_SCALE, UNKNOWN_SCALE, Sequence
from pcapframe.segments.tracking import Tracked, nearest

__all__ = ["number_by_taken_syn_acks"]


class _Mixed(NamedTuple):
    """Segments of the connections to count anew, grouped by connection, each in capture order."""

    conn_id: Array
    side: Array
    bits: Array
    tcp_flags: Array
    seq: Array
    ack: Array
    window: Array
    payload_bytes: Array
    window_scale: Array
    hidden: Array


class _Counted(NamedTuple):
    """What is counted anew of each."""

    rel_seq: Array
    rel_ack: Array
    window_bytes: Array
    window_known: Array


@jit
def _count(mixed: Any, counted: Any) -> None:
    """Fill `counted`; its windows have Wireshark's values before."""
    conn_id, side, bits, flags_column, seqs, acks, window, payload, window_scale, hidden = mixed
    base, known, reach = np.zeros(2, np.uint32), np.zeros(2, np.bool_), np.zeros(2, np.int64)
    scale, other_isn, other_scale = np.zeros(2, np.int64), np.zeros(2, np.uint32), np.zeros(2, np.int64)
    is_after_other = False
    for i in range(conn_id.size):
        if i == 0 or conn_id[i] != conn_id[i - 1]:
            base[:], known[:], reach[:], scale[:] = 0, False, 0, UNKNOWN_SCALE
            is_after_other = False
        own = np.int64(side[i])
        peer, flags, seq, ack = 1 - own, np.int64(flags_column[i]), seqs[i], acks[i]
        offered: Any = UNKNOWN_SCALE if hidden[i] else NO_SCALE
        if window_scale[i] >= 0:
            offered = min(np.int64(window_scale[i]), LARGEST_SCALE)
        if bits[i] & (OWN_NUMBERS_ANEW | PEER_NUMBERS_ANEW):
            anew = own if bits[i] & OWN_NUMBERS_ANEW else peer
            base[anew], known[anew], reach[anew], scale[anew] = other_isn[anew], True, 0, other_scale[anew]
        is_whole = payload[i] != NO_NUMBER
        is_other = bits[i] & OTHER_SYN_ACK != 0
        if is_other:
            is_after_other = True
            other_isn[own], other_scale[own] = seq, offered
        elif is_whole:
            if not known[own]:
                base[own], known[own] = (seq if flags & SYN else np.uint32(seq - np.uint32(1))), True
            if flags & SYN:
                scale[own] = offered
        if flags & ACK and is_whole and not is_other and not known[peer]:
            base[peer], known[peer] = np.uint32(ack - np.uint32(1)), True
        relative = np.int64(0) if is_other else nearest(reach[own], np.int64(seq) - np.int64(base[own]))
        reach[own] = max(reach[own], relative)
        counted.rel_seq[i] = relative
        counted.rel_ack[i] = nearest(reach[peer], np.int64(ack) - np.int64(base[peer]))
        if is_after_other and not flags & SYN:
            shift = scale[own] if scale[own] != NO_SCALE and scale[peer] != NO_SCALE else np.int64(0)
            counted.window_known[i] = shift >= 0
            counted.window_bytes[i] = np.int64(window[i]) << shift if shift >= 0 else 0


def number_by_taken_syn_acks(segments: SegmentColumns, tracked: Tracked, labelled: Sequence, bits: Array) -> None:
    """Correct relative numbers and scaled windows in connections with SYN-ACKs of different numbers.

    Parameters
    ----------
    segments : SegmentColumns
        All segments.
    tracked : Tracked
        Their connections; ``rel_seq`` and ``rel_ack`` are changed.
    labelled : Sequence
        ``window_bytes`` and ``window_known`` are changed.
    bits : ndarray of uint16
        ``Exchange.bits``.
    """
    conn_id = tracked.conn_id
    others = rows_where(bits.size, lambda some: bits[some] & OTHER_SYN_ACK)
    is_mixed = np.zeros(extremes(conn_id, -1)[1] + 1, np.bool_)
    is_mixed[taken(conn_id, others)] = True
    rows = rows_where(bits.size, lambda some: is_mixed.take(conn_id[some]))
    rows = rows[np.argsort(taken(conn_id, rows), kind="stable")]
    fields = [segments.at(name, rows) for name in _Mixed._fields[3:-1]]
    results = tracked.rel_seq, tracked.rel_ack, labelled.window_bytes, labelled.window_known
    counted = _Counted(*(taken(column, rows) for column in results))
    own = taken(conn_id, rows), taken(tracked.side, rows), taken(bits, rows)
    _count(_Mixed._make([*own, *fields, taken(segments.hidden, rows)]), counted)
    for some in pieces(rows):
        for column, values in zip(results, counted, strict=True):
            column[rows[some]] = values[some]
        give_back()
