"""RSTs that ended nothing (``rst_ignored``).

A receiver accepts a RST only with exactly the next sequence number that it expects. It answers any other RST in its
window by an ACK, and drops the rest (RFC 9293 section 3.10.7.4, RFC 5961 section 3). The capture does not always show
which number it expected. So only later packets show that a RST ended nothing, by any of these:

* each side sends new bytes after the RST, and the other side acknowledges them;
* the RST's sender sends new bytes after it, above its sequence number, and they are acknowledged;
* more than a second later the peer echoes a timestamp (RFC 7323) newer than any that the RST's sender had sent before.

Data and ACKs of it may be in flight when a RST passes, but the host whose connection it ended sends no more answers.

A RST that acknowledges the peer's SYN refuses it (RFC 9293 section 3.10.7.1): it ended that attempt, whatever happens
to the next one.

Limits. A RST counts as the end if nothing is sent after it, or if one side only sends ACKs without timestamps.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit
from pcapframe.schema import ACK
from pcapframe.segments.exchange.hosts import RST_IGNORED
from pcapframe.segments.state import after

__all__ = ["Resets", "refuses", "settle", "wait_for_more"]

LONG_AFTER_NS = 1_000_000_000  # no packet is delayed for this long


class Resets(NamedTuple):
    """Pool of RSTs: one list per host, in capture order."""

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
    """Return whether a RST refuses the peer's SYN."""
    return flags & ACK and own.syn_sent == 0 and peer.syn_sent == 1 and ack == peer.high


@inner_jit
def wait_for_more(own: Any, peer: Any, pool: Any, place: Any, row: Any, time: Any, seq: Any) -> None:
    """Remember a RST until later packets show that it ended nothing."""
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
    """Return whether the receiver acknowledged bytes that the sender sent after it had sent up to `high`."""
    if not receiver.has_acked:
        return False
    if sender.numbering != numbering:
        return after(receiver.acked, sender.isn)
    return after(receiver.acked, high) and after(sender.high, high)


@inner_jit
def settle(own: Any, peer: Any, pool: Any, bits: Any, echo_time: Any, echo: Any) -> None:
    """Set RST_IGNORED in `bits` for the RSTs of `own` that are now known to have ended nothing.

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
