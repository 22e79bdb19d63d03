"""The link types that are decoded: one function and one row of ``LINK_TYPES`` each.

A decoder takes the buffer, where a frame begins and where its captured bytes end. It returns the Ethernet type of the
network header (or a code of ``link``) and where that header begins; shims such as VLAN tags are skipped later.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from pcapframe.capture import juniper, usb, wan, wireless, wrappers
from pcapframe.capture.link import (
    ETHERTYPE_IPV4,
    ETHERTYPE_IPV6,
    ETHERTYPE_MPLS,
    NESTED_LINK,
    NO_SUBFRAME,
    SUBFRAME,
    UNKNOWN_LINK,
    by_version,
    ethernet,
    llc,
)
from pcapframe.capture.other_links import OTHER_NAMES, PREFIX, is_without_ip
from pcapframe.jit import inner_jit

__all__ = [
    "LINK_ETHERNET",
    "LINK_TYPES",
    "NESTED_LINK",
    "OTHER_LINKS",
    "UNKNOWN_LINK",
    "LinkType",
    "is_undecoded",
    "link_name",
]

OTHER_LINKS = "other link types"  # protocol of the packets of link types beyond those that are named one by one


class LinkType(NamedTuple):
    """A link type: its name for readers, and the compiled function that finds the network header of a frame.

    Frames of a common one are decoded without ``deep``, where nothing else calls for it.
    """

    name: str
    decoder: Callable[..., Any]
    common: bool = False


@inner_jit
def _raw(buffer: Any, at: Any, end: Any) -> Any:
    """IPv4 or IPv6 without a link layer."""
    return by_version(buffer, at, end), at


@inner_jit
def _raw_4(buffer: Any, at: Any, end: Any) -> Any:
    """IPv4 without a link layer."""
    return ETHERTYPE_IPV4, at


@inner_jit
def _raw_6(buffer: Any, at: Any, end: Any) -> Any:
    """IPv6 without a link layer."""
    return ETHERTYPE_IPV6, at


@inner_jit
def _mpls(buffer: Any, at: Any, end: Any) -> Any:
    """MPLS labels without a link layer."""
    return ETHERTYPE_MPLS, at


@inner_jit
def _subframe(buffer: Any, at: Any, end: Any) -> Any:
    """A frame of an aggregate of 802.11: addresses and length as in 802.3."""
    return llc(buffer, at + 14, end)


LINK_ETHERNET = 1
LINK_TYPES = {  # numbers of the pcap registry; the first ones are found first
    LINK_ETHERNET: LinkType("Ethernet", ethernet, common=True),
    113: LinkType("Linux cooked v1", wrappers.cooked_1, common=True),
    276: LinkType("Linux cooked v2", wrappers.cooked_2, common=True),
    101: LinkType("raw IP", _raw, common=True),
    0: LinkType("BSD loopback", wrappers.bsd_loopback, common=True),
    108: LinkType("OpenBSD loopback", wrappers.bsd_loopback, common=True),
    228: LinkType("raw IPv4", _raw_4),
    229: LinkType("raw IPv6", _raw_6),
    12: LinkType("raw IP", _raw),
    14: LinkType("raw IP", _raw),
    219: LinkType("MPLS", _mpls),
    # 802.11
    105: LinkType("802.11", wireless.wlan_frame),
    119: LinkType("802.11 with Prism header", wireless.prism),
    127: LinkType("802.11 with radiotap", wireless.radiotap),
    163: LinkType("802.11 with AVS header", wireless.avs),
    192: LinkType("PPI", wireless.ppi),
    SUBFRAME: LinkType("802.11", _subframe),
    # Lines and older networks
    3: LinkType("AX.25", wan.ax25),
    6: LinkType("token ring", wan.token_ring),
    7: LinkType("ARCNET (BSD)", wan.arcnet_bsd),
    8: LinkType("SLIP", wan.slip),
    9: LinkType("PPP", wan.ppp_or_hdlc),
    10: LinkType("FDDI", wan.fddi),
    11: LinkType("LLC over ATM", wan.atm_llc),
    19: LinkType("IP over ATM (Linux)", wan.atm_clip),
    50: LinkType("PPP in HDLC-like framing", wan.ppp_or_hdlc),
    51: LinkType("PPPoE", wan.pppoe),
    100: LinkType("LLC over ATM", wan.atm_llc),
    104: LinkType("Cisco HDLC", wan.cisco_hdlc),
    106: LinkType("IP over ATM (Linux)", wan.atm_clip),
    107: LinkType("Frame Relay", wan.frame_relay),
    112: LinkType("Cisco HDLC", wan.cisco_hdlc),
    122: LinkType("IP over Fibre Channel", wan.fibre_channel),
    123: LinkType("SunATM", wan.sunatm),
    129: LinkType("ARCNET (Linux)", wan.arcnet),
    138: LinkType("IP over FireWire", wan.firewire),
    143: LinkType("DOCSIS", wan.docsis),
    166: LinkType("PPP with direction", wan.with_direction_ppp),
    182: LinkType("multilink Frame Relay", wan.frame_relay_multilink),
    202: LinkType("AX.25 with KISS header", wan.ax25_kiss),
    204: LinkType("PPP with direction", wan.with_direction_ppp),
    205: LinkType("Cisco HDLC with direction", wan.with_direction_hdlc),
    206: LinkType("Frame Relay with direction", wan.with_direction_frame_relay),
    242: LinkType("IP over InfiniBand", wan.infiniband),
    # Juniper
    130: LinkType("Juniper multilink PPP", juniper.juniper_multilink_ppp),
    131: LinkType("Juniper multilink Frame Relay", juniper.juniper_multilink_frame_relay),
    132: LinkType("Juniper encryption services", juniper.juniper_encryption),
    133: LinkType("Juniper GGSN", juniper.juniper_ggsn),
    134: LinkType("Juniper multilink Frame Relay (FRF.16)", juniper.juniper_frf_16),
    135: LinkType("Juniper ATM2", juniper.juniper_atm2),
    136: LinkType("Juniper services", juniper.juniper_services),
    137: LinkType("Juniper ATM1", juniper.juniper_atm1),
    164: LinkType("Juniper monitor", juniper.juniper_ip),
    167: LinkType("Juniper PPPoE", juniper.juniper_ethernet),
    168: LinkType("Juniper PPPoE over ATM", juniper.juniper_typed),
    178: LinkType("Juniper Ethernet", juniper.juniper_ethernet),
    179: LinkType("Juniper PPP", juniper.juniper_ppp),
    180: LinkType("Juniper Frame Relay", juniper.juniper_frame_relay),
    181: LinkType("Juniper Cisco HDLC", juniper.juniper_hdlc),
    183: LinkType("Juniper voice", juniper.juniper_voice),
    # Network adapters over USB
    189: LinkType("USB (Linux)", usb.usb_linux),
    220: LinkType("USB (Linux, mapped)", usb.usb_linux_mapped),
    249: LinkType("USB (USBPcap)", usb.usb_pcap),
    NO_SUBFRAME: LinkType("USB", usb.without_datagrams),
    # Headers of capturing systems
    99: LinkType("Symantec Enterprise", wrappers.symantec),
    109: LinkType("OpenBSD enc", wrappers.enc),
    117: LinkType("OpenBSD pflog", wrappers.pflog),
    128: LinkType("TZSP", wrappers.tzsp),
    149: LinkType("Apple PKTAP (user link type 2)", wrappers.pktap),
    175: LinkType("ERF with Ethernet", wrappers.erf),
    176: LinkType("ERF with Packet over SONET", wrappers.erf),
    197: LinkType("ERF", wrappers.erf),
    226: LinkType("Solaris IPNET", wrappers.ipnet),
    239: LinkType("Linux NFLOG", wrappers.nflog),
    240: LinkType("netANALYZER", wrappers.netanalyzer),
    241: LinkType("netANALYZER, transparent", wrappers.netanalyzer_transparent),
    252: LinkType("Wireshark exported PDU", wrappers.exported_pdu),
    258: LinkType("Apple PKTAP", wrappers.pktap),
    259: LinkType("EPON", wrappers.preamble),
    274: LinkType("Ethernet mPacket", wrappers.preamble),
    281: LinkType("Broadcom switch tag", wrappers.dsa_brcm),
    282: LinkType("Broadcom switch tag, prepended", wrappers.dsa_brcm_prepended),
    284: LinkType("Marvell switch tag", wrappers.dsa),
    285: LinkType("Marvell switch tag, EtherType", wrappers.dsa_extended),
}


def link_name(number: int) -> str:
    """Name of a link type; those that are not decoded by their number, and their name if they have one.

    Examples
    --------
    >>> link_name(1), link_name(227), link_name(100000)
    ('Ethernet', 'link type 227 (SocketCAN)', 'link type 100000')
    """
    if number in LINK_TYPES:
        return LINK_TYPES[number].name
    return f"{PREFIX}{number} ({OTHER_NAMES[number]})" if number in OTHER_NAMES else f"{PREFIX}{number}"


def is_undecoded(protocol: str) -> bool:
    """Whether packets of this protocol are of a link type that may carry IP and has no decoder."""
    return protocol == OTHER_LINKS or (protocol.startswith(PREFIX) and not is_without_ip(protocol))
