"""One packet by scapy, from the bytes of whatever the capture was read from."""

import gzip
import io
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.dissection import packet_bytes
from pcapframe.errors import CaptureError, MissingExtraError, ParameterError
from tests.builders import Conversation, Pcapng, packet, pcap

FRAMES = [(i, packet(seq=i, payload=bytes([i % 256]) * (i % 7))) for i in range(40)]
PCAP = pcap(FRAMES)
WRITER = Pcapng(big_endian=True)
PCAPNG = WRITER.section() + WRITER.interface() + b"".join(WRITER.enhanced(10**6 * t, data) for t, data in FRAMES)
SIMPLE = WRITER.section() + WRITER.interface() + b"".join(WRITER.simple(data) for _, data in FRAMES)


@pytest.mark.parametrize(
    "data",
    [PCAP, pcap(FRAMES, big_endian=True, nanoseconds=True), PCAPNG, SIMPLE, gzip.compress(PCAP), gzip.compress(PCAPNG)],
)
def test_every_packet_is_found_in_every_format(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a capture"
    path.write_bytes(data)
    for read in (pf.read_pcap(path), pf.analyze(path)):
        assert [packet_bytes(read, frame) for frame in range(1, 41)] == [data for _, data in FRAMES]
    assert pf.dissect(read, 5)["TCP"].seq == 4


def test_what_cannot_be_read_again_needs_a_source(tmp_path: Path) -> None:
    packets = pf.read_pcap(PCAP)
    with pytest.raises(ParameterError, match="cannot be read again here: name the capture as source"):
        pf.dissect(packets, 1)
    (tmp_path / "a.pcap").write_bytes(PCAP)
    for source in (PCAP, tmp_path / "a.pcap", io.BytesIO(PCAP)):
        assert pf.dissect(packets, 3, source=source)["TCP"].seq == 2


def test_several_captures(tmp_path: Path) -> None:
    for name, data in (("a", PCAPNG), ("b", PCAP), ("c", pcap(Conversation(start=1.5).handshake()))):
        (tmp_path / name).write_bytes(data)
    merged = pf.analyze([tmp_path / name for name in "abc"])
    for frame, row in merged.packets.iterrows():
        made = packet_bytes(merged, int(frame))
        assert len(made) == row["captured_bytes"]
        if row["source"] < 2:
            assert made == FRAMES[row["source_frame"] - 1][1]
    assert pf.dissect(merged, 1)["TCP"].seq == 0


def test_a_relative_name_holds_for_an_analysis_wherever_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pcap").write_bytes(PCAP)
    monkeypatch.chdir(tmp_path)
    analysis, packets = pf.analyze("a.pcap"), pf.read_pcap("a.pcap")
    monkeypatch.chdir("/")
    assert pf.dissect(analysis, 1)["TCP"].dport == 80
    with pytest.raises(ParameterError, match=r"a\.pcap cannot be read again"):
        pf.dissect(packets, 1)


@pytest.mark.parametrize(
    ("link_type", "first", "begin"), [(1, "Ethernet", 0), (101, "IP", 14), (228, "IP", 14), (147, "Raw", 0)]
)
def test_link_types(link_type: int, first: str, begin: int, tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(pcap([(0, packet()[begin:])], link_type=link_type))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pf.CaptureWarning)
        packets = pf.read_pcap(path)
    assert pf.dissect(packets, 1).name == first


def test_a_packet_cut_by_the_snaplen() -> None:
    data = pcap([(0, packet(payload=bytes(100)))], snaplen=60)
    assert len(packet_bytes(pf.read_pcap(data), 1, source=data)) == 60
    assert pf.dissect(pf.read_pcap(data), 1, source=data)["TCP"].sport == 40000


@given(st.binary(max_size=80))
def test_any_bytes_can_be_taken_apart(data: bytes) -> None:
    made = pcap([(0, data)])
    layer = pf.dissect(pf.read_pcap(made), 1, source=made)
    assert layer.original == data
    assert layer.name in ("Ethernet", "802.3", "Raw")
    assert packet_bytes(pf.read_pcap(made), 1, source=made) == data


def test_a_changed_capture_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(PCAP)
    packets = pf.read_pcap(path)
    for other in (PCAP[:-8], pcap(FRAMES[1:]), b"\xd4\xc3\xb2\xa1", PCAPNG):
        path.write_bytes(other)
        with pytest.raises(CaptureError, match="frame 40 is not there: the capture has changed"):
            pf.dissect(packets, 40)
    path.unlink()
    with pytest.raises(ParameterError, match="cannot be read again"):
        pf.dissect(packets, 40)


@pytest.mark.parametrize("frame", [0, 41, -1, True, "1", 1.5, None])
def test_frames_there_are_not(frame: object) -> None:
    with pytest.raises(ParameterError, match="there is no frame"):
        pf.dissect(pf.read_pcap(PCAP), frame, source=PCAP)  # type: ignore[arg-type]


def test_a_frame_of_another_origin() -> None:
    packets = pf.read_pcap(PCAP)
    packets.attrs.clear()
    with pytest.raises(ParameterError, match="expected what read_pcap returned"):
        pf.dissect(packets, 1)


def test_scapy_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "scapy"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "scapy", None)
    with pytest.raises(MissingExtraError, match=r'pip install "pcapframe\[dissect\]"'):
        pf.dissect(pf.read_pcap(PCAP), 1, source=PCAP)
