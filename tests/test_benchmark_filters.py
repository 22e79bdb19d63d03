"""The comparison of filters with tshark finds what differs."""

from pathlib import Path

import pytest

import pcapframe as pf
from benchmarks.filters import Said, captures_in, compare, filters_of

RESETS = Path(str(pf.example("resets.pcap")))


@pytest.mark.needs_program("tshark")
def test_what_is_said_of_filters_is_compared() -> None:
    said = list(filters_of(pf.analyze(RESETS)))
    assert any(one.of == "standout refused_connections" for one in said)
    assert any(one.of.startswith("health ") for one in said)
    assert compare(RESETS, said[0]) is None


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize(("said", "problem"), [
    (Said("one", "frame.number == 3", 2, (3,)), "1 packets instead of 2"),
    (Said("one", "frame.number == 3", 1, (4,)), "other packets"),
    (Said("one", "frame.number == 3", 1, (3,)), None),
])  # fmt: skip
def test_a_filter_that_selects_something_else_differs(said: Said, problem: str | None) -> None:
    assert compare(RESETS, said) == problem


@pytest.mark.needs_program("tshark")
def test_a_filter_that_tshark_refuses_differs() -> None:
    assert compare(RESETS, Said("one", "frame.nothing == 3", 1, (3,)))


def test_captures_are_in_the_same_random_order_each_time(tmp_path: Path) -> None:
    for name in ("a.pcap", "b.pcapng", "c.txt", "d.cap"):
        (tmp_path / name).touch()
    assert sorted(path.name for path in captures_in(tmp_path, 1)) == ["a.pcap", "b.pcapng", "d.cap"]
    assert captures_in(tmp_path, 1) == captures_in(tmp_path, 1)
