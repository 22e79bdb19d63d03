from pcapframe.patterns.largest_segment_repeated import LargestSegmentRepeatedLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = LargestSegmentRepeatedLimits()


def stuck(times: int, last: int = 300, **options: object) -> Conversation:
    """Two segments of 1,400 bytes that get lost, a last one that the server reports, the first sent so often again."""
    talk = Conversation(client_port=1, **options).handshake()  # type: ignore[arg-type]
    talk.data("client", 1400, lost=True).data("client", 1400, lost=True).data("client", last)
    talk.ack("server", sack=[(2801, 2801 + last)])
    for i in range(times):
        talk.retransmit("client", 1, after=0.3 * 2**i, lost=True)
    return talk


def test_a_size_that_does_not_get_through() -> None:
    talk = stuck(4).ack("server", sack=[(2801, 3101)])
    seen = observe(view(talk, *healthy(1, start=50, port=2)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "segments": 1,
        "resends": 4,
        "total_retransmissions": 4,
        "connections": 1,
        "total_connections": 2,
        "sizes": [
            {"conn_id": 0, "from_client": True, "payload_bytes": 1400, "largest_reported_bytes": 300, "resends": 4}
        ],
    }
    assert seen.evidence.frames == (4, 8, 9, 10, 11)
    assert seen.description == (
        "1 segment was retransmitted 3 times or more (4 of 4 retransmissions) while later, smaller ones arrived, in 1 "
        "of 2 connections; the most: 1,400 bytes 4 times, where the largest that arrived had 300 bytes."
    )


def test_sent_again_in_smaller_parts() -> None:
    talk = Conversation().handshake().data("client", 1400, lost=True)
    for i in range(3):
        talk.retransmit("client", 1, after=0.3 * 2**i, lost=True)
    talk.data("client", 1400, segment=700, seq=1, after=3)  # only the first part stands at 1
    talk.send("client", "PA", 700, seq=701).ack("server")
    seen = observe(view(talk), LIMITS)
    assert seen is not None
    assert seen.observations["sizes"][0]["largest_reported_bytes"] == 700


def test_later_segments_of_the_same_size_arrive() -> None:
    assert observe(view(stuck(4, last=1400).ack("server", sack=[(2801, 4201)])), LIMITS) is None


def test_nothing_later_arrives() -> None:
    talk = Conversation().handshake().data("client", 1400, lost=True)
    for i in range(4):
        talk.retransmit("client", 1, after=0.3 * 2**i, lost=True)
    assert observe(view(talk), LIMITS) is None


def test_a_segment_that_arrives_in_the_end() -> None:
    talk = stuck(2).retransmit("client", 1, after=2).ack("server", sack=[(2801, 3101)])
    assert observe(view(talk, *healthy(1, start=50, port=2)), LargestSegmentRepeatedLimits(min_resends=4)) is None


def test_few_and_none() -> None:
    assert observe(view(stuck(2).ack("server", sack=[(2801, 3101)])), LIMITS) is None
    assert observe(view(*healthy(2)), LIMITS) is None
