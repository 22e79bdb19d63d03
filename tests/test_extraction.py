"""A selection written as a capture: the same bytes, the same times, refused where it cannot be so."""

import bz2
import gzip
import struct
import subprocess
import warnings
from itertools import accumulate
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.dissection import packet_bytes
from pcapframe.errors import CaptureError, CaptureNotFoundError, ParameterError
from tests.builders import Conversation, Pcapng, merge, packet, pcap, pcap_header, pcap_record, pcapng
from tests.capture.frames import SNAP, aggregate
from tests.conftest import examples

START = 1_700_000_000
FRAMES = [(START + i / 8, packet(seq=i, payload=bytes([i % 256]) * (i % 7))) for i in range(40)]
WRITER = Pcapng(big_endian=True)
# Two interfaces of different link types and units of time.
SEVERAL = (
    WRITER.section()
    + WRITER.interface(name="eth0")
    + WRITER.interface(link_type=101, tsresol=9, snaplen=100)
    + b"".join(
        WRITER.enhanced(
            int(t * (10**9 if i % 3 == 1 else 10**6)), d[14:] if i % 3 == 1 else d, interface=int(i % 3 == 1)
        )
        for i, (t, d) in enumerate(FRAMES)
    )
)
SNOOP = b"snoop\0\0\0" + struct.pack(">II", 2, 4)
SNOOP += b"".join(
    struct.pack(">IIIIII", len(d), len(d), 24 + len(d), 0, int(t), int(t % 1 * 10**6)) + d for t, d in FRAMES
)
ERF = b"".join(
    struct.pack("<II", int(t % 1 * 2**32), int(t)) + struct.pack(">BBHHHH", 2, 4, 18 + len(d), 0, len(d), 0) + d
    for t, d in FRAMES
)
SHORT = pcap_header() + b"".join(pcap_record(t, d, wire_bytes=len(d) - 1 - i % 3) for i, (t, d) in enumerate(FRAMES))
PATCHED = bytes.fromhex("34cdb2a1") + pcap_header()[4:]
PATCHED += b"".join(pcap_record(t, d)[:16] + struct.pack("<IHBB", 2, 0x800, 0, 0) + d for t, d in FRAMES)
OLD = pcap(FRAMES, snaplen=60)  # before version 2.4, the length on the wire comes first
OLD = OLD[:6] + b"\2" + OLD[7:]
for at, _ in zip(accumulate([24, *(16 + min(60, len(d)) for _, d in FRAMES)]), FRAMES, strict=False):
    OLD = OLD[: at + 8] + OLD[at + 12 : at + 16] + OLD[at + 8 : at + 12] + OLD[at + 16 :]
CAPTURES = {
    "snoop": SNOOP,
    "ERF": ERF,
    "original lengths below captured": SHORT,
    "patched": PATCHED,
    "version 2.2": OLD,
    "two in one": pcap(FRAMES[:20]) + pcap(FRAMES[20:], nanoseconds=True, big_endian=True),
    "pcap": pcap(FRAMES),
    "big-endian nanoseconds": pcap(FRAMES, big_endian=True, nanoseconds=True),
    "pcapng": pcapng(FRAMES, tsresol=9),
    "two interfaces": SEVERAL,
    "gzip": gzip.compress(pcap(FRAMES)),
    "bz2": bz2.compress(SEVERAL),
    "snaplen": pcap(FRAMES, snaplen=60),
}
SAME = ["time", "wire_bytes", "captured_bytes", "src", "dst", "seq", "ttl", "payload_bytes"]


def same_packets(packets: pd.DataFrame, written: pd.DataFrame, before: Path, after: Path) -> None:
    assert len(packets) == len(written)
    for name in SAME:
        assert packets[name].astype(object).tolist() == written[name].astype(object).tolist(), name
    for frame, again in zip(packets.index, written.index, strict=True):
        whole = packets.attrs["capture"]["name"] == str(before)
        assert packet_bytes(packets, frame, source=before if whole else None) == packet_bytes(written, again)


@pytest.mark.parametrize("suffix", [".pcap", ".pcapng"])
@pytest.mark.filterwarnings("ignore:.*holds 2 captures")
@pytest.mark.parametrize("name", CAPTURES)
def test_bytes_and_times_are_kept(name: str, suffix: str, tmp_path: Path) -> None:
    path, target = tmp_path / "a capture", tmp_path / f"out{suffix}"
    path.write_bytes(CAPTURES[name])
    packets = pf.read_pcap(path)
    chosen = packets[packets.index % 3 != 2] if suffix == ".pcap" else packets.iloc[::2]
    assert pf.write_pcap(chosen, target) == len(chosen)
    same_packets(chosen, pf.read_pcap(target), path, target)


def test_interfaces_are_kept(tmp_path: Path) -> None:
    path, target = tmp_path / "a.pcapng", tmp_path / "b.pcapng"
    path.write_bytes(SEVERAL)
    packets = pf.read_pcap(path)
    pf.write_pcap(packets, target)
    written = pf.read_pcap(target)
    assert written["interface"].tolist() == packets["interface"].tolist()
    assert written.attrs["capture"]["interfaces"] == packets.attrs["capture"]["interfaces"]
    with pytest.raises(ParameterError, match=r"several link types \(Ethernet, raw IP\), pcap has one: write a .pcapng"):
        pf.write_pcap(packets, tmp_path / "b.pcap")
    assert not (tmp_path / "b.pcap").exists()


def test_segments_and_rows_in_any_order_are_written_once_in_the_capture_s(tmp_path: Path) -> None:
    path = pf.example("resets.pcap")
    analysis = pf.analyze(path)
    chosen = analysis.segments[analysis.segments["conn_id"] == 3]
    mixed = pd.concat([chosen.iloc[::-1], chosen.iloc[:2]])
    mixed.attrs = chosen.attrs
    before = mixed.copy()
    assert pf.write_pcap(mixed, tmp_path / "a.pcap") == len(chosen)
    pd.testing.assert_frame_equal(mixed, before)
    written = pf.analyze(tmp_path / "a.pcap")
    assert written.connections["history"].tolist() == analysis.connections.loc[[3], "history"].tolist()
    assert written.segments["time"].tolist() == chosen["time"].tolist()


def test_a_whole_analysis(tmp_path: Path) -> None:
    analysis = pf.analyze(pf.example("mirrored.pcap.gz"))
    assert pf.write_pcap(analysis, tmp_path / "all.pcap") == len(analysis.packets)
    again = pf.analyze(tmp_path / "all.pcap")
    assert again.statistics == analysis.statistics


@pytest.mark.parametrize("suffix", [".pcap", ".pcapng"])
def test_several_captures(suffix: str, tmp_path: Path) -> None:
    data = {"a": pcapng(FRAMES), "b": gzip.compress(pcap([(t + 0.01, d) for t, d in FRAMES]))}
    for name, each in data.items():
        (tmp_path / name).write_bytes(each)
    merged = pf.read_pcap([tmp_path / name for name in data])
    pf.write_pcap(merged.iloc[5:], tmp_path / f"c{suffix}")
    written = pf.read_pcap(tmp_path / f"c{suffix}")
    assert written["time"].tolist() == merged["time"].tolist()[5:]
    bytes_of = [packet_bytes(merged, frame) for frame in merged.index[5:]]
    assert [packet_bytes(written, frame) for frame in written.index] == bytes_of


@pytest.mark.parametrize("suffix", [".pcap", ".pcapng"])
def test_nothing_is_a_capture_without_packets(suffix: str, tmp_path: Path) -> None:
    packets = pf.read_pcap(pf.example("clean.pcap"))
    assert pf.write_pcap(packets.iloc[:0], tmp_path / f"a{suffix}") == 0
    written = pf.read_pcap(tmp_path / f"a{suffix}")
    assert len(written) == 0
    assert pf.capture_info(written).link_types == ["Ethernet"]


def test_batches_and_stretches_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pf.example("losses.pcap")
    packets = pf.read_pcap(path)
    for name, size in (("BATCH_BYTES", 3000), ("SPAN_BYTES", 1000), ("GAP_BYTES", 100)):
        monkeypatch.setattr(f"pcapframe.extraction.{name}", size)
    pf.write_pcap(packets[packets["wire_bytes"] > 100], tmp_path / "a.pcapng")
    same_packets(packets[packets["wire_bytes"] > 100], pf.read_pcap(tmp_path / "a.pcapng"), path, tmp_path)


@settings(max_examples=examples(25))
@given(
    frames=st.lists(
        st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 10**9 - 1), st.binary(max_size=90)), max_size=9
    ),
    data=st.data(),
)
def test_any_packets(tmp_path_factory: pytest.TempPathFactory, frames: list, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("any")
    made = WRITER.section() + WRITER.interface(tsresol=9)
    made += b"".join(WRITER.enhanced(s * 10**9 + ns, each, wire_bytes=len(each) + 5) for s, ns, each in frames)
    (folder / "a").write_bytes(made)
    packets = pf.read_pcap(folder / "a")
    keep = data.draw(st.lists(st.booleans(), min_size=len(frames), max_size=len(frames)))
    chosen = packets[np.array(keep, bool)]
    for name in ("b.pcap", "b.pcapng"):
        pf.write_pcap(chosen, folder / name)
        again = pf.read_pcap(folder / name)
        assert again["time"].tolist() == chosen["time"].tolist()
        assert again["wire_bytes"].tolist() == chosen["wire_bytes"].tolist()
        kept = [each for (_, _, each), is_kept in zip(frames, keep, strict=True) if is_kept]
        assert [packet_bytes(again, frame) for frame in again.index] == kept


def test_times_before_1970(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(pcapng([(-5.5, packet()), (3.25, packet())], tsoffset=-100, tsresol=9))
    packets = pf.read_pcap(tmp_path / "a")
    pf.write_pcap(packets, tmp_path / "b.pcapng")
    assert pf.read_pcap(tmp_path / "b.pcapng")["time"].tolist() == packets["time"].tolist()
    with pytest.raises(ParameterError, match="no times before 1970"):
        pf.write_pcap(packets, tmp_path / "b.pcap")


def test_packets_without_a_time_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(pcapng(FRAMES, packets="simple"))
    with pytest.raises(ParameterError, match="40 of 40 packets have no time"):
        pf.write_pcap(pf.read_pcap(tmp_path / "a"), tmp_path / "b.pcapng")


def test_a_capture_that_is_cut_off(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CAPTURES["pcap"][:-3])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pf.CaptureWarning)
        packets = pf.read_pcap(tmp_path / "a")
    assert pf.write_pcap(packets, tmp_path / "b.pcap") == 39


@pytest.mark.parametrize("name", ["pcap", "pcapng", "gzip"])
def test_a_changed_capture_is_refused(name: str, tmp_path: Path) -> None:
    path, target = tmp_path / "a", tmp_path / "b.pcapng"
    path.write_bytes(CAPTURES[name])
    packets = pf.read_pcap(path)
    others = [pcap(FRAMES[1:]), pcap([(t + 1, d) for t, d in FRAMES]), gzip.compress(pcap(FRAMES[5:])), SEVERAL]
    for other in others:
        path.write_bytes(other)
        with pytest.raises(CaptureError, match="changed since it was read"):
            pf.write_pcap(packets, target)
        assert list(tmp_path.iterdir()) == [path]
    path.write_bytes(CAPTURES[name])
    moved = path.rename(tmp_path / "moved")
    with pytest.raises(CaptureNotFoundError, match="moved since, or was no file; name the capture as source"):
        pf.write_pcap(packets, target)
    assert pf.write_pcap(packets, target, source=moved) == 40


def test_a_file_that_an_analysis_read_is_found_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pcap").write_bytes(CAPTURES["pcap"])
    monkeypatch.chdir(tmp_path)
    analysis = pf.analyze("a.pcap")
    monkeypatch.chdir("/")
    assert pf.write_pcap(analysis, tmp_path / "b.pcap") == 40


def test_what_cannot_be_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(CAPTURES["pcap"])
    packets = pf.read_pcap(path)
    with pytest.raises(ParameterError, match=r"expected a name that ends in \.pcap or \.pcapng"):
        pf.write_pcap(packets, tmp_path / "b.txt")
    with pytest.raises(ParameterError, match="is the capture itself"):
        pf.write_pcap(packets, path)
    with pytest.raises(ParameterError, match="lacks the columns offset"):
        pf.write_pcap(packets.drop(columns="offset"), tmp_path / "b.pcap")
    with pytest.raises(ParameterError, match="read from 1 captures, source names 2"):
        pf.write_pcap(packets, tmp_path / "b.pcap", source=[path, path])
    with pytest.raises(ParameterError, match="not in the order of their capture"):
        pf.write_pcap(packets.set_index(packets.index[::-1]), tmp_path / "b.pcap")
    packets.attrs.clear()
    with pytest.raises(ParameterError, match="lacks attrs"):
        pf.write_pcap(packets, tmp_path / "b.pcap")


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("suffix", [".pcap", ".pcapng"])
def test_tshark_reads_the_same(suffix: str, tmp_path: Path) -> None:
    frames = merge(Conversation().handshake().data("client", 3000, segment=1000).close(), FRAMES)
    (tmp_path / "a.pcapng").write_bytes(pcapng(frames, tsresol=9))
    pf.write_pcap(pf.read_pcap(tmp_path / "a.pcapng"), tmp_path / f"b{suffix}")

    fields = [part for name in ("time_epoch", "len", "cap_len") for part in ("-e", f"frame.{name}")]
    fields += ["-e", "eth.src", "-e", "ip.id", "-e", "tcp.seq_raw", "-e", "tcp.payload"]

    def told(path: Path) -> str:
        command = ["tshark", "-r", str(path), "-T", "fields", *fields]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert told(tmp_path / f"b{suffix}") == told(tmp_path / "a.pcapng")


def test_a_frame_that_holds_several_packets_is_written_once(tmp_path: Path) -> None:
    segments = [SNAP + b"\x08\x00" + packet(seq=i)[14:] for i in range(3)]
    frames = [(START, aggregate(*segments)), (START + 1, aggregate(segments[0])), (START + 2, aggregate(*segments))]
    source, target = tmp_path / "source.pcap", tmp_path / "target.pcap"
    source.write_bytes(pcap(frames, link_type=105))
    packets = pf.read_pcap(source)
    assert packets["source_frame"].tolist() == [1, 1, 1, 2, 3, 3, 3]
    assert pf.write_pcap(packets[packets["seq"] > 0], target) == 2
    assert pf.read_pcap(target)["seq"].tolist() == [0, 1, 2] * 2
    assert packet_bytes(packets, 6) == frames[2][1]
