"""Irregular times of the capture, whatever the filter.

- ``packets_without_time``: packets without a time in the file.
- ``time_backwards``: packets with an earlier time than the packet before them. Below a second, they may only have been
  written out of order. A second or more is a step of the clock, and durations across it are unknown.
- ``clock_steps``: steps of the capture clock relative to the TCP timestamps (see `find_clock_steps` for its limits).
"""

import numpy as np

from pcapframe.analysis.clock import find_clock_steps
from pcapframe.analysis.health._api import Finding
from pcapframe.analysis.health._statistics import UNKNOWN, Qualifier
from pcapframe.analysis.health._view import Finder, View, name_evidence
from pcapframe.arrays import NO_TIME, Array
from pcapframe.wording import agreeing, counted, seconds

__all__ = ["FINDINGS"]

STEP_S = 1.0  # from here on, time running backwards is a step of the clock; below, reordered packets [s]


def _times(view: View) -> Array:
    return view.packets["time"].to_numpy("datetime64[ns]").view(np.int64)


def _without_time(view: View) -> Finding | None:
    rows = np.flatnonzero(_times(view) == NO_TIME)
    if not rows.size:
        return None
    return Finding(
        "packets_without_time",
        f"{rows.size:,} of {counted(len(view.packets), 'packet')} {agreeing(rows.size, 'has', 'have')} no time.",
        {"packets_without_time": rows.size, "packets": len(view.packets)},
        {"durations": UNKNOWN, "round_trips": UNKNOWN, "resend_reasons": UNKNOWN},
        view.of_packets(rows),
    )


def _backwards(view: View) -> Finding | None:
    times = _times(view)
    if not (times[1:] < times[:-1]).any():
        return None
    timed = np.flatnonzero(times != NO_TIME)
    steps = np.diff(times[timed])
    back = np.flatnonzero(steps < 0)
    if not back.size:
        return None
    largest = float(-steps.min() / 1e9)
    affects: dict[str, Qualifier] = {"round_trips": UNKNOWN}
    if largest >= STEP_S:
        affects |= {"durations": UNKNOWN, "resend_reasons": UNKNOWN}
    return Finding(
        "time_backwards",
        f"{back.size:,} of {counted(len(times), 'packet')} {agreeing(back.size, 'is', 'are')} earlier than the one "
        f"before, by up to {seconds(largest)}.",
        {"packets_backwards": back.size, "packets": len(times), "largest_step_s": largest},
        affects,
        view.of_packets(timed[back + 1]),
    )


def _steps(view: View) -> Finding | None:
    steps = find_clock_steps(view.all_segments)
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
            "tcp_packets": len(view.all_segments),
            "largest_step_s": largest.seconds,
            "directions": max(step.directions for step in steps),
        },
        {"durations": UNKNOWN, "round_trips": UNKNOWN, "resend_reasons": UNKNOWN},
        name_evidence(frames),
    )


FINDINGS: dict[str, Finder] = {
    "packets_without_time": _without_time,
    "time_backwards": _backwards,
    "clock_steps": _steps,
}
