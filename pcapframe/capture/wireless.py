"""802.11 frames, and the headers of the radio before them."""

from typing import Any

from pcapframe.capture.bits import be16, be32, byte, u16, u32
from pcapframe.capture.link import (
    CODE_AGGREGATE,
    CODE_CUT,
    CODE_FIRST_PIECE,
    CODE_PIECE,
    CODE_WLAN,
    CODE_WLAN_ENCRYPTED,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    NESTED_LINK,
    SAP_SNAP,
    SUBFRAME,
    VLAN_TYPES,
    WITHIN,
    llc,
)
from pcapframe.capture.tables import NO_MORE
from pcapframe.jit import inner_jit

__all__ = [
    "avs",
    "capwap_wlan",
    "next_inner_subframe",
    "next_subframe",
    "ppi",
    "prism",
    "radiotap",
    "wlan",
    "wlan_frame",
]

LINK_WLAN = 105
AVS_MAGIC, AVS_VERSION_MASK = 0x80211000, 0xFFFFF000
PRISM_BYTES = 144
PRISM_CODES = (0x41, 0x44)
SUBFRAME_BYTES = 14
MORE_FRAGMENTS, SNAP_SAPS = 0x04, SAP_SNAP << 8 | SAP_SNAP
MESH_FLAGS = 3  # those before it: how many addresses a mesh control field has, and nothing else


@inner_jit
def wlan(buffer: Any, at: Any, end: Any, swapped: Any, padded: Any) -> Any:
    """802.11 header: EtherType and place of the payload.

    `swapped`: the two bytes of the frame control stand in the other order (Cisco's CAPWAP); `padded`: the header
    is filled up to a multiple of four bytes.
    """
    if at + 2 > end:
        return CODE_CUT, at
    control, flags = byte(buffer, at + swapped), byte(buffer, at + 1 - swapped)
    if control & 0x4F != 0x08:  # without data; an ACK has ten bytes
        return CODE_WLAN, at
    if at + 24 > end:
        return CODE_CUT, at
    if flags & 0x40:
        return CODE_WLAN_ENCRYPTED, at
    is_piece = byte(buffer, at + 22) & 0x0F != 0
    size = 30 if flags & 3 == 3 else 24
    several = in_mesh = False
    if control & 0x80:
        if at + size + 2 > end:
            return CODE_WLAN, at
        several = byte(buffer, at + size) & 0x80 != 0
        in_mesh = byte(buffer, at + size + 1) & 1 and flags & 2
        size += 6 if flags & 0x80 else 2
    at += size + 3 & ~3 if padded else size
    if in_mesh and at < end and byte(buffer, at) < MESH_FLAGS:
        at += 6 + 6 * byte(buffer, at)  # 802.11s: flags, hop limit, sequence number, and up to two more addresses
    # Fragments are not put together: a packet is in the row of the first one. Some controllers number whole frames too:
    # these begin as frames do.
    if is_piece and (flags & MORE_FRAGMENTS or at + 3 > end or be16(buffer, at) != SNAP_SAPS):
        return CODE_PIECE, at
    if several:
        return CODE_AGGREGATE, at
    if flags & MORE_FRAGMENTS and not is_piece:
        return CODE_FIRST_PIECE, at
    return llc(buffer, at, end)


@inner_jit
def wlan_frame(buffer: Any, at: Any, end: Any) -> Any:
    """802.11 without a header of the radio."""
    return wlan(buffer, at, end, 0, False)


@inner_jit
def capwap_wlan(buffer: Any, at: Any, end: Any) -> Any:
    """802.11 in CAPWAP, some senders of which swap the bytes of the frame control."""
    return wlan(buffer, at, end, 1 if at + 2 <= end and byte(buffer, at + 1) & 0x0F == 0x08 else 0, False)


@inner_jit
def radiotap(buffer: Any, at: Any, end: Any) -> Any:
    """Radiotap header (radiotap.org) and the 802.11 frame behind it: type and where what follows begins."""
    if at + 8 > end:
        return CODE_CUT, at
    field, present = at + 8, u32(buffer, at + 4, False)
    more = present
    while more & 0x80000000 and field + 4 <= end:
        more = u32(buffer, field, False)
        field += 4
    if present & 1:
        field = at + (field - at + 7 & ~7) + 8
    padded = present & 2 != 0 and field < end and byte(buffer, field) & 0x20 != 0
    return wlan(buffer, at + u16(buffer, at + 2, False), end, 0, padded)


@inner_jit
def avs(buffer: Any, at: Any, end: Any) -> Any:
    """AVS header, which says how long it is."""
    if at + 8 > end or be32(buffer, at) & AVS_VERSION_MASK != AVS_MAGIC:
        return CODE_CUT, at
    return NESTED_LINK + LINK_WLAN, at + be32(buffer, at + 4)


@inner_jit
def prism(buffer: Any, at: Any, end: Any) -> Any:
    """Prism header in either byte order, or an AVS header, which some drivers write in its place."""
    if at + 8 > end:
        return CODE_CUT, at
    if be32(buffer, at) & AVS_VERSION_MASK == AVS_MAGIC:
        return avs(buffer, at, end)
    big = byte(buffer, at) == 0
    length = u32(buffer, at + 4, big)
    has_length = u32(buffer, at, big) in PRISM_CODES and 0 < length <= end - at
    return NESTED_LINK + LINK_WLAN, at + (length if has_length else PRISM_BYTES)


@inner_jit
def ppi(buffer: Any, at: Any, end: Any) -> Any:
    """Per-packet information (CACE): a header that says its length and the link type of what follows."""
    if at + 8 > end:
        return CODE_CUT, at
    return NESTED_LINK + u32(buffer, at + 4, False), at + u16(buffer, at + 2, False)


@inner_jit
def next_subframe(buffer: Any, first: Any, state: Any, end: Any) -> Any:
    """Next frame with IP, or a VLAN tag, of the aggregate (A-MSDU) whose first frame is at `first`; see ``framing``.

    It has addresses and a length as in 802.3; all but the last are filled up to a multiple of four bytes.
    """
    while first + state + SUBFRAME_BYTES <= end:
        at = first + state
        size = SUBFRAME_BYTES + be16(buffer, at + 12)
        state = state + size + 3 & ~3
        kind, _at = llc(buffer, at + SUBFRAME_BYTES, min(end, at + size))
        if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6) or kind in VLAN_TYPES:
            return at, size, SUBFRAME, state
    return first, NO_MORE, SUBFRAME, state


@inner_jit
def next_inner_subframe(buffer: Any, first: Any, state: Any, end: Any) -> Any:
    """As `next_subframe`, of an aggregate in a tunnel."""
    at, size, _link, state = next_subframe(buffer, first, state, end)
    return at, size, WITHIN, state
