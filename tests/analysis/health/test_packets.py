"""Counts of the packets of parts are those of the whole."""

import pytest

import pcapframe as pf
from pcapframe.analysis.health import add_counts, count_packets


@pytest.mark.parametrize("name", ["midstream.pcap", "resets.pcap", "mirrored.pcap.gz"])
def test_counts_of_parts_add_up(name):
    packets = pf.read_pcap(pf.example(name))
    whole = count_packets(packets)
    assert whole.packets == len(packets)
    parts = [count_packets(packets.iloc[rows]) for rows in (slice(0, 100), slice(100, 101), slice(101, None))]
    assert add_counts(parts, [0, 0, 0]) == whole
    assert add_counts(parts, [2, 3, 4]).cut_sources == tuple(
        number for number, part in zip((2, 3, 4), parts, strict=True) if part.cut_sources
    )


def test_no_packets():
    none = count_packets(pf.read_pcap(pf.example("clean.pcap")).iloc[:0])
    assert none == add_counts([], [])
    assert none.packets == 0
