"""Round trips by sender, by hand and by tcptrace."""

import re
import subprocess

import numpy as np
import pytest

import pcapframe as pf
from tests.builders import Conversation
from tests.connections.made import connection


def talk(**options: float) -> Conversation:
    return Conversation(**options).handshake()  # type: ignore[arg-type]


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
