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
from tests.builders import Conversation
from tests.segments.exchange.acks import facts
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


@pytest.mark.parametrize("step", [-3_000_000, 3_000_000, 2**31 + 5])
@pytest.mark.parametrize("client_seen", [True, False])
def test_the_syn_ack_that_is_acknowledged_counts(step: int, client_seen: bool) -> None:
    """Two back ends answer, the client takes the second; or only data shows that."""
    talk = Conversation(server_isn=2**32 - 100).syn().syn_ack(seq=step, lost=True).syn(after=1.0)
    talk.hosts["server"].next = 0
    talk.syn_ack().ack(drop=not client_seen).data("client", 100, drop=not client_seen)
    for _ in range(5):
        talk.data("server", 500).data("server", 500).ack("client", drop=not client_seen)
    found = facts(talk.data("server", 10))
    assert (found["acks_unsent"], found["resent"]) == (0, 1)


def test_one_after_the_handshake_counts_for_nothing() -> None:
    talk = Conversation().handshake().data("client", 100).ack("server")
    next_ = talk.hosts["server"].next
    talk.syn_ack(seq=90_000_000, lost=True, after=0.01)
    talk.hosts["server"].next = next_
    talk.ack("client").data("server", 500).ack("client").data("server", 500).ack("client")
    assert facts(talk.close()) == {"acks_unsent": 0, "ack_early": 0, "gap": 0, "resent": 0}
