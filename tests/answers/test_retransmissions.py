"""What was sent again, by connection."""

import inspect

import pytest

import pcapframe as pf
from pcapframe.cli.answer_commands import retransmissions
from tests.builders import Conversation, merge, pcap


def test_retransmissions_by_rate() -> None:
    few = Conversation(client_port=40000).handshake().data("client", 5000, segment=100, lost=True)
    few.retransmit("client", 1, after=0.5).ack("server")  # 1 of 55
    many = Conversation(client_port=40001, start=5.0).syn(lost=True).syn(after=1.0).syn_ack().ack()  # 1 of 4
    none = Conversation(client_port=40002, start=9.0).handshake()
    answer = pf.analyze_tcp_retransmissions(pcap(merge(few, many, none)), threshold=0.02)
    assert "by_connection" in answer
    rows = [(row["conn_id"], row["retrans_count"], row["total_packets"]) for row in answer["by_connection"]]
    assert rows == [(1, 1, 4), (0, 1, 55), (2, 0, 3)]
    assert (answer["total_retransmissions"], answer["total_packets"]) == (2, 62)
    assert answer["retransmission_rate"] == 2 / 62
    assert answer["exceeds_threshold"] is True
    assert answer["summary"] == {
        "worst_connection": "192.0.2.1:40001 <-> 198.51.100.1:80",
        "worst_retrans_rate": 0.25,
        "connections_above_threshold": 1,
    }
    assert answer["connections_with_retransmissions"] == 2
    assert pf.analyze_tcp_retransmissions(pcap(many), threshold=1)["exceeds_threshold"] is False  # type: ignore[typeddict-item]


@pytest.mark.parametrize("rate", [0.01, 0.02, 0.04, 0.5])
def test_an_analysis_has_one_verdict_on_its_rate(rate: float) -> None:
    """The answer, with and without a filter, reads the threshold that the pattern reads: 37 of 1,086 are 3.4 %."""
    thresholds = pf.Thresholds().with_values({"packet_retransmission.rate": rate})
    analysis = pf.analyze(pf.example("resets.pcap"), thresholds=thresholds)
    (seen,) = [found.observations for found in analysis.patterns if found.pattern == "packet_retransmission"]
    for server_ip in (None, "198.51.100.20"):
        answer = pf.analyze_tcp_retransmissions(analysis, server_ip)
        assert "threshold" in answer
        assert answer["threshold"] == rate
    whole = pf.analyze_tcp_retransmissions(analysis)
    assert "threshold" in whole
    assert whole["exceeds_threshold"] == seen["exceeds_threshold"]
    assert whole["exceeds_threshold"] == (rate < 37 / 1086)


def test_a_threshold_that_is_given_holds() -> None:
    thresholds = pf.Thresholds().with_values({"packet_retransmission.rate": 0.5})
    analysis = pf.analyze(pf.example("resets.pcap"), thresholds=thresholds)
    answer = pf.analyze_tcp_retransmissions(analysis, threshold=0)
    assert "threshold" in answer
    assert (answer["threshold"], answer["exceeds_threshold"]) == (0, True)


def test_the_default_stands_with_the_pattern_alone() -> None:
    assert inspect.signature(pf.analyze_tcp_retransmissions).parameters["threshold"].default is None
    (option,) = [one for one in retransmissions.params if one.name == "threshold"]
    assert not isinstance(option.default, float)


@pytest.mark.parametrize("threshold", [True, "0.02", 1.5, -0.1, float("nan")])
def test_a_threshold_is_a_share(threshold: object) -> None:
    with pytest.raises(pf.ParameterError, match="expected a share from 0 to 1"):
        pf.analyze_tcp_retransmissions(pf.example("clean.pcap"), threshold=threshold)  # type: ignore[arg-type]
