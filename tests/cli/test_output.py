"""Exit statuses, streams and files; in real processes where it takes one."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import pcapframe as pf
from pcapframe.cli import output
from tests.cli.running import main

RESETS = pf.example("resets.pcap")
CODE = "from pcapframe.cli import main; main()"
FOLDER = Path(pf.__file__).parent.parent


def pcapframe(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(FOLDER), **options.pop("environment", {})}
    command = [sys.executable, "-c", CODE, *map(str, arguments)]
    result = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False, **options
    )
    assert "Traceback" not in result.stderr
    result.stderr = without_notice(result.stderr)
    return result


def without_notice(errors: str) -> str:
    """Standard error without the line that a first run writes when it compiles."""
    return "".join(line for line in errors.splitlines(keepends=True) if "Compiling kernels" not in line)


def bad_captures() -> dict[str, bytes | None]:
    data = RESETS.read_bytes()
    return {
        "missing": None,
        "empty": b"",
        "text": b"hello world\n" * 10,
        "three bytes": data[:3],
        "cut in the header": data[:20],
        "gzip of nothing": b"\x1f\x8b\x08\x00",
        "bad\x1b[31m\nname": None,
    }


@pytest.mark.parametrize("name", bad_captures())
def test_a_bad_capture_is_one_line_and_status_1(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    data = bad_captures()[name]
    if data is not None:
        path.write_bytes(data)
    result = main("analyze", str(path))
    assert (result.status, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: {tmp_path}")
    assert "\x1b" not in line


def test_a_folder_without_captures(tmp_path: Path) -> None:
    result = pcapframe("info", tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"Error: {tmp_path}: the folder has no capture\n"


def test_a_cut_capture_is_a_warning_and_status_0(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(RESETS.read_bytes()[:100_000])
    result = main("analyze", str(path), "--json")
    assert result.status == 0
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Warning: {path}: at byte ")
    answer = json.loads(result.stdout)
    assert answer["truncated"] is True
    assert len(answer["notes"]) == 1
    assert "! Notes while reading: at byte " in main("analyze", "--full", str(path)).stdout
    assert "! at byte " in main("analyze", str(path)).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("analyze", RESETS, "--server-ip", "nowhere"), "Error: server_ip 'nowhere' is not an address"),
        (("analyze", RESETS, "--start", "noon"), "Error: start 'noon' is not a time"),
        (("analyze", RESETS, "--threshold", "no.such=1"), "Error: there is no threshold 'no.such'"),
        (("analyze", RESETS, "--server-port", "70000"), "70000 is not in the range"),
        (("unknown",), "No such command 'unknown'"),
    ],
)
def test_bad_usage_is_status_2(arguments: tuple[str | Path, ...], message: str) -> None:
    result = main(*map(str, arguments))
    assert (result.status, result.stdout) == (2, "")
    assert message in result.stderr


def test_a_process_ends_with_the_status_of_bad_usage() -> None:
    result = pcapframe("analyze", RESETS, "--server-port", "70000")
    assert (result.returncode, result.stdout) == (2, "")
    assert "70000 is not in the range" in result.stderr


def test_standard_input_is_read_from_a_pipe() -> None:
    with RESETS.open("rb") as file:
        cat = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
        result = pcapframe("analyze", "-", "--json", stdin=cat.stdout)
        assert cat.stdout is not None
        cat.stdout.close()
        assert cat.wait() == 0
    assert result.returncode == 0
    assert json.loads(result.stdout)["packets_analyzed"] == 1096


def test_help_and_version_answer_without_loading_pandas() -> None:
    code = "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); " + CODE
    for arguments in (["--help"], ["analyze", "--help"], ["--version"]):
        result = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=FOLDER, check=True
        )
        assert not {"pandas", "numba", "rich.console", "pyarrow"} & set(result.stderr.split())
    assert pcapframe("--version").stdout == f"pcapframe {pf.__version__}\n"


def test_a_reader_that_stops_is_no_error() -> None:
    command = [sys.executable, "-c", CODE, "packets", str(RESETS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=FOLDER)
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate()
    assert process.returncode == 141
    assert without_notice(errors.decode()) == ""


def test_an_interrupt_is_status_130(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    command = [sys.executable, "-c", CODE, "info", str(fifo)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=FOLDER)
    with fifo.open("wb") as writer:  # returns when the other side has opened it
        writer.write(b"\xd4")
        writer.flush()
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert errors.decode().splitlines()[-1] == "interrupted"


def with_closed(streams: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a process that was started without some of its standard streams."""
    command = ["sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, "-c", CODE, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(FOLDER)}
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment, cwd=cwd, check=False
    )


@pytest.mark.parametrize(
    ("streams", "arguments", "status", "said"),
    [
        ("<&-", ["analyze", "-"], 1, "Error: standard input: is closed, expected a capture\n"),
        ("<&-", ["mcp"], 2, "Error: standard input is closed: expected a client on it, or --http\n"),
        (">&-", ["analyze", str(RESETS)], 1, "Error: standard output is closed\n"),
        (">&-", ["packets", str(RESETS), "--csv", "-"], 1, "Error: standard output is closed\n"),
        (">&-", ["--help"], 1, "Error: standard output is closed\n"),
        (">&-", ["info", str(RESETS), "-o", "out.txt"], 0, ""),
        ("2>&-", ["analyze", "missing"], 1, ""),
        ("<&- >&- 2>&-", ["info", str(RESETS), "-o", "out.txt"], 0, ""),
    ],
)
def test_streams_that_are_closed(streams: str, arguments: list[str], status: int, said: str, tmp_path: Path) -> None:
    result = with_closed(streams, *arguments, cwd=tmp_path)
    assert (result.returncode, result.stdout, without_notice(result.stderr)) == (status, "", said)
    if "-o" in arguments:
        assert "1,096 packets" in (tmp_path / "out.txt").read_text()


def test_what_the_encoding_lacks_is_written_as_its_code() -> None:
    result = pcapframe("analyze", "--full", RESETS, environment={"PYTHONIOENCODING": "ascii"})
    assert result.returncode == 0
    assert r"\u2500" in result.stdout


def test_colours_only_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert "\x1b[" not in main("analyze", str(RESETS)).stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in main("analyze", str(RESETS)).stdout


def test_a_fault_is_one_line_unless_the_traceback_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise ZeroDivisionError("somewhere")

    assert output.exit_status(fails) == 70
    monkeypatch.setenv("PCAPFRAME_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        output.exit_status(fails)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (pf.CaptureFormatError("a.pcap", "is text", 0), 1),
        (pf.ParameterError("no"), 2),
        (click.UsageError("no"), 2),
        (click.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (OSError(28, "No space left on device"), 1),
        (MemoryError(), 1),
    ],
)
def test_status_of_errors(error: BaseException, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise error

    assert output.exit_status(fails) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


def test_a_new_file_has_the_usual_permissions_and_a_link_stays_one(tmp_path: Path) -> None:
    usual, path, link = tmp_path / "usual", tmp_path / "new", tmp_path / "link"
    usual.touch()
    output.write("text", str(path))
    assert path.read_text() == "text\n"
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)
    link.symlink_to(path)
    output.write("other", str(link))
    assert link.is_symlink()
    assert path.read_text() == "other\n"


def test_what_is_no_regular_file_is_written_directly() -> None:
    result = pcapframe("info", RESETS, "--output", "/dev/stdout")
    assert result.returncode == 0
    assert "1,096 packets" in result.stdout
    assert Path("/dev/stdout").exists()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 64 KB."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    place = tmp_path / "full"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(place)], check=False)
    if mounted.returncode:
        pytest.skip("this system does not let root mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize(
    ("command", "target"),
    [
        (["convert", str(RESETS)], "store"),
        (["extract", str(RESETS), "-o"], "few.pcap"),
        (["packets", str(RESETS), "--csv"], "packets.csv"),
    ],
)
def test_a_full_disk_is_said_and_nothing_is_left(full_disk: Path, command: list[str], target: str) -> None:
    result = main(*command, str(full_disk / target))
    assert (result.status, result.stderr) == (1, f"Error: {full_disk / target}: No space left on device\n")
    assert list(full_disk.iterdir()) == []
