"""What was sent again, what was reordered, what the capture lacks: by hand; tests/lab has real kernels."""

import pandas as pd
import pytest

import pcapframe as pf
from tests.builders import Conversation
from tests.segments.made import segments, where


def talk(**options: float) -> Conversation:
    return Conversation(**options).handshake()  # type: ignore[arg-type]


def test_bytes_seen_before_were_sent_again() -> None:
    made = segments(talk().data("client", 1000, lost=True).retransmit("client", after=0.4))
    assert where(made, "resent") == [5]
    assert made.loc[5, "resent_bytes"] == 1000
    assert made.loc[5, "resend_reason"] == "timeout"


def test_repeated_syn_and_fin_count_too() -> None:
    made = segments(
        Conversation()
        .syn(lost=True)
        .syn(after=1.0)
        .syn_ack()
        .ack()
        .fin("client", lost=True)
        .retransmit("client", after=0.4)
    )
    assert where(made, "resent") == [2, 6]
    assert made.loc[2, "resend_reason"] == "syn_retry"
    assert made["resent_bytes"].sum() == 0


def test_a_keep_alive_is_no_resend() -> None:
    made = segments(talk().data("client", 10).ack("server").wait(60.0).keep_alive("client", 1).ack("server"))
    assert where(made, "keep_alive") == [6]
    assert where(made, "resent") == []


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


def test_a_gap_filled_by_a_later_identification_was_sent_again() -> None:
    conversation = talk(rtt=0.02)
    for _ in range(6):
        conversation.data("client", 100).ack("server")
    conversation.data("client", 100, drop=True, lost=True).data("client", 100).ack("server", ack=601, sack=[(701, 801)])
    made = segments(conversation.retransmit("client", seq=601, after=0.001))
    assert where(made, "resent") == [len(made)]
    assert where(made, "reordered") == []


def test_a_gap_filled_by_an_earlier_identification_was_overtaken() -> None:
    conversation = talk(rtt=0.02)
    for _ in range(6):
        conversation.data("client", 100).ack("server")
    identification = conversation.ip_ids["192.0.2.1"]
    conversation.ip_ids["192.0.2.1"] += 1
    conversation.hosts["client"].next += 100
    conversation.data("client", 100)
    made = segments(conversation.data("client", 100, seq=601, ip_id=identification, after=0.0005))
    assert where(made, "reordered") == [len(made)]
    assert where(made, "resent") == []


def test_bytes_that_only_their_acknowledgement_shows() -> None:
    made = segments(talk().data("client", 700, drop=True).ack("server").data("client", 100).ack("server"))
    assert made["capture_gap"].tolist() == [0, 0, 0, 700, 0, 0]


def test_a_one_way_capture_counts_what_is_acknowledged() -> None:
    conversation = Conversation().syn(drop=True).syn_ack(drop=True).ack(drop=True)
    for _ in range(3):
        conversation.data("server", 500, drop=True).ack("client")
    made = segments(conversation)
    assert made["capture_gap"].tolist() == [0, 500, 500]  # the first one only says where it begins


def test_a_dsack_shows_that_a_resend_was_needless() -> None:
    conversation = talk(rtt=0.02).data("client", 100).wait(0.4).retransmit("client", after=0.4)
    made = segments(conversation.ack("server", ack=101, sack=[(1, 101)]))
    assert where(made, "resent") == [5]
    assert bool(made.loc[5, "needless"])


def test_whether_it_was_needed_is_null_where_nothing_shows_it() -> None:
    made = segments(talk(timestamps=False).data("client", 100, lost=True).retransmit("client", after=0.4))
    assert made["needless"].isna().all()


def test_three_duplicate_acks_make_it_fast() -> None:
    conversation = talk(rtt=0.02).data("client", 100, lost=True)
    for i in range(3):
        conversation.data("client", 100).ack("server", ack=1, sack=[(101, 201 + 100 * i)])
    made = segments(conversation.retransmit("client", seq=1, after=0.001))
    assert where(made, "resent") == [len(made)]
    assert made["resend_reason"].iloc[-1] == "fast"


@pytest.mark.parametrize("offset", [0, 2**32 - 1050])
def test_wrapping_numbers_change_nothing(offset: int) -> None:
    conversation = Conversation(client_isn=offset).handshake().data("client", 3000, segment=1000, lost=True)
    made = segments(conversation.retransmit("client", seq=1, after=0.4).ack("server"))
    assert where(made, "resent") == [7]
    assert made["resent_bytes"].sum() == 1000


def known(count: int = 6, **options: float) -> Conversation:
    """A talk in which the sender counts its identifications up, and both round trips are known."""
    conversation = talk(rtt=0.02, **options)
    for _ in range(count):
        conversation.data("client", 100).ack("server")
    return conversation


def late_segment(conversation: Conversation, after: float, **options: object) -> pd.DataFrame:
    """The segments when the next 100 bytes come after the 100 behind them."""
    begin = conversation.hosts["client"].next
    conversation.hosts["client"].next += 100
    conversation.data("client", 100)
    return segments(conversation.data("client", 100, seq=begin, after=after, **options))


def test_a_gap_filled_with_an_older_timestamp_was_overtaken() -> None:
    # Identifications that say nothing: the same in each packet.
    made = late_segment(Conversation().handshake(ip_id=0), 0.5, ip_id=0, ts=(10_000, 0))
    assert where(made, "reordered") == [len(made)]
    assert where(made, "resent") == []


def test_a_gap_filled_with_a_newer_timestamp_was_sent_again() -> None:
    made = late_segment(Conversation().handshake(ip_id=0), 0.5, ip_id=0)
    assert where(made, "resent") == [len(made)]
    assert made["resent_bytes"].iloc[-1] == 100


@pytest.mark.parametrize(("after", "column"), [(0.004, "reordered"), (0.05, "resent")])
def test_without_either_the_round_trip_decides(after: float, column: str) -> None:
    conversation = Conversation(rtt=0.02, timestamps=False).handshake(ip_id=0)
    for _ in range(4):
        conversation.data("client", 100, ip_id=0).ack("server", ip_id=0)
    begin = conversation.hosts["client"].next
    conversation.hosts["client"].next += 100
    conversation.data("client", 100, ip_id=0)
    made = segments(conversation.data("client", 100, seq=begin, after=after, ip_id=0))
    assert where(made, column) == [len(made)]


def test_crossing_syns_are_no_resends() -> None:
    crossing = Conversation(timestamps=False).syn("client").syn("server", after=0.001)
    crossing.send("client", "SA", seq=0, ack=1, after=0.01).send("server", "SA", seq=0, ack=1, after=0.001)
    made = segments(crossing)
    assert len(made) == 4
    assert where(made, "resent") == []


def test_window_probes_are_no_resends() -> None:
    conversation = talk().data("client", 100).ack("server", window=0).wait(1.0).data("client", 1, lost=True)
    conversation.ack("server", window=0, ack=101).wait(1.0).retransmit("client").ack("server", window=0, ack=101)
    assert where(segments(conversation), "resent") == []


def test_an_older_echo_shows_that_a_resend_was_needless() -> None:
    conversation = known().data("client", 100)
    sent = conversation.hosts["server"].echo  # the timestamp of the first copy, which arrived
    made = segments(conversation.retransmit("client", after=0.3).ack("server", ts=(99_999, sent)))
    row = where(made, "resent")[0]
    assert made["needless"].loc[row] is not pd.NA
    assert bool(made.loc[row, "needless"])


def test_an_echo_of_its_own_timestamp_shows_that_a_resend_was_needed() -> None:
    conversation = known().data("client", 100, lost=True)
    made = segments(conversation.retransmit("client", after=0.3).ack("server"))
    row = where(made, "resent")[0]
    assert made["needless"].loc[row] is not pd.NA
    assert not made.loc[row, "needless"]


def test_an_echo_that_both_copies_had_shows_nothing() -> None:
    conversation = known().data("client", 100, lost=True, ts=(50_000, 1))
    made = segments(conversation.retransmit("client", after=0.3, ts=(50_000, 1)).ack("server"))
    assert made["needless"].isna().all()


def test_a_resend_of_what_was_acknowledged_is_needless() -> None:
    made = segments(known().retransmit("client", after=0.3))
    assert bool(made["needless"].iloc[-1])


@pytest.mark.parametrize(("after", "reason"), [(0.05, "tail_probe"), (0.4, "timeout"), (0.001, "unknown")])
def test_reason_of_a_resent_tail(after: float, reason: str) -> None:
    made = segments(known().data("client", 100, lost=True).retransmit("client", after=after))
    assert made["resend_reason"].iloc[-1] == reason


@pytest.mark.parametrize("after", [0.05, 0.4, 1.5])
def test_the_last_of_several_is_sent_again_by_a_tail_probe_only(after: float) -> None:
    # A timeout sends the first of them again (RFC 6298 section 5.4), a tail probe the last (RFC 8985 section 7.3).
    conversation = known().data("client", 300, segment=100, lost=True)
    made = segments(conversation.retransmit("client", seq=801, after=after).retransmit("client", seq=601, after=0.3))
    assert made["resend_reason"].dropna().tolist() == ["tail_probe", "timeout"]


def test_reason_of_a_resend_that_sack_asked_for() -> None:
    conversation = known().data("client", 400, segment=100, lost=True)
    conversation.ack("server", ack=601, sack=[(701, 801)])
    made = segments(conversation.retransmit("client", seq=601, after=0.001).retransmit("client", seq=801, after=0.001))
    assert made["resend_reason"].dropna().tolist() == ["fast", "fast"]  # the second continues the recovery


def test_gaps_that_were_filled_are_none() -> None:
    conversation = known().data("client", 100, drop=True, lost=True).data("client", 100)
    conversation.retransmit("client", seq=601, after=0.05).ack("server")
    assert segments(conversation)["capture_gap"].sum() == 0


def test_what_came_of_a_gap_is_not_missing() -> None:
    conversation = known().data("client", 300, drop=True).data("client", 100)
    made = segments(conversation.data("client", 100, seq=701, after=0.05).ack("server"))
    assert made["capture_gap"].iloc[-1] == 200
    assert where(made, "resent") == [len(made) - 1]


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


def without_ids(count: int = 6) -> Conversation:
    """As over IPv6: no identification tells packets apart; the server has reported by SACK once."""
    conversation = Conversation(rtt=0.02).handshake(ip_id=0)
    for _ in range(count):
        conversation.data("client", 100, ip_id=0).ack("server", ip_id=0)
    conversation.data("client", 100, ip_id=0, lost=True).data("client", 100, ip_id=0)
    conversation.ack("server", ip_id=0, sack=[(701, 801)])
    return conversation.retransmit("client", seq=601, after=0.05, ip_id=0).ack("server", ip_id=0)


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


def over_ipv6(**options: object) -> Conversation:
    """Over IPv6 nothing numbers the packets."""
    return Conversation("2001:db8::1", server="2001:db8::2", **options)  # type: ignore[arg-type]


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


@pytest.mark.parametrize(("after", "column"), [(0.0002, "resent"), (0.003, "capture_duplicate")])
def test_the_clock_would_have_ticked_before_another_syn_ack(after: float, column: str) -> None:
    # No copy of the SYN was seen. The clock ticks each millisecond, which the data 20 ms later shows.
    conversation = over_ipv6().syn().syn_ack().duplicate(after=after).ack()
    made = segments(conversation.data("client", 100).ack("server"))
    assert where(made, column) == [3]
    assert not made.loc[3, ["resent", "capture_duplicate"]].all()


def test_a_syn_ack_that_comes_three_times_is_copied_twice() -> None:
    conversation = over_ipv6().syn().syn_ack().duplicate(after=0.003).duplicate(after=0.003).ack()
    made = segments(conversation.data("client", 100).ack("server"))
    assert where(made, "capture_duplicate") == [3, 4]


def test_a_syn_ack_that_comes_twice_is_acknowledged_twice() -> None:
    conversation = over_ipv6().syn().syn_ack().duplicate().ack().duplicate().duplicate()
    assert where(segments(conversation), "capture_duplicate") == [6]  # three for two


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


def test_the_later_syn_ack_still_tells_the_round_trip() -> None:
    # At the server: its SYN-ACK is answered 20 ms later, so 5 ms are too soon for a resend.
    conversation = over_ipv6().syn().syn_ack(after=0.0001).syn_ack(after=0.001).ack(after=0.02)
    conversation.data("client", 100, seq=101, ts=(10_021, 70_000)).ack("server", after=0.0001, sack=[(101, 201)])
    made = segments(conversation.data("client", 100, seq=1, after=0.005, ts=(10_021, 70_000)))
    assert where(made, "resent") == [3]
    assert where(made, "reordered") == [7]


def three_holes(conversation: Conversation) -> Conversation:
    """400 bytes of which the last 100 arrive; what is resent at 1, 101 and 201 gets new timestamps."""
    conversation.data("client", 300, segment=100, lost=True).data("client", 100)
    conversation.ack("server", ack=1, sack=[(301, 401)])
    for seq in (1, 101, 201):
        conversation.retransmit("client", seq=seq, after=0.005)
    return conversation


def test_each_of_several_resends_is_judged() -> None:
    conversation = three_holes(talk())
    times = [10_000 + round(time * 1000) for time, _ in conversation.frames[-3:]]
    conversation.ack("server", ack=101, sack=[(301, 401)], ts=(71_000, times[0]))
    conversation.ack("server", ack=201, sack=[(301, 401)], ts=(71_000, times[1]))
    conversation.ack("server", ack=401, ts=(71_000, times[0]))  # of a first copy that came late
    made = segments(conversation)
    assert where(made, "resent") == [9, 10, 11]
    assert made.loc[[9, 10, 11], "needless"].tolist() == [False, False, True]


def test_an_echo_says_nothing_of_what_was_filled_above_it() -> None:
    # 1 to 400 at once: the echo is of the resend at 1, and tells nothing of those at 101 and 201.
    conversation = three_holes(talk())
    first = 10_000 + round(conversation.frames[-3][0] * 1000)
    made = segments(conversation.ack("server", ack=401, ts=(71_000, first)))
    assert made.loc[[9, 10, 11], "needless"].tolist() == [False, pd.NA, pd.NA]


def test_a_dsack_is_of_the_latest_of_two_resends() -> None:
    conversation = talk(timestamps=False).data("client", 100, lost=True).retransmit("client", after=0.3, lost=True)
    conversation.retransmit("client", after=0.6).ack("server", ack=101, sack=[(1, 101)])
    assert segments(conversation)["needless"].tolist()[-3:] == [pd.NA, True, pd.NA]


def test_one_dsack_may_report_several_resends() -> None:
    conversation = talk(timestamps=False).data("client", 200, segment=100)
    conversation.retransmit("client", seq=1, after=0.3).retransmit("client", seq=101, after=0.001)
    made = segments(conversation.ack("server", ack=201, sack=[(1, 201)]))
    assert made.loc[[6, 7], "needless"].tolist() == [True, True]


def test_what_fills_a_gap_was_needed_for_all_that_was_captured() -> None:
    conversation = known().data("client", 100, drop=True, lost=True).data("client", 100)
    made = segments(conversation.retransmit("client", seq=601, after=0.05))
    assert made["needless"].iloc[-1] is not pd.NA
    assert not made["needless"].iloc[-1]


def test_a_dsack_after_the_echo_is_of_the_first_copy() -> None:
    conversation = known().data("client", 100, lost=True).retransmit("client", after=0.3).ack("server")
    made = segments(conversation.ack("server", ack=701, sack=[(601, 701)], after=0.05))
    row = where(made, "resent")[0]
    assert made["needless"].loc[row] is not pd.NA
    assert not made.loc[row, "needless"]
