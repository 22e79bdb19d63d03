"""Reading a capture to its end: what is no capture, records across the buffer's edge, progress."""

import io

import pytest

from pcapframe.capture.buffer import BUFFER_BYTES, PIECE_BYTES
from pcapframe.capture.reader import TICK_BYTES
from pcapframe.errors import CaptureFormatError, CaptureWarning
from pcapframe.packets import capture_info, read_pcap
from tests.builders import Pcapng, packet, pcap

NG = Pcapng()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty, expected a pcap or pcapng capture"),
        (b"abc", "has 3 bytes, expected a pcap or pcapng capture"),
        (b"\x01\x02\x03\x04" + bytes(50), "is not a capture: begins with 01 02 03 04"),
        (b"PK\x03\x04" + bytes(50), "is a ZIP archive"),
        (b"\xd4\xc3\xb2\xa1", "cut off in the pcap header, 4 of 24 bytes are there"),
        (b"\x0a\x0d\x0d\x0a", "cut off in the pcapng section header"),
        (b"\n\r\r\nnot a section at all", "cut off in the pcapng section header, or its length"),
        (bytes(100), "begins with 100 zeros"),
    ],
)
def test_what_is_no_capture(data, problem):
    with pytest.raises(CaptureFormatError, match=problem) as caught:
        read_pcap(data)
    assert caught.value.offset == 0
    assert str(caught.value).startswith(f"{len(data)} bytes at byte 0: ")


# Progress.


def test_progress_is_told_what_was_read_and_how_much_there_is(tmp_path):
    capture = pcap([(i, packet(payload=60_000)) for i in range(300)])
    path = tmp_path / "capture.pcap"
    path.write_bytes(capture)
    for source, size in ((path, len(capture)), (capture, len(capture)), (io.BytesIO(capture), None)):
        told = []
        read_pcap(source, progress=lambda done, size, told=told: told.append((done, size)))
        assert len(told) > len(capture) // (max(TICK_BYTES, PIECE_BYTES) + BUFFER_BYTES)
        assert {entry[1] for entry in told} == {size}
        assert [entry[0] for entry in told] == sorted(entry[0] for entry in told)
        assert told[-1][0] == len(capture)


def test_progress_is_told_of_small_captures_too():
    told = []
    capture = pcap([(0, packet())])
    read_pcap(capture, progress=lambda *entry: told.append(entry))
    assert told == [(len(capture), len(capture))]


def test_progress_may_stop_the_reading():
    class Enough(Exception):
        pass

    def stop(_done, _size):
        raise Enough

    with pytest.raises(Enough):
        read_pcap(pcap([(0, packet())]), progress=stop)


# Facts.


def test_damage_is_noted_once_with_its_place():
    capture = pcap([(0, packet())]) + b"\x01\x02"
    with pytest.warns(CaptureWarning) as warned:
        found = read_pcap(capture)
    info = capture_info(found)
    assert info.truncated
    assert info.notes == [
        "at byte 94: cut off in a record header, 2 of 16 bytes are there; every whole packet before is kept"
    ]
    assert [str(warning.message) for warning in warned] == [f"96 bytes: {info.notes[0]}"]
    assert warned[0].filename == __file__


def test_undecoded_link_types_are_noted_once_each():
    capture = NG.section() + NG.interface(link_type=147) * 3 + NG.interface(link_type=148) + NG.interface()
    with pytest.warns(CaptureWarning, match="link type") as warned:
        found = read_pcap(capture)
    assert len(warned) == 2
    info = capture_info(found)
    assert info.link_types == ["link type 147", "link type 148", "Ethernet"]
    assert (info.link_type_numbers, info.link_types_total) == ([147, 148, 1], 3)
