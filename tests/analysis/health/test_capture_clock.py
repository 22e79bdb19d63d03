"""The clock of a capture: no times, times that run backwards, steps."""

import pytest

from tests.analysis.health.made import finding, whole
from tests.builders import pcap, pcapng


def test_packets_without_time() -> None:
    found = finding(pcapng(whole(), packets="simple"), "packets_without_time")
    assert found.figures == {"packets_without_time": 10, "packets": 10}


def test_time_that_runs_backwards() -> None:
    frames = list(whole(10.0))
    frames[5] = (frames[5][0] - 0.05, frames[5][1])
    found = finding(pcap(frames), "time_backwards")
    assert found.figures["packets_backwards"] == 1
    assert found.figures["packets"] == 10
    assert found.evidence.frames == (6,)
    assert found.figures["largest_step_s"] == pytest.approx(0.05 - (frames[5][0] + 0.05 - frames[4][0]), abs=1e-6)
    assert "durations" not in found.affects
    frames[5] = (frames[5][0] - 5, frames[5][1])
    assert finding(pcap(frames), "time_backwards").affects["durations"] == "unknown"
