"""Captures on a cluster: the results of one machine, faults, and what is refused before any work."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import pcapframe as pf
from pcapframe import cluster
from pcapframe.cluster._wire import SENT, frame_of, pack, unpack

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # of other packages


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two workers, each a process of its own."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, memory_limit="2GB", dashboard_address=None,
            silence_logs=50, env={"PCAPFRAME_THREADS": "1"},
        ) as made,
        distributed.Client(made) as client,
    ):  # fmt: skip
        yield client


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


@pytest.mark.parametrize(
    ("name", "overlap"),
    [("losses.pcap", False), ("resets.pcap", True), ("patterns/port_reuse.pcap", False)],
    ids=["one after another", "at the same time", "ports that are used again"],
)
def test_results_are_those_of_one_machine(client: Any, tmp_path: Path, name: str, overlap: bool) -> None:
    files = split(Path(pf.example(name)), tmp_path, 3, overlap=overlap)
    got = cluster.analyze(files, client, keep="events", progress=False)
    hold_equal(got, pf.analyze(files, keep="events", progress=False))


def test_a_capture_of_another_format_has_its_interfaces_after_those_before(client: Any) -> None:
    files = [str(pf.example(name)) for name in ("ipv6.pcapng", "clean.pcap", "mirrored.pcap.gz", "ipv6.pcapng")]
    got = cluster.analyze(files, client, keep="events", progress=False)
    hold_equal(got, pf.analyze(files, keep="events", progress=False))


def test_rows_stay_the_same_on_their_way() -> None:
    packets = pf.read_pcap(pf.example("losses.pcap"))
    order = np.arange(len(packets))
    pieces = pack(packets, [order[::2], order[1::2]])
    back = frame_of(unpack(pieces), np.argsort(np.concatenate([order[::2], order[1::2]])))
    for column in SENT:
        sent, there = packets[column.name], back[column.name]
        if column.dtype == "category":
            sent, there = sent.astype(object), there.astype(object)
        pd.testing.assert_series_equal(there, sent)
