"""The fragments of tunnels (CAPWAP): assembled as those of IP are."""

import random
import struct

import pytest

from pcapframe.packets import read_pcap
from tests.builders import IPV4, UDP, ethernet, ipv4, packet, pcap, pcap_header, pcap_record, udp
from tests.capture.frames import CLIENT, OUTER, SERVER
from tests.capture.rows import pick, plain, rows, tshark_fields
from tests.capture.stacks import fragments
from tests.capture.wrappings import SWAPPED_WLAN, WLAN

WLAN_FLAG, FRAGMENT, LAST = 0x0300, 0x80, 0x40  # wireless binding 802.11, and "native"


def capwap(payload: bytes, kind: int, sizes: list[int], ident: int = 7, port: int = 40000) -> list[bytes]:
    """Ethernet frames with the fragments of CAPWAP data (RFC 5415 section 4.3), of these sizes."""
    made, at = [], 0
    for size in sizes:
        piece = payload[at : at + size]
        last = LAST if at + size >= len(payload) else 0
        header = struct.pack(">IHH", 2 << 19 | kind | FRAGMENT | last, ident, at)
        made.append(ethernet(ipv4(*OUTER, UDP, udp(*OUTER, port, 5247, header + piece), ip_id=len(made))))
        at += size
    return made


LONG = packet(payload=b"x" * 400, flags="PA", seq=5)


@pytest.mark.parametrize(
    ("inner", "kind"), [(LONG, 0), (SWAPPED_WLAN + LONG[14:], WLAN_FLAG), (WLAN + LONG[14:], WLAN_FLAG)]
)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (0, 0, 2, 1)])
def test_fragments_of_capwap_are_assembled(inner, kind, order):
    pieces = capwap(inner, kind, [64, 128, 1000])
    found = rows([pieces[place] for place in order])
    assert pick(found[-1], "src dst protocol seq payload_bytes tunnel outer_src undecoded ip_id") == [
        CLIENT, SERVER, "TCP", 5, 400, "CAPWAP", OUTER[0], None, 0,
    ]  # fmt: skip
    for one, place in list(zip(found, order, strict=True))[:-1]:
        assert pick(one, "src protocol dst_port tunnel undecoded ip_id") == [OUTER[0], "UDP", 5247, None, None, place]


def test_fragments_of_capwap_that_lack_others_are_said():
    first, second, last = capwap(LONG, 0, [64, 128, 1000])
    found = rows([first, last])
    assert {one["undecoded"] for one in found} == {"fragments of UDP that are not complete"}
    other = capwap(LONG, 0, [64, 128, 1000], ident=8)[1]
    elsewhere = capwap(LONG, 0, [64, 128, 1000], port=40001)[1]  # another access point behind the same address
    assert [one["protocol"] for one in rows([first, other, elsewhere, last])] == ["UDP"] * 4
    assert rows([first, other, elsewhere, last, second])[-1]["seq"] == 5


def test_fragments_of_capwap_in_fragments_of_ip():
    inner = packet(payload=b"x" * 1000, flags="PA", seq=5)
    frames = []
    for piece in capwap(inner, 0, [600, 600]):
        frames += [ethernet(part) for _, part in fragments(random.Random(1), IPV4, piece[14:])]
    assert len(frames) > 2
    assert pick(rows(frames)[-1], "seq payload_bytes tunnel") == [5, 1000, "CAPWAP"]


def test_fragments_of_capwap_without_ip_in_them_stay_udp():
    found = rows(capwap(ethernet(bytes(200), 0x0806), 0, [64, 1000]))[-1]
    assert pick(found, "src protocol src_port dst_port tunnel undecoded") == [OUTER[0], "UDP", 40000, 5247, None, None]


def test_a_fragment_of_capwap_that_the_capture_cut_is_followed():
    """The first one: the lengths of what it holds stand in it."""
    first = capwap(LONG, 0, [200, 1000])[0]
    record = pcap_header() + pcap_record(0, first[:150], wire_bytes=len(first))
    assert pick(plain(read_pcap(record))[0], "src seq payload_bytes tunnel") == [CLIENT, 5, 400, "CAPWAP"]


@pytest.mark.needs_program("tshark")
def test_wireshark_assembles_the_same_of_capwap(tmp_path):
    frames = [*capwap(LONG, 0, [64, 128, 1000]), *capwap(SWAPPED_WLAN + LONG[14:], WLAN_FLAG, [80, 1000], 9)]
    file = tmp_path / "capwap.pcap"
    file.write_bytes(pcap([(at, frame) for at, frame in enumerate(frames)]))
    theirs = tshark_fields(file, "tcp.seq_raw tcp.len")
    assert theirs == [
        ["" if one[name] is None else str(one[name]) for name in ("seq", "payload_bytes")]
        for one in plain(read_pcap(file))
    ]
