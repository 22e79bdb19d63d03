"""The short filters: tshark selects as many packets as they are said to select."""

import re
import subprocess
from pathlib import Path

import pytest

import pcapframe as pf
from pcapframe.analysis.standouts._filters import PACKETS
from tests.analysis.test_standouts import TABLE
from tests.builders import Conversation, merge, pcap

EXAMPLES = ("clean.pcap", "losses.pcap", "midstream.pcap", "resets.pcap", "ipv6.pcapng", "mirrored.pcap.gz")


def said(selects: str) -> int:
    """How many packets a filter is said to select."""
    match = re.match(r"(?:all |the first )?([\d,]+)", selects)
    assert match
    return int(match[1].replace(",", ""))


def selected(path: Path | str, display_filter: str) -> list[int]:
    command = ["tshark", "-n", "-r", str(path), "-Y", display_filter, "-T", "fields", "-e", "frame.number"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return [int(line) for line in result.stdout.split()]


def check(path: Path | str) -> int:
    """Hold every filter of a capture against tshark; return how many there are."""
    filters = 0
    for seen in pf.analyze(path).standouts:
        assert seen.display_filter is not None
        frames = selected(path, seen.display_filter)
        assert len(frames) == said(seen.selects), seen
        if not seen.selects.startswith("all "):
            assert tuple(frames[: len(seen.evidence.frames)]) == seen.evidence.frames[: len(frames)]
        filters += 1
    return filters


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("name", EXAMPLES)
def test_tshark_selects_what_the_filter_says(name: str) -> None:
    assert check(pf.example(name)) or name == "clean.pcap"


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("capture", [row[0] for row in TABLE], ids=lambda capture: capture.__name__)
def test_tshark_selects_the_packets_of_each_event(capture: object, tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(pcap(merge(*capture())))  # type: ignore[operator]
    assert check(path) == 1


@pytest.mark.needs_program("tshark")
def test_many_packets_are_selected_by_streams_and_flags(tmp_path: Path) -> None:
    fine = [Conversation(client_port=41_000 + i, start=i + 0.5).handshake().close() for i in range(40)]
    shut = [
        Conversation(client_port=40_000 + i, start=float(i)).handshake().data("client", 10).rst("server")
        for i in range(40)
    ]
    path = tmp_path / "many.pcap"
    path.write_bytes(pcap(merge(*fine, *shut)))
    (seen,) = pf.analyze(path).standouts
    assert (seen.display_filter, seen.selects) == ("tcp.flags.reset == 1", "40 packets")
    assert selected(path, "tcp.flags.reset == 1") == list(seen.evidence.frames)


def test_names_of_packets_are_unique_filters() -> None:
    assert len({words for words, *_ in PACKETS.values()}) == len(PACKETS)
