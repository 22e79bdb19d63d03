"""Recordings altered as clocks, translators and captures alter them."""

import pytest

import pcapframe as pf
from data.lab.alterations import FORGED, Alteration, altered
from tests.lab.test_joining import two_points


def test_packets_are_altered_as_said() -> None:
    recording = two_points("mixed")[1]
    packets = pf.read_pcap(recording.capture, progress=False)
    number = recording.truth["emitted"].reindex(packets.index, fill_value=FORGED).to_numpy()
    how = Alteration(offset_ns=5e9, translates=True, missing=0.1)
    made, numbers, lacks = altered(packets, number, how, recording.senders or ("192.0.2.1",), 1)
    assert len(made) + len(lacks) == len(packets)
    assert sorted([*numbers, *lacks]) == sorted(number)
    assert (made["time"].min() - packets["time"].min()).total_seconds() == pytest.approx(5, abs=0.1)
    assert made.index.tolist() == list(range(1, len(made) + 1))
