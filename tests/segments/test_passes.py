import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.segments import passes
from pcapframe.segments.rooms import Rooms
from tests.segments.traffic import random_capture


@pytest.mark.parametrize("threads", ["1", "4"])
@pytest.mark.parametrize("chunk", [0, 5])
def test_connections_that_leave_their_rooms_are_labelled_alike(
    chunk: int, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    packets = pf.read_pcap(random_capture(12, 3_000, damage=0.1), progress=False)
    whole = pf.label_segments(packets)

    class Few:  # segments of each new connection, from a chunk on
        def __init__(self) -> None:
            self.chunks = 0

        def __mul__(self, _new: int) -> int:
            self.chunks += 1
            return len(packets) if self.chunks > chunk else 0

    monkeypatch.setenv("PCAPFRAME_THREADS", threads)
    monkeypatch.setattr(passes, "CHUNK_ROWS", 20)
    monkeypatch.setattr(passes, "FEW_SEGMENTS", Few())
    given: list[int] = []
    reuse = Rooms.reuse
    monkeypatch.setattr(Rooms, "reuse", lambda *args: given.append(args[1]) or reuse(*args))
    pd.testing.assert_frame_equal(pf.label_segments(packets), whole)
    assert given == [20 * chunk]


@pytest.mark.parametrize("threads", ["2", "3"])
def test_results_do_not_depend_on_the_number_of_threads(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    packets = pf.read_pcap(random_capture(13, 3_000, damage=0.1), progress=False)
    whole = pf.label_segments(packets)
    monkeypatch.setenv("PCAPFRAME_THREADS", threads)
    monkeypatch.setattr(passes, "CHUNK_ROWS", 100)
    pd.testing.assert_frame_equal(pf.label_segments(packets), whole)
