"""FINs that ended nothing (``fin_ignored``).

A host sends nothing new after its FIN (RFC 9293 section 3.6), which has the sequence number after its last byte. So a
FIN ended nothing, and was sent by another host or by mistake, if its sender also sends bytes beyond that number, before
or after it, and the peer acknowledges bytes beyond it. If one of these bytes has the number of the FIN itself, the FIN
has none: that byte was not sent before.

Limits. Bytes count only if they begin at most ``NEAR`` beyond the FIN: numbers further away may be those of a later
connection whose SYN the capture lacks. A FIN that another host sends as the last packet, with no byte beyond it, looks
like any other.
"""

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.memory import rows_where, taken
from pcapframe.schema import FIN, RST, SYN
from pcapframe.segments.columns import SegmentColumns
from pcapframe.segments.exchange.hosts import FIN_IGNORED, FIN_UNNUMBERED, Outcome
from pcapframe.segments.tracking import Tracked

__all__ = ["NEAR", "find_ignored_fins"]

NEAR = 1 << 20  # [bytes]
_SPAN = 1 << 41  # numbers of a direction, in a key of the direction and the number
_MOST = 1 << 39  # the furthest that are told apart


def find_ignored_fins(segments: SegmentColumns, tracked: Tracked, ends: Outcome, bits: Array) -> None:
    """Set ``FIN_IGNORED`` and ``FIN_UNNUMBERED``.

    Parameters
    ----------
    segments : SegmentColumns
        All segments.
    tracked : Tracked
        Their connections, directions, and numbers by the SYN-ACK that was taken.
    ends : Outcome
        What is known of each host after the last segment.
    bits : ndarray of uint16
        ``Exchange.bits``, which are added to.
    """
    flags = segments["tcp_flags"]
    fins = rows_where(flags.size, lambda rows: flags[rows] & (FIN | RST) == FIN)
    fins = fins[ends.passes_fin[_direction(tracked, fins)]]
    fins = fins[_is_passed(tracked, ends, fins, segments.at("seq", fins))]
    if not fins.size:
        return
    length = np.maximum(segments.at("payload_bytes", fins), 0) + (taken(flags, fins) & SYN != 0)
    is_passed = _is_passed(tracked, ends, fins, segments.at("seq", fins) + length.astype(np.uint32))
    fins, length = fins[is_passed], length[is_passed]
    if not fins.size:  # nearly always
        return
    fin_direction = _direction(tracked, fins)
    directions = np.unique(fin_direction)
    is_wanted = np.zeros(ends.has_acked.size, np.bool_)
    is_wanted[directions] = True

    def carries_bytes(rows: slice) -> Mask:
        wanted: Mask = is_wanted[_direction_of(tracked.conn_id[rows], tracked.side[rows])]
        wanted &= flags[rows] & RST == 0
        wanted &= segments.at("payload_bytes", rows) > 0
        return wanted

    carries = rows_where(flags.size, carries_bytes)
    rank = np.searchsorted(directions, _direction(tracked, carries))
    rel_seq = taken(tracked.rel_seq, carries)
    begins = _key(rank, rel_seq)
    order = np.argsort(begins, kind="stable")
    begins = begins[order]
    reach = np.maximum.accumulate(_key(rank, rel_seq + segments.at("payload_bytes", carries))[order])
    reach = np.append(reach, -1)  # found at -1 where nothing begins before
    fin_rank = np.searchsorted(directions, fin_direction)
    number = taken(tracked.rel_seq, fins) + length
    at, near = _key(fin_rank, number), _key(fin_rank, number + NEAR)
    goes_on = reach[np.searchsorted(begins, near) - 1] > at + 1
    is_byte = reach[np.searchsorted(begins, at, "right") - 1] > at
    bits[fins[goes_on]] |= FIN_IGNORED
    bits[fins[goes_on & is_byte]] |= FIN_UNNUMBERED


def _is_passed(tracked: Tracked, ends: Outcome, fins: Array, numbers: Array) -> Array:
    """Return for which FINs the peer acknowledged bytes beyond their numbers."""
    peer = _direction(tracked, fins) ^ 1
    beyond = ends.acked[peer] - numbers
    passed: Array = ends.has_acked[peer] & (beyond.view(np.int32) > 1)
    return passed


def _direction(tracked: Tracked, rows: Array) -> Array:
    """Return the direction of each row."""
    return _direction_of(taken(tracked.conn_id, rows), taken(tracked.side, rows))


def _direction_of(conn_id: Array, side: Array) -> Array:
    return 2 * conn_id.astype(np.int64) + side


def _key(rank: Array, number: Array) -> Array:
    """Return one number by which directions, and bytes of each, are in order."""
    key: Array = (rank + 1) * _SPAN + np.clip(number, -_MOST, _MOST)
    return key
