"""ICMP and ICMPv6 errors: type, code and where the packet begins that they quote.

RFC 792, RFC 1122 section 3.2.2, RFC 1191 (MTU), RFC 4443, and RFC 4884 (how long a quote is that something follows).
A quote begins with the IP header of the packet that the error is about. It may end eight bytes after that header: then
it has the ports and the sequence number of TCP. Queries and replies, such as those of ping, are not decoded.
"""

from typing import Any

import numpy as np

from pcapframe.capture.bits import be16, be32, byte
from pcapframe.capture.ip import ICMP, ICMP_ERRORS, ICMPV6
from pcapframe.jit import inner_jit

__all__ = ["NO_ERROR", "UNREACHABLE", "UNREACHABLE_6", "decode_error"]

NO_ERROR = -1
HEADER_BYTES = 8
UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM = ICMP_ERRORS
FRAGMENTATION_NEEDED = UNREACHABLE << 8 | 4
UNREACHABLE_6, TOO_BIG_6, TIME_EXCEEDED_6, PARAMETER_PROBLEM_6 = 1, 2, 3, 4
SHORTEST_LIMITED = 128  # a quote that something follows is at least so long, and a shorter length says nothing [bytes]


@inner_jit
def decode_error(buffer: Any, protocol: Any, at: Any, end: Any) -> Any:
    """Decode the ICMP or ICMPv6 message at `at`, if it is an error.

    Parameters
    ----------
    buffer : ndarray of uint8
        Holds the message.
    protocol : int
        Of the IP header.
    at, end : int
        Where the message begins and where its captured bytes end.

    Returns
    -------
    tuple of int
        Type * 256 + code, where the quote begins, where it ends, and the MTU; -1 for no error, and for no MTU.
    """
    none = np.int64(NO_ERROR)
    if at + 2 > end:
        return none, at, at, none
    kind = byte(buffer, at)
    mtu = none
    unit, place = 0, at
    if protocol == ICMP and kind in ICMP_ERRORS:
        kind = be16(buffer, at)
        if kind == FRAGMENTATION_NEEDED and at + HEADER_BYTES <= end:
            mtu = be16(buffer, at + 6)
        if kind >> 8 in (UNREACHABLE, TIME_EXCEEDED, PARAMETER_PROBLEM):
            unit, place = 4, at + 5
    elif protocol == ICMPV6 and UNREACHABLE_6 <= kind <= PARAMETER_PROBLEM_6:
        kind = be16(buffer, at)
        if kind >> 8 == TOO_BIG_6 and at + HEADER_BYTES <= end:
            mtu = be32(buffer, at + 4)
        if kind >> 8 in (UNREACHABLE_6, TIME_EXCEEDED_6):
            unit, place = 8, at + 4
    else:
        return none, at, at, none
    begin = at + HEADER_BYTES
    if unit and begin <= end:
        length = unit * byte(buffer, place)
        if length >= SHORTEST_LIMITED:
            end = min(end, begin + length)
    return kind, begin, end, mtu
