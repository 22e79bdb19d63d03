"""Kernels compute as they should, compile once, and say that they are being compiled."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from pcapframe.jit import borrowed, inner_jit, jit, unchecked
from pcapframe.packets import read_pcap
from tests import builders
from tests.capture.frames import CLIENT, SEGMENT, SERVER
from tests.kernels import CALL, environment, make_package, run


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


class Pair(NamedTuple):
    first: Any
    second: Any


@inner_jit
def element(pair, place):
    return pair.first[place] + pair.second[0] if place % 2 else pair.first[place]


@jit
def total_of_pair(pair):
    pair = borrowed(pair)
    found = 0
    for place in range(pair.first.size):
        found += element(pair, place)
    return found


@jit
def own(array):
    return borrowed(array)


def test_a_borrowed_array_is_the_same_and_its_owner_stays():
    pair = Pair(np.arange(100), np.array([1000]))
    before = sys.getrefcount(pair.first)
    found = total_of_pair(pair)
    after = sys.getrefcount(pair.first)
    assert (found, after) == (4950 + 50 * 1000, before)
    assert own(pair.first).tolist() == list(range(100))


def test_references_to_a_borrowed_array_are_not_counted():
    total_of_pair(Pair(np.arange(3), np.arange(1)))
    (code,) = total_of_pair.inspect_asm().values()
    counted = [line for line in code.splitlines() if "NRT_incref" in line and "call" in line]
    assert not counted


def test_kernels_compute():
    assert total(np.arange(100)) == 4950


def test_division_is_that_of_c():
    assert np.isinf(ratio(1.0, 0.0))


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
        for module in list(sys.modules.values())
        if module.__name__.startswith("pcapframe.capture.") and not module.__name__.endswith(".writer")
        for name, kernel in vars(module).items()
        if hasattr(kernel, "signatures") and not kernel.targetoptions.get("no_cpython_wrapper")
    }
    compiled = {name: len(kernel.signatures) for name, kernel in kernels.items() if kernel.signatures}
    assert len(compiled) >= 4
    assert compiled == dict.fromkeys(compiled, 1)


# In a process of their own.


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return make_package(tmp_path)


def test_where_no_terminal_is_one_line_says_that_kernels_are_compiled(package, tmp_path):
    cache = tmp_path / "cache"
    assert run(package, cache, CALL) == ("2", "Compiling kernels for this machine (first use).\n")
    assert run(package, cache, CALL) == ("2", "")


def test_a_terminal_shows_how_many_are_compiled_and_ends_with_an_empty_line(package, tmp_path):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", CALL],
        cwd=package.parent,
        env=environment(package, tmp_path / "cache"),
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        said = b""
        while chunk := _read(ours):
            said += chunk
        assert process.stdout is not None
        assert process.stdout.read() == b"2\n"
    os.close(ours)
    *shown, blank, rest = said.decode().split("\r")[1:]
    texts = [f"Compiling kernels for this machine (first use): {number}" for number in (1, 2)]  # the callee's too
    assert [text.partition(",")[0] for text in shown] == texts
    assert all(text.rstrip().endswith(" s") for text in shown)
    assert (blank.strip(), rest) == ("", "")
    assert len(blank) >= max(len(text) for text in shown)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # nobody has it open any more
        return b""


def test_nothing_is_said_without_standard_error(package, tmp_path):
    code = f"import sys; sys.stderr = None; {CALL}"
    assert run(package, tmp_path / "cache", code) == ("2", "")


def test_kernels_of_others_are_not_announced(package, tmp_path):
    code = "import numba, pcapframe.jit; print(numba.njit(lambda value: value + 1)(1))"
    assert run(package, tmp_path / "cache", code) == ("2", "")
