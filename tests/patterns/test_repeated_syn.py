from pcapframe.patterns import Traffic, columns_read
from pcapframe.patterns.repeated_syn import RepeatedSynLimits, observe
from tests.builders import Conversation
from tests.patterns.views import frames, healthy, view

LIMITS = RepeatedSynLimits()


def test_repeats_of_both_kinds() -> None:
    completed = Conversation(client_port=1).syn().syn(after=1).syn_ack().syn_ack(after=1).ack()
    unanswered = Conversation(client_port=2, start=10).syn().syn(after=1).syn(after=2)
    seen = observe(view(completed, unanswered, *healthy(2, start=20)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "repeated_syns": 3,
        "syn_count": 7,
        "repeated_syn_acks": 1,
        "syn_ack_count": 4,
        "syn_acks_after_ack": 0,
        "connections": 2,
        "in_complete_handshakes": 1,
    }
    assert seen.evidence.frames == (2, 4, 7, 8)
    assert seen.description == (
        "3 SYNs were repeats (beside 4 sent first) and 1 SYN-ACK was a repeat (beside 3 sent first), in 2 connections, "
        "of which 1 completed the handshake."
    )


def test_a_repeat_without_its_first_copy_is_no_share_of_itself() -> None:
    segments, connections = frames(Conversation().syn().syn(after=1).syn_ack().ack())
    connections["syn_count"] -= 1  # as where the capture lacks the first
    seen = observe(Traffic(segments, connections, reads=columns_read()), LIMITS)
    assert seen is not None
    assert seen.description.startswith("1 SYN was a repeat (the first not in the capture), in 1 connection,")
    assert "1 of 1" not in seen.description


def test_syn_acks_after_the_clients_ack() -> None:
    talk = Conversation().syn().syn_ack().ack().syn_ack(after=1).ack().syn_ack(after=2).ack().data("client", 10)
    seen = observe(view(talk), LIMITS)
    assert seen is not None
    assert seen.observations["syn_acks_after_ack"] == seen.observations["repeated_syn_acks"] == 2
    assert seen.description.endswith("Of the repeated SYN-ACKs 2 came after the client's ACK.")


def test_copies_are_no_repeats() -> None:
    assert observe(view(Conversation().syn().duplicate().syn_ack().duplicate().ack()), LIMITS) is None


def test_threshold() -> None:
    talk = Conversation().syn().syn(after=1)
    assert observe(view(talk), LIMITS) is not None
    assert observe(view(talk), RepeatedSynLimits(min_repeats=2)) is None
