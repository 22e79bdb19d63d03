"""A second process that compiles kernels while this one compiles those that read its capture.

Numba compiles one kernel at a time in a process, and compiling takes most of the first run. The second process compiles
the kernels that judge segments (see ``warming``) and leaves them in the cache of kernels. While it compiles one it
holds a claim, a file beside the kernel's, and the process that began it waits for that kernel. If it cannot begin, or
ends early, nothing is lost but time.
"""

import atexit
import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from pcapframe.threads import threads_to_use

__all__ = ["await_claimed", "begin", "claim", "hold_claims", "release"]

CODE = "import sys; sys.path.insert(0, sys.argv[1]); from pcapframe.warming import compile_judging; compile_judging()"
STEP_S = 0.02
MOST_S = 60.0  # that a kernel is awaited: a process that was stopped would claim it for ever


class _Second:
    """What this process knows about a second one."""

    process: "subprocess.Popen[bytes] | None" = None
    claims = False  # this is the second process


def begin(folder: Path) -> None:
    """Begin the second process, once, if there is a core for it.

    Parameters
    ----------
    folder : Path
        Of the compiled kernels.
    """
    if _Second.process is not None or _Second.claims or threads_to_use() < 2 or getattr(sys, "frozen", False):
        return
    command = [sys.executable, "-c", CODE, str(Path(__file__).parent.parent)]
    with contextlib.suppress(OSError, ValueError):
        folder.mkdir(parents=True, exist_ok=True)
        if sys.executable and os.access(folder, os.W_OK):
            nothing = subprocess.DEVNULL
            _Second.process = subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing)
            atexit.register(_end)


def _end() -> None:
    """End the second process with this one: what it has compiled is in the cache."""
    if _Second.process is not None and _Second.process.poll() is None:
        _Second.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            _Second.process.wait(5)


def hold_claims() -> None:
    """Say that this is the second process: it claims each kernel that it compiles."""
    _Second.claims = True


def claim(kernel: Path) -> None:
    """Claim a kernel that this process is about to compile, if it is the second one.

    Parameters
    ----------
    kernel : Path
        Where it will be.
    """
    if _Second.claims:
        with contextlib.suppress(OSError):
            kernel.parent.mkdir(parents=True, exist_ok=True)
            _claim_of(kernel, os.getpid()).touch()


def release(kernel: Path) -> None:
    """Give up the claim on a kernel.

    Parameters
    ----------
    kernel : Path
        As given to `claim`.
    """
    if _Second.claims:
        with contextlib.suppress(OSError):
            _claim_of(kernel, os.getpid()).unlink()


def await_claimed(kernel: Path) -> None:
    """Wait while the second process compiles a kernel.

    Parameters
    ----------
    kernel : Path
        Where it will be.
    """
    process = _Second.process
    if process is None:
        return
    claimed, until = _claim_of(kernel, process.pid), time.monotonic() + MOST_S
    while process.poll() is None and claimed.exists() and time.monotonic() < until:
        time.sleep(STEP_S)


def _claim_of(kernel: Path, pid: int) -> Path:
    return kernel.with_suffix(f".{pid}.claim")
