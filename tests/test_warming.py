"""Judging made packets compiles the kernels that judge those of captures."""

import subprocess
import sys
from pathlib import Path

import pcapframe as pf
from pcapframe.schema import PACKETS
from pcapframe.warming import made_packets

ROOT = Path(__file__).parent.parent
# A kernel is asked for once in a process, for each type of its arguments: it is loaded, or else compiled.
CODE = """
import sys
from pcapframe import kernel_cache
asked = set()
load = kernel_cache._KernelCache.load_overload
def note(self, *arguments):
    asked.add(f"{self._function.__module__}.{self._function.__qualname__}")
    return load(self, *arguments)
kernel_cache._KernelCache.load_overload = note
import pcapframe as pf
from pcapframe.patterns import find_patterns
from pcapframe.warming import compile_judging
compile_judging()
print(len(asked))
asked.clear()
segments = pf.label_segments(pf.read_pcap(sys.argv[1]))
find_patterns(segments, pf.build_connections(segments))
print(*asked)
"""
OF_MANY_CONNECTIONS = {"pcapframe.segments.tracking._rehash"}


def test_the_packets_are_as_read():
    packets, read = made_packets(), pf.read_pcap(pf.example("losses.pcap"))
    assert list(packets) == [column.name for column in PACKETS]
    for name in packets:
        if packets[name].dtype != "category":
            assert packets[name].dtype == read[name].dtype, name
    assert packets["src"].dtype == packets["dst"].dtype


def test_they_show_what_most_captures_show():
    """By hand: a lost segment, a SYN and a request come again; one server refuses, one is silent, one resets."""
    segments = pf.label_segments(made_packets())
    connections = pf.build_connections(segments)
    assert segments["resent"].sum() == 3
    assert connections["handshake"].tolist() == ["complete", "refused", "unanswered", "complete"]
    assert connections["ending"].tolist() == ["fin", "reset", "open", "reset"]


def test_nothing_is_left_to_compile_for_a_capture(tmp_path):
    """Its packets come from a store, so that no kernel is needed to read them."""
    folder = pf.write_store(pf.analyze(pf.example("losses.pcap")), tmp_path / "losses")
    command = [sys.executable, "-c", CODE, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    count, names = done.stdout.splitlines()
    assert int(count) > 20
    assert set(names.split()) <= OF_MANY_CONNECTIONS
