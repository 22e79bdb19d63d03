"""The account of a direction's bytes: the first and the highest one captured, and what its peer acknowledged."""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit
from pcapframe.schema import FIN, RST, SYN
from pcapframe.segments.evidence.directions import note_round_trip
from pcapframe.segments.evidence.gaps import fill
from pcapframe.segments.evidence.lateness import claim
from pcapframe.segments.evidence.needs import confirm
from pcapframe.segments.evidence.order import note_echo
from pcapframe.segments.evidence.reasons import note_answer
from pcapframe.segments.exchange.hosts import ACK_EARLY
from pcapframe.segments.state import after, before

__all__ = ["note_bytes", "note_highest", "take_ack"]

LARGEST_STEP = 1 << 30  # an ACK that jumps further is ignored


@inner_jit
def _acknowledge(own: Any, peer: Any, flags: Any, ack: Any, time: Any, length: Any) -> Any:
    """Apply an ACK; return whether it is to be believed."""
    if not own.has_acked:
        own.has_acked = True
        own.acked = ack
        if not peer.started:
            peer.started = True
            peer.high = ack
    elif after(ack, own.acked):
        if np.uint32(ack - own.acked) > LARGEST_STEP:
            return False
        own.acked = ack
        peer.asked_at = time if own.sacked or own.repeats > 0 else peer.asked_at
        own.repeats = 0
        own.sacked = False
    elif ack == own.acked and length == 0 and not flags & (SYN | FIN | RST):
        own.repeats += 1
    if peer.timed_at != 0 and not before(ack, peer.timed_end):
        if ack == peer.timed_end and time > peer.timed_at:
            note_round_trip(peer, time - peer.timed_at)
        peer.timed_at = 0
    return True


@inner_jit
def _cover(own: Any, pool: Any, memory: Any, free: Any, row: Any, ack: Any, time: Any, tsecr: Any) -> Any:
    """Close the gaps of `own` that an ACK of its peer covers; return how many of these bytes were never captured."""
    gap = np.int64(0)
    if own.first_gap >= 0 and before(pool[0][own.first_gap], ack):
        claim(own, pool, memory, ack, row, time, tsecr)
        gap = fill(own, pool, free, pool[0][own.first_gap], ack)[0]
    if after(ack, own.high) and np.uint32(ack - own.high) <= LARGEST_STEP:
        gap += np.int64(np.uint32(ack - own.high))
        own.high = ack
    return gap


@inner_jit
def take_ack(
    own: Any, peer: Any, pool: Any, memory: Any, waiting: Any, free: Any, bits: Any, row: Any, said: Any, flags: Any,
    ack: Any, time: Any, length: Any, tsecr: Any, sack: Any, sack_start: Any, sack_stop: Any,
) -> Any:  # fmt: skip
    """Take what a segment acknowledges; return how many of these bytes were never captured."""
    gap = np.int64(0)
    moved_from, is_first = own.acked, not own.has_acked
    taken, is_believed = ack, True
    if said & ACK_EARLY:  # the bytes that it covers are still to come
        peer.timed_at = 0
        taken = peer.high if after(ack, peer.high) else ack
        is_believed = peer.started and (not own.has_acked or after(peer.high, own.acked))
    if is_believed and _acknowledge(own, peer, flags, taken, time, length):
        if after(taken, peer.high) or (peer.first_gap >= 0 and before(pool[0][peer.first_gap], taken)):
            gap = _cover(peer, pool, memory, free, row, taken, time, tsecr)
    own.is_newest = not is_first and own.acked != moved_from
    note_answer(peer, own, time, is_first or own.is_newest, ack, sack, sack_start, sack_stop)
    if tsecr > 0:
        note_echo(own, np.uint32(tsecr))
    if peer.newest_resend >= 0 or sack_stop > sack_start:
        confirm(own, peer, waiting, free, bits, moved_from, is_first, ack, tsecr, sack, sack_start, sack_stop)
    return gap


@inner_jit
def note_bytes(own: Any, seq: Any, flags: Any, ident: Any, tsval: Any, time: Any) -> None:
    """Prepare for a segment with bytes; the first one captured is where the account of bytes begins."""
    own.older_copied, own.newest_copies = own.newest_copies > 0 or not own.started, 0
    if not own.started:
        own.started = True
        own.high = seq
        if not flags & SYN:
            own.first_seq, own.first_seq_id, own.first_seq_tsval, own.first_seq_at = seq, np.int32(ident), tsval, time


@inner_jit
def note_highest(own: Any, seq: Any, end: Any, ident: Any, tsval: Any, time: Any, is_again: Any) -> None:
    """Remember the segment that reached the highest byte, and time it unless it is a retransmission."""
    own.high = end
    own.top_seq, own.top_id, own.top_tsval, own.top_at = seq, np.int32(ident), tsval, time
    if own.first_seq_at != 0 and np.uint32(end - own.first_seq) > LARGEST_STEP:
        own.first_seq_at = 0  # sequence numbers are about to wrap
    if own.timed_at == 0 and not is_again:
        own.timed_at, own.timed_end = time, end
