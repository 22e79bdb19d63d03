"""Whether the receiver already had the bytes of a retransmission (``needless``).

It had them if it had acknowledged them; if a DSACK reports them (it counts for the latest waiting retransmission of
these bytes); or if the retransmission begins at the ACK number, and the ACK that moves past it echoes a timestamp older
than the retransmission's (Eifel, RFC 3522). It lacked them if that echo is not older and the retransmission's timestamp
was new; a later DSACK then reports another copy. It presumably lacked them if the retransmission fills a gap in the
capture, unless a DSACK follows. Otherwise it is unknown: an ACK that jumps over several retransmissions echoes the
first of them. Waiting ends when bytes sent after the retransmission are acknowledged. At most ``MOST_RESENDS``
retransmissions per direction wait; the oldest is given up first.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit
from pcapframe.segments.evidence.directions import IS_NEEDED, IS_NEEDLESS, NOBODY, is_dsack
from pcapframe.segments.state import after, allocate, before, release

__all__ = ["MOST_RESENDS", "Unanswered", "confirm", "remember"]

POOL = 3  # index in `free` of this pool's state, after that of the gaps
MOST_RESENDS = 64  # of a direction, that wait for the receiver's answer


class Unanswered(NamedTuple):
    """Pool of retransmissions that wait for the receiver's answer: one linked list per direction, newest first."""

    row: Array  # int64
    seq: Array  # uint32
    end: Array  # uint32
    high: Array  # uint32, end of the highest byte seen before it
    tsval: Array  # int64, -1 for none
    ticked: Array  # uint8, 1 where no packet before it had its timestamp
    link: Array  # int32, the one before, or next free one
    back: Array  # int32, the one after


@inner_jit
def remember(own: Any, pool: Any, free: Any, row: Any, seq: Any, end: Any, tsval: Any) -> None:
    """Remember a retransmission until the receiver's answers have decided."""
    rows, seqs, ends, highs, tsvals, ticked, link, back = pool
    if own.resends >= MOST_RESENDS:
        place = np.int64(own.oldest_resend)
        own.oldest_resend = back[place]
        link[own.oldest_resend] = NOBODY
    else:
        place = allocate(free, link, POOL)
        own.resends += 1
    rows[place], seqs[place], ends[place], highs[place], tsvals[place] = row, seq, end, own.high, tsval
    ticked[place] = own.first_tsval_at != 0 and after(np.uint32(tsval), np.uint32(own.newest_tsval))
    link[place], back[place] = own.newest_resend, NOBODY
    if own.newest_resend >= 0:
        back[own.newest_resend] = place
    else:
        own.oldest_resend = place
    own.newest_resend = place


@inner_jit
def confirm(
    own: Any,
    peer: Any,
    pool: Any,
    free: Any,
    bits: Any,
    moved_from: Any,
    is_first: Any,
    ack: Any,
    tsecr: Any,
    sack: Any,
    sack_start: Any,
    sack_stop: Any,
) -> None:
    """Update `bits` with what this segment shows about the peer's retransmissions: whether they were needed.

    `moved_from` is the previous ACK number; `is_first` if there was none.
    """
    has_dsack = is_dsack(ack, sack, sack_start, sack_stop)
    left = right = np.uint32(0)
    if sack_stop - sack_start >= 2:
        left, right = sack[sack_start], sack[sack_start + 1]
        if not has_dsack:
            own.sacked = True
            if own.sack_high == 0 or after(right, own.sack_high):
                own.sack_high = right
    rows, seqs, ends, highs, tsvals, ticked, link, back = pool
    told_left = told_right = np.uint32(0)
    previous, at = np.int64(NOBODY), np.int64(peer.newest_resend)
    while at >= 0:
        following, row, seq, end = np.int64(link[at]), rows[at], seqs[at], ends[at]
        is_done = after(ack, highs[at])
        is_told = has_dsack and before(left, end) and after(right, seq)
        if is_told and told_left != told_right:
            is_told = not (before(told_left, end) and after(told_right, seq))  # about a later retransmission
        if is_told:
            bits[row] = bits[row] & ~IS_NEEDED | IS_NEEDLESS
            if told_left == told_right:
                told_left, told_right = seq, end
            told_left = seq if before(seq, told_left) else told_left
            told_right = end if after(end, told_right) else told_right
        elif not before(ack, end) and (is_first or before(moved_from, end)):
            if tsecr > 0 and tsvals[at] >= 0 and (is_first or not after(seq, moved_from)):
                # Eifel (RFC 3522): the echo is the timestamp of the segment that filled the gap at the ACK number.
                if before(np.uint32(tsecr), np.uint32(tsvals[at])):
                    bits[row] = bits[row] & ~IS_NEEDED | IS_NEEDLESS
                elif ticked[at] != 0:
                    bits[row] |= IS_NEEDED
                    is_done = True  # a DSACK of these bytes is about another copy
        if is_told or is_done:
            if previous < 0:
                peer.newest_resend = following
            else:
                link[previous] = following
            if following < 0:
                peer.oldest_resend = previous
            else:
                back[following] = previous
            release(free, link, at, POOL)
            peer.resends -= 1
        else:
            previous = at
        at = following
