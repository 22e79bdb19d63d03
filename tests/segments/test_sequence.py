"""Wireshark's labels on small conversations, by its rules; the fuzz test compares with tshark itself."""

import pytest

from tests.builders import Conversation
from tests.segments.made import segments, where


def talk(**options: float) -> Conversation:
    return Conversation(timestamps=False, **options).handshake()  # type: ignore[arg-type]


def test_a_clean_exchange_has_no_label() -> None:
    made = segments(talk().data("client", 100).ack("server").close())
    for label in ("retransmission", "out_of_order", "lost_segment", "duplicate_ack", "ack_lost_segment"):
        assert where(made, label) == []


def test_a_late_repeat_is_a_retransmission() -> None:
    made = segments(talk().data("client", 100, lost=True).retransmit("client", after=0.3))
    assert where(made, "retransmission") == [5]
    assert where(made, "out_of_order") == []


def test_a_repeat_of_what_was_acknowledged_is_spurious() -> None:
    made = segments(talk().data("client", 100).ack("server").retransmit("client", after=0.3))
    assert where(made, "spurious_retransmission") == [6]
    assert where(made, "retransmission") == [6]


def test_two_duplicate_acks_make_it_fast() -> None:
    conversation = talk().data("client", 100, lost=True).data("client", 100).data("client", 100)
    for _ in range(3):
        conversation.ack("server", ack=1)
    made = segments(conversation.retransmit("client", seq=1, after=0.001))
    assert where(made, "duplicate_ack") == [7, 8, 9]  # the first repeats the SYN-ACK's
    assert made["duplicate_ack_num"].dropna().tolist() == [1, 2, 3]
    assert where(made, "fast_retransmission") == [10]


def test_a_gap_and_its_acknowledgement() -> None:
    made = segments(talk().data("client", 100, drop=True).data("client", 100).ack("server"))
    assert where(made, "lost_segment") == [4]
    assert where(made, "ack_lost_segment") == [5]  # beyond what is contiguous, though its last byte was seen
    unseen = segments(talk().data("client", 100, drop=True).ack("server"))
    assert where(unseen, "ack_lost_segment") == [4]


def test_keep_alive_and_its_answer() -> None:
    made = segments(talk().data("client", 10).ack("server").wait(60.0).keep_alive("client").ack("server"))
    assert where(made, "keep_alive") == [6]
    assert where(made, "keep_alive_ack") == [7]


def test_zero_window_probe_and_answer() -> None:
    conversation = talk().data("client", 10).ack("server", window=0).wait(1.0).data("client", 1, lost=True)
    made = segments(conversation.ack("server", window=0, ack=11))
    assert where(made, "zero_window") == [5, 7]
    assert where(made, "zero_window_probe") == [6]
    assert where(made, "zero_window_probe_ack") == [7]


def test_window_update_and_window_full() -> None:
    made = segments(talk(window_scale=0, window=1000).data("client", 1000).ack("server").ack("server", window=2000))
    assert where(made, "window_full") == [4]
    assert where(made, "window_update") == [6]


def test_windows_are_scaled_when_the_scale_is_known() -> None:
    made = segments(talk(window_scale=3, window=100))
    assert made["window_bytes"].tolist() == [100, 100, 800]  # a SYN's window is not scaled
    late = Conversation().syn(drop=True).syn_ack(drop=True).ack(drop=True).data("client", 10)
    assert segments(late)["window_bytes"].isna().all()


def test_round_trip_and_bytes_in_flight() -> None:
    made = segments(talk(rtt=0.02).data("client", 200, segment=100).ack("server"))
    assert made["bytes_in_flight"].dropna().tolist() == [100, 200]
    assert made["ack_rtt_s"].tolist()[1:3] == pytest.approx([0.02, 0.0001])
    assert made["ack_rtt_s"].iloc[-1] == pytest.approx(0.02)


def test_a_segment_of_unknown_length_carries_no_label() -> None:
    made = segments(talk().data("client", 100).data("client", 100, seq=1))
    frame = made.assign(payload_bytes=made["payload_bytes"].mask(made.index == 5))
    from pcapframe import label_segments
    from pcapframe.schema import PACKETS, names

    again = label_segments(frame[names(PACKETS)])
    assert where(made, "retransmission") + where(made, "out_of_order") == [5]
    assert where(again, "retransmission") + where(again, "out_of_order") == []
