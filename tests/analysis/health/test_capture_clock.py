"""The clock of a capture: no times, times that run backwards, steps."""

import pytest

from tests.analysis.health.made import finding, whole
from tests.builders import packet, pcap, pcapng


def test_packets_without_time() -> None:
    found = finding(pcapng(whole(), packets="simple"), "packets_without_time")
    assert found.figures == {"packets_without_time": 10, "packets": 10}


def test_one_packet_without_time() -> None:
    assert finding(pcapng(list(whole())[:1], packets="simple"), "packets_without_time").sentence == (
        "1 of 1 packet has no time."
    )


def test_time_that_runs_hours_backwards() -> None:
    frames = [(20_000.0, packet()), (7_655.0, packet())]
    assert finding(pcap(frames), "time_backwards").sentence == (
        "1 of 2 packets is earlier than the one before, by up to 12,345 s."
    )


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


def test_one_time_for_all_packets() -> None:
    found = finding(pcap([(5.0, frame) for _, frame in whole()]), "times_alike")
    assert found.sentence == (
        "All 10 packets have the same time, 1970-01-01T00:00:05+00:00: when each was captured is unknown."
    )
    assert found.affects == {"durations": "unknown", "round_trips": "unknown", "resend_reasons": "unknown"}


def test_years_between_packets() -> None:
    frames = list(whole(1_700_000_000.0))
    frames[5] = (5.0, frames[5][1])
    found = finding(pcap(frames), "time_jumps")
    assert found.figures["jumps"] == 2
    assert found.figures["packets_astray"] == 1
    assert found.evidence.frames == (6, 7)
    assert found.sentence == (
        "The time jumps by a year or more 2 times, by up to 53.9 years forward; 1 packet is that far from those "
        "before and after."
    )
    assert found.affects["durations"] == "unknown"
