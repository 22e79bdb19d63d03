"""What reaches a terminal, from every command: no code from elsewhere, and none at all where none is wanted."""

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

import pcapframe.report
from pcapframe.cli import service_commands
from pcapframe.report import ReportResult
from pcapframe.wording import printable
from tests.builders import Conversation, Pcapng, merge
from tests.cli.running import VALUES, Ran, command_lines, main
from tests.names.hellos import hello
from tests.names.test_answering import answer, datagram

ROOT = Path(__file__).parent.parent.parent
HOSTILE = "a\x1b[31m\x07\r\x9b2J\u202e\x7f\nz"  # colour, bell, overwriting, erasing, right to left
STYLE = re.compile(r"\x1b\[[\d;]*m")
MARK = re.compile(r"a.{0,9}\[31m")  # of what is left of it
CODE = "from pcapframe.cli import main; main()"


def hostile_capture() -> bytes:
    """Whatever can be text in a capture is hostile."""
    ng = Pcapng()
    talk = Conversation(start=1.0).handshake().send("client", "PA", hello(HOSTILE.encode()))
    talk.retransmit("client", after=0.4).ack("server").data("server", 100, after=2.0).ack().rst("server")
    name = HOSTILE.replace(".", "")
    packets = [
        ng.enhanced(int(time * 10**6), data, comment=HOSTILE if number < 3 else None)
        for number, (time, data) in enumerate(merge([datagram(answer(name))], talk))
    ]
    interface = ng.interface(name=HOSTILE, description=HOSTILE, comment=HOSTILE)
    return b"".join([ng.section(comment=HOSTILE), interface, *packets, b"\x1b[31m cut off"])


def shows_as_text(ran: Ran) -> bool:
    return all(line == printable(line) for text in (ran.stdout, ran.stderr) for line in text.split("\n"))


@pytest.fixture
def no_long_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder to work in; no notebook is run and no JupyterLab started."""

    def written(captures: Iterable[Any], folder: str, *, progress: Any, **_: Any) -> list[ReportResult]:
        progress(0, 1, HOSTILE)
        pages = [Path(folder) / f"{HOSTILE}.html", None]
        return [ReportResult(str(c), HOSTILE, page, f"{c} is bad", readable=True) for c in captures for page in pages]

    monkeypatch.setattr(pcapframe.report, "write_reports", written)
    monkeypatch.setattr(service_commands, "_start_lab", lambda *_: 0)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(values: dict[str, str]) -> list[list[str]]:
    """Every command line; the server is never started."""
    return [[*line, "--root", f"no{HOSTILE}"] if line[0] == "mcp" else line for line in command_lines(values)]


def test_names_and_texts_of_captures_show_as_text(no_long_work: Path) -> None:
    name = f"{HOSTILE}.pcapng"
    (no_long_work / name).write_bytes(hostile_capture())
    hostile = dict.fromkeys(("CAPTURE", "CAPTURE...", "FILE", "DIR", "FOLDER"), name)
    hostile |= {"OUT": f"out{HOSTILE}.pcap", "FILE": f"out{HOSTILE}", "DIR": f"dir{HOSTILE}", "NAME": "refused"}
    shown = {}
    for line in lines({**VALUES, **hostile, "ADDRESS": "192.0.2.1"}):
        if line[0] in shown and not (HOSTILE in line[-1] or line[-1].startswith("--")):
            continue  # the value of an option that says nothing else
        plain = main(*line)
        assert plain.status != 70
        assert shows_as_text(plain), (line, plain)
        if line[0] not in shown:
            shown[line[0]] = plain.stdout
            styled = main(*line, terminal=True)
            without = Ran(styled.status, STYLE.sub("", styled.stdout), styled.stderr.replace("\r", ""))
            assert shows_as_text(without), (line, styled)
    assert {name for name, text in shown.items() if MARK.search(text)} >= {"analyze", "extract", "info", "workshop"}


@pytest.mark.parametrize("metavar", sorted({*VALUES} - {"MIB"}))
def test_arguments_show_as_text(metavar: str, no_long_work: Path) -> None:
    (no_long_work / "a.pcapng").write_bytes(hostile_capture())
    values = {**VALUES, "CAPTURE": "a.pcapng", "CAPTURE...": "a.pcapng", "DIR": "dir", metavar: HOSTILE}
    for line in lines(values):
        if HOSTILE in line:
            ran = main(*line)
            assert ran.status in (0, 1, 2), (line, ran)
            assert shows_as_text(ran), (line, ran)


@pytest.mark.parametrize("arguments", [[HOSTILE], ["analyze", f"--{HOSTILE}"], ["analyze", "x", f"--{HOSTILE}=1"]])
def test_what_is_no_command_or_option_shows_as_text(arguments: list[str]) -> None:
    ran = main(*arguments)
    assert ran.status == 2
    assert len(re.findall("^Error: |^z", ran.stderr, re.MULTILINE)) == 1
    assert MARK.search(ran.stderr)
    assert shows_as_text(ran)


# Codes of our own.


def in_terminal(*arguments: str, **environment: str) -> str:
    """What a process writes to its terminal."""
    mine = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", CODE, *arguments]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env={**mine, "COLUMNS": "100", **environment}
    ) as process:
        os.close(theirs)
        written = b""
        while select.select([ours], [], [], 60)[0]:
            try:
                data = os.read(ours, 65536)
            except OSError:  # the other side was closed
                break
            written += data
        process.wait(30)
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def test_a_terminal_shows_styles_unless_none_are_wanted() -> None:
    analyze = ("analyze", "data/clean.pcap")
    styled = in_terminal(*analyze, TERM="xterm-256color")
    assert "\x1b[" in styled
    plain = STYLE.sub("", styled)
    for unwanted in ({"NO_COLOR": "1", "TERM": "xterm-256color"}, {"TERM": "dumb"}):
        shown = in_terminal(*analyze, **unwanted)
        assert "\x1b" not in shown
        assert len(shown.splitlines()) > 8
        if "NO_COLOR" in unwanted:  # but for what a first run says before
            begin = "data/clean.pcap"
            assert shown[shown.index(begin) :] == plain[plain.index(begin) :]


@pytest.mark.parametrize("unwanted", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_command_writes_codes_where_none_are_wanted(
    unwanted: tuple[str, str], no_long_work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "")  # as if it were not there
    monkeypatch.setenv("TERM", "xterm-256color")
    (no_long_work / "a.pcapng").write_bytes(hostile_capture())
    values = {**VALUES, "CAPTURE": "a.pcapng", "CAPTURE...": "a.pcapng", "ADDRESS": "192.0.2.1"}
    every = list({line[0]: line for line in reversed(lines(values))}.values())  # with what each requires
    styled = {line[0] for line in every if "\x1b" in main(*line, terminal=True).stdout}
    assert styled >= {"analyze", "connections", "flow", "info", "resends", "retransmissions"}
    monkeypatch.setenv(*unwanted)
    for line in every:
        ran = main(*line, terminal=True)
        assert "\x1b" not in ran.stdout + ran.stderr, line
