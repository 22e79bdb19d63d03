"""Why a sender retransmitted, as far as the packets show (``resend_reason``).

Limits. A tail probe of the only segment outstanding may take as long as a timeout (RFC 8985 section 7.2), and then
counts as one.
"""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit
from pcapframe.schema import RESEND_REASONS, SYN
from pcapframe.segments.evidence.directions import TIMEOUT_NS
from pcapframe.segments.state import after, before

__all__ = ["reason_of"]

TIMEOUT, FAST, TAIL_PROBE, SYN_RETRY, UNKNOWN = (
    RESEND_REASONS.index(name) for name in ("timeout", "fast", "tail_probe", "syn_retry", "unknown")
)


@inner_jit
def reason_of(own: Any, peer: Any, seq: Any, end: Any, flags: Any, time: Any) -> Any:
    """Return why the sender retransmitted, as far as the packets show; start or continue a recovery."""
    if flags & SYN:
        return SYN_RETRY
    if own.recovering and before(seq, own.recovery_end):
        return np.int64(own.recovering) - 1
    idle = time - own.last_sent
    reported = peer.sacked and after(peer.sack_high, seq)
    is_tail = end == own.high and own.rtt > 0 and idle >= own.rtt + peer.rtt
    is_first = not peer.has_acked or not after(seq, peer.acked)  # of what is outstanding
    if reported or peer.repeats >= 3:
        reason = FAST if idle < TIMEOUT_NS else TIMEOUT
    elif is_tail and (idle < TIMEOUT_NS or not is_first):  # a timeout begins with the first (RFC 6298 section 5.4)
        reason = TAIL_PROBE
    elif idle >= TIMEOUT_NS:
        reason = TIMEOUT
    elif peer.repeats >= 1:
        reason = FAST
    else:
        reason = UNKNOWN
    if reason != TAIL_PROBE:
        own.recovering = reason + 1
        own.recovery_end = own.high
    return reason
