"""The columns of a capture while it is read, and the compiled pass that fills them.

A format's walker (``pcap``, ``pcapng``) fills a batch with where the records are (``RECORD``); ``decode_batch``
decodes their headers into ``Columns``; ``PacketColumns`` owns what lives from one batch to the next.
"""

import socket
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.capture import transport
from pcapframe.capture.fragments import HEAD_BYTES, Fragments
from pcapframe.capture.ip import IP_FRAGMENT, IP_PAYLOAD, NO_IP, PROTOCOL_NAMES, TCP, UDP, innermost_ip
from pcapframe.capture.link import CODE_NAMES, UNKNOWN_LINK, link_name, network_header
from pcapframe.capture.transport import decode_ports, decode_tcp
from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.memory import one_block

__all__ = ["BATCH_RECORDS", "PacketColumns", "new_batch", "protocol_name"]

Array = npt.NDArray[Any]

BATCH_RECORDS = 2048  # whose headers, fetched when the records are found, are still in the cache when they are decoded
NEWEST_ROWS = 4096  # that stay in the cache until they are moved to the others
CODES = 0x20000 + 0x10000  # protocol codes: IP protocols, then 256 + Ethernet types and link types


RECORD = np.dtype(
    [
        ("at", np.int64),  # where the packet's bytes begin in the buffer
        ("time", np.int64),  # [ns]
        ("captured", np.int64),  # [bytes]
        ("wire", np.int64),  # [bytes]
        ("interface", np.int32),  # -1 where the format has none
        ("link", np.int32),  # link type
    ]
)


class Columns(NamedTuple):
    """The decoded columns: one row a packet, and room for more; `has` tells what is there, in bits of ``transport``."""

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


ROW_BYTES = sum(np.dtype(dtype).itemsize for dtype in DTYPES.values())

# All columns of some thousand rows as one record, since each array that a kernel is given takes its time.
NEWEST = np.dtype([(name, DTYPES[name], (NEWEST_ROWS + BATCH_RECORDS,)) for name in Columns._fields])


def _room(rows: int) -> Columns:
    """Return columns for `rows` packets, to be filled."""
    return Columns(*one_block(rows, [DTYPES[name] for name in Columns._fields]))


def new_batch() -> Array:
    """Return room for `BATCH_RECORDS` records."""
    return np.zeros(BATCH_RECORDS, RECORD)


class Scratch(NamedTuple):
    """What a kernel notes of one packet; an allocation of its own would cost seconds to compile."""

    header: Array  # uint64, what `innermost_ip` finds
    fields: Array  # int64, what `decode_tcp` finds


class Interner(NamedTuple):
    """Addresses and protocol codes by their first appearance: small numbers for what repeats."""

    slots: Array  # int32, open addressing: number of the address + 1, 0 where free
    addresses: Array  # uint64, three to an address: high half, low half, family (4 or 6)
    seed: Array  # uint64, odd and random: nobody can prepare addresses that collide
    counts: Array  # int64: addresses, protocol codes
    codes: Array  # uint16, number of a protocol code + 1, 0 where not seen
    code_list: Array  # int64


@inner_jit
def _address_slot(slots: Any, mask: Any, addresses: Any, seed: Any, high: Any, low: Any, family: Any) -> Any:
    """Slot of an address, free or its own."""
    h = (high * seed[0] + low + family) ^ (low >> np.uint64(29))
    h = (h ^ (h >> np.uint64(32))) * seed[1]
    slot = np.int64(h >> np.uint64(30)) & mask
    while True:
        number = np.int64(slots[slot]) - 1
        if number < 0:
            return slot
        at = 3 * number
        if addresses[at + 1] == low and addresses[at] == high and addresses[at + 2] == family:
            return slot
        slot = (slot + 1) & mask


@inner_jit
def _intern(slots: Any, mask: Any, addresses: Any, seed: Any, counts: Any, high: Any, low: Any, family: Any) -> Any:
    """Return the number of an address, given to it now if it is new (there is always room, see `PacketColumns`)."""
    slot = _address_slot(slots, mask, addresses, seed, high, low, family)
    number = np.int64(slots[slot]) - 1
    if number < 0:
        number = counts[0]
        counts[0] = number + 1
        slots[slot] = number + 1
        addresses[3 * number], addresses[3 * number + 1], addresses[3 * number + 2] = high, low, family
    return number


@jit
def _rehash(interner: Any) -> None:
    """Put every address into an emptied, larger table."""
    slots, addresses, seed = unchecked(interner.slots), unchecked(interner.addresses), unchecked(interner.seed)
    mask = interner.slots.size - 1
    for number in range(interner.counts[0]):
        at = 3 * number
        slot = _address_slot(slots, mask, addresses, seed, addresses[at], addresses[at + 1], addresses[at + 2])
        slots[slot] = number + 1


@inner_jit
def _intern_code(codes: Any, code_list: Any, counts: Any, code: Any) -> Any:
    """Return the number of a protocol code."""
    number = np.int64(codes[code])
    if number == 0:
        code_list[counts[1]] = code
        counts[1] += 1
        number = counts[1]
        codes[code] = number
    return number - 1


@inner_jit
def _keep_fragment(
    buffer: Any, payload: Any, length: Any, row: Any, protocol: Any, header: Any, piece: Any, fragments: Any
) -> None:
    """Put a fragment into row `piece` of `fragments`, with what it has of the datagram's first bytes."""
    fragments.row[piece] = row
    fragments.protocol[piece] = protocol
    fragments.ident[piece] = header[6]
    fragments.start[piece] = header[7]
    fragments.length[piece] = length
    fragments.more[piece] = header[8]
    for k in range(min(length, HEAD_BYTES - np.int64(header[7]))):
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
    """Decode `count` records into the rows from `first_row` of `newest`, which follow `rows_before` others.

    `base` is where the buffer begins in the capture. Returns how many edges of SACK blocks stand in `sack_pool` and
    how many fragments in `fragments`.
    """
    data, header, fields = unchecked(buffer), unchecked(scratch.header), unchecked(scratch.fields)
    slots, addresses, seed = unchecked(interner.slots), unchecked(interner.addresses), unchecked(interner.seed)
    mask, counts = interner.slots.size - 1, unchecked(interner.counts)
    codes, code_list = unchecked(interner.codes), unchecked(interner.code_list)
    columns = newest[0]
    out_time = unchecked(columns.time)
    out_offset = unchecked(columns.offset)
    out_wire_bytes = unchecked(columns.wire_bytes)
    out_captured_bytes = unchecked(columns.captured_bytes)
    out_src = unchecked(columns.src)
    out_dst = unchecked(columns.dst)
    out_seq = unchecked(columns.seq)
    out_ack = unchecked(columns.ack)
    out_payload_bytes = unchecked(columns.payload_bytes)
    out_tsval = unchecked(columns.tsval)
    out_tsecr = unchecked(columns.tsecr)
    out_protocol = unchecked(columns.protocol)
    out_src_port = unchecked(columns.src_port)
    out_dst_port = unchecked(columns.dst_port)
    out_ip_id = unchecked(columns.ip_id)
    out_tcp_flags = unchecked(columns.tcp_flags)
    out_window = unchecked(columns.window)
    out_tcp_checksum = unchecked(columns.tcp_checksum)
    out_mss = unchecked(columns.mss)
    out_vlan = unchecked(columns.vlan)
    out_interface = unchecked(columns.interface)
    out_has = unchecked(columns.has)
    out_ttl = unchecked(columns.ttl)
    out_tcp_header_bytes = unchecked(columns.tcp_header_bytes)
    out_window_scale = unchecked(columns.window_scale)
    out_sack_end = unchecked(columns.sack_end)
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
        kind, place, vlan = network_header(data, at, end, np.int64(record.link))
        found, protocol, payload, payload_end, vlan = innermost_ip(data, kind, place, end, wire_end, vlan, header)
        src = dst = np.int64(-1)
        ttl = ip_id = np.uint64(0)
        if found == NO_IP:
            protocol = 256 + min(protocol, CODES - 257)
        else:
            family, ttl = header[4], header[5]
            src = _intern(slots, mask, addresses, seed, counts, header[0], header[1], family)
            dst = _intern(slots, mask, addresses, seed, counts, header[2], header[3], family)
            has = transport.HAS_IP
            if family == 4:
                ip_id = header[6]
                has |= transport.HAS_IP_ID
        if found == IP_PAYLOAD:
            if protocol == TCP:
                has |= decode_tcp(data, payload, end, payload_end, fields)
            elif protocol == UDP:
                has |= decode_ports(data, payload, min(end, payload_end), fields)
        elif found == IP_FRAGMENT and protocol in (TCP, UDP) and payload_end > payload:
            if payload_end <= end:
                fragments.src[pieces], fragments.dst[pieces] = src, dst
                _keep_fragment(
                    data, payload, payload_end - payload, rows_before + row, protocol, header, pieces, fragments
                )
                pieces += 1
            elif header[7] == 0 and protocol == TCP:  # cut by the capture: of unknown length, as in Wireshark
                has |= decode_tcp(data, payload, end, payload_end, fields) & ~transport.HAS_PAYLOAD
                fields[transport.PAYLOAD] = 0
        out_time[row] = record.time
        out_wire_bytes[row] = record.wire
        out_captured_bytes[row] = record.captured
        out_offset[row] = base + at
        out_src[row] = src
        out_dst[row] = dst
        out_ttl[row] = ttl
        out_ip_id[row] = ip_id
        out_protocol[row] = _intern_code(codes, code_list, counts, protocol)
        out_src_port[row] = fields[transport.SRC_PORT]
        out_dst_port[row] = fields[transport.DST_PORT]
        out_seq[row] = fields[transport.SEQ]
        out_ack[row] = fields[transport.ACK]
        out_tcp_header_bytes[row] = fields[transport.HEADER]
        out_tcp_flags[row] = fields[transport.FLAGS]
        out_window[row] = fields[transport.WINDOW]
        out_tcp_checksum[row] = fields[transport.CHECKSUM]
        out_payload_bytes[row] = fields[transport.PAYLOAD]
        out_mss[row] = fields[transport.MSS]
        out_window_scale[row] = fields[transport.SCALE]
        out_tsval[row] = fields[transport.TSVAL]
        out_tsecr[row] = fields[transport.TSECR]
        for k in range(fields[transport.SACK_EDGES]):
            sack_pool[edges] = fields[transport.SACK + k]
            edges += 1
        out_sack_end[row] = edges_before + edges
        if vlan >= 0:
            has |= transport.HAS_VLAN
        out_vlan[row] = max(vlan, 0)
        interface = record.interface
        if 0 <= interface <= 0xFFFF:
            has |= transport.HAS_INTERFACE
        else:
            interface = 0
        out_interface[row] = interface
        out_has[row] = has
    return edges, pieces


class PacketColumns:
    """Owns the columns, the addresses and the fragments while one or several captures are read."""

    def __init__(self) -> None:
        self.expected_rows = 0  # in all, by what came so far: so that columns need not be moved while they fill
        self.interfaces = 0  # described by the captures read so far
        self._columns = _room(BATCH_RECORDS)
        self._kept = 0  # rows of them
        # What was decoded last: so many columns, written value by value, would have to wait for memory at each.
        self._newest = np.zeros(1, NEWEST)
        self._waiting = 0  # rows of it
        self.sack: list[Array] = []  # edges of SACK blocks, a piece a batch
        self._edges = 0  # how many these are
        self.fragments = Fragments()
        self._sack_pool = np.empty(BATCH_RECORDS * 20, np.uint32)
        self._scratch = Scratch(np.zeros(10, np.uint64), np.zeros(transport.FIELDS, np.int64))
        rng = np.random.default_rng()
        size = 4096
        self.interner = Interner(
            slots=np.zeros(size, np.int32),
            addresses=np.zeros(3 * size // 2, np.uint64),
            seed=rng.integers(1, 2**63, 2, np.uint64) * np.uint64(2) + np.uint64(1),
            counts=np.zeros(2, np.int64),
            codes=np.zeros(CODES, np.uint16),
            code_list=np.zeros(CODES, np.int64),
        )

    def decode(self, buffer: Array, base: int, batch: Array, count: int) -> None:
        """Append `count` records of `batch`, whose bytes are in `buffer`, which begins at `base` of the capture."""
        self._reserve_addresses(2 * count)
        edges, pieces = decode_batch(
            buffer,
            base,
            batch,
            count,
            self._kept,
            self._waiting,
            self._newest,
            self.interner,
            self.fragments.incoming,
            self._sack_pool,
            self._edges,
            self._scratch,
        )
        if edges:
            self.sack.append(self._sack_pool[:edges].copy())
            self._edges += edges
        if pieces:
            self.fragments.keep(pieces)
        self._waiting += count
        if self._waiting >= NEWEST_ROWS:
            self._keep_newest()

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._kept + self._waiting

    @property
    def nbytes(self) -> int:
        """How many bytes of memory the rows, addresses, SACK blocks and fragments take, without unused room."""
        interner, addresses = self.interner, int(self.interner.counts[0])
        held: int = (
            self.count * ROW_BYTES
            + addresses * 3 * interner.addresses.itemsize
            + interner.slots.nbytes
            + self._edges * self._sack_pool.itemsize
            + self.fragments.nbytes
        )
        return held

    def finish_capture(self) -> None:
        """Put the fragments of the capture just read together: a datagram never spans two captures."""
        self._keep_newest()
        done = self.fragments.assemble()
        if done is not None:
            fields = self._scratch.fields
            _decode_assembled(done.head, done.head_bytes, done.length, done.row, done.protocol, self._columns, fields)

    def filled(self) -> Columns:
        """Return the columns, exactly `count` rows."""
        self._keep_newest()
        return Columns(*(column[: self._kept] for column in self._columns))

    def _keep_newest(self) -> None:
        """Move what was decoded last to the other rows."""
        room, needed = self._columns.time.size, self.count
        if needed > room:
            expected = self.expected_rows * 102 // 100
            # By a share of the room at least, so that a row is moved a few times only, whatever was expected.
            more = max(needed, room * 3 // 2)
            try:
                larger = _room(max(expected, needed, room * 9 // 8) if expected > needed else more)
            except MemoryError:  # for what may never come
                larger = _room(more)
            for new, old in zip(larger, self._columns, strict=True):
                new[: self._kept] = old[: self._kept]
            self._columns = larger
        for name, column in zip(Columns._fields, self._columns, strict=True):
            column[self._kept : needed] = self._newest[name][0, : self._waiting]
        self._kept, self._waiting = needed, 0

    def _reserve_addresses(self, count: int) -> None:
        """Make room for as many new addresses."""
        needed = int(self.interner.counts[0]) + count
        if 3 * needed > self.interner.addresses.size:
            self.interner.addresses.resize(6 * needed, refcheck=False)
        if 2 * needed > self.interner.slots.size:
            size = 1 << int(2 * needed - 1).bit_length()
            self.interner = self.interner._replace(slots=np.zeros(size, np.int32))
            _rehash(self.interner)

    def address_texts(self) -> list[str]:
        """Text of every address, in the order of its number."""
        addresses = self.interner.addresses[: 3 * int(self.interner.counts[0])].reshape(-1, 3)
        four = addresses[:, 1].astype(">u4").tobytes()
        texts = [socket.inet_ntoa(four[at : at + 4]) for at in range(0, len(four), 4)]
        sixteen = addresses[:, :2].astype(">u8").tobytes()
        for number in np.flatnonzero(addresses[:, 2] == 6).tolist():
            texts[number] = socket.inet_ntop(socket.AF_INET6, sixteen[16 * number : 16 * number + 16])
        return texts

    def protocol_names(self) -> list[str]:
        """Name of every protocol seen, in the order of its number; a name may stand there twice."""
        return [protocol_name(int(code)) for code in self.interner.code_list[: int(self.interner.counts[1])]]


def protocol_name(code: int) -> str:
    """Name of a protocol code: an IP protocol below 256, else 256 + what ``link`` gives."""
    if code < 256:
        return PROTOCOL_NAMES.get(code, f"IP protocol {code}")
    kind = code - 256
    if kind >= UNKNOWN_LINK:
        return link_name(kind - UNKNOWN_LINK)
    return CODE_NAMES.get(kind, f"Ethernet type 0x{kind:04x}")


@jit
def _decode_assembled(
    heads: Any, head_bytes: Any, lengths: Any, rows: Any, protocols: Any, columns: Any, fields: Any
) -> None:
    """Decode the transport headers of assembled datagrams at the rows that completed them."""
    for i in range(rows.size):
        row = rows[i]
        for k in range(fields.size):
            fields[k] = 0
        if protocols[i] == TCP:
            has = decode_tcp(heads[i], 0, np.int64(head_bytes[i]), np.int64(lengths[i]), fields)
        else:
            has = decode_ports(heads[i], 0, np.int64(head_bytes[i]), fields)
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
        columns.has[row] |= has & ~transport.HAS_SACK
