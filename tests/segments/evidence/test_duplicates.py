"""Copies of packets made on the way to the capture point."""

import pytest

import pcapframe as pf
from tests.builders import Conversation
from tests.segments.evidence.talks import known, over_ipv6, talk, without_ids
from tests.segments.made import segments, where


def test_a_copy_made_on_the_way_is_no_resend() -> None:
    made = segments(talk().data("client", 100).duplicate().ack("server").duplicate())
    assert where(made, "capture_duplicate") == [5, 7]
    assert where(made, "resent") == []


def test_every_packet_mirrored() -> None:
    conversation = Conversation()
    conversation.syn().duplicate().syn_ack().duplicate().ack().duplicate()
    for _ in range(5):
        conversation.data("client", 100).duplicate().ack("server").duplicate()
    made = segments(conversation)
    assert where(made, "capture_duplicate") == list(range(2, len(made) + 1, 2))
    assert where(made, "resent") == []
    assert made["retransmission"].sum() > 0  # Wireshark's view


def test_copies_with_one_identification_leave_everything_else_alone() -> None:
    once, twice = known(), Conversation(rtt=0.02)
    for frames in (twice.syn(), twice.syn_ack(), twice.ack()):
        frames.duplicate()
    for _ in range(6):
        twice.data("client", 100).duplicate().ack("server").duplicate()
    single, mirrored = segments(once), segments(twice)
    kept = mirrored[~mirrored["capture_duplicate"]]
    for column in ("resent", "reordered", "capture_gap"):
        assert kept[column].tolist() == single[column].tolist()
    a, b = pf.build_connections(single).iloc[0], pf.build_connections(mirrored).iloc[0]
    for column in ("client_resend_rate", "handshake", "ending", "syn_count", "client_gap_bytes"):
        assert a[column] == b[column], column


def test_a_bare_acknowledgement_that_comes_after_another_packet_is_a_copy() -> None:
    conversation = without_ids().data("client", 200, segment=100, ip_id=0)
    conversation.ack("server", ip_id=0, ack=901).ack("server", ip_id=0, ack=1001)
    conversation.frames.append((conversation.now + 0.001, conversation.frames[-2][1]))
    assert where(segments(conversation), "capture_duplicate") == [len(conversation.frames)]


@pytest.mark.parametrize("after", [0.00002, 0.001])
def test_the_same_blocks_may_be_reported_twice(after: float) -> None:
    conversation = without_ids().data("client", 100, ip_id=0, lost=True).data("client", 100, ip_id=0)
    conversation.ack("server", ip_id=0, sack=[(901, 1001)]).duplicate(after=after)
    assert segments(conversation)["capture_duplicate"].sum() == 0


def test_the_same_rst_again_answers_another_segment() -> None:
    conversation = without_ids().data("client", 200, segment=100, ip_id=0)
    conversation.rst("server", ip_id=0).duplicate(after=0.0005)
    assert where(segments(conversation), "capture_duplicate") == []


def test_where_each_segment_is_captured_twice_a_rst_is_too() -> None:
    conversation = Conversation().syn(ip_id=0).duplicate()
    made = segments(conversation.rst("server", seq=-5000, ip_id=0).duplicate())
    assert where(made, "capture_duplicate") == [2, 4]


def test_blocks_reported_twice_without_a_cause_are_a_copy() -> None:
    # Whatever arrives after 101 to 200 either fills the hole, adds to the block, or is reported as a duplicate.
    conversation = over_ipv6().handshake().data("client", 100, lost=True).data("client", 100)
    conversation.ack("server", sack=[(101, 201)]).duplicate(after=0.001)
    assert where(segments(conversation), "capture_duplicate") == [7]


def test_a_segment_discarded_for_its_age_is_answered_by_the_same_blocks() -> None:
    # The resend of 1 is acknowledged and echoed; 101 was sent before it, comes late, and is older than that.
    conversation = over_ipv6().handshake().data("client", 300, segment=100, lost=True)
    conversation.ack("server", ack=1, sack=[(201, 301)]).retransmit("client", seq=1, after=0.05)
    conversation.ack("server", ack=101, sack=[(201, 301)]).duplicate(after=0.001)
    made = segments(conversation)
    assert where(made, "resent") == [8]
    assert where(made, "capture_duplicate") == []


def test_once_all_before_the_resend_is_acknowledged_nothing_can_be_older() -> None:
    conversation = over_ipv6().handshake().data("client", 300, segment=100, lost=True)
    conversation.ack("server", ack=1, sack=[(201, 301)]).retransmit("client", seq=1, after=0.05)
    conversation.ack("server", ack=301).data("client", 100).ack("server", ack=401)
    conversation.data("client", 100, lost=True).data("client", 100)
    conversation.ack("server", ack=401, sack=[(501, 601)]).duplicate(after=0.001)
    assert where(segments(conversation), "capture_duplicate") == [15]


def test_each_copy_that_arrives_is_reported_as_such() -> None:
    conversation = over_ipv6().handshake().data("client", 100).ack("server")
    conversation.ack("server", ack=101, sack=[(1, 101)]).duplicate(after=0.001)
    assert where(segments(conversation), "capture_duplicate") == []


@pytest.mark.parametrize(("sack_ok", "copies"), [(True, [6]), (False, [])])
def test_both_syns_say_whether_sack_is_used(sack_ok: bool, copies: list[int]) -> None:
    conversation = over_ipv6(sack_ok=sack_ok).handshake().data("client", 100).ack("server").duplicate(after=0.001)
    assert where(segments(conversation), "capture_duplicate") == copies


def test_a_syn_ack_answers_the_copy_of_a_syn() -> None:
    conversation = over_ipv6().syn().duplicate().syn_ack().duplicate().ack()
    made = segments(conversation.data("server", 300, segment=100).ack("client"))
    assert where(made, "capture_duplicate") == [2]
    assert where(made, "resent") == [4]
    assert made.loc[4, "resend_reason"] == "syn_retry"


def test_where_each_packet_is_mirrored_a_syn_ack_is_too() -> None:
    conversation = over_ipv6().syn().duplicate().syn_ack().duplicate().ack().duplicate()
    for _ in range(3):
        conversation.data("client", 100).duplicate().data("server", 100).duplicate()
    made = segments(conversation.fin("server").duplicate().ack("client").duplicate())
    assert where(made, "capture_duplicate") == list(range(2, len(made) + 1, 2))
    assert where(made, "resent") == []


@pytest.mark.parametrize("options", [{}, {"timestamps": False}])
@pytest.mark.parametrize(("after", "column"), [(0.0002, "capture_duplicate"), (0.25, "resent")])
def test_a_syn_ack_that_follows_at_once_is_a_copy(options: dict[str, bool], after: float, column: str) -> None:
    """No timer is that short, and no copy of the SYN was seen that it could answer."""
    talk = over_ipv6(**options).syn().syn_ack().duplicate(after=after).ack()
    made = segments(talk.data("client", 100).ack("server"))
    assert where(made, column) == [3]
    assert not made.loc[3, ["resent", "capture_duplicate"]].all()


@pytest.mark.parametrize(("after", "column"), [(0.003, "resent"), (0.01, "capture_duplicate")])
def test_the_clock_would_have_ticked_before_another_syn_ack(after: float, column: str) -> None:
    # No copy of the SYN was seen. The clock ticks each 10 ms or so, which the last packet shows.
    talk = over_ipv6().syn().syn_ack(ts=(100, 1)).duplicate(after=after).ack()
    made = segments(talk.data("client", 100).ack("server", ts=(120, 2), after=0.2))
    assert where(made, column) == [3]
    assert not made.loc[3, ["resent", "capture_duplicate"]].all()


def test_a_syn_ack_that_comes_three_times_is_copied_twice() -> None:
    conversation = over_ipv6().syn().syn_ack().duplicate(after=0.003).duplicate(after=0.003).ack()
    made = segments(conversation.data("client", 100).ack("server"))
    assert where(made, "capture_duplicate") == [3, 4]


def test_a_syn_ack_that_comes_twice_is_acknowledged_twice() -> None:
    conversation = over_ipv6().syn().syn_ack().duplicate().ack().duplicate().duplicate()
    assert where(segments(conversation), "capture_duplicate") == [3, 6]  # three for two


def test_a_fin_that_comes_twice_is_acknowledged_twice() -> None:
    conversation = over_ipv6().handshake().data("server", 100).ack("client").fin("server").duplicate()
    conversation.ack("client").duplicate().duplicate()
    assert where(segments(conversation), "capture_duplicate") == [7, 10]  # three for two


def test_a_copy_of_an_old_acknowledgement_is_answered() -> None:
    conversation = over_ipv6().handshake().data("server", 100).ack("client")
    old = conversation.frames[-1][1]
    conversation.data("client", 200, segment=100)
    conversation.frames.append((conversation.now + 0.0001, old))
    conversation.ack("server", after=0.0002).duplicate()
    assert where(segments(conversation), "capture_duplicate") == [8]


def test_another_rst_answers_what_came_in_between() -> None:
    conversation = over_ipv6().syn()
    syn = conversation.frames[-1][1]
    conversation.duplicate().rst("server", seq=-5000)
    conversation.frames.append((conversation.now + 0.00001, syn))
    conversation.frames.append((conversation.now + 0.00002, conversation.frames[-2][1]))
    assert where(segments(conversation), "capture_duplicate") == [2, 4]


@pytest.mark.parametrize(("reports", "copies"), [(True, [4]), (False, [])])
def test_a_later_sack_block_shows_that_sack_was_used_before(reports: bool, copies: list[int]) -> None:
    """The capture lacks the handshake; a round trip is known by the echoes of timestamps."""
    talk = over_ipv6(rtt=0.02).handshake(drop=True)
    talk.data("server", 100).data("server", 100).ack("client").duplicate(after=0.002)
    for _ in range(3):
        talk.data("server", 100).ack("client")
    if reports:
        talk.data("server", 100, drop=True, lost=True).data("server", 100).ack("client", sack=[(601, 701)])
    assert where(segments(talk), "capture_duplicate") == copies
