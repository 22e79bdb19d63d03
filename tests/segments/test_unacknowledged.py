"""Captures made to make lists of unacknowledged segments cost much: the steps over entries stay bounded.

Steps are counted by the kernel (``steps``), not timed; what is removed from a list was added to it once.
"""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.segments.columns import SegmentColumns
from pcapframe.segments.labels import _plain
from pcapframe.segments.sequence import DIRECTION, Labeller, Sequence
from pcapframe.segments.state import part
from pcapframe.segments.tracking import Tracked, Tracker
from pcapframe.segments.unacknowledged import FIRST_STEPS, MOST_UNACKED, STEPS, release_lists
from tests.builders import Frame, packet, pcap


def send(at: float, seq: int, length: int = 0, *, ack: int = 1, flags: str = "A", reply: bool = False) -> Frame:
    ends = {"src": "198.51.100.1", "dst": "192.0.2.1", "sport": 443, "dport": 40_000}
    if not reply:
        ends = {"src": ends["dst"], "dst": ends["src"], "sport": ends["dport"], "dport": ends["sport"]}
    return 1 + at / 1e5, packet(flags=flags, seq=seq % 2**32, ack=ack % 2**32, payload=length, **ends)


def run(frames: Iterable[Frame]) -> tuple[np.ndarray, Sequence]:
    """State of the directions after the frames, and what was labelled."""
    packets = pf.read_pcap(pcap(frames), progress=False)
    segments, rows = SegmentColumns(_plain(packets)), len(packets)
    tracker, labeller = Tracker(), Labeller()
    tracked, labelled = Tracked.room(rows), Sequence.room(rows)
    for start in range(0, rows, 500):
        stop = min(start + 500, rows)
        chunk, of = segments.chunk(start, stop), part(tracked, start, stop)
        tracker.feed(chunk, of)
        labeller.feed(chunk, of, tracker.connections, part(labelled, start, stop))
    return labeller._directions[: 2 * tracker.connections], labelled


def syn_acks(count: int) -> list[Frame]:
    """SYN-ACKs with ever new numbers: each is another base."""
    return [send(i, 1_000_003 * i, flags="SA", reply=True) for i in range(count)]


def creeping(count: int) -> list[Frame]:
    """Many overlapping segments, and acknowledgements that move into them byte by byte."""
    sent = [send(i, 1 + i % 7, 1400) for i in range(count)]
    return sent + [send(count + i, 1, ack=10 + i, reply=True) for i in range(count)]


def between(count: int) -> list[Frame]:
    """Segments that come in an order which is none."""
    order = np.random.default_rng(3).permutation(count)
    return [send(i, 1 + 100 * int(place), 10) for i, place in enumerate(order)]


def highest_renewed(count: int) -> list[Frame]:
    """The highest segment, far above others, is acknowledged and sent anew each time."""
    low = [send(i, 1000 + i, 1) for i in range(count)]
    top = 3 << 30
    for i in range(count):
        low += [send(count + 2 * i, top + 11 * i, 10), send(count + 2 * i + 1, 1, ack=top + 11 * i + 10, reply=True)]
    return low


KINDS = {"syn_acks": syn_acks, "creeping": creeping, "between": between, "highest_renewed": highest_renewed}


@pytest.mark.parametrize("kind", KINDS)
def test_steps_are_bounded_by_packets(kind: str) -> None:
    """What one more packet may cost once a direction has spent its steps is a walk over the entries at most."""
    frames = KINDS[kind](1500)
    directions, _ = run(frames)
    assert directions["packets"].sum() == len(frames)
    most = FIRST_STEPS + STEPS * len(frames) + 2 * MOST_UNACKED
    assert directions["steps"].max() <= most
    given_up = directions[directions["given_up"]]
    assert (given_up["entries"] == 0).all()
    assert (given_up["first_entry"] == -1).all()


def test_what_is_given_up_costs_no_more_and_claims_nothing() -> None:
    directions, seen = run(creeping(1500))
    (given_up,) = directions[directions["given_up"]]
    again, _ = run([*creeping(1500), *(send(3000 + i, 1, ack=2000 + i, reply=True) for i in range(500))])
    assert again[again["given_up"]]["steps"].tolist() == [given_up["steps"]]
    assert np.isnan(seen.ack_rtt_s[2000:]).all()


def test_near_the_newest_takes_no_search() -> None:
    """Segments that come in reverse near the end of a long list."""
    count = 3000
    frames = [send(i, 1 + 100 * i, 100) for i in range(count)]
    frames += [send(count + i, 1 + 100 * (count - 1) - 20 * (i + 1), 10) for i in range(100)]
    directions, seen = run(frames)
    assert directions["steps"].max() <= 2 * 100
    assert not directions["given_up"].any()
    assert seen.bytes_in_flight[-1] == 100 * count


def test_a_transfer_with_losses_takes_few_steps() -> None:
    packets = pf.read_pcap(pf.example("losses.pcap"), progress=False)
    segments = SegmentColumns(_plain(packets[packets["seq"].notna()]))
    tracker, labeller = Tracker(), Labeller()
    rows = segments["seq"].size
    tracked, labelled = Tracked.room(rows), Sequence.room(rows)
    tracker.feed(segments.chunk(0, rows), tracked)
    labeller.feed(segments.chunk(0, rows), tracked, tracker.connections, labelled)
    assert labeller._directions["steps"].sum() < rows
    assert not labeller._directions["given_up"].any()


packets_of_two = st.lists(
    st.tuples(st.booleans(), st.integers(0, 60), st.integers(0, 12), st.integers(0, 60)), min_size=1, max_size=60
)


@given(packets_of_two, st.sampled_from([0, 2**31 - 30, 2**32 - 30]))
def test_flight_and_rtt_are_those_of_a_plain_list(sent: list[tuple[bool, int, int, int]], shift: int) -> None:
    """Against the rules as Wireshark applies them: every entry looked at for every packet."""
    frames = [send(0, shift, flags="S", ack=0), send(1, shift, flags="SA", ack=shift + 1, reply=True)]
    frames += [send(2 + i, shift + 1 + seq, length, ack=shift + 1 + ack, reply=reply)
               for i, (reply, seq, length, ack) in enumerate(sent)]  # fmt: skip
    _, seen = run(frames)
    lists: dict[bool, list[list[int]]] = {False: [[0, 1, 0]], True: [[0, 1, 1]]}
    lists[False] = []  # the SYN-ACK acknowledges the SYN
    for i, (reply, seq, length, ack) in enumerate(sent, 2):
        own, peer = lists[reply], lists[not reply]
        if length:
            own.append([1 + seq, 1 + seq + length, i])
        at = 1 + ack
        found = [entry[2] for entry in peer if entry[1] == at]
        rtt = (i - min(found)) / 1e5 if found else 0
        peer[:] = [[max(start, at), end, order] for start, end, order in peer if end > at]
        assert np.nan_to_num(seen.ack_rtt_s[i]) == pytest.approx(rtt, abs=2e-6)
        if length and seen.bytes_in_flight[i]:
            assert seen.bytes_in_flight[i] == max(entry[1] for entry in own) - min(entry[0] for entry in own)


def test_entries_of_connections_that_are_over_are_free_for_others():
    directions = np.zeros(4, DIRECTION)
    for name, value in (("first_entry", 2), ("last_entry", 0), ("entries", 2)):
        directions[name][3] = value  # of connection 1: places 2 and 0 of the pool
    link, free = np.array([-1, -1, 0, 1], np.int32), np.array([3, 4, 2], np.int64)
    release_lists(np.array([0, 1], np.int32), directions, link, free)
    assert free.tolist() == [2, 4, 0]
    assert link.tolist() == [3, -1, 0, 1]
