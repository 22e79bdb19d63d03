"""The compiled pass that decodes the headers of records into columns."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.capture import ip, transport
from pcapframe.capture.fragments import HEAD_BYTES
from pcapframe.capture.interning import intern_address, intern_protocol, protocol_code
from pcapframe.capture.ip import IP_FRAGMENT, IP_PAYLOAD, NO_IP, TCP, UDP, innermost_ip
from pcapframe.capture.link import ETHERTYPE_IPV4, ETHERTYPE_IPV6, skip_shims
from pcapframe.capture.link_types import LINK_TYPES, frame_decoder
from pcapframe.capture.transport import decode_ports, decode_tcp
from pcapframe.jit import inner_jit, jit, unchecked

__all__ = ["DTYPES", "Columns", "Scratch", "decode_assembled", "decode_batch"]

Array = npt.NDArray[Any]


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
    """Memory for the headers of one packet: an allocation in the kernel would take seconds to compile."""

    header: Array  # uint64, what `innermost_ip` finds
    fields: Array  # int64, what `decode_tcp` finds


_decode_frame = frame_decoder(LINK_TYPES)


@inner_jit
def _network_header(buffer: Any, at: Any, end: Any, link: Any) -> Any:
    """Find the network header of a frame: Ethernet type (or a code), place, innermost VLAN id (-1 for none)."""
    kind, at = _decode_frame(buffer, at, end, link)
    if kind in (ETHERTYPE_IPV4, ETHERTYPE_IPV6):  # most packets, without waiting for stores
        return kind, at, -1
    return skip_shims(buffer, kind, at, end, -1)


@inner_jit
def _unchecked_columns(columns: Any) -> Any:
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
def _write_transport(columns: Any, row: Any, fields: Any) -> None:
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
def _keep_fragment(
    buffer: Any, payload: Any, length: Any, row: Any, protocol: Any, header: Any, piece: Any, fragments: Any
) -> None:
    """Put a fragment into row `piece` of `fragments`, with its part of the datagram's first bytes."""
    fragments.row[piece] = row
    fragments.protocol[piece] = protocol
    fragments.ident[piece] = header[ip.IDENT]
    fragments.start[piece] = header[ip.FRAGMENT_OFFSET]
    fragments.length[piece] = length
    fragments.more[piece] = header[ip.MORE_FRAGMENTS]
    for k in range(min(length, HEAD_BYTES - np.int64(header[ip.FRAGMENT_OFFSET]))):
        fragments.head[piece, k] = buffer[payload + k]


@jit
def decode_batch(
    buffer: Any,
    base: Any,
    batch: Any,
    count: Any,
    rows_before: Any,
    first_row: Any,
    newest: Any,
    interner: Any,
    fragments: Any,
    sack_pool: Any,
    edges_before: Any,
    scratch: Any,
) -> Any:
    """Decode `count` records into the rows of `newest` from `first_row` on.

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
    rows_before, first_row : int
        How many rows come before those of `newest`, and the first row of `newest` to write.
    newest : ndarray of NEWEST, shape (1,)
        Written to.
    interner : Interner
        Gets the addresses and protocols; has room for them.
    fragments : Pieces
        Gets the fragments of the batch.
    sack_pool : ndarray of uint32
        Gets the edges of SACK blocks of the batch.
    edges_before : int
        How many edges earlier batches had.
    scratch : Scratch
        Overwritten.

    Returns
    -------
    tuple of int
        How many edges are in `sack_pool`, and how many fragments in `fragments`.
    """
    data, header, fields = unchecked(buffer), unchecked(scratch.header), unchecked(scratch.fields)
    slots, addresses, seed = unchecked(interner.slots), unchecked(interner.addresses), unchecked(interner.seed)
    mask, counts = interner.slots.size - 1, unchecked(interner.counts)
    codes, code_list = unchecked(interner.codes), unchecked(interner.code_list)
    out = _unchecked_columns(newest[0])
    edges = 0
    pieces = 0
    for i in range(count):
        record = batch[i]
        row = first_row + i
        at = record.at
        end = at + record.captured
        wire_end = at + record.wire
        has = 0
        for k in range(transport.SACK):
            fields[k] = 0
        kind, place, vlan = _network_header(data, at, end, np.int64(record.link))
        found, protocol, payload, payload_end, vlan = innermost_ip(data, kind, place, end, wire_end, vlan, header)
        src = dst = np.int64(-1)
        ttl = ip_id = np.uint64(0)
        if found == NO_IP:
            protocol = protocol_code(protocol)
        else:
            family, ttl = header[ip.FAMILY], header[ip.TTL]
            src = intern_address(slots, mask, addresses, seed, counts, header[ip.SRC_HIGH], header[ip.SRC_LOW], family)
            dst = intern_address(slots, mask, addresses, seed, counts, header[ip.DST_HIGH], header[ip.DST_LOW], family)
            has = transport.HAS_IP
            if family == 4:
                ip_id = header[ip.IDENT]
                has |= transport.HAS_IP_ID
        is_fragment = found == IP_FRAGMENT and protocol in (TCP, UDP) and payload_end > payload
        # A first fragment that the capture cut: the length of its datagram is unknown, as in Wireshark.
        is_cut = is_fragment and payload_end > end and header[ip.FRAGMENT_OFFSET] == 0
        if protocol == TCP and (found == IP_PAYLOAD or is_cut):
            has |= decode_tcp(data, payload, end, payload_end, fields)
            if is_cut:
                has &= ~transport.HAS_PAYLOAD
                fields[transport.PAYLOAD] = 0
        elif protocol == UDP and found == IP_PAYLOAD:
            has |= decode_ports(data, payload, min(end, payload_end), fields)
        elif is_fragment and payload_end <= end:
            fragments.src[pieces], fragments.dst[pieces] = src, dst
            _keep_fragment(data, payload, payload_end - payload, rows_before + row, protocol, header, pieces, fragments)
            pieces += 1
        out.time[row] = record.time
        out.wire_bytes[row] = record.wire
        out.captured_bytes[row] = record.captured
        out.offset[row] = base + at
        out.src[row] = src
        out.dst[row] = dst
        out.ttl[row] = ttl
        out.ip_id[row] = ip_id
        out.protocol[row] = intern_protocol(codes, code_list, counts, protocol)
        _write_transport(out, row, fields)
        for k in range(fields[transport.SACK_EDGES]):
            sack_pool[edges] = fields[transport.SACK + k]
            edges += 1
        out.sack_end[row] = edges_before + edges
        if vlan >= 0:
            has |= transport.HAS_VLAN
        out.vlan[row] = max(vlan, 0)
        interface = record.interface
        if 0 <= interface <= 0xFFFF:
            has |= transport.HAS_INTERFACE
        else:
            interface = 0
        out.interface[row] = interface
        out.has[row] = has
    return edges, pieces


@jit
def decode_assembled(
    heads: Any, head_bytes: Any, lengths: Any, rows: Any, protocols: Any, columns: Any, fields: Any
) -> None:
    """Decode the transport headers of reassembled datagrams at the rows that completed them."""
    for i in range(rows.size):
        row = rows[i]
        for k in range(fields.size):
            fields[k] = 0
        if protocols[i] == TCP:
            has = decode_tcp(heads[i], 0, np.int64(head_bytes[i]), np.int64(lengths[i]), fields)
        else:
            has = decode_ports(heads[i], 0, np.int64(head_bytes[i]), fields)
        _write_transport(columns, row, fields)
        columns.has[row] |= has & ~transport.HAS_SACK
