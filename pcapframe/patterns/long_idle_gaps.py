"""Long idle gaps within connections.

Observed: the time between one packet of a connection and its next.

Rule: reported when in some connection no packet came for ``idle_s`` or longer, and then one did.

Limits: a keep-alive ends an idle gap. Packets missing from the capture make a gap look longer. Neither the time after
a connection's last packet nor the pauses between retries of unanswered SYNs count.

RFC 9293 section 3.8.4 (keep-alives), RFC 5382 section 5 (idle times of NATs).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import counted, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "LongIdleGapsLimits", "observe"]

NAME = "long_idle_gaps"
CATEGORY = "connection_lifecycle"
RESTS_ON = ("open_endings",)
READS = ("keep_alive", "probe")

WRITTEN = {
    "rst": "RST",
    "fin": "FIN",
    "keep_alive": "keep-alive",
    "window_probe": "window probe",
    "other": "of another kind",
}


class LongIdleGapsLimits(NamedTuple):
    """What counts as long.

    Parameters
    ----------
    idle_s : float, default 60.0
        Shortest idle gap that is reported. [s]
    """

    idle_s: float = 60.0


LIMITS = LongIdleGapsLimits


def observe(traffic: Traffic, limits: LongIdleGapsLimits) -> Pattern | None:
    """Find long idle gaps and what ended them.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : LongIdleGapsLimits
        What counts as long.

    Returns
    -------
    Pattern or None
        ``gaps``, ``connections`` of ``total_connections``, ``by_connection`` [gaps] of
        ``by_connection_total``, ``longest_s`` and ``median_s`` [s], ``threshold_s`` [s], and by the packet
        that ended them ``ended_by`` (``rst``, ``fin``, ``window_probe``, ``keep_alive``, ``data`` or ``other``) and
        ``ended_by_client`` [gaps]. Evidence: these packets.
    """
    duration = traffic.connections["duration_s"].to_numpy()
    mask = (duration >= limits.idle_s) & ~traffic.is_in("handshake", "unanswered")
    traffic.need(idle_s=limits.idle_s)
    idle = traffic.noted("idle")
    rows, before = (traffic.noted_rows(idle[name]) for name in ("frame", "before"))
    idle_s = traffic.seconds_between(before, rows)
    is_gap = (idle_s >= limits.idle_s) & mask[traffic.place(rows)]
    if not is_gap.any():
        return None
    rows, idle_s = rows[is_gap], idle_s[is_gap]
    counts = np.bincount(traffic.place(rows), minlength=traffic.size)
    by_connection, pairs = traffic.endpoints.count_pairs(counts)
    connections = int((counts > 0).sum())
    observations: dict[str, Any] = {
        "gaps": rows.size,
        "connections": connections,
        "total_connections": traffic.size,
        "by_connection": by_connection,
        "by_connection_total": pairs,
        "longest_s": idle_s.max(),
        "median_s": np.median(idle_s),
        "threshold_s": limits.idle_s,
        "ended_by": _kinds(traffic, rows),
        "ended_by_client": int(traffic.from_client(rows).sum()),
    }
    kinds = ", ".join(f"{count:,} {WRITTEN.get(name, name)}" for name, count in observations["ended_by"].items())
    description = (
        f"{connections:,} of {counted(traffic.size, 'connection')} had {counted(rows.size, 'idle gap')} of at "
        f"least {seconds(limits.idle_s)}, the longest {seconds(float(idle_s.max()))}; ended by: "
        f"{kinds}."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows))


def _kinds(traffic: Traffic, rows: Array) -> dict[str, int]:
    """Count packets by kind, without zeros."""
    conditions = {
        "rst": traffic.has_flag(rows, "RST"),
        "fin": traffic.has_flag(rows, "FIN"),
        "window_probe": (traffic.series("probe").take(rows) == "zero_window").to_numpy(),
        "keep_alive": traffic.column("keep_alive")[rows],
        "data": traffic.payload(rows) > 0,
    }
    kind = np.select(list(conditions.values()), np.arange(len(conditions)), default=len(conditions))
    counts = np.bincount(kind, minlength=len(conditions) + 1).tolist()
    return {name: count for name, count in zip((*conditions, "other"), counts, strict=True) if count}
