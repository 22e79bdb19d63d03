"""Keep-alives and window probes (``probe``), and what answers them (``answered_by``).

A keep-alive (RFC 9293 section 3.8.4) has at most one byte, ACK, and the number one below the next to be sent, while
all that was sent is acknowledged and the peer's window is open. A window probe (ibid. section 3.8.6.1) is sent against
a window of zero: without bytes and one below the next number, as Linux does, or with one byte, the first that the
window does not take or the same one again. The window decides between the two, where Wireshark calls what lies one
below a keep-alive.

The answer is the peer's first segment with ACK after the probe that acknowledges no less than before and is neither SYN
nor RST nor a probe itself: one without bytes, or after a window probe one that opens the window or takes the byte.
A probe waits for its answer until its sender sends the next, or sends data.

Limits. A sender that has not seen yet that the window closed may send one byte of data, which looks like a probe. One
byte sent again when its acknowledgement was lost behind the capture point looks like a keep-alive with that byte. In a
capture that begins while a connection idles, the first keep-alive that is not answered is not known. The answer to one
probe that takes longer than until the next one counts for the next one.
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
    """Wait for the answer to a probe, unless it repeats at once the one that waits: that is a copy made on the way."""
    if own.probe_bit and seq == own.probe_seq and time - own.probe_time < COPY_LIMIT_NS:
        return
    own.probe_bit, own.probe_row, own.probe_seq, own.probe_time = bit, row, seq, time


@inner_jit
def answer(own: Any, peer: Any, row: Any, ack: Any, length: Any, flags: Any, window: Any, answers: Any) -> None:
    """Note in `answers` if the segment of `row`, sent by `own`, answers the peer's probe."""
    if flags & (SYN | RST | ACK) != ACK or before(ack, own.acked):
        return
    if length > 0 and not (peer.probe_bit == WINDOW_PROBE and (window > 0 or ack != own.acked)):
        return
    answers[peer.probe_row] = row
    peer.probe_bit = 0
