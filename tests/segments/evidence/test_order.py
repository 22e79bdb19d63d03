"""Which of two segments was sent first: by identification, timestamp or round trip."""

import pandas as pd
import pytest

from tests.builders import Conversation
from tests.segments.evidence.talks import talk
from tests.segments.made import segments, where


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
