"""Frames that carry several segments, and numbers that are alike at every point."""

from tests.builders import Conversation
from tests.joining.made import ISNS, beyond, joined


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
