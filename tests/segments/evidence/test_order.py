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


def within_a_round_trip(*, timestamps: bool) -> Conversation:
    """A gap, and round trips long enough for a segment that fills it to come sooner."""
    conversation = Conversation(rtt=0.02, timestamps=timestamps).handshake(ip_id=0)
    for _ in range(4):
        conversation.data("client", 100, ip_id=0).ack("server", ip_id=0)
    conversation.hosts["client"].next += 100
    return conversation.data("client", 100, ip_id=0, ts=(40_000, 2_000_000) if timestamps else None)


@pytest.mark.parametrize(("answered", "column"), [(False, "reordered"), (True, "resent")])
def test_who_acknowledges_more_than_ever_before_sent_later(answered: bool, column: str) -> None:
    conversation = within_a_round_trip(timestamps=False)
    begin = conversation.hosts["client"].next - 200
    if answered:
        conversation.data("server", 50, ip_id=0, after=0.001)
    made = segments(conversation.data("client", 100, seq=begin, after=0.001, ip_id=0))
    assert where(made, column) == [len(made)]
    assert where(made, "resent" if column == "reordered" else "reordered") == []
    if answered:
        assert made["resend_rule"].iloc[-1] == "acknowledgement"


@pytest.mark.parametrize(("echo", "column"), [(2_000_000, "reordered"), (2_000_001, "resent")])
def test_who_echoes_a_newer_timestamp_than_ever_before_sent_later(echo: int, column: str) -> None:
    conversation = within_a_round_trip(timestamps=True)
    begin = conversation.hosts["client"].next - 200
    made = segments(conversation.data("client", 100, seq=begin, after=0.001, ip_id=0, ts=(40_000, echo)))
    assert where(made, column) == [len(made)]
    assert where(made, "resent" if column == "reordered" else "reordered") == []


@pytest.mark.parametrize(
    ("ident", "column"),
    [
        (0x6001, "resent"), (0x6008, "resent"), (0x5FFF, "reordered"), (0x5FF8, "reordered"), (0x6009, "reordered"),
        (0x6100, "reordered"), (0x5000, "reordered"),
    ],
)  # fmt: skip
def test_identifications_that_are_near_tell_without_a_counter(ident: int, column: str) -> None:
    """Others say nothing where none was seen to count, so that the round trip decides."""
    conversation = within_a_round_trip(timestamps=False)
    conversation.hosts["client"].next += 100
    begin = conversation.hosts["client"].next - 100
    conversation.data("client", 100, ip_id=0x6000)
    made = segments(conversation.data("client", 100, seq=begin, after=0.001, ip_id=ident))
    assert where(made, column) == [len(made)]


def test_the_next_identification_shows_the_order_before_a_counter_is_known() -> None:
    """A capture begins in a recovery: what fills a hole soon was sent after the newest segment, or before it."""
    for ident, column in ((704, "resent"), (700, "reordered")):
        talk = Conversation(timestamps=False).handshake(drop=True).ack("server")
        talk.data("client", 100, drop=True).data("client", 100, drop=True)
        for newer in (701, 702, 703):
            talk.data("client", 100, ip_id=newer, after=0.0001)
        made = segments(talk.retransmit("client", seq=101, after=0.0001, ip_id=ident).ack("server"))
        assert where(made, column) == [5], ident


def test_a_timestamp_that_the_sender_left_behind_shows_the_order_before_a_round_trip_is_known() -> None:
    """A capture that begins amid a transfer: both segments have one timestamp, and later ones are newer."""
    for ident in (None, 0):
        conversation = Conversation(rtt=0.02, client_isn=1).handshake(drop=True)
        options = {} if ident is None else {"ip_id": ident}
        conversation.data("client", 100, ts=(500, 1), **options)
        begin = conversation.hosts["client"].next
        conversation.hosts["client"].next += 100
        for tsval in (500, 501, 503):
            conversation.data("client", 100, ts=(tsval, 1), after=0.002, ip_id=0)
        made = segments(conversation.data("client", 100, seq=begin, ts=(500, 1), after=0.002, ip_id=0))
        assert where(made, "reordered") == [len(made)]
        assert where(made, "resent") == []


def test_a_first_copy_older_than_the_capture_that_comes_after_its_retransmission() -> None:
    """The capture begins with the retransmission."""
    conversation = Conversation(rtt=0.02).handshake(drop=True)
    conversation.data("client", 100, ts=(900, 1)).data("client", 100, ts=(901, 1)).ack("server")
    made = segments(conversation.data("client", 100, seq=1, ts=(880, 1), ip_id=2, after=0.005))
    assert where(made, "reordered") == [len(made)]
    assert where(made, "resent") == []
    again = segments(conversation.data("client", 100, seq=1, ts=(950, 1), after=0.3))
    assert where(again, "resent") == [len(again)]


def amid(*idents: int, timestamps: bool = False) -> Conversation:
    """A capture that begins within a transfer of the client: one segment for each identification, from byte 501 on."""
    conversation = Conversation(rtt=0.02, timestamps=timestamps).handshake(drop=True)
    conversation.hosts["client"].next += 500
    for ident in idents:
        conversation.data("client", 100, ip_id=ident, after=0.0001)
    return conversation


@pytest.mark.parametrize(("ident", "column"), [(701, "resent"), (709, "resent"), (699, "reordered")])
def test_bytes_below_the_first_ones_of_a_capture(ident: int, column: str) -> None:
    """Sent again, if sent after these: also where later packets overtook the resend."""
    made = segments(amid(700, 702, 703, 704, 705, 706).data("client", 100, seq=101, ip_id=ident, after=0.0001))
    assert where(made, column) == [7]
    assert where(made, "resent" if column == "reordered" else "reordered") == []


@pytest.mark.parametrize(("ident", "column"), [(699, "reordered"), (702, "resent")])
def test_bytes_acknowledged_before_that_were_sent_before_all_in_the_capture(ident: int, column: str) -> None:
    """The peer's ACK shows that the capture lacks them; their identification, that nothing in it was sent earlier."""
    talk = amid(700)
    talk.hosts["client"].next += 200
    talk.ack("server", after=0.0001).data("client", 100, ip_id=701, after=0.0001)
    made = segments(talk.data("client", 100, seq=601, ip_id=ident, after=0.0001))
    assert where(made, column) == [4]
    assert where(made, "resent" if column == "reordered" else "reordered") == []


@pytest.mark.parametrize(("tsval", "column"), [(900, "reordered"), (1001, "resent")])
def test_the_first_packet_of_its_sender_is_older_than_what_was_echoed(tsval: int, column: str) -> None:
    talk = Conversation(rtt=0.02).handshake(drop=True)
    talk.hosts["client"].next += 500
    talk.ack("server", ack=501, ts=(5, 1000), ip_id=0)
    made = segments(talk.data("client", 100, seq=101, ts=(tsval, 4), ip_id=0, after=0.25))
    assert where(made, column) == [2]
    assert where(made, "resent" if column == "reordered" else "reordered") == []
