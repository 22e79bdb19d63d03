"""Files appear whole or not at all."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pcapframe.files import exit_on_sigterm, written_aside
from tests.builders import packet, pcap


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("before")
    path.chmod(0o640)

    def half() -> None:
        with written_aside(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert path.read_text() == "before"
    with written_aside(path) as file:
        file.write(b"after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_sigterm_leaves_no_half_written_file(tmp_path: Path) -> None:
    code = (
        "import time\n"
        "from pcapframe.files import exit_on_sigterm, written_aside\n"
        "with exit_on_sigterm(), written_aside('out') as file:\n"
        "    file.write(b'half')\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=_ours()) as process:
        _end(process, when=lambda: any(tmp_path.iterdir()))
    assert process.returncode == 143
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs_program("tshark")
def test_sigterm_of_a_command_leaves_no_temporary_file(tmp_path: Path) -> None:
    """`check` copies what it reads from standard input into a file, for tshark."""
    command = [sys.executable, "-c", "from pcapframe.cli import main; main()", "check", "-"]
    environment = _ours() | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        process.stdin.write(pcap([(0, packet())]))
        process.stdin.flush()  # and it stays open: the rest is waited for
        _end(process, when=lambda: any(tmp_path.iterdir()))
    assert process.returncode == 143
    assert list(tmp_path.iterdir()) == []


def _ours() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}


def _end(process: subprocess.Popen[bytes], *, when: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not when():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    process.terminate()
    process.wait(60)


def test_the_handlers_of_others_stay() -> None:
    def theirs(*_: object) -> None:
        pass

    before = signal.signal(signal.SIGTERM, theirs)
    try:
        with exit_on_sigterm():
            assert signal.getsignal(signal.SIGTERM) is theirs
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with exit_on_sigterm():
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_another_thread_changes_nothing() -> None:
    seen = []

    def work() -> None:
        with exit_on_sigterm():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]
