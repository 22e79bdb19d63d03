"""The command ``join``."""

import json

import pytest
from click.testing import CliRunner

from pcapframe.cli.commands import commands
from tests.builders import pcap
from tests.joining.made import beyond, talk


@pytest.fixture
def files(tmp_path):
    frames = list(talk(5))
    paths = [tmp_path / "here.pcap", tmp_path / "there.pcap"]
    paths[0].write_bytes(pcap(frames))
    paths[1].write_bytes(pcap(beyond(frames, without=(8,))))
    return [str(path) for path in paths]


def run(*arguments):
    return CliRunner().invoke(commands, ["join", *arguments])


def test_text(files):
    result = run(*files)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "1 common connection  client and server"
    assert any(line.startswith("Between client and server packets take 4 ms to the server") for line in lines)
    assert any("here.pcap" in line for line in lines)


def test_json(files):
    summary = json.loads(run(*files, "--json", "--points", "a,b").stdout)
    assert [point["name"] for point in summary["points"]] == ["a", "b"]
    assert summary["fates"]["to_server"]["not_captured"] == 1


def test_csv(files):
    lines = run(*files, "--csv", "-").stdout.splitlines()
    assert lines[0].startswith('"transmission","path_id","from_client","frame_client","frame_server","rel_seq"')
    assert len(lines) == 1 + 3 + 4 * 5 + 3


@pytest.mark.parametrize("names", ["a", "a,a", "a,b,c", "a b,c"])
def test_bad_names(files, names):
    result = run(*files, "--points", names)
    assert result.exit_code in (1, 2)
    assert not result.stdout


def test_one_capture_is_too_few(files):
    assert run(files[0]).exit_code == 2


def test_report(files, tmp_path):
    page = tmp_path / "join.html"
    result = run(*files, "--report", str(page))
    assert result.exit_code == 0, result.output
    assert "<h1>Join of client and server</h1>" in page.read_text("utf-8")
