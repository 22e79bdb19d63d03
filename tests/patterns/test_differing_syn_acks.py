from pcapframe.patterns.differing_syn_acks import DifferingSynAcksLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = DifferingSynAcksLimits()


def test_what_differs() -> None:
    number = Conversation(client_port=1).syn().syn_ack().syn_ack(seq=9000, after=1).ack()  # frames 2 and 3
    hops = Conversation(client_port=2, start=5).syn().syn_ack().syn_ack(ttl=40, after=1)
    options = Conversation(client_port=3, start=10).syn().syn_ack().syn_ack(after=1)
    options._timestamps = False
    options.syn_ack(after=2)  # as the others, without timestamps: frame 11
    same = Conversation(client_port=4, start=20).syn().syn_ack().syn_ack(after=1).ack()
    seen = observe(view(number, hops, options, same, *healthy(1, start=30)), LIMITS)
    assert seen is not None
    assert seen.observations == {
        "syn_acks": 3,
        "further_syn_acks": 5,
        "connections": 3,
        "connections_with_several": 4,
        "differs_in": {"sequence_number": 1, "hop_limit": 1, "options": 1},
    }
    assert seen.evidence.frames == (2, 3, 6, 7, 9, 10, 11)
    assert seen.description == (
        "3 of 5 further SYN-ACKs differ from the first one of the same handshake, in 3 of 4 connections with several; "
        "what differs: sequence number 1, hop limit 1, options 1."
    )


def test_hop_limits_may_differ_a_little() -> None:
    talk = Conversation().syn().syn_ack().syn_ack(ttl=55, after=1)
    assert observe(view(talk), LIMITS) is not None
    assert observe(view(talk), DifferingSynAcksLimits(hops=2)) is None


def test_threshold() -> None:
    talk = Conversation().syn().syn_ack().syn_ack(ttl=40, after=1)
    assert observe(view(talk), DifferingSynAcksLimits(min_connections=2)) is None


def test_single_and_repeated_syn_acks() -> None:
    assert observe(view(*healthy(3)), LIMITS) is None
    assert observe(view(Conversation().syn().syn_ack().syn_ack(after=1).ack()), LIMITS) is None
