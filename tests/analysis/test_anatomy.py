"""Every resend taken apart, by hand."""

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.schema import RESENDS, names
from tests.builders import Conversation, Frame, merge, pcap

EXAMPLES = ["clean.pcap", "losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap", "mirrored.pcap.gz"]


def resends(*talks: Conversation | list[Frame]) -> pd.DataFrame:
    return pf.resends(pf.analyze(pcap(merge(*talks))))


def known(rounds: int = 6) -> Conversation:
    """A talk whose round trips are known: 20 ms to the server, 0.1 ms to the client."""
    talk = Conversation(rtt=0.02).handshake()
    for _ in range(rounds):
        talk.data("client", 100).ack("server").data("server", 100).ack("client")
    return talk


@pytest.mark.parametrize("name", EXAMPLES)
def test_one_row_a_resend_with_the_declared_columns(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    found = pf.resends(analysis)
    assert list(found.columns) == names(RESENDS)
    assert found.index.tolist() == analysis.segments.index[analysis.segments["resent"]].tolist()
    for column in RESENDS:
        dtype = str(found[column.name].dtype)
        assert dtype == column.dtype, column.name
    assert (found["first_copy"].dropna() < found.index[found["first_copy"].notna()]).all()
    assert (found["previous_copy"].dropna() >= found["first_copy"].dropna()).all()


@pytest.mark.parametrize("talk", [Conversation(), Conversation().handshake()])
def test_nothing_sent_again(talk: Conversation) -> None:
    found = resends(talk)
    assert len(found) == 0
    assert {column.name: str(found[column.name].dtype) for column in RESENDS} == {c.name: c.dtype for c in RESENDS}


def test_first_and_previous_copy_and_their_delays() -> None:
    talk = known().data("client", 100, lost=True)  # frame 28
    found = resends(talk.retransmit("client", after=0.3).retransmit("client", after=0.6))
    assert found["first_copy"].tolist() == [28, 28]
    assert found["previous_copy"].tolist() == [28, 29]
    assert found["delay_s"].tolist() == pytest.approx([0.3, 0.9])
    assert found["since_previous_s"].tolist() == pytest.approx([0.3, 0.6])
    assert found["delay_round_trips"].tolist() == pytest.approx([0.3 / 0.0201, 0.9 / 0.0201], rel=1e-3)
    assert found["reason"].tolist() == ["tail_probe", "timeout"]
    assert found["rule"].tolist() == ["seen_before", "seen_before"]
    assert found["wireshark_label"].tolist() == ["retransmission", "retransmission"]
    assert found["duplicate_acks"].tolist() == found["sacked_bytes"].tolist() == [0, 0]


def test_a_first_copy_that_was_not_captured_is_null() -> None:
    talk = known().data("client", 100, drop=True, lost=True).data("client", 100)
    talk.ack("server", ack=601, sack=[(701, 801)])
    found = resends(talk.retransmit("client", seq=601, after=0.001).retransmit("client", seq=601, after=0.5))
    assert found["first_copy"].isna().tolist() == [True, False]
    assert found["first_copy"].iloc[1] == found.index[0]  # of those captured
    assert found["delay_s"].isna().tolist() == [True, False]
    assert found["rule"].tolist() == ["identification", "seen_before"]


def test_bytes_that_were_acknowledged_and_never_captured() -> None:
    talk = known().data("client", 100, drop=True).ack("server")
    found = resends(talk.retransmit("client", seq=601, after=1.0))
    assert found["first_copy"].isna().tolist() == [True]
    assert found["rule"].tolist() == ["acknowledged_before"]


@pytest.mark.parametrize(("options", "rule"), [({}, "timestamp"), ({"timestamps": False}, "round_trip")])
def test_what_decides_without_identifications(options: dict[str, bool], rule: str) -> None:
    talk = Conversation(rtt=0.02, **options).handshake(ip_id=0)  # type: ignore[arg-type]
    for _ in range(4):
        talk.data("client", 100, ip_id=0).ack("server", ip_id=0)
    talk.data("client", 100, drop=True, lost=True, ip_id=0).data("client", 100, ip_id=0)
    found = resends(talk.retransmit("client", seq=401, after=0.5, ip_id=0))
    assert found["rule"].tolist() == [rule]


def test_duplicate_acks_and_sacked_bytes() -> None:
    talk = known().data("client", 100, lost=True)
    for i in range(3):
        talk.data("client", 100).ack("server", ack=601, sack=[(701, 801 + 100 * i)])
    talk.ack("server", ack=601, window=400)  # another window and no SACK: no duplicate
    found = resends(talk.retransmit("client", seq=601, after=0.001))
    assert found["duplicate_acks"].tolist() == [3]
    assert found["sacked_bytes"].tolist() == [300]


def test_blocks_apart_are_summed_and_a_dsack_is_not() -> None:
    talk = known().data("client", 600, segment=100, lost=True)
    talk.ack("server", ack=601, sack=[(401, 501), (701, 801)]).ack("server", ack=601, sack=[(901, 1001), (701, 801)])
    found = resends(talk.retransmit("client", seq=601, after=0.001))
    assert found["sacked_bytes"].tolist() == [200]
    talk.ack("server", ack=801, sack=[(901, 1001)])
    found = resends(talk.retransmit("client", seq=801, after=0.001))
    assert found["sacked_bytes"].tolist() == [200, 100]
    assert found["duplicate_acks"].tolist() == [2, 0]


def test_parts_of_a_larger_segment() -> None:
    talk = known().data("client", 3000, lost=True)  # frame 28, as before segmentation by the card
    for begin in (601, 1601, 2601):
        talk.send("client", "A", 1000, seq=begin, after=0.3)
    found = resends(talk)
    assert found["first_copy"].tolist() == [28, 28, 28]
    assert found["resent_bytes"].tolist() == [1000, 1000, 1000]


def test_repeated_syns() -> None:
    found = resends(Conversation().syn(lost=True).syn(after=1.0, lost=True).syn(after=2.0))
    assert found["first_copy"].tolist() == [1, 1]
    assert found["previous_copy"].tolist() == [1, 2]
    assert found["reason"].tolist() == ["syn_retry", "syn_retry"]
    assert found["delay_round_trips"].isna().all()


def test_a_keep_alive_is_no_copy() -> None:
    talk = known().wait(30.0).keep_alive("client", 1).ack("server").data("client", 100, lost=True)
    found = resends(talk.retransmit("client", after=0.4))
    assert found["first_copy"].tolist() == [30]


def test_a_copy_made_on_the_way_is_no_first_copy() -> None:
    talk = known().data("client", 100, lost=True).duplicate()
    found = resends(talk.retransmit("client", after=0.4))
    assert found["previous_copy"].tolist() == [28]


def test_numbers_that_wrap() -> None:
    talk = Conversation(client_isn=2**32 - 1500).handshake().data("client", 3000, segment=1000, lost=True)
    talk.ack("server", ack=1, sack=[(1001, 3001)])
    found = resends(talk.retransmit("client", seq=1, after=0.4))
    assert found["first_copy"].tolist() == [4]
    assert found["sacked_bytes"].tolist() == [2000]


def test_connections_do_not_mix() -> None:
    talks = []
    for port in (1, 2, 3):
        talk = Conversation(client_port=port, start=port / 1000).handshake().data("client", 100, lost=True)
        talks.append(talk.retransmit("client", after=0.4))
    together, alone = resends(*talks), [resends(talk) for talk in talks]
    for conn_id, single in enumerate(alone):
        mixed = together[together["conn_id"] == conn_id]
        for column in ("delay_s", "since_previous_s", "duplicate_acks", "resent_bytes"):
            assert mixed[column].tolist() == pytest.approx(single[column].tolist())


def test_a_filter_and_its_roles_hold() -> None:
    analysis = pf.analyze(pf.example("losses.pcap"))
    port = int(analysis.connections["server_port"].iloc[5])
    some = pf.analyze(analysis, server_port=port)
    found = pf.resends(some)
    assert set(found["conn_id"]) <= set(some.connections.index)
    assert len(found) == some.statistics["retransmissions"]["total"]
    whole = pf.resends(analysis)
    pd.testing.assert_frame_equal(found, whole[whole["conn_id"].isin(some.connections.index)])


def test_nothing_is_changed() -> None:
    analysis = pf.analyze(pf.example("losses.pcap"))
    before = analysis.segments.copy()
    pf.resends(analysis)
    pd.testing.assert_frame_equal(analysis.segments, before)
