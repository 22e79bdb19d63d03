"""Tunnels down to the innermost IP header, and the way there."""

import pytest

from pcapframe.capture.tunnels import MOST_WAYS, OTHER_WAY, UDP_STEP, new_ways, udp_ports, way_names, way_on
from tests.builders import ARP, GRE, IPIP, IPV6, ethernet, ipv4, pcap
from tests.capture.frames import CLIENT, CLIENT6, OUTER, OUTER6, PACKET, PACKET6, SERVER, SERVER6
from tests.capture.rows import cut_rows, pick, row, tshark_fields
from tests.capture.wrappings import FRAME, TUNNELS, VLAN_FRAME, VXLAN, over_ip, over_udp

DETAILS = "src dst protocol ttl src_port dst_port payload_bytes"
FOUND, FOUND6 = [CLIENT, SERVER, "TCP", 33, 40000, 80, 10], [CLIENT6, SERVER6, "TCP", 44, 40000, 80, 10]


def frame(packet: bytes) -> bytes:
    """The packet in Ethernet."""
    return ethernet(packet, IPV6 if packet[0] >> 4 == 6 else 0x0800)


def inner(packet: bytes) -> list[object]:
    """What is right of the packet within."""
    return FOUND6 if packet.endswith(PACKET6) else FOUND


@pytest.mark.parametrize("name", TUNNELS)
def test_tunnels_are_followed(name):
    way, packet, _ = TUNNELS[name]
    found = row(frame(packet))
    assert pick(found, DETAILS) == inner(packet)
    outer = OUTER6 if packet[0] >> 4 == 6 else OUTER
    assert pick(found, "outer_src outer_dst tunnel") == [*outer, way]
    assert found["vlan"] == (7 if VLAN_FRAME in packet or "VLAN" in name.split() else None)


@pytest.mark.parametrize("name", TUNNELS)
def test_tunnels_cut_anywhere(name):
    way, packet, _ = TUNNELS[name]
    whole = frame(packet)
    begin, header = (
        len(whole) - len(PACKET6 if inner(packet) is FOUND6 else PACKET),
        40 if inner(packet) is FOUND6 else 20,
    )
    for length, found in enumerate(cut_rows(whole)):
        if length < begin + header:
            assert found["src"] not in (CLIENT, CLIENT6)
            assert found["seq"] is None
        elif length >= begin + header + 16:
            assert pick(found, DETAILS) == inner(packet)
            assert found["tunnel"] == way


@pytest.mark.needs_program("tshark")
def test_wireshark_follows_them_too(tmp_path):
    capture = tmp_path / "tunnels.pcap"
    names = [name for name, (_, _, follows) in TUNNELS.items() if follows]
    capture.write_bytes(pcap([(number, frame(TUNNELS[name][1])) for number, name in enumerate(names)]))
    found = tshark_fields(capture, "tcp.srcport tcp.dstport tcp.len")
    assert dict(zip(names, found, strict=True)) == {name: ["40000", "80", "10"] for name in names}


def test_packets_without_a_tunnel_have_no_way():
    found = row(ethernet(PACKET))
    assert pick(found, "outer_src outer_dst tunnel") == [None, None, None]


def test_a_tunnel_without_ip_in_it_is_no_way():
    arp = ethernet(bytes(28), 0x0806)
    for packet in (over_udp(4789, "08000000 00000700", arp), over_ip(GRE, "0000 6558", arp), over_ip(97, "3000", arp)):
        assert pick(row(ethernet(packet)), "src outer_src outer_dst tunnel") == [OUTER[0], None, None, None]


@pytest.mark.parametrize(
    "packet",
    [
        over_ip(97, "4000", FRAME),  # another version
        over_ip(115, "00000000", FRAME),  # control
        over_ip(IPIP, "", b"\x44" + PACKET[1:]),
        over_ip(41, "", b"\x50" + PACKET6[1:]),
    ],
)
def test_what_is_not_followed_keeps_its_outer_header(packet):
    found = row(ethernet(packet))
    assert pick(found, "src dst seq outer_src tunnel") == [*OUTER, None, None, None]


@pytest.mark.parametrize(
    "outer",
    [
        ipv4(*OUTER, GRE, bytes(4)),  # a keep-alive
        ipv4(*OUTER, IPIP, PACKET[:19]),
        over_udp(4789, VXLAN, ethernet(bytes(28), ARP)),
    ],
)
def test_a_tunnel_that_leads_to_no_ip_header_is_none(outer):
    assert pick(row(ethernet(outer)), "src outer_src outer_dst tunnel") == [OUTER[0], None, None, None]


def test_addresses_of_both_headers_are_of_one_type():
    import pcapframe as pf

    packets = pf.read_pcap(pcap([(0, ethernet(TUNNELS["VXLAN"][1])), (1, ethernet(PACKET))]))
    assert packets["outer_src"].dtype == packets["outer_dst"].dtype == packets["src"].dtype
    assert packets["outer_src"].tolist()[0] == OUTER[0]


def test_ways_are_told_apart_up_to_a_limit():
    ways = new_ways()
    numbers = {way_on.py_func(ways, 0, step) for step in (4, 41, 4)}
    assert len(numbers) == 2
    inner = way_on.py_func(ways, min(numbers), 47)
    assert [way_names(ways)[number] for number in (0, *sorted(numbers), inner)] == ["", "IPIP", "6in4", "IPIP/GRE"]
    way = inner
    for _ in range(2 * MOST_WAYS):
        way = way_on.py_func(ways, way, 4)
    assert way == OTHER_WAY
    assert way_names(ways)[OTHER_WAY] == "other"


def test_names_of_ways():
    ways = new_ways()
    vxlan = way_on.py_func(ways, 0, UDP_STEP + 4789)
    inside = way_on.py_func(ways, vxlan, IPIP)
    assert way_on.py_func(ways, vxlan, IPIP) == inside
    names = way_names(ways)
    assert [names[0], names[vxlan], names[inside], names[OTHER_WAY]] == ["", "VXLAN", "VXLAN/IPIP", "other"]


def test_ports_of_ones_own():
    rows = udp_ports({14789: 4789, 12152: 2152})
    assert [rows[port] for port in (4789, 14789, 2152, 12152, 80)] == [4789, 4789, 2152, 2152, 0]
