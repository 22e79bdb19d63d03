"""Which copies of a transmission are one."""

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.joining import matching
from tests.builders import Conversation, pcap
from tests.joining.made import ISNS, beyond, joined, translated


def rows(made):
    """Frames of every row in both captures; None where it is missing."""
    columns = [made.segments[name] for name in ("frame_client", "frame_server")]
    return set(zip(*([None if gone else int(frame) for frame, gone in zip(column, column.isna(), strict=True)]
                     for column in columns), strict=True))  # fmt: skip


def sent_twice(**given):
    """Handshake, a request in frame 4, again in frame 5 after 300 ms, then its answer."""
    made = Conversation(**ISNS, **given).handshake().data("client", 100, lost=True).wait(0.3).retransmit("client")
    return list(made.ack("server").data("server", 500).ack("client").close())


def test_second_copy_by_its_timestamp():
    frames = sent_twice()
    assert {(4, None), (5, 4)} < rows(joined(frames, beyond(frames, without=(4,))))


def test_first_copy_by_its_timestamp():
    frames = sent_twice()
    assert {(4, 4), (5, None)} < rows(joined(frames, beyond(frames, without=(5,))))


def test_second_copy_by_time_alone():
    """Neither timestamps nor identifications: 300 ms more than other packets take is too much."""
    frames = [(time, data[:18] + b"\0\0" + data[20:]) for time, data in sent_twice(timestamps=False)]
    assert {(4, None), (5, 4)} < rows(joined(frames, beyond(frames, without=(4,))))


def test_copies_seen_once_each_are_not_one():
    """The first capture lacks the second copy, the other the first: two transmissions."""
    frames = sent_twice()
    made = joined(frames[:4] + frames[5:], beyond(frames, without=(4,)))
    assert {(4, None), (None, 4)} < rows(made)


def test_alignment_takes_the_nearest_in_order():
    """Three copies are due at 0, 10 and 20; two are seen at 11 and 21: they are the second and the third."""
    follow = np.array([1, 2, -1], np.int32)
    size, far_size = np.array([3, 0, 0], np.int32), np.array([2, 0, 0], np.int32)
    far_first, far_follow = np.array([0, -1, -1], np.int32), np.array([1, -1], np.int32)
    partner = np.full(3, -1, np.int64)
    matching._align(
        np.array([0]), size, follow, far_first, far_follow, far_size, np.array([0, 10, 20]), np.array([11, 21]),
        np.array([100, 100, 100]), np.empty(64), np.empty(64, np.int8), np.empty(3, np.int64), np.empty(2, np.int64),
        partner,
    )  # fmt: skip
    assert partner.tolist() == [-1, 0, 1]


@pytest.mark.parametrize("snaplen", [54, 60, 68, 72])
@pytest.mark.parametrize("at", ["client", "server"])
def test_what_was_not_recorded_is_held_against_nothing(snaplen, at):
    """SYNs have 20 bytes of options, other segments 12: of some, one capture has no timestamp, MSS or window scale."""
    frames = sent_twice()
    made = cut_at(snaplen, frames, beyond(frames, without=(4,)), at)
    assert made.segments["fate"].tolist() == [*["passed"] * 3, "lost_between", *["passed"] * (len(frames) - 4)]
    assert made.segments["fate_rule"][3] == "not_acknowledged"


@pytest.mark.parametrize("at", ["client", "server"])
def test_unanswered_syn_of_which_the_options_were_not_recorded(at):
    frames = list(Conversation(**ISNS).syn())
    assert cut_at(60, frames, translated(frames), at).connections["matched_by"].tolist() == ["isn"]


def cut_at(snaplen, here, there, at):
    """Join two captures of which one holds so many bytes of each packet."""
    lengths = [snaplen if at == name else 262144 for name in ("client", "server")]
    analyses = [pf.analyze(pf.read_pcap(pcap(frames, snaplen=length), progress=False), progress=False)
                for frames, length in zip((here, there), lengths, strict=True)]  # fmt: skip
    return pf.join_captures(dict(zip(("client", "server"), analyses, strict=True)))
