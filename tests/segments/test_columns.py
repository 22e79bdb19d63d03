"""What the passes read: chunks hold the same as the frame, and say where Wireshark shows nothing."""

import pandas as pd

import pcapframe as pf
from pcapframe.segments.columns import SegmentColumns
from pcapframe.segments.labels import _plain


def losses() -> pd.DataFrame:
    packets = pf.read_pcap(pf.example("losses.pcap"), progress=False)
    return packets[packets["seq"].notna()]


def test_chunks_are_rows_of_the_frame() -> None:
    frame = losses()
    columns = SegmentColumns(_plain(frame))
    for start, stop in ((0, 100), (100, 101), (150, 900), (len(frame), len(frame))):
        chunk, rows = columns.chunk(start, stop), frame.iloc[start:stop]
        assert chunk.seq.tolist() == rows["seq"].tolist()
        assert chunk.payload_bytes.tolist() == rows["payload_bytes"].astype("Int64").fillna(-1).tolist()
        assert chunk.window_scale.tolist() == rows["window_scale"].astype("Int64").fillna(-1).tolist()
        assert chunk.sack_at.size == chunk.seq.size + 1


def test_nothing_is_shown_of_a_header_that_is_not_whole() -> None:
    frame = losses()
    assert not SegmentColumns(_plain(frame)).hidden.any()
    cut = frame.copy()
    cut.iloc[1, cut.columns.get_loc("payload_bytes")] = pd.NA
    cut.iloc[2, cut.columns.get_loc("options_malformed")] = pd.NA
    cut.iloc[3, cut.columns.get_loc("tcp_header_bytes")] = 16
    assert SegmentColumns(_plain(cut)).hidden[:6].tolist() == [False, True, True, True, False, False]


def test_no_rows() -> None:
    columns = SegmentColumns(_plain(losses()[:0]))
    assert columns.chunk(0, 0).sack_at.tolist() == [0]
