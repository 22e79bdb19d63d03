"""Turns of conversations, by hand."""

import math

import pandas as pd
import pytest

import pcapframe as pf
from tests.builders import Conversation, pcap
from tests.conversation.made import talk, turns

FRAMES = ["request_frame", "request_end_frame", "response_frame", "response_end_frame"]


def frames(found: pd.DataFrame) -> list[list[int | None]]:
    return [[None if pd.isna(value) else int(value) for value in row] for row in found[FRAMES].to_numpy(object)]


@pytest.mark.parametrize("addresses", [{}, {"client": "2001:db8::1", "server": "2001:db8::2"}])
def test_one_turn(addresses: dict[str, str]) -> None:
    asked = talk(**addresses).data("client", 300, segment=100, after=0.5)  # 4, 5, 6
    asked.ack("server").data("server", 2000, segment=1000, after=0.25).ack()  # 7, 8, 9, 10
    (seen,) = turns(asked).to_dict("records")
    assert [seen[name] for name in ("conn_id", "turn", *FRAMES)] == [0, 1, 4, 6, 8, 9]
    assert (seen["request_bytes"], seen["response_bytes"], seen["gap_bytes"]) == (300, 2000, 0)
    assert seen["wait_s"] == pytest.approx(0.5)
    assert seen["request_s"] == pytest.approx(1.0)  # three segments, half a second apart
    assert seen["service_s"] == pytest.approx(0.02 + 0.25)
    assert seen["response_s"] == pytest.approx(0.25)
    assert seen["round_trip_s"] == pytest.approx(0.02)
    assert not seen["overlapping"]


def test_the_next_request_begins_the_next_turn() -> None:
    asked = talk().data("client", 10).data("server", 20).data("client", 30, after=0.7).data("server", 40)
    found = turns(asked)
    assert frames(found) == [[4, 4, 5, 5], [6, 6, 7, 7]]
    assert found["turn"].tolist() == [1, 2]
    assert found["wait_s"].tolist() == pytest.approx([0.0001, 0.7])


def test_connections_are_apart() -> None:
    one = talk().data("client", 10).data("server", 20, after=0.5)
    other = Conversation(client_port=40001, start=0.001).handshake().data("client", 11).data("server", 21, after=0.1)
    found = turns(one, other)
    assert found[["conn_id", "turn", "request_bytes", "response_bytes"]].to_numpy().tolist() == [
        [0, 1, 10, 20], [1, 1, 11, 21],
    ]  # fmt: skip
    assert found["service_s"].tolist() == pytest.approx([0.5, 0.1])


def test_what_the_server_says_first_is_no_turn() -> None:
    mail = talk().data("server", 50, after=0.1).ack().data("client", 10, after=0.2).data("server", 20)
    found = turns(mail)
    assert frames(found) == [[6, 6, 7, 7]]
    assert found["wait_s"].tolist() == pytest.approx([0.1 + 0.0001 + 0.2])  # since the handshake was complete


def test_no_response() -> None:
    (seen,) = turns(talk().data("client", 10).ack("server").fin("client")).to_dict("records")
    assert seen["request_frame"] == 4
    assert all(pd.isna(seen[name]) for name in ("response_frame", "response_end_frame", "response_bytes"))
    assert math.isnan(seen["service_s"])
    assert math.isnan(seen["response_s"])


def test_captured_after_the_request_was_sent() -> None:
    late = Conversation()
    for side in ("client", "server"):
        late.hosts[side].next = late.hosts[side].acked = 500
    found = turns(late.data("server", 100).ack().data("client", 10).data("server", 20))
    assert frames(found) == [[3, 3, 4, 4]]
    assert math.isnan(found["wait_s"].iloc[0])


def test_retransmissions_belong_to_nothing_unless_they_are_the_first_captured() -> None:
    asked = talk().data("client", 100).retransmit("client", after=0.3)  # 4, 5
    asked.data("server", 1000, after=0.05).data("server", 1000, drop=True, lost=True).data("server", 1000)  # 6, 7
    asked.ack().retransmit("server", 1001, after=0.2).retransmit("server", 2001, after=0.4)  # 8, 9, 10
    (seen,) = turns(asked).to_dict("records")
    assert [seen[name] for name in FRAMES] == [4, 4, 6, 9]
    assert (seen["request_bytes"], seen["response_bytes"]) == (100, 3000)
    assert seen["resent_segments"] == 3
    assert seen["service_s"] == pytest.approx(0.35)


def test_copies_are_left_out() -> None:
    asked = talk().data("client", 100).duplicate().data("server", 100).duplicate()
    assert frames(turns(asked)) == [[4, 4, 6, 6]]


def test_keep_alives_and_probes_are_no_payload() -> None:
    asked = talk().data("client", 100).data("server", 100).ack().keep_alive("client", 1, after=10).ack("server")
    asked.keep_alive("server", 1, after=10).ack().data("client", 10).data("server", 10)
    found = turns(asked)
    assert frames(found) == [[4, 4, 5, 5], [11, 11, 12, 12]]


def test_payload_of_a_rst_is_no_payload() -> None:
    asked = talk().data("client", 10).send("server", "RA", 20)
    assert frames(turns(asked)) == [[4, 4, None, None]]


def test_bytes_that_the_capture_lacks() -> None:
    asked = talk().data("client", 100).data("server", 3000, segment=1000)  # 4, 5 to 7
    asked.data("server", 500, drop=True).data("client", 10).data("server", 20).ack()
    found = turns(asked)
    assert frames(found) == [[4, 4, 5, 7], [8, 8, 9, 9]]
    assert found["gap_bytes"].tolist() == [500, 0]


def test_a_response_that_was_not_captured_ends_the_turn() -> None:
    asked = talk().data("client", 100).data("server", 700, drop=True).data("client", 10).data("server", 20).ack()
    found = turns(asked)
    assert frames(found) == [[4, 4, None, None], [5, 5, 6, 6]]
    assert found["gap_bytes"].tolist() == [700, 0]
    assert found["wait_s"].isna().tolist() == [False, True]


def test_a_request_before_the_response_is_complete_overlaps() -> None:
    asked = talk().data("client", 100).data("server", 1000)
    asked.data("client", 50).data("server", 1000, ack=101, after=0.005).data("server", 300, ack=151)
    found = turns(asked)
    assert frames(found) == [[4, 4, 5, 5], [6, 6, 7, 8]]
    assert found["overlapping"].tolist() == [False, True]
    assert found["service_s"].iloc[1] == pytest.approx(0.005)


def test_zero_window_within_the_turn() -> None:
    asked = talk().data("client", 10).data("server", 1000)
    asked.ack(window=0).ack(after=0.4).data("server", 1000, after=0.1).ack(window=0).ack(after=3)
    (seen,) = turns(asked).to_dict("records")
    assert seen["zero_window_s"] == pytest.approx(0.4)


def test_a_request_in_the_syn() -> None:
    quick = Conversation(rtt=0.02).send("client", "S", 10, seq=0, ack=None).syn_ack().ack().data("server", 40)
    found = turns(quick)
    assert frames(found) == [[1, 1, 4, 4]]
    assert math.isnan(found["wait_s"].iloc[0])
    assert found["request_bytes"].tolist() == [10]


def test_a_clock_set_back_leaves_the_time_unknown() -> None:
    asked = talk(start=10).data("client", 10).data("server", 20, after=-0.5)
    found = pf.turns(pf.analyze(pf.read_pcap(pcap(asked), progress=False)))
    assert frames(found) == [[4, 4, 5, 5]]
    assert found["service_s"].isna().all()
    assert found["wait_s"].tolist() == pytest.approx([0.0001])
