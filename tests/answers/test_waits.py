"""Where the time went, in the answers."""

import json

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.answers.waits import list_turns, list_waits, waits_of
from tests.builders import Conversation, pcap

PARTS = ("handshake_s", "client_wait_s", "service_total_s", "transfer_s", "other_s")


def asked() -> pf.Analysis:
    talk = Conversation(rtt=0.02).handshake()
    talk.data("client", 100, after=0.5).data("server", 1000, after=1.0).data("client", 50, after=0.25)
    return pf.analyze(pcap(talk))


def test_compact_numbers() -> None:
    seen = waits_of(asked().connections)
    assert [seen[name] for name in ("turns", "service_turns", "unanswered_turns")] == [2, 1, 1]
    assert [seen[name] for name in PARTS] == pytest.approx([0.0201, 0.75, 1.0, 0, 0])
    assert (seen["service_max_s"], seen["service_max_conn_id"]) == (1.0, 0)
    assert seen["round_trip_median_s"] == pytest.approx(0.02)


def test_what_senders_were_doing() -> None:
    """The server is 20 ms away: its resend 0.25 s after the data is acknowledged 0.25 s later, and that comes to it."""
    talk = Conversation(rtt=0.02).handshake()
    talk.data("client", 100, after=0.5).data("server", 1000, after=1.0)
    talk.retransmit("server", after=0.25).ack("client", after=0.25).close()
    senders = waits_of(pf.analyze(pcap(talk)).connections)["senders"]
    assert senders["client"]["known"] == senders["server"]["known"] == 1
    assert senders["client"]["repairing_share"] == 0
    server = senders["server"]
    assert server["repairing_s"] == pytest.approx(0.25 + 0.02)
    assert server["busy_s"] >= 0.25 + 0.25 + 0.02
    assert server["repairing_share"] == round(server["repairing_s"] / server["busy_s"], 4)
    assert server["window_limited_s"] == server["unsplit_s"] == 0


def test_what_senders_were_doing_is_null_where_it_is_not_known() -> None:
    senders = waits_of(asked().connections.iloc[:0])["senders"]
    for side in ("client", "server"):
        assert senders[side].pop("known") == 0
        assert set(senders[side].values()) == {None}


def test_time_that_is_not_split_is_said() -> None:
    """Without the handshake the scale of the windows is not known."""
    talk = Conversation(rtt=0.02).data("client", 100, after=0.5).data("server", 1000, after=1.0).ack().close()
    client = waits_of(pf.analyze(pcap(talk)).connections)["senders"]["client"]
    assert client["window_limited_s"] is client["window_limited_share"] is None
    assert client["unsplit_s"] == pytest.approx(client["busy_s"])
    assert client["unsplit_share"] == 1


def test_nothing_is_null() -> None:
    seen = waits_of(asked().connections.iloc[:0])
    assert seen["turns"] == 0
    assert {seen[name] for name in (*PARTS, "service_max_s", "service_max_conn_id", "round_trip_median_s")} == {None}


def test_a_connection_seen_twice_counts_once() -> None:
    connections = asked().connections
    twice = pd.concat([connections, connections.set_axis([1]).assign(same_as=0)])
    twice["same_as"] = pd.array([None, 0], dtype=connections["same_as"].dtype)
    assert waits_of(twice) == waits_of(connections)


def test_two_answers_have_it() -> None:
    analysis = asked()
    expected = waits_of(analysis.connections)
    assert pf.analyze_tcp_connections(analysis).get("waits") == expected
    assert pf.analyze_traffic_flow(analysis, "198.51.100.1").get("waits") == expected


def test_lists_are_capped_with_their_totals() -> None:
    analysis = asked()
    turns, waits = list_turns(analysis, limit=1), list_waits(analysis, by="client", limit=0)
    assert (len(turns["turns"]), turns["turns_total"]) == (1, 2)
    assert turns["turns"][0]["service_s"] == 1.0
    assert (waits["waits"], waits["waits_total"]) == ([], 1)
    json.dumps([turns, waits], allow_nan=False)
