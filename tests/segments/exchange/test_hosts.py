"""Bits that are said of packets, and the state they are read off."""

import numpy as np

from pcapframe.segments.exchange import Exchange, hosts
from pcapframe.segments.exchange.hosts import HOST


def test_bits_are_told_apart() -> None:
    others = ("HOST", "LARGEST_STEP", "NOBODY", "Known", "Outcome", "take_over")
    bits = [getattr(hosts, name) for name in hosts.__all__ if name not in others]
    assert len(bits) == 10
    assert sorted(bits) == [1 << place for place in range(10)]
    assert sum(bits) <= np.iinfo(Exchange.room(1).bits.dtype).max


def test_sequence_numbers_have_32_bits() -> None:
    assert {str(HOST[name]) for name in ("isn", "high", "acked", "probe_seq")} == {"uint32"}
