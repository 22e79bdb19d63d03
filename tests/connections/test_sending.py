"""What senders were doing, by hand. Captured at the client, 20 ms from the server and back, unless a test says so."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcapframe as pf
from tests.builders import Conversation, Side, merge, pcap
from tests.conftest import examples
from tests.connections.made import connection

DATA = Path(__file__).parent.parent.parent / "data"
RTT, STEP = 0.02, 0.0001
SEGMENT = 1000  # bytes of a full one
NAMES = ("busy_s", "window_limited_s", "repairing_s", "idle_s")


def talk(**options: object) -> Conversation:
    chosen = {"rtt": RTT, "mss": SEGMENT, "timestamps": False, **options}
    return Conversation(**chosen).handshake()  # type: ignore[arg-type]


def narrow(**options: object) -> Conversation:
    """The server takes two segments at a time."""
    return talk(**{"window_scale": None, "window": 2 * SEGMENT, **options})


def times(seen: pd.Series, side: str) -> list[float]:
    return [float(seen[f"{side}_{name}"]) for name in NAMES]


def test_busy_until_acknowledged() -> None:
    seen = connection(talk().data("client", 300).ack("server").data("client", 300, after=1).ack("server"))
    assert times(seen, "client") == pytest.approx([2 * RTT, 0, 0, STEP + 1])
    assert times(seen, "server") == pytest.approx([0, 0, 0, STEP + 1 + 2 * RTT])
    assert not seen["client_window_scale_bounded"]


def test_busy_while_anything_is_outstanding() -> None:
    more = talk().data("client", 300).data("client", 300, after=0.01).ack("server", ack=301).ack("server", after=0.005)
    assert times(connection(more), "client") == pytest.approx([0.01 + RTT + 0.005, 0, 0, STEP])


def test_a_fin_counts_and_a_syn_does_not() -> None:
    closed = talk().fin("client").ack("server").fin("server", after=1).ack()
    assert times(connection(closed), "client") == pytest.approx([RTT, 0, 0, STEP + 1 + STEP])


def test_what_the_capture_point_sees_reaches_the_sender_later() -> None:
    seen = connection(talk().data("server", 300).ack().wait(1).ack())
    assert times(seen, "server") == pytest.approx([STEP + RTT, 0, 0, RTT + STEP + 1 + STEP - STEP - RTT])
    before_it_got_the_ack = talk().data("server", 300).ack().data("server", 300, after=0.01).ack().wait(1).ack()
    assert times(connection(before_it_got_the_ack), "server")[0] == pytest.approx(STEP + 0.01 + STEP + RTT)


def test_repairing_until_all_sent_before_is_acknowledged() -> None:
    lost = talk().data("client", SEGMENT, lost=True).data("client", SEGMENT)
    lost.ack("server").retransmit("client", 1, after=0.2).ack("server")
    assert times(connection(lost), "client") == pytest.approx([STEP + RTT + 0.2 + RTT, 0, RTT, STEP])


def test_a_resend_of_part_goes_on_until_the_rest_is_acknowledged() -> None:
    lost = talk().data("client", SEGMENT, lost=True).data("client", SEGMENT, lost=True)
    lost.retransmit("client", 1, after=0.2).ack("server").retransmit("client", SEGMENT + 1).ack("server")
    assert times(connection(lost), "client")[2] == pytest.approx(RTT + STEP + RTT)


def test_limited_by_the_window() -> None:
    full = narrow().data("client", 2 * SEGMENT, segment=SEGMENT).ack("server")
    full.data("client", 2 * SEGMENT, segment=SEGMENT).ack("server")
    assert times(connection(full), "client") == pytest.approx([STEP + RTT + STEP + STEP + RTT, RTT + STEP, 0, STEP])


def test_not_limited_if_more_comes_late_or_would_have_fitted() -> None:
    late = narrow().data("client", 2 * SEGMENT, segment=SEGMENT).ack("server").data("client", SEGMENT, after=1)
    assert connection(late.ack("server"))["client_window_limited_s"] == 0
    small = narrow().data("client", SEGMENT).data("client", 500).data("client", 400, after=0.01).ack("server")
    assert connection(small)["client_window_limited_s"] == 0
    last = narrow().data("client", 2 * SEGMENT, segment=SEGMENT).ack("server").fin("client").ack("server")
    assert connection(last)["client_window_limited_s"] == 0


def test_held_back_by_a_window_of_zero() -> None:
    stopped = narrow().data("client", 2 * SEGMENT, segment=SEGMENT).ack("server", window=0)
    stopped.keep_alive("client", after=0.3).ack("server", window=0)  # a window probe, as Linux sends it
    stopped.ack("server", after=0.7).data("client", SEGMENT).ack("server")
    limited = RTT + 0.3 + RTT + 0.7 + STEP
    assert times(connection(stopped), "client") == pytest.approx([STEP + limited + RTT, limited, 0, STEP])


def test_a_window_that_stays_zero_holds_back_who_probes_it() -> None:
    stopped = narrow().data("client", 2 * SEGMENT, segment=SEGMENT).ack("server", window=0)
    silent = connection(stopped.wait(1).ack("server", window=0))
    assert times(silent, "client") == pytest.approx([STEP + RTT, 0, 0, STEP + 1 + STEP])
    probing = connection(stopped.keep_alive("client", after=0.3).ack("server", window=0))
    limited = RTT + 1 + STEP + 0.3 + RTT
    assert times(probing, "client") == pytest.approx([STEP + limited, limited, 0, STEP])


def test_where_both_hold_the_window_has_the_time() -> None:
    lost = narrow().data("client", SEGMENT, lost=True).data("client", SEGMENT)
    lost.ack("server").retransmit("client", 1, after=0.2).ack("server").data("client", SEGMENT).ack("server")
    assert times(connection(lost), "client") == pytest.approx(
        [STEP + RTT + 0.2 + RTT + STEP + RTT, RTT + 0.2 + RTT + STEP, 0, STEP]
    )


def test_a_window_of_unknown_scale() -> None:
    def late(segments: int) -> pd.Series:
        made = Conversation(rtt=RTT, timestamps=False, window=2 * SEGMENT)
        for side in ("client", "server"):
            made.hosts[side].next = made.hosts[side].acked = 1
        made.data("server", 10).data("client", 10)
        for _ in range(4):
            made.ack("server").data("client", segments * SEGMENT, segment=SEGMENT)
        return connection(made.ack("server"))

    within = late(1)
    assert within[["client_busy_s", "client_window_limited_s"]].isna().tolist() == [False, True]
    assert pd.isna(within["client_window_scale_bounded"])
    beyond = late(4)  # twice what the window says: shifted by 1 at least
    assert beyond["client_window_limited_s"] == pytest.approx(3 * (RTT + STEP))
    assert beyond["client_window_scale_bounded"]
    assert pd.isna(beyond["server_window_scale_bounded"])


def test_null_where_the_capture_cannot_show_it() -> None:
    def nulls(made: Conversation) -> set[str]:
        seen = connection(made)
        return {side for side in ("client", "server") if np.isnan(times(seen, side)).all()}

    assert nulls(Conversation().refused()) == {"client", "server"}
    assert nulls(Conversation().syn().syn_ack()) == {"client", "server"}
    one_way = Conversation().syn().syn_ack(drop=True).ack().data("client", 10).ack("server", drop=True)
    assert nulls(one_way.data("client", 10)) == {"client", "server"}
    missing = talk().data("client", 300, drop=True).ack("server").data("client", 300).ack("server")
    assert nulls(missing) == {"client"}
    within = talk().data("client", 300).data("client", 300, drop=True).ack("server").wait(1).ack("server")
    assert times(connection(within), "client")[0] == pytest.approx(STEP + RTT)


@pytest.mark.parametrize("resent", [0, 1])
def test_a_distant_sender_is_unknown_on_a_path_that_loses_much(resent: int) -> None:
    made = talk().data("server", 300).ack().data("client", 300, after=1)
    for _ in range(resent):
        made.retransmit("client", after=0.3)
    seen = connection(made.ack("server").wait(1).ack())
    assert np.isnan(seen["server_busy_s"]) == bool(resent)
    assert not np.isnan(seen["client_busy_s"])


@pytest.mark.parametrize(("step", "known"), [(0.5, False), (0.005, True)])
def test_a_clock_that_is_set_back(step: float, known: bool) -> None:
    made = talk(start=10).data("client", 300).ack("server", after=-step).data("client", 10).ack("server")
    seen = pf.build_connections(pf.label_segments(pf.read_pcap(pcap(list(made)), progress=False))).iloc[0]
    expected = [RTT - step + STEP, 0, 0, STEP] if known else [np.nan] * 4
    assert times(seen, "client") == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("name", ["losses.pcap", "clean.pcap", "ipv6.pcapng", "resets.pcap", "midstream.pcap"])
def test_parts_add_up(name: str) -> None:
    seen = pf.analyze(DATA / name, progress=False).connections
    for side in ("client", "server"):
        busy, limited, repairing, idle = (seen[f"{side}_{part}"].to_numpy() for part in NAMES)
        known = ~np.isnan(busy)
        assert known.any()
        assert ((np.nan_to_num(limited) + repairing <= busy + 1e-9) & (idle >= 0))[known].all()
        whole = known & (seen["handshake"] == "complete").to_numpy() & (seen["syn_count"] == 1).to_numpy()
        since = np.rint(seen["duration_s"] * 1e9) - np.rint(seen["handshake_s"] * 1e9)
        assert (np.rint(busy * 1e9) + np.rint(idle * 1e9))[whole].tolist() == since[whole].tolist()


def long_talk(**options: object) -> Conversation:
    made = narrow(**options)
    for step in range(30):
        made.data("client", 2 * SEGMENT, segment=SEGMENT, lost=step % 7 == 3).ack("server")
        if step % 7 == 3:
            made.retransmit("client", made.hosts["server"].acked, after=0.2).ack("server")
            made.retransmit("client").ack("server")
        made.data("server", 700).ack(after=0.002)
    return made.close()


def test_numbers_that_wrap_and_copies_change_nothing() -> None:
    expected = connection(long_talk())
    assert expected["client_window_limited_s"] > 0
    assert expected["client_repairing_s"] > 0
    wrapped = connection(long_talk(client_isn=2**32 - 9000, server_isn=2**32 - 3000))
    later = connection(long_talk(start=1e6))
    made = long_talk()
    frames = [copy for time, data in made for copy in ((time, data), (time + 2e-6, data))]
    copied = pf.analyze(pf.read_pcap(pcap(frames), progress=False)).connections.iloc[0]
    for side in ("client", "server"):
        for seen in (wrapped, later):
            assert times(seen, side) == pytest.approx(times(expected, side), nan_ok=True)
        assert times(copied, side) == pytest.approx(times(expected, side), abs=3e-6, nan_ok=True)


class Exchange(NamedTuple):
    """What one side sends; perhaps the other sends at the same time, not knowing of it."""

    side: Side
    segments: int
    size: int  # bytes of each
    is_lost: bool  # the first, which is sent again
    pause_ms: int  # before
    is_crossed: bool


EXCHANGES = st.lists(
    st.builds(
        Exchange, st.sampled_from(["client", "server"]), st.integers(1, 4), st.integers(2, SEGMENT), st.booleans(),
        st.integers(0, 2_000), st.booleans(),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip
APART_S = 1_000  # the same exchanges again: far enough for them to be no second view
ISN = st.integers(0, 2**32 - 1)


def exchanged(exchanges: list[Exchange], *, pieces: int = 1, swapped: bool = False, **options: object) -> Conversation:
    """A conversation of these exchanges: every segment in as many pieces, what crosses in the other order."""
    made = talk(**options)
    for one in exchanges:
        other: Side = "server" if one.side == "client" else "client"
        first = made.hosts[one.side].next
        for number in range(one.segments):
            wait = one.pause_ms / 1000 + STEP if number == 0 else STEP
            sizes = [one.size // 2, one.size - one.size // 2] if pieces == 2 else [one.size]
            is_lost = one.is_lost and number == 0
            for place, size in enumerate(sizes):
                made.data(one.side, size, after=0 if place else wait, lost=is_lost)
        if one.is_lost:
            made.retransmit(one.side, first, after=0.3)
            if pieces == 2:
                made.retransmit(one.side, first + one.size // 2, after=0)
        made.ack(other, after=RTT)
        if one.is_crossed:
            sides: list[Side] = [other, one.side] if swapped else [one.side, other]
            acked = {side: made.hosts[side].acked for side in sides}
            made.wait(STEP)
            for side in sides:
                made.data(side, 100, after=0, ack=acked[side])
            made.ack("client", after=RTT).ack("server", after=RTT)
    return made


def sender_times(*made: Conversation) -> list[list[float]]:
    """What both senders of each conversation did, each checked to add up."""
    seen = pf.build_connections(pf.label_segments(pf.read_pcap(pcap(merge(*made)), progress=False)))
    assert len(seen) == len(made)
    since = np.rint(seen["duration_s"] * 1e9) - np.rint(seen["handshake_s"] * 1e9)
    for side in ("client", "server"):
        busy, idle = (np.rint(seen[f"{side}_{name}_s"] * 1e9) for name in ("busy", "idle"))
        known = busy.notna()
        assert (busy + idle)[known].tolist() == since[known].tolist()
    return [[value for side in ("client", "server") for value in times(one, side)] for _, one in seen.iterrows()]


@settings(max_examples=examples(20), deadline=None)
@given(EXCHANGES, ISN, ISN, st.integers(1, 1_000_000))
def test_nothing_that_is_only_named_otherwise_matters(
    exchanges: list[Exchange], client_isn: int, server_isn: int, later: int
) -> None:
    """Neither sequence numbers and when they wrap, nor time, nor endpoints."""
    ends = {"client": "2001:db8::9", "server": "2001:db8::1", "client_port": 999, "server_port": 443}
    expected, *same = sender_times(
        exchanged(exchanges),
        exchanged(exchanges, client_port=40_001, start=APART_S, client_isn=client_isn, server_isn=server_isn),
        exchanged(exchanges, client_port=40_002, start=2 * APART_S, client_isn=2**32 - 50, server_isn=2**32 - 50),
        exchanged(exchanges, start=3 * APART_S, **ends),
        exchanged(exchanges, client_port=40_003, start=4 * APART_S + later),
    )
    for each in same:
        assert each == pytest.approx(expected, abs=1e-9, nan_ok=True)


@settings(max_examples=examples(20), deadline=None)
@given(EXCHANGES)
def test_neither_pieces_nor_the_order_of_what_crosses_matters(exchanges: list[Exchange]) -> None:
    expected, pieces, swapped = sender_times(
        exchanged(exchanges),
        exchanged(exchanges, client_port=40_001, start=APART_S, pieces=2),
        exchanged(exchanges, client_port=40_002, start=2 * APART_S, swapped=True),
    )
    assert pieces == pytest.approx(expected, abs=1e-9, nan_ok=True)
    assert swapped == pytest.approx(expected, abs=1e-9, nan_ok=True)


@settings(max_examples=examples(20), deadline=None)
@given(EXCHANGES, st.randoms(use_true_random=False))
def test_packets_that_were_captured_twice_do_not_matter(exchanges: list[Exchange], random: Any) -> None:
    expected, copied = exchanged(exchanges), exchanged(exchanges)
    copied.frames = [copy for frame in copied.frames for copy in [frame] * random.choice([1, 2, 2])]
    assert sender_times(copied) == [pytest.approx(each, abs=1e-9, nan_ok=True) for each in sender_times(expected)]


@pytest.mark.parametrize(("tick_ms", "expected"), [(1, 2.04), (10, 0.04), (4, 0.04)])
def test_timestamps_tell_how_long_a_segment_was_under_way(tick_ms: int, expected: float) -> None:
    """Two responses, each acknowledged at once; the second one is held up for 2 s on its way.

    Only a clock with ticks of 1 ms, as far as was seen, tells: what is seen 2 s late was sent 2 s before.
    """
    made = Conversation(rtt=RTT, mss=SEGMENT, timestamps=False)

    def stamp(later: float = 0) -> tuple[int, int]:
        return 7_000 + int((made.now + later) * 1000) // tick_ms, 1

    made.syn(ts=(5, 0)).syn_ack(ts=stamp(RTT)).ack(ts=(5, 1))
    made.data("client", 100, after=0.2, ts=(5, 1)).data("server", 500, after=RTT, ts=stamp(RTT)).ack(ts=(5, 1))
    made.data("client", 100, after=5, ts=(5, 1))
    made.data("server", 500, after=2 + RTT, ts=stamp(RTT)).ack(ts=(5, 1)).wait(1).ack(ts=(5, 1))
    assert times(connection(made), "server")[0] == pytest.approx(expected, abs=0.004)
