"""Copies of one segment and stalled times, by hand."""

import math

import pytest

from tests.builders import Conversation
from tests.connections.made import connection
from tests.segments.made import segments


def talk(**options: object) -> Conversation:
    return Conversation(rtt=0.02, **options).handshake()  # type: ignore[arg-type]


def test_nothing_resent() -> None:
    seen = connection(talk().data("client", 3000, segment=1000).ack("server"))
    assert (seen["client_most_copies"], seen["client_stalled_s"]) == (1, 0)
    assert (seen["server_most_copies"], seen["server_stalled_s"]) == (1, 0)  # its SYN-ACK


@pytest.mark.parametrize("addresses", [{}, {"client": "2001:db8::1", "server": "2001:db8::2"}])
def test_from_the_first_of_two_resends_to_the_acknowledgement(addresses: dict[str, str]) -> None:
    lossy = talk(**addresses).data("client", 100, lost=True)
    lossy.retransmit("client", after=0.2, lost=True).retransmit("client", after=0.4).ack("server", after=0.03)
    seen = connection(lossy)
    assert seen["client_most_copies"] == 3
    assert seen["client_stalled_s"] == pytest.approx(
        0.43
    )  # 0.4 s after the first resend the second, 0.03 s later the ACK


def test_one_resend_is_no_stall() -> None:
    seen = connection(talk().data("client", 100, lost=True).retransmit("client", after=0.2).ack("server"))
    assert (seen["client_most_copies"], seen["client_stalled_s"]) == (2, 0)


def test_never_acknowledged_until_the_last_packet() -> None:
    lossy = talk().data("server", 100, lost=True)
    for wait in (0.2, 0.4, 0.8, 1.6):
        lossy.retransmit("server", after=wait, lost=True)
    seen = connection(lossy.ack("client", after=1.0))
    assert seen["server_most_copies"] == 5
    assert seen["server_stalled_s"] == pytest.approx(0.4 + 0.8 + 1.6 + 1.0)


def test_stalls_at_the_same_time_count_once() -> None:
    lossy = talk().data("client", 200, segment=100, lost=True)
    first, second = 1, 101
    for after, seq in ((0.2, first), (0.1, second), (0.4, first), (0.1, second)):
        lossy.retransmit("client", seq, after=after, lost=seq != second)
    seen = connection(lossy.ack("server", ack=201, after=0.02))
    assert seen["client_most_copies"] == 3
    assert seen["client_stalled_s"] == pytest.approx(0.1 + 0.4 + 0.1 + 0.02)


def test_a_later_acknowledgement_of_less_ends_nothing() -> None:
    lossy = talk().data("client", 200, segment=100, lost=True)
    lossy.retransmit("client", 101, after=0.2, lost=True).retransmit("client", 101, after=0.4)
    lossy.ack("server", ack=101, after=0.1).ack("server", ack=201, after=0.2)
    assert connection(lossy)["client_stalled_s"] == pytest.approx(0.4 + 0.1 + 0.2)


def test_what_was_acknowledged_before_does_not_stall() -> None:
    needless = talk().data("client", 100).ack("server")
    needless.retransmit("client", after=0.2).retransmit("client", after=0.4)
    seen = connection(needless)
    assert (seen["client_most_copies"], seen["client_stalled_s"]) == (3, 0)


def test_repeated_syn_without_an_answer() -> None:
    seen = connection(Conversation().syn(lost=True).syn(after=1.0, lost=True).syn(after=2.0, lost=True))
    assert (seen["client_most_copies"], seen["server_most_copies"]) == (3, 0)
    assert seen["client_stalled_s"] == pytest.approx(2.0)
    assert math.isnan(seen["server_stalled_s"])


def test_one_direction_only_leaves_it_unknown() -> None:
    lossy = Conversation().syn().syn_ack(drop=True).ack().data("client", 100, lost=True)
    lossy.retransmit("client", after=0.2, lost=True).retransmit("client", after=0.4, lost=True)
    seen = connection(lossy)
    assert seen["client_most_copies"] == 3
    assert math.isnan(seen["client_stalled_s"])


def test_keep_alives_are_no_copies() -> None:
    idle = talk().data("client", 10).ack("server").keep_alive("client", 1, after=60).keep_alive("client", 1, after=60)
    seen = connection(idle)
    assert (seen["client_most_copies"], seen["client_stalled_s"]) == (1, 0)


def test_copies_made_on_the_way_do_not_count() -> None:
    seen = connection(talk().data("client", 100).duplicate().duplicate().ack("server"))
    assert seen["client_most_copies"] == 1


def test_an_acknowledgement_of_what_was_never_sent_ends_no_stall() -> None:
    lossy = talk().data("client", 100, lost=True).retransmit("client", after=0.2, lost=True)
    lossy.ack("server", ack=70_000, after=0.05).retransmit("client", after=0.35, lost=True)
    lossy.retransmit("client", after=0.8).ack("server", after=0.1).data("client", 10).ack("server")
    assert segments(lossy)["acks_unsent"].sum() == 1
    assert connection(lossy)["client_stalled_s"] == pytest.approx(0.05 + 0.35 + 0.8 + 0.1)
