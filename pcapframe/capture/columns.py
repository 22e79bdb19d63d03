"""The columns of captures while they are read: all state that lives from one batch of records to the next."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pcapframe.capture import transport
from pcapframe.capture.addresses import address_texts
from pcapframe.capture.decoding import DTYPES, Columns, decode_batch, new_scratch
from pcapframe.capture.deep import decode_deferred, new_deep_scratch
from pcapframe.capture.extras import (
    ADDRESS_FIELDS,
    EXTRA,
    FIRST_EXTRAS,
    FIRST_QUOTES,
    IS_FRAGMENT,
    IS_PART,
    QUOTE,
    SideRecords,
)
from pcapframe.capture.fragments import NO_WHOLES, Datagrams, Wholes, new_datagrams, taken, with_datagrams
from pcapframe.capture.framing import find_inner_aggregates, skip_links, split_aggregates
from pcapframe.capture.innermost import DEPTH
from pcapframe.capture.interning import (
    ADDRESSES,
    addresses_of,
    first_appearances,
    new_interner,
    protocol_names,
    with_room,
)
from pcapframe.capture.records import BATCH_RECORDS, RECORD
from pcapframe.capture.tunnels import rare, udp_ports, way_names
from pcapframe.disk import expect_memory, give_back_after
from pcapframe.memory import bytes_to_analyze, one_block

__all__ = ["PacketColumns"]

Array = npt.NDArray[Any]
Watch: TypeAlias = Callable[[Array, Array, int, Array, int, int, Wholes], None]
"""Sees packets while their bytes are at hand: the buffer, the batch, how many records of it, the newest columns, which
row of these is the first record's, and which one it is among all."""

ADDRESSES_OF_RARE = 6  # most of one record: innermost, outermost, and those that an ICMP error quotes
NEWEST_ROWS = 4096  # decoded before they are moved to the others; they fit the cache
# All columns of some thousand rows as one record, because a kernel takes time for each array that it is given.
NEWEST = np.dtype([(name, DTYPES[name], (NEWEST_ROWS + BATCH_RECORDS,)) for name in Columns._fields])
ROW_BYTES = sum(np.dtype(dtype).itemsize for dtype in DTYPES.values())
SMALLEST_PIECE = 4 * NEWEST_ROWS
# Of a capture of unknown length. At 40 MB, malloc gives a freed piece back to the system at once. [rows]
LARGEST_PIECE = 1 << 19


# Columns that are 0 in a row without this bit of `has`. Where no packet of a stretch has it, the zeroed memory of the
# column stays untouched, and the system need not provide it.
_TCP_FIELDS = ("seq", "ack", "payload_bytes", "tcp_flags", "window", "tcp_checksum", "tcp_header_bytes")
NEEDED_BITS = {
    "ttl": transport.HAS_IP,
    "ip_id": transport.HAS_IP_ID,
    "src_port": transport.HAS_PORTS,
    "dst_port": transport.HAS_PORTS,
    **dict.fromkeys(_TCP_FIELDS, transport.IS_TCP),
    "mss": transport.HAS_MSS,
    "window_scale": transport.HAS_SCALE,
    "tsval": transport.HAS_TIMESTAMPS,
    "tsecr": transport.HAS_TIMESTAMPS,
    "vlan": transport.HAS_VLAN,
    "interface": transport.HAS_INTERFACE,
}


def _room(rows: int) -> Columns:
    """Return columns for `rows` packets, to be filled; zeroed if there are many."""
    zeroed = rows >= LARGEST_PIECE  # new from the system, so zero anyway; zeroing memory used before would take time
    return Columns(*one_block(rows, [DTYPES[name] for name in Columns._fields], zeroed=zeroed))


def _write(target: Columns, start: int, source: Sequence[Array], bits: int) -> None:
    """Copy rows with these bits of `has` to `target` from `start` on; columns that stay 0 are left untouched."""
    is_zeroed = target.time.size >= LARGEST_PIECE
    for name, new, values in zip(Columns._fields, target, source, strict=True):
        if not is_zeroed or name not in NEEDED_BITS or NEEDED_BITS[name] & bits:
            new[start : start + values.size] = values


class PacketColumns:
    """Owns the columns, the addresses and the fragments while one or several captures are read."""

    def __init__(self, decoded_ports: Mapping[int, int] | None = None, watch: Watch | None = None) -> None:
        self._watch = watch
        self.expected_rows = 0  # in all, estimated while reading; 0 where unknown
        self.interfaces = 0  # described by the captures read so far
        # In pieces, so that growing does not hold each row twice.
        self._pieces = [_room(SMALLEST_PIECE)]
        self._starts = [0]  # the first row of each piece
        self._kept = 0  # rows in the pieces
        self._bits = 0  # of `has`, in any row of the pieces
        # The rows decoded last. Writing each value to its column at once would wait for memory each time.
        self._newest = np.zeros(1, NEWEST)
        self._waiting = 0  # rows in it
        self.sack: list[Array] = []  # edges of SACK blocks, one array a batch
        self._edges = 0  # how many these are
        self._datagrams: Datagrams | None = None  # of the capture that is being read
        self._sack_pool = np.empty(BATCH_RECORDS * 20, np.uint32)
        self._scratch = new_scratch()
        self._rare = rare(udp_ports(decoded_ports))
        self._deep = new_deep_scratch()
        self._extras, self._quotes = SideRecords(EXTRA, FIRST_EXTRAS), SideRecords(QUOTE, FIRST_QUOTES)
        self._continued: list[Array] = []  # rows whose frame is that of the row before
        self._has_inner_aggregates = False  # so that each batch is looked through for more, which costs time
        self._is_mixed = False  # deferred records were decoded after later ones
        self._order: Array | None = None  # addresses by their first appearance
        self.interner = new_interner()

    def decode(self, buffer: Array, base: int, batch: Array, count: int) -> None:
        """Append `count` records of `batch`, whose bytes are in `buffer`, which begins at `base` of the capture."""
        done = 0
        while done < count:  # twice at most in a capture
            rest = batch[done:count]
            rows, waiting = self._decode(buffer, base, rest, rest.size, splits=True)
            if waiting:
                self._decode_split(buffer, base, rest, rest.size, waiting)
            done += rest.size if waiting else rows
        if self._waiting >= NEWEST_ROWS:
            self._keep_newest()

    def _decode(self, buffer: Array, base: int, batch: Array, count: int, *, splits: bool) -> tuple[int, int]:
        """Append records, unless some are aggregates: then append none.

        Returns
        -------
        int
            How many were appended. With `splits`, the first one with an aggregate in a tunnel ends them.
        int
            How many are deferred, where aggregates are to be split first.
        """
        self.interner = with_room(self.interner, 2 * count)
        edges, waiting, rare_links = decode_batch(
            buffer,
            base,
            batch,
            count,
            self._waiting,
            self._newest,
            self.interner,
            self._sack_pool,
            self._edges,
            self._scratch,
            self._rare,
        )
        if rare_links and skip_links(buffer, batch, waiting, self._scratch):
            return 0, int(waiting)
        if splits and self._has_inner_aggregates and waiting:
            found = (self._deep.header, self._rare.ports, self._deep.ways)
            if find_inner_aggregates(buffer, batch, waiting, self._scratch, *found):
                return 0, int(waiting)
        if waiting:
            edges, decoded = self._decode_deferred(buffer, base, batch, count, waiting, edges, splits)
            self._has_inner_aggregates |= decoded < count
            count = decoded
        if edges:
            self.sack.append(self._sack_pool[:edges].copy())
            self._edges += edges
        if self._watch:
            wholes = self._datagrams.wholes if waiting and self._datagrams else NO_WHOLES
            self._watch(buffer, batch, count, self._newest, self._waiting, self.count, wholes)
        self._waiting += count
        return count, 0

    def _decode_split(self, buffer: Array, base: int, batch: Array, count: int, waiting: int) -> None:
        """Append records, with a row for each frame in the aggregates among them; rows keep their record's lengths."""
        arguments = (buffer, batch, count, waiting, self._scratch)
        total = split_aggregates(*arguments, np.empty(0, RECORD), np.empty(0, np.int64))
        records, origins = np.empty(total, RECORD), np.empty(total, np.int64)
        split_aggregates(*arguments, records, origins)
        (again,) = np.nonzero(origins[1:] == origins[:-1])
        self._continued.append(self.count + 1 + again)
        for begin in range(0, total, BATCH_RECORDS):
            part, of = records[begin : begin + BATCH_RECORDS], batch[origins[begin : begin + BATCH_RECORDS]]
            place = slice(self._waiting, self._waiting + part.size)
            self._decode(buffer, base, part, part.size, splits=False)
            for name, values in (
                ("wire_bytes", of["wire"]),
                ("captured_bytes", of["captured"]),
                ("offset", of["at"] + base),
            ):
                self._newest[name][0, place] = values
            if self._waiting >= NEWEST_ROWS:
                self._keep_newest()

    @property
    def continued(self) -> Array:
        """Rows whose frame is that of the row before."""
        return np.concatenate([np.empty(0, np.int64), *self._continued])

    @property
    def frames(self) -> int:
        """How many captured frames the rows are from."""
        return self.count - sum(rows.size for rows in self._continued)

    def _decode_deferred(
        self, buffer: Array, base: int, batch: Array, count: int, waiting: int, edges: int, splits: bool
    ) -> tuple[int, int]:
        """Decode the `waiting` records that were left; return how many edges of SACK blocks, and records, there are."""
        self._is_mixed |= waiting < count
        self.interner = with_room(self.interner, ADDRESSES_OF_RARE * waiting)
        self._datagrams = with_datagrams(self._datagrams or new_datagrams(), DEPTH * waiting)
        edges, extras, quotes, decoded = decode_deferred(
            buffer,
            base,
            batch,
            count,
            self._scratch,
            waiting,
            self._kept,
            self._waiting,
            self._newest,
            self.interner,
            self._datagrams,
            self._sack_pool,
            edges,
            self._edges,
            self._rare.ports,
            self._deep,
            self._extras.room(waiting, self.expected_rows),
            self._quotes.room(waiting, 0),
            splits,
        )
        self._extras.count += extras
        self._quotes.count += quotes
        return int(edges), int(decoded)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self._kept + self._waiting

    @property
    def nbytes(self) -> int:
        """How many bytes of memory the rows, addresses, SACK blocks and fragments take, without unused room."""
        interner, addresses = self.interner, int(self.interner.counts[ADDRESSES])
        held: int = (
            self.count * ROW_BYTES
            + addresses * 3 * interner.addresses.itemsize
            + interner.slots.nbytes
            + self._edges * self._sack_pool.itemsize
            + self._extras.nbytes
            + self._quotes.nbytes
            + (taken(self._datagrams) if self._datagrams else 0)
        )
        return held

    def finish_capture(self) -> None:
        """Give up what is incomplete of the capture just read: a datagram never spans two captures."""
        if self._datagrams is not None:
            extras = self.extras()[self._extras.finished :]
            (pieces,) = np.nonzero(extras["inside"] == IS_FRAGMENT)
            is_known = self._datagrams.known[extras["beyond"][pieces]] != 0
            extras["inside"][pieces[is_known]] = IS_PART
            extras["beyond"][pieces] = 0
        self._extras.finished = self._extras.count
        self._datagrams = None

    def filled(self) -> Columns:
        """Return the columns, exactly `count` rows."""
        self._keep_newest()
        if len(self._pieces) > 1:
            whole = _room(self._kept)
            ends = [*self._starts[1:], self._kept]
            for start, end in zip(self._starts, ends, strict=True):
                piece = self._pieces.pop(0)  # freed when copied
                _write(whole, start, [column[: end - start] for column in piece], self._bits)
            self._pieces, self._starts = [whole], [0]
        rows = Columns(*(column[: self._kept] for column in self._pieces[0]))
        if self._is_mixed:
            self._number_by_appearance(rows)
        return rows

    def _number_by_appearance(self, rows: Columns) -> None:
        """Number the addresses by their first appearance again, which deferred records have mixed up."""
        self._is_mixed = False
        count = int(self.interner.counts[ADDRESSES])
        self._order, numbers = first_appearances(rows.src, rows.dst, count)
        for column in (rows.src, rows.dst):
            column[:] = numbers[column]
        for records in (self.extras(), self.quotes()):
            for name in ADDRESS_FIELDS:
                if name in (records.dtype.names or ()):
                    records[name] = numbers[records[name]]

    def extras(self) -> Array:
        """Return the side records of tunnels, lengths and fragments, by their rows."""
        return self._extras.records()

    def quotes(self) -> Array:
        """Return the side records of ICMP errors, by their rows."""
        return self._quotes.records()

    def _keep_newest(self) -> None:
        """Move the rows decoded last to the others."""
        if self.count > self._starts[-1] + self._pieces[-1].time.size:
            self._add_piece()
        newest = [self._newest[name][0, : self._waiting] for name in Columns._fields]
        bits = int(np.bitwise_or.reduce(self._newest["has"][0, : self._waiting]))
        _write(self._pieces[-1], self._kept - self._starts[-1], newest, bits)
        self._bits |= bits
        give_back_after(self.count, self._waiting)
        self._kept, self._waiting = self.count, 0

    def _add_piece(self) -> None:
        """Make room for the rows decoded last, and for those expected; without an estimate, for half as many again."""
        kept, needed = self._kept, self.count
        expected = self.expected_rows * 102 // 100
        rows = max(expected, needed)
        expect_memory(bytes_to_analyze(rows, rows, 0))
        rows = min(max(kept // 2, SMALLEST_PIECE), LARGEST_PIECE)
        if expected < needed:
            self._pieces.append(_room(rows))
            self._starts.append(kept)
            return
        is_most = expected >= 4 * kept  # then move the few rows so far, so that one piece holds all
        try:
            piece = _room(max(expected if is_most else expected - kept, SMALLEST_PIECE))
        except MemoryError:  # for rows that may never come
            is_most, piece = False, _room(rows)
        if is_most:
            for start, old in zip(self._starts, self._pieces, strict=True):
                rows = min(start + old.time.size, kept) - start
                _write(piece, start, [column[:rows] for column in old], self._bits)
            self._pieces, self._starts = [piece], [0]
        else:
            self._pieces.append(piece)
            self._starts.append(kept)

    @cached_property
    def address_texts(self) -> pa.Array:
        """Text of every address, in the order of its number, as in the columns that `filled` returned."""
        addresses = addresses_of(self.interner)
        return address_texts(addresses if self._order is None else addresses[self._order])

    @property
    def tunnel_ports(self) -> Array:
        """Rows of ``UDP_TUNNELS`` by port; 0 for none."""
        return self._rare.ports

    def tunnel_names(self) -> list[str]:
        """Name of every way through tunnels, in the order of its number; several numbers may share a name."""
        return way_names(self._deep.ways)

    def protocol_names(self) -> list[str]:
        """Name of every protocol, in the order of its number; several numbers may share a name."""
        return protocol_names(self.interner)
