"""What is read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import Conversation, pcap
from tests.cli.running import CLEAN, RESETS, json_of, text_of


def test_several_captures_are_merged() -> None:
    answer = json_of("analyze", RESETS, CLEAN)
    assert answer["packets_analyzed"] == 1096 + 386
    assert answer["file"] == f"{RESETS}, {CLEAN}"


def test_standard_input() -> None:
    data = Path(CLEAN).read_bytes()
    answer = json.loads(text_of("analyze", "-", "--json", input=data))
    assert (answer["file"], answer["packets_analyzed"]) == ("standard input", 386)


def test_names_of_a_file_and_the_filter_by_name(tmp_path: Path) -> None:
    hosts, capture = tmp_path / "hosts", tmp_path / "two.pcap"
    hosts.write_text("198.51.100.1 web.example\n")
    talks = [Conversation(server=f"198.51.100.{number}", start=number).handshake() for number in (1, 2)]
    capture.write_bytes(pcap([frame for talk in talks for frame in talk]))
    command = ["connections", str(capture), "--names", str(hosts), "--json"]
    assert [each["server_name"] for each in json_of(*command)["connections"]] == ["web.example", None]
    chosen = json_of(*command, "--server-name", "Web.Example")["connections"]
    assert [each["server"] for each in chosen] == ["198.51.100.1:80"]
    assert "web.example" in text_of("connections", str(capture), "--names", str(hosts))


@pytest.mark.parametrize("given", [None, "3"])
@pytest.mark.parametrize("arguments", [["info", str(CLEAN)], ["mcp"]])
def test_no_threads_are_started_for_linear_algebra(arguments: list[str], given: str | None) -> None:
    name = "OPENBLAS_NUM_THREADS"
    says = f"import atexit, os, sys; atexit.register(lambda: print(os.environ.get({name!r}), file=sys.stderr)); "
    environment = {key: value for key, value in os.environ.items() if key != name} | ({name: given} if given else {})
    done = subprocess.run(
        [sys.executable, "-c", says + "from pcapframe.cli import main; main()", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == (given or "1")
