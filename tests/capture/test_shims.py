"""Shims between MAC addresses and IP: skipped down to the packet, and left alone where they hide it."""

import pytest

from tests.builders import MACS, ethernet, pcap
from tests.capture.frames import CLIENT, HEADERS, PACKET, PACKET6, SERVER, label, pppoe
from tests.capture.rows import cut_rows, pick, row, rows, tshark_fields
from tests.capture.wrappings import SHIMS, tag

DETAILS = "src dst protocol ttl ip_id src_port dst_port payload_bytes outer_src"
FOUND = [CLIENT, SERVER, "TCP", 33, 1234, 40000, 80, 10, None]
WITH_VLAN = {name for name in SHIMS if "VLAN" in name and "no VLAN" not in name}


@pytest.mark.parametrize("name", SHIMS)
def test_shims_are_skipped(name):
    header, _ = SHIMS[name]
    found = row(header + PACKET + bytes(16))
    assert pick(found, DETAILS) == FOUND
    assert found["vlan"] == (7 if name in WITH_VLAN else None)
    assert found["tunnel"] == ("MPLS" if "MPLS" in name else "PBB" if "PBB" in name else None)


@pytest.mark.parametrize("name", SHIMS)
def test_shims_before_ipv6(name):
    header, _ = SHIMS[name]
    if not header.endswith(b"\x08\x00"):
        return  # the type of IP stands elsewhere, or nowhere
    assert row(header[:-2] + b"\x86\xdd" + PACKET6)["src"] == "2001:db8::1"


@pytest.mark.parametrize("name", SHIMS)
def test_shims_cut_anywhere(name):
    header, _ = SHIMS[name]
    for length, found in enumerate(cut_rows(header + PACKET)):
        if length < len(header) + 20:
            assert pick(found, "src seq tunnel") == [None, None, None]
        elif length >= len(header) + 36:
            assert pick(found, DETAILS) == FOUND


@pytest.mark.needs_program("tshark")
def test_wireshark_skips_them_too(tmp_path):
    capture = tmp_path / "shims.pcap"
    names = [name for name, (_, follows) in SHIMS.items() if follows]
    capture.write_bytes(pcap([(number, SHIMS[name][0] + PACKET) for number, name in enumerate(names)]))
    found = tshark_fields(capture, "tcp.srcport tcp.dstport tcp.len")
    assert dict(zip(names, found, strict=True)) == {name: ["40000", "80", "10"] for name in names}


@pytest.mark.parametrize(
    ("header", "protocol"),
    [
        (tag(0x88E5, "2c 00 00000001 0200000000010001 0800"), "MACsec"),  # encrypted
        (tag(0x88E5, "04 00 00000001 0800"), "MACsec"),  # changed
        (tag(0x88E5, "80 00 00000001 0800"), "MACsec"),  # another version
        (tag(0x22F3, "403f 0001 0002") + ethernet(b""), "TRILL"),
        (tag(0x894F, "4fc2 02 01 00000101"), "NSH"),
        (tag(0x894F, "0fc1 02 01 00000101"), "NSH"),  # shorter than its own header
        (tag(0x894F, "0fc2 02 09 00000101"), "NSH"),
        (tag(0xD28B, "0002 0010 0000000000000000 0800"), "Arista timestamp"),
        (tag(0xD28B, "0001 0030 0000000000000000 0800"), "Arista timestamp"),
        (tag(0x4305, "00 0f 32 01 020000000009") + ethernet(b""), "batman-adv"),  # a routing message
        (tag(0x4305, "40 10 32 01 020000000009") + ethernet(b""), "batman-adv data"),  # another version
        (tag(0x4305, "41 0f 32 01 020000000009 020000000008 0000 0005 0040"), "batman-adv data"),  # a fragment
        (tag(0x4305, "06 0e 32 01 020000000009 01 00 020000000008 0005"), "batman-adv data"),
        (tag(0x8899, "0300 0800"), "Realtek"),  # loop detection
        (tag(0x8847, "00010040 00010040"), "MPLS"),  # labels without a bottom, but for what is in the packet
    ],
)
def test_shims_that_hide_the_packet(header, protocol):
    found = row(header + PACKET)
    assert pick(found, "src protocol seq tunnel") == [None, protocol, None, None]


def test_the_check_value_of_macsec_is_not_in_the_packet():
    """An IPv4 length of 0 is filled by the rest of the frame, without MACsec's own 16 bytes."""
    unknown = PACKET[:2] + b"\0\0" + PACKET[4:]
    header, _ = SHIMS["MACsec with SCI"]
    assert row(header + unknown + bytes(16))["payload_bytes"] == 10
    assert row(ethernet(unknown))["payload_bytes"] == 10


def test_trailers_are_not_in_the_packet():
    """Of Metamako (20 bytes), of PRP (6 bytes), of a frame check sequence."""
    for trailer in (20, 6, 4):
        assert pick(row(ethernet(PACKET) + bytes(trailer)), DETAILS) == FOUND


@pytest.mark.parametrize("kind", ["8100", "88a8", "9100", "9200", "9300"])
def test_vlans_at_any_depth(kind):
    for depth in (1, 2, 15, 32):
        tags = bytes.fromhex(f"{kind}0003" * (depth - 1) + f"{kind}0007 0800")
        found = row(MACS + tags + PACKET)
        assert [*pick(found, DETAILS), found["vlan"]] == [*FOUND, 7]


def test_shims_without_end():
    endless = [MACS + bytes.fromhex("8100 0001") * 300, MACS + bytes.fromhex("8909 0101 0001 0001") * 200]
    endless += [MACS + b"\x88\xe7" + (bytes(4) + MACS + b"\x88\xe7") * 80]
    assert [pick(found, "src seq") for found in rows(endless)] == [[None, None]] * 3


@pytest.mark.parametrize(
    ("frame", "protocol"),
    [
        (ethernet(label(16, True) + b"\x77" * 40, 0x8847), "MPLS"),
        (ethernet(label(16, True) + b"\x77" * 40, 0x8848), "MPLS"),
        (ethernet(label(16, False) * 3, 0x8847), "MPLS"),
        (ethernet(pppoe(b"")[:4], 0x8864), "short frame"),
        (ethernet(MACS[:8], 0x6558), "short frame"),
        (ethernet(b"\0\1" + ethernet(bytes(28), 0x0806), 0x8903), "ARP"),
    ],
)
def test_what_is_not_known_beneath_a_shim_has_the_name_of_the_last_layer(frame, protocol):
    assert pick(row(frame), "protocol src") == [protocol, None]


def test_fabricpath():
    assert pick(row(ethernet(b"\0\1" + HEADERS["VLAN"][1] + PACKET, 0x8903)), "src vlan") == ["192.0.2.1", 100]
