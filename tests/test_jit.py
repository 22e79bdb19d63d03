"""Compiled once, kept on disk, never stale."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from pcapframe import jit as jit_module
from pcapframe.capture import fragments, pcap, pcapng, records
from pcapframe.jit import cache_folder, jit, unchecked
from pcapframe.packets import read_pcap
from tests import builders
from tests.capture.frames import CLIENT, SEGMENT, SERVER


@jit
def total(array):
    elements = unchecked(array)
    found = 0
    for place in range(array.size):
        found += elements[place]
    return found


@jit
def ratio(one, other):
    return one / other


def test_kernels_compute():
    assert total(np.arange(100)) == 4950


def test_division_is_that_of_c():
    assert np.isinf(ratio(1.0, 0.0))


def test_kernels_leave_the_settings_of_others_alone():
    before = numba.config.CACHE_DIR
    jit(lambda value: value + 1)
    assert numba.config.CACHE_DIR == before


def test_kernels_are_kept_on_disk():
    if cache_folder is None:
        pytest.skip("no folder that can be written")
    total(np.arange(3))
    assert any("total" in path.name for path in cache_folder.rglob("*.nbi"))


def test_every_kernel_compiles_for_one_signature_only():
    """Whatever the format, byte order, link type or content: nothing compiles twice."""
    half = len(SEGMENT) // 2 // 8 * 8
    pieces = [
        builders.ethernet(builders.ipv4(CLIENT, SERVER, builders.TCP, SEGMENT[:half], more_fragments=True)),
        builders.ethernet(builders.ipv4(CLIENT, SERVER, builders.TCP, SEGMENT[half:], fragment_offset=half)),
    ]
    addresses = [builders.packet(f"10.0.{i // 256}.{i % 256}") for i in range(5000)]
    frames = [(time, frame) for time, frame in enumerate([*pieces, *addresses, builders.packet(sack=[(1, 2)])])]
    for big_endian in (False, True):
        read_pcap(builders.pcap(frames, big_endian=big_endian, nanoseconds=big_endian))
        read_pcap(
            builders.pcapng(frames, big_endian=big_endian, comments={1: "x"}, tsresol=0x8A if big_endian else None)
        )
        read_pcap(builders.pcapng(frames, big_endian=big_endian, packets="simple", link_type=113))
    read_pcap([builders.pcap([]), builders.pcapng([])])
    kernels = {
        f"{module.__name__}.{name}": kernel
        for module in (fragments, pcap, pcapng, records)
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures") and not kernel.targetoptions.get("no_cpython_wrapper")
    }
    assert len(kernels) >= 4
    assert {name: len(kernel.signatures) for name, kernel in kernels.items()} == dict.fromkeys(kernels, 1)


# In a process of their own.

MODULE = """
from pcapframe.jit import inner_jit, jit

@inner_jit
def callee(value):
    return value + {added}

@jit
def kernel(value):
    return callee(value)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package named pcapframe with nothing but the jit helper and one module of kernels."""
    folder = tmp_path / "pcapframe"
    (folder / "capture").mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "schema.py").touch()
    (folder / "capture" / "__init__.py").touch()
    shutil.copy(jit_module.__file__, folder / "jit.py")
    (folder / "capture" / "numbers.py").write_text(MODULE.format(added=1))
    return folder


def run(package: Path, cache: Path, code: str) -> tuple[str, str]:
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PCAPFRAME_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=package.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), done.stderr


CALL = "from pcapframe.capture.numbers import kernel; print(kernel(1))"


def test_first_run_says_that_it_compiles_and_an_edit_is_noticed(package, tmp_path):
    cache = tmp_path / "cache"
    answer, said = run(package, cache, CALL)
    assert (answer, said.count("pcapframe compiles kernels")) == ("2", 1)
    assert run(package, cache, CALL) == ("2", "")
    (package / "capture" / "numbers.py").write_text(MODULE.format(added=10))
    answer, said = run(package, cache, CALL)
    assert (answer, said.count("pcapframe compiles kernels")) == ("11", 1)
    assert len(list(cache.glob("kernels-*"))) == 2


def test_loading_what_is_compiled_leaves_the_compiler_alone(package, tmp_path):
    code = f"{CALL}; import sys; print('numba.np.linalg' in sys.modules)"
    assert run(package, tmp_path / "cache", code)[0].split() == ["2", "True"]
    assert run(package, tmp_path / "cache", code)[0].split() == ["2", "False"]


def test_without_a_place_to_write_each_process_compiles(package, tmp_path):
    cache = tmp_path / "a file"
    cache.touch()
    code = f"{CALL}; from pcapframe.jit import cache_folder; print(cache_folder)"
    answer, said = run(package, cache, code)
    assert answer.split() == ["2", "None"]
    assert "pcapframe compiles kernels" in said


def test_what_was_long_unused_is_removed(package, tmp_path):
    cache = tmp_path / "cache"
    old, recent, other = cache / "kernels-old", cache / "kernels-recent", cache / "something"
    for folder in (old, recent, other):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    os.utime(other, (0, 0))
    run(package, cache, "import pcapframe.jit")
    assert not old.exists()
    assert recent.exists()
    assert other.exists()


def test_kernels_of_others_are_not_announced(package, tmp_path):
    code = "import numba, pcapframe.jit; print(numba.njit(lambda value: value + 1)(1))"
    assert run(package, tmp_path / "cache", code) == ("2", "")
