"""Link types that say what they carry: a header of the capturing system, then a frame of another type."""

from typing import Any

from pcapframe.capture.bits import be16, be32, byte, u16, u32
from pcapframe.capture.link import (
    CODE_CUT,
    CODE_LLC,
    CODE_UNFOLLOWED,
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    FIRST_ETHERTYPE,
    NESTED_LINK,
    by_version,
    ethernet,
    llc,
)
from pcapframe.jit import inner_jit

__all__ = [
    "bsd_loopback",
    "cooked_1",
    "cooked_2",
    "dsa",
    "dsa_brcm",
    "dsa_brcm_prepended",
    "dsa_extended",
    "enc",
    "erf",
    "exported_pdu",
    "ipnet",
    "netanalyzer",
    "netanalyzer_transparent",
    "nflog",
    "pflog",
    "pktap",
    "preamble",
    "symantec",
    "tzsp",
    "tzsp_fields",
]

AF_INET = 2  # in headers of BSD
AF_INET6 = (10, 23, 24, 28, 30)  # by operating system
PPP_IN_HDLC = 0xFF03  # in place of a family
MOST_FAMILIES = 0x600  # 256 times that, in a field of 16 bits (IRIX)
# Linux cooked capture: what stands in place of an Ethernet type, and types of devices
SLL_ETHERNET, SLL_802_2, SLL_PPP = 3, 4, 7
SNAP_BEGINS = 0xAAAA
ARPHRD_WITH_IP = (512, 513, 519, 0xFFFE)  # PPP, HDLC, raw IP, none
ARPHRD_FRAME_RELAY, ARPHRD_WLAN, ARPHRD_PRISM, ARPHRD_RADIOTAP = 770, 801, 802, 803
LINK_ETHERNET, LINK_PPP, LINK_RAW, LINK_WLAN, LINK_FRAME_RELAY, LINK_PRISM, LINK_RADIOTAP = (
    1, 9, 101, 105, 107, 119, 127
)  # fmt: skip
LINK_PPP_OR_HDLC, LINK_ATM = 50, 100
NFLOG_PAYLOAD, NFLOG_TYPE_MASK, NFLOG_INET6, MOST_NFLOG = 9, 0x7FFF, 10, 64
PKTAP_PACKET = 1
ERF_BYTES, ERF_MORE, MOST_ERF_EXTENSIONS = 16, 0x80, 64
ERF_HDLC, ERF_HDLC_CHANNEL = (1, 10, 15, 19), (5, 17)  # types of records
ERF_ETHERNET, ERF_AAL5, ERF_AAL5_CHANNEL, ERF_IPV4, ERF_IPV6 = (2, 11, 16, 20), 4, 9, 22, 23
ERF_WITHOUT_IP = (13, 14, 27, 48)  # counters, provenance, padding
PDU_END, PDU_NAME, PDU_TABLE, PDU_PORT_TYPE, PDU_NUMBER, MOST_PDU_TAGS = 0, 12, 14, 24, 32, 64
PDU_OF_TCP = 2  # port type
NAME_IP, NAME_IPV6, NAME_ETHERNET = 0x6970, 0x69707636, 0x6574685F  # "ip", "ipv6", "eth_"
NAME_TCP = 0x74637000
TABLE_ETHERTYPE, TABLE_IP, TABLE_PPP = 0x65746865, 0x69702E70, 0x7070702E  # "ethertype", "ip.proto", "ppp.protocol"
NUMBERS_IPV4, NUMBERS_IPV6 = (4, 0x21), (41, 0x57)  # in the tables of IP and of PPP
NAME_RAW, NAME_PPP, NAME_WLAN = 0x7261775F, 0x70707000, 0x776C616E  # "raw_", "ppp", "wlan"
TZSP_VERSION, TZSP_TRANSMITTED, TZSP_PADDING, TZSP_END, TZSP_ETHERNET = 1, 1, 0, 1, 1
TZSP_WLAN, TZSP_RADIO = 18, (119, 127)  # 802.11; behind a Prism or AVS header
IPNET_BYTES, IPNET_IPV4, IPNET_IPV6 = 24, 2, 26


@inner_jit
def _by_family(family: Any) -> Any:
    """Ethernet type of an address family of BSD."""
    if family == AF_INET:
        return ETHERTYPE_IPV4
    return ETHERTYPE_IPV6 if family in AF_INET6 else CODE_LLC


@inner_jit
def bsd_loopback(buffer: Any, at: Any, end: Any) -> Any:
    """BSD loopback: an address family in the byte order of the capturing machine, or in network byte order.

    Some systems write PPP, an Ethernet type, or a family of 16 bits, as Wireshark's packet-null.c knows.
    """
    if at + 4 > end:
        return CODE_CUT, at
    family = be32(buffer, at)
    if family >> 16 == PPP_IN_HDLC:
        return NESTED_LINK + LINK_PPP, at
    if family > 0xFFFF:  # a field of 16 bits before an empty one (IRIX), or the other byte order
        family = family >> 16 if family >> 16 < MOST_FAMILIES >> 8 else (family >> 24) | (family >> 8 & 0xFF00)
    if family & 0xFF == 0 and family < MOST_FAMILIES:
        family >>= 8
    return (family if family >= FIRST_ETHERTYPE else _by_family(family)), at + 4


@inner_jit
def _cooked_type(buffer: Any, device: Any, kind: Any, at: Any, end: Any) -> Any:
    """Type in a Linux cooked header that ends at `at`."""
    if device == ARPHRD_RADIOTAP and (at >= end or byte(buffer, at) == 0):  # its version, and never that of IP
        return NESTED_LINK + LINK_RADIOTAP, at
    if device == ARPHRD_FRAME_RELAY:
        return NESTED_LINK + LINK_FRAME_RELAY, at
    if kind >= FIRST_ETHERTYPE:
        return kind, at
    if device in (ARPHRD_WLAN, ARPHRD_PRISM) and at + 2 <= end and be16(buffer, at) != SNAP_BEGINS:
        return NESTED_LINK + (LINK_WLAN if device == ARPHRD_WLAN else LINK_PRISM), at
    if kind == SLL_802_2:
        return llc(buffer, at, end)
    if kind == SLL_ETHERNET:
        return NESTED_LINK + LINK_ETHERNET, at
    if kind == SLL_PPP:
        return NESTED_LINK + LINK_PPP, at
    return CODE_UNFOLLOWED if device in ARPHRD_WITH_IP else CODE_LLC, at


@inner_jit
def cooked_1(buffer: Any, at: Any, end: Any) -> Any:
    """Linux cooked capture."""
    if at + 16 > end:
        return CODE_CUT, at
    return _cooked_type(buffer, be16(buffer, at + 2), be16(buffer, at + 14), at + 16, end)


@inner_jit
def cooked_2(buffer: Any, at: Any, end: Any) -> Any:
    """Linux cooked capture, version 2."""
    if at + 20 > end:
        return CODE_CUT, at
    return _cooked_type(buffer, be16(buffer, at + 8), be16(buffer, at), at + 20, end)


@inner_jit
def enc(buffer: Any, at: Any, end: Any) -> Any:
    """OpenBSD's enc: address family in either byte order, SPI, flags."""
    if at + 12 > end:
        return CODE_CUT, at
    kind, _at = bsd_loopback(buffer, at, end)
    return kind, at + 12


@inner_jit
def pflog(buffer: Any, at: Any, end: Any) -> Any:
    """OpenBSD's pflog: a header that says its length, filled up to four bytes, and the address family."""
    if at + 4 > end:
        return CODE_CUT, at
    return _by_family(byte(buffer, at + 1)), at + (byte(buffer, at) + 3 & ~3)


@inner_jit
def nflog(buffer: Any, at: Any, end: Any) -> Any:
    """Netfilter's log: attributes in the byte order of the capturing machine, one of which is the packet."""
    family = byte(buffer, at) if at < end else 0
    at += 4
    big = at + 4 <= end and byte(buffer, at + 2) & 0x7F == 0 and byte(buffer, at + 3) != 0
    for _ in range(MOST_NFLOG):
        if at + 4 > end:
            break
        length = u16(buffer, at, big)
        if u16(buffer, at + 2, big) & NFLOG_TYPE_MASK == NFLOG_PAYLOAD:
            if family == AF_INET:
                return ETHERTYPE_IPV4, at + 4
            return (ETHERTYPE_IPV6 if family == NFLOG_INET6 else by_version(buffer, at + 4, end)), at + 4
        if length < 4:
            break
        at += length + 3 & ~3
    return CODE_CUT, at


@inner_jit
def pktap(buffer: Any, at: Any, end: Any) -> Any:
    """Apple's PKTAP: a header that says its length and the link type of the packet."""
    if at + 12 > end:
        return CODE_CUT, at
    if u32(buffer, at + 4, False) != PKTAP_PACKET:
        return CODE_LLC, at
    return NESTED_LINK + u32(buffer, at + 8, False), at + u32(buffer, at, False)


@inner_jit
def erf(buffer: Any, at: Any, end: Any) -> Any:
    """Endace's record: a header, extension headers of eight bytes, one for the type, and a frame (EDM11-01)."""
    if at + ERF_BYTES > end:
        return CODE_CUT, at
    kind = byte(buffer, at + 8)
    more, kind = kind & ERF_MORE, kind & ~ERF_MORE
    at += ERF_BYTES
    for _ in range(MOST_ERF_EXTENSIONS):
        if not more or at + 8 > end:
            break
        more = byte(buffer, at) & ERF_MORE
        at += 8
    if more:
        return CODE_CUT if at + 8 > end else CODE_LLC, at
    if kind in ERF_ETHERNET:
        return ethernet(buffer, at + 2, end)
    if kind in ERF_HDLC:
        return NESTED_LINK + LINK_PPP_OR_HDLC, at
    if kind in ERF_HDLC_CHANNEL:
        return NESTED_LINK + LINK_PPP_OR_HDLC, at + 4
    if kind in (ERF_AAL5, ERF_AAL5_CHANNEL):
        return NESTED_LINK + LINK_ATM, at + (4 if kind == ERF_AAL5 else 8)
    if kind in (ERF_IPV4, ERF_IPV6):
        return ETHERTYPE_IPV4 if kind == ERF_IPV4 else ETHERTYPE_IPV6, at
    return CODE_LLC if kind in ERF_WITHOUT_IP else CODE_UNFOLLOWED, at


@inner_jit
def _by_table(table: Any, number: Any) -> Any:
    """What a number in one of Wireshark's tables stands for; ``CODE_UNFOLLOWED`` for headers that lack that of IP."""
    if table == TABLE_ETHERTYPE:
        return number & 0xFFFF
    if table not in (TABLE_IP, TABLE_PPP):
        return CODE_LLC
    place = 0 if table == TABLE_IP else 1
    if number == NUMBERS_IPV4[place]:
        return ETHERTYPE_IPV4
    return ETHERTYPE_IPV6 if number == NUMBERS_IPV6[place] else CODE_UNFOLLOWED


@inner_jit
def exported_pdu(buffer: Any, at: Any, end: Any) -> Any:
    """A layer that Wireshark exported, if its name or number says that it is IP, Ethernet, PPP or 802.11.

    What TCP carried, without its header, may be anything of a connection.
    """
    kind, table = CODE_LLC, 0
    for _ in range(MOST_PDU_TAGS):
        if at + 4 > end:
            return CODE_CUT, at
        tag, length = be16(buffer, at), be16(buffer, at + 2)
        at += 4
        if tag == PDU_END:
            return kind, at
        if tag == PDU_NAME and at + length <= end:
            first_four = be32(buffer, at) if length >= 4 else 0
            ends = (length > 4 and byte(buffer, at + 4) == 0) or length == 4
            if length >= 2 and be16(buffer, at) == NAME_IP and (length == 2 or byte(buffer, at + 2) == 0):
                kind = NESTED_LINK + LINK_RAW
            elif first_four == NAME_IPV6 and ends:
                kind = ETHERTYPE_IPV6
            elif first_four == NAME_ETHERNET or first_four == NAME_ETHERNET & 0xFFFFFF00:
                kind = NESTED_LINK + LINK_ETHERNET
            elif first_four == NAME_RAW and length >= 6 and be16(buffer, at + 4) == NAME_IP:
                kind = NESTED_LINK + LINK_RAW
            elif first_four == NAME_PPP or (first_four == NAME_WLAN and ends):
                kind = NESTED_LINK + (LINK_PPP if first_four == NAME_PPP else LINK_WLAN)
            elif first_four == NAME_TCP:
                kind = CODE_UNFOLLOWED
        elif tag == PDU_TABLE and length >= 4 and at + 4 <= end:
            table = be32(buffer, at)
        elif tag == PDU_NUMBER and length >= 4 and at + 4 <= end:
            kind = _by_table(table, be32(buffer, at))
        elif tag == PDU_PORT_TYPE and length >= 4 and at + 4 <= end:
            if kind == CODE_LLC and be32(buffer, at) == PDU_OF_TCP:
                kind = CODE_UNFOLLOWED
        at += length
    return CODE_LLC, at


@inner_jit
def ipnet(buffer: Any, at: Any, end: Any) -> Any:
    """Solaris' IPNET: a header with the address family."""
    if at + IPNET_BYTES > end:
        return CODE_CUT, at
    family = byte(buffer, at + 1)
    return (
        ETHERTYPE_IPV4 if family == IPNET_IPV4 else ETHERTYPE_IPV6 if family == IPNET_IPV6 else CODE_LLC
    ), at + IPNET_BYTES


@inner_jit
def netanalyzer(buffer: Any, at: Any, end: Any) -> Any:
    """Hilscher's netANALYZER: four bytes, and Ethernet."""
    return ethernet(buffer, at + 4, end)


@inner_jit
def netanalyzer_transparent(buffer: Any, at: Any, end: Any) -> Any:
    """Hilscher's netANALYZER: four bytes, a preamble of eight, and Ethernet."""
    return ethernet(buffer, at + 12, end)


@inner_jit
def preamble(buffer: Any, at: Any, end: Any) -> Any:
    """Ethernet behind a preamble of eight bytes (mPackets, EPON)."""
    return ethernet(buffer, at + 8, end)


@inner_jit
def _tagged(buffer: Any, at: Any, end: Any, tag: Any) -> Any:
    """Ethernet with a tag of a switch behind the addresses, `tag` bytes long."""
    if at + 14 + tag > end:
        return CODE_CUT, at
    kind = be16(buffer, at + 12 + tag)
    if kind < FIRST_ETHERTYPE:
        return llc(buffer, at + 14 + tag, end)
    return kind, at + 14 + tag


@inner_jit
def dsa(buffer: Any, at: Any, end: Any) -> Any:
    """Ethernet with Marvell's tag."""
    return _tagged(buffer, at, end, 4)


@inner_jit
def dsa_extended(buffer: Any, at: Any, end: Any) -> Any:
    """Ethernet with Marvell's tag behind an Ethernet type."""
    return _tagged(buffer, at, end, 8)


@inner_jit
def dsa_brcm(buffer: Any, at: Any, end: Any) -> Any:
    """Ethernet with Broadcom's tag behind the addresses."""
    return _tagged(buffer, at, end, 4)


@inner_jit
def dsa_brcm_prepended(buffer: Any, at: Any, end: Any) -> Any:
    """Ethernet with Broadcom's tag before the addresses."""
    return ethernet(buffer, at + 4, end)


@inner_jit
def symantec(buffer: Any, at: Any, end: Any) -> Any:
    """Symantec: an Ethernet type in a header, whose length depends on the version."""
    if at + 44 > end:
        return CODE_CUT, at
    kind = be16(buffer, at + 6)
    return (kind, at + 44) if kind else (be16(buffer, at + 20), at + 56)


@inner_jit
def tzsp_fields(buffer: Any, at: Any, end: Any) -> Any:
    """What a TaZmen sniffer protocol header carries, and where it begins; -1 for anything else."""
    if at + 5 > end or byte(buffer, at) != TZSP_VERSION or byte(buffer, at + 1) > TZSP_TRANSMITTED:
        return -1, at
    carried = be16(buffer, at + 2)
    at += 4
    while at < end and byte(buffer, at) != TZSP_END:
        at += 1 if byte(buffer, at) == TZSP_PADDING or at + 1 >= end else 2 + byte(buffer, at + 1)
    return (carried, at + 1) if at < end else (-1, at)


@inner_jit
def tzsp(buffer: Any, at: Any, end: Any) -> Any:
    """TaZmen sniffer protocol without UDP: a frame of Ethernet or 802.11 behind tagged fields."""
    carried, at = tzsp_fields(buffer, at, end)
    if carried == TZSP_ETHERNET:
        return NESTED_LINK + LINK_ETHERNET, at
    if carried in TZSP_RADIO:
        return NESTED_LINK + LINK_PRISM, at
    return (NESTED_LINK + LINK_WLAN if carried == TZSP_WLAN else CODE_UNFOLLOWED if carried >= 0 else CODE_LLC), at
