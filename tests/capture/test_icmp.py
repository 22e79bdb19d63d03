"""ICMP and ICMPv6 errors, and the packets that they quote."""

import random
import struct

import pytest

from pcapframe.packets import read_pcap
from tests.builders import (
    FRAGMENT,
    GRE,
    ICMP,
    ICMPV6,
    IPIP,
    IPV4,
    IPV6,
    TCP,
    UDP,
    checksum,
    ethernet,
    ip,
    ipv4,
    ipv6,
    pcap,
    tcp,
    udp,
)
from tests.capture.frames import CLIENT, CLIENT6, DESTINATION_OPTIONS, OUTER, OUTER6, SERVER, SERVER6
from tests.capture.rows import cut_rows, pick, plain, row, rows, tshark_fields

QUOTED = "quoted_src quoted_dst quoted_src_port quoted_dst_port quoted_seq"
ERROR = f"icmp_type icmp_code {QUOTED}"
NONE = [None] * 5
SEQ = 0xFEDCBA98
SENT = tcp(CLIENT, SERVER, 40000, 80, "PA", seq=SEQ, payload=b"x" * 100)
SENT6 = tcp(CLIENT6, SERVER6, 40000, 80, "PA", seq=SEQ, payload=b"x" * 100)
QUOTE, QUOTE6 = ipv4(CLIENT, SERVER, TCP, SENT), ipv6(CLIENT6, SERVER6, TCP, SENT6)
SAID, SAID6 = [CLIENT, SERVER, 40000, 80, SEQ], [CLIENT6, SERVER6, 40000, 80, SEQ]
ERRORS = [(3, code) for code in range(16)] + [(4, 0), (5, 0), (5, 1), (11, 0), (11, 1), (12, 0), (12, 1), (12, 2)]
ERRORS6 = [(1, code) for code in range(8)] + [(2, 0), (3, 0), (3, 1), (4, 0), (4, 1), (4, 2)]


def message(kind, code, quote, *, rest=bytes(4)):
    """An ICMP message with its checksum."""
    start = struct.pack(">BB", kind, code)
    return start + struct.pack(">H", checksum(start + bytes(2) + rest + quote)) + rest + quote


def error(kind=3, code=1, quote=QUOTE, *, rest=bytes(4)):
    """A frame with an ICMP error."""
    return ethernet(ipv4(*OUTER, ICMP, message(kind, code, quote, rest=rest)))


def error6(kind=1, code=0, quote=QUOTE6, *, rest=bytes(4)):
    """A frame with an ICMPv6 error, whose checksum is wrong."""
    return ethernet(ipv6(*OUTER6, ICMPV6, message(kind, code, quote, rest=rest)), IPV6)


def extended(number, header):
    """The IPv6 packet with an extension header."""
    return ipv6(CLIENT6, SERVER6, TCP, SENT6, extensions=[(number, bytes.fromhex(header))])


@pytest.mark.parametrize(
    ("frames", "version", "said", "seq"),
    [
        ([error(*each) for each in ERRORS], "", SAID, "tcp.seq"),
        ([error(*each, QUOTE[:28]) for each in ERRORS], "", SAID, "tcp.seq"),
        ([error6(*each) for each in ERRORS6], "v6", SAID6, "tcp.seq_raw"),
    ],
    ids=["ICMP", "ICMP with eight bytes of TCP", "ICMPv6"],
)
def test_errors_and_quotes_as_in_tshark(frames, version, said, seq, tmp_path):
    path = tmp_path / "icmp.pcap"
    path.write_bytes(pcap(list(enumerate(frames))))
    layer = f"ip{version}"
    names = f"icmp{version}.type icmp{version}.code {layer}.src {layer}.dst tcp.srcport tcp.dstport {seq}"
    found = [pick(one, ERROR) for one in plain(read_pcap(path))]
    assert [list(map(str, one)) for one in found] == tshark_fields(path, names)
    assert [one[:2] for one in found] == [list(each) for each in (ERRORS6 if version else ERRORS)]
    assert all(one[2:] == said for one in found)


def test_mtu_as_in_tshark(tmp_path):
    frames = [
        error(3, 4, rest=struct.pack(">HH", 0, 1400)),
        error(3, 4, rest=bytes(4)),  # of a router before RFC 1191
        error(3, 1, rest=struct.pack(">HH", 0, 1400)),
        error6(2, 0, rest=struct.pack(">I", 70_000)),
        error6(1, 0, rest=struct.pack(">I", 70_000)),
    ]
    path = tmp_path / "mtu.pcap"
    path.write_bytes(pcap(list(enumerate(frames))))
    found = plain(read_pcap(path))
    assert [one["icmp_mtu"] for one in found] == [1400, 0, None, 70_000, None]
    assert tshark_fields(path, "icmp.mtu icmpv6.mtu")[:4] == [["1400", ""], ["0", ""], ["", ""], ["", "70000"]]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (error(quote=ipv4(CLIENT, SERVER, TCP, SENT, options=bytes([1] * 40))), SAID),
        (error(quote=ipv4(CLIENT, SERVER, TCP, SENT[:8], total_length=1500)), SAID),
        (error(quote=ipv4(CLIENT, SERVER, TCP, SENT[:8], more_fragments=True)), SAID),
        (error(quote=ipv4(CLIENT, SERVER, TCP, SENT[:8], fragment_offset=1480)), [CLIENT, SERVER, None, None, None]),
        (error(quote=ipv4(CLIENT, SERVER, UDP, udp(CLIENT, SERVER, 5000, 53))), [CLIENT, SERVER, 5000, 53, None]),
        (error(quote=ipv4(CLIENT, SERVER, ICMP, message(8, 0, b"ping"))), [CLIENT, SERVER, None, None, None]),
        (error(quote=ipv4(CLIENT, SERVER, ICMP, message(3, 1, QUOTE))), [CLIENT, SERVER, None, None, None]),
        (error(quote=ipv4(*OUTER, IPIP, QUOTE)), SAID),
        (error(quote=ipv4(*OUTER, GRE, bytes.fromhex("00000800") + QUOTE)), SAID),
        (error(quote=b""), NONE),
        (error(quote=b"\x00" * 60), NONE),
        (error6(quote=extended(DESTINATION_OPTIONS, "0001 0000 0000 0000 0000 0000 0000 0000")), SAID6),
        (error6(quote=extended(FRAGMENT, "0000 0001 0000 0007")), SAID6),
        (error6(quote=extended(FRAGMENT, "0000 0801 0000 0007")), [CLIENT6, SERVER6, None, None, None]),
        (error6(quote=ipv6(CLIENT6, SERVER6, ICMPV6, message(1, 0, QUOTE6))), [CLIENT6, SERVER6, None, None, None]),
        (error6(quote=ipv6(CLIENT6, SERVER6, IPIP, QUOTE)), SAID),
    ],
    ids=[
        "IPv4 options", "length of the whole packet", "first fragment", "later fragment", "UDP", "ping", "ICMP in ICMP",
        "IPIP", "GRE", "nothing", "zeros", "IPv6 options", "first fragment of IPv6", "later fragment of IPv6",
        "ICMPv6 in ICMPv6", "IPv4 in IPv6",
    ],
)  # fmt: skip
def test_quotes(frame, expected):
    found = row(frame)
    assert pick(found, QUOTED) == expected
    assert found["icmp_type"] in (1, 3)
    assert pick(found, "src_port seq tcp_flags payload_bytes") == [None] * 4


def test_bytes_after_a_quote_are_not_quoted():
    # RFC 4884: 128 bytes of quote, 32 words, then extensions. What follows the 24 bytes of options is padding.
    headers = ipv6(CLIENT6, SERVER6, TCP, b"", extensions=[(DESTINATION_OPTIONS, bytes([0, 10]) + bytes(86))])
    assert len(headers) == 128
    assert pick(row(error6(quote=headers + SENT6, rest=bytes([16, 0, 0, 0]))), QUOTED) == [CLIENT6, SERVER6, *NONE[:3]]
    assert pick(row(error6(quote=headers + SENT6)), QUOTED) == SAID6
    padded = QUOTE[:28] + bytes(100) + bytes.fromhex("20000000 00080101 00010140")
    assert pick(row(error(quote=padded, rest=bytes([0, 32, 0, 0]))), QUOTED) == SAID


def test_short_length_says_nothing():
    assert pick(row(error(rest=bytes([0, 1, 0, 0]))), QUOTED) == SAID


@pytest.mark.parametrize("frame", [error(), error6()], ids=["ICMP", "ICMPv6"])
def test_cut_errors_say_what_was_captured(frame):
    said = pick(row(frame), ERROR)
    found = [pick(one, ERROR) for one in cut_rows(frame)]
    known = [[value is not None for value in one] for one in found]
    assert all(one in (value, None) for each in found for one, value in zip(each, said, strict=True))
    assert known == sorted(known)  # the more is captured, the more is known
    header = 14 + (20 if frame[12:14] == b"\x08\x00" else 40)
    quoted = header - 14
    assert found[header + 1][:2] == [None, None]
    assert found[header + 2] == [*said[:2], *NONE]
    assert found[header + 8 + quoted] == [*said[:4], None, None, None]
    assert found[header + 8 + quoted + 4] == [*said[:6], None]
    assert found[header + 8 + quoted + 8] == said


def test_errors_in_tunnels_and_in_fragments():
    inner = ipv4(CLIENT, SERVER, ICMP, message(3, 1, QUOTE))
    found = row(ethernet(ipv4(*OUTER, GRE, bytes.fromhex("00000800") + inner)))
    assert pick(found, f"src outer_src tunnel {ERROR}") == [CLIENT, OUTER[0], "GRE", 3, 1, *SAID]
    whole = message(11, 0, QUOTE)
    first = ethernet(ipv4(*OUTER, ICMP, whole[:16], ip_id=9, more_fragments=True))
    last = ethernet(ipv4(*OUTER, ICMP, whole[16:], ip_id=9, fragment_offset=16))
    assert [pick(one, ERROR) for one in rows([first, last])] == [[None] * 7, [11, 0, *SAID]]


def test_other_messages_are_no_errors():
    frames = [error(kind, 0) for kind in (0, 8, 9, 10, 13, 30)] + [error6(kind, 0) for kind in (0, 5, 100, 128, 135)]
    frames += [
        ethernet(ipv4(*OUTER, ICMPV6, message(1, 0, QUOTE))),
        ethernet(ipv6(*OUTER6, ICMP, message(3, 1, QUOTE6)), IPV6),
        ethernet(ip(CLIENT, SERVER, TCP, SENT), IPV4),
    ]
    packets = read_pcap(pcap(list(enumerate(frames))))
    assert packets[ERROR.split()].isna().all(axis=None)


def test_addresses_that_are_only_quoted_come_last():
    packets = read_pcap(pcap(list(enumerate([error(), ethernet(QUOTE), ethernet(ipv4(SERVER, OUTER[0], TCP, SENT))]))))
    assert packets["src"].cat.categories.tolist() == [*OUTER, CLIENT, SERVER]
    assert packets["quoted_src"].dtype == packets["src"].dtype
    packets = read_pcap(pcap([(0, error()), (1, ethernet(ipv4(SERVER, OUTER[0], TCP, SENT)))]))
    assert packets["src"].cat.categories.tolist() == [*OUTER, SERVER, CLIENT]
    assert packets.loc[1, "quoted_src"] == CLIENT


def test_columns_without_errors_take_no_memory():
    packets = read_pcap(pcap([(0, ethernet(QUOTE))] * 1000))
    assert packets["quoted_seq"].array._data.strides == packets["quoted_seq"].array._mask.strides == (0,)


def test_damaged_errors_are_read():
    rng = random.Random(1)
    frames = []
    for _ in range(2000):
        frame = bytearray(rng.choice([error(), error6(), error(quote=ipv4(*OUTER, IPIP, QUOTE))]))
        for _ in range(rng.randint(1, 8)):
            frame[rng.randrange(14, len(frame))] = rng.randrange(256)
        frames.append(bytes(frame[: rng.randint(30, len(frame))]))
    packets = read_pcap(pcap(list(enumerate(frames))))
    assert packets["icmp_type"].notna().sum() > 500
    assert packets.loc[packets["quoted_seq"].notna(), "quoted_src"].notna().all()
    assert packets.loc[packets["icmp_type"].isna(), QUOTED.split()].isna().all(axis=None)
