"""From each link type, and through what may stand between, to the same IP packet."""

import pytest

from pcapframe.errors import CaptureWarning
from pcapframe.packets import read_pcap
from tests.builders import ARP, IPV6, MACS, Pcapng, ethernet, pcap
from tests.capture.frames import HEADERS, PACKET, PACKET6, UNKNOWN_TO_WIRESHARK, WITH_CHECKSUM, label, pppoe
from tests.capture.rows import cut_rows, pick, plain, row, tshark_fields

IPV4_CASES = {name: (link, header, vlan) for name, (link, header, _, vlan) in HEADERS.items() if header is not None}
IPV6_CASES = {name: (link, header, vlan) for name, (link, _, header, vlan) in HEADERS.items() if header is not None}
WANTED = "src dst protocol src_port dst_port payload_bytes vlan"


@pytest.mark.parametrize(("link", "header", "vlan"), IPV4_CASES.values(), ids=IPV4_CASES)
def test_ipv4_is_found(link, header, vlan):
    found = row(header + PACKET, link)
    assert pick(found, WANTED) == ["192.0.2.1", "198.51.100.1", "TCP", 40000, 80, 10, vlan]


@pytest.mark.parametrize(("link", "header", "vlan"), IPV6_CASES.values(), ids=IPV6_CASES)
def test_ipv6_is_found(link, header, vlan):
    found = row(header + PACKET6, link)
    assert pick(found, WANTED) == ["2001:db8::1", "2001:db8::2", "TCP", 40000, 80, 10, vlan]


def frames_that_wireshark_knows() -> list[tuple[int, bytes]]:
    """The above, but those whose kind Wireshark wants to be told or does not know; with their checksums."""
    cases = [(name, case, PACKET) for name, case in IPV4_CASES.items()]
    cases += [(name, case, PACKET6) for name, case in IPV6_CASES.items()]
    return [
        (link, header + packet + bytes(4 if any(word in name for word in WITH_CHECKSUM) else 0))
        for name, (link, header, _), packet in cases
        if name not in UNKNOWN_TO_WIRESHARK
    ]


@pytest.mark.needs_program("tshark")
def test_wireshark_finds_the_same(tmp_path):
    frames = frames_that_wireshark_knows()
    ng = Pcapng()
    interfaces = b"".join(ng.interface(link_type=link) for link, _ in frames)
    packets = b"".join(ng.enhanced(i, frame, interface=i) for i, (_, frame) in enumerate(frames))
    capture = tmp_path / "links.pcapng"
    capture.write_bytes(ng.section() + interfaces + packets)
    theirs = tshark_fields(capture, "ip.src ipv6.src tcp.srcport tcp.len vlan.id")
    ours = []
    for found in plain(read_pcap(capture)):
        addresses = [found["src"], ""] if "." in found["src"] else ["", found["src"]]
        vlan = "" if found["vlan"] is None else str(found["vlan"])
        ours.append([*addresses, str(found["src_port"]), str(found["payload_bytes"]), vlan])
    assert ours == theirs


@pytest.mark.parametrize(
    ("link", "header"), [(link, header) for link, header, _ in IPV4_CASES.values()], ids=IPV4_CASES
)
def test_frame_cut_anywhere_is_a_row(link, header):
    frame = header + PACKET
    ip_at = len(header)
    for length, found in enumerate(cut_rows(frame, link)):
        assert pick(found, "wire_bytes captured_bytes") == [len(frame), length]
        assert (found["src"] is None) == (length < ip_at + 20)
        assert (found["src_port"] is None) == (length < ip_at + 24)
        assert (found["seq"] is None) == (length < ip_at + 36)
        assert found["payload_bytes"] == (None if length < ip_at + 36 else 10)


@pytest.mark.parametrize(
    ("frame", "protocol"),
    [
        (ethernet(bytes.fromhex("0001 0800 0604 0001") + bytes(20), ARP), "ARP"),
        (ethernet(bytes(46), ARP, vlans=[5]), "ARP"),
        (ethernet(bytes(46), 0x88CC), "LLDP"),
        (ethernet(bytes(46), 0x888E), "EAPOL"),
        (ethernet(bytes(46), 0x8863), "PPPoED"),
        (ethernet(bytes(46), 0x1234), "Ethernet type 0x1234"),
        (ethernet(bytes.fromhex("424203") + bytes(35), 38), "STP"),
        (ethernet(bytes.fromhex("f0f003") + bytes(43), 46), "LLC"),
        (ethernet(bytes.fromhex("ffff") + bytes(44), 46), "IPX"),
        (ethernet(pppoe(b"\xc0\x21") + bytes(8), 0x8864), "PPP"),
        (ethernet(label(16, False), 0x8847), "MPLS"),
        (ethernet(b"", vlans=[3])[:16], "short frame"),
        (ethernet(b"")[:13], "short frame"),
        (ethernet(b""), "IPv4"),
        (ethernet(b"", IPV6), "IPv6"),
        (b"", "short frame"),
    ],
)
def test_what_is_not_ip_has_its_name(frame, protocol):
    found = row(frame)
    assert found["protocol"] == protocol
    assert pick(found, "src dst src_port ttl payload_bytes tcp_flags") == [None] * 6


def test_unknown_link_type_gives_rows_and_a_warning():
    capture = pcap([(1.5, PACKET), (2.5, b"")], link_type=147)
    with pytest.warns(CaptureWarning, match="link type 147 is not decoded"):
        packets = read_pcap(capture)
    first, second = plain(packets)
    assert pick(first, "wire_bytes protocol src seq") == [len(PACKET), "link type 147", None, None]
    assert pick(second, "wire_bytes protocol") == [0, "link type 147"]
    assert not packets.attrs["capture"]["truncated"]


def test_deep_tags_end_somewhere():
    frame = MACS + b"\x81\x00\x00\x01" * 500 + b"\x08\x00" + PACKET
    assert row(frame)["protocol"] == "VLAN"
