"""What no part of the connections shows alone."""

from pathlib import Path
from typing import Any

import pcapframe as pf
from pcapframe import cluster
from tests.builders import Conversation, merge, pcap
from tests.cluster.captures import hold_equal
from tests.connections.test_same_as import INSIDE, exchange, outside


def test_what_only_the_whole_shows(client: Any, tmp_path: Path) -> None:
    """Two views of a connection behind a NAT, and a step of the clock, which connections in different parts show."""
    talks = [Conversation(client_port=50_000 + port).handshake() for port in range(4)]
    for talk in talks:
        for _ in range(30):
            talk.wait(0.01).data("client", 100).ack("server")
    later = [(time + (3600.0 if time > 0.5 else 0.0), data) for time, data in merge(*talks)]
    capture = tmp_path / "step.pcap"
    capture.write_bytes(pcap(merge(later, exchange(4000.0, **INSIDE), [(t + 4000, data) for t, data in outside()])))
    want = pf.analyze(str(capture), keep="events", progress=False)
    assert "clock_steps" in {finding.name for finding in want.health.findings}
    assert want.connections["same_as"].notna().sum() == 1
    hold_equal(cluster.analyze(str(capture), client, keep="events", progress=False), want)
