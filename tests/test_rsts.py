"""RSTs beside the packets around them, by hand: the pass over the segments and the frame made of it."""

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.schema import RST_EVIDENCE, names
from tests.builders import Conversation, Frame, merge, pcap


def evidence(*conversations: Conversation | list[Frame]) -> pd.DataFrame:
    """Evidence of some conversations captured together."""
    return pf.rst_evidence(pf.analyze(pcap(merge(*conversations))))


def only(*conversations: Conversation | list[Frame]) -> pd.Series:
    """Row of the only RST."""
    made = evidence(*conversations)
    assert len(made) == 1
    return made.iloc[0]


def talk(**options: object) -> Conversation:
    """Frames 1 to 5: the server has sent up to 1, the client up to 101; the server's round trip is 20 ms."""
    return Conversation(rtt=0.02, **options).handshake().data("client", 100).ack("server")  # type: ignore[arg-type]


@pytest.mark.parametrize("conversations", [[], [Conversation().syn()], [talk().rst("server")]])
def test_columns_and_dtypes(conversations: list[Conversation]) -> None:
    made = evidence(*conversations)
    assert list(made.columns) == names(RST_EVIDENCE)
    for column in RST_EVIDENCE:
        assert str(made[column.name].dtype) == column.dtype, column.name
    assert made.index.name == "frame"


def test_one_that_answers_the_last_packet() -> None:
    seen = only(talk().data("client", 50).rst("server"))
    assert (seen["conn_id"], seen["from_client"], seen["phase"]) == (0, False, "data")
    assert (seen["rel_seq"], seen["expected_seq"], seen["seq_fit"]) == (1, 1, "exact")
    assert (seen["rel_ack"], seen["ack_offset_bytes"], seen["answers"]) == (151, 0, 6)
    assert seen["answer_delay_s"] == seen["idle_s"] == pytest.approx(0.02)
    assert (seen["smallest_rtt_s"], seen["delay_round_trips"]) == (pytest.approx(0.02), pytest.approx(1))
    assert (seen["took_effect"], seen["challenge_ack"]) == (True, pd.NA)


@pytest.mark.parametrize(
    ("seq", "window", "fit"),
    [(1, 10, "exact"), (2, 10, "in_window"), (1280, 10, "in_window"), (1281, 10, "outside"), (0, 10, "outside")],
)
def test_its_sequence_number_beside_the_window(seq: int, window: int, fit: str) -> None:
    last = talk().ack("client", window=window).rst("server", seq=seq, with_ack=False)  # scaled by 2**7
    seen = only(last)
    assert seen["seq_fit"] == fit
    assert pd.isna(seen["rel_ack"])
    assert pd.isna(seen["ack_offset_bytes"])


def test_a_window_of_unknown_scale_is_not_compared() -> None:
    midstream = Conversation().syn(drop=True).syn_ack(drop=True).ack().data("server", 10).ack("client")
    seen = only(midstream.rst("server", seq=100))
    assert seen["expected_seq"] == 11
    assert pd.isna(seen["seq_fit"])
    assert pd.isna(seen["took_effect"])


def test_a_challenge_and_no_end() -> None:
    alive = talk().rst("server", seq=500, with_ack=False).ack("client")  # frames 6 and 7
    alive.data("client", 10, after=1).data("server", 10, seq=1).ack("client", ack=11)
    seen = only(alive)
    assert (seen["seq_fit"], seen["challenge_ack"], seen["took_effect"]) == ("in_window", 7, False)


def test_an_acknowledgement_of_something_new_is_no_challenge() -> None:
    seen = only(talk().data("server", 10).rst("server", seq=500, with_ack=False).ack("client"))
    assert pd.isna(seen["challenge_ack"])


def test_one_sooner_than_any_round_trip() -> None:
    seen = only(talk().data("client", 50).rst("server", after=0.001))
    assert seen["answers"] == 6
    assert seen["delay_round_trips"] == pytest.approx(0.05)


def test_one_that_answers_earlier_data_is_measured_from_that() -> None:
    later = talk().data("client", 50).data("client", 50, after=0.015).rst("server", ack=151, after=0.005)
    seen = only(later)
    assert (seen["answers"], seen["ack_offset_bytes"]) == (6, -50)
    assert seen["delay_round_trips"] == pytest.approx(1)


def test_one_that_acknowledges_what_was_not_sent_answers_nothing() -> None:
    seen = only(talk().rst("server", ack=5000))
    assert (seen["ack_offset_bytes"], seen["answers"]) == (4899, pd.NA)
    assert np.isnan(seen["delay_round_trips"])


def test_without_ack_it_answers_what_acknowledges_its_number() -> None:
    closed = talk().rst("client", with_ack=False).data("server", 10).rst("client", with_ack=False)
    closed.data("server", 10).rst("client", with_ack=False)
    made = evidence(closed)
    assert made["answers"].tolist() == [5, 7, 9]
    assert made["phase"].tolist() == ["data", "rst", "rst"]
    assert made["took_effect"].tolist() == [True, pd.NA, pd.NA]


def test_hop_limit_and_identification_beside_those_of_the_same_side() -> None:
    seen = only(talk().rst("server", ttl=61, ip_id=700))  # the server's two packets have 1 and 2
    assert (seen["ttl"], seen["others_ttl_min"], seen["others_ttl_max"]) == (61, 57, 57)
    assert (seen["ip_id"], seen["ip_id_step"]) == (700, 698)
    assert pd.isna(only(talk().rst("server", ip_id=0))["ip_id_step"])
    wrapped = talk(ip_ids={"198.51.100.1": 65534}).rst("server", ip_id=1)
    assert only(wrapped)["ip_id_step"] == 2


def test_one_with_the_identification_and_window_of_another_packet() -> None:
    copied = talk().data("client", 50, ip_id=77, window=400).rst("server", ip_id=77, window=400)
    assert only(copied)["same_id_and_window"] == 6
    other_window = talk().data("client", 50, ip_id=77, window=400).rst("server", ip_id=77, window=0)
    assert pd.isna(only(other_window)["same_id_and_window"])
    others = [talk(client_port=port, start=port - 40000).rst("server", ip_id=3, window=502) for port in (40000, 40001)]
    assert evidence(*others)["same_id_and_window"].tolist() == [4, 10]  # the client's third, of the same connection
    zero = talk().ack("client", ip_id=0, window=0).rst("server", ip_id=0, window=0)
    assert pd.isna(only(zero)["same_id_and_window"])


def test_ipv6_has_no_identification() -> None:
    seen = only(talk(client="2001:db8::1", server="2001:db8::2").rst("server", ttl=3))
    assert (seen["ttl"], seen["others_ttl_max"]) == (3, 57)
    assert seen[["ip_id", "ip_id_step", "same_id_and_window"]].isna().all()


def test_phases() -> None:
    talks = {
        "handshake": Conversation().refused(),
        "no_data": Conversation().handshake().rst("client"),
        "data": talk().rst("client"),
        "fin": talk().fin("client").rst("server"),
        "unknown": [Conversation().rst("server").frames[0]],
    }
    for phase, conversation in talks.items():
        assert only(conversation)["phase"] == phase


def test_a_refusal_ends_the_attempt() -> None:
    seen = only(Conversation().refused())
    assert (seen["took_effect"], seen["answers"], seen["ack_offset_bytes"]) == (True, 1, 0)
    assert seen[["expected_seq", "seq_fit", "others_ttl_min"]].isna().all()


def test_nothing_is_known_of_a_rst_alone() -> None:
    alone = only([Conversation().rst("server", with_ack=False).frames[0]])
    unknown = ["expected_seq", "seq_fit", "answers", "answer_delay_s", "smallest_rtt_s", "took_effect", "idle_s"]
    assert alone[unknown].isna().all()


def test_after_both_fins_it_ends_nothing_that_is_known() -> None:
    assert pd.isna(only(talk().close().rst("client"))["took_effect"])


def test_copies_made_on_the_way_are_left_out() -> None:
    assert len(evidence(talk().rst("server").duplicate())) == 1


def test_the_filter_selects() -> None:
    both = pcap(merge(talk().rst("server"), talk(client_port=41000, server_port=81, start=5).rst("server")))
    assert len(pf.rst_evidence(pf.analyze(both, server_port=81))) == 1


def test_an_acknowledgement_of_what_was_never_sent_changes_no_expectation() -> None:
    plain = talk().data("client", 50).ack("server").data("client", 50).rst("client", with_ack=False)
    odd = talk().ack("server", ack=70_101).data("client", 50).ack("server").data("client", 50)
    odd.rst("client", with_ack=False)
    seen, expected = only(odd), only(plain)
    assert (seen["expected_seq"], seen["seq_fit"]) == (expected["expected_seq"], expected["seq_fit"]) == (201, "exact")
    assert pd.isna(seen["answers"])
    assert seen["took_effect"] == expected["took_effect"]
