"""RSTs that ended nothing, and those that did, by RFC 9293 section 3.10.7.4 and RFC 5961 section 3."""

import pytest

from tests.builders import Conversation
from tests.segments.exchange.talks import Begin, every_kind
from tests.segments.made import segments, where

OUTSIDE, IN_WINDOW = -5000, 4000  # of the next sequence number


def ignored(talk: Conversation) -> list[int]:
    """Which of the RSTs ended nothing, counted from 0."""
    made = segments(talk)
    resets = made[made["tcp_flags"] & 4 != 0]
    assert not made["rst_ignored"][made["tcp_flags"] & 4 == 0].any()
    return [place for place, is_ignored in enumerate(resets["rst_ignored"]) if is_ignored]


def reset(talk: Conversation, side: str, distance: int) -> Conversation:
    """A RST so far from the next sequence number of its supposed sender; nobody takes it."""
    next_ = talk.hosts[side].next
    talk.rst(side, with_ack=False, seq=next_ + distance, after=0.5, ttl=99, ip_id=4711)
    talk.hosts[side].next = next_
    return talk


@every_kind
@pytest.mark.parametrize("distance", [OUTSIDE, IN_WINDOW, 0])
@pytest.mark.parametrize("side", ["client", "server"])
def test_both_sides_go_on(begin: Begin, side: str, distance: int) -> None:
    talk = reset(begin(), side, distance).wait(1)
    talk.data("client", 100).data("server", 100).ack("client")
    assert ignored(talk) == [0]


@every_kind
def test_closing_by_fin_shows_it_too(begin: Begin) -> None:
    assert ignored(reset(begin(), "server", IN_WINDOW).wait(1).close()) == [0]


@every_kind
def test_bytes_of_the_same_side_beyond_it_are_acknowledged(begin: Begin) -> None:
    """The other side only acknowledges."""
    talk = reset(begin(), "server", 500).wait(1).data("server", 3000, segment=1000)
    assert ignored(talk.ack("client")) == [0]


@every_kind
def test_a_rst_that_its_senders_last_data_overtook_ended_the_connection(begin: Begin) -> None:
    """The data was sent before: the RST's number lies beyond it, and the other side no longer sends."""
    talk = begin()
    next_ = talk.hosts["server"].next
    talk.rst("server", with_ack=False, seq=next_ + 100, after=0.02)
    talk.data("server", 100, seq=next_, after=0.0001).ack("client", ack=next_ + 100)
    assert ignored(talk) == []


@every_kind
def test_data_in_flight_shows_nothing(begin: Begin) -> None:
    talk = begin().rst("client")
    talk.data("server", 2000, segment=1000, lost=True, after=0.005).rst("client", with_ack=False)
    assert ignored(talk) == []


@every_kind
def test_a_rst_at_the_end_is_the_end(begin: Begin) -> None:
    assert ignored(begin().rst("server")) == []
    assert ignored(reset(begin().close(), "client", 0)) == []


@every_kind
def test_one_that_was_ignored_before_one_that_was_not(begin: Begin) -> None:
    talk = reset(begin(), "server", IN_WINDOW).wait(1).data("client", 100).data("server", 100).ack("client")
    assert ignored(talk.rst("client")) == [0]


@every_kind
def test_two_in_a_row(begin: Begin) -> None:
    talk = reset(reset(begin(), "server", IN_WINDOW), "client", OUTSIDE).wait(1)
    assert ignored(talk.data("client", 100).data("server", 100).ack("client")) == [0, 1]


def test_an_echo_long_after_it_shows_that_the_peer_lives() -> None:
    """One side sends all data; a RST in the other's name comes between."""
    talk = Conversation().handshake().data("client", 10).data("server", 1000).ack("client")
    reset(talk, "client", IN_WINDOW)
    for _ in range(4):
        talk.wait(0.5).data("server", 1000, after=0.01).ack("client")
    assert ignored(talk) == [0]


def test_echoes_of_what_was_in_flight_show_nothing() -> None:
    talk = Conversation().handshake().data("client", 10).data("server", 1000).ack("client").rst("client")
    talk.data("server", 1000, after=0.01).data("server", 1000, after=0.01, lost=True)
    assert ignored(talk) == []


def test_a_refusal_took_effect_whatever_comes_after_it() -> None:
    talk = Conversation().refused().wait(0.5).refused().wait(0.5).handshake().data("client", 10).ack("server").close()
    assert ignored(talk) == []


def test_a_rst_that_answers_the_acknowledgement_of_an_older_connection() -> None:
    """Half-open recovery, RFC 9293 section 3.5.1: the RST ends the old one, the new one goes on."""
    talk = Conversation().syn().ack("server", seq=900_000, ack=700_000)
    talk.rst("client", with_ack=False, seq=700_000).wait(1).handshake()
    assert ignored(talk.data("client", 100).data("server", 100).ack("client")) == [0]


def test_a_selection_has_all_rows() -> None:
    talk = reset(Conversation().handshake(), "server", IN_WINDOW).wait(1)
    made = segments(talk.data("client", 10).data("server", 10).ack("client"))
    assert where(made, "rst_ignored") == [4]
    assert made["rst_ignored"].dtype == bool
