import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from tests.conftest import examples
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


def seen(message: bytes, after: bytes) -> tuple[int, bytes, bytes]:
    """What is read of a ClientHello that others' bytes follow."""
    result, name, protocols, need = read(message + after, len(message))
    assert result in (NOTHING, MORE, DONE)
    assert result != MORE or len(message) < need <= LONGEST_HELLO
    return result, name, protocols


@pytest.mark.parametrize("size", [7, 1 << 14])
def test_whatever_byte_lies_nothing_is_read_beyond_the_end(size: int) -> None:
    """Every length of the message is one or two of these bytes."""
    message = hello(size=size)
    for at in range(len(message)):
        for value in (0, 1, message[at] ^ 1, 0x7F, 0xFF):
            lying = message[:at] + bytes([value]) + message[at + 1 :]
            after = seen(lying, bytes(600))
            assert after == seen(lying, b"\xff" * 600)
            assert size < len(message) or (after[1] in lying and after[2] in lying)  # else they are in pieces


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=3)), min_size=1, max_size=6), st.data())
def test_any_mutation_gives_a_name_or_nothing(changes: list[tuple[int, bytes]], data: st.DataObject) -> None:
    lying = bytearray(hello(size=data.draw(st.sampled_from([3, 40, 1 << 14]))))
    for at, value in changes:
        lying[at : at + len(value)] = value
    message = bytes(lying[: data.draw(st.integers(0, len(lying)))])
    assert seen(message, bytes(600)) == seen(message, b"\xff" * 600)


def test_what_stands_before_an_extension_that_lies_holds() -> None:
    lying = extension(23, bytes(9))[:2] + b"\xff\xff" + bytes(9)
    assert read(records(body(sni(b"example.com") + lying)))[:2] == (DONE, b"example.com")
    assert read(records(body(lying + sni(b"example.com"))))[:2] == (DONE, b"")
