"""Packets by kind: frames worked out by hand, and totals that are those of the statistics."""

import pytest

import pcapframe as pf
from pcapframe.answers import KINDS, frames_of_kind
from pcapframe.answers.kinds import kinds_of
from tests.builders import Conversation, merge, pcap
from tests.mcp_server.clients import EXAMPLES


def frames(*talks: Conversation) -> dict[str, list[int]]:
    return {kind: each["frames"] for kind, each in kinds_of(pf.analyze(pcap(merge(*talks))), 100).items()}


def test_nothing_of_a_clean_connection() -> None:
    assert frames(Conversation().handshake().data("client", 10).data("server", 10).close()) == {}


@pytest.mark.parametrize("ends", [("192.0.2.1", "198.51.100.2"), ("2001:db8::1", "2001:db8::2")])
def test_each_kind_by_hand(ends: tuple[str, str]) -> None:
    client, server = ends
    assert frames(Conversation(client, 1000, server).syn().syn(after=1.0)) == {"unanswered_syn": [1, 2], "resent": [2]}
    assert frames(Conversation(client, 1000, server).syn().rst("server")) == {"refused_syn": [1], "rst": [2]}
    half = frames(Conversation(client, 1000, server).syn().syn_ack())
    assert half == {"half_open_syn_ack": [2]}
    assert frames(Conversation(client, 1000, server).handshake().data("client", 10).rst("server")) == {"rst": [5]}
    again = Conversation(client, 1000, server).handshake().data("client", 10).retransmit("client", after=0.5)
    assert frames(again) == {"resent": [5]}


@pytest.mark.parametrize("name", EXAMPLES)
def test_totals_are_those_of_the_statistics(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    counted, kinds = analysis.statistics, kinds_of(analysis, 100)
    count = {kind: kinds.get(kind, {"frame_count": 0})["frame_count"] for kind in KINDS}
    assert count["resent"] == counted["retransmissions"]["total"]
    assert count["reordered"] == counted["reordering"]["total"]
    assert count["rst"] == counted["flags"]["rst"]
    for kind, each in kinds.items():
        assert each["frames"] == frames_of_kind(analysis, kind).index[:100].tolist()


def test_the_selected_connections_only() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    narrow = pf.analyze(analysis, server_port=8080)
    rows = frames_of_kind(narrow, "rst")
    ports = analysis.segments.loc[rows.index, ["src_port", "dst_port"]]
    assert 0 < len(rows) < len(frames_of_kind(analysis, "rst"))
    assert (ports == 8080).any(axis="columns").all()


def test_lists_are_cut_and_counts_are_not() -> None:
    talk = Conversation().handshake()
    for _ in range(30):
        talk.data("client", 10).retransmit("client", after=0.3)
    cut = kinds_of(pf.analyze(pcap(talk)), 4)["resent"]
    assert cut == {"frames": [5, 7, 9, 11], "frame_count": 30}
    assert kinds_of(pf.analyze(pcap([])), 4) == {}
