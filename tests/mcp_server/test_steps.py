"""What to ask next: calls that name what an answer has no room for."""

import pcapframe as pf
from pcapframe.answers import anomalies_of
from pcapframe.mcp_server.evidence import packets_behind
from pcapframe.mcp_server.steps import MOST, next_steps
from tests.builders import Conversation, pcap


def resent(count: int) -> pf.Analysis:
    talk = Conversation().handshake()
    for _ in range(count):
        talk.data("client", 10).retransmit("client", after=0.3)
    return pf.analyze(pcap(talk))


def test_what_is_cut_comes_first() -> None:
    analysis = resent(30)
    steps = next_steps(analysis, dict(anomalies_of(analysis, limit=10, evidence=10)))
    assert steps[0] == {"tool": "get_packets", "pattern": "resent", "shows": "30 packets"}
    assert len(steps) <= MOST


def test_rows_of_what_stands_out_where_all_is_named() -> None:
    analysis = resent(8)
    steps = next_steps(analysis, dict(anomalies_of(analysis, limit=100, evidence=100)))
    assert [step["pattern"] for step in steps] == [analysis.standouts[0].pattern]


def test_nothing_where_there_is_nothing() -> None:
    for talk in ([], Conversation().handshake().close()):
        analysis = pf.analyze(pcap(talk))
        assert next_steps(analysis, dict(anomalies_of(analysis, limit=10, evidence=10))) == []


def test_each_can_be_asked() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    steps = next_steps(analysis, dict(anomalies_of(analysis, limit=1, evidence=1)))
    assert len(steps) == MOST
    for step in steps:
        shown = packets_behind(analysis, pattern=step["pattern"])
        assert shown["packets_total"] == int(step["shows"].split()[0].replace(",", ""))


def test_no_packets_twice_and_no_pattern_that_is_no_event() -> None:
    analysis = pf.analyze(pf.example("losses.pcap"))
    patterns = [step["pattern"] for step in next_steps(analysis, dict(anomalies_of(analysis, limit=1, evidence=1)))]
    assert patterns[0] == "resent"
    assert not {"packet_retransmission", "duplicate_ack_share", "state_transitions"} & {*patterns}
