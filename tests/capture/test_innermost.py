"""Down to the innermost IP header, through whatever is nested."""

from tests.builders import GRE, IPIP, MACS, ethernet, ipv4
from tests.capture.frames import CLIENT, OUTER, PACKET, label
from tests.capture.rows import pick, row
from tests.capture.wrappings import VXLAN, over_ip, over_udp


def test_nested_tunnels_end_somewhere():
    packet = PACKET
    for _ in range(100):
        packet = over_udp(4789, "08000000 00000700", ethernet(packet))
    assert pick(row(ethernet(packet)), "src protocol seq") == [OUTER[0], "UDP", None]


def test_ten_tunnels():
    packet = PACKET
    for _ in range(10):
        packet = ipv4(*OUTER, IPIP, packet)
    assert pick(row(ethernet(packet)), "src tunnel outer_src") == [CLIENT, "/".join(["IPIP"] * 10), OUTER[0]]


def test_shims_within_tunnels_and_tunnels_within_shims():
    within = over_ip(GRE, "0000 6558", MACS + bytes.fromhex("8909 01 01 0001 0002 8100 0007 0800") + PACKET)
    found = row(MACS + bytes.fromhex("88e7 00000064") + ethernet(label(16, True) + within, 0x8847))
    assert pick(found, "src tunnel outer_src vlan") == [CLIENT, "PBB/MPLS/GRE", OUTER[0], 7]


def test_the_outer_addresses_are_the_outermost():
    inner = ipv4("192.0.2.7", "192.0.2.8", IPIP, PACKET)
    found = row(ethernet(over_udp(4789, VXLAN, ethernet(inner))))
    assert pick(found, "src outer_src outer_dst tunnel") == [CLIENT, *OUTER, "VXLAN/IPIP"]


def test_labels_alone_leave_no_outer_addresses():
    found = row(ethernet(label(16, True) + PACKET, 0x8847))
    assert pick(found, "src outer_src outer_dst tunnel") == [CLIENT, None, None, "MPLS"]
