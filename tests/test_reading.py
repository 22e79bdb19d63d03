"""A folder of captures is read as one, and one that cannot be read does not stop the others."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

import pcapframe as pf
from tests.builders import Conversation, pcap


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    """One conversation in four files, whose names are not in the order of their times."""
    talk = Conversation().handshake().data("client", 100).ack("server")
    frames = list(talk.data("server", 900).ack("client").close())
    folder = tmp_path / "ring"
    folder.mkdir()
    for number, name in enumerate(("r.pcap2", "r.pcap3", "r.pcap", "r.pcap1")):
        (folder / name).write_bytes(pcap(frames[3 * number : 3 * number + 3]))
    return folder


@contextmanager
def few_handles(most: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_folder_is_read_as_the_list_of_its_files(ring: Path) -> None:
    files = [ring / name for name in ("r.pcap", "r.pcap1", "r.pcap2", "r.pcap3")]
    listed, found = pf.read_pcap(files), pf.read_pcap(ring)
    pd.testing.assert_frame_equal(pf.read_pcap(f"{ring}/r*"), listed)
    pd.testing.assert_frame_equal(found, listed)
    assert found["time"].is_monotonic_increasing
    info = pf.capture_info(found)
    assert info.name == str(ring)
    assert [each["name"] for each in info.captures] == [str(file) for file in files]
    assert not info.truncated
    (connection,) = pf.analyze(ring).connections.itertuples()
    assert connection.handshake == "complete"


def test_one_that_cannot_be_read_is_said_and_passed_over(ring: Path) -> None:
    whole = pf.read_pcap(ring)
    (ring / "junk.pcap").write_bytes(b"<html>no capture</html>" * 10)
    with pytest.warns(pf.CaptureWarning, match=r"junk\.pcap: passed over: .*HTML"):
        packets = pf.read_pcap(ring)
    assert len(packets) == len(whole)
    assert pf.capture_info(packets).truncated
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze(ring)
    (cut,) = (finding for finding in analysis.health.findings if finding.name == "file_cut_off")
    assert cut.sentence == f"{ring}/junk.pcap could not be read and is left out."
    with pytest.raises(pf.CaptureFormatError, match="HTML"):  # named by itself it is a mistake
        pf.read_pcap([ring / "r.pcap", ring / "junk.pcap"])


def test_nothing_is_missing_because_of_an_empty_file(ring: Path) -> None:
    (ring / "r.pcap4").touch()
    with pytest.warns(pf.CaptureWarning, match=r"r\.pcap4: passed over: is empty"):
        packets = pf.read_pcap(ring)
    assert not pf.capture_info(packets).truncated


def test_one_that_is_cut_off_is_read_as_far_as_it_goes(ring: Path) -> None:
    whole = pf.read_pcap(ring)
    file = ring / "r.pcap2"
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.warns(pf.CaptureWarning, match=r"r\.pcap2: .*cut off"):
        packets = pf.read_pcap(ring)
    assert len(packets) == len(whole) - 1


def test_one_that_goes_while_others_are_read(ring: Path) -> None:
    gone = ring / "r.pcap3"

    def progress(_done: int, _size: int | None) -> None:
        gone.unlink(missing_ok=True)

    with pytest.warns(pf.CaptureWarning, match=r"r\.pcap3: passed over: there is no such file"):
        packets = pf.read_pcap(ring, progress=progress)
    assert sorted(packets["source"].unique()) == [0, 1, 2]


def test_a_folder_of_nothing_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(b"no capture at all, but a text\n")
    with pytest.raises(pf.CaptureFormatError, match="a\\.pcap"):
        pf.read_pcap(tmp_path)


def test_progress_counts_all_files_together(ring: Path) -> None:
    told: list[tuple[int, int | None]] = []
    pf.read_pcap(ring, progress=lambda done, size: told.append((done, size)))
    size = sum(file.stat().st_size for file in ring.iterdir())
    assert [each for _, each in told] == [size] * len(told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == size


def test_hundreds_of_files_need_few_handles(tmp_path: Path) -> None:
    for number in range(150):
        frames = Conversation(client="192.0.2.1", client_port=1000 + number, start=number).handshake()
        (tmp_path / f"{number}.pcap").write_bytes(pcap(frames))
    with few_handles(64):
        packets = pf.read_pcap(tmp_path, progress=False)
        assert pf.write_pcap(packets, tmp_path / "all.pcap") == len(packets) == 450
    again = pf.read_pcap(tmp_path / "all.pcap")
    assert again["src_port"].tolist() == packets["src_port"].tolist()
    assert again["time"].tolist() == packets["time"].tolist()
