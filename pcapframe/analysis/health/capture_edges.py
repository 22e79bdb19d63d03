"""Connections that began before the capture or continued after it.

- ``open_at_start``: connections without a captured SYN or SYN-ACK (``handshake`` is ``not_captured``).
- ``syn_not_captured``: connections with a SYN-ACK and no SYN: they opened during the capture.
- ``open_at_end``: connections, established or already open at the start, that end neither by a RST nor by the FINs of
  both sides.
- ``inferred_roles``: connections without a captured SYN or SYN-ACK, so that client and server are inferred. It excludes
  connections whose roles a filter on the server determines, because only one endpoint matches.
"""

import numpy as np

from pcapframe.analysis.health._api import Finding
from pcapframe.analysis.health._statistics import AT_LEAST, UNKNOWN
from pcapframe.analysis.health._view import Finder, View
from pcapframe.arrays import Mask
from pcapframe.wording import of_all

__all__ = ["FINDINGS"]


def _open_at_start(view: View) -> Finding | None:
    mask = _without_syn(view) & ~_with_syn_ack(view)
    count = int(mask.sum())
    if not count:
        return None
    return Finding(
        "open_at_start",
        f"The beginning of {of_all(count, len(view.connections))} is not in the capture.",
        {"connections": count, "total_connections": len(mask)},
        {"handshakes": AT_LEAST, "durations": AT_LEAST},
        view.of_connections(mask),
    )


def _syn_not_captured(view: View) -> Finding | None:
    mask = _without_syn(view) & _with_syn_ack(view)
    count = int(mask.sum())
    if not count:
        return None
    return Finding(
        "syn_not_captured",
        f"The SYN of {of_all(count, len(view.connections))} is not in the capture; a SYN-ACK is.",
        {"connections": count, "total_connections": len(mask)},
        {"handshakes": AT_LEAST, "durations": AT_LEAST},
        view.of_connections(mask),
    )


def _without_syn(view: View) -> Mask:
    return np.asarray(view.connections["handshake"] == "not_captured", np.bool_)


def _with_syn_ack(view: View) -> Mask:
    return np.asarray(view.connections["syn_ack_count"] > 0, np.bool_)


def _open_at_end(view: View) -> Finding | None:
    ending, handshake = view.connections["ending"], view.connections["handshake"]
    mask: Mask = (ending.isin(["open", "half_closed"]) & handshake.isin(["complete", "not_captured"])).to_numpy(bool)
    count = int(mask.sum())
    if not count:
        return None
    half = int(np.count_nonzero(mask & (ending == "half_closed").to_numpy()))
    closed = f", {'' if count == 1 else f'{half:,} of them '}closed by one side" if half else ""
    return Finding(
        "open_at_end",
        f"The end of {of_all(count, len(view.connections))} is not in the capture{closed}.",
        {"connections": count, "half_closed": half, "total_connections": len(mask)},
        {"endings": AT_LEAST, "durations": AT_LEAST},
        view.of_connections(mask),
    )


def _inferred(view: View) -> Finding | None:
    mask = (view.connections["roles"] == "inferred").to_numpy() & np.logical_not(view.server_given)
    count = int(mask.sum())
    if not count:
        return None
    return Finding(
        "inferred_roles",
        f"No packet shows the roles in {of_all(count, len(view.connections))}: there, client and "
        "server are inferred from ports, shared endpoints or who sent first.",
        {"connections": count, "total_connections": len(mask)},
        {"directions": UNKNOWN},
        view.of_connections(mask),
    )


FINDINGS: dict[str, Finder] = {
    "open_at_start": _open_at_start,
    "syn_not_captured": _syn_not_captured,
    "open_at_end": _open_at_end,
    "inferred_roles": _inferred,
}
