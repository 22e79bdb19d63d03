"""A large file in parts: where it is cut, and what spans a cut."""

import io
from typing import Any

import pytest

from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.parts import PartReader, Seam, Surveyed, agree, survey
from pcapframe.capture.reader import read_capture
from pcapframe.capture.source import CaptureStream
from tests.builders import Pcapng, ethernet, ipv4, packet, pcap, pcapng, tcp


def stream(data: bytes) -> CaptureStream:
    return CaptureStream("a.pcap", io.BytesIO(data), len(data))


def surveyed(data: bytes, size: int, overlap: int = 4) -> Surveyed:
    return survey(stream(data), size, overlap)


def in_parts(data: bytes, found: Surveyed) -> tuple[list[Any], list[Seam]]:
    """Decode each part alone; return the ports of all rows, and the seams."""
    ports, seams = [], []
    for part in found.parts:
        columns, reader = PacketColumns(), PartReader(part)
        reader(stream(data), columns, lambda _done, _size: None)
        rows = slice(part.before, part.before + part.records)
        ports += columns.filled().src_port[rows].tolist()
        seams.append(reader.seam)
    return ports, seams


def whole(data: bytes) -> tuple[list[Any], Any]:
    columns = PacketColumns()
    facts = read_capture(stream(data), columns, lambda _done, _size: None)
    return columns.filled().src_port.tolist(), facts


def fragments(ip_id: int) -> list[bytes]:
    segment = tcp("192.0.2.1", "192.0.2.2", 7777, 80, payload=bytes(100))
    first = ipv4("192.0.2.1", "192.0.2.2", 6, segment[:64], ip_id=ip_id, more_fragments=True)
    return [ethernet(first), ethernet(ipv4("192.0.2.1", "192.0.2.2", 6, segment[64:], ip_id=ip_id, fragment_offset=64))]


@pytest.mark.parametrize("form", [pcap, pcapng])
def test_parts_begin_where_records_do_and_the_facts_are_those_of_the_whole(form: Any) -> None:
    data = form([(i, packet(sport=1000 + i, payload=7 * i)) for i in range(60)])
    found = surveyed(data, 700)
    ports, seams = in_parts(data, found)
    want, facts = whole(data)
    assert ports == want == list(range(1000, 1060))
    assert agree(seams)
    assert len(found.parts) > 3
    assert found.facts == facts
    assert found.times.tolist() == [i * 10**9 for i in range(60)]
    assert [part.first.latest for part in found.parts[1:]] == [
        (part.first.records - 1) * 10**9 for part in found.parts[1:]
    ]


@pytest.mark.parametrize(("apart", "spans"), [(1, False), (30, True)])
def test_fragments_beside_a_cut_are_put_together_and_others_are_told(apart: int, spans: bool) -> None:
    frames = [packet(sport=1000 + i) for i in range(60)]
    for begin in range(3, 24, 5):
        one, other = fragments(begin)
        frames[begin], frames[begin + apart] = one, other
    data = pcap(list(enumerate(frames)))
    ports, seams = in_parts(data, surveyed(data, 400))
    assert agree(seams) is not spans
    assert (ports == whole(data)[0]) is not spans
    assert ports.count(7777) == (0 if spans else 5)


def test_a_fragment_that_stays_alone_is_no_reason_to_read_the_file_as_one() -> None:
    frames = [packet(sport=1000 + i) for i in range(60)]
    frames[5], frames[21], frames[40] = fragments(1)[0], fragments(2)[1], fragments(3)[0]
    data = pcap(list(enumerate(frames)))
    ports, seams = in_parts(data, surveyed(data, 400))
    assert agree(seams)
    assert ports == whole(data)[0]


@pytest.mark.parametrize("end", [slice(0, -10), None], ids=["a cut record", "zeros"])
def test_damage_ends_the_last_part(end: slice | None) -> None:
    data = pcap([(i, packet(sport=1000 + i)) for i in range(40)])
    cut = data[end] if end else data + bytes(100)
    found = surveyed(cut, 300)
    ports, _ = in_parts(cut, found)
    want, facts = whole(cut)
    assert ports == want
    assert found.facts == facts
    assert facts.truncated


@pytest.mark.parametrize(
    "data",
    [
        pcap([(i, packet()) for i in range(20)]) * 2,
        pcap([(i, packet()) for i in range(20)]) + bytes(64) + pcap([(20, packet())])[24:],
        pcap([(0, packet())]),
        Pcapng().section(),
    ],
    ids=["two captures in a file", "zeros", "one packet", "no packet"],
)
def test_what_is_read_as_one(data: bytes) -> None:
    assert surveyed(data, 200).parts == []
