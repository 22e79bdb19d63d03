"""An analysis that is opened again is the same, and is read no further than needed."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import pcapframe as pf
from pcapframe.analysis import Analysis, stored
from pcapframe.errors import ParameterError, PcapframeWarning
from pcapframe.store import Store, stores_folder
from tests.builders import UDP, Conversation, ethernet, ipv4, pcap, udp

ROOT = Path(__file__).parent.parent.parent
CAPTURES = [*sorted((ROOT / "data").glob("*.pcap*")), *sorted((ROOT / "tests/cases").rglob("*.pcap*"))[::4]]
PARTS = ("capture", "statistics", "summary", "standouts", "message", "notes", "selection", "thresholds", "provenance")


def same(one: Analysis, other: Analysis) -> None:
    for name in PARTS:
        assert getattr(one, name) == getattr(other, name), name
    assert [pattern.to_dict() for pattern in one.patterns] == [pattern.to_dict() for pattern in other.patterns]
    assert [found.to_dict() for found in one.health.findings] == [found.to_dict() for found in other.health.findings]
    for name in ("packets", "segments", "connections"):
        frame, back = getattr(one, name), getattr(other, name)
        assert_frame_equal(frame, back, check_exact=True, check_index_type="equiv")
        assert frame.attrs == back.attrs
        for column in frame.select_dtypes("category"):
            assert frame[column].cat.categories.equals(back[column].cat.categories), column
    assert str(one) == str(other)


@pytest.mark.filterwarnings("ignore::pcapframe.CaptureWarning")
@pytest.mark.parametrize("group", range(4))
def test_every_capture_comes_back_the_same(tmp_path, group):
    compared = 0
    for capture in CAPTURES[group::4]:
        try:
            analysis = pf.analyze(capture)
        except pf.CaptureError:
            continue
        same(analysis, pf.analyze(pf.write_store(analysis, tmp_path / "kept")))
        compared += 1
    assert compared > 5


@pytest.mark.parametrize(
    "packets",
    [
        [],
        [(1.0, ethernet(ipv4("192.0.2.1", "198.51.100.1", UDP, udp("192.0.2.1", "198.51.100.1", 5000, 53, b"?"))))],
        list(Conversation().handshake().data("client", 3000).close()),
    ],
)
def test_nothing_and_little(tmp_path, packets):
    analysis = pf.analyze(pcap(packets))
    same(analysis, pf.analyze(pf.write_store(analysis, tmp_path / "kept")))


@pytest.mark.parametrize(
    "asked",
    [{"server_port": 8443}, {"start": "2026-11-23T15:29:05Z"}, {"server_ip": "198.51.100.20"}, {"server_port": 9}],
)
def test_a_filter_gives_what_it_gives_of_the_capture(tmp_path, asked):
    folder = pf.write_store(pf.analyze(pf.example("resets.pcap")), tmp_path / "kept")
    of_capture, of_store = pf.analyze(pf.example("resets.pcap"), **asked), pf.analyze(folder, **asked)
    assert str(of_capture) == str(of_store)
    assert_frame_equal(of_capture.connections, of_store.connections)
    assert_frame_equal(of_capture.filtered_segments, of_store.filtered_segments)
    answers = [pf.analyze_tcp_anomalies(analysis) for analysis in (of_capture, of_store)]
    assert answers[0] | {"analysis_timestamp": ""} == answers[1] | {"analysis_timestamp": ""}


@pytest.mark.parametrize(("keep", "frame"), [("packets", "packets"), ("packets", "segments"), ("events", "events")])
def test_a_store_that_was_replaced_since_it_was_opened_is_said(tmp_path, keep, frame):
    folder = tmp_path / "kept"
    pf.write_store(pf.analyze(pf.example("resets.pcap")), folder, keep=keep)
    before = pf.analyze(folder)
    pf.write_store(pf.analyze(pf.example("clean.pcap")), folder, keep=keep)
    with pytest.raises(pf.CaptureFormatError, match="kept: was replaced by another store since it was opened"):
        getattr(before, frame)
    assert len(getattr(pf.analyze(folder), frame)) > 0


def test_only_what_is_used_is_read(tmp_path, monkeypatch):
    folder = pf.write_store(pf.analyze(pf.example("resets.pcap")), tmp_path / "kept")
    read = []
    for name in ("packets", "segments", "connections"):
        whole = getattr(Store, name)
        monkeypatch.setattr(Store, name, lambda self, name=name, whole=whole: read.append(name) or whole(self))
    analysis = pf.analyze(folder)
    assert "stands out" in str(analysis)
    assert len(analysis.standouts) == len(pf.analyze(pf.example("resets.pcap")).standouts)
    assert read == ["connections"]
    assert len(analysis.segments) == len(analysis.segments)
    assert read == ["connections", "segments"]
    assert_frame_equal(pf.read_pcap(folder), pf.read_pcap(pf.example("resets.pcap")))


def test_connections_alone(tmp_path):
    analysis = pf.analyze(pf.example("resets.pcap"))
    whole = pf.write_store(analysis, tmp_path / "whole")
    folder = pf.write_store(analysis, tmp_path / "kept", keep="connections")
    small = pf.analyze(folder)
    assert not (folder / "packets.parquet").exists()
    assert (whole / "packets.parquet").exists()
    assert str(small) == str(analysis)
    assert_frame_equal(small.connections, analysis.connections)
    with pytest.raises(ParameterError, match=r'keeps connections only: .* keep="packets"'):
        pf.read_pcap(folder)
    for lacks in ("packets", "segments", "events"):
        with pytest.raises(ParameterError, match=f'are not kept .*with keep="{lacks}"'):
            getattr(small, lacks)


@pytest.mark.parametrize("keep", ["events", "connections"])
def test_answers_are_the_same_without_packets(keep, tmp_path):
    whole = pf.analyze(pf.example("losses.pcap"))
    kept = pf.analyze(pf.write_store(whole, tmp_path / "kept", keep=keep))
    again = pf.analyze(pf.write_store(kept, tmp_path / "again"))  # keeps what is kept
    for small in (kept, again):
        assert small.keep == keep
        assert small.count_statistics(limit=3) == whole.count_statistics(limit=3)
        for ask in (pf.analyze_tcp_anomalies, pf.analyze_tcp_connections, pf.analyze_tcp_retransmissions):
            of_small, of_whole = ask(small), ask(whole)
            del of_small["analysis_timestamp"], of_whole["analysis_timestamp"]
            assert of_small == of_whole
    if keep == "events":
        assert_frame_equal(again.events, whole.events)
        assert again.events.attrs == whole.events.attrs


def test_what_a_store_cannot_keep(tmp_path):
    analysis = pf.analyze(pf.example("resets.pcap"))
    with pytest.raises(ParameterError, match="whole capture"):
        pf.write_store(pf.analyze(analysis, server_port=80), tmp_path / "kept")
    with pytest.raises(ParameterError, match="expected one of packets, events, connections"):
        pf.write_store(analysis, tmp_path / "kept", keep="bytes")  # type: ignore[arg-type]
    folder = pf.write_store(analysis, tmp_path / "kept")
    for refused in (lambda: pf.analyze(folder, decode_as="udp.port=1,vxlan"), lambda: pf.read_pcap([folder, folder])):
        with pytest.raises(ParameterError, match="store"):
            refused()


@pytest.fixture
def capture(tmp_path, monkeypatch):
    monkeypatch.setattr(stored, "stores_folder", lambda: tmp_path / "stores")
    return shutil.copy(pf.example("resets.pcap"), tmp_path / "mine.pcap")


def counted_reads(monkeypatch) -> list[object]:
    reads: list[object] = []
    whole = stored.analyze
    monkeypatch.setattr(stored, "analyze", lambda source, **given: reads.append(source) or whole(source, **given))
    return reads


def test_a_cache_is_used_until_the_capture_changes(tmp_path, monkeypatch, capture):
    reads = counted_reads(monkeypatch)
    first = pf.analyze(capture, cache=True)
    same(first, pf.analyze(capture, cache=True))
    assert pf.analyze(capture, cache=True, server_port=8443).statistics["total_connections"] == 2
    assert len(reads) == 1
    pf.analyze(capture, cache=True, names=False)
    assert len(reads) == 2
    shutil.copy(pf.example("clean.pcap"), capture)
    assert pf.analyze(capture, cache=True).capture.packets == pf.analyze(pf.example("clean.pcap")).capture.packets
    assert len(reads) == 3
    for path in (tmp_path / "stores").rglob("connections.parquet"):
        path.write_bytes(b"damaged")
    same(pf.analyze(capture, cache=True), pf.analyze(capture))
    assert len(reads) == 4


def test_what_is_no_file_is_not_kept(tmp_path, monkeypatch, capture):
    pf.analyze(Path(capture).read_bytes(), cache=True)
    pf.analyze(pf.read_pcap(capture), cache=True)
    assert not (tmp_path / "stores").exists()
    with pytest.raises(pf.ParameterError, match="decode_as"):
        pf.analyze(pf.read_pcap(capture), cache=True, decode_as="udp.port=1,vxlan")


def test_the_stores_used_last_are_kept(tmp_path, monkeypatch, capture):
    reads = counted_reads(monkeypatch)
    other = shutil.copy(pf.example("clean.pcap"), tmp_path / "other.pcap")
    pf.analyze(capture, cache=True)
    size = sum(path.stat().st_size for path in (tmp_path / "stores").rglob("*") if path.is_file())
    monkeypatch.setenv("PCAPFRAME_CACHE_BYTES", str(size * 3 // 2))
    pf.analyze(other, cache=True)
    pf.analyze(other, cache=True)
    assert len(reads) == 2
    pf.analyze(capture, cache=True)
    assert len(reads) == 3


def test_a_cache_that_cannot_be_written_is_said(tmp_path, monkeypatch, capture):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(stored, "stores_folder", lambda: tmp_path / "file" / "stores")
    with pytest.warns(PcapframeWarning, match="not kept"):
        analysis = pf.analyze(capture, cache=True)
    assert len(analysis.connections) == 42


def test_the_cache_is_beside_the_kernels(monkeypatch, tmp_path):
    monkeypatch.setenv("PCAPFRAME_CACHE_DIR", str(tmp_path))
    assert stores_folder() == tmp_path / "stores"
    assert os.path.isabs(stores_folder())


SQL = """
SELECT c.server, count(*) AS resets
FROM '{folder}/packets.parquet' p JOIN '{folder}/connections.parquet' c USING (conn_id)
WHERE p.tcp_flags & 4 <> 0 GROUP BY c.server ORDER BY resets DESC, c.server
"""


def test_other_tools_read_the_files(tmp_path):
    duckdb, polars = pytest.importorskip("duckdb"), pytest.importorskip("polars")
    analysis = pf.analyze(pf.example("resets.pcap"))
    folder = pf.write_store(analysis, tmp_path / "kept")
    resets = analysis.segments[analysis.segments["tcp_flags"] & pf.schema.RST != 0]
    expected = analysis.connections.loc[resets["conn_id"], "server"].astype(str).value_counts()
    by_duckdb = dict(duckdb.sql(SQL.format(folder=folder)).fetchall())
    assert by_duckdb == expected.to_dict()
    packets = polars.read_parquet(folder / "packets.parquet")
    assert packets.height == len(analysis.packets)
    assert packets["conn_id"].drop_nulls().len() == len(analysis.segments)
    assert packets["wire_bytes"].sum() == analysis.packets["wire_bytes"].sum()
    by_pandas = pd.read_parquet(folder / "connections.parquet")
    assert by_pandas["server"].astype(str).tolist() == analysis.connections["server"].astype(str).tolist()
