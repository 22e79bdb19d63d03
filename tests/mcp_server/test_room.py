"""One bound for analyses that are kept and those under way."""

import threading

import pytest

import pcapframe as pf
from pcapframe.errors import CaptureError
from pcapframe.keeping import Keep
from pcapframe.mcp_server.room import Room, size_of
from tests.builders import Conversation, pcap

ANALYSIS = pf.analyze(pcap(Conversation().handshake()), progress=False)
SIZE = size_of(ANALYSIS)
MIB = 1 << 20


def test_what_is_asked_for_stays() -> None:
    room = Room(2 * SIZE)
    for key in (("a",), ("b",)):
        room.keep(key, ANALYSIS)
    assert room.find(("a",)) is ANALYSIS
    room.keep(("c",), ANALYSIS)
    assert [key in room for key in (("a",), ("b",), ("c",))] == [True, False, True]
    assert room.find(("b",)) is None


def test_what_is_too_large_is_not_kept_and_drops_nothing() -> None:
    room = Room(SIZE)
    room.keep(("a",), ANALYSIS)
    room._max_bytes = SIZE - 1
    room.keep(("b",), ANALYSIS)
    assert [key in room for key in (("a",), ("b",))] == [True, False]


def test_work_under_way_drops_what_is_kept() -> None:
    room = Room(2 * SIZE)
    for key in (("a",), ("b",)):
        room.keep(key, ANALYSIS)
    room.claim("work", "w.pcap", SIZE, 1)
    assert [key in room for key in (("a",), ("b",))] == [False, True]
    room.release("work")
    room.release("work")
    room.keep(("a",), ANALYSIS)
    assert ("b",) in room


def test_what_cannot_fit_is_refused_and_drops_nothing() -> None:
    room = Room(100 * MIB)
    room.keep(("a",), ANALYSIS)
    with pytest.raises(CaptureError) as error:
        room.claim("w", "w.pcap", 101 * MIB, 1234)
    assert str(error.value) == (
        "w.pcap: takes 101 MiB of memory after 1,234 packets, more than the 100 MiB allowed (--cache-mib)"
    )
    room.claim("w", "w.pcap", 60 * MIB, 1)
    room.claim("w", "w.pcap", 61 * MIB, 2)  # in place of the one before
    with pytest.raises(CaptureError, match=r"takes 40 MiB .* 5 packets beside 61 MiB for others under way, more than"):
        room.claim("v", "v.pcap", 40 * MIB, 5)
    room.claim("v", "v.pcap", 39 * MIB, 4)
    with pytest.raises(CaptureError):
        room.claim("w", "w.pcap", 62 * MIB, 2)
    room.release("v")
    room.claim("w", "w.pcap", 62 * MIB, 2)


def test_threads_never_claim_more_than_there_is() -> None:
    room = Room(10 * MIB)
    granted: list[int] = []

    def claim(number: int) -> None:
        try:
            room.claim(number, "w.pcap", MIB, 1)
            granted.append(number)
        except CaptureError:
            pass

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(granted) == 10


@pytest.mark.parametrize("keep", ["segments", "events", "connections"])
def test_an_analysis_without_packets_has_a_size_and_stays(keep: Keep) -> None:
    analysis = pf.analyze(pcap(Conversation().handshake().data("client", 100)), keep=keep)
    room = Room(size_of(analysis))
    room.keep(("a",), analysis)
    assert room.find(("a",)) is analysis
