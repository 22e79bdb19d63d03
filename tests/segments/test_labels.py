"""label_segments as a whole: columns, and what must not change its result."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.schema import LABELS, SEGMENTS, names
from pcapframe.segments import labels
from tests.builders import Conversation, merge, pcap
from tests.segments.made import segments

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


@pytest.mark.parametrize("name", CAPTURES)
def test_columns_and_dtypes(name: str) -> None:
    packets = pf.read_pcap(pf.example(name), progress=False)
    before = packets.copy()
    made = pf.label_segments(packets)
    check_columns(made)
    assert made["conn_id"].drop_duplicates().tolist() == list(range(made["conn_id"].max() + 1))
    assert made.attrs == packets.attrs
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
    monkeypatch.setattr(labels, "CHUNK_ROWS", rows)
    in_parts = pf.label_segments(packets)
    # What a later segment shows of an earlier one is written back only within a chunk.
    late = ["needless"]
    pd.testing.assert_frame_equal(in_parts.drop(columns=late), whole.drop(columns=late))


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
    from pcapframe.connections import establishment, lifecycle, reliability, termination, volume
    from pcapframe.segments import evidence, sequence, tracking

    for name in CAPTURES:
        pf.build_connections(pf.label_segments(pf.read_pcap(pf.example(name), progress=False)))
    segments()
    kernels = [
        tracking.track, sequence.label, evidence.judge, volume._sum, establishment._follow, termination._follow,
        lifecycle._follow, reliability._count, reliability._time,
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
