"""Labels against captures of real kernels whose truth is known; `make lab` makes and scores many more."""

import functools
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from data.lab.altering import begun_at, cut_score, cuts, cuts_table, skew_score, skewed, skews_table
from data.lab.resending import Resends, needs_table, own_reasons_table, reason_score, reasons_table, score_resends
from data.lab.scoring import Score, needless_counts, recordings, score, score_recording, totals, with_ids
from data.lab.tracing import kernel_reasons, parsed
from data.lab.verdicts import Emission, emissions, resent_by, verdicts
from tests.builders import Conversation
from tests.segments.made import segments

CAPTURES = Path(__file__).parent / "captures"


@functools.cache
def scored():
    found = [score_recording(recording, ("kernel", "zero", "random")) for recording in recordings(CAPTURES)]
    return [row for rows, _ in found for row in rows], [same for _, some in found for same in some]


@pytest.mark.parametrize(
    ("reader", "vantage", "name", "precision", "recall"),
    [
        ("kernel", "sender", "resent", 0.995, 0.995),
        ("kernel", "middle", "resent", 0.99, 0.99),
        ("kernel", "receiver", "resent", 0.99, 0.99),
        ("kernel", "middle", "reordered", 0.97, 0.99),
        ("kernel", "receiver", "reordered", 0.97, 0.99),
        ("kernel", "receiver", "capture_duplicate", 0.99, 0.99),
        *((ids, at, "resent", 0.98, 0.95) for ids in ("zero", "random") for at in ("sender", "middle", "receiver")),
        *((ids, point, "reordered", 0.9, 0.9) for ids in ("zero", "random") for point in ("middle", "receiver")),
        ("random", "receiver", "capture_duplicate", 0.99, 0.99),
    ],
)
def test_labels_meet_the_truth(reader, vantage, name, precision, recall):
    found = totals(scored()[0], "reader", "vantage", "name")[reader, vantage, name]
    assert found.hits > 10
    assert found.precision >= precision, found
    assert found.recall >= recall, found


def test_as_many_resends_as_the_kernel_counted():
    agree = scored()[1]
    assert len(agree) > 100
    assert sum(agree) >= 0.99 * len(agree)


def test_needless_resends_are_not_more_than_the_kernel_was_told_of():
    """Without copies made by the network, which it counts too, and with SACK."""
    names = ("random_loss", "burst_loss", "delay_spikes", "tail_loss", "short_path", "reordering")
    found = [c for recording in recordings(CAPTURES) if recording.scenario in names for c in needless_counts(recording)]
    assert sum(count.kernel for count in found) > 10
    assert sum(count.agrees for count in found) >= 0.95 * len(found)


def test_untraced_resends_are_neither_hits_nor_misses():
    truth = pd.DataFrame({"resent": [True, True, False], "traced": [True, False, False]}, index=[1, 2, 3])
    assert score(pd.Series([True, False, True], index=[1, 2, 3]), truth, "resent") == Score(1, 1, 0, 1)


def frame(seq, payload_bytes, flags=0x10):
    return {"kind": "data", "src": "a", "src_port": 1, "dst": "b", "dst_port": 2, "seq": seq, "flags": flags,
            "payload_bytes": payload_bytes, "out": [1]}  # fmt: skip


def test_verdicts_of_a_resend_an_overtaken_original_and_a_copy():
    made = emissions([frame(100, 10), frame(110, 10), frame(120, 10), frame(110, 10)])
    assert [emission.resent for emission in made] == [False, False, False, True]
    # The third passes twice and overtakes the second, which comes after its resend.
    told = verdicts(made, [(0, 1), (2, 1), (2, 1), (3, 1), (1, 1)])
    assert told["capture_duplicate"] == [0, 0, 1, 0, 0]
    assert told["resent"] == told["traced"] == [0, 0, 0, 1, 0]
    assert told["reordered"] == [0, 0, 0, 0, 1]


def test_a_resend_is_needless_if_a_copy_sent_before_was_there_before():
    first, second = frame(100, 10) | {"out": [5]}, frame(110, 10) | {"out": [20]}
    lost, late = frame(120, 10) | {"out": []}, frame(130, 10) | {"out": [40]}
    again = [
        frame(100, 10) | {"out": [9]},  # the first copy was there
        frame(110, 10) | {"out": [9]},  # it came later
        frame(120, 10) | {"out": [9]},  # it never came
        frame(130, 10) | {"out": []},  # lost itself
        frame(100, 20) | {"out": [30]},  # all of both were there by then
    ]
    made = emissions([first, second, lost, late, *again])
    assert [emission.needless for emission in made] == [False] * 4 + [True, False, False, True, True]


def test_needless_and_reasons_are_scored_where_the_truth_has_them(capsys):
    recording = next(r for r in recordings(CAPTURES) if r.scenario == "random_loss")
    found = score_resends(recording)
    assert found.reasons is not None
    assert sum(found.reasons.values()) > 5
    needs_table([found])
    reasons_table([found])
    printed = capsys.readouterr().out
    assert printed.count("not recorded") == 2 - bool(found.needs) - bool(found.kernel)
    truth = recording.truth.assign(needless=False)
    needs = score_resends(replace(recording, truth=truth)).needs
    assert needs["sender"].right_false + needs["sender"].null_needed == sum(found.reasons.values())
    assert needs["sender"].wrong_false == needs["sender"].right_true == 0


def test_a_lost_tail_leaves_no_trace():
    made = [Emission(("s",), 0, 10), Emission(("s",), 10, 20), Emission(("s",), 10, 20, True)]
    told = verdicts(made, [(0, 1), (2, 1)])
    assert (told["resent"], told["traced"]) == ([0, 1], [0, 0])


def test_copies_keep_one_identification():
    packets = pd.DataFrame({"ip_id": pd.array([5, 5, 6], "UInt16")}, index=[1, 2, 3])
    made = with_ids(packets, pd.Series([0, 0, 1], index=[1, 2, 3]), "random")["ip_id"]
    assert made[1] == made[2] != made[3]
    assert (with_ids(packets, pd.Series([0, 0, 1], index=[1, 2, 3]), "zero")["ip_id"] == 0).all()


def test_reasons_are_the_kernels_own():
    """Where captures have its tracepoints' word: lost tails, blackouts, a long path, short connections."""
    found = [score_resends(recording) for recording in recordings(CAPTURES) if recording.reasons is not None]
    for reason, recall, least in (("fast", 0.9, 30), ("timeout", 0.85, 5), ("tail_probe", 0.85, 5)):
        made = reason_score(found, reason)
        assert made.hits >= least, reason
        assert made.precision >= 0.95, (reason, made)
        assert made.recall >= recall, (reason, made)


def test_what_acknowledgements_bring_about_after_a_timeout_has_no_reason_to_miss(capsys):
    pairs = {("timeout", "after_timeout"): 2, ("unknown", "after_timeout"): 3, ("timeout", "timeout"): 4}
    pairs |= {("fast", "timeout"): 1, ("not resent", "fast"): 1, ("timeout", "other"): 9, ("unknown", "other"): 9}
    found = [Resends("made", {}, None, {}, pairs)]
    assert reason_score(found, "timeout") == Score(hits=4, false=2, missed=1, untraced=9)
    own_reasons_table(found)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 1 + 4
    assert "0.6667  0.8000" in printed[-2]
    own_reasons_table([Resends("made", {}, None, {})])
    assert "not recorded" in capsys.readouterr().out


TRACE = """# tracer: nop
          <idle>-0       [001] ..s1.   10.000100: tcp_cong_state_set: family=AF_INET sport=9000 dport=20001 \
saddr=198.51.100.20 daddr=192.0.2.10 saddrv6=::ffff:198.51.100.20 daddrv6=::ffff:192.0.2.10 cong_state=4
          <idle>-0       [001] ..s1.   10.000101: <stack trace>
 => tcp_set_ca_state
{}"""
RESEND = """          <idle>-0       [001] ..s1.   {}: tcp_retransmit_skb: skbaddr=1 skaddr=2 family=AF_INET \
sport=9000 dport=20001 saddr=198.51.100.20 daddr=192.0.2.10 saddrv6=:: daddrv6=:: state={} err={}
          <idle>-0       [001] ..s1.   {}: <stack trace>
 => trace_event_raw_event_tcp_retransmit_skb
 => tcp_retransmit_skb
 => {}
"""
TRACED = ("198.51.100.20", 9000, "192.0.2.10", 20001)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("tcp_retransmit_timer", "timeout"),
        ("tcp_send_loss_probe", "tail_probe"),
        ("tcp_xmit_retransmit_queue.part.0", "after_timeout"),
        ("tcp_v4_mtu_reduced", "other"),
        ("sysvec_apic_timer_interrupt", "timeout"),  # cut off there: by the state
    ],
)
def test_a_kernel_stack_says_why(function, reason):
    text = TRACE.format(RESEND.format("10.000200", "TCP_ESTABLISHED", 0, "10.000201", function))
    assert parsed(text, 5) == {TRACED: [(10_000_200_005, reason)]}


def test_without_a_timeout_it_is_fast_and_syns_and_failures_are_left_out():
    queue = "tcp_xmit_retransmit_queue"
    text = TRACE.replace("cong_state=4", "cong_state=3").format(
        RESEND.format("10.000200", "TCP_ESTABLISHED", 0, "10.000201", queue)
        + RESEND.format("10.000300", "TCP_SYN_SENT", 0, "10.000301", "tcp_retransmit_timer")
        + RESEND.format("10.000400", "TCP_ESTABLISHED", -11, "10.000401", queue)
    )
    assert parsed(text) == {TRACED: [(10_000_200_000, "fast")]}


@pytest.mark.parametrize(
    ("states", "reasons"),
    [
        ([4, None, None], ["timeout", "after_timeout"]),
        ([4, None, 4, None], ["timeout", "timeout"]),
        ([3, None, None, 0, None], ["fast", "fast", "tail_probe"]),
        ([4, 3, None], ["fast"]),
        ([None, 1, None], ["tail_probe", "tail_probe"]),
    ],
)
def test_without_a_stack_the_state_says_why(states, reasons):
    """A state of tcp_cong_state_set, or None for a segment sent again."""
    state = TRACE.split("\n", 1)[1].split(" <idle>-0       [001] ..s1.   10.000101", maxsplit=1)[0]
    resend = RESEND.format("10.000200", "TCP_ESTABLISHED", 0, "", "").split("\n", 1)[0] + "\n"
    text = "".join(resend if new is None else state.replace("cong_state=4", f"cong_state={new}") for new in states)
    assert [reason for _, reason in parsed(text)[TRACED]] == reasons


def test_kernel_reasons_are_given_to_frames_that_reach_the_link_then():
    log = [
        {"src": "a", "src_port": 1, "dst": "b", "dst_port": 2, "at": at, "seq": seq, "payload_bytes": 10, "flags": 16}
        for at, seq in ((1_000_000, 100), (1_010_000, 110), (900_000_000, 100))
    ]
    resent = [(4, 0), (5, 1), (9, 2)]
    events = {("a", 1, "b", 2): [(990_000, "timeout"), (10_000_000_000, "fast")]}
    # One event was of both segments, which the kernel cut; nothing is known of the third.
    assert kernel_reasons(log, resent, events) == {4: "timeout", 5: "timeout"}


def test_only_what_the_hosts_at_this_point_sent_again_has_a_reason():
    log = [frame(100, 10), frame(100, 10), frame(0, 1, flags=2), frame(0, 1, flags=2)]
    made = [Emission(("s",), 0, 10), Emission(("s",), 0, 10, True), Emission(("s",)), Emission(("s",), 0, 1, True)]
    records = [(0, 1), (1, 1), (1, 1), (2, 1), (3, 1)]
    assert resent_by(made, log, records, ("a",)) == [(2, 1)]
    assert resent_by(made, log, records, ("b",)) == []


def with_truth(conversation, **classes):
    """Segments of a conversation, and a truth of which each frame is another emission unless said."""
    made = segments(conversation)
    truth = pd.DataFrame({"emitted": range(len(made))}, index=made.index)
    for name in ("resent", "reordered", "capture_duplicate", "traced"):
        truth[name] = truth.index.isin(classes.get(name, ()))
    return made, truth


def test_what_a_capture_that_begins_later_can_show():
    talk = Conversation().handshake()  # frames 1 to 3
    talk.data("client", 300, segment=100).retransmit("client", seq=101, after=0.3).data("client", 100)
    talk.retransmit("client", seq=201, after=0.3)
    made, truth = with_truth(talk, resent=[7, 9], traced=[7, 9])
    told = begun_at(7, made, truth)
    assert list(told.index) == [7, 8, 9]
    assert told["resent"].tolist() == [True, False, True]
    assert told["traced"].tolist() == [False, False, True]  # nothing beyond it is in the capture before it


def test_the_copy_of_a_frame_that_is_cut_off_is_the_first_one():
    made, truth = with_truth(Conversation().handshake().data("client", 100).duplicate(), capture_duplicate=[5])
    truth.loc[5, "emitted"] = truth.loc[4, "emitted"]
    assert begun_at(4, made, truth)["capture_duplicate"].tolist() == [False, True]
    assert begun_at(5, made, truth)["capture_duplicate"].tolist() == [False]


def test_an_original_whose_overtaker_is_cut_off_cannot_be_missed():
    talk = Conversation().handshake().data("client", 100, drop=True).data("client", 100).data("client", 100)
    made, truth = with_truth(talk.retransmit("client", seq=1), reordered=[6])
    assert begun_at(5, made, truth)["reordered"].tolist() == [False, True]
    told = begun_at(6, made, truth)
    assert (told["reordered"].tolist(), told["order_shown"].tolist()) == ([True], [False])
    for said, expected in ((False, Score(untraced=1)), (True, Score(untraced=1))):
        assert score(pd.Series(said, told.index), told, "reordered") == expected


def test_the_only_copy_left_is_what_the_first_one_was():
    """The copy of a resend is a resend; the copy of an original that later bytes overtook was overtaken."""
    talk = Conversation().handshake().data("client", 300, segment=100).retransmit("client", seq=101, after=0.3)
    made, truth = with_truth(talk.duplicate(), resent=[7], traced=[7], capture_duplicate=[8])
    truth.loc[8, "emitted"] = truth.loc[7, "emitted"]
    assert begun_at(8, made, truth)["resent"].tolist() == [True]
    truth.loc[8, "emitted"] = truth.loc[5, "emitted"]
    told = begun_at(6, made, truth)
    assert told["reordered"].tolist() == [False, False, True]
    assert told["order_shown"].tolist() == [False, False, True]


def test_where_captures_begin():
    talk = Conversation().handshake().data("client", 600, segment=100)
    talk.retransmit("client", seq=101, after=0.3).retransmit("client", seq=201, after=0.001)
    made, truth = with_truth(talk.syn(), resent=[10, 11])
    found = list(cuts(made, truth))
    assert ("recovery", 11) in found
    assert ("handshake", 3) in found
    assert {kind for kind, _ in found} == {"handshake", "transfer", "recovery"}


def test_one_direction_late():
    made, truth = with_truth(Conversation(rtt=0.0002).handshake().data("client", 100).ack("server"), resent=[4])
    moved, told = skewed(made, truth, made["from_client"], 0.001)
    assert moved["from_client"].tolist() == [False, False, True, True, True]
    assert list(moved.index) == [1, 2, 3, 4, 5]
    assert told["emitted"].tolist() == [1, 4, 0, 2, 3]
    assert told["resent"].tolist() == [False, False, False, False, True]


def test_captures_that_begin_anywhere_meet_the_truth(capsys):
    found = [cut_score(recording) for recording in recordings(CAPTURES)]
    cuts_table(found)
    assert len(capsys.readouterr().out.splitlines()) == 1 + 9
    for kind in ("handshake", "transfer", "recovery"):
        for name, fewest in (("resent", 100), ("reordered", 20), ("capture_duplicate", 20)):
            made = sum((one.get((kind, name), Score()) for one in found), Score())
            assert made.hits > fewest, (kind, name)
            assert made.precision >= 0.985, (kind, name, made)
            assert made.recall >= 0.99, (kind, name, made)


def test_no_resend_is_missed_where_one_direction_is_late(capsys):
    recording = next(r for r in recordings(CAPTURES) if r.scenario == "random_loss")
    found = skew_score(recording, (50e-6,))
    assert found["50 us", "resent"][0].recall >= 0.99
    skews_table([("random_loss", found)])
    assert "random_loss" in capsys.readouterr().out
