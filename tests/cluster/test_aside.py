"""What workers keep while a store is written."""

from pathlib import Path

import numpy as np

import pcapframe as pf
from pcapframe.cluster import _aside
from pcapframe.cluster._aside import NO_ANSWER, Into, keep_packets, keep_segments, read_aside


def test_rows_are_read_back_from_where_they_are(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(_aside, "BATCH_ROWS", 10)
    packets, into = pf.read_pcap(pf.example("clean.pcap")), Into("", str(tmp_path), "")
    keep_packets(into, "packets", packets)
    keep_packets(into, "packets", packets)  # a task that runs twice
    assert [file.name for file in tmp_path.iterdir()] == ["packets"]
    assert read_aside(into, "packets")["frame"].to_pylist() == packets.index.tolist()
    some = read_aside(into, "packets", 7, 25)
    assert some["offset"].to_pylist() == packets["offset"].tolist()[7:25]
    assert some["src"].to_pylist() == packets["src"].tolist()[7:25]


def test_segments_say_which_row_they_are_and_what_answers_them(tmp_path: Path) -> None:
    segments, into = pf.label_segments(pf.read_pcap(pf.example("losses.pcap"))), Into("", str(tmp_path), "")
    frames = np.arange(int(segments.index.max()))
    keep_segments(into, "segments", segments, frames % 3, 100 + frames)
    table = read_aside(into, "segments")
    assert table["row"].to_pylist() == (99 + segments.index.to_numpy()).tolist()
    assert table["capture"].to_pylist() == ((segments.index.to_numpy() - 1) % 3).tolist()
    answers = segments["answered_by"].dropna()
    known = table["answer_row"].to_numpy() != NO_ANSWER
    assert table["answer_row"].to_numpy()[known].tolist() == [99 + frame for frame in answers]
    assert table["conn_id"].to_pylist() == segments["conn_id"].tolist()
