"""Find the connections whose packets ICMP errors quote.

An error quotes addresses, ports and the sequence number of the packet that it is about (RFC 792, RFC 4443). It belongs
to the connection that has a segment with all of these. Where several have one, because ports and numbers were used
again, it belongs to that of the latest one before the error.

The quoted packet may be missing from the capture, or be a part of a larger one there (segmentation offload). Then the
error belongs to the connection that its endpoints had last, if this side may have sent the number: from its first one
to the end of what it sent, or of the window that the peer offered (RFC 9293 section 3.4). Where the capture has no SYN
of this side, numbers up to a window below the first one count too.

Limits: an error whose quote a translator did not translate back (RFC 5508) quotes endpoints that no connection has. An
error that was captured twice counts twice.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, Mask, changes, column_of
from pcapframe.icmp import QUOTE, Quotes, error_name
from pcapframe.measures import values, without_attrs
from pcapframe.memory import rows_where, taken
from pcapframe.plain import null_mask
from pcapframe.schema import ACK, FIN, ICMP_QUOTES, SYN, names

__all__ = ["Ends", "Sent", "find_quotes", "rows_that_quote"]

PORTS = 1 << 16
LARGEST_PLAIN_WINDOW = 0xFFFF


class Ends(NamedTuple):
    """Addresses and ports of segments; one value each."""

    src: Array
    dst: Array
    src_port: Array
    dst_port: Array


class Sent(NamedTuple):
    """Segments, as far as an error may quote them; one value each."""

    src: Array
    dst: Array
    src_port: Array
    dst_port: Array
    flags: Array
    seq: Array
    ack: Array
    payload_bytes: Array  # below 0 for unknown
    window_bytes: Array
    conn_id: Array
    rel_seq: Array
    rel_ack: Array
    is_believed: Array  # bool, whether its ACK number acknowledges only what was sent


class _Both(NamedTuple):
    """Segments of the endpoints that are quoted, then the errors; one value each."""

    pair: Array  # number of the pair of endpoints
    side: Array  # bool, which of the two sent the packet
    seq: Array
    position: Array  # among all packets
    is_error: Array


def rows_that_quote(packets: pd.DataFrame) -> Array | None:
    """Return the rows of ICMP errors that quote TCP.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``; not modified.

    Returns
    -------
    ndarray of int or None
        None where the frame lacks the columns of errors, such as one of segments.
    """
    if any(name not in packets for name in names(ICMP_QUOTES)):
        return None
    null = null_mask(column_of(packets, "quoted_seq"))
    if null is None or (null.strides == (0,) and null[:1].all()):  # nearly always
        return np.arange(len(packets) if null is None else 0)
    return rows_where(null.size, lambda rows: ~null[rows])


def find_quotes(
    packets: pd.DataFrame,
    rows: Array,
    is_segment: Mask,
    addresses: pd.Index,
    segments: int,
    ends_of: Callable[[slice], Ends],
    sent_at: Callable[[Array], Sent],
) -> Quotes:
    """Find the ICMP errors that quote packets of connections.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``, in capture order; not modified.
    rows : ndarray of int
        From `rows_that_quote`; one at least.
    is_segment : ndarray of bool
        Which packets are segments.
    addresses : Index
        What the numbers of addresses stand for.
    segments : int
        How many there are.
    ends_of : callable
        Takes a slice of the segments, and returns their endpoints.
    sent_at : callable
        Takes the places of segments, and returns what is asked of these.

    Returns
    -------
    Quotes
        The errors that quote a packet of a connection.
    """
    errors = without_attrs(packets)[["protocol", "src", *names(ICMP_QUOTES)]].iloc[rows]
    ends = [_codes(errors[f"quoted_{end}"], addresses) for end in ("src", "dst")]
    ends += [values(errors[f"quoted_{end}_port"], np.int64) for end in ("src", "dst")]
    candidates = _of_endpoints(len(addresses), segments, ends_of, ends)
    sent, positions = sent_at(candidates), candidates
    if is_segment.size > segments:
        positions = taken(rows_where(is_segment.size, lambda some: is_segment[some]), candidates)
    both = _both(sent, positions, ends, errors, rows)
    found = _nearest(both, both.pair, both.side, both.seq)
    vague = np.flatnonzero(found < 0)
    if vague.size and candidates.size:
        near = _nearest(both, both.pair)[vague]
        vague, near = vague[near >= 0], near[near >= 0]
        fits = _may_have_sent(sent, both, vague + candidates.size, near)
        found[vague[fits]] = near[fits]
    is_known = found >= 0
    conn_ids = sent.conn_id[found[is_known]]
    return _named(errors[is_known], conn_ids, rows.size)


def _codes(column: pd.Series, addresses: pd.Index) -> Array:
    """Return the numbers of addresses, -1 for others."""
    return column.cat.set_categories(addresses).cat.codes.to_numpy().astype(np.int64)


def _of_endpoints(addresses: int, segments: int, ends_of: Callable[[slice], Ends], ends: list[Array]) -> Array:
    """Return the segments whose addresses and ports are among those quoted."""
    ports = np.zeros(PORTS, np.bool_)
    quoted = np.zeros(addresses, np.bool_)
    for codes in ends[:2]:
        quoted[codes[codes >= 0]] = True
    for numbers in ends[2:]:
        ports[numbers] = True

    def holds(rows: slice) -> Mask:
        sent = ends_of(rows)
        return quoted[sent.src] & quoted[sent.dst] & ports[sent.src_port] & ports[sent.dst_port]

    return rows_where(segments, holds)


def _both(sent: Sent, positions: Array, ends: list[Array], errors: pd.DataFrame, rows: Array) -> _Both:
    """Put segments and errors together."""
    own = (sent.src, sent.dst, sent.src_port, sent.dst_port)
    src, dst, src_port, dst_port = (
        np.concatenate([column.astype(np.int64), quoted]) for column, quoted in zip(own, ends, strict=True)
    )
    a, b = src * PORTS + src_port, dst * PORTS + dst_port
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((high, low))
    pair = np.empty(order.size, np.int64)
    pair[order] = np.cumsum(changes(low[order], high[order]))
    seq = np.concatenate([sent.seq.astype(np.int64), values(errors["quoted_seq"], np.int64)])
    is_error = np.arange(pair.size) >= positions.size
    return _Both(pair, a > b, seq, np.concatenate([positions, rows]), is_error)


def _nearest(both: _Both, *keys: Array) -> Array:
    """Return, for each error, the last segment before it that has the same keys, else the first after it, else -1."""
    order = np.lexsort((both.position, *keys))
    group = np.cumsum(changes(*(key[order] for key in keys)))
    index = np.arange(order.size)
    is_segment = ~both.is_error[order]
    earlier = np.maximum.accumulate(np.where(is_segment, index, -1))
    later = np.minimum.accumulate(np.where(is_segment, index, order.size)[::-1])[::-1]
    found = np.full(order.size, -1)
    for place in (later, earlier):  # the earlier one wins
        is_one = (place >= 0) & (place < order.size)
        is_one[is_one] = group[place[is_one]] == group[is_one]
        found[order[is_one]] = order[place[is_one]]
    return found[both.is_error]


def _may_have_sent(sent: Sent, both: _Both, errors: Array, near: Array) -> Mask:
    """Tell which errors quote a number that their side may have sent in the connection of the segments `near`."""
    _, connection = np.unique(sent.conn_id, return_inverse=True)
    side = both.side[: connection.size]
    own, peer = 2 * connection + side, 2 * connection + ~side
    first = np.full(2 * (int(connection.max()) + 1), np.iinfo(np.int64).max)
    last, window, has_syn = np.full(first.size, -1), np.zeros(first.size, np.int64), np.zeros(first.size, np.bool_)
    is_syn, is_fin = sent.flags & SYN != 0, sent.flags & FIN != 0
    np.minimum.at(first, own, sent.rel_seq)
    np.maximum.at(last, own, sent.rel_seq + np.maximum(sent.payload_bytes, 0) + is_syn + is_fin)
    has_syn[own[is_syn]] = True
    acks = (sent.flags & ACK != 0) & sent.is_believed
    np.minimum.at(first, peer[acks], sent.rel_ack[acks])
    np.maximum.at(last, peer[acks], (sent.rel_ack + sent.window_bytes)[acks])
    np.maximum.at(window, peer[acks], sent.window_bytes[acks])
    first -= np.where(has_syn, 0, np.where(window, window, LARGEST_PLAIN_WINDOW))
    is_own = side[near] == both.side[errors]
    is_numbered = is_own | acks[near]
    number = np.where(is_own, sent.seq[near], sent.ack[near]).astype(np.int64)
    away = (both.seq[errors] - number).astype(np.uint32).view(np.int32).astype(np.int64)
    relative = np.where(is_own, sent.rel_seq[near], sent.rel_ack[near]) + away
    place = np.where(is_own, own[near], peer[near])
    return np.asarray(is_numbered & (first[place] <= relative) & (relative <= last[place]), np.bool_)


def _named(errors: pd.DataFrame, conn_ids: Array, quoting_tcp: int) -> Quotes:
    """Name the errors and their senders."""
    protocol, source = (errors[name].cat.codes.to_numpy().astype(np.int64) for name in ("protocol", "src"))
    code = protocol << 16 | values(errors["icmp_type"], np.int64) << 8 | values(errors["icmp_code"], np.int64)
    codes, kinds = np.unique(code, return_inverse=True)
    sources, places = np.unique(source, return_inverse=True)
    made = np.zeros(len(errors), QUOTE)
    made["frame"], made["conn_id"], made["kind"], made["source"] = errors.index, conn_ids, kinds, places
    made["mtu"] = values(errors["icmp_mtu"], np.int64, null=-1)
    protocols: Any = errors["protocol"].cat.categories
    named = [error_name(protocols[each >> 16], each >> 8 & 0xFF, each & 0xFF) for each in codes.tolist()]
    return Quotes(made, named, errors["src"].cat.categories.take(sources).tolist(), quoting_tcp)
