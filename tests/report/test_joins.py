"""The report of a join."""

import re
from pathlib import Path

import pytest

import pcapframe as pf
from pcapframe.report import JoinReport
from tests.builders import Conversation, pcap
from tests.joining.made import beyond, joined, talk
from tests.joining.test_summary import lost_and_sent_again


def test_what_stands_out_comes_first_then_the_contents_then_evidence() -> None:
    page = JoinReport(lost_and_sent_again(), "Ticket <7>").page()
    assert "<h1>Ticket &lt;7&gt;</h1>" in page
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings == [
        "What stands out", "Contents", "Points and clocks", "One-way delay", "Fates and losses",
        "Most affected connections", "Common connections", "Each capture alone", "Provenance",
    ]  # fmt: skip
    assert "1 of 1 retransmission follows a loss between client and server" in page
    assert "<code>frame.number in {4}</code>" in page
    titles = re.findall(r"<svg role='img' aria-label='([^']*)'", page)
    assert titles == ["One-way delay", "Losses by leg", "Packets between the points"]
    assert page.count("ip.addr == 192.0.2.1 &amp;&amp; tcp.port == 40000") == 2  # at each point
    assert not re.search(r"(src|href)='(?!#)", page)  # loads nothing


def test_a_guess_of_one_capture_is_left_out_where_the_join_tells() -> None:
    made = lost_and_sent_again()
    kinds = {seen.kind for analysis in made.analyses.values() for seen in analysis.standouts}
    page = JoinReport(made).one_sided().text
    for analysis in made.analyses.values():
        for seen in analysis.standouts:
            assert (seen.sentence in page) == (seen.kind != "high_retransmission"), kinds


def test_nothing_common() -> None:
    two = list(Conversation("192.0.2.7", client_isn=0x51234567, server_isn=0x61234567).handshake())
    page = JoinReport(joined(list(talk(2)), two)).page()
    assert "There is nothing in common to look at." in page
    assert "No connection of client" in page


def test_nothing_stands_out() -> None:
    assert "Nothing stands out" in JoinReport(joined(list(talk(3)), beyond(talk(3)))).events().text


def test_the_file_and_what_an_index_says(tmp_path: Path) -> None:
    for name, frames in (("a", list(talk(3))), ("<b>", beyond(talk(3)))):
        (tmp_path / f"{name}.pcap").write_bytes(pcap(frames))
    made = pf.join_captures({"client": str(tmp_path / "a.pcap"), "server": str(tmp_path / "<b>.pcap")})
    result = pf.write_report(made, tmp_path / "out")
    assert result.page == tmp_path / "out" / "client-server.html"
    assert (result.connections, result.standout, result.problem) == (1, "Nothing stands out", None)
    page = result.page.read_text("utf-8")
    assert "&lt;b&gt;.pcap" in page
    assert "<b>.pcap" not in page
    with pytest.raises(pf.ParameterError, match="takes a title alone"):
        pf.write_report(made, tmp_path, keep_notebook=True)
