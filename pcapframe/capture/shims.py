"""The shims between the link layer and IP that are skipped: one function and one row of ``SHIMS`` each.

VLAN tags are skipped in ``decoding`` and ``deep``, because a row keeps their number.
"""

from typing import Any

from pcapframe.capture.bits import byte
from pcapframe.capture.link import (
    CODE_CUT,
    CODE_LLC,
    ETHERTYPE_BRIDGED,
    ETHERTYPE_FABRICPATH,
    ETHERTYPE_MPLS,
    ETHERTYPE_MPLS_UPSTREAM,
    ETHERTYPE_PPPOE,
    by_version,
    ethernet,
    ppp,
)
from pcapframe.capture.tables import Layer
from pcapframe.jit import inner_jit

__all__ = ["SHIMS"]


@inner_jit
def mpls(buffer: Any, at: Any, end: Any) -> Any:
    """MPLS labels (RFC 3032): type and place of the payload; MPLS again at the same place where it is not known."""
    begin = at
    bottom = False
    while not bottom and at + 4 <= end:
        bottom = byte(buffer, at + 2) & 1 == 1
        at += 4
    if not bottom or at >= end:
        return ETHERTYPE_MPLS, begin
    kind = by_version(buffer, at, end)
    if kind == CODE_LLC:
        if byte(buffer, at) >> 4 != 0 or at + 18 > end:
            return ETHERTYPE_MPLS, begin
        return ethernet(buffer, at + 4, end)  # pseudowire with a control word (RFC 4448)
    return kind, at


@inner_jit
def _pppoe(buffer: Any, at: Any, end: Any) -> Any:
    """PPPoE session (RFC 2516)."""
    if at + 8 > end:
        return CODE_CUT, at
    return ppp(buffer, at + 6, end)


@inner_jit
def _fabricpath(buffer: Any, at: Any, end: Any) -> Any:
    """Cisco FabricPath: a tag of two bytes. Wireshark 4.0 also takes four bytes off the end (its issue 19989)."""
    return ethernet(buffer, at + 2, end)


# By Ethernet type. A function that cannot go on returns the type and the place that it began with.
SHIMS = {
    ETHERTYPE_MPLS: Layer("MPLS", mpls),
    ETHERTYPE_MPLS_UPSTREAM: Layer("MPLS", mpls),
    ETHERTYPE_PPPOE: Layer("PPPoE", _pppoe),
    ETHERTYPE_BRIDGED: Layer("bridged Ethernet", ethernet),
    ETHERTYPE_FABRICPATH: Layer("FabricPath", _fabricpath),
}
