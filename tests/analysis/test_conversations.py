"""Turns beside Wireshark's TRANSUM, and what may not change them."""

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.schema import TURNS, WAITS
from tests.builders import Conversation, Frame, merge, pcap
from tests.conftest import examples, in_ci, sampled
from tests.conversation import transum
from tests.conversation.made import turns
from tests.names.hellos import hello

DATA = Path(__file__).parent.parent.parent / "data"
FRAMES = [column.name for column in TURNS if column.name.endswith("frame")]

# Each talk is a list of turns: bytes of the request, bytes of the segments of the response, wait, service time.
SIZES = st.integers(1, 1400)
SECONDS = st.integers(0, 3_000).map(lambda thousandths: thousandths / 1000)
TALKS = st.lists(st.tuples(SIZES, st.lists(SIZES, min_size=1, max_size=5), SECONDS, SECONDS), min_size=1, max_size=5)
SOME = examples(12)  # conversations per test: building packets and analysing them takes most of a second
Talk = list[tuple[int, list[int], float, float]]


def built(talk: Talk, *, pieces: int = 1, **options: Any) -> Conversation:
    """The conversation; every segment in as many pieces, captured at the same time."""
    made = Conversation(rtt=0.01, **options).handshake()
    for request, response, wait, service in talk:
        _send(made, "client", request, wait, pieces)
        for place, size in enumerate(response):
            _send(made, "server", size, 0.01 + service if place == 0 else 0.001, pieces)
        made.ack()
    return made


def _send(made: Conversation, side: Any, size: int, after: float, pieces: int) -> None:
    parts = [size // 2, size - size // 2] if pieces == 2 and size > 1 else [size]
    for place, part in enumerate(parts):
        made.data(side, part, after=after if place == 0 else 0)


def without(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return frame.drop(columns=[*columns])


@settings(max_examples=SOME)
@given(TALKS, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(1, 4_000_000_000))
def test_numbers_and_times_do_not_matter(talk: Talk, client_isn: int, server_isn: int, start: int) -> None:
    expected = turns(built(talk))
    assert len(expected) == len(talk)
    assert expected["request_bytes"].tolist() == [request for request, *_ in talk]
    assert expected["response_bytes"].tolist() == [sum(response) for _, response, *_ in talk]
    assert expected["wait_s"].tolist()[0] == talk[0][2]
    assert expected["service_s"].tolist() == pytest.approx([0.01 + service for *_, service in talk])
    moved = turns(built(talk, client_isn=client_isn, server_isn=server_isn, start=start))
    pd.testing.assert_frame_equal(moved, expected, rtol=0, atol=2e-6)  # times of packets are floats here


@settings(max_examples=SOME)
@given(TALKS)
def test_names_of_endpoints_do_not_matter(talk: Talk) -> None:
    other = built(talk, client="2001:db8::7", server="2001:db8::8", client_port=80, server_port=50_000)
    pd.testing.assert_frame_equal(turns(other), turns(built(talk)))


@settings(max_examples=SOME)
@given(TALKS)
def test_a_segment_in_two_pieces_is_the_same(talk: Talk) -> None:
    split = turns(built(talk, pieces=2))
    pd.testing.assert_frame_equal(without(split, *FRAMES), without(turns(built(talk)), *FRAMES))


@settings(max_examples=SOME)
@given(TALKS, st.randoms(use_true_random=False))
def test_duplicates_do_not_matter(talk: Talk, random: Any) -> None:
    frames: list[Frame] = []
    for frame in built(talk):
        frames.append(frame)
        if random.random() < 0.3:
            frames.append((frame[0] + 1e-6, frame[1]))
    pd.testing.assert_frame_equal(without(turns(frames), *FRAMES), without(turns(built(talk)), *FRAMES))


@settings(max_examples=SOME)
@given(TALKS)
def test_the_order_within_a_response_does_not_matter(talk: Talk) -> None:
    talk = [(request, [1400, *response, 1400], wait, service) for request, response, wait, service in talk]
    expected, frames = turns(built(talk)), list(built(talk))
    for first, last in zip(expected["response_frame"], expected["response_end_frame"], strict=True):
        at = range(first - 1, last)  # their places in the list
        for place in at[::2]:
            if place + 1 in at:
                (one, data), (other, following) = frames[place], frames[place + 1]
                frames[place], frames[place + 1] = (one, following), (other, data)
    pd.testing.assert_frame_equal(turns(frames), expected)


@settings(max_examples=SOME)
@given(TALKS, st.randoms(use_true_random=False))
def test_what_is_sent_again_does_not_matter(talk: Talk, random: Any) -> None:
    expected, again = turns(built(talk)), []
    made = Conversation(rtt=0.01).handshake()
    for request, response, wait, service in talk:
        _send(made, "client", request, wait, 1)
        again.append(random.random() < 0.5)
        if again[-1]:
            made.retransmit("client", after=0.004)
        for place, size in enumerate(response):
            _send(made, "server", size, 0.01 + service - 0.004 * (place == 0 and again[-1]) if place == 0 else 0.001, 1)
        made.ack()
    found = turns(made)
    changed = (*FRAMES, "resent_segments", "round_trip_s")  # Karn: what was sent again gives no round trip
    pd.testing.assert_frame_equal(without(found, *changed), without(expected, *changed), rtol=0, atol=2e-6)
    assert found["resent_segments"].tolist() == again


@settings(max_examples=SOME)
@given(TALKS, st.data())
def test_a_capture_that_begins_late_and_ends_early(talk: Talk, data: Any) -> None:
    """Turns whose segments are all captured are those of the whole; at both ends half of one may be left."""
    frames = list(built(talk))
    first = data.draw(st.integers(0, len(frames) - 1), label="first")
    last = data.draw(st.integers(first, len(frames) - 1), label="last")
    whole, part = turns(frames), turns(frames[first : last + 1])
    part[FRAMES] += first
    inside = whole[(whole["request_frame"] > first) & (whole["response_end_frame"] <= last + 1)]
    if not inside.empty:
        own = part[part["request_frame"].isin(inside["request_frame"])]
        left_out = ["turn", "wait_s", "round_trip_s", "gap_bytes"]  # they tell of what was before
        kept = [without(side, *left_out).reset_index(drop=True) for side in (own, inside)]
        pd.testing.assert_frame_equal(*kept)
    assert len(part) <= len(inside) + 2


def test_a_million_turns() -> None:
    """Small segments on one connection; the frames are made by repeating columns, since building packets takes long."""
    packets = pf.read_pcap(pcap(built([(10, [20], 0.0, 0.0)] * 2)), progress=False)
    body = packets.iloc[3:6]  # request, response, acknowledgement
    count = 1_000_000
    repeated = body.loc[np.tile(body.index, count)]
    step = np.repeat(np.arange(count, dtype=np.uint32), 3)
    own = np.where(np.tile([True, False, True], count), 10, 20).astype(np.uint32)
    other = np.where(np.tile([True, False, True], count), 20, 10).astype(np.uint32)
    repeated = repeated.assign(
        seq=(repeated["seq"].to_numpy(np.uint32) + step * own).astype("uint32"),
        ack=(repeated["ack"].to_numpy(np.uint32) + step * other).astype("uint32"),
        time=repeated["time"] + pd.to_timedelta(step * np.int64(50_000_000), unit="ns"),
        ip_id=pd.array((step % 60_000 + 1).astype(np.uint16), dtype="UInt16"),
    )
    whole = pd.concat([packets.iloc[:3], repeated]).astype(packets.dtypes.to_dict())
    whole.index = pd.RangeIndex(1, len(whole) + 1, name="frame")
    whole.attrs = packets.attrs
    began = time.process_time()
    analysis = pf.analyze(whole)
    found = pf.turns(analysis)
    assert time.process_time() - began < 120  # some seconds; in time that grows with the square, hours
    assert len(found) == count
    assert analysis.connections["turns"].tolist() == [count]
    assert not found["overlapping"].any()
    assert (found["response_bytes"] == 20).all()


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("capture", in_ci(sorted(DATA.glob("*.pcap*")), 5), ids=lambda path: path.name)
def test_captures_have_the_turns_of_transum(capture: Path) -> None:
    assert transum.compared(capture).unequal == []


@pytest.mark.needs_program("tshark")
def test_the_corpus_has_the_turns_of_transum(shared_corpus: Path) -> None:
    """`python -m benchmarks.turns_of_transum` compares all of it."""
    compared, unequal = 0, {}
    captures = sampled(sorted(shared_corpus.rglob("*.pcap*")), 20)
    for capture in captures:
        if capture.stat().st_size > 3_000_000:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", pf.CaptureWarning)
                found = transum.compared(capture)
        except pf.PcapframeError:
            continue
        compared += found.turns
        unequal |= {(capture.name, frame): None for frame in found.unequal}
    assert compared > len(captures) // 2
    assert len(unequal) <= 0.005 * compared, list(unequal)


@pytest.mark.parametrize("by", ["server", "client"])
def test_waits_sum_up_connections_and_turns(by: Any) -> None:
    analysis = pf.analyze(pf.example("losses.pcap"))
    found, connections, each = pf.sum_waits(analysis, by=by), analysis.connections, pf.turns(analysis)
    assert [(name, str(dtype)) for name, dtype in found.dtypes.items()] == [(c.name, c.dtype) for c in WAITS]
    sent = [f"{side}_{name}_s" for side in ("client", "server")
            for name in ("busy", "window_limited", "repairing", "idle")]  # fmt: skip
    for name in ("turns", "duration_s", "service_total_s", "client_wait_s", *sent):
        assert found[name].sum() == pytest.approx(connections[name].sum())
    assert found["connections"].sum() == len(connections)
    assert found["service_total_s"].is_monotonic_decreasing
    kept = each.loc[~each["overlapping"]].join(connections[["client", "server", "server_port"]], on="conn_id")
    for row in found.itertuples():
        ends = kept["client"] if by == "client" else kept["server"].astype(str) + ":" + kept["server_port"].astype(str)
        service = kept.loc[ends == row.endpoint, "service_s"].dropna()
        assert row.service_turns == len(service)
        if len(service):
            assert row.service_p95_s == pytest.approx(np.quantile(service, 0.95))
    with pytest.raises(pf.ParameterError):
        pf.sum_waits(analysis, by="port")  # type: ignore[arg-type]


def test_sender_time_of_a_connection_without_the_scale_of_its_windows_is_not_split() -> None:
    known = Conversation(client_port=4001).handshake().data("client", 100).ack("server", after=0.5).close()
    unknown = Conversation(client_port=4002, start=2).data("client", 100).data("server", 100, after=0.5).ack().close()
    analysis = pf.analyze(pcap(merge(known, unknown)), progress=False)
    connections, (found,) = analysis.connections, pf.sum_waits(analysis).itertuples()
    assert connections["client_window_limited_s"].isna().tolist() == [False, True]
    assert found.client_known == 2
    assert found.client_unsplit_s == pytest.approx(connections["client_busy_s"].iloc[1])
    assert found.client_window_limited_s == connections["client_window_limited_s"].iloc[0]


def test_waits_by_name() -> None:
    def asked(name: bytes | None, host: str, port: int) -> Conversation:
        made = Conversation("192.0.2.1", port, host, 443, rtt=0.01).handshake()
        made.send("client", "PA", hello(name)).data("server", 500, after=1).ack()
        return made

    frames = merge(
        asked(b"a.example", "198.51.100.1", 4001),
        asked(b"a.example", "198.51.100.2", 4002),
        asked(None, "198.51.100.1", 4003),
        asked(b"198.51.100.1:443", "198.51.100.3", 4004),  # a name that reads like an address
    )
    found = pf.sum_waits(pf.analyze(pcap(frames), progress=False), by="name")
    assert [(name, str(dtype)) for name, dtype in found.dtypes.items()] == [(c.name, c.dtype) for c in WAITS]
    assert found["endpoint"].tolist()[0] == "a.example"
    assert found["connections"].tolist() == [2, 1, 1]
    assert found["endpoint"].tolist()[1:] == 2 * ["198.51.100.1:443"]  # two rows: one is a name
    bare = pf.sum_waits(pf.analyze(pcap(frames), progress=False, names=False), by="name")
    assert sorted(bare["endpoint"]) == ["198.51.100.1:443", "198.51.100.2:443", "198.51.100.3:443"]


def test_waits_of_nothing() -> None:
    found = pf.sum_waits(pf.analyze(pf.example("clean.pcap"), server_port=9))
    assert found.empty
    assert [str(dtype) for dtype in found.dtypes] == [column.dtype for column in WAITS]
