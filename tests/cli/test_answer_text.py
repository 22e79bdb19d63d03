"""Texts of the commands that state what is in a capture."""

import pytest

import pcapframe as pf
from pcapframe.analysis.display import plain_text
from pcapframe.cli.answer_text import count_servers, flow_text, info_text, retransmissions_text, servers_text
from tests.builders import Conversation, merge, pcap, pcapng
from tests.names.hellos import hello


def test_info_names_interfaces_comments_and_control_characters() -> None:
    capture = pcapng(
        Conversation().handshake(), name="eth0", received=10, dropped=2, comment="whole\x1b[2J", comments={2: "second"}
    )
    text = plain_text(info_text(pf.analyze(capture), {"TCP": 3}))
    assert "eth0, Ethernet, 3 packets, 10 received, 2 dropped" in text
    assert r"capture: whole\x1b[2J" in text
    assert "frame 2: second" in text
    assert "! The capture's own counters report 2 packets dropped and 10 received" in text
    assert text.index("statistics are reliable") < text.index("protocols")


def test_each_of_several_captures_has_its_own_snaplen() -> None:
    captures = [pcap(Conversation(start=start).handshake(), snaplen=snaplen) for start, snaplen in ((0, 96), (9, 1500))]
    shown = {
        count: plain_text(info_text(pf.analyze(captures[:count]), {})).partition("snaplen")[2].split()
        for count in (1, 2)
    }
    assert shown[1] == ["96", "bytes"]
    name = pf.analyze(captures[0]).capture.name
    assert " ".join(shown[2]) == f"{name}: 96 bytes, {name}: 1,500 bytes"


@pytest.mark.parametrize(("count", "said"), [(11, "and 1 more comment"), (14, "and 4 more comments")])
def test_many_comments_are_counted(count: int, said: str) -> None:
    talk = Conversation().handshake().data("client", 2000, segment=100)
    analysis = pf.analyze(pcapng(talk, comments={i: f"note {i}" for i in range(1, count + 1)}))
    assert said in plain_text(info_text(analysis, {})).splitlines()[-1]
    assert plain_text(info_text(analysis, {})).endswith(said)


def test_flow_is_unknown_where_both_endpoints_match_the_filter() -> None:
    """Of a host that talks to itself no packet shows who the client is."""
    talk = Conversation("127.0.0.1", 50001, "127.0.0.1", 50002).data("client", 100).ack("server").rst("server")
    analysis = pf.analyze(pcap(talk), server_ip="127.0.0.1")
    text = plain_text(flow_text(pf.analyze_traffic_flow(analysis, "127.0.0.1"), analysis))
    rows = {line[:35].strip(): line[35:].split("  ") for line in text.splitlines()}
    for label in ("packets", "bytes of payload", "RST", "retransmitted segments"):
        cells = [cell for cell in rows[label] if cell]
        assert len(cells) == 2
        assert all("as captured" in cell for cell in cells), rows[label]
    assert "ratio        unknown (" in text


def test_servers_have_their_names_beside_them() -> None:
    talks = [Conversation(client_port=40_000 + i, server_port=443, start=i).handshake() for i in range(2)]
    for talk in talks:
        talk.send("client", "PA", hello(b"a.example")).data("server", 500).ack().data("server", 100)
        talk.retransmit("server", after=0.5).ack()
    analysis = pf.analyze(pcap(merge(*talks)))
    assert "198.51.100.1 (a.example)" in plain_text(servers_text(analysis, count_servers(analysis)), width=100)
    worst = plain_text(retransmissions_text(pf.analyze_tcp_retransmissions(analysis), analysis), width=140)
    assert "192.0.2.1:40000 <-> 198.51.100.1:443 (a.example)" in worst
    for port in (443, None):
        chosen = pf.analyze(analysis, server_ip="198.51.100.1", server_port=port)
        text = plain_text(flow_text(pf.analyze_traffic_flow(chosen, "198.51.100.1", port), chosen), width=100)
        assert f"server       198.51.100.1:{port or 'any'} (a.example), 2 connections" in text
