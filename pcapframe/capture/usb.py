"""Network adapters over USB: the frames in bulk transfers of captures of a USB host.

A transfer holds a frame of Ethernet alone (CDC ECM), one or several in messages of RNDIS (MS-RNDIS 2.2.14), or any
number of frames or IP packets in a block of CDC NCM or MBIM (their specifications of the USB Implementers Forum, NCM
1.0 section 3 and MBIM 1.0 section 7).
"""

from typing import Any

from pcapframe.capture.bits import be32, byte, u16, u32
from pcapframe.capture.link import CODE_CUT, CODE_NCM, CODE_RNDIS, CODE_USB, CODE_USB_NETWORK, NESTED_LINK
from pcapframe.capture.shims import frame_strength
from pcapframe.capture.tables import NO_MORE
from pcapframe.jit import inner_jit

__all__ = ["next_datagram", "next_message", "usb_linux", "usb_linux_mapped", "usb_pcap", "without_datagrams"]

LINK_ETHERNET, LINK_RAW = 1, 101
BULK = 3  # type of a transfer, in Linux and in USBPcap
LINUX_BYTES, LINUX_MAPPED_BYTES = 48, 64
USBPCAP_BYTES = 27
RNDIS_PACKET, RNDIS_BYTES, FRAME_BYTES = 1, 44, 14
NCM_16, NCM_32 = 0x4E434D48, 0x6E636D68  # "NCMH", "ncmh": with sizes of 16 and of 32 bits
NCM_FRAMES, MBIM_PACKETS, LOWER_CASE = 0x6E636D, 0x697073, 0x202020  # "ncm", "ips", before a fourth byte
WITH_CHECKSUM = 0x31  # "1" as the fourth byte of the first: a checksum follows each frame
CHECKSUM_BYTES = 4
MOST_POINTERS = 64  # tables of a block that are followed


@inner_jit
def _network(buffer: Any, at: Any, end: Any) -> Any:
    """Frame in a bulk transfer at `at`, if it is one of a network adapter."""
    if at + 4 <= end and be32(buffer, at) in (NCM_16, NCM_32):
        return CODE_NCM, at
    if at + RNDIS_BYTES <= end and u32(buffer, at, False) == RNDIS_PACKET:
        length, place = u32(buffer, at + 4, False), at + 8 + u32(buffer, at + 8, False)
        size, reserved = u32(buffer, at + 12, False), be32(buffer, at + 36) | be32(buffer, at + 40)
        # One frame, and no more: no other bulk transfer begins so. Or what is in it looks like a frame.
        fits = reserved == 0 and size >= FRAME_BYTES and place + size <= at + length and place >= at + RNDIS_BYTES
        if RNDIS_BYTES <= length and (fits or frame_strength(buffer, place, end)):
            is_last = at + length + RNDIS_BYTES > end or u32(buffer, at + length, False) != RNDIS_PACKET
            return (NESTED_LINK + LINK_ETHERNET, place) if is_last else (CODE_RNDIS, at)
    return (NESTED_LINK + LINK_ETHERNET if frame_strength(buffer, at, end) == 2 else CODE_USB), at


@inner_jit
def _linux(buffer: Any, at: Any, end: Any, size: Any) -> Any:
    """Linux's header of a transfer, of `size` bytes (Documentation/usb/usbmon.rst), and what it carries."""
    if at + size > end:
        return CODE_CUT, at
    if byte(buffer, at + 9) != BULK or at + size == end:
        return CODE_USB, at + size
    return _network(buffer, at + size, end)


@inner_jit
def usb_linux(buffer: Any, at: Any, end: Any) -> Any:
    """USB of Linux."""
    return _linux(buffer, at, end, LINUX_BYTES)


@inner_jit
def usb_linux_mapped(buffer: Any, at: Any, end: Any) -> Any:
    """USB of Linux, with the header of its mapped buffers."""
    return _linux(buffer, at, end, LINUX_MAPPED_BYTES)


@inner_jit
def usb_pcap(buffer: Any, at: Any, end: Any) -> Any:
    """USB of USBPcap (Windows), whose header says how long it is."""
    if at + USBPCAP_BYTES > end:
        return CODE_CUT, at
    size = u16(buffer, at, False)
    if byte(buffer, at + 22) != BULK or size < USBPCAP_BYTES or at + size >= end:
        return CODE_USB, at
    return _network(buffer, at + size, end)


@inner_jit
def _size(buffer: Any, at: Any, is_wide: Any) -> Any:
    """A size or place of NCM at `at`, of 16 or 32 bits."""
    return u32(buffer, at, False) if is_wide else u16(buffer, at, False)


@inner_jit
def next_datagram(buffer: Any, first: Any, state: Any, end: Any) -> Any:
    """Next frame or packet of the block of NCM or MBIM at `first`; see ``framing``.

    A header names a table of places and sizes, and a table the next one, which must be behind its end.
    """
    is_wide = be32(buffer, first) == NCM_32
    header, field = (16, 4) if is_wide else (8, 2)  # bytes of a table's header, and of a place or size
    table, entry = state >> 32, state & 0xFFFFFFFF
    if state == 0:
        if first + 8 + 2 * field > end:
            return first, NO_MORE, LINK_ETHERNET, state
        table, entry = _size(buffer, first + 8 + field, is_wide), header
    for _ in range(MOST_POINTERS):
        at = first + table
        if table == 0 or at + header > end:
            break
        pair, length = at + entry, u16(buffer, at + 4, False)
        if entry + 2 * field <= length and pair + 2 * field <= end:
            place, size = _size(buffer, pair, is_wide), _size(buffer, pair + field, is_wide)
            if place and size:
                kind, after = be32(buffer, at) >> 8 | LOWER_CASE, table << 32 | entry + 2 * field
                if kind == NCM_FRAMES:
                    has_checksum = byte(buffer, at + 3) == WITH_CHECKSUM
                    return first + place, max(size - (CHECKSUM_BYTES if has_checksum else 0), 0), LINK_ETHERNET, after
                return first + place, size if kind == MBIM_PACKETS else 0, LINK_RAW, after
        behind = _size(buffer, at + header // 2 + (0 if is_wide else 2), is_wide)
        if behind < table + max(length, header):
            break
        table, entry = behind, header
    return first, NO_MORE, LINK_ETHERNET, state


@inner_jit
def next_message(buffer: Any, first: Any, state: Any, end: Any) -> Any:
    """Frame of the next message of RNDIS, of those that begin at `first`; see ``framing``."""
    at = first + state
    if at + RNDIS_BYTES > end or u32(buffer, at, False) != RNDIS_PACKET or u32(buffer, at + 4, False) < RNDIS_BYTES:
        return at, NO_MORE, LINK_ETHERNET, state
    length, place = u32(buffer, at + 4, False), 8 + u32(buffer, at + 8, False)
    return at + place, min(u32(buffer, at + 12, False), max(length - place, 0)), LINK_ETHERNET, state + length


@inner_jit
def without_datagrams(buffer: Any, at: Any, end: Any) -> Any:
    """A transfer in which no frame was found: it holds none, or was cut off before the first."""
    is_wide = at + 4 <= end and be32(buffer, at) == NCM_32
    if at + (12 if is_wide else 10) > end:
        return CODE_USB_NETWORK, at
    length = _size(buffer, at + 8, is_wide)
    return (CODE_USB if 0 < length <= end - at else CODE_USB_NETWORK), at
