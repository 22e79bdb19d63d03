"""The rare kernel: decodes the records that ``decoding`` leaves, down to the innermost IP header.

It is compiled when a capture first needs it. A record is decoded in a loop: link layer and
shims, IP, tunnel, shims, IP …
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.capture import icmp, ip, transport, tunnels
from pcapframe.capture.bits import be16, be32
from pcapframe.capture.decoding import unchecked_columns, write_row
from pcapframe.capture.extras import IS_FRAGMENT, NOT_OPENED
from pcapframe.capture.following import COMPLETED, CUT, LONGEST_DATAGRAM, NO_PORTS, SEVERAL, follow_down
from pcapframe.capture.fragments import keep_whole
from pcapframe.capture.innermost import HEADERS, INSIDE, LEFT, OUTER, SLICED, SLOTS, STOP, innermost, without_finds
from pcapframe.capture.interning import intern_address, intern_protocol, protocol_code
from pcapframe.capture.ip import ICMP, ICMPV6, IP_FRAGMENT, IP_PAYLOAD, NO_IP, TCP, UDP
from pcapframe.capture.link import CODE_LEFT, ETHERTYPE_IPV4, ETHERTYPE_IPV6
from pcapframe.capture.records import BATCH_RECORDS
from pcapframe.capture.transport import decode_ports, decode_tcp
from pcapframe.jit import borrowed, inner_jit, jit, unchecked

__all__ = ["DeepScratch", "decode_deferred", "new_deep_scratch"]

Array = npt.NDArray[Any]

MOST_BEYOND = 0xFFFFFFFF
NO_ADDRESSES = -1


class DeepScratch(NamedTuple):
    """Memory for the kernel: an allocation in it would take seconds to compile."""

    header: Array  # uint64, the innermost IP header, then the outermost addresses
    quote: Array  # uint64, the same of a packet that an ICMP error quotes
    last: Array  # uint64, the outermost addresses of the record before
    key: Array  # uint64, of a fragment's datagram
    fields: Array  # int64, what `decode_tcp` finds
    edges: Array  # uint32, edges of SACK blocks
    edge_counts: Array  # int32, how many of these each deferred record has
    ways: Array  # int64, see ``tunnels``; kept from batch to batch


def new_deep_scratch() -> DeepScratch:
    """Return memory for batches of `BATCH_RECORDS` records."""
    return DeepScratch(
        np.zeros(SLOTS, np.uint64),
        np.zeros(SLOTS, np.uint64),
        np.zeros(5, np.uint64),
        np.zeros(5, np.uint64),
        np.zeros(transport.FIELDS, np.int64),
        np.zeros(BATCH_RECORDS * 20, np.uint32),
        np.zeros(BATCH_RECORDS, np.int32),
        tunnels.new_ways(),
    )


@inner_jit
def _quoted(buffer: Any, kind: Any, at: Any, end: Any, header: Any, ports: Any, ways: Any) -> Any:
    """Decode the packet of Ethernet type `kind` that an ICMP error quotes from `at` to `end`.

    Returns
    -------
    tuple of int
        What was found (``NO_IP`` and so on), the ports, the sequence number and the flags of TCP, each -1 for none
        (the flags unless the window is there too). The addresses are in `header`.
    """
    none = np.int64(-1)
    if at >= end:
        return NO_IP, none, none, none, none
    without_finds(header, 0)
    found, protocol, payload, _payload_end, _vlan, _way = innermost(
        buffer, kind, np.int64(0), at, end, at + LONGEST_DATAGRAM, none, np.int64(0), header, ports, ways
    )
    is_first = found == IP_PAYLOAD or (found == IP_FRAGMENT and header[ip.FRAGMENT_OFFSET] == 0)
    if not is_first or protocol not in (TCP, UDP) or payload + 4 > end:
        return found, none, none, none, none
    seq = be32(buffer, payload + 4) if protocol == TCP and payload + 8 <= end else none
    flags = be16(buffer, payload + 12) & 0xFFF if protocol == TCP and payload + 16 <= end else none
    return found, be16(buffer, payload), be16(buffer, payload + 2), seq, flags


@inner_jit
def _intern_both(slots: Any, mask: Any, addresses: Any, seed: Any, counts: Any, header: Any, at: Any) -> Any:
    """Return the numbers of both addresses at `at` of `header`, -1 where that is ``NO_ADDRESSES``."""
    if at == NO_ADDRESSES:
        return np.int64(-1), np.int64(-1)
    family = header[at + ip.FAMILY]
    high, low = header[at + ip.SRC_HIGH], header[at + ip.SRC_LOW]
    src = intern_address(slots, mask, addresses, seed, counts, high, low, family)
    high, low = header[at + ip.DST_HIGH], header[at + ip.DST_LOW]
    dst = intern_address(slots, mask, addresses, seed, counts, high, low, family)
    return np.int64(src), np.int64(dst)


@inner_jit
def _is_last(header: Any, place: Any, last: Any) -> Any:
    """Whether the outermost addresses are `last`, which they become: mirrors send all from few addresses."""
    is_same = place == OUTER
    for k in range(5):
        is_same = is_same and header[OUTER + k] == last[k]
        last[k] = header[OUTER + k]
    return is_same


@inner_jit
def _write_quote(
    said: Any,
    row: Any,
    buffer: Any,
    protocol: Any,
    at: Any,
    end: Any,
    quote: Any,
    ports: Any,
    ways: Any,
    slots: Any,
    mask: Any,
    addresses: Any,
    seed: Any,
    counts: Any,
) -> Any:
    """Write the side record of the ICMP message at `at` and of the packet that it quotes; 0 where it is no error."""
    error, begin, quote_end, mtu = icmp.decode_error(buffer, protocol, at, end)
    if error < 0:
        return 0
    said.row, said.icmp_error, said.icmp_mtu = row, error, mtu
    kind = np.int64(ETHERTYPE_IPV4 if protocol == ICMP else ETHERTYPE_IPV6)
    quoted, said.quoted_src_port, said.quoted_dst_port, said.quoted_seq, said.quoted_flags = _quoted(
        buffer, kind, begin, quote_end, quote, ports, ways
    )
    place = 0 if quoted != NO_IP else NO_ADDRESSES
    said.quoted_src, said.quoted_dst = _intern_both(slots, mask, addresses, seed, counts, quote, place)
    return 1


@inner_jit
def _merge_edges(
    out: Any,
    first_row: Any,
    count: Any,
    deferred: Any,
    waiting: Any,
    pool: Any,
    edges: Any,
    edges_before: Any,
    late: Any,
    late_counts: Any,
    late_edges: Any,
) -> None:
    """Put the edges of the deferred records between those of the others, from the last row to the first."""
    write, read = edges + late_edges, late_edges
    k = waiting - 1
    end = edges
    for back in range(count):
        i = count - 1 - back
        row = first_row + i
        begin = np.int64(out.sack_end[row - 1]) - edges_before if i > 0 else np.int64(0)
        out.sack_end[row] = edges_before + write
        if k >= 0 and deferred[k] == i:
            for _ in range(late_counts[k]):
                write -= 1
                read -= 1
                pool[write] = late[read]
            k -= 1
        else:
            for place in range(end - 1, begin - 1, -1):
                write -= 1
                pool[write] = pool[place]
        end = begin


@jit
def decode_deferred(
    buffer: Any,
    base: Any,
    batch: Any,
    count: Any,
    starts: Any,
    waiting: Any,
    rows_before: Any,
    first_row: Any,
    newest: Any,
    interner: Any,
    table: Any,
    sack_pool: Any,
    edges: Any,
    edges_before: Any,
    ports: Any,
    scratch: Any,
    extras: Any,
    quotes: Any,
    splits: Any,
) -> Any:
    """Decode the records that `decode_batch` left.

    Parameters
    ----------
    buffer, base, batch, count, first_row, newest, interner, edges_before
        As for `decode_batch`.
    starts : Scratch
        Which records of the batch to decode, and from where on.
    waiting : int
        How many these are.
    rows_before : int
        How many rows come before those of `newest`.
    table : Datagrams
        Gets the fragments of the batch.
    sack_pool : ndarray of uint32
        The edges of SACK blocks of the batch; gets those of the deferred records in their places.
    edges : int
        How many edges are in it.
    ports : ndarray of uint16, shape (131072,)
        See ``tunnels.udp_ports``.
    scratch : DeepScratch
        Overwritten; `ways` grows.
    extras, quotes : ndarray of EXTRA and of QUOTE
        Filled with side records; have room for one for each record.
    splits : bool
        Whether to stop before an aggregate in a tunnel, of which several frames are to be rows. Else one is followed.

    Returns
    -------
    tuple of int
        How many edges are in `sack_pool`, and records in `extras` and in `quotes`; and how many records of the batch
        are decoded: fewer than `count` where the next one holds an aggregate in a tunnel.
    """
    data, header, fields = unchecked(buffer), unchecked(scratch.header), unchecked(scratch.fields)
    slots, addresses, seed = unchecked(interner.slots), unchecked(interner.addresses), unchecked(interner.seed)
    mask, counts = interner.slots.size - 1, unchecked(interner.counts)
    codes, code_list = unchecked(interner.codes), unchecked(interner.code_list)
    late, late_counts, ways, udp = (
        unchecked(scratch.edges), unchecked(scratch.edge_counts), unchecked(scratch.ways), unchecked(ports),
    )  # fmt: skip
    out, deferred = unchecked_columns(newest[0]), unchecked(starts.deferred)
    heads, key, quote = unchecked(table.heads), unchecked(scratch.key), unchecked(scratch.quote)
    table, late_edges = borrowed(table), 0
    beside = quoting = 0
    last, last_src, last_dst = unchecked(scratch.last), np.int64(NO_ADDRESSES), np.int64(NO_ADDRESSES)
    table.wholes.filled[0] = 0
    for j in range(waiting):
        record = batch[deferred[j]]
        row = first_row + deferred[j]
        for k in range(transport.SACK):
            fields[k] = 0
        without_finds(header, record.part)
        found, protocol, payload, payload_end, vlan, way, bits, piece_of, ports_over = follow_down(
            data, heads, record, starts.kinds[j], starts.places[j], starts.vlans[j], table, key, seed, header, udp,
            ways, splits,
        )  # fmt: skip
        if found == SEVERAL:
            waiting, count = j, np.int64(deferred[j])
            edges = np.int64(out.sack_end[row - 1]) - edges_before if count else np.int64(0)
            break
        source = heads if bits & COMPLETED else data
        has = 0
        src = dst = np.int64(-1)
        ttl = ip_id = np.int64(0)
        if found == NO_IP:
            protocol = protocol_code(protocol)
        else:
            family, ttl = header[ip.FAMILY], np.int64(header[ip.TTL])
            src = intern_address(slots, mask, addresses, seed, counts, header[ip.SRC_HIGH], header[ip.SRC_LOW], family)
            dst = intern_address(slots, mask, addresses, seed, counts, header[ip.DST_HIGH], header[ip.DST_LOW], family)
            has = transport.HAS_IP
            if family == 4:
                ip_id = np.int64(header[ip.IDENT])
                has |= transport.HAS_IP_ID
        if found == IP_PAYLOAD and protocol == TCP:
            has |= decode_tcp(source, payload, np.int64(header[STOP]), payload_end, fields)
            if bits & COMPLETED:
                keep_whole(table, deferred[j], payload, min(np.int64(header[STOP]), payload_end))
            if bits & CUT:
                has &= ~transport.HAS_PAYLOAD
                fields[transport.PAYLOAD] = 0
        elif found == IP_PAYLOAD and protocol == UDP:
            has |= decode_ports(source, payload, min(np.int64(header[STOP]), payload_end), fields)
        elif ports_over != NO_PORTS:
            fields[transport.SRC_PORT], fields[transport.DST_PORT] = ports_over >> 16, ports_over & 0xFFFF
            has |= transport.HAS_PORTS
        write_row(out, row, record, base, src, dst, ttl, ip_id, vlan, has, fields)
        out.protocol[row] = intern_protocol(codes, code_list, counts, protocol)
        late_counts[j] = fields[transport.SACK_EDGES]
        for k in range(fields[transport.SACK_EDGES]):
            late[late_edges] = fields[transport.SACK + k]
            late_edges += 1
        if way or header[SLICED] or header[INSIDE] or header[LEFT] or piece_of >= 0:
            extra = extras[beside]
            extra.row, extra.tunnel = rows_before + row, way
            extra.sliced = header[SLICED] != np.uint64(0)
            beyond = max(payload_end - record.at - record.wire, 0) if bits == 0 else 0
            extra.beyond = min(beyond, MOST_BEYOND) if piece_of < 0 else piece_of
            extra.inside = IS_FRAGMENT if piece_of >= 0 else NOT_OPENED
            if (header[INSIDE] or header[LEFT]) and piece_of < 0:
                extra.inside = protocol_code(np.int64(header[INSIDE]) - 1 if header[INSIDE] else np.int64(CODE_LEFT))
            place = OUTER if way and header[HEADERS] > np.uint64(1) else NO_ADDRESSES
            if not _is_last(header, place, last) or last_src < 0:
                last_src, last_dst = _intern_both(slots, mask, addresses, seed, counts, header, place)
            extra.outer_src, extra.outer_dst = last_src, last_dst
            beside += 1
        if found == IP_PAYLOAD and protocol == (ICMP if header[ip.FAMILY] == 4 else ICMPV6):
            quoting += _write_quote(
                quotes[quoting], rows_before + row, source, protocol, payload, min(np.int64(header[STOP]), payload_end),
                quote, udp, ways, slots, mask, addresses, seed, counts,
            )  # fmt: skip
    if late_edges:
        _merge_edges(
            out, first_row, count, deferred, waiting, sack_pool, edges, edges_before, late, late_counts, late_edges
        )
    return edges + late_edges, beside, quoting, count
