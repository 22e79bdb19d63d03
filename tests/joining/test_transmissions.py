"""Frames that carry several segments, and numbers that are alike at every point."""

from fractions import Fraction

import pytest

from tests.builders import Conversation
from tests.joining.made import ISNS, MS, beyond, joined, joined_points, mirrored


def offloaded(segment):
    """The server sends 4,344 bytes in frames of `segment`; the client acknowledges all of it."""
    made = Conversation(**ISNS).handshake().data("client", 100).ack("server")
    made.data("server", 4344, segment=segment)
    return list(made.ack("client").close())


def test_frame_with_three_segments_stands_in_three_rows():
    made = joined(offloaded(1448), beyond(offloaded(4344)))
    rows = made.segments[~made.segments["from_client"] & (made.segments["rel_end"] > 1)]
    rows = rows[rows["rel_seq"] < 4345]
    assert rows["rel_seq"].tolist() == [1, 1449, 2897]
    assert rows["rel_end"].tolist() == [1449, 2897, 4345]
    assert rows["frame_client"].tolist() == [6, 7, 8]
    assert rows["frame_server"].tolist() == [6, 6, 6]
    assert (made.segments["fate"] == "passed").all()


def test_one_of_its_segments_is_lost():
    """The client lacks the second segment for a while; a copy of it comes later."""
    here = Conversation(**ISNS).handshake().data("client", 100).ack("server")
    here.data("server", 1448).data("server", 1448, lost=True).data("server", 1448)
    there = list(Conversation(**ISNS).handshake().data("client", 100).ack("server").data("server", 4344, segment=4344))
    frames = list(here)
    resent = list(here.wait(0.3).retransmit("server", seq=1449).ack("client", ack=4345).close())[len(frames) :]
    frames = [frame for number, frame in enumerate(frames, 1) if number != 7] + resent
    made = joined(frames, beyond([*there, *resent]))
    lost = made.segments[made.segments["fate"] == "lost_between"]
    assert lost[["rel_seq", "rel_end", "frame_server"]].to_numpy().tolist() == [[1449, 2897, 6]]


def resent_request():
    """Frame 4, a request, is lost and sent again as frame 5; 11 packets."""
    made = Conversation(**ISNS).handshake().data("client", 100, lost=True).wait(0.3).retransmit("client")
    made.ack("server").data("server", 500).ack("client")
    return list(made.close())


WAYS = {"at once": {}, "routed": {"ttl": 63}, "two packets later": {"later": MS / 5}}


@pytest.mark.parametrize("ends", [("client",), ("server",), ("client", "server")], ids=" ".join)
@pytest.mark.parametrize("how", list(WAYS.values()), ids=list(WAYS))
def test_what_a_mirror_recorded_twice_was_sent_once(ends, how):
    points = {"client": resent_request(), "server": beyond(resent_request(), offset=Fraction(7), without=(4,))}
    here, there = (mirrored(frames, **how) if name in ends else frames for name, frames in points.items())
    made = joined(here, there)
    assert made.segments["fate"].tolist() == [*["passed"] * 3, "lost_between", *["passed"] * 7]
    for name in ends:
        count = len(points[name])
        assert f"{name} has {count} packets twice, as a mirror port records them: each counts once." in made.notes


def test_mirror_at_the_point_between():
    frames = resent_request()
    middle, far = mirrored(beyond(frames, path=2 * MS)), beyond(frames, path=5 * MS, without=(4,))
    made = joined_points({"a": frames, "b": middle, "c": far}).segments
    assert made["fate"].tolist() == [*["passed"] * 3, "lost_between", *["passed"] * 7]
    assert (made["last_seen"][3], made["first_missing"][3]) == ("b", "c")


@pytest.mark.parametrize("end", ["client", "server"])
def test_copies_of_some_packets_make_none_lost(end):
    """Of every third packet one capture has a copy. Seen nearer to the sender it may be of a mirror, or lost."""
    frames = resent_request()
    points = {"client": frames, "server": beyond(frames, without=(4,))}
    points[end] = mirrored(points[end], every=3)
    rows = joined(points["client"], points["server"]).segments
    assert (rows["fate"] == "passed").sum() == 10
    assert (rows["fate"] == "lost_between").sum() == 1
    rest = rows[~rows["fate"].isin(["passed", "lost_between"])]
    upstream = rest["from_client"] == (end == "client")
    assert (rest["fate"][upstream] == "unknown").all()
    assert (rest["fate_rule"][upstream] == "copy").all()
    assert (rest["fate"][~upstream] == "added").all()


def test_copy_of_an_answered_syn():
    """Linux numbers no SYN-ACK: two within a moment may be two answers, of which none was lost for that."""
    frames = [(time, data if number != 1 else data[:18] + b"\0\0" + data[20:])
              for number, (time, data) in enumerate(resent_request())]  # fmt: skip
    far = beyond(frames, without=(4,))
    far = sorted([*far, *((far[at][0] + MS / 500, far[at][1]) for at in (0, 1, 5))], key=lambda frame: frame[0])
    rows = joined(frames, far).segments
    assert (rows["fate"] == "passed").sum() == 10
    assert rows["fate_rule"][rows["fate"] == "lost_between"].tolist() == ["not_acknowledged"]
    assert rows["fate_rule"][rows["fate"] == "unknown"].tolist() == ["copy"] * 2
    assert rows["fate_rule"][rows["fate"] == "added"].tolist() == ["identification"]  # of the SYN, farther on
