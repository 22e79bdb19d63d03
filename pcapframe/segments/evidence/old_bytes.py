"""Segments that begin below the highest byte of their direction: bytes seen before, or bytes that fill a gap."""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit
from pcapframe.schema import ACK, SYN
from pcapframe.segments.evidence.directions import IS_NEEDED, IS_NEEDLESS, IS_REORDERED, IS_RESENT, TIMEOUT_NS
from pcapframe.segments.evidence.duplicates import await_answer
from pcapframe.segments.evidence.gaps import fill
from pcapframe.segments.evidence.lateness import reclaim
from pcapframe.segments.evidence.needs import remember
from pcapframe.segments.evidence.order import (
    BY_ROUND_TRIP,
    SEEN_BEFORE,
    is_overtaken,
    rule_of,
    was_sent_before_all,
    was_sent_later,
)  # fmt: skip
from pcapframe.segments.evidence.reasons import reason_of
from pcapframe.segments.state import after, before

__all__ = ["RULE_BIT", "judge_again", "note_sent_again", "probes"]

RULE_BIT = 3  # reasons are below it


@inner_jit
def probes(own: Any, peer: Any, seq: Any, length: Any, phantom: Any, flags: Any) -> Any:
    """Return whether old bytes are no retransmission: a keep-alive, a window probe, or part of a simultaneous open.

    For a keep-alive nothing is outstanding; for a window probe the peer's window is closed. In a simultaneous open the
    SYN-ACK repeats the sequence number of its sender's SYN.
    """
    if length <= 1 and phantom == 0 and np.uint32(own.high - seq) == 1:
        return peer.window == 0 or (peer.has_acked and peer.acked == own.high)
    return flags & SYN and flags & ACK and own.syn_seen == 1


@inner_jit
def judge_again(
    own: Any,
    peer: Any,
    gap_pool: Any,
    memory: Any,
    free: Any,
    said: Any,
    gap: Any,
    seq: Any,
    end: Any,
    flags: Any,
    time: Any,
    ident: Any,
    tsval: Any,
) -> Any:
    """Judge a segment that begins below the highest byte.

    Returns
    -------
    tuple of int
        Its bits; for a retransmission also its reason and rule.
    """
    top = own.high if after(end, own.high) else end
    unseen, gap_time, gap_ident, gap_tsval = fill(own, gap_pool, free, seq, top)
    claimed = np.int64(0)
    if own.claims:
        claimed, its_time, its_ident, its_tsval = reclaim(own, peer, memory, seq, top, time, ident, tsval, said, gap)
        if claimed and unseen == 0:
            gap_time, gap_ident, gap_tsval = its_time, its_ident, its_tsval
        unseen += claimed
    seen = np.int64(np.uint32(top - seq)) - unseen
    # What it is compared with: the segment that opened the gap, the first one, the highest one; or none.
    other_time, other_ident, other_tsval = gap_time, gap_ident, gap_tsval
    is_gap, is_compared = seen == 0, True
    if not is_gap and own.first_seq_at != 0 and before(seq, own.first_seq):
        other_time, other_ident, other_tsval = own.first_seq_at, np.int64(own.first_seq_id), own.first_seq_tsval
    elif not is_gap and own.has_forgotten and before(seq, own.forgotten):
        other_time, other_ident, other_tsval = own.top_at, np.int64(own.top_id), own.top_tsval
    elif not is_gap:
        is_compared = False
    rule, late, is_known = SEEN_BEFORE, False, True
    if is_compared:
        rule = rule_of(own, ident, tsval, other_ident, other_tsval)
        late = not was_sent_later(own, peer, time, ident, tsval, other_time, other_ident, other_tsval)
        is_known = is_gap or not late or rule != BY_ROUND_TRIP
    elif not flags & SYN:
        late = was_sent_before_all(own, peer, ident, tsval)
    if not late and (is_gap or (not is_compared and not flags & SYN)):
        overtaken = is_overtaken(own, peer, memory, seq, time, ident, tsval)
        late = overtaken and not is_gap
    if late:
        return (IS_REORDERED if is_known else 0), -1
    bits = IS_RESENT
    if peer.has_acked and not after(end, peer.acked) and claimed == 0:
        bits |= IS_NEEDLESS
    elif seen == 0:
        bits |= IS_NEEDED  # the earlier copy was lost before the capture point
    return bits, reason_of(own, peer, seq, end, flags, time) | rule << RULE_BIT


@inner_jit
def note_sent_again(
    own: Any,
    peer: Any,
    pool: Any,
    free: Any,
    row: Any,
    since: Any,
    seq: Any,
    end: Any,
    flags: Any,
    time: Any,
    tsval: Any,
) -> None:
    """Remember a retransmission until its receiver answers; begin or continue a recovery."""
    remember(own, pool, free, row, seq, end, tsval)
    own.timed_at = 0  # Karn: an acknowledgement from here on is ambiguous
    if own.again_tsval == 0 or not before(peer.acked, own.again_end):
        own.again_tsval = tsval if tsval else 1
    own.again_end = own.high
    if flags & SYN and time - own.last_sent < TIMEOUT_NS:
        await_answer(own, row, since, end, time)
