import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import pcapframe as pf
from pcapframe.capture.beside import Beside, beside
from pcapframe.threads import VARIABLE

EXAMPLES = ("clean.pcap", "losses.pcap", "resets.pcap", "ipv6.pcapng")
NAMED = ["server_name", "alpn", "application", "client_names", "server_names"]
ROWS = np.zeros(3, [("at", np.int64)])


@pytest.fixture(autouse=True)
def _threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "2")
    monkeypatch.setattr("pcapframe.capture.beside.FEW_ROWS", 0)


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("form", ["file", "bytes", "gzip"])
def test_names_are_those_of_one_thread(monkeypatch: pytest.MonkeyPatch, example: str, form: str) -> None:
    # A buffer that is filled again and again while the names of its packets are read.
    monkeypatch.setattr("pcapframe.capture.buffer.BUFFER_BYTES", 4096)
    monkeypatch.setattr("pcapframe.capture.buffer.PIECE_BYTES", 8192)
    path = Path(pf.example(example))
    source: Any = {"file": path, "bytes": path.read_bytes()}.get(form) or gzip.compress(path.read_bytes())

    def named() -> Any:
        return pf.analyze(source, progress=False).connections[NAMED]

    shared = named()
    monkeypatch.setenv(VARIABLE, "1")

    assert shared["application"].notna().any()
    assert_frame_equal(shared, named())


def test_next_batch_may_overwrite_the_records() -> None:
    seen: list[list[int]] = []
    begun, is_written = threading.Event(), threading.Event()

    def watch(_buffer: Any, batch: Any, *_rest: Any) -> None:
        begun.set()
        assert is_written.wait(10)
        seen.append(batch["at"].tolist())

    records = ROWS.copy()
    with ThreadPoolExecutor(1) as pool:
        one = Beside(watch, pool)
        one(ROWS, records, 2, ROWS, 0, 0)
        assert begun.wait(10)  # before the call that watches it has returned
        records["at"] = 9
        is_written.set()
        one.settle()

    assert seen == [[0, 0]]


def test_one_batch_is_seen_after_the_other() -> None:
    order: list[int] = []

    def watch(_buffer: Any, _batch: Any, _count: int, _newest: Any, _first: int, base_row: int) -> None:
        order.append(base_row)

    with ThreadPoolExecutor(3) as pool:
        one = Beside(watch, pool)
        for row in range(200):
            one(ROWS, ROWS, 3, ROWS, 0, row)
        one.settle()

    assert order == list(range(200))


def test_what_goes_wrong_is_raised_by_the_next_call() -> None:
    def watch(*_all: Any) -> None:
        raise MemoryError("no room")

    with ThreadPoolExecutor(1) as pool:
        one = Beside(watch, pool)
        one(ROWS, ROWS, 3, ROWS, 0, 0)
        with pytest.raises(MemoryError, match="no room"):
            one.settle()
        one.settle()  # said once


def test_one_core_needs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1")

    def watch(*_all: Any) -> None: ...

    with beside(watch) as found:
        assert found is watch
    with beside(None) as found:
        assert found is None


def test_exception_of_progress_ends_the_reading() -> None:
    def stop(_done: int, _size: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pf.read_pcap(pf.example("losses.pcap"), progress=stop)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pcapframe")]
