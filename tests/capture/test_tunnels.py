"""The columns that say which tunnels a packet is in."""

import pytest

from pcapframe.capture.tunnels import MOST_WAYS, OTHER_WAY, UDP_STEP, new_ways, udp_ports, way_names, way_on
from tests.builders import ARP, GRE, IPIP, IPV6, TCP, UDP, ethernet, ipv4, udp
from tests.capture.frames import OUTER, OUTER6, PACKET, TUNNELS, VXLAN, in_udp
from tests.capture.rows import pick, row

WAY = "outer_src outer_dst tunnel"
WAYS = {
    "IP in IP": "IPIP",
    "6in4": "6in4",
    "IP in IP in IP": "IPIP/IPIP",
    "GRE with Ethernet": "GRE",
    "ERSPAN": "GRE/ERSPAN",
    "GRE of PPTP": "GRE/PPTP",
    "VXLAN": "VXLAN",
    "VXLAN in GRE": "GRE/VXLAN",
    "Geneve with options, bare IP": "Geneve",
    "GTP-U": "GTP-U",
    "MPLS in IP": "MPLS",
}


@pytest.mark.parametrize("name", WAYS)
def test_the_way_and_the_outermost_addresses(name):
    is_6 = TUNNELS[name][0] >> 4 == 6
    found = row(ethernet(TUNNELS[name], IPV6 if is_6 else 0x0800))
    assert pick(found, WAY) == [*(OUTER6 if is_6 else OUTER), WAYS[name]]


def test_a_packet_without_a_tunnel_has_no_way():
    for frame in (ethernet(PACKET), ethernet(bytes(28), ARP), ethernet(b"", vlans=[5])):
        assert pick(row(frame), WAY) == [None, None, None]


@pytest.mark.parametrize(
    "outer",
    [
        ipv4(*OUTER, GRE, bytes(4)),  # a keep-alive
        ipv4(*OUTER, IPIP, PACKET[:19]),
        in_udp(4789, VXLAN + ethernet(bytes(28), ARP)),
        ipv4(*OUTER, UDP, udp(*OUTER, 4789, 50000, VXLAN + ethernet(PACKET))),  # from the port of VXLAN, not to it
    ],
)
def test_a_tunnel_that_leads_to_no_ip_header_is_none(outer):
    assert pick(row(ethernet(outer)), f"src {WAY}") == [OUTER[0], None, None, None]


def test_ways_beyond_the_limit_are_other():
    ways = new_ways()
    numbers = [way_on.py_func(ways, 0, UDP_STEP + 4789 if step == 0 else step) for step in range(MOST_WAYS + 3)]
    assert numbers == [*range(1, MOST_WAYS + 1), *[OTHER_WAY] * 3]
    assert way_on.py_func(ways, OTHER_WAY, TCP) == OTHER_WAY


def test_names_of_ways():
    ways = new_ways()
    vxlan = way_on.py_func(ways, 0, UDP_STEP + 4789)
    inside = way_on.py_func(ways, vxlan, IPIP)
    assert way_on.py_func(ways, vxlan, IPIP) == inside
    names = way_names(ways)
    assert [names[0], names[vxlan], names[inside], names[OTHER_WAY]] == ["", "VXLAN", "VXLAN/IPIP", "other"]


def test_ports_of_ones_own():
    rows = udp_ports({14789: 4789, 12152: 2152})
    assert [rows[0, port] for port in (4789, 14789, 2152, 12152, 80)] == [4789, 4789, 2152, 2152, 0]
    assert [rows[1, port] for port in (4789, 14789, 2152, 12152, 80)] == [0, 0, 2152, 2152, 0]
