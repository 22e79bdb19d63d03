"""Whether the receiver had the bytes of a resend: acknowledgements, DSACK, echoes."""

import pandas as pd

from tests.builders import Conversation
from tests.segments.evidence.talks import known, talk
from tests.segments.made import segments, where


def test_a_dsack_shows_that_a_resend_was_needless() -> None:
    conversation = talk(rtt=0.02).data("client", 100).wait(0.4).retransmit("client", after=0.4)
    made = segments(conversation.ack("server", ack=101, sack=[(1, 101)]))
    assert where(made, "resent") == [5]
    assert bool(made.loc[5, "needless"])


def test_whether_it_was_needed_is_null_where_nothing_shows_it() -> None:
    made = segments(talk(timestamps=False).data("client", 100, lost=True).retransmit("client", after=0.4))
    assert made["needless"].isna().all()


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
