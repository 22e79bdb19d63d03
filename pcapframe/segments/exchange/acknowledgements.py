"""Acknowledgements of what was not seen: of bytes that the capture lacks, of bytes captured late, or of none at all.

A host takes an acknowledgement only if SND.UNA < SEG.ACK =< SND.NXT (RFC 9293 section 3.10.7.4, RFC 5961 section 5).
SND.NXT is what the peer was seen to send, and what the capture lacks of it. So one beyond that waits for what follows.

It acknowledges what was never sent (``acks_unsent``) if one of these comes first:

* the peer repeats its SYN or SYN-ACK, and so has sent nothing beyond it; or answers by a RST with just that number,
  as a host does that knows no such connection (RFC 9293 section 3.5.2);
* the host itself opens the connection only then, by its SYN-ACK;
* a round trip later or more, a segment of the peer's without bytes still has the number where its bytes end;
* the host acknowledges less, of bytes that the peer was seen to send only after it.

One below or at the number of the peer's SYN, while that has no answer, belongs to an earlier connection.

It was captured early (``ack_early``) if bytes that it covers come within ``LONGEST_EARLY_NS``, for the first time, and
one of their segments was sent before it. A retransmission of bytes that the capture lacks looks alike, but is sent
later. Any of these shows that a segment was sent before:

* its IPv4 identification is the next one after the newest of its sender;
* its timestamp is no newer than the one that the acknowledgement echoes (RFC 7323);
* it comes sooner than the smallest round trip, or the part of it that is known;
* it is a SYN without timestamps, which is not retried for a second (RFC 6298 section 2.1).

One that repeats the number of another that was captured early was captured early too.

For bytes that fill a hole, ``evidence.lateness`` applies the same rules. Else the capture lacks the bytes
(``capture_gap``).

Limits. Without identifications and timestamps, and before a round trip is known, bytes that come after their
acknowledgement are taken for a retransmission. An acknowledgement after which nothing shows which it is counts as one
of bytes that the capture lacks. Of a host, ``MOST_WAITING`` acknowledgements wait; the oldest is given up first. The
acknowledgement in a RST is not judged: it moves nothing.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit
from pcapframe.schema import ACK, RST, SYN
from pcapframe.segments.exchange.hosts import ACK_EARLY, ACKS_UNSENT, LARGEST_STEP, NOBODY
from pcapframe.segments.state import after, allocate, before, release

__all__ = [
    "LONGEST_EARLY_NS",
    "MOST_WAITING",
    "Waiting",
    "acknowledge",
    "settle_by_peer",
    "settle_by_self",
    "take_echo",
    "take_time",
    "was_sent_before",
]  # fmt: skip

LONGEST_EARLY_NS = 200_000_000  # the smallest retransmission timeout of Linux: no timer sends again sooner
MOST_WAITING = 64


class Waiting(NamedTuple):
    """Pool of acknowledgements that wait: linked lists in capture order, one a host."""

    row: Array  # int64
    ack: Array  # uint32
    time: Array  # int64 [ns]
    tsecr: Array  # int64, -1 for none
    link: Array  # int32, next one, or next free one


@inner_jit
def _drop_first(own: Any, pool: Any, free: Any) -> None:
    """Take the oldest acknowledgement off those that wait."""
    at, link = np.int64(own.first_ack), pool[4]
    own.first_ack = link[at]
    own.waiting -= 1
    release(free, link, at)


@inner_jit
def _all_unsent(own: Any, pool: Any, free: Any, bits: Any) -> None:
    """Say of all acknowledgements that wait that they acknowledge what was never sent."""
    while own.waiting:
        bits[pool[0][own.first_ack]] |= ACKS_UNSENT
        _drop_first(own, pool, free)


@inner_jit
def _believe(own: Any, peer: Any, ack: Any) -> None:
    """Take an acknowledgement."""
    if not own.has_acked or after(ack, own.acked):
        own.has_acked = True
        own.acked = ack
    if not peer.started:
        peer.started = True
        peer.isn = np.uint32(ack - np.uint32(1))
        peer.high = ack
    elif after(ack, peer.high):
        peer.high = ack


@inner_jit
def take_time(own: Any, peer: Any, ack: Any, time: Any) -> None:
    """Take the time from the peer's segment to its acknowledgement."""
    if peer.timed_at != 0 and not before(ack, peer.timed_end):
        if ack == peer.timed_end and time > peer.timed_at and (peer.rtt == 0 or time - peer.timed_at < peer.rtt):
            peer.rtt = time - peer.timed_at
        peer.timed_at = 0


@inner_jit
def take_echo(own: Any, peer: Any, tsval: Any, tsecr: Any, time: Any) -> None:
    """Take the time from the peer's timestamp to its echo, and wait for the echo of this one.

    A host that only acknowledges has no bytes whose acknowledgement could be timed; its timestamps are echoed all the
    same (RFC 7323 section 4.3).
    """
    if peer.echo_from != 0 and tsecr > 0 and not before(np.uint32(tsecr), peer.echo_of):
        since = time - peer.echo_from
        if np.uint32(tsecr) == peer.echo_of and since > 0 and (peer.rtt == 0 or since < peer.rtt):
            peer.rtt = since
        peer.echo_from = 0
    if own.echo_from == 0 and tsval > 0 and after(np.uint32(tsval), np.uint32(own.tsval)):
        own.echo_of, own.echo_from = tsval, time


@inner_jit
def acknowledge(
    own: Any, peer: Any, pool: Any, free: Any, row: Any, time: Any, ack: Any, tsecr: Any, is_probe: Any, flags: Any,
    bits: Any,
) -> None:  # fmt: skip
    """Take an acknowledgement, or let it wait where what it acknowledges was not seen."""
    if peer.syn_sent == 1 and own.syn_sent == 0 and not after(ack, peer.isn):
        bits[row] |= ACKS_UNSENT
        own.is_odd = True
        return
    is_unseen = after(ack, peer.high) if peer.started else own.syn_sent != 2 or flags & SYN != 0
    if not is_unseen or is_probe:
        if not own.has_acked or np.uint32(ack - own.acked) <= LARGEST_STEP:
            _believe(own, peer, ack)
        return
    own.is_odd = True
    if own.waiting >= MOST_WAITING:
        _drop_first(own, pool, free)
    rows, acks, times, tsecrs, link = pool
    place = allocate(free, link)
    rows[place], acks[place], times[place], tsecrs[place], link[place] = row, ack, time, tsecr, NOBODY
    if own.waiting:
        link[own.last_ack] = place
    else:
        own.first_ack = place
        own.unseen_from, own.unseen_known = peer.high, peer.started
    own.last_ack = place
    own.waiting += 1


@inner_jit
def settle_by_self(own: Any, peer: Any, pool: Any, free: Any, ack: Any, flags: Any, bits: Any) -> None:
    """See whether a segment of the host whose acknowledgements wait contradicts them."""
    if flags & SYN:
        if own.syn_sent == 0:
            _all_unsent(own, pool, free, bits)
    elif own.unseen_known and after(ack, own.unseen_from) and not after(ack, peer.high):
        _all_unsent(own, pool, free, bits)


@inner_jit
def was_sent_before(own: Any, peer: Any, sent: Any, echo: Any, time: Any, tsval: Any, ident: Any, flags: Any) -> Any:
    """Whether bytes of `own` captured now were sent before their ACK, captured at `sent`, that echoes `echo`."""
    if time - sent >= LONGEST_EARLY_NS:
        return False
    if flags & SYN and (tsval < 0 or echo <= 0):
        return True
    if ident > 0 and own.newest_id > 0 and np.uint16(ident - own.newest_id) == 1:
        return True
    if tsval >= 0 and echo > 0 and not after(np.uint32(tsval), np.uint32(echo)):
        return True
    return time - sent < own.rtt + peer.rtt  # or less than the round trip, where one of them is not known


@inner_jit
def settle_by_peer(
    own: Any, peer: Any, pool: Any, free: Any, seq: Any, end: Any, flags: Any, time: Any, tsval: Any, ident: Any,
    bits: Any,
) -> None:  # fmt: skip
    """See what a segment of the peer says of the acknowledgements of the host (`own`) that wait."""
    rows, acks, times, tsecrs = pool[0], pool[1], pool[2], pool[3]
    if flags & (SYN | RST):
        is_opening = peer.syn_sent == 1 and own.syn_sent == 0
        is_unknown = is_opening and flags & (RST | ACK) == RST and seq == acks[own.last_ack]
        is_again = flags & SYN and peer.syn_sent and seq == peer.isn and np.uint32(peer.high - seq) == 1
        if is_unknown or is_again:
            _all_unsent(own, pool, free, bits)
        if flags & RST or is_again:
            return
    is_first = not peer.started or not before(seq, peer.high)  # time that these bytes are seen
    while own.waiting:
        at = own.first_ack
        ack, since = acks[at], time - times[at]
        if before(seq, ack):
            if end == seq:
                is_next = peer.started and seq == peer.high
                if is_next and np.uint32(ack - seq) == 1 and since >= LONGEST_EARLY_NS:
                    _believe(own, peer, ack)  # a keep-alive
                elif is_next and since >= max(own.rtt + peer.rtt, LONGEST_EARLY_NS):
                    _all_unsent(own, pool, free, bits)
                    return
                else:
                    return
            else:
                if is_first and was_sent_before(peer, own, times[at], tsecrs[at], time, tsval, ident, flags):
                    bits[rows[at]] |= ACK_EARLY
                if before(end, ack):
                    return
        _believe(own, peer, ack)
        is_early = bits[rows[at]] & ACK_EARLY
        _drop_first(own, pool, free)
        if is_early and own.waiting and acks[own.first_ack] == ack:
            bits[rows[own.first_ack]] |= ACK_EARLY  # it repeats the other
