"""The head of an HTTP/1 request (RFC 9112 section 3): the Host that it names."""

from typing import Any

import numpy as np

from pcapframe.capture.bits import byte
from pcapframe.jit import inner_jit
from pcapframe.names.tls import DONE, MORE, NAME_AT, NAME_END, NEED, NOTHING

__all__ = ["LONGEST_HEAD", "line_end", "names_version", "read_host"]

LONGEST_HEAD = 1 << 14  # of which the Host is looked for [bytes]
TAB, LF, CR, SPACE, COLON, BRACKET, ZERO, NINE = 9, 10, 13, 32, 58, 93, 48, 57
HOST = tuple(b"host:")
VERSION = tuple(b" HTTP/1.")
LOWER = 0x20  # the bit of a letter


@inner_jit
def line_end(data: Any, at: Any, end: Any) -> Any:
    """Return where the line that begins at `at` has its LF; `end` where there is none."""
    while at < end and byte(data, at) != LF:
        at += 1
    return at


@inner_jit
def names_version(data: Any, at: Any, end: Any) -> Any:
    """Whether a line without its LF ends in `` HTTP/1.`` and a digit."""
    if end > at and byte(data, end - 1) == CR:
        end -= 1
    at_least = end - len(VERSION) - 1
    if at_least <= at:
        return False
    for k in range(len(VERSION)):
        if byte(data, at_least + k) != VERSION[k]:
            return False
    return ZERO <= byte(data, end - 1) <= NINE


@inner_jit
def _without_port(data: Any, at: Any, end: Any) -> Any:
    """Return where a host ends that a port may follow."""
    place = end
    while place > at and ZERO <= byte(data, place - 1) <= NINE:
        place -= 1
    if place - 1 <= at or byte(data, place - 1) != COLON:
        return end
    if byte(data, place - 2) == BRACKET:
        return place - 1
    for k in range(at, place - 1):
        if byte(data, k) == COLON:  # an IPv6 address without brackets
            return end
    return place - 1


@inner_jit
def read_host(data: Any, at: Any, end: Any, first: Any, found: Any) -> Any:
    """Read the Host of a request, without its port.

    Parameters
    ----------
    data : ndarray of uint8
        Holds the client's stream from where the request begins.
    at, end : int
        Where a line of its head begins, and where what is known of the stream ends.
    first : bool
        Whether it is the first line.
    found : ndarray of int64
        Gets where the host is (its end is 0 for none); where more is needed, where to go on.

    Returns
    -------
    int
        `NOTHING`, `MORE` or `DONE`.
    """
    found[NAME_AT] = found[NAME_END] = 0
    while True:
        stop = line_end(data, at, end)
        found[NEED] = at
        if stop == end:
            return MORE
        last = stop
        if last > at and byte(data, last - 1) == CR:
            last -= 1
        if first:
            if not names_version(data, at, stop):
                return NOTHING
            first = False
        elif last == at:
            return NOTHING
        elif last - at > len(HOST):
            is_host = byte(data, at + 4) == COLON
            for k in range(4):
                is_host = is_host and byte(data, at + k) | LOWER == HOST[k]
            if is_host:
                begin = at + len(HOST)
                while begin < last and (byte(data, begin) == SPACE or byte(data, begin) == TAB):
                    begin += 1
                while last > begin and (byte(data, last - 1) == SPACE or byte(data, last - 1) == TAB):
                    last -= 1
                last = _without_port(data, begin, last)
                if last > begin:
                    found[NAME_AT], found[NAME_END] = np.int64(begin), np.int64(last)
                return DONE
        at = stop + 1
