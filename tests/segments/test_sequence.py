"""Wireshark's labels on small conversations, by its rules; the fuzz test compares with tshark itself."""

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.schema import LABELS, names
from tests.builders import Conversation, ethernet, ipv4, packet, pcap, pcap_header, pcap_record, tcp, tcp_options
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
    again = pf.label_segments(frame)
    assert where(made, "retransmission") + where(made, "out_of_order") == [5]
    assert where(again, "retransmission") + where(again, "out_of_order") == []


def damaged(second: bytes, captured: int | None = None) -> pd.Series:
    """A segment and, later, one with the same bytes: that one's row."""
    first = packet(flags="A", seq=1, ack=1, payload=10)
    records = pcap_record(1, first) + pcap_record(2, second[:captured], wire_bytes=len(second))
    made = pf.label_segments(pf.read_pcap(pcap_header() + records, progress=False))
    return made.loc[2]


def again(options: bytes = b"", **lies: int) -> bytes:
    ends = "192.0.2.1", "198.51.100.1"
    segment = tcp(
        *ends, flags="A", seq=1, ack=1, options=options, payload=bytes(10), data_offset=lies.pop("offset", None)
    )
    return ethernet(ipv4(*ends, 6, segment, total_length=lies.pop("length", None)))


STAMPS = tcp_options(ts=(1, 2))


@pytest.mark.parametrize(
    "row",
    [
        damaged(again()),
        damaged(again(STAMPS)),
        damaged(again(bytes([2, 3, 1, 1]))),  # a wrong length
        damaged(again(bytes([1, 1, 8, 10]))),  # beyond the header
        damaged(again(bytes([99, 0, 1, 1]))),
        damaged(again(STAMPS), captured=66),  # all of the header
        damaged(again(offset=6)),  # six bytes of the data as options
    ],
    ids=["plain", "timestamps", "wrong length", "beyond the header", "no length", "cut", "longer header"],
)
def test_labels_do_not_need_options_that_parse(row: pd.Series) -> None:
    assert row["retransmission"]


@pytest.mark.parametrize(
    "row",
    [
        damaged(again(STAMPS), captured=65),
        damaged(again(), captured=53),
        damaged(again(offset=4)),
        damaged(again(offset=8)),  # beyond the segment
        damaged(again(length=39)),
    ],
    ids=["options cut", "header cut", "shorter header", "header beyond the segment", "segment beyond the IP length"],
)
def test_a_header_that_is_not_there_as_a_whole_shows_no_labels(row: pd.Series) -> None:
    assert not row[names(LABELS)].any()
    assert pd.isna(row["bytes_in_flight"])


def test_scaling_needs_both_sides() -> None:
    one_sided = Conversation(window_scale=None).syn().send("server", "SA", seq=0, ack=1)
    assert segments(one_sided.ack().data("client", 1))["window_bytes"].tolist() == [502] * 4
    # The SYN was not captured: only the server's scale is known.
    late = Conversation(window_scale=3, window=100).syn(drop=True).syn_ack().ack().ack("server")
    assert segments(late)["window_bytes"].astype("Int64").fillna(-1).tolist() == [100, -1, 800]


def test_sacked_bytes_are_not_in_flight() -> None:
    conversation = talk().data("client", 300, segment=100, lost=True)
    conversation.ack("server", ack=1, sack=[(101, 201)]).data("client", 100)
    assert segments(conversation)["bytes_in_flight"].dropna().tolist() == [100, 200, 300, 300]  # 400 less 100


def test_bytes_in_flight_across_four_gigabytes() -> None:
    conversation = talk()
    conversation.hosts["client"].next = conversation.hosts["server"].acked = 2**32 - 150
    conversation.ack("server").data("client", 300, segment=100)
    # Wireshark reckons with relative numbers modulo 2**32: an end beyond them looks like the lowest.
    assert segments(conversation)["bytes_in_flight"].dropna().tolist() == [100, 100]


def test_time_that_runs_backwards() -> None:
    frames = talk(start=10.0).data("client", 100, lost=True).retransmit("client", after=0.4).ack("server").frames
    backwards = [(20 - time, data) for time, data in frames]
    made = pf.label_segments(pf.read_pcap(pcap(backwards), progress=False))
    assert made["ack_rtt_s"].dropna().lt(0).all()  # as in Wireshark
    connection = pf.build_connections(made).iloc[0]
    assert pd.isna(connection["initial_rtt_s"])
    assert pd.isna(connection["client_ack_rtt_min_s"])
    assert connection["duration_s"] > 0.4
