"""What a person reads: in a terminal, as plain text, in a notebook."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import pcapframe as pf
from pcapframe.analysis.display import plain_text
from tests.builders import Conversation, Pcapng, pcap, pcapng

HOSTILE = "<script>alert(1)</script>\x1b[31m\n[bold]"


@pytest.fixture(scope="module")
def resets() -> pf.Analysis:
    return pf.analyze(pf.example("resets.pcap"))


def test_plain_text_tells_what_the_frames_hold(resets: pf.Analysis) -> None:
    text = str(resets)
    parts = ["Capture health", "Connections", "RST", "Retransmissions", "Patterns:"]
    places = [text.index(f"{part} ─") if part != "Patterns:" else text.index(part) for part in parts]
    assert places == sorted(places)
    assert "29 complete, 6 refused, 5 unanswered, 2 half open" in text
    assert "26 in 20 connections" in text
    assert "37 of 1,086 TCP packets" in text
    assert "35 labelled as retransmissions by its rules" in text
    for pattern in resets.patterns:
        assert pattern.pattern in text
    assert "frame.number in {710}" in text
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_what_stands_out_comes_first(resets: pf.Analysis) -> None:
    text = str(resets)
    assert (
        text.index("What stands out ─") < text.index(resets.standouts[0].sentence[:40]) < text.index("Capture health ─")
    )
    assert "Nothing stands out" in str(pf.analyze(pf.example("clean.pcap")))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_keep_to_the_width(resets: pf.Analysis, width: int) -> None:
    lines = plain_text(resets, width=width).splitlines()
    assert max(map(len, lines)) <= width


def test_a_terminal_gets_colours_and_a_pipe_none(resets: pf.Analysis) -> None:
    file = io.StringIO()
    Console(file=file, force_terminal=True, width=100, color_system="standard").print(resets)
    assert "\x1b[" in file.getvalue()
    assert "\x1b" not in str(resets)


def test_repr_is_one_line(resets: pf.Analysis) -> None:
    assert repr(resets).startswith("<Analysis of ")
    assert "1,096 packets, 42 connections, " in repr(resets)
    assert "\n" not in repr(resets)


def test_hostile_text_is_only_text(tmp_path: Path) -> None:
    path = tmp_path / "a<script>b\x1b[31m\n[bold].pcapng"
    talk = Conversation().handshake().rst("server")
    path.write_bytes(pcapng(talk, name=HOSTILE, comment=HOSTILE, dropped=5)[:-2])
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze(path)
    for text in (str(analysis), repr(analysis)):
        assert "\x1b" not in text
        assert "[bold]" in text
        assert "<script>b" in text
    html = analysis._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "\x1b" not in html


def test_dropped_packets_and_notes_stand_at_the_top() -> None:
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze(pcapng(Conversation().handshake(), received=3, dropped=7) + b"\0" * 7)
    top = str(analysis).partition("Connections")[0]
    assert "! The capture's own counters report 7 packets dropped and 3 received" in top
    (note,) = analysis.capture.notes
    assert f"! Notes while reading: {note[:20]}" in top
    assert top.index("Capture health") < top.index("! The capture's own")


def test_a_filter_that_matches_nothing_stops_after_saying_so() -> None:
    text = str(pf.analyze(pcap(Conversation().handshake()), server_port=81))
    assert "filter  server any:81" in text
    assert "Nothing matches the filter (server any:81)" in text
    assert "Retransmissions" not in text


def test_counts_agree_with_their_nouns() -> None:
    analysis = pf.analyze(pcap(list(Conversation().syn())))
    assert "1 connection, 1 TCP packet, 78 bytes" in " ".join(str(analysis).split())
    assert "0 of 1 TCP packet" in str(analysis)
    assert repr(analysis).endswith("1 packet, 1 connection, 4 patterns>")


def test_a_capture_cannot_make_its_text_long() -> None:
    """Thousands of link types and interfaces, each with a note, and long names."""
    ng = Pcapng()
    long = "\x1b[31m" + "name " * 2000
    blocks = [ng.section(comment=long)]
    blocks += [ng.interface(link_type=300 + i, name=long) for i in range(2000)]
    blocks += [ng.enhanced(i, b"x" * 20, interface=i) for i in range(2000)]
    with pytest.warns(pf.CaptureWarning):
        analysis = pf.analyze(b"".join(blocks))
    assert len(str(analysis)) < 10_000
    assert len(analysis._repr_html_()) < 10_000
    assert " more" in str(analysis)


def test_no_text_is_longer_than_the_most(resets: pf.Analysis) -> None:
    found = pf.CaptureHealth(tuple(pf.Finding("a", "word " * 400, {}, {}, pf.Evidence()) for _ in range(100)), "Whole.")
    assert 49_000 < len(str(replace(resets, health=found))) <= 50_000
