"""Connections of one packet each, measured one of a kind."""

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.connections import blocks, singles, table

SYN, RST, ACK, FIN = 2, 4, 16, 1


def flood(count: int, seed: int) -> pd.DataFrame:
    """Segments of connections most of which have one packet, of a few kinds, beside some with two."""
    packets = pf.read_pcap(pf.example("clean.pcap"), progress=False)
    packets = packets[packets["protocol"] == "TCP"].iloc[np.zeros(count, np.intp)].copy()
    choose = np.random.default_rng(seed)
    packets["src_port"] = pd.array(1024 + np.arange(count) - (np.arange(count) % 10 == 9), "UInt16")
    packets["dst_port"] = pd.array(choose.choice([443, 50_000], count, p=[0.9, 0.1]), "UInt16")
    flags = choose.choice([SYN, SYN | ACK, ACK, RST, FIN | ACK], count, p=[0.88, *[0.03] * 4])
    packets["tcp_flags"] = pd.array(flags, "UInt16")
    packets["seq"] = pd.array(choose.integers(0, 1 << 32, count), "UInt32")
    packets["ttl"] = pd.array(choose.choice([64, 128], count, p=[0.9, 0.1]), "UInt8")
    packets["time"] = packets["time"].where(np.arange(count) % 50 > 0) + pd.to_timedelta(np.arange(count), "ms")
    packets.index = pd.RangeIndex(1, count + 1, name="frame")
    return pf.label_segments(packets)


@pytest.mark.parametrize("size", [64, 500])
@pytest.mark.parametrize("seed", range(3))
def test_one_of_a_kind_stands_for_all_of_it(seed, size, monkeypatch):
    segments = flood(200, seed)
    monkeypatch.setattr(table, "in_blocks", lambda place, count, *_: blocks.in_blocks(place, count, size))
    found = []
    monkeypatch.setattr(table, "alike", lambda *given: found.append(singles.alike(*given)) or found[-1])
    made = pf.build_connections(segments)
    assert any(one is not None for one in found)
    monkeypatch.setattr(table, "FEW_SEGMENTS", 0)
    pd.testing.assert_frame_equal(made, pf.build_connections(segments))


def test_where_few_are_alike_all_are_measured(monkeypatch):
    segments = flood(40, 0)
    segments["ttl"] = np.arange(len(segments)).astype(np.uint8)
    found = []
    monkeypatch.setattr(table, "alike", lambda *given: found.append(singles.alike(*given)))
    assert len(pf.build_connections(segments)) > 30
    assert found == [None]
