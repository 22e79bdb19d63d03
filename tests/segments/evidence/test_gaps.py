"""Captures made to make the lists of gaps grow: work stays bounded, and labels past the bound stay right.

Work is counted, not timed: a packet of a direction looks at each gap remembered there at most once when it fills some
and once when it opens one. So the sum over packets of the gaps remembered then is a bound on all steps taken.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.segments.columns import SegmentColumns
from pcapframe.segments.evidence import Evidence, EvidencePass
from pcapframe.segments.evidence.directions import NOBODY
from pcapframe.segments.evidence.gaps import MOST_GAPS
from pcapframe.segments.evidence.needs import MOST_RESENDS
from pcapframe.segments.exchange.hosts import Known
from pcapframe.segments.labels import _plain
from pcapframe.segments.state import part
from pcapframe.segments.tracking import Tracked, Tracker
from tests.builders import Conversation, Frame, packet, pcap

HOLES = 3 * MOST_GAPS


def every_second(count: int, *, ids: bool = True, timestamps: bool = True) -> list[Frame]:
    """Every second segment of `count`, so that each but the first opens a gap."""
    return [frame(2 * i, i, ids=ids, timestamps=timestamps) for i in range(count)]


def frame(place: int, sent: int, *, at: float = 0.0, ids: bool = True, timestamps: bool = True) -> Frame:
    """Segment number `place` of 100 bytes, sent as number `sent`."""
    return at + 1 + sent / 1000, packet(
        flags="A", seq=1000 + 100 * place, payload=100, ip_id=sent % 65535 + 1 if ids else 0,
        ts=(10_000 + sent, 1) if timestamps else None,
    )  # fmt: skip


def all_judged(connections: int) -> tuple[np.ndarray, Known]:
    """Which connections to judge, all of them, and what is known of their hosts: nothing."""
    return np.ones(connections, np.bool_), Known(np.zeros(2 * connections, np.int64), np.zeros(2 * connections, bool))


def gaps_after_each(frames: Iterable[Frame]) -> Iterator[tuple[int, int]]:
    """Feed packets one at a time; yield how many gaps are linked in the largest list, and how many are in use."""
    packets = pf.read_pcap(pcap(frames), progress=False)
    segments = SegmentColumns(_plain(packets))
    tracker, judging = Tracker(), EvidencePass()
    tracked, out = Tracked.room(len(packets)), Evidence.room(len(packets))
    tracker.feed(segments.chunk(0, len(packets)), tracked)
    said = np.zeros(len(packets), np.uint16)
    for i in range(len(packets)):
        judging.feed(segments.chunk(i, i + 1), part(tracked, i, i + 1), *all_judged(tracker.connections), out, said)
        longest = 0
        for direction in judging._directions:
            linked, at = 0, int(direction["first_gap"]) if direction["gaps"] else NOBODY
            while at != NOBODY:
                linked += 1
                at = int(judging._pools.gaps.link[at])
            assert linked == direction["gaps"]
            longest = max(longest, linked)
        yield longest, int(judging._pools.free[2])


def test_no_more_gaps_than_the_bound_whatever_comes() -> None:
    seen = list(gaps_after_each(every_second(HOLES)))
    assert max(longest for longest, _ in seen) == MOST_GAPS
    assert max(used for _, used in seen) == MOST_GAPS  # places of forgotten gaps are used again
    assert seen[MOST_GAPS][0] == MOST_GAPS  # it was reached, and held
    assert seen[-1][0] == MOST_GAPS


def test_twice_the_packets_are_at_most_twice_the_work() -> None:
    def steps(count: int) -> int:
        return sum(longest for longest, _ in gaps_after_each(every_second(count)))

    once, twice = steps(2 * MOST_GAPS), steps(4 * MOST_GAPS)
    assert twice - once == 2 * MOST_GAPS * MOST_GAPS  # the bound for each packet more, no growth beyond it
    assert twice <= MOST_GAPS * 4 * MOST_GAPS


def test_splitting_gaps_is_bounded_too() -> None:
    """One gap of many bytes, then single segments in its middle: each splits it."""
    frames = [frame(0, 0), frame(4 * HOLES, 1)]
    frames += [frame(4 * i + 2, 2 + i) for i in range(HOLES)]
    assert max(longest for longest, _ in gaps_after_each(frames)) == MOST_GAPS


def labels(frames: Iterable[Frame]) -> pd.DataFrame:
    return pf.label_segments(pf.read_pcap(pcap(sorted(frames, key=lambda pair: pair[0])), progress=False))


@pytest.mark.parametrize(("ids", "timestamps"), [(True, True), (True, False), (False, True)])
def test_overtaken_originals_past_the_bound_are_not_called_resent(ids: bool, timestamps: bool) -> None:
    """All segments were sent in order; the even ones passed first."""
    known = {"ids": ids, "timestamps": timestamps}
    order = [*range(0, 2 * HOLES, 2), *range(1, 2 * HOLES - 2, 2)]
    frames = [(1 + i / 1000, frame(place, place, **known)[1]) for i, place in enumerate(order)]
    made = labels(frames)
    assert not made["resent"].any()
    assert made["reordered"].sum() == HOLES - 1


@pytest.mark.parametrize(("ids", "timestamps"), [(True, True), (True, False), (False, True)])
def test_resends_past_the_bound_are_called_resent(ids: bool, timestamps: bool) -> None:
    """The odd segments were lost before the capture, and sent again after all others."""
    known = {"ids": ids, "timestamps": timestamps}
    frames = every_second(HOLES, **known)
    frames += [frame(2 * i + 1, HOLES + i, **known) for i in range(HOLES - 1)]
    made = labels(frames)
    assert made["resent"].sum() == HOLES - 1
    assert not made["reordered"].any()
    rules = set(made["resend_rule"].dropna())
    assert rules == {"identification" if ids else "timestamp"}


def test_without_evidence_nothing_is_said_past_the_bound() -> None:
    """Neither identification nor timestamp, and sooner than any round trip: it could be either."""
    order = [*range(0, 2 * HOLES, 2), *range(1, 2 * (HOLES - MOST_GAPS) - 2, 2)]
    packets_ = [frame(place, place, ids=False, timestamps=False)[1] for place in order]
    made = labels([(1 + i / 1_000_000, data) for i, data in enumerate(packets_)])
    late = made.iloc[HOLES:]
    assert not late["resent"].any()
    assert not late["reordered"].any()
    assert late["needless"].isna().all()


def test_the_same_segment_twice_past_the_bound_is_resent() -> None:
    frames = [*every_second(HOLES), frame(0, HOLES, at=0.5), frame(2, HOLES + 1, at=0.5)]
    assert labels(frames)["resent"].tolist()[-2:] == [True, True]


def test_many_connections_share_the_pool() -> None:
    """Gaps of closed lists are used again: as many places as gaps are open at once."""
    frames: list[Frame] = []
    for number in range(40):
        talk = Conversation(client_port=1000 + number, start=float(number)).handshake()
        for _ in range(5):
            talk.data("client", 100, drop=True).data("client", 100)
        frames += talk.ack("server")
    seen = np.array(list(gaps_after_each(frames)))
    assert seen[:, 0].max() == 5
    assert seen[:, 1].max() == 5
    assert seen[-1, 1] == 0


def test_a_hostile_capture_stays_bounded_in_resends_too() -> None:
    """Repeats of many starts: each looks at a bounded number of copies, and the first is still found."""
    frames = [frame(i, i) for i in range(HOLES)]
    frames += [frame(i % 7, HOLES + i) for i in range(HOLES)]
    analysis = pf.analyze(pcap(frames))
    found = pf.resends(analysis)
    assert len(found) == HOLES
    assert found["first_copy"].tolist() == [i % 7 + 1 for i in range(HOLES)]


def test_no_more_resends_wait_than_the_bound() -> None:
    """Many resends that nothing acknowledges: the list keeps the newest, and its places are used again."""
    packets = pf.read_pcap(pcap([*(frame(i, i) for i in range(HOLES)), *(frame(i, HOLES + i) for i in range(HOLES))]))
    segments = SegmentColumns(_plain(packets)).chunk(0, len(packets))
    tracker, judging = Tracker(), EvidencePass()
    tracked, out = Tracked.room(len(packets)), Evidence.room(len(packets))
    tracker.feed(segments, tracked)
    judging.feed(segments, tracked, *all_judged(tracker.connections), out, np.zeros(len(packets), np.uint16))
    direction = judging._directions[judging._directions["resends"] > 0][0]
    at, rows = int(direction["newest_resend"]), []
    while at != NOBODY:
        rows.append(int(judging._pools.unanswered.row[at]))
        at = int(judging._pools.unanswered.link[at])
    assert rows == list(range(2 * HOLES - 1, 2 * HOLES - 1 - MOST_RESENDS, -1))
    assert judging._pools.free.tolist()[3:6] == [NOBODY, MOST_RESENDS, MOST_RESENDS]
