"""The long captures of the benchmark are the same in both formats."""

from pathlib import Path

import pandas as pd
import pytest

import pcapframe as pf
from benchmarks import bench_large, bench_scale, make_capture


def test_pcapng_has_the_packets_of_pcap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_large, "PART", 26_000)
    monkeypatch.setattr(bench_scale, "PART", 26_000)
    monkeypatch.setattr(bench_large, "CONNECTIONS_A_MILLION", 400)
    monkeypatch.setattr(make_capture, "PACKETS_PER_CONNECTION", 60)  # put back afterwards: making a capture changes it
    pcap, pcapng = tmp_path / "a.pcap", tmp_path / "a.pcapng"
    bench_large.many_connections(pcap, 50_000)
    bench_scale.as_pcapng(pcap, pcapng)
    first, second = pf.read_pcap(pcap), pf.read_pcap(pcapng)
    assert len(first) == 52_000  # whole parts
    drop = ["offset", "interface"]
    pd.testing.assert_frame_equal(first.drop(columns=drop), second.drop(columns=drop))
    assert pf.capture_info(second).format == "pcapng"
