"""Why a sender retransmitted, as far as the packets show (``resend_reason``).

A sender retransmits because its timer expired (``timeout``, RFC 6298), because ACKs show that bytes are missing
(``fast``, RFC 5681, 6675, 8985), or to get an ACK when the last segments go unanswered (``tail_probe``, RFC 8985
section 7).

* The timer runs from the latest of: bytes sent while nothing was outstanding, an ACK that advanced, a retransmission of
  the first outstanding bytes (RFC 6298 section 5). It takes longer than a round trip and `TIMEOUT_NS`, and then
  retransmits the first outstanding bytes: this is a ``timeout``. It is not one if SACK or duplicate ACKs ask for these
  bytes and the retransmission follows the peer's last packet at once, or soon and less than a round trip beyond
  `TIMEOUT_NS`.
* A probe retransmits the last bytes, once, two round trips after the last bytes were sent. If only one segment is
  outstanding, it waits up to `MOST_ACK_DELAY_NS` longer, but no longer than the timer (section 7.2). Probes need SACK.
  So if both ends use it, the first retransmission of a lone segment in that time is a probe, unless an earlier probe is
  unsettled (section 7.4) or a recovery is under way. After `RFC_TIMEOUT_NS` it is a ``timeout``; without SACK it always
  is. In between, and if neither a handshake nor SACK blocks were captured, it is ``unknown``.
* Retransmissions that SACK or duplicate ACKs ask for are ``fast``, and so are all others below the highest byte sent
  when that recovery began.
* After a timeout, retransmissions that follow incoming ACKs are ``unknown`` below the highest byte sent when the timer
  expired: the timer did not trigger them, and packets do not show whether the sender is still in slow start (RFC 5681
  section 3.1). If an ACK covers more than was retransmitted, and SACK had reported nothing, the timeout was needless,
  and this phase is over (F-RTO, RFC 5682).

Limits. Timeouts of a sender whose timer is shorter than `TIMEOUT_NS` are not recognised. Near the receiver, the time
since the last ACK is longer by the round trip to the sender. ``make lab`` compares the reasons with the kernel's own
counters, at the sender.
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
JITTER_NS = 32 * MILLISECOND  # by which timers are late: Linux with 250 ticks per second has steps of 32 ms
AT_ONCE_NS = 2 * MILLISECOND  # from an ACK to the retransmission that it triggers

TIMEOUT, FAST, TAIL_PROBE, SYN_RETRY, UNKNOWN = (
    RESEND_REASONS.index(name) for name in ("timeout", "fast", "tail_probe", "syn_retry", "unknown")
)


@inner_jit
def note_answer(
    own: Any, peer: Any, time: Any, has_moved: Any, ack: Any, sack: Any, sack_start: Any, sack_stop: Any
) -> None:
    """Apply the peer's ACK: if it advanced, it restarts the sender's timer; it may also settle a probe."""
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
    """Return whether the sender's timer triggered a retransmission."""
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
    """Return whether a timeout turned out to be needless: an ACK covers more than was retransmitted (RFC 5682)."""
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
    elif reported or peer.repeats >= 1 or (own.asked_at != 0 and time - own.asked_at <= trip):
        reason = np.int64(FAST)
    if is_first or reason == TAIL_PROBE:
        own.timer_at = time
        own.timer_shots = min(own.timer_shots + 1, 100)
    if reason == TAIL_PROBE:
        own.probing, own.probe_end = True, end
        return reason
    if reason == TIMEOUT:
        own.probing = False
    if reason == UNKNOWN and not by_timer and not continues:
        return reason  # no recovery is known to have begun
    if by_timer or not continues:
        own.recovering = reason + 1
        own.recovery_end = own.high
        own.recovery_blind = peer.uses_sack and not reported
        if not continues or after(end, own.recovery_top):
            own.recovery_top = end
    elif after(end, own.recovery_top):
        own.recovery_top = end
    return reason
