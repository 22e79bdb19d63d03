"""How well the times of senders meet those of the kernel: busy and limited by the window, at both ends of the path.

The kernel's are ``busy_time`` and ``rwnd_limited`` of TCP_INFO, read when every FIN was acknowledged. They are counted
in ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

import pcapframe as pf

from .scoring import Recording

__all__ = ["Sending", "score_sending", "sending_table"]

CLOSED = 7  # TCP_CLOSE in tcpi_state
TICK_S = 0.004
FALSE_SHARE = 0.02  # of busy time, above which limited time without any of the kernel's is false


@dataclass(frozen=True)
class Sending:
    """Times of one sender, seen from one end of the path.

    Parameters
    ----------
    scenario, vantage, name : str
        What ran, ``sender`` or ``receiver``, and which connection and side.
    busy_s, limited_s : float
        Ours; NaN for null. [s]
    kernel_busy_s, kernel_limited_s, kernel_buffer_s : float
        The kernel's; the last one limited by the send buffer. [s]
    round_trip_s : float
        The kernel's smallest. [s]
    """

    scenario: str
    vantage: str
    name: str
    busy_s: float
    limited_s: float
    kernel_busy_s: float
    kernel_limited_s: float
    kernel_buffer_s: float
    round_trip_s: float

    @property
    def busy_fits(self) -> bool:
        """Whether busy time is near enough to the kernel's."""
        if self.vantage == "receiver":
            return abs(self.busy_s - self.kernel_busy_s) <= max(2 * self.round_trip_s, TICK_S)
        return abs(self.busy_s - self.kernel_busy_s) <= max(self.round_trip_s, 0.01 * self.kernel_busy_s, TICK_S)

    @property
    def limited_fits(self) -> bool:
        """Whether the time limited by the window is near enough to the kernel's."""
        off = abs(self.limited_s - self.kernel_limited_s)
        if self.vantage == "receiver":
            return off <= max(2 * self.round_trip_s, TICK_S)
        return off <= max(self.round_trip_s, 0.02 * self.kernel_limited_s, TICK_S)

    @property
    def is_false(self) -> bool:
        """Whether a sender is said to be limited that the kernel never saw so."""
        return self.kernel_limited_s == 0 and self.limited_s > FALSE_SHARE * self.kernel_busy_s


def score_sending(here: Recording, senders: Recording) -> list[Sending]:
    """Compare the columns of connections with the kernel's times.

    Parameters
    ----------
    here : Recording
        What was captured.
    senders : Recording
        The recording at the senders' end, whose sockets are the truth.
    """
    connections = pf.analyze(here.capture, progress=False).connections
    ends = [connections[name].astype(str) for name in ("client", "client_port", "server", "server_port")]
    by_ends: dict[tuple[str, ...], list[int]] = {}
    for place, key in enumerate(zip(*ends, strict=True)):
        by_ends.setdefault(key, []).append(place)
    found = []
    for info in senders.sockets:
        local, remote = (tuple(map(str, info[end])) for end in ("local", "remote"))
        for side, key in (("client", (*local, *remote)), ("server", (*remote, *local))):
            places = by_ends.get(key, [])
            if "busy_time" in info and info["state"] == CLOSED and len(places) == 1:
                vantage = "sender" if here.point == senders.point else "receiver"
                name = f"{':'.join(key)} {side}"
                found.append(_compared(connections.iloc[places[0]], side, info, here.scenario, vantage, name))
    return found


def _compared(row: Any, side: str, info: dict[str, Any], *names: str) -> Sending:
    """Put our times beside the kernel's."""
    ours = (float(row[f"{side}_{name}"]) for name in ("busy_s", "window_limited_s"))
    kernel = (info[name] / 1e6 for name in ("busy_time", "rwnd_limited", "sndbuf_limited", "min_rtt"))
    return Sending(*names, *ours, *kernel)


def sending_table(scored: Iterable[list[Sending]], *, say: Callable[[str], None] = print) -> None:
    """Print shares that fit, by vantage, and every sender that does not fit at its own side."""
    rows = [row for some in scored for row in some]
    for vantage in ("sender", "receiver"):
        of = [row for row in rows if row.vantage == vantage]
        for name, ours, fits in (
            ("busy", "busy_s", "busy_fits"), ("limited by the window", "limited_s", "limited_fits"),
        ):  # fmt: skip
            given = [row for row in of if not np.isnan(getattr(row, ours))]
            right = sum(getattr(row, fits) for row in given)
            total = len(of) if vantage == "sender" else len(given)
            say(
                f"{name} as the kernel counts, at the {vantage}'s side: {right} of {total} "
                f"({right / max(total, 1):.1%}), given for {len(given)} of {len(of)}"
            )
        say(f"  said to be limited by the window, and never for the kernel: {sum(row.is_false for row in of)}")
    for row in rows:
        if row.vantage == "sender" and not (row.busy_fits and row.limited_fits and not row.is_false):
            say(
                f"  {row.scenario} {row.name}: busy {row.busy_s:.3f}/{row.kernel_busy_s:.3f} s, limited "
                f"{row.limited_s:.3f}/{row.kernel_limited_s:.3f} s, send buffer {row.kernel_buffer_s:.3f} s"
            )
