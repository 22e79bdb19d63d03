import mmap
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe import disk, memory
from pcapframe.capture.storing import SMALLEST_PIECE, Rows
from pcapframe.disk import FOLDER, MEMORY, Disk, disk_in_use, disk_may_be_used, expect_memory, give_back


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Every column goes to the disk, and passes stop after few rows to give pages back."""
    monkeypatch.setenv(MEMORY, "0")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    monkeypatch.setattr(disk, "SMALLEST_BLOCK", 0)
    monkeypatch.setattr(disk, "ROWS_HELD", 133)
    monkeypatch.setattr(memory, "STRETCH_ROWS", 31)
    return tmp_path


def taken() -> int:
    return sum(len(each) for each in disk._MAPS)


def assert_same(one: pf.Analysis, other: pf.Analysis) -> None:
    for name in ("packets", "segments", "connections", "whole_connections"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name).attrs == getattr(other, name).attrs
    for name in ("capture", "health", "patterns", "statistics", "standouts", "summary", "message", "notes"):
        assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("name", ["losses.pcap", "ipv6.pcapng"])
def test_columns_on_the_disk_are_those_in_memory(name: str, request: pytest.FixtureRequest) -> None:
    in_memory = pf.analyze(pf.example(name))
    before = taken()
    request.getfixturevalue("on_disk")
    found = pf.analyze(pf.example(name))
    assert taken() > before
    assert_same(found, in_memory)


def test_captures_merged_on_the_disk_are_those_in_memory(request: pytest.FixtureRequest) -> None:
    sources = [pf.example(name) for name in ("resets.pcap", "clean.pcap", "resets.pcap")]
    in_memory = pf.analyze(sources, server_port=80)
    request.getfixturevalue("on_disk")
    assert_same(pf.analyze(sources, server_port=80), in_memory)


def test_files_have_no_name_and_end_with_the_analysis(on_disk: Path) -> None:
    before = taken()
    found = pf.analyze(pf.example("clean.pcap"))
    assert taken() > before
    assert not list(on_disk.iterdir())
    del found
    assert taken() == before


def test_what_ends_an_analysis_leaves_no_file(on_disk: Path) -> None:
    before = taken()

    def stop(_done: int, _size: int | None) -> None:
        if taken() > before:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pf.analyze(pf.example("losses.pcap"), progress=stop)
    assert not list(on_disk.iterdir())
    assert disk_in_use() is None


def test_values_stay_when_pages_are_given_back(tmp_path: Path) -> None:
    place = Disk(0, tmp_path)
    place.expect(1)
    block = place.block(1 << 20)
    assert not block.any()
    block[:] = 7
    give_back()
    assert (block == 7).all()


def test_the_disk_is_used_only_from_so_much_memory_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY, "1000")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    expect_memory(2000)  # outside: nothing
    with disk_may_be_used() as place:
        expect_memory(1000)
        assert disk_in_use() is None
        expect_memory(1001)
        assert disk_in_use() is place
        with disk_may_be_used() as inner:
            assert inner is place
        assert isinstance(memory.new_column(1 << 20, np.uint8).base, np.ndarray)
    assert disk_in_use() is None


def test_small_blocks_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Disk(0, tmp_path)
    place.expect(1)
    before = taken()
    assert place.block(100).size == 100
    monkeypatch.setattr(disk, "SMALLEST_BLOCK", 0)
    assert place.block(0).size == 0
    assert taken() == before


def test_a_folder_without_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    place = Disk(0, tmp_path)
    with pytest.raises(pf.TemporarySpaceError, match=r"bytes that it needs in .* are free: choose another folder"):
        place.expect(1 << 60)


def test_what_fits_memory_stays_there_where_the_disk_has_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(MEMORY, raising=False)
    monkeypatch.setattr(disk, "_free_memory", lambda: 1 << 61)
    place = Disk(folder=tmp_path)
    place.expect((1 << 60) + 1)  # more than half
    assert not place.is_used
    with pytest.raises(pf.TemporarySpaceError):
        place.expect((1 << 61) + 1)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(pf.TemporarySpaceError, match="No such file"):
        Disk(0, tmp_path / "none").expect(1)


def test_a_disk_that_fills_up_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int, _start: int, _size: int) -> None:
        raise OSError(28, "No space left on device")

    place = Disk(0, tmp_path)
    place.expect(1)
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(pf.TemporarySpaceError, match=r"1,048,576 bytes in .*: No space left on device"):
        place.block(1 << 20)


def test_memory_by_itself_is_a_share_of_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MEMORY, raising=False)
    monkeypatch.setattr(disk, "_free_memory", lambda: 1000)
    assert disk.memory_to_use() == 500
    monkeypatch.setenv(MEMORY, "70")
    assert disk.memory_to_use() == 70
    monkeypatch.setenv(MEMORY, "")
    assert disk.memory_to_use() == 500


@pytest.mark.parametrize(
    ("given", "size"),
    [("0", 0), ("2G", 2 << 30), (" 2 GiB ", 2 << 30), ("4GB", 4_000_000_000), ("1.5k", 1536), ("7B", 7)],
)
def test_a_size_may_have_a_unit(given: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY, given)
    assert disk.memory_to_use() == size


@pytest.mark.parametrize("given", ["much", "2X", "-1", "1e9", "G", "2 G B", "٢"])
def test_what_is_no_size_is_said(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY, given)
    with pytest.raises(pf.ParameterError, match=r"PCAPFRAME_MEMORY_BYTES is .* expected a number of bytes, or"):
        pf.analyze(pf.example("clean.pcap"))


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (("memory.max", "memory.current", "memory.stat"), "anon 100\ninactive_file 600\nactive_file 50\n"),
        (
            ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
            "inactive_file 1\ntotal_inactive_file 600\n",
        ),
    ],
)
def test_files_that_were_read_take_no_memory_of_a_container(
    names: tuple[str, str, str], text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "CGROUP", tmp_path)
    assert disk._free_memory() > 1000
    (tmp_path / "memory").mkdir()
    (tmp_path / names[0]).write_text("1000\n")
    (tmp_path / names[1]).write_text("900\n")
    assert disk._free_memory() == 100
    (tmp_path / names[2]).write_text(text)
    assert disk._free_memory() == 700


def test_only_what_is_certain_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    too_much = 1 << 60
    place = Disk(1000, tmp_path)
    assert not place.expect(too_much, certain=900)
    assert not place.is_used
    assert not place.expect(too_much, certain=1001)
    assert place.is_used
    with pytest.raises(pf.TemporarySpaceError, match=f"of {too_much:,} bytes that it needs in"):
        Disk(1000, tmp_path).expect(too_much + 1, certain=too_much)
    nowhere = Disk(1000, tmp_path / "none")
    assert not nowhere.expect(too_much, certain=1000)
    with pytest.raises(pf.TemporarySpaceError, match="No such file"):
        nowhere.expect(too_much, certain=1001)
    monkeypatch.delenv(MEMORY, raising=False)
    monkeypatch.setattr(disk, "_free_memory", lambda: 5000)
    by_itself = Disk(folder=tmp_path / "none")
    assert by_itself.expect(5000)  # more than its share, but there
    with pytest.raises(pf.TemporarySpaceError, match="No such file"):
        by_itself.expect(5001)


def test_rows_get_room_as_they_come_where_those_expected_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MEMORY, "100MB")
    monkeypatch.setenv(FOLDER, str(tmp_path / "none"))
    rows = Rows()
    rows.expected = 1 << 40
    with disk_may_be_used():
        for _ in range(3):
            rows.place(np.zeros(SMALLEST_PIECE, np.uint16))
        assert rows.filled().wire_bytes.size == 3 * SMALLEST_PIECE
        with pytest.raises(pf.TemporarySpaceError, match="No such file"):
            rows.place(np.zeros(1_000_000, np.uint16))


def test_folder_is_the_one_that_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/tmpdir")
    assert disk.temporary_folder() == Path("/tmpdir")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert disk.temporary_folder() == tmp_path


@pytest.mark.skipif(not hasattr(mmap, "MADV_DONTNEED"), reason="this system keeps pages until it needs them")
def test_pages_leave_the_memory_of_the_process(tmp_path: Path) -> None:
    def held() -> int:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(("RssFile", "RssShmem"))) >> 10

    place = Disk(0, tmp_path)
    place.expect(1)
    block = place.block(64 << 20)
    block[:] = 1
    before = held()
    give_back()
    assert held() < before - 50


def test_pages_are_given_back_while_another_thread_makes_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "SMALLEST_BLOCK", 0)
    made = Disk(memory=0, folder=tmp_path)
    made.expect(1)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(3) as pool:
            each = [pool.submit(lambda: [made.block(100) for _ in range(60)]) for _ in range(3)]
            assert sum(block.sum() for done in each for block in done.result()) == 0
    finally:
        sys.setswitchinterval(interval)
