"""The ClientHello of TLS (RFC 8446 section 4.1.2): the name of the server and the protocols that the client offers.

A ClientHello may be spread over several records (section 5.1). One whose lengths do not fit each other says nothing;
an extension whose lengths do not fit says nothing of its own; what stands before one that does not fit into the message
holds, as in Wireshark.
What a client encrypts (ECH) is not read: the name is the one that everybody on the path sees.
"""

from typing import Any

import numpy as np

from pcapframe.capture.bits import be16, byte
from pcapframe.jit import inner_jit

__all__ = ["LONGEST_HELLO", "begins_hello", "read_hello"]

RECORD_HEADER, HANDSHAKE_HEADER = 5, 4
HANDSHAKE_RECORD, CLIENT_HELLO = 22, 1
LARGEST_RECORD = (1 << 14) + 2048
LONGEST_HELLO = 1 << 14  # with its records' headers; a longer one is not read [bytes]
FIXED_BYTES = 2 + 32  # version and random
LONGEST_SESSION_ID = 32
SERVER_NAME, ALPN = 0, 16  # extensions (RFC 6066 section 3, RFC 7301 section 3.1)
HOST_NAME = 0
# What a reader returns, and what it writes to `found`.
NOTHING, MORE, DONE = range(3)
NEED, NAME_AT, NAME_END, ALPN_AT, ALPN_END = range(5)


@inner_jit
def begins_hello(data: Any, at: Any, end: Any) -> Any:
    """Whether a record may begin at `at` that begins with a ClientHello, as far as its bytes are there."""
    there = end - at
    if there < 1 or byte(data, at) != HANDSHAKE_RECORD:
        return False
    if (there > 1 and byte(data, at + 1) != 3) or (there > 2 and byte(data, at + 2) > 4):
        return False
    if there > 4:
        length = be16(data, at + 3)
        if length < 1 or length > LARGEST_RECORD or (there > 5 and byte(data, at + 5) != CLIENT_HELLO):
            return False
        if there > 9 and length > HANDSHAKE_HEADER and byte(data, at + 9) != 3:
            return False
    return True


@inner_jit
def _read_names(data: Any, at: Any, end: Any, found: Any) -> Any:
    """Find the first host name in the extension between `at` and `end`; return whether its lengths fit."""
    if at == end:
        return True
    if at + 2 > end or at + 2 + be16(data, at) != end:
        return False
    at += 2
    while at < end:
        if at + 3 > end or at + 3 + be16(data, at + 1) > end:
            return False
        following = at + 3 + be16(data, at + 1)
        if byte(data, at) == HOST_NAME and found[NAME_END] == 0:
            found[NAME_AT], found[NAME_END] = at + 3, following
        at = following
    return True


@inner_jit
def _read_protocols(data: Any, at: Any, end: Any, found: Any) -> Any:
    """Find the list of protocols in the extension between `at` and `end`; return whether its lengths fit."""
    if at + 2 > end or at + 2 + be16(data, at) != end:
        return False
    at += 2
    begin = at
    while at < end:
        length = byte(data, at)
        if length == 0 or at + 1 + length > end:
            return False
        at += 1 + length
    if found[ALPN_END] == 0:
        found[ALPN_AT], found[ALPN_END] = begin, end
    return True


@inner_jit
def _read_body(data: Any, at: Any, end: Any, there: Any, found: Any) -> Any:
    """Read what follows the handshake header up to `end`, of which the bytes before `there` were captured."""
    stop = min(end, there)
    at += FIXED_BYTES
    if at + 1 > stop:
        return at + 1 > there and at + 1 <= end
    if byte(data, at) > LONGEST_SESSION_ID:
        return False
    at += 1 + byte(data, at)
    if at + 2 > stop:
        return at + 2 > there and at + 2 <= end
    at += 2 + be16(data, at)
    if at + 1 > stop:
        return at + 1 > there and at + 1 <= end
    at += 1 + byte(data, at)
    if at == end:
        return True
    if at + 2 > stop:
        return at + 2 > there and at + 2 <= end
    if at + 2 + be16(data, at) != end:
        return False
    at += 2
    while at < end:
        if at + 4 > stop:
            return at + 4 > there and at + 4 <= end
        kind, following = be16(data, at), at + 4 + be16(data, at + 2)
        at += 4
        if following > min(end, there):
            return True  # cut off in it, or its length lies
        if kind == SERVER_NAME and not _read_names(data, at, following, found):
            found[NAME_END] = found[NAME_AT] = 0
        if kind == ALPN and not _read_protocols(data, at, following, found):
            found[ALPN_END] = found[ALPN_AT] = 0
        at = following
    return True


@inner_jit
def read_hello(data: Any, at: Any, end: Any, is_cut: Any, joined: Any, found: Any) -> Any:
    """Read a ClientHello.

    Parameters
    ----------
    data : ndarray of uint8
        Holds the client's stream from where its record begins.
    at, end : int
        Where the record begins, and where what is known of the stream ends.
    is_cut : bool
        Whether the capture lacks what follows: then what is there is read.
    joined : ndarray of uint8, LONGEST_HELLO long
        Overwritten where the ClientHello has several records.
    found : ndarray of int64
        Gets where the name and the list of protocols are (ends are 0 for none), or how many bytes are needed.

    Returns
    -------
    tuple
        `NOTHING`, `MORE` or `DONE`; and whether the places are in `joined`.
    """
    for k in range(5):
        found[k] = 0
    place = at
    filled = 0
    wanted = HANDSHAKE_HEADER
    while filled < wanted:
        if place + RECORD_HEADER > end:
            found[NEED] = place + RECORD_HEADER - at
            break
        length = be16(data, place + 3)
        if byte(data, place) != HANDSHAKE_RECORD or byte(data, place + 1) != 3 or not 0 < length <= LARGEST_RECORD:
            return NOTHING, False
        place += RECORD_HEADER
        if filled == 0 and length >= HANDSHAKE_HEADER and place + HANDSHAKE_HEADER <= end:
            size = byte(data, place + 1) << 16 | be16(data, place + 2)
            if byte(data, place) != CLIENT_HELLO or size + HANDSHAKE_HEADER > LONGEST_HELLO:
                return NOTHING, False
            wanted = HANDSHAKE_HEADER + size
            if length >= wanted:  # in one record
                if place + length > end and not is_cut:
                    found[NEED] = place + length - at
                    return (MORE if found[NEED] <= LONGEST_HELLO else NOTHING), False
                if _read_body(data, place + HANDSHAKE_HEADER, place + wanted, min(end, place + wanted), found):
                    return DONE, False
                return NOTHING, False
        there = min(length, end - place, wanted - filled if filled >= HANDSHAKE_HEADER else length)
        there = min(there, LONGEST_HELLO - filled)
        for k in range(there):
            joined[filled + k] = byte(data, place + k)
        filled += there
        if filled >= HANDSHAKE_HEADER and wanted == HANDSHAKE_HEADER:
            size = byte(joined, 1) << 16 | be16(joined, 2)
            if byte(joined, 0) != CLIENT_HELLO or size + HANDSHAKE_HEADER > LONGEST_HELLO:
                return NOTHING, False
            wanted = HANDSHAKE_HEADER + size
        if place + length > end:
            found[NEED] = place + length - at
            break
        place += length
    if found[NEED] and not is_cut:
        return (MORE if found[NEED] <= LONGEST_HELLO else NOTHING), False
    if filled < HANDSHAKE_HEADER:
        return NOTHING, False
    if _read_body(joined, np.int64(HANDSHAKE_HEADER), wanted, min(filled, wanted), found):
        return DONE, True
    return NOTHING, False
