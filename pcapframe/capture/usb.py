"""Network adapters over USB: the frames in bulk transfers of captures of a USB host.

A transfer holds a frame of Ethernet: alone (CDC ECM), or behind a message of RNDIS (MS-RNDIS
2.2.14). Transfers that hold several frames (CDC NCM, RNDIS with several messages) are not followed, and said to be so.
"""

from typing import Any

from pcapframe.capture.bits import be32, byte, u16, u32
from pcapframe.capture.link import CODE_CUT, CODE_USB, CODE_USB_NETWORK, NESTED_LINK
from pcapframe.capture.shims import frame_strength
from pcapframe.jit import inner_jit

__all__ = ["usb_linux", "usb_linux_mapped", "usb_pcap"]

LINK_ETHERNET = 1
BULK = 3  # type of a transfer, in Linux and in USBPcap
LINUX_BYTES, LINUX_MAPPED_BYTES = 48, 64
USBPCAP_BYTES = 27
RNDIS_PACKET, RNDIS_BYTES = 1, 44
NCM_16, NCM_32 = 0x4E434D48, 0x6E636D68  # "NCMH", "ncmh"


@inner_jit
def _network(buffer: Any, at: Any, end: Any) -> Any:
    """Frame in a bulk transfer at `at`, if it is one of a network adapter."""
    if at + 4 <= end and be32(buffer, at) in (NCM_16, NCM_32):
        return CODE_USB_NETWORK, at
    if at + RNDIS_BYTES <= end and u32(buffer, at, False) == RNDIS_PACKET:
        length, place = u32(buffer, at + 4, False), at + 8 + u32(buffer, at + 8, False)
        if RNDIS_BYTES <= length and frame_strength(buffer, place, end):
            is_last = at + length + RNDIS_BYTES > end or u32(buffer, at + length, False) != RNDIS_PACKET
            return (NESTED_LINK + LINK_ETHERNET if is_last else CODE_USB_NETWORK), place
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
