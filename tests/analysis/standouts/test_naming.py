"""Names in sentences: beside addresses, never instead of them; cut so that two lines of a terminal hold them."""

import textwrap
from pathlib import Path

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.analysis.standouts import _naming
from tests.builders import Conversation, merge, pcap
from tests.names.hellos import hello, talk

CLIENT, SERVER = "192.0.2.1", "198.51.100.1"
REFUSED = "{} refused all 3 connections from {} with RST in 2 s"


def hosts_file(tmp_path: Path, text: str) -> str:
    (tmp_path / "hosts").write_text(text, encoding="utf-8")
    return str(tmp_path / "hosts")


def called(client: str | None, server: str | None, *, ends: tuple[str, str] = (CLIENT, SERVER)) -> pd.DataFrame:
    columns = {
        "client": ends[0],
        "client_names": client,
        "server": ends[1],
        "server_names": server,
        "server_name": None,
    }
    frame = pd.DataFrame({name: [value] for name, value in columns.items()}).astype("category")
    return frame.assign(server_port=[80])


def with_names(sentence: str, connections: pd.DataFrame) -> str:
    return _naming.with_names(sentence, _naming.called_in([sentence], connections))


def test_both_ends_are_named_and_the_evidence_is_as_without_names(tmp_path: Path) -> None:
    names = hosts_file(tmp_path, f"{CLIENT} laptop.example\n{SERVER} db.example\n")
    talks = [Conversation(client_port=40_000 + i, start=float(i)).refused() for i in range(3)]
    plain, named = (pf.analyze(pcap(merge(*talks)), names=by).standouts for by in (True, names))
    (before,), (after,) = plain, named
    assert f"{SERVER}:80 refused all 3 connections from {CLIENT} with" in before.sentence
    assert f"{SERVER}:80 (db.example) refused all 3 connections from {CLIENT} (laptop.example) with" in after.sentence
    kept = ("servers", "display_filter", "evidence", "selects")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]


def test_the_name_that_a_client_asks_for_stands_in_the_sentence() -> None:
    talks = [talk(hello(b"shop.example")).ack("server").wait(1).rst("server")]
    first = pf.analyze(pcap(talks[0])).standouts[0]
    assert first.sentence.startswith(f"{SERVER}:443 (shop.example) ")


def test_a_server_without_its_port_has_the_names_of_all_ports(tmp_path: Path) -> None:
    names = hosts_file(tmp_path, f"{CLIENT} scanner.example\n{SERVER} db.example\n")
    talks = [Conversation(client_port=50_000 + port, server_port=port, start=port / 100).refused()
             for port in range(1, 41)]  # fmt: skip
    first = pf.analyze(pcap(merge(*talks)), names=names).standouts[0]
    assert f"{CLIENT} (scanner.example) tried 40 ports of {SERVER} (db.example)" in first.sentence


def test_an_address_is_named_once() -> None:
    text = with_names(f"{SERVER}:80 reset it when {CLIENT} sent more; {CLIENT}, and {SERVER}:80", called("a.b", "c.d"))
    assert text == f"{SERVER}:80 (c.d) reset it when {CLIENT} (a.b) sent more; {CLIENT}, and {SERVER}:80"


def test_an_address_within_another_is_not_named() -> None:
    text = f"1{CLIENT} and {CLIENT}0:80 took 0.2 s of {SERVER}:8080"
    assert with_names(text, called("a.b", "c.d")) == text


@pytest.mark.parametrize("text", [f"of {CLIENT}: 30", f"of {CLIENT}, 30", f"of {CLIENT}", f"of {CLIENT}; 30"])
def test_marks_after_an_address_stay_after_its_name(text: str) -> None:
    assert with_names(text, called("a.b", None)) == text.replace(CLIENT, f"{CLIENT} (a.b)")


def test_ipv6_with_and_without_a_port() -> None:
    ends = ("2001:db8::", "2001:db8::1")
    text = with_names(REFUSED.format("[2001:db8::1]:80", "2001:db8::"), called("a.b", "c.d", ends=ends))
    assert text == REFUSED.format("[2001:db8::1]:80 (c.d)", "2001:db8:: (a.b)")


@pytest.mark.parametrize("ends", [(CLIENT, SERVER), ("2001:db8:0:1:2:3:4:5", "2001:db8:ffff:eeee:dddd:cccc:bbbb:aaaa")])
@pytest.mark.parametrize("name", ["a" * 255, "x y" * 85, "\u202e" * 63], ids=["long", "spaces", "invisible"])
def test_long_names_are_cut_so_that_two_lines_hold_the_sentence(name: str, ends: tuple[str, str]) -> None:
    server = f"[{ends[1]}]:80" if ":" in ends[1] else f"{ends[1]}:80"
    text = with_names(REFUSED.format(server, ends[0]), called(name, name, ends=ends))
    assert len(textwrap.wrap(text, 76)) <= 2
    assert server in text
    assert ends[0] in text
    assert text.count("…") == 2
    assert text.isprintable()


def test_where_two_names_do_not_fit_the_first_address_has_one() -> None:
    words = "answered none of the connections that were tried "
    text = with_names(f"{SERVER}:80 {words * 2}from {CLIENT}", called("a" * 255, "b" * 255))
    assert text == f"{SERVER}:80 (bbbbbbbbb…) {words * 2}from {CLIENT}"
    alone = f"{SERVER}:80 {words * 3}from {CLIENT}"
    assert with_names(alone, called("a" * 255, "b" * 255)) == alone


def test_a_name_cannot_pose_as_the_words_around_it() -> None:
    text = with_names(REFUSED.format(f"{SERVER}:80", CLIENT), called("x) refused 9 of 9 (y", None))
    assert f'{CLIENT} ("x) refused 9 of 9 (y")' in text


def test_names_are_looked_up_once_for_all_sentences() -> None:
    texts = [f"{SERVER}:80 refused it", f"{CLIENT} waited", "nobody spoke"]
    found = _naming.called_in(texts, called("a.b", "c.d"))
    assert [_naming.with_names(text, found) for text in texts] == [
        f"{SERVER}:80 (c.d) refused it", f"{CLIENT} (a.b) waited", "nobody spoke",
    ]  # fmt: skip
    assert _naming.called_in(texts[2:], called("a.b", "c.d")) == {}
