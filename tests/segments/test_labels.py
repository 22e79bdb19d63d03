"""label_segments as a whole: columns, and what must not change its result."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.schema import LABELS, SEGMENTS, names
from pcapframe.segments import passes
from tests.builders import Conversation, merge, pcap
from tests.segments.made import segments
from tests.segments.traffic import random_capture

CAPTURES = ["clean.pcap", "losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap", "mirrored.pcap.gz"]
JUDGED = [*names(LABELS), "capture_duplicate", "resent", "resent_bytes", "reordered", "capture_gap", "bytes_in_flight"]


def lossy(**options: int) -> Conversation:
    talk = Conversation(**options).handshake().data("client", 100, lost=True).data("client", 200)  # type: ignore[arg-type]
    talk.ack("server", ack=1, sack=[(101, 301)]).retransmit("client", seq=1, after=0.05).ack("server")
    return talk.data("server", 5000, segment=1000).ack("client").close()


def check_columns(frame: pd.DataFrame) -> None:
    assert list(frame.columns) == names(SEGMENTS)
    for column in SEGMENTS:
        assert str(frame[column.name].dtype) == column.dtype, column.name


def test_packets_and_segments_share_nothing_that_can_be_written() -> None:
    packets = pf.read_pcap(pf.example("clean.pcap"), progress=False)
    packets = packets[packets["seq"].notna()].copy()
    made = pf.label_segments(packets)
    again = pf.label_segments(made)
    packets_before, made_before, again_before = packets.copy(), made.copy(), again.copy()
    first = made.index[0]
    for column in ("wire_bytes", "captured_bytes", "source", "seq", "src_port", "ttl", "tcp_flags", "resent_bytes"):
        made.loc[first, column] = made[column].iloc[0] ^ 1
    pd.testing.assert_frame_equal(packets, packets_before)
    pd.testing.assert_frame_equal(again, again_before)
    changed = made.copy()
    packets.loc[first, ["wire_bytes", "seq", "src_port"]] = 0
    pd.testing.assert_frame_equal(made, changed)
    assert not made.equals(made_before)


def test_addresses_count_alike_whatever_the_order_of_their_categories() -> None:
    packets = pf.read_pcap(pf.example("losses.pcap"), progress=False)
    other = packets.assign(dst=packets["dst"].cat.reorder_categories(packets["dst"].cat.categories[::-1]))
    found, expected = pf.label_segments(other), pf.label_segments(packets)
    columns = ["conn_id", "from_client", "rel_seq", *JUDGED]
    pd.testing.assert_frame_equal(found[columns], expected[columns])
    assert found["dst"].astype(str).tolist() == expected["dst"].astype(str).tolist()


@pytest.mark.parametrize("name", CAPTURES)
def test_columns_and_dtypes(name: str) -> None:
    packets = pf.read_pcap(pf.example(name), progress=False)
    before = packets.copy()
    made = pf.label_segments(packets)
    check_columns(made)
    assert made["conn_id"].drop_duplicates().tolist() == list(range(made["conn_id"].max() + 1))
    kept = {name: value for name, value in packets.attrs.items() if name != "payload_names"}
    assert made.attrs == {**kept, "icmp_errors": made.attrs["icmp_errors"], "names": made.attrs["names"]}
    pd.testing.assert_frame_equal(packets, before)  # the input is as it was


def test_nothing_gives_the_same_columns() -> None:
    check_columns(segments())


def test_a_missing_column_is_named() -> None:
    packets = pf.read_pcap(pcap(merge(lossy())), progress=False)
    with pytest.raises(pf.ParameterError, match="tsval"):
        pf.label_segments(packets.drop(columns="tsval"))


@pytest.mark.parametrize("rows", [1, 7, 100])
@pytest.mark.parametrize("name", ["losses.pcap", "ipv6.pcapng"])
def test_chunks_do_not_matter(name: str, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    packets = pf.read_pcap(pf.example(name), progress=False)
    whole = pf.label_segments(packets)
    monkeypatch.setattr(passes, "CHUNK_ROWS", rows)
    in_parts = pf.label_segments(packets)
    pd.testing.assert_frame_equal(in_parts, whole)


@example(client=2**32 - 50, server=2**32 - 1500)
@given(client=st.integers(0, 2**32 - 1), server=st.integers(0, 2**32 - 1))
def test_initial_numbers_do_not_matter(client: int, server: int) -> None:
    # Wireshark takes the number 0 for "none yet", which its labels inherit.
    assume(all((client + edge) % 2**32 for edge in (0, 1, 101, 301, 302)))
    assume(all((server + edge) % 2**32 for edge in (0, 1, 1001, 2001, 3001, 4001, 5001, 5002)))
    made = segments(lossy(client_isn=client, server_isn=server))
    pd.testing.assert_frame_equal(
        made[[*JUDGED, "rel_seq", "rel_ack"]], segments(lossy())[[*JUDGED, "rel_seq", "rel_ack"]]
    )


@given(seconds=st.integers(0, 10**6))
def test_the_time_of_day_does_not_matter(seconds: int) -> None:
    ours, moved = segments(lossy()), segments(lossy(start=seconds))
    pd.testing.assert_frame_equal(moved[[*JUDGED, "ack_rtt_s"]], ours[[*JUDGED, "ack_rtt_s"]])
    assert (moved["time"] - ours["time"]).nunique() == 1


def test_other_connections_do_not_matter() -> None:
    alone = pf.build_connections(segments(lossy()))
    both = pf.build_connections(segments(lossy(), lossy(client="192.0.2.77", server="198.51.100.77")))
    same = [name for name in alone if name not in ("client", "server")]
    pd.testing.assert_series_equal(both[same].iloc[0], alone[same].iloc[0])
    renamed = both[same].iloc[1]
    pd.testing.assert_series_equal(renamed, alone[same].iloc[0], check_names=False)


def test_every_kernel_is_compiled_once() -> None:
    from pcapframe.connections import (
        establishment,
        histogram,
        identity,
        lifecycle,
        reliability,
        round_trips,
        termination,
        volume,
    )
    from pcapframe.segments import sequence, tracking
    from pcapframe.segments.evidence import judging

    for name in CAPTURES:
        pf.build_connections(pf.label_segments(pf.read_pcap(pf.example(name), progress=False)))
    segments()
    kernels = [
        tracking.track, sequence.label, judging.judge, volume._sum, establishment._follow, termination._follow,
        lifecycle._follow, identity._identify, reliability._count, round_trips._time, histogram._merge, histogram._find,
    ]  # fmt: skip
    assert {kernel.__name__: len(kernel.signatures) for kernel in kernels} == {kernel.__name__: 1 for kernel in kernels}


@pytest.mark.fuzz
@given(st.data())
def test_hostile_numbers_never_break_it(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 60))
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    packets = pf.read_pcap(pf.example("losses.pcap"), progress=False).iloc[:count].copy()
    for column in ("seq", "ack", "window", "payload_bytes", "tsval", "tsecr", "ip_id", "tcp_flags"):
        top = np.iinfo(str(packets[column].dtype).lower()).max
        packets[column] = pd.array(rng.integers(0, top, count, endpoint=True), dtype=packets[column].dtype)
    packets["time"] = packets["time"].sample(frac=1, random_state=seed).to_numpy()
    made = pf.label_segments(packets)
    check_columns(made)
    assert len(pf.build_connections(made)) == made["conn_id"].nunique()


def one_way(seqs: np.ndarray, acks: np.ndarray, from_client: np.ndarray, lengths: np.ndarray) -> pd.DataFrame:
    """Packets frame of one connection, made without a capture: it has many packets."""
    count = seqs.size
    pair = pf.read_pcap(pcap(Conversation().handshake().frames[:2]), progress=False)
    frame = pair.iloc[np.where(from_client, 0, 1)].copy()
    frame.index = pd.RangeIndex(1, count + 1, name="frame")
    frame["time"] = pd.to_datetime(np.arange(count) * 10_000 + 10**18, utc=True)
    for name, column in (("seq", seqs), ("ack", acks), ("payload_bytes", lengths)):
        frame[name] = pd.array(column.astype(np.uint32), dtype="UInt32")
    frame["ip_id"] = pd.array((np.arange(count) % 2**16).astype(np.uint16), dtype="UInt16")
    frame["tcp_flags"] = pd.array(np.full(count, 0x10, np.uint16), dtype="UInt16")
    return frame


@pytest.mark.parametrize("kind", ["gaps without end", "never acknowledged", "slowly acknowledged", "far acknowledged"])
def test_hostile_orders_finish(kind: str) -> None:
    # Wireshark walks over 10,000 segments for each packet here; `test_unacknowledged` counts our steps.
    count = 40_000
    rng = np.random.default_rng(3)
    ours = np.ones(count, np.bool_) if kind in ("gaps without end", "never acknowledged") else np.arange(count) % 2 == 0
    seqs, acks = np.arange(count) * 20 + 1, np.ones(count, np.int64)
    if kind == "never acknowledged":
        seqs = rng.permutation(count) * 10 + 1
    elif kind == "slowly acknowledged":
        seqs, acks = np.where(ours, rng.integers(0, 2**30, count), 1), np.where(ours, 1, np.arange(count))
    elif kind == "far acknowledged":
        seqs, acks = np.where(ours, rng.integers(2**31, 2**32, count), 1), np.where(ours, 1, 2**30)
    made = pf.label_segments(one_way(seqs, acks, ours, np.where(ours, 10, 0)))
    assert len(made) == count
    assert len(pf.build_connections(made)) == 1


@pytest.fixture(scope="module")
def wild() -> pd.DataFrame:
    """Packets frame of random traffic, some of it damaged."""
    return pf.read_pcap(random_capture(11, 3_000, damage=0.1), progress=False)


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_chunks_of_wild_traffic_do_not_matter(wild: pd.DataFrame, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pf.label_segments(wild)
    monkeypatch.setattr(passes, "CHUNK_ROWS", rows)
    pd.testing.assert_frame_equal(pf.label_segments(wild), whole)


def test_names_and_order_of_addresses_do_not_matter(wild: pd.DataFrame) -> None:
    known = wild["src"].cat.categories
    renamed = wild.copy()
    for name in ("src", "dst"):
        turned = wild[name].cat.set_categories(known[::-1])
        renamed[name] = turned.cat.rename_categories({address: f"host {i}" for i, address in enumerate(known)})
    ours, theirs = pf.label_segments(wild), pf.label_segments(renamed)
    pd.testing.assert_frame_equal(ours.drop(columns=["src", "dst"]), theirs.drop(columns=["src", "dst"]))
    ours, theirs = pf.build_connections(ours), pf.build_connections(theirs)
    ends = ["client", "server"]
    pd.testing.assert_frame_equal(ours.drop(columns=ends), theirs.drop(columns=ends))


def test_captures_of_other_hosts_do_not_matter(wild: pd.DataFrame) -> None:
    known = wild["src"].cat.categories
    other = wild.copy()
    both = pd.CategoricalDtype([*known, *(f"other {address}" for address in known)])
    for name in ("src", "dst"):
        other[name] = wild[name].cat.rename_categories({address: f"other {address}" for address in known}).astype(both)
    first = wild.assign(src=wild["src"].astype(both), dst=wild["dst"].astype(both))
    frames = pd.concat([first, other]).iloc[np.arange(2 * len(wild)).reshape(2, -1).T.ravel()]
    frames.index = pd.RangeIndex(1, len(frames) + 1, name="frame")
    alone = pf.build_connections(pf.label_segments(wild))
    made = pf.build_connections(pf.label_segments(frames))
    mixed = made[made["client"].isin(known)].reset_index(drop=True).drop(columns=["client", "server"])
    pd.testing.assert_frame_equal(mixed, alone.reset_index(drop=True).drop(columns=["client", "server"]))


def test_a_shift_in_time_does_not_matter(wild: pd.DataFrame) -> None:
    shift = pd.Timedelta(days=400, microseconds=3)
    ours = pf.build_connections(pf.label_segments(wild))
    theirs = pf.build_connections(pf.label_segments(wild.assign(time=wild["time"] + shift)))
    times = ["start", "end"]
    pd.testing.assert_frame_equal(ours.drop(columns=times), theirs.drop(columns=times))
    assert ((theirs["start"] - ours["start"]) == shift).all()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_any_unit_stay_what_they_are(unit: str) -> None:
    """Where one packet's time cannot be, and is null."""
    packets = pf.read_pcap(pf.example("losses.pcap"), progress=False)
    times = packets["time"].copy()
    times.iloc[10] += pd.Timedelta(days=400)
    changed = packets.assign(time=times.dt.as_unit(unit))
    changed.attrs = packets.attrs
    found = pf.label_segments(changed)["time"]
    assert found.dtype == f"datetime64[{unit}, UTC]"
    assert found.index[found.isna()].tolist() == [changed.index[10]]
    assert found.dropna().tolist() == changed["time"][found.dropna().index].tolist()


@pytest.mark.parametrize("dtype", ["float64", "uint32[pyarrow]"])
def test_numbers_of_other_dtypes_are_null_where_they_are(dtype: str) -> None:
    packets = pf.read_pcap(pf.example("clean.pcap"), progress=False)
    changed = packets.assign(seq=packets["seq"].astype(dtype), quoted_seq=packets["quoted_seq"].astype(dtype))
    changed.attrs = packets.attrs
    expected, found = pf.label_segments(packets), pf.label_segments(changed)
    assert 0 < len(expected) < len(packets)
    assert found["conn_id"].tolist() == expected["conn_id"].tolist()
    assert found.attrs == expected.attrs


def test_frames_of_any_kind_of_label() -> None:
    packets = pf.read_pcap(pf.example("clean.pcap"), progress=False)
    named = packets.set_axis(packets.index.astype(object))
    named.attrs = packets.attrs
    assert pf.label_segments(named)["conn_id"].tolist() == pf.label_segments(packets)["conn_id"].tolist()
