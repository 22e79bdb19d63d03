"""Run commands, for the tests of this folder."""

import contextlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click
from click.testing import CliRunner, Result

import pcapframe as pf
from pcapframe.cli.commands import commands
from pcapframe.cli.output import exit_status

RESETS = str(pf.example("resets.pcap"))
CLEAN = str(pf.example("clean.pcap"))
# What arguments and options take, by how the help calls it.
VALUES = {
    "A-B": "1-9",
    "ADDRESS": "198.51.100.20",
    "CAPTURE": RESETS,
    "CAPTURE...": RESETS,
    "COLUMN": "start",
    "DIR": "folder",
    "FILE": "out.csv",
    "FOLDER": ".",
    "HOST": "localhost",
    "HOSTS": os.devnull,
    "MIB": "64",
    "N": "3",
    "NAME": "port_reuse",
    "POINT,POINT": "one,two",
    "NAME=VALUE": "packet_retransmission.rate=0.5",
    "NAMES": "time,src",
    "OUT": "out.pcap",
    "PORT": "8080",
    "RATE": "0.5",
    "SCHEDULER": "none://here",
    "SIDE": "client",
    "TEXT": "text",
    "TIME": "2020-01-01",
    "WHAT": "connections",
    "ZONE": "Europe/Berlin",
    "udp.port=PORT,TUNNEL": "udp.port=14789,vxlan",
    "[-- LAB-OPTIONS...]": "--no-browser",
}


@dataclass(frozen=True)
class Ran:
    """What a process of the command line would have left."""

    status: int
    stdout: str
    stderr: str


class Stream(io.TextIOWrapper):
    """A standard stream of a process, perhaps of a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__(io.BytesIO(), "utf-8", write_through=True)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined]


def main(*arguments: str, terminal: bool = False) -> Ran:
    """Run the command line as its process does: errors become lines and a status."""
    out, err = Stream(terminal=terminal), Stream(terminal=terminal)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = exit_status(lambda: commands.main(list(arguments), prog_name="pcapframe", standalone_mode=False))
    return Ran(status, out.text(), err.text())


def command_lines(values: Mapping[str, str] = VALUES) -> Iterator[list[str]]:
    """Every command with what it requires, and again with each of its options."""

    def words(parameter: click.Parameter) -> list[str]:
        value = [] if getattr(parameter, "is_flag", False) else [values[str(parameter.metavar)]]
        return value if isinstance(parameter, click.Argument) else [parameter.opts[0], *value]

    for name, command in commands.commands.items():
        required = [word for one in command.params if one.required for word in words(one)]
        for arguments in ([], *(words(one) for one in command.params if not one.required)):
            yield [name, *required, *arguments]


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(commands, list(arguments), catch_exceptions=False, **options)


def text_of(*arguments: str, **options: Any) -> str:
    result = run(*arguments, **options)
    assert result.exit_code == 0, result.output
    return result.stdout


def json_of(*arguments: str) -> Any:
    return json.loads(text_of(*arguments, "--json"))


def same(ours: dict[str, Any], theirs: Any) -> None:
    stamps = ("analysis_timestamp", "notes")
    assert {k: v for k, v in ours.items() if k not in stamps} == {k: v for k, v in theirs.items() if k not in stamps}
    assert list(ours) == list(theirs)
