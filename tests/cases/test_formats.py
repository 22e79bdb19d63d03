"""Captures of odd formats, built after public reports, each of one kind that is easily read wrongly.

Right for most of them are 12 TCP segments with 1,200 bytes of payload in one connection; the others say what is right.
"""

from pathlib import Path

import pytest

import pcapframe as pf

FOLDER = Path(__file__).parent / "formats"


def seen(name: str) -> tuple[int, int, int]:
    """TCP segments, bytes of their payload, and connections of the capture of this name."""
    done = pf.analyze(FOLDER / f"{name}.pcap", progress=False)
    return len(done.segments), int(done.segments["payload_bytes"].sum()), len(done.connections)


# Link types.


# Shims between MAC addresses and IP.


# Tunnels.


# Fragments.


# Lengths that lie.


# Dialects and times.


@pytest.mark.parametrize(
    ("name", "expected"),
    [("time_nanoseconds_in_microsecond_file", (12, 1200, 1)), ("time_all_the_same", (14, 9600, 1))],
)
def test_wrong_times_lose_no_segment(name: str, expected: tuple[int, int, int]) -> None:
    assert seen(name) == expected
