"""Captures in several files, and what their analysis is held equal to."""

from pathlib import Path
from typing import Any

from pandas.testing import assert_frame_equal


def split(capture: Path, folder: Path, pieces: int, *, overlap: bool = False) -> list[str]:
    """Cut a capture (pcap) into several: one after another, or packet by packet in turn."""
    data = capture.read_bytes()
    records, at = [], 24
    while at < len(data):
        size = 16 + int.from_bytes(data[at + 8 : at + 12], "little")
        records.append(data[at : at + size])
        at += size
    files = []
    for number in range(pieces):
        step = -(-len(records) // pieces)
        some = records[number::pieces] if overlap else records[number * step : (number + 1) * step]
        files.append(folder / f"{capture.stem}_{number}.pcap")
        files[-1].write_bytes(data[:24] + b"".join(some))
    return list(map(str, files))


def hold_equal(got: Any, want: Any) -> None:
    """Hold an analysis of a cluster equal to that of one machine, bit for bit."""
    assert_frame_equal(got.connections, want.connections)
    for name in ("patterns", "statistics", "standouts", "summary", "message", "capture", "packet_count"):
        assert getattr(got, name) == getattr(want, name), name
    assert got.health == want.health
    assert got.provenance == want.provenance
    assert_frame_equal(got.events, want.events, check_index_type=False)
