"""Irregular times of the capture, whatever the filter.

- ``packets_without_time``: packets without a time in the file.
- ``time_backwards``: packets with an earlier time than the packet before them. Below a second, they may only have been
  written out of order. A second or more is a step of the clock, and durations across it are unknown.
- ``times_alike``: all packets have the same time. What takes time is unknown then.
- ``time_jumps``: the time of a file jumps by a year or more, forward or back. Durations across a jump are unknown, and
  so is the time of packets that are years from those before and after them.
- ``clock_steps``: steps of the capture clock relative to the TCP timestamps (see `find_clock_steps` for its limits).
"""

import numpy as np

from pcapframe.analysis.health._api import Finding
from pcapframe.analysis.health._statistics import UNKNOWN, Qualifier
from pcapframe.analysis.health._view import FinderOfWhole, Recorded, name_evidence
from pcapframe.arrays import NO_TIME, Array
from pcapframe.memory import rows_where, stretches
from pcapframe.patterns import Evidence
from pcapframe.segments import find_jumps, stand_still
from pcapframe.wording import agreeing, counted, seconds

__all__ = ["FINDINGS"]

STEP_S = 1.0  # from here on, time running backwards is a step of the clock; below, reordered packets [s]


def _times(view: Recorded) -> Array:
    return view.packets["time"].to_numpy("datetime64[ns]").view(np.int64)


def _without_time(view: Recorded) -> Finding | None:
    times = _times(view)
    rows = rows_where(times.size, lambda some: times[some] == NO_TIME)
    if not rows.size:
        return None
    return Finding(
        "packets_without_time",
        f"{rows.size:,} of {counted(view.counts.packets, 'packet')} {agreeing(rows.size, 'has', 'have')} no time.",
        {"packets_without_time": rows.size, "packets": view.counts.packets},
        {"durations": UNKNOWN, "round_trips": UNKNOWN, "resend_reasons": UNKNOWN},
        view.of_packets(rows),
    )


def _backwards(view: Recorded) -> Finding | None:
    times = _times(view)
    back, largest = _steps_back(times)
    if not back.size:
        return None
    affects: dict[str, Qualifier] = {"round_trips": UNKNOWN}
    packets = view.counts.packets
    if largest >= STEP_S:
        affects |= {"durations": UNKNOWN, "resend_reasons": UNKNOWN}
    return Finding(
        "time_backwards",
        f"{back.size:,} of {counted(packets, 'packet')} {agreeing(back.size, 'is', 'are')} earlier than the one "
        f"before, by up to {seconds(largest)}.",
        {"packets_backwards": back.size, "packets": packets, "largest_step_s": largest},
        affects,
        view.of_packets(back),
    )


def _steps_back(times: Array) -> tuple[Array, float]:
    """Return the packets that are earlier than the one with a time before them, and the largest step in seconds."""
    found, last, most = [np.empty(0, np.intp)], NO_TIME, 0
    for rows in stretches(times.size):
        timed = rows.start + np.flatnonzero(times[rows] != NO_TIME)
        if timed.size:
            known = times[timed]
            steps = np.diff(known, prepend=known[0] if last == NO_TIME else last)
            last, most = known[-1], min(most, int(steps.min()))
            found.append(timed[steps < 0])
    return np.concatenate(found), -most / 1e9


def _alike(view: Recorded) -> Finding | None:
    if not stand_still(view.packets):
        return None
    when = view.packets["time"].iloc[0].isoformat()
    return Finding(
        "times_alike",
        f"All {counted(view.counts.packets, 'packet')} have the same time, {when}: when each was captured is unknown.",
        {"packets": view.counts.packets},
        {"durations": UNKNOWN, "round_trips": UNKNOWN, "resend_reasons": UNKNOWN},
        Evidence(),
    )


def _jumps(view: Recorded) -> Finding | None:
    jumps = find_jumps(view.packets)
    if jumps is None:
        return None
    astray = jumps.astray_count
    largest = jumps.largest_ns / 1e9
    far = f"; {counted(astray, 'packet')} {agreeing(astray, 'is', 'are')} that far from those before and after"
    return Finding(
        "time_jumps",
        f"The time jumps by a year or more {counted(jumps.rows.size, 'time')}, by up to {seconds(abs(largest))} "
        f"{'forward' if largest > 0 else 'back'}{far if astray else ''}.",
        {"jumps": jumps.rows.size, "largest_jump_s": largest, "packets_astray": astray, "packets": view.counts.packets},
        {"durations": UNKNOWN, "round_trips": UNKNOWN, "resend_reasons": UNKNOWN},
        view.of_packets(jumps.rows),
    )


def _steps(view: Recorded) -> Finding | None:
    steps = view.clock_steps(view.segments)
    if not steps:
        return None
    frames = np.array([step.frame for step in steps])
    largest = max(steps, key=lambda step: abs(step.seconds))
    way = "forward" if largest.seconds > 0 else "back"
    return Finding(
        "clock_steps",
        f"The clock of the capture steps {counted(len(steps), 'time')} against the timestamps in the packets, by up "
        f"to {seconds(abs(largest.seconds))} {way}.",
        {
            "steps": len(steps),
            "tcp_packets": len(view.segments),
            "largest_step_s": largest.seconds,
            "directions": max(step.directions for step in steps),
        },
        {"durations": UNKNOWN, "round_trips": UNKNOWN, "resend_reasons": UNKNOWN},
        name_evidence(frames, of=view.packets),
    )


FINDINGS: dict[str, FinderOfWhole] = {
    "packets_without_time": _without_time,
    "times_alike": _alike,
    "time_backwards": _backwards,
    "time_jumps": _jumps,
    "clock_steps": _steps,
}
