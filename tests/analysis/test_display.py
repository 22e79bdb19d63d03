"""What a person reads: in a terminal, as plain text, in a notebook."""

import io
from pathlib import Path

import pytest
from rich.console import Console

import pcapframe as pf
from pcapframe.analysis.display import health_brief, plain_text, printable
from pcapframe.analysis.health import STATISTICS
from tests.builders import Conversation, merge, pcap, pcapng

HOSTILE = "<script>alert(1)</script>\x1b[31m\n[bold]"


@pytest.fixture(scope="module")
def resets() -> pf.Analysis:
    return pf.analyze(pf.example("resets.pcap"))


def test_plain_text_tells_what_the_frames_hold(resets: pf.Analysis) -> None:
    text = str(resets)
    parts = ["Capture health", "Connections", "RST", "Retransmissions", "Patterns:", "Notable"]
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


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_keep_to_the_width(resets: pf.Analysis, width: int) -> None:
    lines = plain_text(resets, width=width).splitlines()
    assert max(map(len, lines)) <= width


def test_as_many_frames_as_fit_are_named(resets: pf.Analysis) -> None:
    narrow, wide = (plain_text(resets, width=width) for width in (60, 160))
    assert "37 frames" in wide
    assert "frame.number in {88..94, 103..111, 190..193, 196, 197, 220..225, 262, 469, 470, 656, 842" in wide
    assert " of 37 frames" in narrow


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
    assert "! By its own counters, 7 packets were dropped where this was captured and 3 received" in top
    (note,) = analysis.capture.notes
    assert f"! The reader noted: {note[:20]}" in top
    assert top.index("Capture health") < top.index("! By its own")


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


@pytest.mark.parametrize(
    ("unanswered", "open_ones", "said"),
    [
        (0, 1, "1 open\n"),
        (1, 0, "1 open (never established)\n"),
        (2, 0, "2 open (none of them established)\n"),
        (2, 1, "3 open (2 of them never established)\n"),
    ],
)
def test_open_connections_tell_how_many_were_never_established(unanswered: int, open_ones: int, said: str) -> None:
    talks = [Conversation(client_port=port, start=port).syn() for port in range(1, unanswered + 1)]
    talks += [Conversation(client_port=port, start=port).handshake() for port in range(9, open_ones + 9)]
    analysis = pf.analyze(pcap(merge(*talks)))
    assert f"  ending       {said}" in str(analysis).replace("at least ", "")
    assert analysis.statistics["open_never_established"] == unanswered


def test_what_is_not_counted_is_named_one_more() -> None:
    talks = [Conversation(f"192.0.2.{i}", start=i).syn().syn(after=0.5).refused() for i in range(1, 7)]
    text = str(pf.analyze(pcap(merge(*talks))))
    assert "and 1 more connection\n" in text


def test_no_rst_is_as_uncertain_as_the_other_counts() -> None:
    cut = pcap(Conversation().handshake().data("client", 100).ack("server").close(), snaplen=60)
    text = str(pf.analyze(cut)).partition("RST ─")[2]
    assert text.splitlines()[1] == "  RSTs         none seen"
    assert str(pf.analyze(pf.example("clean.pcap"))).partition("RST ─")[2].splitlines()[1] == "  none"


def test_numbers_that_copies_make_unknown_read_as_sentences() -> None:
    text = " ".join(str(pf.analyze(pf.example("mirrored.pcap.gz"))).split())
    assert (
        "6 connections, an unknown number of TCP packets (1,302 as captured), an unknown number of bytes (1.1 MB "
        in text
    )


def test_a_rate_that_is_only_a_bound_has_no_interval() -> None:
    exact = Conversation().handshake().data("client", 100).retransmit("client", after=0.4).ack("server").close()
    assert "95 % interval" in str(pf.analyze(pcap(exact)))
    bound = pf.analyze(pcap(exact.duplicate()))
    assert bound.health.qualifier("retransmission_rate") == "at least"
    assert "; rate at least 10.0 %\n" in str(bound)
    assert "interval" not in str(bound)


def test_nothing_seen_is_not_at_least_nothing() -> None:
    cut = pcap(Conversation().handshake().data("client", 100).ack("server").close(), snaplen=60)
    for text in (str(pf.analyze(cut)), pf.analyze(cut)._repr_html_()):
        assert "at least 0" not in text
    assert "  resent       none seen in 8 TCP packets\n" in str(pf.analyze(cut))


def test_packets_that_wireshark_labels_otherwise_say_of_what() -> None:
    text = plain_text(pf.analyze(pf.example("ipv6.pcapng")), width=80)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    differing = [line for line in lines if line.startswith("only ")]
    assert differing == [
        "only Wireshark 13 labelled, not sent again",
        "only evidence 1 sent again, not labelled",
        "only Wireshark 1 labelled, not reordered",
        "only evidence 3 reordered, not labelled",
    ]
    after = [lines[lines.index(line) + 1] for line in differing]
    assert after[0].startswith("9 of these frame.number in {393, ")
    assert after[1:] == ["frame.number in {88}", "frame.number in {88}", "frame.number in {393, 475, 497}"]
    html = pf.analyze(pf.example("ipv6.pcapng"))._repr_html_()
    assert "only evidence: 1 sent again, not labelled<br>frame.number in {88}" in html


def test_a_few_limited_statistics_are_named_in_short() -> None:
    qualified = dict.fromkeys(list(STATISTICS)[:4], "unknown")
    few, many = (
        pf.CaptureHealth((pf.Finding("a", "Seen.", {}, affects, pf.Evidence(frames=(1,), frame_count=1)),), "Whole.")
        for affects in ({"bytes": "at least"}, qualified)
    )
    text = plain_text(health_brief(few)).splitlines()
    assert text[0] == "  1 of 19 kinds of statistics cannot be taken as they are: bytes."
    assert text[1] == "  ! Seen."
    assert len(text) == 3
    assert "cannot be taken as they are: connections, packets, bytes and 1 more." in plain_text(health_brief(many))
    assert plain_text(health_brief(pf.CaptureHealth((), "Whole."))) == "  Whole."


def test_what_is_notable_is_indented_alike(resets: pf.Analysis) -> None:
    lines = plain_text(resets, width=60).partition("Notable ─")[2].splitlines()[1:]
    assert lines[0] == "  high_retransmission"
    assert len(lines) > 2
    assert all(line.startswith("    ") and line[4] != " " for line in lines[1:])


def test_a_filter_by_endpoints_says_that_it_selects_all_their_packets(resets: pf.Analysis) -> None:
    refused = str(resets).partition("refused_connections")[2].partition("unanswered_syns")[0].splitlines()
    assert refused[-3:-1] == [
        "    all packets of   ip.addr == 198.51.100.20 && tcp.port == 8080",
        "    these endpoints",
    ]


def test_what_is_unknown_stands_together() -> None:
    talks = [Conversation(client_port=port, start=port).handshake() for port in (1, 2)]
    closed, half = (Conversation(client_port=port, start=port).handshake() for port in (3, 4))
    gap = Conversation(client_port=5, start=5).handshake().data("client", 100, drop=True).ack("server")
    text = str(pf.analyze(pcap(merge(*talks, closed.close(), half.fin("client"), gap))))
    assert "ending       at least 1 FIN, unknown (1 half closed, 3 open as captured)" in text


@pytest.mark.parametrize(("after", "said"), [(0.00002, "0.02 ms"), (2, "2 s"), (4000, "4,000 s")])
def test_how_long_a_capture_lasts(after: float, said: str) -> None:
    frames = list(Conversation().syn())
    text = str(pf.analyze(pcap([*frames, (frames[0][0] + after, frames[0][1])])))
    assert f" UTC ({said})" in text


def test_html_without_patterns_has_no_table() -> None:
    assert "<table" not in pf.analyze(pcap([]))._repr_html_()


def test_printable_leaves_text_as_it_is() -> None:
    assert printable("Grüße, 世界 [x]") == "Grüße, 世界 [x]"
    assert printable("\udcff\u202e\x00") == r"\udcff\u202e\x00"
