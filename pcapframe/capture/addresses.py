"""Texts of addresses: by the system's functions for few, by a kernel for many."""

import socket
from itertools import repeat
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pcapframe.jit import inner_jit, jit

__all__ = ["address_texts"]

Array = npt.NDArray[Any]

FEW = 20_000  # written one by one before the kernel would be loaded
MOST_BYTES = 39  # eight groups of four digits and seven colons
GROUPS = 8  # of an IPv6 address
DOT, COLON, DIGITS, LETTERS = 46, 58, 48, 87  # characters; the letters so that 10 gives "a"
MAPPED = 0xFFFF  # of the third quarter: an IPv4 address stands in the last


def address_texts(addresses: Array) -> pa.Array:
    """Return the text of every address.

    Parameters
    ----------
    addresses : ndarray of uint64, shape (n, 3)
        High half, low half and family (4 or 6).

    Returns
    -------
    pyarrow.Array
        Large strings, in the same order: IPv6 as in RFC 5952 section 4, as inet_ntop(3) writes it.

    Examples
    --------
    >>> address_texts(np.array([[0, 0xC0000201, 4], [0x20010DB8 << 32, 1, 6]], np.uint64)).to_pylist()
    ['192.0.2.1', '2001:db8::1']
    """
    if len(addresses) < FEW:
        return _by_system(addresses)
    quarter = addresses[:, 1] >> np.uint64(32)
    embedding = (addresses[:, 2] == 6) & (addresses[:, 0] == 0) & ((quarter == 0) | (quarter == MAPPED))
    offsets, data = np.zeros(len(addresses) + 1, np.int64), np.empty(MOST_BYTES * len(addresses), np.uint8)
    _write(addresses, embedding, offsets, data)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data[: offsets[-1]].copy())]
    texts = pa.Array.from_buffers(pa.large_string(), len(addresses), buffers)
    if embedding.any():  # systems differ in how they write these
        texts = pc.replace_with_mask(texts, pa.array(embedding), _by_system(addresses[embedding]))
    return texts


def _by_system(addresses: Array) -> pa.Array:
    is_6 = addresses[:, 2] == 6
    four, six = np.flatnonzero(~is_6), np.flatnonzero(is_6)
    texts = np.empty(is_6.size, object)
    bytes_4 = addresses[four, 1].astype(">u4").view("V4").tolist()
    bytes_6 = addresses[six, :2].astype(">u8").view("V16").ravel().tolist()
    texts[four] = list(map(socket.inet_ntoa, bytes_4))
    texts[six] = list(map(socket.inet_ntop, repeat(socket.AF_INET6), bytes_6))
    return pa.array(cast("list[str]", texts.tolist()), pa.large_string())


@inner_jit
def _decimal(data: Any, at: Any, value: Any) -> Any:
    """Write a number below 1,000 in decimal; return where it ends."""
    if value >= 100:
        data[at] = DIGITS + value // 100
        at += 1
    if value >= 10:
        data[at] = DIGITS + value // 10 % 10
        at += 1
    data[at] = DIGITS + value % 10
    return at + 1


@inner_jit
def _hexadecimal(data: Any, at: Any, value: Any) -> Any:
    """Write a number of 16 bits in hexadecimal, without zeros before it; return where it ends."""
    shift = np.int64(12)
    while shift > 0 and value >> shift == 0:
        shift -= 4
    while shift >= 0:
        digit = value >> shift & 15
        data[at] = digit + (DIGITS if digit < 10 else LETTERS)
        at, shift = at + 1, shift - 4
    return at


@inner_jit
def _group(high: Any, low: Any, place: Any) -> Any:
    """Return a group of an IPv6 address, from 0 on."""
    half = high if place < GROUPS // 2 else low
    return np.int64(half >> np.uint64(48 - 16 * (place % (GROUPS // 2)))) & 0xFFFF


@inner_jit
def _longest_zeros(high: Any, low: Any) -> Any:
    """Return where the longest run of two or more groups of zero begins and ends; 8, 8 if none."""
    start, length, run = GROUPS, 1, 0
    for place in range(GROUPS):
        run = run + 1 if _group(high, low, place) == 0 else 0
        if run > length:
            start, length = place + 1 - run, run
    return start, min(start + length, GROUPS)


@jit
def _write(addresses: Any, left: Any, offsets: Any, data: Any) -> None:
    """Write the texts one after another, and where each one ends; those to be left get none."""
    at = np.int64(0)
    for i in range(left.size):
        high, low = addresses[i, 0], addresses[i, 1]
        if addresses[i, 2] == 4:
            for shift in (24, 16, 8, 0):
                at = _decimal(data, at, np.int64(low >> np.uint64(shift)) & 0xFF)
                if shift:
                    data[at] = DOT
                    at += 1
        elif not left[i]:
            start, end = _longest_zeros(high, low)
            for place in range(GROUPS):
                if start <= place < end and place > start:
                    continue
                if place > 0 or place == start:
                    data[at] = COLON
                    at += 1
                if not start <= place < end:
                    at = _hexadecimal(data, at, _group(high, low, place))
            if start < end == GROUPS:
                data[at] = COLON
                at += 1
        offsets[i + 1] = at
