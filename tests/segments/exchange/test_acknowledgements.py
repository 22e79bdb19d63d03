"""Acknowledgements of what was never sent, of what was captured late, and of what the capture lacks."""

import pytest

from tests.builders import Conversation, Frame
from tests.segments.exchange.acks import facts
from tests.segments.exchange.talks import Begin, every_kind
from tests.segments.made import segments, where


def swapped(talk: Conversation, late_by: float = 0.00003) -> list[Frame]:
    """The last packet captured before the one that it follows, which is late."""
    before, last = talk.frames[-2], talk.frames[-1]
    return [*talk.frames[:-2], (last[0] - 0.0001, last[1]), (last[0] - 0.0001 + late_by, before[1])]


@every_kind
def test_one_that_the_peer_contradicts_by_its_number(begin: Begin) -> None:
    talk = begin()
    high = talk.hosts["client"].next
    talk.ack("server", ack=high + 50_000).ack("client", after=1.0).data("client", 100, after=1.0).ack("server")
    assert facts(talk) == {"acks_unsent": 1, "ack_early": 0, "gap": 0, "resent": 0}


@every_kind
def test_one_that_its_own_sender_contradicts(begin: Begin) -> None:
    """It acknowledges less later, of bytes that were sent since."""
    talk = begin()
    high = talk.hosts["client"].next
    talk.ack("server", ack=high + 50_000).data("client", 100, after=1.0).ack("server").data("client", 100).ack("server")
    assert facts(talk) == {"acks_unsent": 1, "ack_early": 0, "gap": 0, "resent": 0}


@every_kind
def test_bytes_that_the_capture_lacks_stay_a_gap(begin: Begin) -> None:
    talk = begin().data("client", 700, drop=True).ack("server").data("client", 100).ack("server")
    assert facts(talk) == {"acks_unsent": 0, "ack_early": 0, "gap": 700, "resent": 0}


@every_kind
def test_so_do_they_at_the_end(begin: Begin) -> None:
    assert facts(begin().data("client", 700, drop=True).ack("server"))["gap"] == 700


@every_kind
def test_a_retransmission_of_what_the_capture_lacks(begin: Begin) -> None:
    """Its acknowledgement was lost after the capture point."""
    talk = begin().data("client", 700, drop=True).ack("server", lost=True)
    talk.retransmit("client", after=0.3).ack("server").data("client", 100).ack("server")
    assert facts(talk) == {"acks_unsent": 0, "ack_early": 0, "gap": 700, "resent": 1}


@every_kind
def test_one_that_repeats_another_captured_before_the_bytes(begin: Begin) -> None:
    """Of three segments the last overtook the second; the first two are acknowledged twice, all of it captured late."""
    talk = begin()
    high = talk.hosts["client"].next
    for _ in range(3):
        talk.data("client", 100, after=0.0001)
    talk.ack("server", ack=high + 200, after=0.0001).ack("server", ack=high + 200, after=0.0001)
    *before, first, second, third, ack, again = talk.frames
    moment, ordered = first[0], (ack, again, first, third, second)
    frames = [*before, *((moment + number / 10_000, data) for number, (_, data) in enumerate(ordered))]
    assert facts(frames) == {"acks_unsent": 0, "ack_early": 2, "gap": 0, "resent": 0}


@every_kind
def test_one_captured_before_the_bytes(begin: Begin) -> None:
    talk = begin().data("client", 400).ack("server", after=0.0001)
    frames = swapped(talk)
    made = segments(frames)
    assert where(made, "ack_early") == [len(frames) - 1]
    assert facts(frames) == {"acks_unsent": 0, "ack_early": 1, "gap": 0, "resent": 0}


@pytest.mark.parametrize("late_by", [0.00001, 0.0001, 0.001, 0.005])
def test_one_direction_late_throughout(late_by: float) -> None:
    """The round trip is 0.2 ms: the delay may be longer."""
    talk = Conversation(rtt=0.0002).handshake()
    for _ in range(30):
        talk.data("server", 2_000, segment=1_000, after=0.0001).ack("client", after=0.0001)
    late = [(time + late_by * (data[26:30] == bytes([198, 51, 100, 1])), data) for time, data in talk.close()]
    found = facts(late)
    assert (found["acks_unsent"], found["gap"], found["resent"]) == (0, 0, 0)
    assert found["ack_early"] > 0 or late_by < 0.0001


def test_an_acknowledgement_before_the_syn_ack_repeats_nothing() -> None:
    talk = Conversation().syn().syn_ack(after=0.0001).ack()
    frames = swapped(talk)
    assert facts(frames) == {"acks_unsent": 0, "ack_early": 1, "gap": 0, "resent": 0}


def test_a_syn_ack_again_whose_first_copy_the_capture_lacks() -> None:
    talk = Conversation().syn().syn_ack(drop=True).ack(lost=True).syn_ack(after=1.0).ack().data("client", 10)
    assert facts(talk)["resent"] == 1


@pytest.mark.parametrize("distance", [300_000_000, 2_000_000_000, -300_000_000, 68_776])
def test_half_open_recovery(distance: int) -> None:
    """A SYN meets a connection that its receiver still has (RFC 9293 section 3.5.1), any distance away."""
    talk = Conversation(client_isn=3_000_000_000).syn().ack("server", seq=900_000, ack=distance)
    talk.rst("client", with_ack=False, seq=distance).wait(1)
    talk.hosts["client"].next = 1
    talk.handshake().data("client", 100).ack("server").close()
    found = facts(talk)
    assert found == {"acks_unsent": 1, "ack_early": 0, "gap": 0, "resent": 1}
    assert not segments(talk)["needless"].fillna(False).any()


def test_a_syn_ack_that_comes_again_was_not_acknowledged() -> None:
    talk = Conversation().syn().syn_ack().ack(ack=68_777).syn_ack(after=1.0).syn_ack(after=2.0)
    assert facts(talk) == {"acks_unsent": 1, "ack_early": 0, "gap": 0, "resent": 2}


def test_a_capture_of_one_direction_lacks_the_other() -> None:
    talk = Conversation().syn().syn_ack(drop=True).ack()
    for _ in range(100):
        talk.data("server", 1_000, drop=True).ack("client")
    found = facts(talk)
    assert (found["acks_unsent"], found["ack_early"], found["resent"]) == (0, 0, 0)
    assert found["gap"] == 100_000
