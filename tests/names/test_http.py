import numpy as np
import pytest

from pcapframe.jit import jit, unchecked
from pcapframe.names.http import names_version, read_host
from pcapframe.names.tls import DONE, MORE, NAME_AT, NAME_END, NEED, NOTHING


@jit
def _read(data: np.ndarray, line: int, end: int, first: bool, found: np.ndarray) -> int:
    return read_host(unchecked(data), np.int64(line), np.int64(end), first, found)


@jit
def _version(data: np.ndarray) -> bool:
    return names_version(unchecked(data), np.int64(0), np.int64(data.size))


HEAD = b"POST /a HTTP/1.1\r\nA: b\r\nHost: example.com:80\r\nC: d\r\n\r\nbody"


def test_it_goes_on_where_it_stopped() -> None:
    data, found = np.frombuffer(HEAD, np.uint8).copy(), np.zeros(5, np.int64)
    line, complete = 0, HEAD.index(b"C:")
    for end in range(1, complete):
        assert _read(data, line, end, line == 0, found) == MORE
        assert line <= found[NEED] <= end
        line = int(found[NEED])
    assert _read(data, line, complete, False, found) == DONE
    assert HEAD[found[NAME_AT] : found[NAME_END]] == b"example.com"


@pytest.mark.parametrize(
    "head", [b"GET / HTTP/1.1\r\n\r\nHost: x\r\n", b"GET / RTSP/1.0\r\nHost: x\r\n", b"GET /\r\nHost: x\r\n"]
)
def test_no_host(head: bytes) -> None:
    found = np.zeros(5, np.int64)
    assert _read(np.frombuffer(head, np.uint8).copy(), 0, len(head), True, found) == NOTHING


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (b"GET / HTTP/1.1\r", True),
        (b"GET / HTTP/1.0", True),
        (b"GET / HTTP/2", False),
        (b" HTTP/1.1", False),
        (b"", False),
    ],
)
def test_version(line: bytes, wanted: bool) -> None:
    assert _version(np.frombuffer(line or b"\0", np.uint8)[: len(line)].copy()) is wanted
