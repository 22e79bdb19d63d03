"""What is known of a sender while its connection is followed, and how its busy time and its repairing end."""

from typing import Any

import numpy as np

from pcapframe.arrays import NO_TIME, YEAR_NS
from pcapframe.jit import inner_jit

__all__ = [
    "BUSY", "HELD", "LIMITED", "LINK", "REPAIRING", "SENDER", "SPAN", "UNKNOWN", "end_busy", "end_repairing", "log",
    "repairing_ns", "take_answer",
]  # fmt: skip

UNKNOWN = -1
NEAR_NS = 200_000  # answers within this come from the host at the capture point [ns]
NEAR_SHARE = 8  # and so do answers in less than this part of the other side's
BUSY, REPAIRING, LIMITED, HELD = 1, 2, 3, 4  # kinds of spans; HELD is busy time with nothing outstanding

# State of a direction: the sender of its bytes. Numbers are relative to its SYN.
SENDER = np.dtype(
    [
        ("high", np.int64),  # end of what was sent
        ("acked", np.int64),
        ("window", np.int64),  # last one that the peer offered
        ("edge", np.int64),  # end of the window that the sender knows
        ("edge_then", np.int64),  # when it began to be limited
        ("recover", np.int64),  # what ends the repairing if acknowledged
        ("busy_since", np.int64),  # [ns], NO_TIME while not
        ("clear_at", np.int64),  # when the sender learns that all is acknowledged; NO_TIME if it is not
        ("idle_since", np.int64),
        ("repairing_since", np.int64),
        ("repaired_at", np.int64),
        ("limited_since", np.int64),
        ("fits_at", np.int64),  # when a full segment fitted again
        ("moved_at", np.int64),  # when the window moved last, since it began to be limited
        ("busy_ns", np.int64),
        ("repairing_ns", np.int64),
        ("limited_ns", np.int64),
        ("repairing_then", np.int64),  # how long it had been repairing when it began to be limited
        ("answer_ns", np.int64),  # UNKNOWN for none
        ("lag_ns", np.int64),  # how much later it gets what the capture point sees
        ("sent_at", np.int64),  # last new bytes
        ("clock_at", np.int64),  # when its timestamp clock was 0, by the packet with the least delay [ns]
        ("ticks_at", np.int64),  # when its first timestamp was captured
        ("first_tick", np.int64),  # that timestamp
        ("heard_at", np.int64),  # last window
        ("pause", np.int64),  # between bursts that nothing but the sender held back: the last one [ns]
        ("pause_before", np.int64),  # and the one before
        ("paused_bytes", np.int64),  # sent at once before the last one
        ("burst", np.int64),  # bytes sent at once
        ("largest", np.int32),  # payload
        ("largest_allowed", np.int32),  # by the options of both
        ("first_edge", np.int32),  # of the windows under way to the sender, + 1
        ("last_edge", np.int32),
        ("segments", np.int32),  # with bytes or a FIN
        ("resends", np.int32),
        ("scale", np.int8),  # smallest that fits, where it is unknown
        ("is_late", np.bool_),  # the burst had to wait, or follows idle time
        ("keeps_time", np.bool_),  # its timestamps count milliseconds, as far as seen
        ("sent_any", np.bool_),  # bytes
        ("is_seen", np.bool_),  # any packet
        ("has_acks", np.bool_),  # of the peer
        ("has_edge", np.bool_),
        ("lacks_scale", np.bool_),
        ("is_bounded", np.bool_),
        ("is_probing", np.bool_),
        ("has_fin", np.bool_),
        ("lacks_bytes", np.bool_),  # of which it is unknown when they were sent
    ],
    align=True,
)
LINK = np.dtype(
    [
        ("first_at", np.int64),  # [ns]
        ("last_at", np.int64),
        ("begun_at", np.int64),  # handshake complete, or the first packet
        ("syn_at", np.int64),  # the latest one
        ("syn_ack_at", np.int64),
        ("has_syn", np.bool_),
        ("awaits_ack", np.bool_),
        ("is_repeated", np.bool_),  # the SYN-ACK: which one is answered is unknown
        ("is_unclear", np.bool_),  # times are unknown
    ],
    align=True,
)
SPAN = np.dtype([("sender", np.int64), ("kind", np.int8), ("start", np.int64), ("end", np.int64)])


@inner_jit
def log(spans: Any, place: Any, kind: Any, start: Any, end: Any) -> None:
    """Write a span, if they are wanted; the first one counts them."""
    if spans is not None:  # else there is no code at all: to pass an array on takes longer than the rest
        if end > start:
            spans[0].sender += 1
            span = spans[spans[0].sender]
            span.sender, span.kind, span.start, span.end = place, kind, start, end


@inner_jit
def end_repairing(own: Any, place: Any, time: Any, spans: Any) -> None:
    """End the repairing."""
    own.repairing_ns += max(time - own.repairing_since, 0)
    log(spans, place, REPAIRING, own.repairing_since, time)
    own.repairing_since = own.repaired_at = NO_TIME


@inner_jit
def end_busy(own: Any, place: Any, time: Any, spans: Any) -> None:
    """Let the sender be idle."""
    if own.repairing_since != NO_TIME:
        end_repairing(own, place, time, spans)
    own.busy_ns += max(time - own.busy_since, 0)
    log(spans, place, BUSY, own.busy_since, time)
    own.busy_since = own.clear_at = NO_TIME
    own.idle_since = time


@inner_jit
def repairing_ns(own: Any, time: Any) -> Any:
    """Return how long the sender was repairing until now [ns]."""
    return own.repairing_ns + (max(time - own.repairing_since, 0) if own.repairing_since != NO_TIME else 0)


@inner_jit
def take_answer(own: Any, peer: Any, sample: Any) -> None:
    """Take a time that the host needed to answer."""
    if 0 <= sample < YEAR_NS and (own.answer_ns < 0 or sample < own.answer_ns):
        own.answer_ns = sample
        for one, other in ((own, peer), (peer, own)):
            is_near = one.answer_ns < max(NEAR_NS, other.answer_ns // NEAR_SHARE)
            one.lag_ns = 0 if is_near else one.answer_ns
