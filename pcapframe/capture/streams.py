"""Count what may open a TCP stream in Wireshark that is no connection here, so that the two number them differently.

Wireshark numbers streams in the order in which it meets them, and it meets TCP headers in places that hold no segment:
in the packets that ICMP errors quote, in the payload of proxies and remote desktops, whose dissectors open a stream of
their own, and in what is not decoded here. Held against tshark 4.0.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from pcapframe.capture import transport
from pcapframe.capture.decoding import Columns

__all__ = ["foreign_streams"]

Array = npt.NDArray[Any]

REDIRECT = 5  # the one ICMP error whose quote Wireshark does not dissect
SYN, SYN_ACK = 0x02, 0x12
PORT_SOCKS = 1080
RFB_VERSION_BYTES = 12  # of the first payload of a VNC server (RFC 6143 section 7.1.1)
MIX = np.uint64(0x9E3779B97F4A7C15)


def foreign_streams(rows: Columns, quotes: Array) -> int:
    """Count the packets that may open such a stream.

    Parameters
    ----------
    rows : Columns
        Of all packets, in their order.
    quotes : ndarray of QUOTE
        Side records of ICMP errors.

    Returns
    -------
    int
        ICMP errors that quote a TCP header whose connection no earlier segment belongs to, or a SYN of another one;
        segments of SOCKS with payload; and first payloads of servers that are as long as VNC's.
    """
    is_segment = (rows.has & transport.HAS_TCP) != 0
    return _quotes(rows, quotes, is_segment) + _proxied(rows, is_segment)


def _quotes(rows: Columns, quotes: Array, is_segment: Array) -> int:
    """Count the ICMP errors that open a stream."""
    quotes = quotes[(quotes["quoted_flags"] >= 0) & (quotes["icmp_error"] >> 8 != REDIRECT)]
    if not quotes.size:
        return 0
    at = np.flatnonzero(is_segment & np.isin(rows.src, _addresses(quotes)) & np.isin(rows.dst, _addresses(quotes)))
    row = np.concatenate([at, quotes["row"]])
    sender = np.concatenate([_endpoint(rows.src[at], rows.src_port[at]), _quoted_endpoint(quotes, "src")])
    receiver = np.concatenate([_endpoint(rows.dst[at], rows.dst_port[at]), _quoted_endpoint(quotes, "dst")])
    flags = np.concatenate([rows.tcp_flags[at], quotes["quoted_flags"]])
    seq = np.concatenate([rows.seq[at].astype(np.int64), quotes["quoted_seq"]])
    opens = _is_first(row, np.minimum(sender, receiver), np.maximum(sender, receiver))
    (syns,) = np.nonzero(flags & SYN_ACK == SYN)
    opens[syns] |= _is_first(row[syns], sender[syns], receiver[syns], seq[syns])
    return int(np.count_nonzero(opens[at.size :]))


def _addresses(quotes: Array) -> Array:
    """Return the numbers of the addresses quoted."""
    return np.unique([quotes["quoted_src"], quotes["quoted_dst"]])


def _endpoint(address: Array, port: Array) -> Array:
    """Return one number for each address and port."""
    return address.astype(np.int64) << 16 | port.astype(np.int64)


def _quoted_endpoint(quotes: Array, side: str) -> Array:
    """Return one number for each address and port quoted."""
    return _endpoint(quotes[f"quoted_{side}"], quotes[f"quoted_{side}_port"])


def _is_first(row: Array, *keys: Array) -> Array:
    """Tell which rows are the first with their keys."""
    order = np.lexsort((row, *keys))
    first = np.zeros(row.size, np.bool_)
    if row.size:
        changes = np.logical_or.reduce([key[order][1:] != key[order][:-1] for key in keys])
        first[order] = np.concatenate([[True], changes])
    return first


def _proxied(rows: Columns, is_segment: Array) -> int:
    """Count the segments whose payload may hold a stream of its own."""
    has_payload = is_segment & (rows.payload_bytes != 0)
    socks = has_payload & ((rows.src_port == PORT_SOCKS) | (rows.dst_port == PORT_SOCKS))
    (versions,) = np.nonzero(has_payload & (rows.payload_bytes == RFB_VERSION_BYTES))
    if versions.size:
        (answers,) = np.nonzero(is_segment & (rows.tcp_flags & SYN_ACK == SYN_ACK))
        versions = versions[np.isin(_sent(rows, versions, 0), _sent(rows, answers, 1))]
    return int(np.count_nonzero(socks)) + versions.size


def _sent(rows: Columns, at: Array, beyond: int) -> Array:
    """Return one number for sender, receiver and the sequence number `beyond` that of each of these segments."""
    mixed = np.zeros(at.size, np.uint64)
    seq = rows.seq[at] + np.uint32(beyond)
    for part in (rows.src[at], rows.dst[at], rows.src_port[at], rows.dst_port[at], seq):
        mixed = (mixed ^ part.astype(np.uint64)) * MIX
        mixed ^= mixed >> np.uint64(29)
    return mixed
