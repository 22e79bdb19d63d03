"""Steps of the capture's clock against the timestamps in the packets."""

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.analysis.clock import Disagreements, clock_steps_of, disagreements, find_clock_steps
from tests.builders import Conversation, Frame, pcap


def exchange(rounds: int = 30) -> Conversation:
    talk = Conversation().handshake()
    for _ in range(rounds):
        talk.wait(0.01).data("client", 100).ack("server")
    return talk


def stepped(seconds: float, at: int = 40) -> list[Frame]:
    return [(time + 1000 + (seconds if i >= at else 0), data) for i, (time, data) in enumerate(exchange())]


@pytest.mark.parametrize("seconds", [3600.0, 5.0, -5.0, -500.0])
def test_a_step_that_both_sides_deny(seconds: float) -> None:
    (step,) = find_clock_steps(pf.analyze(pcap(stepped(seconds))).segments)
    assert step.frame == 41
    assert step.seconds == pytest.approx(seconds, rel=0.01)
    assert step.directions == 2


def test_parts_of_a_capture_show_what_the_whole_shows() -> None:
    other = [(time + 0.001, data) for time, data in exchange()]
    segments = pf.analyze(pcap(sorted([*stepped(3600.0), *[(time + 1000, data) for time, data in other]]))).segments
    frames, times = segments.index.to_numpy(), segments["time"].array.asi8
    found = []
    for _, part in segments.groupby("from_client"):
        own = disagreements(part)
        by_frame = part.index.to_numpy()
        found.append(own._replace(before=by_frame[own.before], after=by_frame[own.after]))
    merged = Disagreements(*(np.concatenate(columns) for columns in zip(*found, strict=True)))
    assert clock_steps_of(times, frames, merged) == find_clock_steps(segments) != []


def test_it_is_a_finding() -> None:
    health = pf.analyze(pcap(stepped(3600.0))).health
    (found,) = [found for found in health.findings if found.name == "clock_steps"]
    assert found.evidence.frames == (41,)
    assert found.figures["steps"] == 1
    assert health.qualifiers["durations"] == "unknown"


def test_idle_time_is_no_step() -> None:
    talk = exchange().wait(3600.0)
    for _ in range(10):
        talk.wait(0.01).data("client", 100).ack("server")
    assert find_clock_steps(pf.analyze(pcap(talk)).segments) == []


def test_without_timestamps_nothing_is_claimed() -> None:
    talk = Conversation(timestamps=False).handshake()
    for _ in range(30):
        talk.wait(0.01).data("client", 100).ack("server")
    frames = [(time + (60 if i > 40 else 0), data) for i, (time, data) in enumerate(talk)]
    assert find_clock_steps(pf.analyze(pcap(frames)).segments) == []


def test_one_direction_alone_is_not_believed() -> None:
    talk = exchange().wait(60.0)
    client = talk.hosts["client"]
    client.clock -= 60_000  # its timestamps stood still, the server's went on
    for _ in range(10):
        talk.wait(0.01).data("client", 100).ack("server")
    assert find_clock_steps(pf.analyze(pcap(talk)).segments) == []


def test_an_empty_frame() -> None:
    assert find_clock_steps(pf.analyze(pcap([])).segments) == []
