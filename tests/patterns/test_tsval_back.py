from pcapframe.patterns.tsval_back import TsvalBackLimits, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = TsvalBackLimits()


def test_a_clock_that_goes_back_in_a_connection() -> None:
    talk = Conversation(client_port=1).handshake().data("client", 100).ack("server")  # the client's clock is at 10,020
    talk.data("client", 100, ts=(9_000, 70_040))  # frame 6
    seen = observe(view(talk, *healthy(1, start=5)), LIMITS)
    assert seen is not None
    assert (seen.observations["packets"], seen.observations["total_packets"]) == (1, 16)
    assert seen.observations["connections"] == 1
    assert seen.observations["back_max_ticks"] == 10_020 - 9_000
    assert seen.evidence.frames == (6,)
    assert seen.description == (
        "1 of 16 TCP packets had a TSval below an earlier one of its sender's, by 1,020 ticks at most, in 1 connection."
    )
    assert observe(view(talk), TsvalBackLimits(ticks=1_020)) is None


def test_packets_that_were_overtaken_have_older_timestamps() -> None:
    talk = Conversation().handshake().data("client", 100, drop=True).data("client", 100, after=0.01, ip_id=4)
    talk.data("client", 100, seq=1, ip_id=3, ts=(10_020, 70_020))
    assert observe(view(talk), LIMITS) is None
    acks = Conversation().handshake().data("server", 100).data("server", 100).ack(after=0.01)
    assert observe(view(acks.ack(ack=101, ts=(10_020, 70_020))), LIMITS) is None


def syn(number: int, tsval: int, *, answered: bool) -> Conversation:
    """A connection of its own client port; one SYN a second, with one retry where nothing answers."""
    talk = Conversation(client_port=number, start=10 * number).syn(ts=(tsval, 0))
    return talk.syn_ack().ack(ts=(tsval + 20, 70_000)) if answered else talk.syn(after=1, ts=(tsval + 1000, 0))


def test_syns_of_one_address_that_go_back_and_are_not_answered() -> None:
    talks = [syn(1, 500_000, answered=True), syn(2, 9_000, answered=False), syn(3, 520_000, answered=True)]
    seen = observe(view(*talks), LIMITS)
    assert seen is not None
    names = ("syns_compared", "syns_back", "syns_back_unanswered", "syns_forward_unanswered", "packets")
    assert [seen.observations[name] for name in names] == [2, 1, 1, 0, 0]
    assert seen.observations["back_max_ticks"] is None
    assert seen.evidence.frames == (4,)
    assert seen.description == (
        "1 of 2 SYNs had a TSval below that of an earlier SYN of the same address to the same server; 1 of these "
        "and 0 of the other 1 stayed unanswered."
    )


def test_syns_that_go_back_like_those_that_do_not() -> None:
    answered = [syn(i, tsval, answered=True) for i, tsval in enumerate([500_000, 9_000, 800_000, 7_000], start=1)]
    assert observe(view(*answered), LIMITS) is None
    down = [syn(i, tsval, answered=i == 1) for i, tsval in enumerate([500_000, 9_000, 800_000, 7_000], start=1)]
    assert observe(view(*down), LIMITS) is None


def test_other_servers_are_not_compared() -> None:
    other = Conversation(server="198.51.100.2", start=20).syn(ts=(9_000, 0)).syn(after=1, ts=(10_000, 0))
    assert observe(view(syn(1, 500_000, answered=True), other), LIMITS) is None
