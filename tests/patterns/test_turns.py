"""Four captures that differ only in who waits for whom give four different answers."""

from typing import Any

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.patterns._turns import is_long, rows_of
from tests.builders import Conversation, pcap
from tests.patterns.views import view
from tests.patterns.waiting import FOUR, At, talk

EXPECTED = {"none": [], "path": ["slow_round_trips"], "client": ["client_waits"], "server": ["slow_service"]}


@pytest.mark.parametrize("addresses", [{}, {"client": "2001:db8::1", "server": "2001:db8::2"}], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("at", ["client", "server"])
@pytest.mark.parametrize("name", FOUR)
def test_who_waits_for_whom(name: str, at: At, addresses: dict[str, Any]) -> None:
    analysis = pf.analyze(pf.read_pcap(pcap(talk(at=at, **FOUR[name], **addresses)), progress=False))
    assert [seen.pattern for seen in analysis.patterns if seen.category == "timing"] == EXPECTED[name]
    assert analysis.summary["by_category"]["timing"] == len(EXPECTED[name])


# What the lab did (data/scenarios.py): smallest round trip, wait before a request, time before a response [s].
LAB = {
    "none": (0.02, 0.0, 0.0),
    "path": (0.88, 0.0, 0.0),
    "client": (0.02, 1.35, 0.0),
    "server": (0.02, 0.0, 0.98),
}


@pytest.mark.parametrize("name", LAB)
def test_the_captures_of_the_lab_that_differ_only_in_who_waits(name: str) -> None:
    round_trip, ask, answer = LAB[name]
    analysis = pf.analyze(pf.example(f"waits_{name}.pcap"))
    assert [seen.pattern for seen in analysis.patterns if seen.category == "timing"] == EXPECTED[name]
    found = pf.turns(analysis)
    assert found["turn"].tolist() == [1, 2, 3]
    assert found["request_bytes"].tolist() == [300] * 3
    assert found["response_bytes"].tolist() == [4000] * 3
    assert found["round_trip_s"].to_numpy() == pytest.approx(round_trip, abs=0.01)
    assert found["wait_s"].to_numpy()[1:] == pytest.approx(ask, abs=0.05)
    assert found["service_s"].to_numpy() == pytest.approx(round_trip + answer, abs=0.05)


def test_a_clean_capture_has_no_timing_pattern() -> None:
    assert [seen for seen in pf.analyze(pf.example("clean.pcap")).patterns if seen.category == "timing"] == []


def test_turns_of_some_connections() -> None:
    traffic = view(talk(), talk(client_port=40001, start=0.5, turns=2), Conversation(client_port=40002, start=1).syn())
    found = traffic.turns_of(np.array([False, True, False]))
    assert found["turn"].tolist() == [1, 2]
    rows = rows_of(traffic, (found["response_frame"], found["request_frame"]))
    frames = traffic.series("time").index[rows].tolist()
    assert frames == sorted([*found["request_frame"], *found["response_frame"]])


def test_a_wait_is_long_beside_the_round_trip_where_it_is_known() -> None:
    times, trips = np.array([0.4, 0.6, 0.6, 0.6, np.nan]), np.array([0.001, 0.001, 0.2, np.nan, 0.1])
    assert is_long(times, trips, 0.5, 5).tolist() == [False, True, False, True, False]
