"""Why a sender retransmitted, as far as the packets show (``resend_reason``).

A sender sends again because its retransmission timer ran out (``timeout``, RFC 6298), because the receiver's
acknowledgements say that bytes are missing (``fast``, RFC 5681, 6675, 8985), or to make the receiver say what it has
when the last segments go unanswered (``tail_probe``, RFC 8985 section 7).

* The timer runs from the newest of: bytes sent while nothing was outstanding, an acknowledgement that moved, the first
  outstanding bytes sent again (RFC 6298 section 5). It takes longer than a round trip and `TIMEOUT_NS`, and it sends
  the first outstanding bytes again: such a resend is a ``timeout``. It is not where SACK or duplicate acknowledgements
  ask for these bytes and the resend follows the peer's last packet at once, or soon and less than a round trip beyond
  `TIMEOUT_NS`.
* A probe sends the last bytes again, once, two round trips after the last ones were sent. Where a segment is
  outstanding alone, it waits up to `MOST_ACK_DELAY_NS` longer, but no longer than the timer (section 7.2). Probes need
  SACK, so where both ends use it, the first resend of a lone segment in that time is a probe, unless a probe
  before it is not yet settled (section 7.4) or a recovery is under way. After `RFC_TIMEOUT_NS` it is a ``timeout``, as
  without SACK at any time; in between, and without a captured handshake and SACK blocks, it is ``unknown``.
* What SACK or duplicate acknowledgements ask for is ``fast``, and so is every resend of bytes below those sent when
  that recovery began.
* What is sent again after a timeout as acknowledgements come in is ``unknown``, for bytes below those sent when the
  timer ran out: the timer did not bring it about, and packets do not show whether the sender is still in slow start
  (RFC 5681 section 3.1). If an acknowledgement covers more than was sent again, and SACK had reported nothing, it was
  needless, and that is over (F-RTO, RFC 5682).

Limits. A sender whose timer is shorter than `TIMEOUT_NS` is not known to have timed out. Near the receiver the time
since the last acknowledgement is longer by the way to the sender and back. What the kernel itself says is compared
at the sender (``make lab``).
"""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit
from pcapframe.schema import RESEND_REASONS, SYN
from pcapframe.segments.evidence.directions import MILLISECOND, TIMEOUT_NS, is_dsack
from pcapframe.segments.state import after, before

__all__ = ["note_answer", "note_sent", "reason_of"]

MOST_ACK_DELAY_NS = 200 * MILLISECOND  # added to the probe's time for a segment that is outstanding alone
RFC_TIMEOUT_NS = 1000 * MILLISECOND  # the shortest timeout by RFC 6298 section 2.4
JITTER_NS = 32 * MILLISECOND  # of timers, beyond their time: Linux with 250 ticks a second has steps of 32 ms
AT_ONCE_NS = 2 * MILLISECOND  # from an acknowledgement to the resend that answers it

TIMEOUT, FAST, TAIL_PROBE, SYN_RETRY, UNKNOWN = (
    RESEND_REASONS.index(name) for name in ("timeout", "fast", "tail_probe", "syn_retry", "unknown")
)


@inner_jit
def note_answer(
    own: Any, peer: Any, time: Any, has_moved: Any, ack: Any, sack: Any, sack_start: Any, sack_stop: Any
) -> None:
    """Take an acknowledgement of the peer: one that moved starts the sender's timer anew, and it may settle a probe."""
    if has_moved:
        own.timer_at = time
        own.timer_shots = 0
    if own.probing and (after(ack, own.probe_end) or is_dsack(ack, sack, sack_start, sack_stop)):
        own.probing = False


@inner_jit
def note_sent(own: Any, peer: Any, time: Any) -> None:
    """Start the timer of a sender that sends new bytes with nothing outstanding."""
    if own.timer_at == 0 or (peer.has_acked and peer.acked == own.high):
        own.timer_at = time
        own.timer_shots = 0


@inner_jit
def _timed_out(own: Any, peer: Any, is_first: Any, asked: Any, time: Any) -> Any:
    """Whether the sender's timer brings about a resend."""
    if not is_first or own.timer_at == 0:
        return False
    since, heard, trip = time - own.timer_at, time - peer.last_at, own.rtt + peer.rtt
    if since < max(TIMEOUT_NS, trip):
        return False
    if not asked:
        return True
    if heard <= peer.rtt + AT_ONCE_NS:
        return False
    return since >= TIMEOUT_NS + trip or heard > peer.rtt + trip // 4 + JITTER_NS


@inner_jit
def _of_lone_segment(own: Any, peer: Any, time: Any) -> Any:
    """Tell a probe of the only segment outstanding from a timeout, by the time it took."""
    if own.timer_shots > 0 or own.probing:
        return TIMEOUT
    if not (own.uses_sack or peer.uses_sack):
        return TIMEOUT if own.syn_seen and peer.syn_seen else UNKNOWN
    longest = (2 * (max(own.rtt, own.smooth_rtt) + peer.rtt) + MOST_ACK_DELAY_NS) * 11 // 8 + JITTER_NS
    since = time - own.timer_at
    if since <= longest:
        return TAIL_PROBE
    return TIMEOUT if since >= RFC_TIMEOUT_NS else UNKNOWN


@inner_jit
def _is_over(own: Any, peer: Any) -> Any:
    """Whether a timeout turned out to be needless: more is acknowledged than was sent again (RFC 5682)."""
    return own.recovering == TIMEOUT + 1 and own.recovery_blind and after(peer.acked, own.recovery_top)


@inner_jit
def reason_of(own: Any, peer: Any, seq: Any, end: Any, flags: Any, time: Any) -> Any:
    """Return why the sender retransmitted, as far as the packets show; start or continue a recovery."""
    if flags & SYN:
        return SYN_RETRY
    idle, trip = time - own.last_sent, own.rtt + peer.rtt
    is_first = not peer.has_acked or not after(seq, peer.acked)  # of what is outstanding
    is_tail = end == own.high
    reported = peer.sacked and after(peer.sack_high, seq)
    continues = own.recovering != 0 and before(seq, own.recovery_end) and not _is_over(own, peer)
    reason = np.int64(UNKNOWN)
    by_timer = _timed_out(own, peer, is_first, reported or peer.repeats >= 3, time)
    if by_timer:
        is_lone = is_tail and not continues and not before(seq, own.top_seq)
        reason = _of_lone_segment(own, peer, time) if is_lone else np.int64(TIMEOUT)
    elif continues:
        reason = np.int64(FAST) if own.recovering == FAST + 1 else np.int64(UNKNOWN)
    elif is_tail and trip > 0 and idle >= min(2 * trip, TIMEOUT_NS + trip) * 7 // 8:
        reason = np.int64(TAIL_PROBE)
    elif reported or peer.repeats >= 1 or (own.was_asked and time - own.timer_at <= trip):
        reason = np.int64(FAST)
    if is_first or reason == TAIL_PROBE:
        own.timer_at = time
        own.timer_shots = min(own.timer_shots + 1, 100)
    if reason == TAIL_PROBE:
        own.probing, own.probe_end = True, end
        return reason
    if reason == TIMEOUT:
        own.probing = False
    if by_timer or not continues:
        own.recovering = reason + 1
        own.recovery_end = own.high
        own.recovery_blind = peer.uses_sack and not reported
        if not continues or after(end, own.recovery_top):
            own.recovery_top = end
    elif after(end, own.recovery_top):
        own.recovery_top = end
    return reason
