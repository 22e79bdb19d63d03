"""Transfers that spend much of their time limited by the peer's window, or repairing what was lost.

Observed: how long each sender was busy, and how much of that it was limited by the window or repairing
(``client_busy_s``, ``client_window_limited_s``, ``client_repairing_s`` of connections, and those of the server).

Rule: reported when in at least ``min_directions`` directions of connections the sender was busy for ``busy_s`` or
longer, and limited by the window or repairing for at least ``share`` of that.

Limits: directions whose times are unknown are left out. A sender that a full congestion window or send buffer holds
back is busy, or idle, and not limited by the window. Why a window is small, or why bytes were lost, is not told.

RFC 9293 section 3.8.6 (window), RFC 6298 and RFC 5681 (repairing).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.patterns._turns import CATEGORY
from pcapframe.wording import counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "HeldBackTransfersLimits", "observe"]

NAME = "held_back_transfers"
RESTS_ON = ("durations", "directions", "retransmissions")
READS = ("window_full", "zero_window", "resent")
SENDERS = ("client", "server")


class HeldBackTransfersLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    share : float, default 0.5
        Smallest share of the busy time that was limited by the window or spent repairing. [0 to 1]
    busy_s : float, default 0.5
        Shortest busy time of a direction. [s]
    min_directions : int, default 1
        Fewest directions of connections. [directions]
    """

    share: float = 0.5
    busy_s: float = 0.5
    min_directions: int = 1


LIMITS = HeldBackTransfersLimits


def observe(traffic: Traffic, limits: HeldBackTransfersLimits) -> Pattern | None:
    """Find directions whose sender was held back most of its busy time.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : HeldBackTransfersLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``directions`` of ``total_directions`` (busy for as long), ``connections`` of ``total_connections``;
        ``busy_s``, ``window_limited_s``, ``repairing_s`` of these directions [s], ``window_share`` and
        ``repairing_share`` of their busy time [0 to 1], and ``by_connection`` of ``directions``: the 100 that were
        held back longest, each with ``conn_id``, ``connection``, ``sender`` (``client`` or ``server``), ``busy_s``,
        ``window_limited_s`` and ``repairing_s`` [s]. Evidence: their segments that fill a window, or were sent again,
        and packets that tell them of a window of zero.
    """
    busy = _by_side(traffic, "busy_s")
    long = busy >= limits.busy_s
    if not long.any():
        return None
    limited, repairing = (_by_side(traffic, name) for name in ("window_limited_s", "repairing_s"))
    held = limited + repairing
    chosen = long & (held >= limits.share * busy)
    sides = np.flatnonzero(chosen)
    if sides.size < max(limits.min_directions, 1):
        return None
    mask: Mask = chosen[::2] | chosen[1::2]
    order = sides[np.argsort(-held[sides], kind="stable")][:LISTED]
    total, by_window, by_repairing = busy[sides].sum(), limited[sides].sum(), repairing[sides].sum()
    observations: dict[str, Any] = {
        "directions": sides.size,
        "total_directions": int(np.count_nonzero(long)),
        "connections": int(np.count_nonzero(mask)),
        "total_connections": traffic.size,
        "busy_s": total,
        "window_limited_s": by_window,
        "repairing_s": by_repairing,
        "window_share": by_window / total,
        "repairing_share": by_repairing / total,
        "by_connection": _listed(traffic, order, busy, limited, repairing),
    }
    description = (
        f"In {counted(sides.size, 'direction')} of {counted(observations['connections'], 'connection')}, senders were "
        f"held back for {percent((by_window + by_repairing) / total)} of the {seconds(total)} in which they were busy: "
        f"{seconds(by_window)} ({percent(by_window / total)}) limited by the receiver's window, "
        f"{seconds(by_repairing)} ({percent(by_repairing / total)}) repairing."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(_rows(traffic, chosen), mask))


def _by_side(traffic: Traffic, name: str) -> Array:
    """Return a column of both senders: 2 * place for the client, plus 1 for the server; 0 for null."""
    columns = [np.nan_to_num(traffic.connections[f"{side}_{name}"].to_numpy()) for side in SENDERS]
    return np.stack(columns, axis=1).ravel()


def _rows(traffic: Traffic, chosen: Array) -> Array:
    """Return the rows that show what held back the senders of some directions, ascending."""
    found = []
    for label, of_receiver in (("window_full", False), ("resent", False), ("zero_window", True)):
        rows = traffic.counted_rows(traffic.labelled(label))
        is_server = ~traffic.from_client(rows) ^ of_receiver
        found.append(rows[chosen[2 * traffic.place(rows) + is_server]])
    return np.unique(np.concatenate(found))


def _listed(traffic: Traffic, sides: Array, *times_s: Array) -> list[dict[str, object]]:
    """Describe directions one by one."""
    places = sides // 2
    columns = [
        traffic.connections.index.take(places).tolist(),
        traffic.endpoints.texts(places),
        [SENDERS[side] for side in (sides % 2).tolist()],
        *(column[sides].tolist() for column in times_s),
    ]
    names = ("conn_id", "connection", "sender", "busy_s", "window_limited_s", "repairing_s")
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
