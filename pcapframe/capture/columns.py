"""The columns of captures while they are read: all state that lives from one strip to the next."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pcapframe.capture.addresses import address_texts
from pcapframe.capture.decoding import Columns
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
from pcapframe.capture.plain_errors import NOT_PLAIN, decode_plain_errors
from pcapframe.capture.records import RECORD
from pcapframe.capture.storing import ROW_BYTES, Place, Rows, write
from pcapframe.capture.strips import Strip
from pcapframe.capture.tunnels import rare, udp_ports, way_names
from pcapframe.memory import stretches

__all__ = ["PacketColumns"]

Array = npt.NDArray[Any]
Watch: TypeAlias = Callable[[Array, Array, int, Array, int, int, Wholes], None]
"""Sees packets while their bytes are at hand: the buffer, the batch, how many records of it, the newest columns, which
row of these is the first record's, and which one it is among all."""

EDGE_BYTES = 4
ADDRESSES_OF_RARE = 6  # most of one record: innermost, outermost, and those that an ICMP error quotes


class PacketColumns:
    """Owns the columns, the addresses and the fragments while one or several captures are read."""

    def __init__(self, decoded_ports: Mapping[int, int] | None = None, watch: Watch | None = None) -> None:
        self._watch = watch
        self.rows = Rows()
        self.interfaces = 0  # described by the captures read so far
        self.sack: list[Array] = []  # edges of SACK blocks, one array a strip
        self._edges = 0  # how many these are
        self._datagrams: Datagrams | None = None  # of the capture that is being read
        self._wholes = NO_WHOLES  # datagrams that the newest strip completed
        self.rare = rare(udp_ports(decoded_ports))
        self._deep = new_deep_scratch()
        self._extras, self._quotes = SideRecords(EXTRA, FIRST_EXTRAS), SideRecords(QUOTE, FIRST_QUOTES)
        self._continued: list[Array] = []  # rows whose frame is that of the row before
        self._has_inner_aggregates = False  # so that each strip is looked through for more, which costs time
        self._is_mixed = False  # deferred records were decoded after later ones
        self._order: Array | None = None  # addresses by their first appearance
        self.interner = new_interner()

    def decode(self, strip: Strip) -> None:
        """Append the records of a strip, which no thread has decoded."""
        self._decode_common(strip)
        place = self.finish(strip)
        if place:
            write(strip, place)

    def finish(self, strip: Strip) -> Place | None:
        """Append the records of a strip that is decoded but for what depends on those before, which have been appended.

        Returns
        -------
        Place or None
            Where the rows are to be written; None where they have been.
        """
        self.interner = strip.renumber(self.interner, self._edges, self.rare)
        done, waiting = self._finish(strip, splits=True)
        if done == strip.count:
            return self._place(strip, done)
        records, rest = strip.batch[: strip.count].copy(), Strip(strip.batch.size)
        if done:
            write(strip, self._place(strip, done))
        elif waiting:
            self._decode_split(strip, waiting)
            return None
        while done < records.size:
            rest.batch[: records.size - done] = records[done:]
            rest.fill(strip.buffer, strip.base, records.size - done)
            self._decode_common(rest)
            rows, waiting = self._finish(rest, splits=True)
            if waiting:
                self._decode_split(rest, waiting)
                return None
            write(rest, self._place(rest, rows))
            done += rows
        return None

    def _decode_common(self, strip: Strip) -> None:
        """Decode what does not depend on the packets before."""
        self.interner = strip.decode(self.interner, self._edges, self.rare)

    def _place(self, strip: Strip, count: int) -> Place:
        """Make room for the first rows of a strip."""
        return self.rows.place(strip.rows["has"][0, :count])

    def _finish(self, strip: Strip, *, splits: bool) -> tuple[int, int]:
        """Decode what depends on the packets before, unless some records are aggregates.

        Returns
        -------
        int
            How many records are decoded. With `splits`, the first one with an aggregate in a tunnel ends them.
        int
            How many are deferred, where aggregates are to be split first.
        """
        buffer, batch, waiting = strip.buffer, strip.batch, strip.waiting
        if strip.rare_links and skip_links(buffer, batch, waiting, strip.scratch):
            return 0, waiting
        if splits and self._has_inner_aggregates and waiting:
            found = (self._deep.header, self.rare.ports, self._deep.ways)
            if find_inner_aggregates(buffer, batch, waiting, strip.scratch, *found):
                return 0, waiting
        edges, decoded, self._wholes = strip.edges, strip.count, NO_WHOLES
        if waiting:
            edges, decoded = self._decode_deferred(strip, splits)
            self._has_inner_aggregates |= decoded < strip.count
        if edges:
            self.sack.append(strip.sack_pool[:edges].copy())
            self._edges += edges
        if self._watch:
            self._watch(buffer, batch, decoded, strip.rows, 0, self.count, self._wholes)
        return decoded, 0

    def _decode_split(self, strip: Strip, waiting: int) -> None:
        """Append records, with a row for each frame in the aggregates among them; rows keep their record's lengths."""
        batch = strip.batch
        arguments = (strip.buffer, batch, strip.count, waiting, strip.scratch)
        total = split_aggregates(*arguments, np.empty(0, RECORD), np.empty(0, np.int64))
        records, origins = np.empty(total, RECORD), np.empty(total, np.int64)
        split_aggregates(*arguments, records, origins)
        (again,) = np.nonzero(origins[1:] == origins[:-1])
        self._continued.append(self.count + 1 + again)
        part = Strip(batch.size)
        for begin in range(0, total, batch.size):
            of = batch[origins[begin : begin + batch.size]]
            part.batch[: of.size] = records[begin : begin + of.size]
            part.fill(strip.buffer, strip.base, of.size)
            self._decode_common(part)
            self._finish(part, splits=False)
            for name, values in (
                ("wire_bytes", of["wire"]),
                ("captured_bytes", of["captured"]),
                ("offset", of["at"] + strip.base),
            ):
                part.rows[name][0, : of.size] = values
            write(part, self._place(part, of.size))

    @property
    def continued(self) -> Array:
        """Rows whose frame is that of the row before."""
        return np.concatenate([np.empty(0, np.int64), *self._continued])

    @property
    def frames(self) -> int:
        """How many captured frames the rows are from."""
        return self.count - sum(rows.size for rows in self._continued)

    def _decode_deferred(self, strip: Strip, splits: bool) -> tuple[int, int]:
        """Decode the records that were left; return how many edges of SACK blocks, and records, there are."""
        waiting = strip.waiting
        self._is_mixed |= waiting < strip.count
        self.interner = with_room(self.interner, ADDRESSES_OF_RARE * waiting)
        said = self._quotes.room(waiting, 0)
        plain = decode_plain_errors(
            strip.buffer,
            strip.base,
            strip.batch,
            strip.scratch,
            waiting,
            self.count,
            0,
            strip.rows,
            self.interner,
            self.rare.ports,
            said,
        )
        if plain != NOT_PLAIN:
            self._quotes.count += plain
            return strip.edges, strip.count
        self._datagrams = with_datagrams(self._datagrams or new_datagrams(), DEPTH * waiting)
        edges, extras, quotes, decoded = decode_deferred(
            strip.buffer,
            strip.base,
            strip.batch,
            strip.count,
            strip.scratch,
            waiting,
            self.count,
            0,
            strip.rows,
            self.interner,
            self._datagrams,
            strip.sack_pool,
            strip.edges,
            self._edges,
            self.rare.ports,
            self._deep,
            self._extras.room(waiting, self.rows.expected),
            said,
            splits,
        )
        self._wholes = self._datagrams.wholes
        self._extras.count += extras
        self._quotes.count += quotes
        return int(edges), int(decoded)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.rows.count

    @property
    def nbytes(self) -> int:
        """How many bytes of memory the rows, addresses, SACK blocks and fragments take, without unused room."""
        interner, addresses = self.interner, int(self.interner.counts[ADDRESSES])
        held: int = (
            self.count * ROW_BYTES
            + addresses * 3 * interner.addresses.itemsize
            + interner.slots.nbytes
            + self._edges * EDGE_BYTES
            + self._extras.nbytes
            + self._quotes.nbytes
            + (taken(self._datagrams) if self._datagrams else 0)
        )
        return held

    @property
    def datagrams(self) -> Datagrams | None:
        """Fragments of the capture that is being read; None where there were none."""
        return self._datagrams

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
        rows = self.rows.filled()
        if self._is_mixed:
            self._number_by_appearance(rows)
        return rows

    def _number_by_appearance(self, rows: Columns) -> None:
        """Number the addresses by their first appearance again, which deferred records have mixed up."""
        self._is_mixed = False
        count = int(self.interner.counts[ADDRESSES])
        self._order, numbers = first_appearances(rows.src, rows.dst, count)
        for column in (rows.src, rows.dst):
            for some in stretches(column.size):
                column[some] = numbers[column[some]]
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

    @cached_property
    def address_texts(self) -> pa.Array:
        """Text of every address, in the order of its number, as in the columns that `filled` returned."""
        addresses = addresses_of(self.interner)
        return address_texts(addresses if self._order is None else addresses[self._order])

    @property
    def tunnel_ports(self) -> Array:
        """Rows of ``UDP_TUNNELS`` by port; 0 for none."""
        return self.rare.ports

    def tunnel_names(self) -> list[str]:
        """Name of every way through tunnels, in the order of its number; several numbers may share a name."""
        return way_names(self._deep.ways)

    def protocol_names(self) -> list[str]:
        """Name of every protocol, in the order of its number; several numbers may share a name."""
        return protocol_names(self.interner)
