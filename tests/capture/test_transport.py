"""TCP and UDP headers, TCP options."""

import struct

import pytest

from tests.builders import TCP, UDP, ethernet, ip, ipv4, packet, tcp, tcp_options, udp
from tests.capture.rows import cut_rows, pick, row

CLIENT, SERVER = "192.0.2.1", "198.51.100.1"
OPTIONS = "mss window_scale sack_permitted tsval tsecr sack options_malformed"
HEADER = "src_port dst_port seq ack window tcp_flags tcp_header_bytes payload_bytes"


def segment_row(segment: bytes) -> dict:
    return row(ethernet(ipv4(CLIENT, SERVER, TCP, segment)))


def test_header_fields():
    frame = packet(sport=65535, dport=1, flags="PA", seq=0xFFFFFFFE, ack=0x80000000, window=0xABCD, payload=7)
    assert pick(row(frame), HEADER) == [65535, 1, 0xFFFFFFFE, 0x80000000, 0xABCD, 0x18, 20, 7]


def test_checksum_is_as_in_the_header():
    frame = packet()
    assert row(frame)["tcp_checksum"] == int.from_bytes(frame[50:52], "big")


@pytest.mark.parametrize(("bit", "letter"), list(enumerate("FSRPAUECN")))
def test_flag_bits(bit, letter):
    assert row(packet(flags=letter))["tcp_flags"] == 1 << bit


def test_all_twelve_flag_bits():
    segment = bytearray(tcp(CLIENT, SERVER))
    segment[12:14] = b"\x5f\xff"
    assert pick(segment_row(bytes(segment)), "tcp_header_bytes tcp_flags") == [20, 0xFFF]


# Options.


def test_without_options():
    assert pick(row(packet()), OPTIONS) == [None, None, False, None, None, None, False]


def test_options_of_a_syn():
    frame = packet(mss=1460, wscale=0, sack_ok=True, ts=(0xFFFFFFFF, 1))
    assert pick(row(frame), OPTIONS) == [1460, 0, True, 0xFFFFFFFF, 1, None, False]


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_sack_blocks(blocks):
    edges = [(2**32 - 5 + i, 10 + i) for i in range(blocks)]
    found = row(packet(flags="A", sack=edges))
    assert found["sack"] == [edge for block in edges for edge in block]
    assert found["tcp_header_bytes"] == 20 + 4 + 8 * blocks


def test_options_in_any_order_and_alignment():
    made = bytes([4, 2, 8, 10]) + struct.pack(">II", 5, 6) + bytes([3, 3, 200, 2, 4, 0, 0, 0])
    found = segment_row(tcp(CLIENT, SERVER, flags="S", options=made))
    assert pick(found, OPTIONS) == [0, 200, True, 5, 6, None, False]


def test_timestamps_alone_in_the_usual_layout():
    found = row(packet(flags="A", ts=(3, 4), payload=5))
    assert pick(found, "tsval tsecr options_malformed payload_bytes") == [3, 4, False, 5]


def test_unknown_options_are_skipped():
    unknown = bytes([253, 6, 0xF9, 0x89, 1, 2, 1, 1])
    found = row(packet(options=unknown, mss=536))
    assert pick(found, "mss options_malformed") == [536, False]


def test_end_of_options_ends_them():
    found = row(packet(options=bytes([1, 0, 2, 4]) + bytes(4), wscale=3))
    assert pick(found, OPTIONS) == [None, 3, False, None, None, None, False]


@pytest.mark.parametrize(
    "broken",
    [
        bytes([1, 1, 1, 8]),  # no room for a length
        bytes([2, 0, 5, 180]),  # length 0: would never end
        bytes([2, 1, 5, 180]),
        bytes([2, 3, 5, 1]),  # wrong lengths
        bytes([3, 4, 5, 0]),
        bytes([4, 3, 0, 1]),
        bytes([8, 9, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]),
        bytes([5, 9, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]),
        bytes([5, 2, 1, 1]),
        bytes([1, 1, 8, 10]),  # beyond the header
        bytes([253, 40, 1, 1]),
    ],
)
def test_options_that_do_not_parse(broken):
    found = row(packet(flags="SA", seq=9, mss=1400, options=broken, payload=50))
    assert pick(found, "options_malformed mss seq payload_bytes") == [True, 1400, 9, 50]
    assert pick(found, "window_scale sack_permitted tsval sack") == [None, False, None, None]


def test_options_that_the_capture_cut_are_unknown_and_not_malformed():
    frame = packet(mss=1460, wscale=7, sack_ok=True, ts=(1, 2))
    for length, found in enumerate(cut_rows(frame)):
        assert found["options_malformed"] == (False if length == len(frame) else None)
        assert found["mss"] == (1460 if length >= 58 else None)
        assert found["window_scale"] == (7 if length >= 62 else None)
        assert found["sack_permitted"] == (True if length >= 66 else None)
        assert found["tsval"] == (1 if length >= 78 else None)
        if length >= 50:
            assert pick(found, "payload_bytes tcp_header_bytes") == [0, 44]


def test_sack_blocks_that_were_captured_count():
    frame = packet(flags="A", sack=[(1, 2), (3, 4), (5, 6)])
    for length, found in enumerate(cut_rows(frame)):
        blocks = max(0, length - 58) // 8
        assert found["sack"] == (list(range(1, 2 * blocks + 1)) or None)


def test_without_options_they_are_known_to_be_absent():
    for length, found in enumerate(cut_rows(packet(payload=20))):
        known = length >= 54
        assert pick(found, "sack_permitted options_malformed") == ([False, False] if known else [None, None])


def test_whole_sack_blocks_count_beside_half_a_block():
    found = segment_row(tcp(CLIENT, SERVER, options=bytes([5, 14]) + struct.pack(">III", 8, 9, 10)))
    assert pick(found, "options_malformed sack") == [True, [8, 9]]


def test_what_follows_an_option_of_a_wrong_length_counts():
    found = segment_row(tcp(CLIENT, SERVER, flags="S", options=bytes([2, 3, 5, 3, 3, 7, 4, 2])))
    assert pick(found, "options_malformed mss window_scale sack_permitted") == [True, None, 7, True]


# Headers that are cut or lie.


def test_header_cut_at_every_byte():
    frame = packet(flags="PA", seq=1, ack=2, window=3, payload=30)
    for length, found in enumerate(cut_rows(frame)):
        assert found["captured_bytes"] == length
        assert found["wire_bytes"] == 84
        tcp_bytes = length - 34
        if tcp_bytes < 0:
            assert pick(found, "src tcp_flags src_port") == [None] * 3
            continue
        assert found["protocol"] == "TCP"
        assert found["src_port"] == (40000 if tcp_bytes >= 4 else None)
        known = tcp_bytes >= 16
        assert pick(found, HEADER)[2:] == ([1, 2, 3, 0x18, 20, 30] if known else [None] * 6)
        assert (found["tcp_checksum"] is None) == (tcp_bytes < 18)


@pytest.mark.parametrize(
    ("words", "header", "payload"),
    [(5, 20, 8), (4, 16, 12), (0, 0, 28), (7, 28, 0), (8, 32, None), (15, 60, None)],
)
def test_data_offset_that_lies(words, header, payload):
    found = segment_row(tcp(CLIENT, SERVER, flags="A", seq=5, data_offset=words, payload=bytes(8)))
    assert pick(found, "tcp_header_bytes seq payload_bytes") == [header, 5, payload]


def test_options_beyond_the_segment_are_not_read_from_the_padding():
    segment = tcp(CLIENT, SERVER, flags="A", data_offset=6)
    frame = ethernet(ipv4(CLIENT, SERVER, TCP, segment)) + tcp_options(mss=1460)
    assert pick(row(frame), "mss payload_bytes") == [None, None]


@pytest.mark.parametrize(("length", "ports"), [(0, None), (3, None), (4, 5000), (8, 5000)])
def test_udp_ports(length, ports):
    datagram = udp(CLIENT, SERVER, 5000, 53)[:length]
    found = row(ethernet(ipv4(CLIENT, SERVER, UDP, datagram)))
    assert pick(found, "protocol src_port") == ["UDP", ports]
    assert pick(found, "tcp_flags seq payload_bytes options_malformed") == [None] * 4


def test_udp_over_ipv6():
    found = row(ethernet(ip("::1", "::2", UDP, udp("::1", "::2", 53, 65535)), 0x86DD))
    assert pick(found, "src dst protocol src_port dst_port") == ["::1", "::2", "UDP", 53, 65535]
