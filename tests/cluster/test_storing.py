"""Packets and segments as they stay."""

from pathlib import Path

import numpy as np
import pandas as pd

import pcapframe as pf
from pcapframe.cluster._aside import Into, keep_packets, keep_segments
from pcapframe.cluster._frames import Frames, Shared
from pcapframe.cluster._storing import Slice, Stretch, pieces_by_stretch, write_stretch
from pcapframe.schema import PACKETS, SEGMENTS, names


def test_two_captures_at_the_same_time_are_put_in_order(tmp_path: Path) -> None:
    """One that was read twice: the rows of the second capture come before those of the first with the same time."""
    packets = pf.read_pcap(pf.example("losses.pcap"))
    segments, size = pf.label_segments(packets), len(packets)
    into = Into(str(tmp_path), str(tmp_path), "store")
    keep_packets(into, "packets", packets)
    keep_segments(into, "segments", segments, np.zeros(size, np.int64), np.arange(size))
    latest = np.maximum.accumulate(packets["time"].to_numpy("datetime64[ns]").view(np.int64))
    frames = Frames([size, size], [latest, latest])
    place = frames.shared(str(tmp_path / "frames.npy"))
    assert isinstance(place, Shared)
    mine = frames.of_capture(0)
    count = segments["conn_id"].nunique()
    pieces = pieces_by_stretch(
        into, "segments", numbers=np.arange(count, dtype=np.int32) + 7, turned=np.array([7]), place=place,
        firsts=np.array([1, 1001]),
    )  # fmt: skip
    cut = int(np.searchsorted(mine, 1001))
    slices = [
        Slice("packets", 0, cut, 0, 0, 0),
        Slice("packets", 0, int(np.searchsorted(frames.of_capture(1), 1001)), 1, 0, 3),
    ]
    write_stretch(into, pieces[:1], Stretch("packets.parquet", 1, 1000, slices), place)
    made = pd.read_parquet(tmp_path / "packets.parquet").set_index("frame")
    assert made.index.tolist() == list(range(1, 1001))
    own, plain = made[made["source"] == 0], packets.iloc[:cut]
    assert own.index.tolist() == mine[:cut].tolist()
    for name in names(PACKETS):
        if name not in ("source", "interface", "sack"):
            assert own[name].astype(object).isna().tolist() == plain[name].isna().tolist()
            got, want = (one[name].dropna().tolist() for one in (own, plain))
            assert got == want, name
    said = own[own["conn_id"].notna()]
    first = segments.iloc[: len(said)]
    assert said["conn_id"].astype(int).tolist() == (first["conn_id"] + 7).tolist()
    turned = first["from_client"] ^ (first["conn_id"] == 0)
    assert said["from_client"].astype(bool).tolist() == turned.tolist()
    for name in set(names(SEGMENTS)) - set(names(PACKETS)) - {"conn_id", "from_client", "answered_by"}:
        assert said[name].dropna().tolist() == first[name].dropna().tolist(), name
    assert made[made["source"] == 1]["conn_id"].isna().all()
