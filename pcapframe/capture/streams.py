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
from pcapframe.memory import count_where, rows_where, taken

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
    return _quotes(rows, quotes) + _proxied(rows)


def _is_segment(rows: Columns, some: slice) -> Any:
    return (rows.has[some] & transport.HAS_TCP) != 0


def _quotes(rows: Columns, quotes: Array) -> int:
    """Count the ICMP errors that open a stream."""
    quotes = quotes[(quotes["quoted_flags"] >= 0) & (quotes["icmp_error"] >> 8 != REDIRECT)]
    if not quotes.size:
        return 0
    quoted = _addresses(quotes)

    def of_hosts(some: slice) -> Any:
        return _is_segment(rows, some) & np.isin(rows.src[some], quoted) & np.isin(rows.dst[some], quoted)

    at = rows_where(rows.has.size, of_hosts)
    row = np.concatenate([at, quotes["row"]])
    src, dst, src_port, dst_port, own_flags, own_seq = (
        taken(getattr(rows, name), at) for name in ("src", "dst", "src_port", "dst_port", "tcp_flags", "seq")
    )
    sender = np.concatenate([_endpoint(src, src_port), _quoted_endpoint(quotes, "src")])
    receiver = np.concatenate([_endpoint(dst, dst_port), _quoted_endpoint(quotes, "dst")])
    flags = np.concatenate([own_flags, quotes["quoted_flags"]])
    seq = np.concatenate([own_seq.astype(np.int64), quotes["quoted_seq"]])
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


def _proxied(rows: Columns) -> int:
    """Count the segments whose payload may hold a stream of its own."""

    def is_socks(some: slice) -> Any:
        has_port = (rows.src_port[some] == PORT_SOCKS) | (rows.dst_port[some] == PORT_SOCKS)
        return has_port & _is_segment(rows, some) & (rows.payload_bytes[some] != 0)

    def may_be_version(some: slice) -> Any:
        return (rows.payload_bytes[some] == RFB_VERSION_BYTES) & _is_segment(rows, some)

    def is_answer(some: slice) -> Any:
        return (rows.tcp_flags[some] & SYN_ACK == SYN_ACK) & _is_segment(rows, some)

    count = rows.has.size
    socks, versions = count_where(count, is_socks), rows_where(count, may_be_version)
    if versions.size:
        answers = rows_where(count, is_answer)
        versions = versions[np.isin(_sent(rows, versions, 0), _sent(rows, answers, 1))]
    return socks + versions.size


def _sent(rows: Columns, at: Array, beyond: int) -> Array:
    """Return one number for sender, receiver and the sequence number `beyond` that of each of these segments."""
    mixed = np.zeros(at.size, np.uint64)
    for name in ("src", "dst", "src_port", "dst_port", "seq"):
        part = taken(getattr(rows, name), at)
        if name == "seq":
            part += np.uint32(beyond)
        mixed = (mixed ^ part.astype(np.uint64)) * MIX
        mixed ^= mixed >> np.uint64(29)
    return mixed
