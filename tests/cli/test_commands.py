"""All commands: help, and what is not valid."""

import pytest
from click.testing import CliRunner

from pcapframe.cli.commands import commands
from tests.cli.running import RESETS, run, text_of


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Usage"),
        (("nothing",), "No such command 'nothing'"),
        (("analyze",), "Missing argument 'CAPTURE...'"),
        (("analyze", RESETS, "--server-port", "65536"), "65536 is not in the range"),
        (("analyze", RESETS, "--server-port", "http"), "is not a valid integer range"),
        (("analyze", RESETS, "--threshold", "rate"), "'rate' is not NAME=VALUE"),
        (("analyze", RESETS, "--threshold", "a.b=x"), "is not NAME=VALUE"),
        (("analyze", RESETS, "--output", "/no/such/folder/file"), "there is no folder /no/such/folder"),
        (("analyze", RESETS, "--output", "/"), "is a folder"),
        (("retransmissions", RESETS, "--threshold", "1.5"), "1.5 is not in the range"),
        (("connections", RESETS, "--sort", "size"), "no such column as 'size'; there are client, "),
        (("connections", RESETS, "--limit", "-1"), "-1 is not in the range"),
        (("connections", RESETS, "--csv", "-", "--parquet", "-"), "not both"),
        (("packets", RESETS, "--columns", "time,xyzzy"), "no such column as 'xyzzy'; there are time, "),
        (("packets", RESETS, "--columns", ""), "no such column"),
        (("packets", RESETS, "--columns", "tll"), "no such column as 'tll': did you mean ttl"),
        (("connections", RESETS, "--sort", "duration"), "did you mean duration_s"),
        (("analyze", "-", "-"), "can be read only once"),
    ],
)
def test_what_cannot_be_meant_is_bad_usage(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_every_summary_is_shown_whole_in_80_columns() -> None:
    shown = CliRunner().invoke(commands, ["--help"], terminal_width=80).stdout
    summaries = shown.partition("Commands:\n")[2].splitlines()
    assert len(summaries) == len(commands.commands)
    assert [line for line in summaries if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("command", ["", *commands.commands])
def test_help_has_examples(command: str) -> None:
    text = text_of(*command.split(), "--help")
    assert "Examples:" in text
    assert f"pcapframe {command}".strip() in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    env = {"_PCAPFRAME_COMPLETE": f"{shell}_complete", "COMP_WORDS": "pcapframe conv", "COMP_CWORD": "1"}
    env |= {"COMP_CWORD": "conv"} if shell == "fish" else {}
    done = CliRunner().invoke(commands, [], prog_name="pcapframe", env=env)
    assert "convert" in done.stdout
