"""What the report shows of good, bad and hostile captures."""

import re
from pathlib import Path
from typing import Literal

import pytest

import pcapframe as pf
from pcapframe.errors import CaptureError
from pcapframe.report import CaptureReport
from pcapframe.report.markup import escaped
from pcapframe.report.sections import SECTIONS
from tests import builders
from tests.builders import Conversation

SCRIPT = "<script>alert(1)</script>"


def whole(report: CaptureReport) -> str:
    return "".join(getattr(report, section)()._repr_html_() for section in SECTIONS)


def test_every_section_of_a_capture_shows_something() -> None:
    report = CaptureReport(pf.example("resets.pcap"))
    assert report.problem is None
    for section in SECTIONS:
        assert getattr(report, section)().text, section
    descriptions = re.findall(r" aria-label='([^']*)'", "".join(re.findall(r"<svg [^>]*>", whole(report))))
    assert len(descriptions) == 12
    assert all(descriptions)
    result = report.result()
    assert result["packets"] == report.analysis.capture.packets
    assert result["patterns"]["refused_connections"] == {"connections": 6, "frames": 12}


@pytest.mark.parametrize(
    ("seconds", "span"), [(599, "599 s"), (600, "10.0 min"), (172_800, "2 days"), (126_582_416, "4.01 years")]
)
def test_the_time_span_is_in_a_unit_that_suits_it(tmp_path: Path, seconds: int, span: str) -> None:
    path = tmp_path / "long.pcap"
    path.write_bytes(builders.pcap([(0.0, builders.packet()), (float(seconds), builders.packet())]))
    assert f"<b>{span}</b><span>time span</span>" in CaptureReport(path).heading().text


def test_timing_says_who_waited_for_whom() -> None:
    page = CaptureReport(pf.example("waits_server.pcap")).timing().text
    titles = re.findall(r"<svg role='img' aria-label='([^']*)'", page)
    assert [title.split(" ")[0] for title in titles] == ["Round-trip", "Waits", "Busy"]
    cells = re.findall(r"<td>(.*?)</td>", page)
    assert cells[1:4] == ["1", "3", "0"]
    assert "198.51.100.20:7000" in page
    waited = pf.sum_waits(pf.analyze(pf.example("waits_server.pcap"))).iloc[0]
    assert f"{waited['service_total_s']:.2f} s" in page


def test_timing_shows_no_chart_without_something_to_see(tmp_path: Path) -> None:
    path = tmp_path / "open.pcap"
    path.write_bytes(builders.pcap(list(Conversation().handshake())))
    report = CaptureReport(path)
    assert "Waits by server" not in report.timing().text
    assert "Busy time" not in report.timing().text
    assert report.retransmissions().text == ""
    contents = report.contents().text
    assert contents.count("Not drawn, since there is nothing to see: ") == 1
    for left in ("RSTs over time", "Retransmitted segments", "Waits by server", "Connections over time"):
        assert left in contents
    assert "Retransmissions</a>" not in contents


def test_a_filter_says_of_which_comparison_with_wireshark_it_is() -> None:
    page = CaptureReport(pf.example("ipv6.pcapng")).retransmissions().text
    spans = re.findall(r"<p class='filter'><span>(.+?)</span>", page)
    of = [(what, who) for what in ("Retransmitted", "Reordered") for who in ("Wireshark", "the evidence")]
    assert spans == [f"{what}, only by {who}" for what, who in of]


def test_a_heading_counts_one_as_one(tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(builders.pcap(list(Conversation().syn())))
    heading = CaptureReport(path).heading().text
    assert "<b>1</b><span>packet</span>" in heading
    assert "<b>1</b><span>TCP connection</span>" in heading


def test_second_filters_say_what_they_select() -> None:
    report = CaptureReport(pf.example("resets.pcap"))
    select = re.compile(r"<p class='filter'><span>(All .+?)</span><code>(.+?)</code>")
    assert ("All packets of these endpoints", "ip.addr == 198.51.100.21 &amp;&amp; tcp") in select.findall(
        report.patterns().text
    )
    assert select.findall(report.health().text) == [("All of them", "frame.cap_len &lt; frame.len")]


PROBLEMS = {
    "missing": (lambda folder: (folder / "nowhere.pcap", {}), "nowhere.pcap"),
    "no capture": (lambda folder: (_file(folder, b"hello, world, this is text"), {}), "is text"),
    "empty": (lambda folder: (_file(folder, b""), {}), "empty"),
    "without TCP": (
        lambda folder: (
            _file(
                folder,
                builders.pcap(
                    [(0, builders.ethernet(builders.ipv4("192.0.2.1", "192.0.2.2", builders.UDP, bytes(8))))]
                ),
            ),
            {},
        ),
        "No TCP",
    ),
    "nothing selected": (lambda _: (pf.example("clean.pcap"), {"server_ip": "203.0.113.99"}), "203.0.113.99"),
    "another time": (lambda _: (pf.example("clean.pcap"), {"start": "1990-01-01", "end": "1990-01-02"}), "1990"),
    "not an address": (lambda _: (pf.example("clean.pcap"), {"server_ip": SCRIPT}), "script"),
    "no such threshold": (lambda _: (pf.example("clean.pcap"), {"thresholds": {"zero": 1}}), "no threshold"),
}


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "capture.pcap"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("case", PROBLEMS)
def test_a_problem_is_one_sentence_where_the_results_would_be(case: str, tmp_path: Path) -> None:
    make, words = PROBLEMS[case]
    capture, parameters = make(tmp_path)
    report = CaptureReport(capture, **parameters)
    shown = whole(report)
    assert report.problem is not None
    assert words in report.problem
    assert shown.count("class='problem'") == 1
    assert "<img" not in shown
    assert report.result()["problem"] == report.problem
    assert report.result()["patterns"] == {}


def test_a_missing_capture_is_named_as_given_and_fails_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    report = CaptureReport("monday.pcap")
    assert ">monday.pcap: there is no such file.<" in report.heading().text
    with pytest.raises(CaptureError, match=r"^monday\.pcap: there is no such file"):
        report.check()


def test_a_capture_without_results_does_not_fail_the_notebook() -> None:
    CaptureReport(pf.example("clean.pcap"), server_ip="203.0.113.99").check()


def test_a_damaged_capture_is_marked(tmp_path: Path) -> None:
    whole = pf.example("losses.pcap")
    assert CaptureReport(whole).result()["damage"] is None
    assert "class='damage'" not in CaptureReport(whole).heading().text
    cut = _file(tmp_path, Path(whole).read_bytes()[:-7])
    report = CaptureReport(cut)
    assert report.result()["damage"] == report.damage
    assert (report.damage or "").startswith("The file ends early or is damaged: 2,269 packets before that")
    assert f"<p class='damage'>{report.damage}</p>" in report.heading().text


def test_what_comes_from_outside_is_escaped(tmp_path: Path) -> None:
    path = tmp_path / f"{SCRIPT.replace('/', '')}.pcapng"
    path.write_bytes(builders.pcapng(Conversation().handshake(), comments={1: SCRIPT}))
    shown = whole(CaptureReport(path, title=SCRIPT))
    data = "<script type='application/json' class='live'>"  # that no browser runs
    assert shown.count("<script") == shown.count(data) == shown.count("</script>")
    assert "alert(1)" not in "".join(re.findall(f"{data}(.*?)</script>", shown))
    assert "&lt;script&gt;" in shown


def test_what_stands_out_comes_first_with_a_filter_each_then_the_contents() -> None:
    report = CaptureReport(pf.example("resets.pcap"))
    assert report.analysis is not None
    standouts = report.analysis.standouts
    shown = report.standouts().text
    assert [shown.index(escaped(one.sentence)) for one in standouts] == sorted(
        shown.index(escaped(one.sentence)) for one in standouts
    )
    for one in standouts:
        assert f"<code>{escaped(one.display_filter or '')}</code>" in shown
        assert f"<span>{one.selects.capitalize()}</span>" in shown
    page = whole(report)
    order = [page.index(f"<h2>{heading}") for heading in ("What stands out", "Contents", "Overview", "Capture<")]
    assert order == sorted(order)
    for anchor in re.findall(r"<a href='#([^']+)'", page):
        assert page.count(f" id='{anchor}'") == 1, anchor


def test_limits_of_the_capture_are_marked() -> None:
    report = CaptureReport(pf.example("resets.pcap"))
    assert report.result()["limits"] == report.limits
    assert (report.limits or "").startswith("limited: ")
    assert f"<a href='#capture-health'>Capture health</a>: {report.limits}" in report.heading().text
    assert CaptureReport(pf.example("clean.pcap")).limits is None
    assert "class='limits'" not in CaptureReport(pf.example("clean.pcap")).heading().text


@pytest.mark.parametrize("packets", [[(5.0, builders.packet())], [(5.0, builders.packet()), (5.0, builders.packet())]])
def test_nothing_is_drawn_over_time_where_no_time_passes(tmp_path: Path, packets: list[builders.Frame]) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(builders.pcap(packets))
    report = CaptureReport(path)
    assert not report.overview().text
    assert "Capture overview" in report.contents().text.partition("Not drawn")[2]
    assert "'#overview'" not in report.contents().text


NEED_SEGMENTS = (  # those of the report that show something of losses.pcap, which has no RST
    "Capture overview; Retransmitted segments; Retransmitting connections over time; Time–sequence graph; "
    "Round-trip times by acknowledgement; Waits by server; Where the time went, by server; Connections over time"
)


@pytest.mark.parametrize("keep", ["events", "connections"])
def test_a_store_without_packets_has_a_report_that_says_what_it_lacks(tmp_path: Path, keep: Literal["events"]) -> None:
    pf.write_store(pf.analyze(pf.example("losses.pcap"), keep=keep), tmp_path / "kept", keep=keep)
    report, of_capture = CaptureReport(tmp_path / "kept"), CaptureReport(pf.example("losses.pcap"))
    page = whole(report)
    assert report.problem is None
    assert f"Left out, since they need what is not kept (keep={keep}): {NEED_SEGMENTS}. A report of the" in page
    for section in ("standouts", "patterns", "handshakes", "health"):
        parts = [re.sub(r"\b[mp][0-9a-f]{10}\b", "", getattr(one, section)().text) for one in (report, of_capture)]
        assert parts[0] == parts[1]  # but for what matplotlib calls the outlines of its drawings
    assert report.connections().text.count("<tr") == of_capture.connections().text.count("<tr")
    assert report.overview().text == ""
    assert "<li><a href='#overview'>" not in page


def test_a_report_of_a_capture_leaves_nothing_out() -> None:
    assert "Left out" not in whole(CaptureReport(pf.example("losses.pcap")))
