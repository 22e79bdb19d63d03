"""Waits of connections, by hand, and beside the turns that they sum up."""

import math
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.connections.waits import PARTS, Waits
from pcapframe.conversation import Spoken
from pcapframe.schema import ACK
from tests.builders import Conversation
from tests.conftest import in_ci
from tests.connections.made import connection

DATA = Path(__file__).parent.parent.parent / "data"
RTT = 0.02


def talk(**options: object) -> Conversation:
    return Conversation(rtt=RTT, **options).handshake()  # type: ignore[arg-type]


def three_turns() -> Conversation:
    """Waits of 0.5, 1 and 2 s; service times of 0.1, 0.3 and 0.2 s; 1 ms for each further segment."""
    made = talk()
    for wait, service in ((0.5, 0.1), (1, 0.3), (2, 0.2)):
        made.data("client", 100, after=wait).data("client", 50, after=0.001)
        made.data("server", 700, after=service).data("server", 700, after=0.001)
    return made.close()


def test_sums_over_turns() -> None:
    seen = connection(three_turns())
    assert seen["turns"] == 3
    assert seen["client_wait_s"] == pytest.approx(3.5)
    assert seen["service_total_s"] == pytest.approx(0.6)
    assert seen["service_max_s"] == pytest.approx(0.3)
    assert seen["service_median_s"] == pytest.approx(0.2, rel=0.01)
    assert seen["service_p95_s"] == pytest.approx(0.3, rel=0.01)
    assert seen["transfer_s"] == pytest.approx(0.006)
    assert seen["handshake_s"] == pytest.approx(RTT + 0.0001)
    assert seen["first_response_s"] == pytest.approx(RTT + 0.0001 + 0.5 + 0.001 + 0.1)
    assert seen["other_s"] == pytest.approx(0.0001 + RTT + 0.0001)  # FIN, FIN, ACK
    assert math.isnan(seen["greeting_s"])
    assert seen["greeting_bytes"] == 0


def test_greeting() -> None:
    seen = connection(talk().data("server", 40, after=0.3).data("server", 60, after=0.2).ack().data("client", 10))
    assert seen["greeting_s"] == pytest.approx(0.5)
    assert seen["greeting_bytes"] == 100
    assert seen["turns"] == 1
    assert math.isnan(seen["service_total_s"])
    assert seen["client_wait_s"] == pytest.approx(0.5 + 0.0002)


def test_greeting_is_unknown_without_the_beginning() -> None:
    late = Conversation()
    late.hosts["server"].next = late.hosts["client"].acked = 900
    seen = connection(late.data("server", 40).ack())
    assert seen[["turns", "greeting_bytes"]].isna().tolist() == [False, True]
    assert np.isnan(seen[[*PARTS, "greeting_s", "first_response_s"]].to_numpy(float)).all()
    assert seen["other_s"] == seen["duration_s"]


def test_overlapping_turns_are_left_out() -> None:
    asked = talk().data("client", 100).data("server", 1000, after=0.5)
    asked.data("client", 50, after=0.7).data("server", 1000, ack=101, after=0.8).data("server", 300, ack=151)
    seen = connection(asked)
    assert (seen["turns"], seen["service_turns"], seen["unanswered_turns"]) == (2, 1, 0)
    assert seen["service_total_s"] == seen["service_max_s"] == pytest.approx(0.5)
    assert seen["client_wait_s"] == pytest.approx(0.0001)
    assert seen["other_s"] == pytest.approx(0.7 + 0.8 + 0.0001)


def test_unanswered_turns_are_counted_unless_the_capture_lacks_bytes() -> None:
    seen = connection(talk().data("client", 10).data("server", 20).data("client", 30).ack("server"))
    assert (seen["turns"], seen["service_turns"], seen["unanswered_turns"]) == (2, 1, 1)
    seen = connection(talk().data("client", 10).data("server", 20, drop=True).data("client", 30).data("server", 5))
    assert (seen["turns"], seen["service_turns"], seen["unanswered_turns"]) == (2, 1, 0)


def test_an_ack_before_the_syn_ack_completes_nothing() -> None:
    early = Conversation().syn().send("client", "A", ack=1, after=0.1).syn_ack(after=0.1).ack(after=0.4)
    assert connection(early)["handshake_s"] == pytest.approx(0.6)


@pytest.mark.parametrize("capture", in_ci(sorted(DATA.glob("*.pcap*")), 5), ids=lambda path: path.name)
def test_parts_add_up_in_whole_nanoseconds(capture: Path) -> None:
    analysis = pf.analyze(capture, progress=False)
    connections = analysis.connections
    parts = connections[[*PARTS, "other_s"]].fillna(0).mul(1e9).round().astype("int64").sum(axis=1)
    duration = connections["end"].astype("int64") - connections["start"].astype("int64")
    assert parts.tolist() == duration.tolist()


@pytest.mark.parametrize("name", ["clean.pcap", "losses.pcap", "midstream.pcap", "resets.pcap"])
def test_connections_sum_up_their_turns(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    connections, found = analysis.connections, pf.turns(analysis)
    counts = found["conn_id"].value_counts().reindex(connections.index, fill_value=0)
    assert connections["turns"].tolist() == counts.tolist()
    kept = found[~found["overlapping"]].groupby("conn_id")
    sums = {"client_wait_s": "wait_s", "service_total_s": "service_s"}
    for total, part in sums.items():
        expected = kept[part].sum(min_count=1).reindex(connections.index).to_numpy()
        np.testing.assert_allclose(connections[total].to_numpy(), expected, rtol=0, atol=1e-12)
    longest = kept["service_s"].max().reindex(connections.index).to_numpy()
    np.testing.assert_array_equal(connections["service_max_s"].to_numpy(), longest)
    gaps = found.groupby("conn_id")["gap_bytes"].sum().reindex(connections.index, fill_value=0)
    assert (gaps.to_numpy() <= (connections["client_gap_bytes"] + connections["server_gap_bytes"]).to_numpy()).all()


MOST_BYTES = 40  # of memory that an analysis may hold for each turn
CHUNK = 1 << 16


def spoken(connections: int, first_turn: int, turns: int, service: np.ndarray) -> Spoken:  # type: ignore[type-arg]
    """Requests of 10 bytes and responses of 20 in turn, `turns` of each connection."""
    number = np.repeat(np.arange(turns), 2 * connections) + first_turn
    place = np.tile(np.repeat(np.arange(connections, dtype=np.int32), 2), turns)
    asks = np.tile([True, False], connections * turns)
    zeros, no = np.zeros(place.size, np.uint32), np.zeros(place.size, bool)
    time = number * 10**9 + np.where(asks, 0, np.repeat(service, 2))
    return Spoken(
        place=place, from_client=asks, time=time, tcp_flags=np.full(place.size, ACK, np.uint16),
        payload_bytes=np.where(asks, 10, 20), rel_seq=1 + number * np.where(asks, 10, 20),
        rel_ack=1 + number * np.where(asks, 20, 10) + np.where(asks, 0, 10), zero_window=no, capture_duplicate=no,
        resent=no, reordered=no, capture_gap=zeros, acks_unsent=no, probe=np.full(place.size, -1, np.int32),
    )  # fmt: skip


@pytest.mark.parametrize("connections", [1, 1000])
def test_memory_of_a_million_turns(connections: int) -> None:
    """What is held grows with the connections and with how far their service times differ, not with the turns."""
    count, each = 1_000_000, CHUNK // connections
    waits = Waits(connections)
    waits.feed(spoken(connections, 0, 1, np.full(connections, 10**6)))  # type: ignore[arg-type]
    random, fed = np.random.default_rng(7), 1
    tracemalloc.start()
    while fed * connections < count:
        service = random.integers(10**3, 9 * 10**8, connections * each)
        waits.feed(spoken(connections, fed, each, service))  # type: ignore[arg-type]
        fed += each
    del service
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert waits.columns()["turns"].sum() == fed * connections
    assert held <= MOST_BYTES * fed * connections
