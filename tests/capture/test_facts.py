"""What a file says of itself: limits and totals of lists."""

import pytest

from pcapframe.capture.facts import CaptureFacts
from pcapframe.errors import CaptureWarning
from pcapframe.packets import capture_info, read_pcap
from tests.builders import Pcapng

NG = Pcapng()


def facts() -> CaptureFacts:
    return CaptureFacts("a", "pcapng", None)


def test_notes_stand_for_any_number_of_problems():
    made = facts()
    made.link_types = [1, *range(300, 315)]
    made.comments_total, made.interfaces_total = 7, 12_000
    made.damaged("cut", 99)
    assert len(made.notes) == 10 + 1 + 2 + 1
    assert made.notes[0].startswith("link type 300 (MDB) is not decoded: its packets have a time and a length only")
    assert made.notes[10:] == [
        "5 more link types are not decoded",
        "there are 7 comments; the first 0 are kept",
        "there are 12,000 interfaces; the first 0 are listed",
        "at byte 99: cut; every whole packet before is kept",
    ]
    assert made.notes_total == 15 + 2 + 1
    assert facts().notes == []


def test_a_comment_that_has_no_room_leaves_room_for_none():
    made = facts()
    for length in (1 << 19, 1 << 20, 3):
        made.keep_comment(None, b"x" * length)
    assert [len(comment["text"]) for comment in made.comments] == [1 << 19]


def test_thousands_of_link_types_give_a_few_warnings():
    interfaces = b"".join(NG.interface(link_type=number) for number in range(300, 8300))
    with pytest.warns(CaptureWarning, match="not decoded|are listed") as warned:
        info = capture_info(read_pcap(NG.section() + interfaces))
    assert len(warned) == len(info.notes) == 12
    assert info.notes_total == 8001
    assert (len(info.link_types), len(info.link_type_numbers), info.link_types_total) == (100, 100, 8000)
    assert info.facts()["link types"].endswith(", 7,995 more")
    assert len(str(info)) < 5000
