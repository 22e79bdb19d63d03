"""The benchmark's capture is what it says: exact in number, valid on the wire, the same for the same seed."""

import subprocess
from pathlib import Path

import pytest

from benchmarks.make_capture import make_capture


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("benchmark") / "small.pcap"
    make_capture(path, packets=3_000)
    return path


def test_same_seed_gives_the_same_bytes(capture: Path, tmp_path: Path) -> None:
    make_capture(tmp_path / "again.pcap", packets=3_000)
    assert (tmp_path / "again.pcap").read_bytes() == capture.read_bytes()


@pytest.mark.needs_program("tshark")
def test_wireshark_finds_every_packet_valid(capture: Path) -> None:
    options = "-n -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -T fields"
    fields = "-e _ws.malformed -e tcp.checksum.status -e ip.checksum.status"
    command = ["tshark", "-r", capture, *options.split(), *fields.split()]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = output.splitlines()
    good = "1"
    assert len(lines) == 3_000
    assert set(lines) == {f"\t{good}\t{good}", f"\t{good}\t"}  # IPv6 has no header checksum
