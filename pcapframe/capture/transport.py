"""Compiled decoders of TCP and UDP headers (RFC 9293 section 3.1, RFC 768).

They write into a small scratch array with a slot for each field (``SRC_PORT`` …, then the SACK edges) and return bits
``HAS_…`` for the fields that a packet has; a field without its bit is 0.
"""

from typing import Any

from pcapframe.capture.bits import be16, be32, byte
from pcapframe.jit import inner_jit

__all__ = ["FIELDS", "decode_ports", "decode_tcp"]

HAS_IP, HAS_IP_ID, HAS_PORTS, HAS_TCP, HAS_CHECKSUM, HAS_PAYLOAD = 1, 2, 4, 8, 16, 32
HAS_MSS, HAS_SCALE, HAS_SACK_PERMITTED, HAS_TIMESTAMPS, HAS_SACK = 64, 128, 256, 512, 1024
IS_MALFORMED, HAS_VLAN, HAS_INTERFACE, IS_TCP, HEADER_CUT = 2048, 4096, 8192, 16384, 32768

SRC_PORT, DST_PORT, SEQ, ACK, HEADER, FLAGS, WINDOW, CHECKSUM, PAYLOAD = 0, 1, 2, 3, 4, 5, 6, 7, 8
MSS, SCALE, TSVAL, TSECR, SACK_EDGES, SACK = 9, 10, 11, 12, 13, 14
FIELDS = SACK + 20  # more than the edges that 40 bytes of options can hold

OPTION_END, OPTION_NOP, OPTION_MSS, OPTION_SCALE, OPTION_SACK_PERMITTED, OPTION_SACK, OPTION_TIMESTAMPS = (
    0, 1, 2, 3, 4, 5, 8
)  # fmt: skip
NOP_NOP_TIMESTAMPS = 0x0101080A


@inner_jit
def decode_ports(buffer: Any, at: Any, end: Any, fields: Any) -> Any:
    """Write the ports at `at`; return the bits of the fields found."""
    if at + 4 > end:
        return 0
    fields[SRC_PORT] = be16(buffer, at)
    fields[DST_PORT] = be16(buffer, at + 2)
    return HAS_PORTS


@inner_jit
def _decode_options(buffer: Any, at: Any, end: Any, header_end: Any, fields: Any) -> Any:
    """Write the options between `at` and `end`, where they end or were cut; return the bits of the fields found."""
    has = 0
    if end - at >= 12 and be32(buffer, at) == NOP_NOP_TIMESTAMPS:  # the usual layout; most packets have no other
        fields[TSVAL] = be32(buffer, at + 4)
        fields[TSECR] = be32(buffer, at + 8)
        has = HAS_TIMESTAMPS
        at += 12
    while at < end:
        kind = byte(buffer, at)
        if kind == OPTION_END:
            break
        if kind == OPTION_NOP:
            at += 1
            continue
        if at + 2 > end:
            return has | IS_MALFORMED
        length = byte(buffer, at + 1)
        if kind == OPTION_SACK and length >= 10 and at + length <= header_end:
            length = min(length, end - at)  # blocks before the cut are read
            if length < 10:
                return has | IS_MALFORMED
        if length < 2 or at + length > end:
            return has | IS_MALFORMED
        if kind == OPTION_MSS and length == 4:
            fields[MSS] = be16(buffer, at + 2)
            has |= HAS_MSS
        elif kind == OPTION_SCALE and length == 3:
            fields[SCALE] = byte(buffer, at + 2)
            has |= HAS_SCALE
        elif kind == OPTION_SACK_PERMITTED and length == 2:
            has |= HAS_SACK_PERMITTED
        elif kind == OPTION_SACK and length >= 10:
            count = (length - 2) // 8 * 2
            for i in range(count):
                fields[SACK + i] = be32(buffer, at + 2 + 4 * i)
            fields[SACK_EDGES] = count
            has |= HAS_SACK if length % 8 == 2 else HAS_SACK | IS_MALFORMED
        elif kind == OPTION_TIMESTAMPS and length == 10:
            fields[TSVAL] = be32(buffer, at + 2)
            fields[TSECR] = be32(buffer, at + 6)
            has |= HAS_TIMESTAMPS
        elif kind in (OPTION_MSS, OPTION_SCALE, OPTION_SACK_PERMITTED, OPTION_SACK, OPTION_TIMESTAMPS):
            # The length is wrong; options after it are still read, as in Wireshark.
            has |= IS_MALFORMED
        at += length
    return has


@inner_jit
def decode_tcp(buffer: Any, at: Any, end: Any, wire_end: Any, fields: Any) -> Any:
    """Decode the TCP header at `at`.

    Parameters
    ----------
    buffer : ndarray of uint8
        Holds the packet.
    at, end, wire_end : int
        Where the header begins, where the captured bytes end, where the segment ends by the IP length.
    fields : ndarray of int64, shape (FIELDS,)
        Filled; all zeros before.

    Returns
    -------
    int
        Bits of the fields found.
    """
    end = min(end, wire_end)
    has = decode_ports(buffer, at, end, fields) | IS_TCP
    if at + 16 > end:
        return has | HEADER_CUT
    fields[SEQ] = be32(buffer, at + 4)
    fields[ACK] = be32(buffer, at + 8)
    header = 4 * (byte(buffer, at + 12) >> 4)
    fields[HEADER] = header
    fields[FLAGS] = be16(buffer, at + 12) & 0xFFF
    fields[WINDOW] = be16(buffer, at + 14)
    has |= HAS_TCP
    if at + 18 <= end:
        fields[CHECKSUM] = be16(buffer, at + 16)
        has |= HAS_CHECKSUM
    payload = wire_end - at - header
    if payload >= 0:
        fields[PAYLOAD] = payload
        has |= HAS_PAYLOAD
    if header > 20:
        has |= _decode_options(buffer, at + 20, min(at + header, end), at + header, fields)
    if end < at + max(header, 20) <= wire_end:  # cut off by the capture, not by the sender
        has = (has | HEADER_CUT) & ~IS_MALFORMED
    return has
