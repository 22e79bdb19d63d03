"""Times that cannot be, and what rests on them."""

import numpy as np
import pandas as pd
import pytest

from pcapframe.connections import build_connections
from pcapframe.packets import read_pcap
from pcapframe.segments import label_segments
from pcapframe.segments.times import find_jumps, stand_still, times_that_cannot_be
from tests.builders import Conversation, pcap, pcapng

NOW, YEAR = 1_700_000_000, 365 * 86_400
TALK = [frame for _, frame in Conversation().handshake().data("client", 100).data("server", 2000).close()]


def at(times, make=pcap):
    """A conversation whose packets have these times."""
    return read_pcap(make(list(zip(times, TALK, strict=True))))


def steady(start=NOW):
    return [start + i for i in range(len(TALK))]


def astray(times):
    found = times_that_cannot_be(at(times))
    return [] if found is None else np.flatnonzero(found).tolist()


def changed(**others):
    """Steady times, but for these by their place."""
    times = steady()
    for place, time in others.items():
        times[int(place[1:])] = time
    return times


@pytest.mark.parametrize(
    ("times", "rows", "jumps"),
    [
        (steady(), [], 0),
        (changed(_3=0), [3], 2),  # 1970
        (changed(_3=2**32 - 1), [3], 2),  # 2106
        (changed(_2=5, _3=6, _5=2**32 - 1), [2, 3, 5], 4),
        (changed(_1=0, _3=0, _5=0), [1, 3, 5], 6),
        (steady(100)[:3] + steady()[3:], [], 1),  # the clock is set, for good
        (steady()[:3] + steady(100)[3:], [], 1),
        (changed(_0=0), [], 1),
        (changed(_7=0), [], 1),
        (changed(_3=NOW - YEAR + 10), [], 0),
    ],
    ids=["steady", "1970", "2106", "three", "every other", "set", "set back", "first", "last", "less than a year"],
)
def test_years_from_the_neighbours(times, rows, jumps):
    assert astray(times) == rows
    found = find_jumps(at(times))
    assert (0 if found is None else found.rows.size) == jumps


def test_jumps_are_looked_for_in_each_capture():
    frames = [list(zip(steady(start), TALK, strict=True)) for start in (NOW, NOW - 20 * YEAR)]
    packets = read_pcap([pcap(frames[0]), pcap(frames[1])])
    assert find_jumps(packets) is None
    frames[0][2] = (0, TALK[2])
    packets = read_pcap([pcap(frames[0]), pcap(frames[1])])
    jumps = find_jumps(packets)
    assert packets[jumps.astray]["source_frame"].tolist() == [3]


@pytest.mark.parametrize(("count", "same"), [(3, False), (4, True), (8, True)])
def test_one_time_for_all(count, same):
    packets = read_pcap(pcap([(NOW, frame) for frame in TALK[:count]]))
    assert stand_still(packets) == same
    segments = label_segments(packets)
    assert segments["time"].isna().all() == same
    assert build_connections(segments)["duration_s"].isna().all() == same
    assert packets["time"].notna().all()


def test_no_times_are_not_one_time():
    assert not stand_still(read_pcap(pcapng([(NOW, frame) for frame in TALK], packets="simple")))


@pytest.mark.parametrize(
    "times",
    [changed(_3=0), changed(_0=0), steady(100)[:3] + steady()[3:], changed(_5=NOW - 100), changed(_4=2**32 - 1)],
    ids=["1970", "first", "set", "back", "2106"],
)
@pytest.mark.parametrize("make", [pcap, pcapng])
def test_what_spans_a_jump_has_no_duration(times, make):
    segments = label_segments(at(times, make))
    (connection,) = build_connections(segments).itertuples()
    assert np.isnan(connection.duration_s)
    assert (connection.handshake, connection.ending, connection.syn_count) == ("complete", "fin", 1)
    for name in segments.columns.intersection(["ack_rtt_s"]):
        assert not segments[name].abs().ge(YEAR).any()


def test_other_times_stay():
    segments = label_segments(at(changed(_3=0)))
    expected = label_segments(at(steady()))
    assert segments["time"].isna().tolist() == [i == 3 for i in range(len(TALK))]
    others = segments.index != 4
    assert segments.loc[others, "time"].equals(expected.loc[others, "time"])


def test_labels_are_by_the_times_in_the_file():
    packets = at([NOW] * len(TALK))
    assert label_segments(packets)["retransmission"].tolist() == [False] * len(TALK)
    assert isinstance(packets["time"].dtype, pd.DatetimeTZDtype)
