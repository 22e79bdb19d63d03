"""Network adapters over USB."""

import struct

import pytest

from pcapframe.facts import capture_info
from pcapframe.packets import read_pcap
from tests.builders import IPV6, ethernet, packet, pcap
from tests.capture.frames import CLIENT, PACKET, PACKET6, SERVER
from tests.capture.rows import cut_rows, pick, plain, row, rows, tshark_fields

FRAME = ethernet(PACKET)
SEGMENT = [CLIENT, SERVER, "TCP", 40000, 10, None]
USB, CUT = [None, None, "USB", None, None, None], "transfers of a USB network adapter that are cut off"
BULK, INTERRUPT = 3, 1


def linux(data: bytes, transfer: int = BULK) -> bytes:
    """A transfer in Linux's format (Documentation/usb/usbmon.rst)."""
    start = struct.pack("<QBBBBHBBqiiII", 1, ord("C"), transfer, 0x81, 2, 1, 45, 0, 0, 0, 0, len(data), len(data))
    return start + bytes(8) + data


def linux_mapped(data: bytes, transfer: int = BULK) -> bytes:
    """The same with its longer header."""
    return linux(b"", transfer) + bytes(16) + data


def usb_pcap(data: bytes, transfer: int = BULK) -> bytes:
    """A transfer in the format of USBPcap (desowin.org/usbpcap/captureformat.html)."""
    return struct.pack("<HQIHBHHBBI", 27, 1, 0, 9, 1, 1, 2, 0x81, transfer, len(data)) + data


def rndis(frame: bytes) -> bytes:
    """A packet message of RNDIS (MS-RNDIS 2.2.14), whose offset counts from its own field."""
    return struct.pack("<IIII", 1, 44 + len(frame), 36, len(frame)) + bytes(28) + frame


def ncm(*frames: bytes, wide: bool = False, kind: bytes = b"", tables: int = 1, last: bool = False) -> bytes:
    """A block of NCM (NCM 1.0 section 3.2, 3.3) with its tables before the frames, or behind them if `last`."""
    sizes, start = ("I", 16) if wide else ("H", 8)
    kind = kind or (b"ncm0" if wide else b"NCM0")
    header = 8 + 2 * struct.calcsize(sizes)
    groups = [frames[k::tables] for k in range(tables)]
    lengths = [start + (len(group) + 1) * 2 * struct.calcsize(sizes) for group in groups]
    body_at = header if last else header + sum(lengths)
    tables_at = header + sum(len(frame) + -len(frame) % 4 for frame in frames) if last else header
    places, body = {}, b""
    for k, frame in enumerate(frames):
        places[k] = (body_at + len(body), len(frame))
        body += frame + bytes(-len(frame) % 4)
    pointers, at = b"", tables_at
    for k, length in enumerate(lengths):
        behind = at + length if k + 1 < tables else 0
        pointers += kind + struct.pack(
            "<H" + ("HII" if wide else "H"), length, *((0, behind, 0) if wide else (behind,))
        )
        pairs = [places[index] for index in range(k, len(frames), tables)]
        pointers += b"".join(struct.pack("<2" + sizes, *pair) for pair in [*pairs, (0, 0)])
        at += length
    start_of_all = struct.pack("<HH2" + sizes, header, 7, header + len(pointers) + len(body), tables_at)
    return (b"ncmh" if wide else b"NCMH") + start_of_all + (body + pointers if last else pointers + body)


LINKS = [(189, linux), (220, linux_mapped), (249, usb_pcap)]


@pytest.mark.parametrize(("number", "wrap"), LINKS)
def test_a_frame_in_a_transfer_is_followed(number, wrap):
    wanted = "src dst protocol src_port payload_bytes undecoded"
    assert pick(row(wrap(FRAME), number), wanted) == SEGMENT
    assert pick(row(wrap(rndis(FRAME)), number), wanted) == SEGMENT
    assert pick(row(wrap(ethernet(PACKET, vlans=[5, 6, 7])), number), "src vlan") == [CLIENT, 7]
    deep = ethernet(bytes.fromhex("01 01 0001 0002 8100 0007 0800") + PACKET, 0x8909, vlans=[5, 6])
    assert pick(row(wrap(rndis(deep)), number), "src vlan") == [CLIENT, 7]


@pytest.mark.parametrize(("number", "wrap"), LINKS)
def test_other_transfers_hold_no_tcp(number, wrap):
    wanted = "src dst protocol src_port payload_bytes undecoded"
    for data, transfer in ((FRAME, INTERRUPT), (b"", BULK), (bytes(64), BULK), (b"USBS" + bytes(60), BULK)):
        assert pick(row(wrap(data, transfer), number), wanted) == USB
    assert row(wrap(b"")[:20], number)["protocol"] == "short frame"


ARP = ethernet(bytes(28), 0x0806)
FRAMES = [packet(seq=1), ARP, ethernet(PACKET6, IPV6), packet(seq=2, payload=b"abc")]
ROWS = [["TCP", 1], ["ARP", None], ["TCP", 0], ["TCP", 2]]
BLOCKS = {
    "RNDIS": b"".join(map(rndis, FRAMES)),
    "NCM": ncm(*FRAMES),
    "NCM with sizes of 32 bits": ncm(*FRAMES, wide=True),
    "NCM with its table at the end": ncm(*FRAMES, last=True),
    "NCM with its table at the end and sizes of 32 bits": ncm(*FRAMES, wide=True, last=True),
    "NCM with two tables": ncm(FRAMES[0], FRAMES[2], FRAMES[1], FRAMES[3], tables=2),
    "NCM with checksums": ncm(*(frame + b"\xde\xad\xbe\xef" for frame in FRAMES), kind=b"NCM1"),
}


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize(("number", "wrap"), LINKS)
def test_every_frame_of_a_transfer_is_a_row(number, wrap, name):
    packets = read_pcap(pcap([(0, wrap(BLOCKS[name])), (1, wrap(FRAME))], link_type=number))
    found = plain(packets)
    assert [pick(row, "protocol seq") for row in found] == [*ROWS, ["TCP", 0]]
    assert [row["source_frame"] for row in found] == [1, 1, 1, 1, 2]
    assert {row["captured_bytes"] for row in found[:4]} == {len(wrap(BLOCKS[name]))}
    assert capture_info(packets).packets == 2


def test_packets_of_a_modem_have_no_ethernet_header():
    found = rows([linux_mapped(ncm(PACKET, PACKET6, kind=b"IPS\0"))], 220)
    assert [pick(row, "protocol src payload_bytes") for row in found] == [
        ["TCP", CLIENT, 10], ["TCP", "2001:db8::1", 10],
    ]  # fmt: skip
    wide = rows([linux_mapped(ncm(PACKET, wide=True, kind=b"ips\0"))], 220)
    assert pick(wide[0], "protocol src") == ["TCP", CLIENT]


def test_a_block_without_frames_holds_no_tcp():
    for block in (ncm(), ncm(wide=True), ncm(b"x" * 40, kind=b"DSS\0")):
        found = row(linux(block), 189)
        assert pick(found, "protocol undecoded") == ["USB", None]


@pytest.mark.parametrize("name", BLOCKS)
def test_cut_anywhere(name):
    frame = linux(BLOCKS[name])
    found = cut_rows(frame, 189)
    by_frame: dict[int, list[list[object]]] = {}
    for one in found:
        by_frame.setdefault(one["captured_bytes"], []).append(pick(one, "protocol seq undecoded"))
    assert list(by_frame) == list(range(len(frame) + 1))
    for captured, cells in by_frame.items():
        if captured > 52 and name != "RNDIS" and not any(cell[0] in ("TCP", "ARP") for cell in cells):
            assert cells[0][2] is not None, (captured, cells)


HOSTILE = {
    "a table that names itself": (16, struct.pack("<HH", 16, 12)),
    "a table far behind": (10, struct.pack("<H", 0xFFFF)),
    "no table": (10, struct.pack("<H", 0)),
    "a table without room": (16, struct.pack("<H", 0)),
    "a table longer than the block": (16, struct.pack("<H", 0xFFFF)),
    "frames behind the end": (20, struct.pack("<HH", 0xFFF0, 0xFFFF)),
    "a frame that is the whole block": (20, struct.pack("<HH", 1, 0xFFFF)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_places_that_lie(name):
    place, changed = HOSTILE[name]
    block = ncm(*FRAMES)
    found = rows([linux(block[:place] + changed + block[place + len(changed) :]), linux(FRAME)], 189)
    assert found[-1]["source_frame"] == 2
    assert pick(found[-1], "protocol seq") == ["TCP", 0]
    assert len(found) <= 6


def test_frames_that_share_their_bytes_are_not_many_rows():
    pairs = b"".join(struct.pack("<HH", 12, 14) for _ in range(10_000))
    block = b"NCMH" + struct.pack("<HHHH", 12, 1, 40_020, 12) + b"NCM0" + struct.pack("<HH", 40_008, 0) + pairs
    assert len(rows([linux(block)], 189)) <= len(block) // 14 + 1


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("name", [name for name in BLOCKS if name != "RNDIS"])  # of which it needs the descriptors
def test_wireshark_finds_the_same(tmp_path, name):
    capture = tmp_path / "usb.pcap"
    capture.write_bytes(pcap([(0, linux_mapped(BLOCKS[name]))], link_type=220))
    options = "-E", "occurrence=a", "-E", "aggregator=,"
    (theirs,) = tshark_fields(capture, "tcp.seq_raw tcp.len tcp.srcport", *options)
    ours = [row for row in plain(read_pcap(capture)) if row["protocol"] == "TCP"]
    assert theirs == [",".join(str(row[name]) for row in ours) for name in ("seq", "payload_bytes", "src_port")]
