"""Keep-alives and window probes (``probe``), and their answers (``answered_by``).

A keep-alive (RFC 9293 section 3.8.4) has ACK, at most one byte, and a sequence number one below the next one, while
everything sent is acknowledged and the peer's window is open. A window probe (ibid. section 3.8.6.1) is sent against a
window of zero: without bytes and one below the next number, as Linux does, or with one byte, which is the first byte
beyond the window or a repeat of it. The window tells the two apart; Wireshark calls every segment one below the next
number a keep-alive.

The answer is the peer's first segment after the probe with ACK, an ACK number no lower than before, and neither SYN nor
RST, that is not a probe itself. It has no bytes, unless it answers a window probe and opens the window or acknowledges
the byte. A probe waits for its answer until its sender sends another probe, or data.

Limits. A sender that has not yet seen the window close may send one byte of data, which looks like a probe. One byte
that is retransmitted because its ACK was lost behind the capture point looks like a keep-alive. If the capture begins
while a connection is idle and its first keep-alive is not answered, that keep-alive is not recognised. An answer that
comes after the next probe counts for that one.
"""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit
from pcapframe.schema import ACK, FIN, RST, SYN
from pcapframe.segments.exchange.hosts import KEEP_ALIVE, WINDOW_PROBE
from pcapframe.segments.state import before

__all__ = ["answer", "expect_answer", "probe_of"]

COPY_LIMIT_NS = 100_000_000  # a sender waits longer before it probes again


@inner_jit
def probe_of(own: Any, peer: Any, seq: Any, length: Any, flags: Any) -> Any:
    """Return what a segment probes: KEEP_ALIVE, WINDOW_PROBE, or 0 for neither."""
    if length > 1 or flags & (SYN | FIN | RST | ACK) != ACK or not own.started or not peer.has_acked:
        return 0
    below = np.uint32(own.high - seq) == 1
    if peer.window == 0:
        is_edge = length == 1 and (seq == own.high or (below and peer.acked == seq))
        return WINDOW_PROBE if below or is_edge else 0
    return KEEP_ALIVE if below and peer.acked == own.high else 0


@inner_jit
def expect_answer(own: Any, bit: Any, row: Any, seq: Any, time: Any) -> None:
    """Wait for the answer to a probe, unless it repeats the waiting probe at once: then it is a copy from the way."""
    if own.probe_bit and seq == own.probe_seq and time - own.probe_time < COPY_LIMIT_NS:
        return
    own.probe_bit, own.probe_row, own.probe_seq, own.probe_time = bit, row, seq, time


@inner_jit
def answer(own: Any, peer: Any, row: Any, ack: Any, length: Any, flags: Any, window: Any, answers: Any) -> None:
    """Record in `answers` if the segment of `row`, sent by `own`, answers the peer's probe."""
    if flags & (SYN | RST | ACK) != ACK or before(ack, own.acked):
        return
    if length > 0 and not (peer.probe_bit == WINDOW_PROBE and (window > 0 or ack != own.acked)):
        return
    answers[peer.probe_row] = row
    peer.probe_bit = 0
