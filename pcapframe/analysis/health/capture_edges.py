"""Connections that began before the capture or continued after it.

- ``open_at_start``: connections whose handshake is not in the capture (``handshake`` is ``not_captured``).
- ``open_at_end``: connections, established or already open at the start, that end neither by a RST nor by the FINs of
  both sides.
- ``inferred_roles``: connections without a captured SYN or SYN-ACK, so that client and server are inferred. A filter on
  the server tells the roles where only one endpoint matches it; those connections do not count.
"""

import numpy as np

from pcapframe.analysis.health._api import Finding
from pcapframe.analysis.health._statistics import AT_LEAST, UNKNOWN
from pcapframe.analysis.health._view import Finder, View
from pcapframe.arrays import Mask
from pcapframe.wording import counted

__all__ = ["FINDINGS"]


def _open_at_start(view: View) -> Finding | None:
    mask = (view.connections["handshake"] == "not_captured").to_numpy()
    count = int(mask.sum())
    if not count:
        return None
    return Finding(
        "open_at_start",
        f"The beginning of {count:,} of {counted(len(view.connections), 'connection')} is not in the capture.",
        {"connections": count, "total_connections": len(mask)},
        {"handshakes": AT_LEAST, "durations": AT_LEAST},
        view.of_connections(mask),
    )


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
        f"The end of {count:,} of {counted(len(view.connections), 'connection')} is not in the capture{closed}.",
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
        f"No packet shows the roles in {count:,} of {counted(len(view.connections), 'connection')}: there, client and "
        "server are inferred from ports, shared endpoints or who sent first.",
        {"connections": count, "total_connections": len(mask)},
        {"directions": UNKNOWN},
        view.of_connections(mask),
    )


FINDINGS: dict[str, Finder] = {
    "open_at_start": _open_at_start,
    "open_at_end": _open_at_end,
    "inferred_roles": _inferred,
}
