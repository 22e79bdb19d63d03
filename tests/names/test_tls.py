import numpy as np
import pytest

from pcapframe.jit import jit, unchecked
from pcapframe.names.tls import (
    ALPN_AT,
    ALPN_END,
    DONE,
    LONGEST_HELLO,
    MORE,
    NAME_AT,
    NAME_END,
    NEED,
    NOTHING,
    read_hello,
)
from tests.names.hellos import body, extension, hello, records, sni


@jit
def _read(data: np.ndarray, end: int, is_cut: bool, joined: np.ndarray, found: np.ndarray) -> tuple[int, bool]:
    return read_hello(unchecked(data), np.int64(0), np.int64(end), is_cut, joined, found)


def read(message: bytes, end: int | None = None, *, is_cut: bool = False) -> tuple[int, bytes, bytes, int]:
    data, joined, found = (
        np.frombuffer(message + b"\0", np.uint8).copy(),
        np.zeros(LONGEST_HELLO, np.uint8),
        np.zeros(5, np.int64),
    )
    result, is_joined = _read(data, len(message) if end is None else end, is_cut, joined, found)
    text = (joined if is_joined else data).tobytes()
    return result, text[found[NAME_AT] : found[NAME_END]], text[found[ALPN_AT] : found[ALPN_END]], int(found[NEED])


@pytest.mark.parametrize("size", [1, 2, 7, 50, 1 << 14])
def test_what_more_is_needed_leads_to_the_whole(size: int) -> None:
    message = hello(size=size)
    there, steps = 0, 0
    while True:
        result, name, protocols, need = read(message, there)
        if result == DONE:
            break
        assert result == MORE
        assert there < need <= len(message)
        there, steps = need, steps + 1
    assert there == len(message)
    assert (name, protocols) == (b"example.com", b"\x02h2\x08http/1.1")


def test_other_records_are_nothing() -> None:
    for message in (
        b"\x17\x03\x03\x00\x10" + bytes(16),
        b"\x16\x03\x03\x00\x04\x02\x00\x00\x00",
        b"\x16\x04\x03\x00\x04\x01\x00\x00\x00",
    ):
        assert read(message)[0] == NOTHING


def test_cut_off_at_any_place_it_says_what_is_there() -> None:
    message = records(body(sni(b"example.com") + extension(51, bytes(300))))
    at = message.index(b"example.com") + 11
    for end in range(9, len(message)):
        assert read(message, end, is_cut=True)[:2] == (DONE, b"example.com" if end >= at else b"")


def test_the_longest_that_is_read() -> None:
    filler = LONGEST_HELLO - len(records(body(sni(b"example.com") + extension(51, b""))))
    assert read(records(body(sni(b"example.com") + extension(51, bytes(filler)))))[:2] == (DONE, b"example.com")
    assert read(records(body(sni(b"example.com") + extension(51, bytes(filler + 100)))))[0] == NOTHING
