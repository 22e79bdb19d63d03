"""Where the payload of a packet that was just decoded lies in its record."""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.capture.bits import be16, be32, byte
from pcapframe.jit import inner_jit, unchecked

__all__ = ["SYN", "Columns", "columns_of", "find_payload", "find_whole"]

SYN = 0x02
TCP_HEADER = 20
USUAL_PLACES = (34, 54)  # of a TCP header, behind Ethernet and IP


class Columns(NamedTuple):
    """What is read of the rows that were just decoded."""

    has: Array
    tcp_flags: Array
    src: Array
    dst: Array
    src_port: Array
    dst_port: Array
    seq: Array
    ack: Array
    payload_bytes: Array


@inner_jit
def columns_of(newest: Any) -> Any:
    """Return the columns as pointers that support indexing only."""
    return Columns(
        unchecked(newest.has),
        unchecked(newest.tcp_flags),
        unchecked(newest.src),
        unchecked(newest.dst),
        unchecked(newest.src_port),
        unchecked(newest.dst_port),
        unchecked(newest.seq),
        unchecked(newest.ack),
        unchecked(newest.payload_bytes),
    )


@inner_jit
def find_payload(data: Any, at: Any, end: Any, columns: Any, row: Any) -> Any:
    """Return where the payload of a row begins in its record, -1 where its header is not there (fragments).

    The header is found by its ports and numbers, whatever is before it.
    """
    ports = np.int64(columns.src_port[row]) << 16 | np.int64(columns.dst_port[row])
    seq, ack = np.int64(columns.seq[row]), np.int64(columns.ack[row])
    flags = np.int64(columns.tcp_flags[row])
    for k in range(len(USUAL_PLACES)):
        place = at + USUAL_PLACES[k]
        if place + TCP_HEADER <= end and be32(data, place) == ports and be32(data, place + 4) == seq:
            if be32(data, place + 8) == ack and be16(data, place + 12) & 0xFFF == flags:
                return place + 4 * (byte(data, place + 12) >> 4)
    for place in range(at, end - TCP_HEADER + 1):
        if be32(data, place) == ports and be32(data, place + 4) == seq:
            if be32(data, place + 8) == ack and be16(data, place + 12) & 0xFFF == flags:
                return place + 4 * (byte(data, place + 12) >> 4)
    return np.int64(-1)


@inner_jit
def find_whole(wholes: Any, number: Any) -> Any:
    """Return the place of the datagram that the record of this number completed, -1 where it completed none."""
    low, high = 0, wholes.filled[0]
    while low < high:
        middle = (low + high) // 2
        if wholes.places[middle, 0] < number:
            low = middle + 1
        else:
            high = middle
    return low if low < wholes.filled[0] and wholes.places[low, 0] == number else np.int64(-1)
