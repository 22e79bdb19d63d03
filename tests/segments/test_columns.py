"""What the passes read: chunks hold the same as the frame, whatever Arrow made of the SACK lists."""

import numpy as np
import pandas as pd
import pyarrow as pa

import pcapframe as pf
from pcapframe.segments.columns import SegmentColumns
from pcapframe.segments.labels import _plain


def losses() -> pd.DataFrame:
    packets = pf.read_pcap(pf.example("losses.pcap"), progress=False)
    return packets[packets["seq"].notna()]


def sack_lists(columns: SegmentColumns, start: int, stop: int) -> list[list[int]]:
    chunk = columns.chunk(start, stop)
    return [chunk.sack[a:b].tolist() for a, b in zip(chunk.sack_at[:-1], chunk.sack_at[1:], strict=True)]


def expected_lists(frame: pd.DataFrame, start: int, stop: int) -> list[list[int]]:
    return [[] if edges is pd.NA else list(edges) for edges in frame["sack"].iloc[start:stop]]


def test_chunks_are_rows_of_the_frame() -> None:
    frame = losses()
    columns = SegmentColumns(_plain(frame))
    for start, stop in ((0, 100), (100, 101), (150, 900), (len(frame), len(frame))):
        chunk, rows = columns.chunk(start, stop), frame.iloc[start:stop]
        assert chunk.seq.tolist() == rows["seq"].tolist()
        assert chunk.payload.tolist() == rows["payload_bytes"].astype("Int64").fillna(-1).tolist()
        assert chunk.scale.tolist() == rows["window_scale"].astype("Int64").fillna(-1).tolist()
        assert chunk.tsval.tolist() == rows["tsval"].astype("Int64").fillna(-1).tolist()
        assert sack_lists(columns, start, stop) == expected_lists(frame, start, stop)


def test_sack_lists_in_several_pieces_and_nulls_that_hide_values() -> None:
    frame = losses()
    with_sack = np.flatnonzero(frame["sack"].notna())
    assert with_sack.size > 10
    lists = pa.chunked_array(frame["sack"].array.__arrow_array__()).combine_chunks()
    missing = lists.is_null().to_numpy(zero_copy_only=False)
    missing[with_sack[:5]] = True
    hiding = pa.ListArray.from_arrays(lists.offsets, lists.values, mask=pa.array(missing))
    pieces = pa.chunked_array([hiding[:40], hiding[40:]])
    frame = frame.assign(sack=pd.arrays.ArrowExtensionArray(pieces))
    assert sack_lists(SegmentColumns(_plain(frame)), 0, len(frame)) == expected_lists(frame, 0, len(frame))


def test_no_rows() -> None:
    columns = SegmentColumns(_plain(losses()[:0]))
    assert columns.chunk(0, 0).sack_at.tolist() == [0]
