"""Down to the innermost IP header, with the lengths that the headers tell."""

import struct

import pytest

from tests.builders import (
    GRE,
    ICMP,
    ICMPV6,
    IPIP,
    IPV6,
    TCP,
    UDP,
    ethernet,
    ip,
    ipv4,
    ipv6,
    packet,
    pcap,
    udp,
)
from tests.capture.frames import (
    CLIENT,
    CLIENT6,
    OUTER,
    OUTER6,
    PACKET,
    PACKET6,
    SEGMENT,
    SEGMENT6,
    SERVER,
    SERVER6,
    SNAP,
    TUNNELS,
    in_udp,
    wlan,
)
from tests.capture.rows import cut_rows, pick, row, rows, tshark_fields

DETAILS = "src dst protocol ttl ip_id src_port dst_port payload_bytes"
FOUND, FOUND6 = (
    [CLIENT, SERVER, "TCP", 33, 1234, 40000, 80, 10],
    [CLIENT6, SERVER6, "TCP", 44, None, 40000, 80, 10],
)


def lengthened(frame: bytes, total_length: int) -> bytes:
    """Frame of IPv4 whose total length says something else."""
    return frame[:16] + struct.pack(">H", total_length) + frame[18:]


# Lengths.


def test_padding_is_not_payload():
    frame = packet(flags="A") + b"\xee" * 6
    assert pick(row(frame), "wire_bytes payload_bytes") == [60, 0]


@pytest.mark.parametrize(
    ("total_length", "protocol", "payload"),
    [
        (50, "TCP", 10),
        (49, "TCP", 9),  # the rest is padding
        (40, "TCP", 0),
        (39, "TCP", None),  # too short for the header that is there
        (36, "TCP", None),
        (9999, "TCP", 9959),  # beyond the frame: it was cut off before it was recorded
        (0, "TCP", 13),  # left to the network adapter: the frame's length, padding too
        (20, "TCP", None),
        (19, "TCP", None),  # not possible
        (1, "TCP", None),
    ],
)
def test_ipv4_total_length(total_length, protocol, payload):
    frame = lengthened(ethernet(PACKET) + b"pad", total_length)
    found = row(frame)
    assert pick(found, "src ttl protocol payload_bytes") == [CLIENT, 33, protocol, payload]
    assert (found["src_port"] is None) == (0 < total_length < 24)
    assert (found["seq"] is None) == (0 < total_length < 36)


def test_length_counts_what_was_on_the_wire_and_not_what_was_captured():
    assert pick(row(lengthened(ethernet(PACKET), 0), snaplen=60), "captured_bytes payload_bytes") == [60, 10]
    assert pick(row(lengthened(ethernet(PACKET), 9999), snaplen=60), "captured_bytes payload_bytes") == [
        60,
        9959,
    ]


@pytest.mark.parametrize(
    ("payload_length", "seq", "payload"),
    [(30, 0, 10), (25, 0, 5), (20, 0, 0), (9999, 0, 9979), (0, 0, 12), (15, None, None), (16, 0, None)],
)
def test_ipv6_payload_length(payload_length, seq, payload):
    network = ipv6(CLIENT6, SERVER6, TCP, SEGMENT6, payload_length=payload_length)
    found = row(ethernet(network + b"xx", IPV6))
    assert pick(found, "src protocol seq payload_bytes") == [CLIENT6, "TCP", seq, payload]


# Headers.


@pytest.mark.parametrize("options", [4, 20, 40])
def test_ipv4_options_are_skipped(options):
    network = ipv4(CLIENT, SERVER, TCP, SEGMENT, ttl=33, ip_id=1234, options=b"\x01" * options)
    assert pick(row(ethernet(network)), DETAILS) == FOUND


def test_wrong_versions_are_no_ip():
    for frame in (ethernet(PACKET, IPV6), ethernet(b"\x44" + PACKET[1:])):
        assert pick(row(frame), "src ttl seq") == [None, None, None]


HOP_BY_HOP, ROUTING, DESTINATION, AUTHENTICATION, MOBILITY = 0, 43, 60, 51, 135
EXTENSIONS = {
    "hop-by-hop": [(HOP_BY_HOP, b"\0\0\x01\x04" + bytes(4))],
    "destination options of 24 bytes": [(DESTINATION, b"\0\x02" + bytes(22))],
    "routing": [(ROUTING, b"\0\x02\x04\0" + bytes(20))],
    "authentication": [(AUTHENTICATION, b"\0\x04" + bytes(22))],
    "atomic fragment": [(44, b"\0\0\0\0\0\0\0\x07")],
    "four": [
        (HOP_BY_HOP, b"\0\0" + bytes(6)), (DESTINATION, b"\0\0" + bytes(6)),
        (ROUTING, b"\0\x02\x04\0" + bytes(20)), (AUTHENTICATION, b"\0\x01" + bytes(10)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("extensions", EXTENSIONS.values(), ids=EXTENSIONS)
def test_ipv6_extension_headers_are_skipped(extensions):
    network = ipv6(CLIENT6, SERVER6, TCP, SEGMENT6, hop_limit=44, extensions=extensions)
    assert pick(row(ethernet(network, IPV6)), DETAILS) == FOUND6


def test_ipv4_authentication_header_is_skipped():
    network = ipv4(CLIENT, SERVER, AUTHENTICATION, b"\x06\x04" + bytes(22) + SEGMENT, ttl=33, ip_id=1234)
    assert pick(row(ethernet(network)), DETAILS) == FOUND


def test_extension_headers_without_end_are_no_segment():
    endless = ipv6(CLIENT6, SERVER6, HOP_BY_HOP, b"\0\0" + bytes(6), extensions=[(0, b"\0\0" + bytes(6))] * 90)
    assert pick(row(ethernet(endless, IPV6)), "src seq payload_bytes") == [CLIENT6, None, None]
    beyond = ipv6(CLIENT6, SERVER6, TCP, SEGMENT6, extensions=[(DESTINATION, b"\0\xff" + bytes(6))])
    assert pick(row(ethernet(beyond, IPV6)), "src seq payload_bytes") == [CLIENT6, None, None]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (1, "ICMP"),
        (2, "IGMP"),
        (50, "ESP"),
        (89, "OSPF"),
        (132, "SCTP"),
        (17, "UDP"),
        (253, "IP protocol 253"),
    ],
)
def test_protocols_have_their_names(number, name):
    found = row(ethernet(ipv4(CLIENT, SERVER, number, bytes(12))))
    assert pick(found, "src protocol tcp_flags payload_bytes") == [CLIENT, name, None, None]
    assert found["src_port"] == (0 if name == "UDP" else None)


def test_icmp_quotes_are_not_taken_for_tcp():
    quote = struct.pack(">BBHI", 3, 3, 0, 0) + PACKET[:28]
    assert pick(row(ethernet(ipv4(*OUTER, ICMP, quote))), "src protocol src_port") == [OUTER[0], "ICMP", None]
    quote6 = struct.pack(">BBHI", 1, 4, 0, 0) + PACKET6
    found = row(ethernet(ipv6(*OUTER6, ICMPV6, quote6), IPV6))
    assert pick(found, "src protocol src_port") == [OUTER6[0], "ICMPv6", None]


# Tunnels.


def expected(name: str) -> list[object]:
    return FOUND6 if PACKET6 in TUNNELS[name] else FOUND


@pytest.mark.parametrize("name", TUNNELS)
def test_innermost_header_of_tunnels(name):
    kind = IPV6 if TUNNELS[name][0] >> 4 == 6 else 0x0800
    assert pick(row(ethernet(TUNNELS[name], kind)), DETAILS) == expected(name)


@pytest.mark.parametrize("name", TUNNELS)
def test_tunnels_cut_anywhere(name):
    kind = IPV6 if TUNNELS[name][0] >> 4 == 6 else 0x0800
    frame = ethernet(TUNNELS[name], kind)
    inner_at = len(frame) - len(PACKET6 if expected(name) is FOUND6 else PACKET)
    inner_bytes = 40 if expected(name) is FOUND6 else 20
    for length, found in enumerate(cut_rows(frame)):
        if length < inner_at + inner_bytes:  # the outer header then, once it is whole
            assert found["src"] in (None, OUTER[0], OUTER6[0])
            assert found["seq"] is None
        elif length < inner_at + inner_bytes + 16:
            assert pick(found, "src protocol payload_bytes") == [expected(name)[0], "TCP", None]
        else:
            assert pick(found, DETAILS) == expected(name)


@pytest.mark.needs_program("tshark")
def test_wireshark_finds_the_same_innermost_header(tmp_path):
    frames = [ethernet(t, IPV6 if t[0] >> 4 == 6 else 0x0800) for t in TUNNELS.values()]
    capture = tmp_path / "tunnels.pcap"
    capture.write_bytes(pcap(list(enumerate(frames))))
    found = tshark_fields(capture, "tcp.srcport tcp.dstport tcp.len")
    assert dict(zip(TUNNELS, found, strict=True)) == {name: ["40000", "80", "10"] for name in TUNNELS}


def test_capwap_with_the_bytes_of_the_frame_control_in_their_order():
    capwap = bytes.fromhex("00100300 00000000") + wlan("0801") + SNAP + b"\x08\x00" + PACKET
    assert pick(row(ethernet(in_udp(5247, capwap))), DETAILS) == FOUND


@pytest.mark.parametrize(
    "payload",
    [
        bytes.fromhex("00100380 00000000") + wlan("0108"),  # a fragment
        bytes.fromhex("00100308 00000000") + wlan("0108"),  # a keep-alive
        bytes.fromhex("01000000 00000000") + wlan("0108"),  # encrypted
        bytes.fromhex("00100300 00000000") + wlan("4108"),  # encrypted 802.11
        bytes.fromhex("00100300 00000000") + wlan("0080"),  # a beacon
        bytes.fromhex("00100500 00000000") + wlan("0108"),  # of another binding
    ],
)
def test_capwap_without_a_packet(payload):
    assert row(ethernet(in_udp(5247, payload + SNAP + b"\x08\x00" + PACKET)))["src"] == OUTER[0]


def test_jumbograms_have_their_length_in_an_option():
    jumbo = bytes.fromhex("0000 c204") + (8 + len(SEGMENT6)).to_bytes(4, "big")
    frame = ethernet(ipv6(CLIENT6, SERVER6, TCP, SEGMENT6, extensions=[(0, jumbo)], payload_length=0), IPV6)
    assert pick(row(frame), "src protocol payload_bytes") == [CLIENT6, "TCP", 10]
    other = ethernet(
        ipv6(CLIENT6, SERVER6, TCP, SEGMENT6, extensions=[(0, b"\0\0\x01\4" + bytes(4))], payload_length=0), IPV6
    )
    assert pick(row(other), "src seq payload_bytes") == [CLIENT6, 0, 10]  # by the frame's length


def test_a_fragment_that_the_frame_lacks_bytes_of_is_not_put_together():
    start = ipv4(CLIENT, SERVER, TCP, SEGMENT[:24], more_fragments=True, total_length=60)
    end = ipv4(CLIENT, SERVER, TCP, SEGMENT[24:], fragment_offset=24)
    first, second = rows([ethernet(start), ethernet(end)])
    assert pick(first, "src_port payload_bytes") == [40000, None]
    assert pick(second, "src_port payload_bytes") == [None, None]


def test_vlan_inside_a_tunnel_is_the_innermost():
    inner = ethernet(PACKET, vlans=[22])
    vxlan = ipv4(*OUTER, UDP, udp(*OUTER, 50000, 4789, bytes.fromhex("08000000 00000700") + inner))
    assert row(ethernet(vxlan, vlans=[11]))["vlan"] == 22


def test_ports_of_tunnels_do_not_make_one():
    for port, payload in ((4789, bytes(30)), (6081, b"\xff" * 30), (2152, b"\x30\x01" + bytes(28))):
        found = row(ethernet(ipv4(*OUTER, UDP, udp(*OUTER, 50000, port, payload))))
        assert pick(found, "src protocol src_port dst_port") == [OUTER[0], "UDP", 50000, port]


def test_what_a_tunnel_carries_beside_ip_is_not_followed():
    arp = ethernet(bytes(28), 0x0806)
    vxlan = ipv4(*OUTER, UDP, udp(*OUTER, 50000, 4789, bytes.fromhex("08000000 00000700") + arp))
    assert pick(row(ethernet(vxlan)), "src protocol dst_port") == [OUTER[0], "UDP", 4789]
    keep_alive = ipv4(*OUTER, GRE, bytes.fromhex("0000 0000"))
    assert pick(row(ethernet(keep_alive)), "src protocol") == [OUTER[0], "GRE"]


def test_what_is_behind_the_outer_packet_is_not_in_the_tunnel():
    for length in range(20, 20 + len(PACKET)):
        outer = ipv4(*OUTER, IPIP, PACKET, total_length=length)
        found = row(ethernet(outer))
        if length < 40:
            assert pick(found, "src protocol seq") == [OUTER[0], "IPIP", None]
        else:
            payload = 10 if length >= 56 else None  # as the inner header says
            assert pick(found, "src protocol payload_bytes sliced") == [CLIENT, "TCP", payload, True]


def test_tunnels_in_tunnels_end_somewhere():
    network = PACKET
    for _ in range(100):
        network = ipv4(*OUTER, IPIP, network)
    assert pick(row(ethernet(network)), "src protocol seq") == [OUTER[0], "IPIP", None]


def test_addresses_of_both_families_are_told_apart():
    lookalike = ip("::c000:201", "::c633:6401", TCP, SEGMENT6)
    found = row(ethernet(lookalike, IPV6))
    assert pick(found, "src dst") == ["::192.0.2.1", "::198.51.100.1"]


# Frames cut off before they were recorded.


@pytest.mark.parametrize("network", ["IPv4", "IPv6"])
@pytest.mark.parametrize("vlans", [[], [5], [5, 6]])
def test_a_sliced_frame_has_the_payload_that_ip_says(network, vlans):
    inner = PACKET if network == "IPv4" else PACKET6
    frame = ethernet(inner, IPV6 if network == "IPv6" else 0x0800, vlans=vlans)
    for length in range(len(frame) - 10, len(frame) + 1):
        found = row(frame[:length])
        assert pick(found, "wire_bytes captured_bytes payload_bytes sliced") == [
            length,
            length,
            10,
            length < len(frame),
        ]


def test_a_sliced_frame_may_be_cut_by_the_capture_as_well():
    found = row(ethernet(PACKET)[:62], snaplen=60)
    assert pick(found, "wire_bytes captured_bytes payload_bytes sliced") == [62, 60, 10, True]


def test_what_the_capture_cut_is_not_sliced():
    assert pick(row(ethernet(PACKET), snaplen=60), "payload_bytes sliced") == [10, False]
    assert pick(row(lengthened(ethernet(PACKET) + b"FCS!", 50)), "payload_bytes sliced") == [10, False]


@pytest.mark.parametrize("tunnel", ["VXLAN", "GRE", "IPIP"])
def test_a_frame_sliced_inside_a_tunnel(tunnel):
    """The outer header says what was mirrored, the inner one what there was."""
    inner = PACKET[:44]
    body = {
        "VXLAN": lambda: (UDP, udp(*OUTER, 50000, 4789, bytes.fromhex("08000000 00000700") + ethernet(inner))),
        "GRE": lambda: (47, bytes.fromhex("00000800") + inner),
        "IPIP": lambda: (IPIP, inner),
    }[tunnel]()
    found = row(ethernet(ipv4(*OUTER, *body)))
    assert pick(found, "src protocol payload_bytes sliced") == [CLIENT, "TCP", 10, True]
    whole = row(ethernet(ipv4(*OUTER, IPIP, PACKET)))
    assert pick(whole, "payload_bytes sliced") == [10, False]
