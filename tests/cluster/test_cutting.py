"""Large captures in parts: the rows and facts of the whole."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import pcapframe as pf
from pcapframe import cluster
from pcapframe.capture.parts import agree
from pcapframe.cluster import _running
from pcapframe.cluster._cutting import cut, join_decoded, joined_rests
from pcapframe.cluster._decoding import decode
from pcapframe.cluster._sources import Source
from pcapframe.cluster._thinning import all_of
from pcapframe.cluster._wire import frame_of, unpack
from tests.builders import Conversation, merge, pcap
from tests.cluster.captures import hold_equal


def source(name: str | Path) -> Source:
    path = str(pf.example(name)) if isinstance(name, str) else str(name)
    return Source(path, path, Path(path).stat().st_size)


def rows(pieces: list[bytes]) -> tuple[pd.DataFrame, list[Any]]:
    """Return what goes to other workers, in the capture's order, and the names that were heard."""
    sent = unpack(pieces)
    order = np.argsort(sent.columns["row"][0], kind="stable")
    frame = frame_of(sent, order)
    texts = {name: frame[name].astype(object) for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)}
    ahead = sent.columns["ahead"][0] if "ahead" in sent.columns else np.zeros(order.size, np.int64)
    heard = sorted((one for piece in sent.pieces for one in piece.get("heard", [])), key=lambda one: one[0])
    return frame.assign(**texts, row=sent.columns["row"][0][order], ahead=ahead[order]), heard


@pytest.mark.parametrize("name", ["losses.pcap", "ipv6.pcapng", "mirrored.pcap.gz"])
def test_parts_of_a_capture_say_what_the_whole_says(name: str, tmp_path: Path) -> None:
    capture = source(name)
    if name.endswith(".gz"):
        (tmp_path / "mirrored.pcap").write_bytes(gzip.decompress(Path(capture.path).read_bytes()))
        capture = source(tmp_path / "mirrored.pcap")
    found = cut(capture, 8_000, overlap=16)
    assert found is not None
    assert len(found.parts) > 3
    made = [decode(capture, 0, 1, (), True, part) for part in found.parts]
    assert agree([said.seam for _, said, _ in made if said.seam])
    got, heard = rows([piece for pieces, _, _ in made for piece in pieces])
    pieces, want, rest = decode(capture, 0, 1, (), True)
    whole, names = rows(pieces)
    assert_frame_equal(got, whole)
    assert [one for one in heard if one[2]] == [one for one in names if one[2]]
    joined = join_decoded([said for _, said, _ in made], found)
    for field in ("info", "link_types", "addresses", "inner_addresses", "size", "ends"):
        assert getattr(joined, field) == getattr(want, field), field
    assert joined.thin.counts == want.thin.counts
    packets, latest = joined_rests([all_of(one) for _, _, one in made if one])
    whole_packets, want_latest = all_of(rest)
    assert latest.tolist() == want_latest.tolist()
    assert_frame_equal(packets.astype(object), whole_packets.astype(object))
    assert_frame_equal(
        joined.thin.packets.astype(object), packets.take(joined.thin.rows).astype(object), check_index_type=False
    )


def test_a_compressed_capture_stays_one() -> None:
    assert cut(source("mirrored.pcap.gz"), 1_000) is None


@pytest.mark.filterwarnings("default")  # of other packages
def test_a_large_capture_has_the_results_of_one_machine(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its second half is decoded by another task, in the same cluster as a small one."""
    monkeypatch.setattr(_running, "part_bytes", lambda _sources, _threads: 60_000)
    files = [str(pf.example(name)) for name in ("losses.pcap", "ipv6.pcapng")]
    got = cluster.analyze(files, client, keep="events", progress=False)
    hold_equal(got, pf.analyze(files, keep="events", progress=False))


def test_a_name_that_begins_long_before_a_cut_is_not_heard_in_parts(tmp_path: Path) -> None:
    """The page on clusters says so: more records lie between its beginning and its end than parts share."""
    asking, other = Conversation(client_port=50_001).handshake(), Conversation(client_port=50_002).handshake()
    asking.send("client", "A", b"GET / HTTP/1.1\r\nHo")
    for _ in range(60):
        other.wait(0.01).data("client", 100).ack("server")
    asking.wait(5.0).send("client", "PA", b"st: a.example\r\n\r\n")
    capture = tmp_path / "long.pcap"
    capture.write_bytes(pcap(merge(asking, other)))
    found = cut(source(capture), 4_000, overlap=16)
    assert found is not None

    def names(pieces: list[bytes]) -> list[Any]:
        return [one[2] for one in rows(pieces)[1] if one[2]]

    assert names(decode(source(capture), 0, 1, (), True)[0]) == ["a.example"]
    parts = [decode(source(capture), 0, 1, (), True, part)[0] for part in found.parts]
    assert names([piece for pieces in parts for piece in pieces]) == []
