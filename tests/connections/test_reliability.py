"""Resends, gaps and round trips by sender, by hand."""

import re
import subprocess

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.connections.reliability import Samples, _keep, _quantiles
from tests.builders import Conversation
from tests.connections.made import connection


def talk(**options: float) -> Conversation:
    return Conversation(**options).handshake()  # type: ignore[arg-type]


def test_resends_and_their_rate() -> None:
    seen = connection(talk().data("client", 3000, segment=1000, lost=True).retransmit("client", after=0.4))
    assert (seen["client_resent_segments"], seen["client_resent_bytes"]) == (1, 1000)
    assert seen["client_resend_rate"] == pytest.approx(1 / 5)  # SYN, three segments and one of them again
    assert seen["server_resend_rate"] == 0  # its SYN-ACK


def test_bytes_that_the_capture_lacks() -> None:
    seen = connection(talk().data("client", 700, drop=True).ack("server"))
    assert (seen["client_gap_bytes"], seen["server_gap_bytes"]) == (700, 0)


def test_round_trips() -> None:
    conversation = talk(rtt=0.02)
    for _ in range(4):
        conversation.data("client", 100).ack("server")
    seen = connection(conversation)
    for column in ("client_ack_rtt_min_s", "client_ack_rtt_median_s", "client_ack_rtt_p95_s", "client_ack_rtt_max_s"):
        assert seen[column] == pytest.approx(0.02, rel=0.01)
    assert seen["client_ts_rtt_median_s"] == pytest.approx(0.02, rel=0.01)
    assert seen["server_ack_rtt_max_s"] == pytest.approx(0.0001, rel=0.01)


def test_an_ambiguous_round_trip_is_left_out() -> None:
    conversation = talk(rtt=0.02).data("client", 100, lost=True).retransmit("client", after=1.0).ack("server")
    assert connection(conversation)["client_ack_rtt_max_s"] == pytest.approx(0.02)  # of the SYN only


def test_captured_at_the_client() -> None:
    seen = connection(talk(rtt=0.02).data("client", 10).ack("server").data("server", 10).ack("client"))
    assert (seen["client_vantage"], seen["server_vantage"]) == ("near_sender", "near_receiver")
    assert connection(Conversation().syn(lost=True))["client_vantage"] == "unknown"


def test_quantiles_are_within_a_percent() -> None:
    rng = np.random.default_rng(7)
    sample = rng.lognormal(16, 1.5, 5000).astype(np.int64)
    owner = np.repeat([0, 3], 2500)
    counts, highest = np.zeros((2, 4), np.int64)
    samples = Samples(np.zeros(5000, np.int64), counts, np.full(4, np.iinfo(np.int64).max), highest)
    for count, (direction, time) in enumerate(zip(owner, sample, strict=True)):
        _keep.py_func(*samples, count, direction, time)
    found = _quantiles(samples, 5000)
    for of, place in ((0, (0, 0)), (3, (1, 1))):
        exact = np.sort(sample[owner == of]) / 1e9
        assert found.median[place] == pytest.approx(exact[1249], rel=0.01)
        assert found.p95[place] == pytest.approx(exact[2374], rel=0.01)
        assert found.minimum[place] == exact[0]
        assert found.maximum[place] == exact[-1]
    assert np.isnan(found.median[0, 1])


def test_an_echo_is_timed_from_the_first_packet_with_its_timestamp() -> None:
    # Both packets have the same tick; the echo may answer the acknowledgement, so it times nothing.
    made = Conversation(rtt=0.02).handshake().ack("client", ts=(20_000, 1), after=0.0)
    made.data("client", 100, ts=(20_000, 1), after=0.009).ack("server", ts=(90_000, 20_000), after=0.011)
    made.data("client", 100, ts=(20_001, 1)).ack("server", ts=(90_001, 20_001), after=0.03)
    seen = connection(made)
    assert seen["client_ts_rtt_max_s"] == pytest.approx(0.03)
    assert seen["client_ts_rtt_min_s"] == pytest.approx(0.02)  # of the SYN


@pytest.mark.needs_program("tcptrace")
@pytest.mark.parametrize("name", ["clean.pcap", "losses.pcap"])
def test_round_trips_are_those_of_tcptrace(name: str) -> None:
    command = ["tcptrace", "-n", "-l", "-r", str(pf.example(name))]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = {}
    for part in re.split(r"TCP connection \d+:\s+host \w+:", printed)[1:]:
        found = re.findall(r"RTT (?:min|max): +([\d.]+) ms", part)
        theirs[part.split()[0]] = [float(text) for text in found]
    made = pf.build_connections(pf.label_segments(pf.read_pcap(pf.example(name), progress=False)))
    columns = [f"{side}_ack_rtt_{name}_s" for name in ("min", "max") for side in ("client", "server")]
    ours = {
        f"{row['client']}:{row['client_port']}": [1000 * row[column] for column in columns]
        for row in made.to_dict("records")
    }
    assert ours.keys() == theirs.keys()
    for endpoint, times in ours.items():
        # It prints tenths of milliseconds, and 0.0 for no sample.
        assert np.nan_to_num(times) == pytest.approx(theirs[endpoint], abs=0.051), endpoint
