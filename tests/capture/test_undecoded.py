"""What may hold TCP and is not decoded, packet by packet."""

import pytest

from pcapframe.capture.undecoded import PORTS, undecoded_name
from pcapframe.packets import read_pcap
from tests.builders import ARP, IPV6, TCP, UDP, Conversation, ethernet, ipv4, ipv6, packet, pcap, udp

ENDS = ("192.0.2.1", "198.51.100.1")
INNER = packet()[14:]


def undecoded(frame: bytes, link_type: int = 1) -> str | None:
    """The column of one packet."""
    (found,) = read_pcap(pcap([(1, frame)], link_type=link_type), progress=False)["undecoded"].astype(object)
    return found if isinstance(found, str) else None


@pytest.mark.filterwarnings("ignore:.*is not decoded")
def test_link_types_without_a_decoder():
    assert undecoded(bytes(60), 147) == "link type 147"


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (ethernet(bytes(60), 0x1234), "Ethernet type 0x1234"),
        (ethernet(bytes(60), 0xFFFF), "Ethernet type 0xffff"),
        (ethernet(bytes(60), ARP), None),
        (ethernet(bytes(60), 0x88CC), None),
        (ethernet(bytes(60), 0x88A2), None),  # ATA over Ethernet
        (ethernet(b"\x2c" + bytes(39), 0x88E5), "MACsec, encrypted"),
        (ethernet(ipv4(*ENDS, 50, bytes(60))), "ESP, encrypted"),
        (ethernet(ipv6("2001:db8::1", "2001:db8::2", 50, bytes(60)), IPV6), "ESP, encrypted"),
        (ethernet(ipv4(*ENDS, 108, bytes(60))), "IPComp, compressed"),
        (ethernet(ipv4(*ENDS, 1, bytes(60))), None),
        (ethernet(ipv4(*ENDS, 89, bytes(60))), None),
        (ethernet(ipv4(*ENDS, 132, bytes(60))), None),
        (ethernet(ipv4(*ENDS, 253, bytes(60))), "IP protocol 253"),
        (ethernet(ipv4(*ENDS, UDP, udp(*ENDS, 40000, 5000, bytes(60)))), None),  # other protocols use it too
        (packet(), None),
        (ethernet(b"\x35" + bytes(60)), "IPv4 headers that cannot be read"),
        (b"\x01\x02", "frames cut off before the network layer"),
        (ethernet(ipv4(*ENDS, UDP, udp(*ENDS, 51820, 51820, bytes(60)))), "WireGuard (UDP port 51820), encrypted"),
        (ethernet(ipv4(*ENDS, UDP, udp(*ENDS, 40000, 4500, bytes(60)))), "IPsec in UDP (UDP port 4500), encrypted"),
        (ethernet(ipv4(*ENDS, UDP, udp(*ENDS, 40000, 53, bytes(60)))), None),
        (ethernet(ipv4(*ENDS, UDP, udp(*ENDS, 443, 40000, bytes(60)))), None),
    ],
)
def test_packets(frame, name):
    assert undecoded(frame) == name


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (b"\xd4\0" + bytes(8), None),  # an ACK
        (b"\x80\0" + bytes(40), None),  # a beacon
        (b"\x48\0" + bytes(22), None),  # without data
        (b"\x08\x41" + bytes(40), "802.11, encrypted"),
        (b"\x88\x41" + bytes(40), "802.11, encrypted"),
    ],
    ids=["ACK", "beacon", "null", "data", "QoS"],
)
def test_wlan(frame, name):
    assert undecoded(frame, 105) == name


@pytest.mark.parametrize(
    ("protocol", "name"),
    [
        (0xC021, None),
        (0x8021, None),
        (0x2D, "PPP, compressed, encrypted or split"),
        (0x21, None),
        (0x61, "PPP, compressed, encrypted or split"),
    ],
)
def test_ppp(protocol, name):
    assert undecoded(b"\xff\x03" + protocol.to_bytes(2, "big") + INNER, 9) == name


@pytest.mark.parametrize(
    ("frame", "link_type", "name"),
    [
        ("01 05 0049 4400808034 1234" + "00" * 60, 143, "frames that are encrypted"),
        ("8101 184103cc" + "00" * 60, 182, "fragments of frames of the link layer that are not complete"),
        ("1841 03 b0" + "00" * 60, 107, "frames of a kind that is not followed"),
    ],
)
def test_frames_that_are_not_followed(frame, link_type, name):
    assert undecoded(bytes.fromhex(frame), link_type) == name


def gre(kind: int, payload: bytes) -> bytes:
    return ethernet(ipv4(*ENDS, 47, bytes(2) + kind.to_bytes(2, "big") + payload))


def vxlan(inner: bytes, flags: int = 8) -> bytes:
    return ethernet(ipv4(*ENDS, UDP, udp(*ENDS, 40000, 4789, bytes([flags]) + bytes(7) + inner)))


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (gre(0x0800, INNER), None),
        (gre(0x1234, INNER), "Ethernet type 0x1234"),
        (gre(ARP, bytes(28)), None),
        (vxlan(packet()), None),
        (vxlan(ethernet(bytes(28), ARP)), None),
        (vxlan(ethernet(bytes(28), 0x1234)), "Ethernet type 0x1234"),
        (vxlan(packet(), flags=0), None),
        (vxlan(ethernet(bytes(28), 0x1234), flags=0), "UDP port 4789, a tunnel that cannot be followed"),
        (vxlan(ethernet(ipv4(*ENDS, 50, bytes(40)))), "ESP, encrypted"),
    ],
)
def test_what_a_tunnel_holds(frame, name):
    assert undecoded(frame) == name


def test_a_conversation_has_none():
    found = read_pcap(pcap(Conversation().handshake().data("client", 3).close()))
    assert found["undecoded"].isna().all()
    assert not found["undecoded"].cat.categories.size


def test_rows_of_several_captures_stay_with_theirs():
    odd, plain = ethernet(bytes(60), 0x1234), packet()
    found = read_pcap([pcap([(1, odd), (4, plain)]), pcap([(2, plain), (3, vxlan(ethernet(bytes(9), 0x4321)))])])
    assert found["undecoded"].astype(object).where(found["undecoded"].notna(), None).tolist() == [
        "Ethernet type 0x1234", None, "Ethernet type 0x4321", None,
    ]  # fmt: skip


def test_names():
    assert undecoded_name("TCP") is None
    assert undecoded_name("other link types") == "other link types"
    assert TCP not in PORTS


@pytest.mark.parametrize("name", ["TRILL", "NSH", "Arista timestamp", "ISL", "batman-adv data"])
def test_tags_that_are_not_followed_may_hold_tcp(name):
    assert undecoded_name(name) == f"{name} that is not followed"


@pytest.mark.parametrize("name", ["batman-adv", "Realtek"])
def test_what_meshes_and_switches_say_of_themselves_holds_none(name):
    assert undecoded_name(name) is None
