import numpy as np
import pytest

from pcapframe.capture.fragments import NO_WHOLES
from pcapframe.jit import jit, unchecked
from pcapframe.names.payloads import Columns, find_payload, find_whole
from tests.builders import Conversation
from tests.capture.frames import HEADERS


@jit
def _find(data: np.ndarray, end: int, columns: Columns) -> int:
    return find_payload(unchecked(data), np.int64(0), np.int64(end), columns, 0)


def found(frame: bytes, *, seq: int = 1001) -> int:
    values = {"tcp_flags": 0x18, "src_port": 40000, "dst_port": 80, "seq": seq, "ack": 5001}
    columns = Columns(*(np.array([values.get(name, 0)], np.int64) for name in Columns._fields))
    return _find(np.frombuffer(frame, np.uint8).copy(), len(frame), columns)


FRAME = Conversation().handshake().send("client", "PA", b"payload").frames[-1][1]


@pytest.mark.parametrize("before", [made[1] for made in HEADERS.values() if made[0] == 1])
def test_payload_is_found_behind_every_header(before: bytes) -> None:
    frame = before + FRAME[14:]
    assert frame[found(frame) :] == b"payload"


def test_it_is_not_there() -> None:
    assert found(FRAME, seq=7) == found(FRAME[:50]) == found(b"") == -1


@jit
def _whole(wholes: object, number: int) -> int:
    return find_whole(wholes, number)


@pytest.mark.parametrize("records", [[], [3], [0, 1, 2], [5, 70, 71, 2047]])
def test_the_record_that_completed_a_datagram_is_found(records: list[int]) -> None:
    wholes = NO_WHOLES._replace(places=np.zeros((2048, 3), np.int32), filled=np.array([len(records)]))
    wholes.places[: len(records), 0] = records
    found = [_whole(wholes, number) for number in range(2048)]
    assert [number for number, place in enumerate(found) if place >= 0] == records
    assert [place for place in found if place >= 0] == list(range(len(records)))
