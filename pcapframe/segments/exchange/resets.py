"""RSTs that ended nothing (``rst_ignored``).

A receiver takes a RST only with exactly the next sequence number that it expects, answers one in its window by an
acknowledgement, and drops any other (RFC 9293 section 3.10.7.4, RFC 5961 section 3). What it expected the capture does
not always show, so that only what comes after a RST shows that it ended nothing; any of these does:

* bytes that each side sends only after it are acknowledged by the other side;
* bytes that the RST's sender sends only after it, above its sequence number, are acknowledged;
* more than a second later the peer echoes a timestamp (RFC 7323) newer than any that the RST's sender had sent before.

In flight when a RST passes may be data, and acknowledgements of it, but no answer of the host that it ended.

A RST that acknowledges the peer's SYN refuses it (RFC 9293 section 3.10.7.1): that ended the attempt, whatever comes of
the next one.

Limits. Nothing shows of a RST after which nothing was sent, or one side only acknowledges without timestamps: such a
RST counts as the end.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit
from pcapframe.schema import ACK
from pcapframe.segments.exchange.hosts import RST_IGNORED
from pcapframe.segments.state import after

__all__ = ["Resets", "refuses", "settle", "wait_for_more"]

LONG_AFTER_NS = 1_000_000_000  # no packet is late by as much


class Resets(NamedTuple):
    """Pool of RSTs, one place each: lists in capture order, one a host."""

    row: Array  # int64
    link: Array  # int64, next one of this host, + 1; 0 for none
    time: Array  # int64 [ns]
    seq: Array  # uint32
    own_high: Array  # uint32, what its sender had sent
    peer_high: Array  # uint32
    own_numbering: Array  # int32
    peer_numbering: Array  # int32
    tsval: Array  # int64, newest timestamp of its sender before


@inner_jit
def refuses(own: Any, peer: Any, flags: Any, ack: Any) -> Any:
    """Whether a RST refuses the peer's SYN."""
    return flags & ACK and own.syn_sent == 0 and peer.syn_sent == 1 and ack == peer.high


@inner_jit
def wait_for_more(own: Any, peer: Any, pool: Any, place: Any, row: Any, time: Any, seq: Any) -> None:
    """Remember a RST until what follows shows that it ended nothing."""
    rows, link, times, seqs, own_high, peer_high, own_numbering, peer_numbering, tsvals = pool
    rows[place], link[place], times[place], seqs[place] = row, 0, time, seq
    own_high[place], peer_high[place] = own.high, peer.high
    own_numbering[place], peer_numbering[place], tsvals[place] = own.numbering, peer.numbering, own.tsval
    if own.first_rst == 0:
        own.first_rst = place + 1
    else:
        link[own.last_rst - 1] = place + 1
    own.last_rst = place + 1


@inner_jit
def _went_on(sender: Any, receiver: Any, high: Any, numbering: Any) -> Any:
    """Whether the receiver acknowledged what the sender had not sent when it had sent up to `high`."""
    if not receiver.has_acked:
        return False
    if sender.numbering != numbering:
        return after(receiver.acked, sender.isn)
    return after(receiver.acked, high) and after(sender.high, high)


@inner_jit
def settle(own: Any, peer: Any, pool: Any, bits: Any, echo_time: Any, echo: Any) -> None:
    """Set RST_IGNORED in the `bits` of all segments at RSTs of `own` that ended nothing, by what is known now.

    `echo` is a timestamp that the peer echoes at `echo_time`, -1 for none.
    """
    rows, link, times, seqs, own_high, peer_high, own_numbering, peer_numbering, tsvals = pool
    while own.first_rst:
        at = own.first_rst - 1
        is_alive = _went_on(own, peer, own_high[at], own_numbering[at]) and (
            _went_on(peer, own, peer_high[at], peer_numbering[at])
            or (own.numbering == own_numbering[at]
                and (after(peer.acked, seqs[at]) or not after(seqs[at], own_high[at])))
        )  # fmt: skip
        if not is_alive and echo >= 0 and tsvals[at] > 0 and echo_time - times[at] > LONG_AFTER_NS:
            newest = np.uint32(own.tsval)
            is_alive = after(np.uint32(echo), np.uint32(tsvals[at])) and not after(np.uint32(echo), newest)
        if not is_alive:
            return
        bits[rows[at]] |= RST_IGNORED
        own.first_rst = link[at]
