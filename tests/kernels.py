"""A package with one small kernel, in place of ours whose kernels take long to compile."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pcapframe import beside, inner_code, jit, kernel_cache, threads

MODULE = """
from pcapframe.jit import inner_jit, jit

@inner_jit
def callee(value):
    return value + {added}

@jit
def kernel(value):
    return callee(value)
"""
CALL = "from pcapframe.capture.numbers import kernel; print(kernel(1))"


def make_package(place: Path) -> Path:
    """Make a package named pcapframe with the code that compiles and one module of kernels."""
    folder = place / "pcapframe"
    (folder / "capture").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "capture" / "__init__.py").touch()
    for module in (beside, inner_code, jit, kernel_cache, threads):
        shutil.copy(str(module.__file__), folder)
    (folder / "capture" / "numbers.py").write_text(MODULE.format(added=1))
    return folder


def environment(package: Path, cache: Path) -> dict[str, str]:
    """Environment of a process that imports this package."""
    return {
        **os.environ,
        "PYTHONPATH": str(package.parent),
        "PCAPFRAME_CACHE_DIR": str(cache),
        "PCAPFRAME_THREADS": "1",
    }


def run(package: Path, cache: Path, code: str) -> tuple[str, str]:
    """Run code with this package; return its output and what it writes to standard error."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=package.parent,
        env=environment(package, cache),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr
