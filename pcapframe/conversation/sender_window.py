"""The window that a sender knows, and how long it is limited by it.

A sender at a distance gets a window later than the capture point sees it; until then the window is in a queue. Where
bytes are sent beyond the window that the sender is thought to know, it had a later one, and so is nearer than thought.

A sender that paces itself, as with BBR, is limited only after the pause that it makes by itself. The pauses before show
how long this is.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import NO_TIME, Array
from pcapframe.conversation.sender_state import HELD, LIMITED, log, repairing_ns
from pcapframe.jit import inner_jit

__all__ = ["Edges", "arrive", "end_limited", "give_limited", "keep_pace", "next_turn", "offer", "raise_scale"]

MOST_SCALE = 14  # RFC 7323 section 2.3
AT_ONCE_NS = 300_000  # segments of one burst are not further apart [ns]
RELEASED_NS = 1_000_000  # a segment sent so soon after an acknowledgement waited for it [ns]


class Edges(NamedTuple):
    """Pool of windows under way to their sender: one linked list per direction, by time."""

    time: Array  # int64, when the capture point sees it [ns]
    edge: Array  # int64
    link: Array  # int32, next one of this direction, or next free one, + 1; 0 for none
    free: Array  # int64: the first released one + 1, and how many were ever used


@inner_jit
def _move(own: Any, edge: Any, time: Any) -> None:
    """Let the sender know another window."""
    own.edge, own.has_edge, own.heard_at = edge, True, time
    if own.limited_since != NO_TIME:
        own.moved_at = time
        fits = edge >= own.high + own.largest
        if fits and own.fits_at == NO_TIME:
            own.fits_at = time
        elif not fits:
            own.fits_at = NO_TIME


@inner_jit
def arrive(own: Any, time: Any, edges: Any) -> None:
    """Let the sender have the first window that is under way."""
    values, link, free = edges[1], edges[2], edges[3]
    at = own.first_edge - 1
    _move(own, values[at], time)
    own.first_edge = link[at]
    if own.first_edge == 0:
        own.last_edge = 0
    link[at] = free[0]
    free[0] = at + 1


@inner_jit
def offer(own: Any, edge: Any, now: Any, time: Any, edges: Any) -> None:
    """Send a window to the sender, which gets it at `time` unless it shows that it had it before."""
    if time <= now or (own.busy_since == NO_TIME and own.first_edge == 0):
        _move(own, edge, time)
        return
    times, values, link, free = edges
    if own.last_edge and values[own.last_edge - 1] == edge:
        return
    at = free[0] - 1
    if at >= 0:
        free[0] = link[at]
    else:
        at = free[1]
        free[1] += 1
    times[at], values[at], link[at] = now, edge, 0
    if own.last_edge:
        link[own.last_edge - 1] = at + 1
    else:
        own.first_edge = at + 1
    own.last_edge = at + 1


@inner_jit
def raise_scale(own: Any, edges: Any) -> None:
    """Raise the scale of the window so that what is outstanding fits into it."""
    flight = own.high - own.acked
    if flight <= own.window or own.window <= 0:
        return
    while own.window < flight and own.scale < MOST_SCALE:
        own.window, own.scale = own.window << 1, own.scale + 1
    link, free = edges[2], edges[3]
    while own.first_edge:  # they were scaled by too little
        at = own.first_edge - 1
        own.first_edge, link[at], free[0] = link[at], free[0], at + 1
    own.last_edge = 0
    own.edge = own.acked + own.window
    own.is_bounded, own.limited_ns, own.limited_since = True, 0, NO_TIME  # judged by too small a window


@inner_jit
def give_limited(own: Any, place: Any, time: Any, spans: Any) -> None:
    """Count the time since the window was full as limited by it."""
    if time > own.limited_since:
        own.limited_ns += time - own.limited_since
        log(spans, place, LIMITED, own.limited_since, time)
        own.repairing_ns -= max(repairing_ns(own, time) - own.repairing_then, 0)
    if own.busy_since == NO_TIME:
        own.busy_ns += max(time - own.idle_since, 0)
        log(spans, place, HELD, own.idle_since, time)
        own.idle_since = time


@inner_jit
def end_limited(own: Any, place: Any, length: Any, time: Any, prompt_ns: Any, spans: Any) -> None:
    """Judge by the next segment, of some new bytes, whether the sender was limited by the window."""
    did_fit = length == 0 or own.high + min(length, own.largest) <= own.edge_then
    opened = own.fits_at if own.fits_at != NO_TIME else own.moved_at
    if not did_fit and own.limited_since < opened and time - opened <= prompt_ns:
        give_limited(own, place, time, spans)
    own.limited_since = NO_TIME


@inner_jit
def keep_pace(own: Any, time: Any, length: Any) -> None:
    """Follow the pauses between bursts that neither the window nor an acknowledgement ends.

    Linux halves the pause after a burst that had to wait, or that follows idle time (``tcp_update_skb_after_send``).
    """
    pause = time - own.sent_at
    if own.sent_at == NO_TIME or own.busy_since == NO_TIME:
        own.burst, own.is_late = 0, True
    elif pause > AT_ONCE_NS:
        pause <<= np.int64(own.is_late)
        is_heard = time - own.heard_at <= RELEASED_NS or (own.lag_ns and own.heard_at > own.sent_at)
        is_late = own.limited_since != NO_TIME or is_heard
        if is_late:
            own.pause = min(own.pause, pause)
        else:
            own.pause_before, own.pause, own.paused_bytes = own.pause, pause, own.burst
        own.burst, own.is_late = 0, is_late
    own.sent_at = time
    own.burst += length


@inner_jit
def next_turn(own: Any) -> Any:
    """Return how long the sender pauses by itself after this burst, as far as the bursts before it show [ns]."""
    pause = min(own.pause, own.pause_before) >> np.int64(own.is_late)
    return pause * own.burst // own.paused_bytes if own.burst < own.paused_bytes else pause
