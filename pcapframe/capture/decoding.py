"""The common kernel: decodes the headers of most records into columns, and leaves the others to ``deep``.

It knows Ethernet and the other common link types, VLAN tags, IPv4 and IPv6 as they usually are, TCP, UDP, and what ends
there. Whatever else may be in a record is decoded by ``deep``, from its beginning.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.capture import transport
from pcapframe.capture.bits import LINE_BYTES, be16, be32, be64, byte
from pcapframe.capture.interning import intern_address, intern_protocol, protocol_code
from pcapframe.capture.ip import (
    FIRST_ICMPV6_QUERY,
    HOP_BY_HOP,
    ICMP,
    ICMP_ERRORS,
    ICMPV6,
    IS_FRAGMENT,
    TCP,
    UDP,
)
from pcapframe.capture.link import ETHERTYPE_IPV4, ETHERTYPE_IPV6, NESTED_LINK, VLAN_TYPES, behind_vlan
from pcapframe.capture.link_types import LINK_TYPES
from pcapframe.capture.records import BATCH_RECORDS
from pcapframe.capture.tables import dispatcher
from pcapframe.capture.transport import decode_ports, decode_tcp
from pcapframe.capture.tunnels import TYPES
from pcapframe.capture.udp_tunnels import is_gtp
from pcapframe.jit import inner_jit, jit, prefetch, unchecked

__all__ = [
    "DTYPES",
    "Columns",
    "Scratch",
    "decode_batch",
    "unchecked_columns",
    "write_row",
    "write_transport",
]

Array = npt.NDArray[Any]

NOT_COMMON = -1  # in place of an Ethernet type: a link type for ``deep``
MOST_TAGS = 4  # that are skipped here
RECORDS_AHEAD = 16  # whose headers are prefetched: another core may have walked over the records


class Columns(NamedTuple):
    """The decoded columns: one row per packet, with spare room; `has` tells what is set, in bits of ``transport``."""

    time: Array
    offset: Array
    wire_bytes: Array
    captured_bytes: Array
    src: Array
    dst: Array
    seq: Array
    ack: Array
    payload_bytes: Array
    tsval: Array
    tsecr: Array
    protocol: Array
    src_port: Array
    dst_port: Array
    ip_id: Array
    tcp_flags: Array
    window: Array
    tcp_checksum: Array
    mss: Array
    vlan: Array
    interface: Array
    has: Array
    ttl: Array
    tcp_header_bytes: Array
    window_scale: Array
    sack_end: Array  # where the row's edges of SACK blocks end in those of all rows


DTYPES: dict[str, Any] = {
    "time": np.int64,
    "offset": np.int64,
    "wire_bytes": np.uint32,
    "captured_bytes": np.uint32,
    "src": np.int32,
    "dst": np.int32,
    "seq": np.uint32,
    "ack": np.uint32,
    "payload_bytes": np.uint32,
    "tsval": np.uint32,
    "tsecr": np.uint32,
    "protocol": np.uint16,
    "src_port": np.uint16,
    "dst_port": np.uint16,
    "ip_id": np.uint16,
    "tcp_flags": np.uint16,
    "window": np.uint16,
    "tcp_checksum": np.uint16,
    "mss": np.uint16,
    "vlan": np.uint16,
    "interface": np.uint16,
    "has": np.uint16,
    "ttl": np.uint8,
    "tcp_header_bytes": np.uint8,
    "window_scale": np.uint8,
    "sack_end": np.int32,
}


class Scratch(NamedTuple):
    """Memory for the kernel: an allocation in it would take seconds to compile."""

    fields: Array  # int64, what `decode_tcp` finds
    deferred: Array  # int32, which records of the batch are for ``deep``
    kinds: Array  # int64, the Ethernet type or code that each of these was decoded to
    places: Array  # int64, where what that says begins
    vlans: Array  # int64, innermost VLAN id so far, -1 for none


def new_scratch() -> Scratch:
    """Return memory for batches of `BATCH_RECORDS` records."""
    return Scratch(
        np.zeros(transport.FIELDS, np.int64),
        np.zeros(BATCH_RECORDS, np.int32),
        *(np.zeros(BATCH_RECORDS, np.int64) for _ in range(3)),
    )


_common_frame = dispatcher({number: row for number, row in LINK_TYPES.items() if row.common}, f"{NOT_COMMON}, at")


@inner_jit
def unchecked_columns(columns: Any) -> Any:
    """Return the columns as pointers that support indexing only."""
    return Columns(
        unchecked(columns.time),
        unchecked(columns.offset),
        unchecked(columns.wire_bytes),
        unchecked(columns.captured_bytes),
        unchecked(columns.src),
        unchecked(columns.dst),
        unchecked(columns.seq),
        unchecked(columns.ack),
        unchecked(columns.payload_bytes),
        unchecked(columns.tsval),
        unchecked(columns.tsecr),
        unchecked(columns.protocol),
        unchecked(columns.src_port),
        unchecked(columns.dst_port),
        unchecked(columns.ip_id),
        unchecked(columns.tcp_flags),
        unchecked(columns.window),
        unchecked(columns.tcp_checksum),
        unchecked(columns.mss),
        unchecked(columns.vlan),
        unchecked(columns.interface),
        unchecked(columns.has),
        unchecked(columns.ttl),
        unchecked(columns.tcp_header_bytes),
        unchecked(columns.window_scale),
        unchecked(columns.sack_end),
    )


@inner_jit
def write_row(
    columns: Any,
    row: Any,
    record: Any,
    base: Any,
    src: Any,
    dst: Any,
    ttl: Any,
    ip_id: Any,
    vlan: Any,
    has: Any,
    fields: Any,
) -> None:
    """Write a row: what the record says, what its headers say, and what `decode_tcp` or `decode_ports` found."""
    columns.time[row] = record.time
    columns.wire_bytes[row] = record.wire
    columns.captured_bytes[row] = record.captured
    columns.offset[row] = base + record.at
    columns.src[row] = src
    columns.dst[row] = dst
    columns.ttl[row] = ttl
    columns.ip_id[row] = ip_id
    if vlan >= 0:
        has |= transport.HAS_VLAN
    columns.vlan[row] = max(vlan, 0)
    interface = record.interface
    if 0 <= interface <= 0xFFFF:
        has |= transport.HAS_INTERFACE
    else:
        interface = 0
    columns.interface[row] = interface
    columns.has[row] = has
    write_transport(columns, row, fields)


@inner_jit
def write_transport(columns: Any, row: Any, fields: Any) -> None:
    """Write what `decode_tcp` or `decode_ports` found."""
    columns.src_port[row] = fields[transport.SRC_PORT]
    columns.dst_port[row] = fields[transport.DST_PORT]
    columns.seq[row] = fields[transport.SEQ]
    columns.ack[row] = fields[transport.ACK]
    columns.tcp_header_bytes[row] = fields[transport.HEADER]
    columns.tcp_flags[row] = fields[transport.FLAGS]
    columns.window[row] = fields[transport.WINDOW]
    columns.tcp_checksum[row] = fields[transport.CHECKSUM]
    columns.payload_bytes[row] = fields[transport.PAYLOAD]
    columns.mss[row] = fields[transport.MSS]
    columns.window_scale[row] = fields[transport.SCALE]
    columns.tsval[row] = fields[transport.TSVAL]
    columns.tsecr[row] = fields[transport.TSECR]


@inner_jit
def _is_deep_above(data: Any, protocol: Any, at: Any, end: Any, protocols: Any, ports: Any) -> Any:
    """Whether a tunnel, an extension header or an ICMP error may begin at `at`, above IP."""
    if protocol == TCP:
        return False
    if protocol == UDP:
        return at + 8 <= end and (ports[be16(data, at + 2)] != 0 or ports[be16(data, at)] != 0 or is_gtp(data, at, end))
    if protocol == ICMP:
        return at < end and byte(data, at) in ICMP_ERRORS
    if protocol == ICMPV6:
        return at < end and byte(data, at) < FIRST_ICMPV6_QUERY
    return protocols[protocol] != 0


@jit
def decode_batch(
    buffer: Any,
    base: Any,
    batch: Any,
    count: Any,
    first_row: Any,
    newest: Any,
    interner: Any,
    sack_pool: Any,
    edges_before: Any,
    scratch: Any,
    rare: Any,
) -> Any:
    """Decode `count` records into the rows of `newest` from `first_row` on, but for those that are for ``deep``.

    Parameters
    ----------
    buffer : ndarray of uint8
        Holds the packets' bytes.
    base : int
        Where the buffer begins in the capture.
    batch : ndarray of RECORD
        The records.
    count : int
        How many of them to decode.
    first_row : int
        The first row of `newest` to write.
    newest : ndarray of STRIP, shape (1,)
        Written to; of a deferred record only `sack_end`, and that it has no addresses.
    interner : Interner
        Gets the addresses and protocols; has room for them.
    sack_pool : ndarray of uint32
        Gets the edges of SACK blocks of the batch.
    edges_before : int
        How many edges earlier batches had.
    scratch : Scratch
        Overwritten; `deferred` is filled.
    rare : Rare
        What makes a record one for ``deep``.

    Returns
    -------
    tuple of int
        How many edges are in `sack_pool`, how many records in `deferred`, and how many of these have a link type for
        ``framing``.
    """
    data, fields, deferred = unchecked(buffer), unchecked(scratch.fields), unchecked(scratch.deferred)
    kinds, places, vlans = unchecked(scratch.kinds), unchecked(scratch.places), unchecked(scratch.vlans)
    slots, addresses, seed = unchecked(interner.slots), unchecked(interner.addresses), unchecked(interner.seed)
    mask, counts = interner.slots.size - 1, unchecked(interner.counts)
    codes, code_list = unchecked(interner.codes), unchecked(interner.code_list)
    types, protocols, ports = unchecked(rare.types), unchecked(rare.protocols), unchecked(rare.ports)
    out = unchecked_columns(newest[0])
    edges = 0
    waiting = 0
    rare_links = 0
    for i in range(count):
        if i + RECORDS_AHEAD < count:
            ahead = batch[i + RECORDS_AHEAD].at
            prefetch(buffer, ahead)
            prefetch(buffer, ahead + LINE_BYTES)
        record = batch[i]
        row = first_row + i
        at = record.at
        end = at + record.captured
        wire_end = at + record.wire
        for k in range(transport.SACK):
            fields[k] = 0
        kind, at = _common_frame(np.int64(record.link), data, at, end)
        vlan = np.int64(-1)
        for _ in range(MOST_TAGS):
            if kind not in VLAN_TYPES or at + 4 > end:
                break
            vlan = be16(data, at) & 0xFFF
            kind, at = behind_vlan(data, at, end)
        has = 0
        src = dst = np.int64(-1)
        ttl = ip_id = np.int64(0)
        protocol: Any = np.int64(0)
        payload, payload_end = at, wire_end
        if kind == ETHERTYPE_IPV4:
            is_deep = at + 20 > end
            if not is_deep:
                header_bytes = 4 * (byte(data, at) & 15)
                payload, payload_end = at + header_bytes, at + be16(data, at + 2)
                protocol = byte(data, at + 9)
                is_deep = (
                    byte(data, at) >> 4 != 4
                    or header_bytes < 20
                    or payload > payload_end
                    or payload_end > wire_end
                    or end > wire_end
                    or be16(data, at + 6) & IS_FRAGMENT != 0
                    or _is_deep_above(data, protocol, payload, min(end, payload_end), protocols, ports)
                )
            if not is_deep:
                zero, family = np.uint64(0), np.uint64(4)
                low = np.uint64(be32(data, at + 12))
                src = intern_address(slots, mask, addresses, seed, counts, zero, low, family)
                low = np.uint64(be32(data, at + 16))
                dst = intern_address(slots, mask, addresses, seed, counts, zero, low, family)
                ip_id, ttl = be16(data, at + 4), byte(data, at + 8)
                has = transport.HAS_IP | transport.HAS_IP_ID
        elif kind == ETHERTYPE_IPV6:
            is_deep = at + 40 > end
            if not is_deep:
                payload, length = at + 40, be16(data, at + 4)
                payload_end = payload + length
                protocol, stop = byte(data, at + 6), min(end, payload_end)
                if protocol == HOP_BY_HOP and payload + 8 <= stop and byte(data, payload) == ICMPV6:
                    protocol, payload = ICMPV6, payload + 8 + 8 * byte(data, payload + 1)  # multicast listeners
                is_deep = (
                    byte(data, at) >> 4 != 6
                    or length == 0
                    or payload > payload_end
                    or payload_end > wire_end
                    or end > wire_end
                    or _is_deep_above(data, protocol, payload, stop, protocols, ports)
                )
            if not is_deep:
                family = np.uint64(6)
                high, low = be64(data, at + 8), be64(data, at + 16)
                src = intern_address(slots, mask, addresses, seed, counts, high, low, family)
                high, low = be64(data, at + 24), be64(data, at + 32)
                dst = intern_address(slots, mask, addresses, seed, counts, high, low, family)
                ttl = byte(data, at + 7)
                has = transport.HAS_IP
        else:
            is_deep = kind < 0 or kind >= TYPES or types[kind] != 0
            if not is_deep:
                protocol = protocol_code(kind)
        if is_deep:
            deferred[waiting], kinds[waiting], places[waiting], vlans[waiting] = i, kind, at, vlan
            waiting += 1
            rare_links += kind == NOT_COMMON or kind >= NESTED_LINK
            out.src[row] = out.dst[row] = -1
            out.protocol[row] = 0
            out.sack_end[row] = edges_before + edges
            continue
        if has:
            if protocol == TCP:
                has |= decode_tcp(data, payload, end, payload_end, fields)
            elif protocol == UDP:
                has |= decode_ports(data, payload, min(end, payload_end), fields)
        write_row(out, row, record, base, src, dst, ttl, ip_id, vlan, has, fields)
        out.protocol[row] = intern_protocol(codes, code_list, counts, protocol)
        for k in range(fields[transport.SACK_EDGES]):
            sack_pool[edges] = fields[transport.SACK + k]
            edges += 1
        out.sack_end[row] = edges_before + edges
    return edges, waiting, rare_links
