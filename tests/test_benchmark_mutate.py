"""Damaged captures are read without a fault; and a fault, a crash or a hang would be told."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import hypothesis
import pandas as pd
import pytest

import pcapframe as pf
from benchmarks import mutate, mutations
from benchmarks.invariants import analysis_faults, packet_faults
from tests.builders import Conversation, pcap, pcapng
from tests.capture.frames import TUNNELS

ROOT = Path(__file__).parent.parent
TALK = Conversation().handshake().data("client", 3000, segment=1000).close()
FORMS = [pcap, pcapng]


@pytest.fixture(scope="module")
def bases() -> list[mutations.Base]:
    found = mutations.read_bases([ROOT / "data", ROOT / "tests/cases"])
    return [*found, mutations.taken_apart("tunnels", pcap([(0, bytes(12) + b"\x08\0" + t) for t in TUNNELS.values()]))]


@pytest.mark.parametrize("form", FORMS)
def test_a_capture_is_taken_apart_without_loss(form):
    base = mutations.taken_apart("talk", form(TALK))
    assert base.data == form(TALK)
    assert len(base.units) == len(list(TALK)) + (2 if form is pcapng else 0)


def test_the_same_number_gives_the_same_file(bases):
    for number in range(200):
        assert mutations.mutated(bases, mutate.random_of(1, number)) == mutations.mutated(
            bases, mutate.random_of(1, number)
        )
    files = {mutations.mutated(bases, mutate.random_of(seed, number))[0] for seed in (1, 2) for number in range(200)}
    assert len(files) > 390


@pytest.mark.parametrize("change", mutations.CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("form", FORMS)
def test_each_change_changes(change, form):
    base = mutations.taken_apart("talk", form(TALK))
    made = set()
    for seed in range(30):
        draft = mutations.Draft(base, Random(seed), [base])
        change(draft)
        made.add(draft.made())
    assert len(made - {base.data}) > 10


@pytest.mark.parametrize("change", mutations.CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("form", [pcap, pcapng, lambda _: b"other"])
def test_each_change_takes_what_is_left_of_a_packet(change, form):
    """A change may follow one that left nothing of a packet."""
    base = mutations.taken_apart("talk", form(TALK))
    for seed in range(30):
        draft = mutations.Draft(base, Random(seed), [base])
        for number in range(len(draft.units)):
            if draft.form != mutations.OTHER:
                draft.put(number, b"", 0)
            else:
                draft.units[number] = bytearray()
        change(draft)
        draft.made()


@pytest.mark.parametrize("change", mutations.CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("form", FORMS)
def test_each_change_takes_the_largest_packet(change, form):
    """A change may follow others that made a packet as long as 262,144 bytes, whatever its length fields can say."""
    base = mutations.taken_apart("talk", form(TALK))
    for seed in range(30):
        draft = mutations.Draft(base, Random(seed), [base])
        number = draft.packet()
        draft.put(number, draft.captured(number) + bytes(262_000))
        change(draft)
        draft.made()


@pytest.mark.fuzz
def test_damaged_files_are_read_and_analysed(bases):
    for number in range(4 * min(hypothesis.settings().max_examples, 100)):
        data, story = mutations.mutated(bases, mutate.random_of(int(time.time()) if mutate.CHECKED else 1, number))
        assert not mutate.examine(data, number, every=40), (number, story, data)


def test_a_run_in_several_processes():
    command = [sys.executable, "-m", "benchmarks.mutate", "data", "--files", "10", "--analyze", "2", "--workers", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-3].split()[:2] == ["read_pcap", "10"]
    assert done.stdout.splitlines()[-2].split()[0] == "analyze"
    assert done.stdout.rstrip().endswith("0 failed")


def test_an_exception_is_told(monkeypatch):
    monkeypatch.setattr(pf, "read_pcap", lambda *_args, **_options: 1 // 0)
    assert "ZeroDivisionError" in mutate.examine(pcap(TALK), 1, every=0)[0]


def test_an_exception_of_ours_is_right():
    assert mutate.examine(b"nothing", 1, every=1) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("src", None), ("tcp_header_bytes", 61), ("payload_bytes", 70_000), ("seq", None), ("source_frame", 9),
        ("offset", 10**6), ("protocol", "UDP"), ("ttl", None),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told(name, value):
    packets = pf.read_pcap(pcap(TALK)).copy()
    assert list(packet_faults(packets, len(pcap(TALK)))) == []
    if name == "protocol":
        packets[name] = packets[name].cat.add_categories(["UDP"])
    packets.loc[2, name] = value
    assert list(packet_faults(packets, len(pcap(TALK))))


@pytest.mark.parametrize(("name", "value"), [("client_packets", 9), ("conn_state", None), ("server_payload_bytes", 5)])
def test_a_wrong_value_of_a_connection_is_told(name, value):
    analysis = pf.analyze(pcap(TALK))
    assert list(analysis_faults(analysis)) == []
    connections = analysis.connections.copy()
    connections.loc[0, name] = value
    assert list(analysis_faults(replace(analysis, connections=connections)))


def test_too_much_time_or_memory_is_told(monkeypatch):
    monkeypatch.setattr(mutate, "MOST_S", 0)
    monkeypatch.setattr(mutate, "MOST_MB", -1)
    monkeypatch.setattr(mutate, "MOST_TIMES_FILE", 0)
    said = mutate.examine(pcap(TALK), 1, every=0)
    assert [fault.split()[0] for fault in said] == ["took", "took"]


def test_a_row_that_depends_on_other_bytes_is_told(monkeypatch):
    packets = pf.read_pcap(pcap(TALK))
    read = pf.read_pcap
    assert mutate.depends_on_others(pcap(TALK), packets) == []

    def reads_too_far(data: bytes, **options: object) -> pd.DataFrame:
        frame = read(data, **options).copy()
        frame["wire_bytes"] += data[-1]
        return frame

    monkeypatch.setattr(pf, "read_pcap", reads_too_far)
    assert "wire_bytes" in mutate.depends_on_others(pcap(TALK), packets)[0]


OUTSIDE = """
import numpy as np
from benchmarks.checked_kernels import check_below_zero
from pcapframe.jit import inner_jit, jit, unchecked
check_below_zero()

@inner_jit
def inner(elements, place):
    elements[place] = 1
    return elements[place]

@jit
def outer(array, place):
    return inner(unchecked(array), place)

for place in (0, 3, 4, -1):
    try:
        print(outer(np.zeros(4), place))
    except IndexError:
        print("outside")
"""


def test_with_bounds_checks_no_index_escapes_them(tmp_path):
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "PCAPFRAME_CACHE_DIR": str(tmp_path), "PYTHONPATH": "."}
    script = tmp_path / "script.py"  # Numba needs a file
    script.write_text(OUTSIDE)
    command = [sys.executable, script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout.split() == ["1.0", "1.0", "outside", "outside"], done.stderr


def dies(_folders, _seed, numbers, _every, slots, _failures):
    """A worker that a file kills, one that waits for ever, and one that computes for ever."""
    for number in numbers:
        now = time.monotonic(), time.process_time(), number
        slots[mutate.SINCE], slots[mutate.USED], slots[mutate.NOW] = now
        if number == 1:
            os.abort()
        if number == 3:
            time.sleep(600)
        while number == 4:
            pass
        slots[mutate.FILES] += 1
    slots[mutate.NOW] = -1


def test_a_crash_and_a_hang_are_told_and_the_rest_is_read(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(mutate, "KILLED_AFTER_S", 0.5)
    monkeypatch.setattr(mutate, "KILLED_AFTER_WAITING_S", 1.5)
    monkeypatch.setattr(mutate.Run, "work", staticmethod(dies))
    run = mutate.Run([str(ROOT / "data")], 1, 6, 0, 1, tmp_path)
    run.watch(60)
    assert [number for number, _ in run.failed] == [1, 3, 4]
    assert run.total(mutate.FILES) == 3
    assert "ended the process" in run.failed[0][1]
    assert "hung" in run.failed[1][1]
    assert (tmp_path / "1-3.bin").is_file()
    assert "FAILED seed 1 number 1" in capsys.readouterr().out
