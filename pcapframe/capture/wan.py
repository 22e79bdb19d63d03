"""Link layers of wide-area lines: PPP's relatives, frame relay, ATM, DOCSIS, and older local networks."""

from typing import Any

from pcapframe.capture.bits import be16, be32, byte
from pcapframe.capture.link import (
    CODE_CUT,
    CODE_ENCRYPTED,
    CODE_LLC,
    CODE_PIECE,
    CODE_UNFOLLOWED,
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_PPPOE,
    by_version,
    ethernet,
    llc,
    ppp,
    snap,
)
from pcapframe.jit import inner_jit

__all__ = [
    "arcnet",
    "arcnet_bsd",
    "atm_clip",
    "atm_llc",
    "ax25",
    "ax25_kiss",
    "by_nlpid",
    "cisco_hdlc",
    "docsis",
    "fddi",
    "fibre_channel",
    "firewire",
    "frame_relay",
    "frame_relay_multilink",
    "infiniband",
    "ppp_or_hdlc",
    "pppoe",
    "slip",
    "sunatm",
    "token_ring",
    "with_direction_frame_relay",
    "with_direction_hdlc",
    "with_direction_ppp",
]

Q922_UNNUMBERED, NLPID_IPV4, NLPID_IPV6, NLPID_SNAP, NLPID_PPP = 0x03, 0xCC, 0x8E, 0x80, 0xCF  # RFC 2427
Q922_LONGEST = 4  # address [bytes]
NLPID_COMPRESSED, NLPID_FRAGMENT = 0xB0, 0xB1  # FRF.9, FRF.12
WHOLE_OF_MULTILINK, MULTILINK_CONTROL = 0xC0, 0x20  # FRF.16: this fragment begins and ends a frame; carries no data
ARCNET_IP, ARCNET_ARP, ARCNET_OLD_IP, ARCNET_OLD_ARP = 0xD4, 0xD5, 0xF0, 0xF1  # RFC 1201, RFC 1051
AX25_IP, AX25_ADDRESS_BYTES, AX25_MOST_ADDRESSES = 0xCC, 7, 10
FDDI_LLC, FDDI_LLC_MASK = 0x50, 0xF0  # of the frame control
SUNATM_LANE, SUNATM_LLC, SUNATM_CONTROL = 1, 2, (5, 6)  # the last two: management, signalling
FIRST_CHANNEL = 32  # smaller numbers are reserved: signalling, OAM cells
LLC_OSI = 0xFEFE03
DOCSIS_EXTENDED = 1  # the bit that an extended header follows
# Types and parameters: of management and the like, but for fragments and several frames in one.
DOCSIS_MANAGEMENT, DOCSIS_FRAGMENT, DOCSIS_SEVERAL = 0xC0, 0xC6, 0xF8
DOCSIS_PRIVACY = (3, 4)  # extended header elements
SLIP_BYTES = 16


@inner_jit
def pppoe(buffer: Any, at: Any, end: Any) -> Any:
    """A PPPoE header, which is skipped like that within Ethernet."""
    return ETHERTYPE_PPPOE, at


@inner_jit
def cisco_hdlc(buffer: Any, at: Any, end: Any) -> Any:
    """Cisco HDLC: an Ethernet type behind an address and a zero."""
    if at + 4 > end:
        return CODE_CUT, at
    return be16(buffer, at + 2), at + 4


@inner_jit
def ppp_or_hdlc(buffer: Any, at: Any, end: Any) -> Any:
    """PPP, or Cisco HDLC, told by its address (unicast or broadcast)."""
    if at + 2 <= end and byte(buffer, at) in (0x0F, 0x8F) and byte(buffer, at + 1) == 0:
        return cisco_hdlc(buffer, at, end)
    return ppp(buffer, at, end)


@inner_jit
def with_direction_ppp(buffer: Any, at: Any, end: Any) -> Any:
    """PPP behind a byte for the direction, which may stand in place of the address (then its control byte follows)."""
    if at + 2 > end:
        return CODE_CUT, at
    return ppp_or_hdlc(buffer, at + (2 if byte(buffer, at + 1) == Q922_UNNUMBERED else 1), end)


@inner_jit
def with_direction_hdlc(buffer: Any, at: Any, end: Any) -> Any:
    """Cisco HDLC behind a byte for the direction."""
    return cisco_hdlc(buffer, at + 1, end)


@inner_jit
def with_direction_frame_relay(buffer: Any, at: Any, end: Any) -> Any:
    """Frame relay behind a byte for the direction."""
    return frame_relay(buffer, at + 1, end)


@inner_jit
def slip(buffer: Any, at: Any, end: Any) -> Any:
    """SLIP as BSD captures it: IP behind 16 bytes for the direction and the compressed header."""
    if at + SLIP_BYTES > end:
        return CODE_CUT, at
    return by_version(buffer, at + SLIP_BYTES, end), at + SLIP_BYTES


@inner_jit
def by_nlpid(buffer: Any, at: Any, end: Any) -> Any:
    """What the network layer protocol identifier at `at` says (RFC 2427 section 4), and where it begins."""
    if at >= end:
        return CODE_CUT, at
    nlpid = byte(buffer, at)
    if nlpid == NLPID_IPV4:
        return ETHERTYPE_IPV4, at + 1
    if nlpid == NLPID_IPV6:
        return ETHERTYPE_IPV6, at + 1
    if nlpid == NLPID_SNAP:
        return snap(buffer, at + 1, end)
    if nlpid == NLPID_PPP:
        return ppp(buffer, at + 1, end)
    if nlpid in (NLPID_COMPRESSED, NLPID_FRAGMENT):
        return CODE_PIECE if nlpid == NLPID_FRAGMENT else CODE_UNFOLLOWED, at
    return CODE_LLC, at


@inner_jit
def frame_relay(buffer: Any, at: Any, end: Any) -> Any:
    """Frame relay (RFC 2427) with an address of two to four bytes: type and where what follows begins."""
    address = 1
    while address < Q922_LONGEST and at + address <= end and not byte(buffer, at + address - 1) & 1:
        address += 1
    if at + address + 2 > end:
        return CODE_CUT, at
    at += address
    if byte(buffer, at) != Q922_UNNUMBERED:  # Cisco encapsulation: an Ethernet type
        return be16(buffer, at), at + 2
    at += 1
    if byte(buffer, at) == 0 and at + 1 < end:
        at += 1
    return by_nlpid(buffer, at, end)


@inner_jit
def frame_relay_multilink(buffer: Any, at: Any, end: Any) -> Any:
    """Multilink frame relay (FRF.16): a header of two bytes; fragments are not put together."""
    if at + 2 > end:
        return CODE_CUT, at
    if byte(buffer, at) & 0xE0 != WHOLE_OF_MULTILINK:
        return CODE_LLC if byte(buffer, at) & MULTILINK_CONTROL else CODE_PIECE, at
    return frame_relay(buffer, at + 2, end)


@inner_jit
def atm_llc(buffer: Any, at: Any, end: Any) -> Any:
    """LLC over ATM (RFC 2684), also with the number of an OSI protocol behind it (RFC 2364 has PPP there)."""
    if at + 4 <= end and be32(buffer, at) >> 8 == LLC_OSI:
        return by_nlpid(buffer, at + 3, end)
    return llc(buffer, at, end)


@inner_jit
def atm_clip(buffer: Any, at: Any, end: Any) -> Any:
    """Classical IP over ATM as Linux captures it: with or without LLC."""
    if at + 6 <= end and be32(buffer, at) == 0xAAAA0300:
        return atm_llc(buffer, at, end)
    return by_version(buffer, at, end), at


@inner_jit
def sunatm(buffer: Any, at: Any, end: Any) -> Any:
    """SunATM: a header of four bytes, whose first one says what follows."""
    if at + 4 > end:
        return CODE_CUT, at
    kind = byte(buffer, at) & 0x0F
    if kind == SUNATM_LLC:
        return atm_llc(buffer, at + 4, end)
    if kind == SUNATM_LANE:  # LAN emulation: its header of two bytes, and Ethernet
        return ethernet(buffer, at + 6, end)
    is_control = kind in SUNATM_CONTROL or be16(buffer, at + 2) < FIRST_CHANNEL
    return CODE_LLC if is_control else CODE_UNFOLLOWED, at + 4


@inner_jit
def token_ring(buffer: Any, at: Any, end: Any) -> Any:
    """Token ring (802.5), with or without a source route."""
    if at + 14 > end:
        return CODE_CUT, at
    if byte(buffer, at + 1) >> 6 != 1:  # no LLC frame
        return CODE_LLC, at
    route = 0
    if byte(buffer, at + 8) & 0x80 and at + 15 <= end:
        route = byte(buffer, at + 14) & 0x1F
    return llc(buffer, at + 14 + route, end)


@inner_jit
def fddi(buffer: Any, at: Any, end: Any) -> Any:
    """FDDI, without padding."""
    if at + 13 > end:
        return CODE_CUT, at
    if byte(buffer, at) & FDDI_LLC_MASK != FDDI_LLC:
        return CODE_LLC, at
    return llc(buffer, at + 13, end)


@inner_jit
def fibre_channel(buffer: Any, at: Any, end: Any) -> Any:
    """IP over Fibre Channel (RFC 2625): LLC behind two addresses of eight bytes."""
    return llc(buffer, at + 16, end)


@inner_jit
def firewire(buffer: Any, at: Any, end: Any) -> Any:
    """IP over IEEE 1394 as Apple captures it: two addresses of eight bytes and an Ethernet type."""
    if at + 18 > end:
        return CODE_CUT, at
    return be16(buffer, at + 16), at + 18


@inner_jit
def infiniband(buffer: Any, at: Any, end: Any) -> Any:
    """IP over InfiniBand (RFC 4391), behind a pseudo-header with addresses."""
    if at + 44 > end:
        return CODE_CUT, at
    return be16(buffer, at + 40), at + 44


@inner_jit
def _arcnet_type(buffer: Any, at: Any, protocol: Any, rfc_1201: Any) -> Any:
    """Type of an ARCNET protocol at `at`; RFC 1201 has a fragmentation header of three bytes, RFC 1051 none."""
    if protocol == ARCNET_IP:
        return ETHERTYPE_IPV4, at + rfc_1201
    if protocol == ARCNET_OLD_IP:
        return ETHERTYPE_IPV4, at
    return ETHERTYPE_ARP if protocol in (ARCNET_ARP, ARCNET_OLD_ARP) else CODE_LLC, at


@inner_jit
def arcnet(buffer: Any, at: Any, end: Any) -> Any:
    """ARCNET as Linux captures it: without the exception frames of RFC 1201."""
    if at + 6 > end:
        return CODE_CUT, at
    return _arcnet_type(buffer, at + 5, byte(buffer, at + 4), 3)


@inner_jit
def arcnet_bsd(buffer: Any, at: Any, end: Any) -> Any:
    """ARCNET as BSD captures it: with the exception frames of RFC 1201, which have four bytes more."""
    if at + 4 > end:
        return CODE_CUT, at
    return _arcnet_type(buffer, at + 3, byte(buffer, at + 2), 7 if byte(buffer, at + 3) == 0xFF else 3)


@inner_jit
def ax25(buffer: Any, at: Any, end: Any) -> Any:
    """AX.25 unnumbered information frame with IP."""
    for _ in range(AX25_MOST_ADDRESSES):
        at += AX25_ADDRESS_BYTES
        if at + 2 > end:
            return CODE_CUT, at
        if byte(buffer, at - 1) & 1:  # the last address
            return (ETHERTYPE_IPV4 if byte(buffer, at + 1) == AX25_IP else CODE_LLC), at + 2
    return CODE_LLC, at


@inner_jit
def ax25_kiss(buffer: Any, at: Any, end: Any) -> Any:
    """AX.25 behind a byte for the KISS channel."""
    return ax25(buffer, at + 1, end)


@inner_jit
def docsis(buffer: Any, at: Any, end: Any) -> Any:
    """DOCSIS MAC header: Ethernet, if it is a packet and not encrypted."""
    if at + 6 > end:
        return CODE_CUT, at
    control = byte(buffer, at)
    kind = control & ~DOCSIS_EXTENDED
    if kind:  # not a packet alone
        if kind in (DOCSIS_FRAGMENT, DOCSIS_SEVERAL):
            return CODE_PIECE if kind == DOCSIS_FRAGMENT else CODE_UNFOLLOWED, at
        return CODE_LLC if kind >= DOCSIS_MANAGEMENT else CODE_UNFOLLOWED, at
    extended_end = at + 4 + (byte(buffer, at + 1) if control & DOCSIS_EXTENDED else 0)
    at += 4
    while at + 3 <= min(extended_end, end):  # elements: four bits for the type, four for the length of the value
        if byte(buffer, at) >> 4 in DOCSIS_PRIVACY and byte(buffer, at) & 0x0F >= 2 and byte(buffer, at + 2) & 0x80:
            return CODE_ENCRYPTED, at
        at += 1 + (byte(buffer, at) & 0x0F)
    return ethernet(buffer, extended_end + 2, end)  # behind a checksum of the header
