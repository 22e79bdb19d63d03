"""The pass says the same in whatever chunks it is fed."""

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.schema import RST
from pcapframe.segments.columns import SegmentColumns
from pcapframe.segments.exchange import Exchange, ExchangePass
from pcapframe.segments.labels import _plain
from pcapframe.segments.state import part
from pcapframe.segments.tracking import Tracked, Tracker
from tests.segments.traffic import random_capture


def followed(capture: bytes, rows: int) -> tuple[list[int], list[int]]:
    """Bits of all segments, and rows of the answers to probes, fed so many `rows` at a time."""
    packets = pf.read_pcap(capture, progress=False)
    packets = packets[packets["seq"].notna()]
    segments = SegmentColumns(_plain(packets))
    count = len(packets)
    tracker, tracked, out = Tracker(), Tracked.room(count), Exchange.room(count)
    following = ExchangePass(int(np.count_nonzero(segments["tcp_flags"] & RST)))
    for start in range(0, count, rows):
        stop = min(start + rows, count)
        chunk, tracked_chunk = segments.chunk(start, stop), part(tracked, start, stop)
        tracker.feed(chunk, tracked_chunk)
        following.feed(chunk, tracked_chunk, tracker.connections, out)
    bits = out.bits.tolist()
    return bits, [answer for answer, bit in zip(out.answer.tolist(), bits, strict=True) if bit & 3]


@pytest.mark.parametrize("seed", range(3))
def test_chunks_make_no_difference(seed: int) -> None:
    capture = random_capture(seed, 2_000, damage=0.05)
    whole = followed(capture, 2_000)
    assert whole == followed(capture, 7)
    assert any(whole[0])


def test_no_segments() -> None:
    assert followed(random_capture(1, 0), 10) == ([], [])
