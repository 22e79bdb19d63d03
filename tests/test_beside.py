"""A second process compiles beside the first, which waits only for what that one is compiling."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pcapframe import beside


@pytest.fixture(autouse=True)
def second(monkeypatch):
    monkeypatch.setattr(beside, "_Second", type("_Second", (), {"process": None, "claims": False}))
    monkeypatch.setenv("PCAPFRAME_THREADS", "2")
    yield beside._Second
    beside._end()


def sleeping(seconds: float) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])


def test_it_begins_once_and_ends_with_this_process(second, monkeypatch, tmp_path):
    monkeypatch.setattr(beside, "CODE", "import time; time.sleep(60)")
    beside.begin(tmp_path / "kernels")
    process = second.process
    beside.begin(tmp_path / "kernels")
    assert second.process is process
    assert process.poll() is None
    beside._end()
    assert process.poll() is not None


@pytest.mark.parametrize("why", ["one core", "is the second", "frozen", "no folder"])
def test_it_does_not_begin(second, monkeypatch, tmp_path, why):
    folder = tmp_path / "kernels"
    if why == "one core":
        monkeypatch.setenv("PCAPFRAME_THREADS", "1")
    elif why == "is the second":
        beside.hold_claims()
    elif why == "frozen":
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    else:
        (tmp_path / "file").write_text("")
        folder = tmp_path / "file" / "kernels"
    beside.begin(folder)
    assert second.process is None


def test_a_python_that_cannot_begin_is_no_error(second, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    beside.begin(tmp_path)
    assert second.process is None


def test_only_the_second_process_claims(tmp_path):
    kernel = tmp_path / "kernels" / "one.kernel"
    beside.claim(kernel)
    assert not list(tmp_path.iterdir())
    beside.hold_claims()
    beside.claim(kernel)
    assert [path.name for path in kernel.parent.iterdir()] == [f"one.{os.getpid()}.claim"]
    beside.release(kernel)
    assert not list(kernel.parent.iterdir())


def waits(kernel: Path) -> threading.Thread:
    thread = threading.Thread(target=beside.await_claimed, args=[kernel], daemon=True)
    thread.start()
    return thread


def test_a_claimed_kernel_is_awaited(second, tmp_path):
    kernel = tmp_path / "one.kernel"
    second.process = sleeping(60)
    beside.await_claimed(kernel)  # nobody claims it
    claim = tmp_path / f"one.{second.process.pid}.claim"
    claim.touch()
    thread = waits(kernel)
    time.sleep(0.2)
    assert thread.is_alive()
    claim.unlink()
    thread.join(10)
    assert not thread.is_alive()


def test_a_second_process_that_ended_is_not_awaited(second, tmp_path):
    second.process = sleeping(60)
    (tmp_path / f"one.{second.process.pid}.claim").touch()
    thread = waits(tmp_path / "one.kernel")
    second.process.kill()
    thread.join(10)
    assert not thread.is_alive()


def test_a_second_process_that_hangs_is_not_awaited_for_ever(second, monkeypatch, tmp_path):
    monkeypatch.setattr(beside, "MOST_S", 0.1)
    second.process = sleeping(60)
    (tmp_path / f"one.{second.process.pid}.claim").touch()
    thread = waits(tmp_path / "one.kernel")
    thread.join(10)
    assert not thread.is_alive()
    assert second.process.poll() is None


def test_claims_of_others_are_not_awaited(second, tmp_path):
    (tmp_path / "one.1.claim").touch()
    beside.await_claimed(tmp_path / "one.kernel")
    second.process = sleeping(60)
    beside.await_claimed(tmp_path / "one.kernel")
