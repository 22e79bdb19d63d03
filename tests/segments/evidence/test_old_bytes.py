"""Which bytes below the highest one were sent again."""

import pytest

from tests.builders import Conversation
from tests.segments.evidence.talks import talk
from tests.segments.made import segments, where


def test_bytes_seen_before_were_sent_again() -> None:
    made = segments(talk().data("client", 1000, lost=True).retransmit("client", after=1.4))
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


@pytest.mark.parametrize(("ip_id", "label"), [(3, "reordered"), (9, "resent")])
def test_bytes_below_the_first_ones_of_a_capture_were_not_seen_before(ip_id: int, label: str) -> None:
    """What was sent first tells: identifications of the sender counted up to 8."""
    conversation = talk()  # 1 to 3
    conversation.data("client", 100, drop=True, lost=True)  # 3
    conversation.data("client", 500, segment=100)
    del conversation.frames[:3]
    made = segments(conversation.send("client", "A", 100, seq=1, ip_id=ip_id, ts=(9_000 if ip_id == 3 else 99_000, 1)))
    assert where(made, label) == [6]
    assert where(made, "resent") + where(made, "reordered") == [6]
