"""Counts, on captures whose numbers are known by hand or from the link's log."""

import json
from typing import Any

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.analysis.counting import count_statistics
from tests.builders import Conversation, merge, pcap

TRUTH: dict[str, dict[str, Any]] = json.loads((pf.example("clean.pcap").parent / "captures.json").read_text())


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_flags_are_those_that_the_link_carried(name: str) -> None:
    truth = TRUTH[name]
    analysis = pf.analyze(pf.example(truth["file"]))
    sides = [connection[side] for connection in truth["connections"] for side in ("client", "server")]
    flags = analysis.statistics["flags"]
    lost = sum(side["dropped_frames"] for side in sides)
    assert analysis.statistics["total_connections"] == len(truth["connections"])
    for seen, carried in (
        (flags["syn"] + flags["syn_ack"], sum(side["syns"] for side in sides)),
        (flags["fin"], sum(side["fins"] for side in sides)),
        (flags["rst"], sum(side["rsts"] for side in sides)),
    ):
        assert carried - lost <= seen <= carried  # a capture at the receiver lacks what was dropped


@pytest.fixture(scope="module")
def mixed() -> pf.Analysis:
    """One of each: complete and closed, complete and reset, refused, unanswered, half open, older and still open."""
    talks = [Conversation(client_port=40000 + i, start=float(i)) for i in range(6)]
    talks[0].handshake().data("client", 100).data("server", 1000).close()
    talks[1].handshake().data("client", 100).rst("server")
    talks[2].refused()
    talks[3].syn(lost=True).syn(after=1.0, lost=True)
    talks[4].syn().syn_ack(lost=True)
    talks[5].handshake(drop=True).data("client", 100).data("server", 500)
    return pf.analyze(pcap(merge(*talks)))


def test_handshakes_and_states_sum_to_the_total(mixed: pf.Analysis) -> None:
    statistics = mixed.statistics
    assert statistics["handshake"] == {
        "successful": 2, "failed": 2, "incomplete": 2, "refused": 1, "unanswered": 1, "half_open": 1, "aborted": 0,
        "not_captured": 1,
    }  # fmt: skip
    assert statistics["connection_states"] == {"established": 0, "reset": 2, "closed": 1, "unknown": 3}
    assert statistics["endings"] == {"fin": 1, "half_closed": 0, "reset": 2, "open": 3}
    assert statistics["roles"] == {"syn": 5, "syn_ack": 0, "inferred": 1}
    assert sum(statistics["connection_states"].values()) == statistics["total_connections"] == 6


def test_flags_by_hand(mixed: pf.Analysis) -> None:
    # SYN: one each of 0, 1, 2 and 4, two of 3. ACK: 0 has 7, 1 has 4, 2 and 4 one each, 5 two.
    assert mixed.statistics["flags"] == {"syn": 6, "syn_ack": 3, "rst": 2, "fin": 2, "ack": 15}
    assert mixed.statistics["total_packets"] == 8 + 5 + 2 + 2 + 2 + 2


def test_rsts_by_source_and_direction(mixed: pf.Analysis) -> None:
    seen = mixed.statistics["rst_distribution"]
    assert seen["by_source"] == {"198.51.100.1": 2}
    assert seen["by_source_total"] == 1
    assert seen["by_direction"] == {"to_server": 0, "from_server": 2, "unknown": 0}
    assert seen["connections_with_rst"] == [
        "192.0.2.1:40001 <-> 198.51.100.1:80",
        "192.0.2.1:40002 <-> 198.51.100.1:80",
    ]


def test_retransmissions_rate_and_interval(mixed: pf.Analysis) -> None:
    seen = mixed.statistics["retransmissions"]
    assert (seen["total"], seen["rate"]) == (1, 1 / 21)
    assert seen["rate_low"] is not None
    assert seen["rate_high"] is not None
    assert 0 < seen["rate_low"] < 1 / 21 < seen["rate_high"] < 0.25
    assert seen["by_connection"] == {"192.0.2.1:40003 <-> 198.51.100.1:80": 1}
    assert seen["connections"] == [
        {
            "conn_id": 3,
            "client": "192.0.2.1:40003",
            "server": "198.51.100.1:80",
            "retransmissions": 1,
            "packets": 2,
            "wireshark": 1,
        }
    ]


def test_connections_between_the_same_endpoints_are_summed() -> None:
    def resending(start: float, isn: int) -> Conversation:
        talk = Conversation(start=start, client_isn=isn).handshake().data("client", 100, lost=True)
        return talk.retransmit("client", after=0.3).ack("server").close()

    other = Conversation(client_port=41000, start=5.0).syn(lost=True).syn(after=1.0, lost=True).syn(after=2.0)
    seen = pf.analyze(pcap(merge(resending(0.0, 1000), resending(60.0, 900_000), other))).statistics["retransmissions"]
    assert seen["total"] == 4
    assert seen["by_connection"] == {
        "192.0.2.1:40000 <-> 198.51.100.1:80": 2,
        "192.0.2.1:41000 <-> 198.51.100.1:80": 2,
    }
    assert seen["by_connection_total"] == 2
    assert [row["retransmissions"] for row in seen["connections"]] == [2, 1, 1]
    assert seen["connections_total"] == 3


def test_lists_are_capped_beside_their_totals(mixed: pf.Analysis) -> None:
    seen = mixed.count_statistics(limit=1)
    assert len(seen["rst_distribution"]["connections_with_rst"]) == 1
    assert seen["rst_distribution"]["connections_with_rst_total"] == 2
    assert mixed.count_statistics(limit=0)["rst_distribution"]["by_source"] == {}
    assert mixed.count_statistics() == mixed.statistics


def test_a_selection_counts_as_if_it_were_alone(mixed: pf.Analysis) -> None:
    chosen = mixed.connections.iloc[[0, 1]]
    kept = np.isin(mixed.segments["conn_id"], chosen.index)
    part = mixed.segments[kept]
    assert count_statistics(part, chosen) == count_statistics(part, pf.build_connections(part))
