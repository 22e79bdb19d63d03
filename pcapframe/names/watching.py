"""Watch the packets of a capture while they are decoded, and keep the names that their payload has.

One compiled pass over each batch picks the few segments that matter: those of directions whose first payload is awaited
or incomplete. A second one reads them (``beginnings``). Where a direction begins is told by its SYN, else by its first
segment with payload. After a first payload of another kind, segments of the first 4 KiB are still looked at: TLS may
begin later (STARTTLS, a proxy's CONNECT), and a capture may begin amid a request.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pcapframe.arrays import Array
from pcapframe.capture import transport
from pcapframe.capture.fragments import Wholes
from pcapframe.capture.records import BATCH_RECORDS
from pcapframe.jit import borrowed, inner_jit, jit, prefetch, unchecked
from pcapframe.names.answering import Answering, answers_of, new_answering, read_answers
from pcapframe.names.applications import UNKNOWN
from pcapframe.names.beginnings import HEARD, WATCHED_BYTES, new_heard, take
from pcapframe.names.dns import ANSWER, DNS_PORTS
from pcapframe.names.flows import (
    FREE,
    NEW,
    OPEN,
    SETTLED,
    SLOT_BYTES,
    find_flow,
    flows_with_room,
    home_of,
    new_flows,
    new_slots,
)
from pcapframe.names.found import Heard, heard_by_frame
from pcapframe.names.hosts import Given
from pcapframe.names.payloads import SYN, columns_of, find_payload, find_whole
from pcapframe.names.pool import is_short, new_pool, pool_names, pool_with_room

__all__ = ["Watcher"]

ROOM = 2  # entries that one segment adds at most
CACHED_FLOWS = 1 << 16  # directions that the processor's caches hold; of more, those of later rows are fetched ahead
AHEAD = 16  # rows


@inner_jit
def _fetch(columns: Any, row: Any, table: Any, seed: Any) -> None:
    """Begin to read where the direction of a later row may lie, if its payload may matter."""
    if columns.has[row] & transport.HAS_PAYLOAD and (columns.payload_bytes[row] or columns.tcp_flags[row] & SYN):
        ports = np.int64(columns.src_port[row]) << 16 | np.int64(columns.dst_port[row])
        src, dst = np.int64(columns.src[row]), np.int64(columns.dst[row])
        prefetch(table, home_of(seed, src, dst, ports, table.size - 1))


@jit
def _choose(newest: Any, first: Any, count: Any, table: Any, seed: Any, flows: Any, todo: Any, of_dns: Any) -> Any:
    """Pick the rows whose payload is to be read; return how many, and how many come from ports of DNS.

    `todo` gets their number in the batch and the place of their direction; directions that were not seen before are
    added. `of_dns` gets the numbers of those from ports of DNS.
    """
    columns, table, seed = columns_of(newest[0]), borrowed(table), borrowed(seed)
    mask = table.size - 1
    chosen = answers = 0
    is_large = table.size > CACHED_FLOWS
    for i in range(count):
        row = first + i
        if is_large and i + AHEAD < count:
            _fetch(columns, row + AHEAD, table, seed)
        has = columns.has[row]
        if has & transport.HAS_PAYLOAD == 0:
            if has & (transport.HAS_PORTS | transport.IS_TCP) == transport.HAS_PORTS:
                if columns.src_port[row] in DNS_PORTS:
                    of_dns[answers] = i
                    answers += 1
            continue
        is_syn = columns.tcp_flags[row] & SYN
        if columns.payload_bytes[row] == 0 and not is_syn:
            continue
        if columns.src_port[row] == DNS_PORTS[0]:
            of_dns[answers] = i
            answers += 1
        src, dst = np.int64(columns.src[row]), np.int64(columns.dst[row])
        ports = np.int64(columns.src_port[row]) << 16 | np.int64(columns.dst_port[row])
        place = find_flow(table, seed, mask, src, dst, ports)
        if place < 0:
            place = -1 - place
            flow = table[place]
            flows[0] += flow.state == FREE
            flow.src, flow.dst, flow.ports = src, dst, ports
            flow.base = (np.int64(columns.seq[row]) + (1 if is_syn else 0)) & 0xFFFFFFFF
            flow.slot, flow.state, flow.kind, flow.is_renewed = -1, NEW, 0, False
            if columns.payload_bytes[row] == 0:
                continue
        elif table[place].state == SETTLED:
            base = (np.int64(columns.seq[row]) + 1) & 0xFFFFFFFF
            if not is_syn or table[place].base == base:
                continue
            table[place].base, table[place].state = base, NEW
        elif is_syn:
            table[place].is_renewed |= table[place].base != (np.int64(columns.seq[row]) + 1) & 0xFFFFFFFF
        elif not table[place].is_renewed:
            ahead = (np.int64(columns.seq[row]) - np.int64(table[place].base)) & 0xFFFFFFFF
            if SLOT_BYTES < ahead < 1 << 31:
                continue  # no beginning is so long
        todo[chosen, 0], todo[chosen, 1] = i, place
        chosen += 1
    return chosen, answers


@jit
def _read_chosen(
    buffer: Any, batch: Any, base_row: Any, newest: Any, first: Any, wholes: Any, todo: Any, begin: Any, chosen: Any,
    table: Any, slots: Any, pool: Any, heard: Any,
) -> Any:  # fmt: skip
    """Read the payload of the chosen rows from `begin` on; return where room is lacking, or their number."""
    records, columns = unchecked(buffer), columns_of(newest[0])
    wholes, slots, pool, heard = borrowed(wholes), borrowed(slots), borrowed(pool), borrowed(heard)
    for number in range(begin, chosen):
        if heard.counts[0] + ROOM > heard.entries.size or is_short(pool):
            return number
        i, place = np.int64(todo[number, 0]), np.int64(todo[number, 1])
        row = first + i
        flow = table[place]
        if flow.src != columns.src[row] or flow.dst != columns.dst[row]:
            continue  # another one has its place
        seq, size = np.int64(columns.seq[row]), np.int64(columns.payload_bytes[row])
        if columns.tcp_flags[row] & SYN:
            seq = (seq + 1) & 0xFFFFFFFF
            flow.is_renewed = False
            if flow.base != seq:
                flow.base, flow.state, flow.kind = seq, NEW, UNKNOWN
        if size == 0 or flow.state == SETTLED:
            continue
        offset = np.int64(np.int32(np.uint32((seq - np.int64(flow.base)) & 0xFFFFFFFF)))
        if flow.state == OPEN and offset > WATCHED_BYTES:
            flow.state = SETTLED  # before its bytes are looked for: most segments of large transfers end here
            continue
        record = batch[i]
        data, since, end = records, record.at, record.at + record.captured
        whole = find_whole(wholes, i)
        if whole >= 0:
            data = unchecked(wholes.data)
            since, end = np.int64(wholes.places[whole, 1]), np.int64(wholes.places[whole, 2])
        at = find_payload(data, since, end, columns, row)
        if at < 0 or at >= end:
            continue
        take(flow, data, at, min(end, at + size), offset, size, base_row + i, seq, slots, pool, heard)
    return chosen


class Watcher:
    """Takes each batch of decoded packets, and keeps the names that their payload has."""

    def __init__(self) -> None:
        self._flows, self._slots, self._pool = new_flows(), new_slots(), new_pool()
        self._todo, self._of_dns = np.zeros((BATCH_RECORDS, 2), np.int32), np.zeros(BATCH_RECORDS, np.int32)
        self._answering: Answering | None = None  # before the first packet from a port of DNS
        self._heard = new_heard()

    def __call__(
        self, buffer: Array, batch: Array, count: int, newest: Array, first: int, base_row: int, wholes: Wholes
    ) -> None:
        """Watch `count` packets of a batch.

        Parameters
        ----------
        buffer : ndarray of uint8
            Holds the packets' bytes.
        batch : ndarray of RECORD
            The records.
        count : int
            How many of them.
        newest : ndarray of STRIP, shape (1,)
            Their columns, from the row `first` on.
        base_row : int
            The row of the first of them among all.
        wholes : Wholes
            Datagrams that some of the records completed: their bytes are not in `buffer`.
        """
        self._flows = flows = flows_with_room(self._flows, count)
        chosen, answers = _choose(newest, first, count, flows.table, flows.seed, flows.counts, self._todo, self._of_dns)
        if answers:
            self._answering = self._answering or new_answering()
            self._pool, self._answering = read_answers(
                buffer, batch, base_row, newest, first, self._of_dns[:answers], self._pool, self._answering
            )
        done = 0
        while done < chosen:
            self._make_room(ROOM * (chosen - done))
            done = _read_chosen(
                buffer, batch, base_row, newest, first, wholes, self._todo, done, chosen, flows.table, self._slots,
                self._pool, self._heard,
            )  # fmt: skip

    def _make_room(self, room: int) -> None:
        """Make room for so many entries."""
        self._pool = pool_with_room(self._pool)
        entries, used = self._heard.entries, int(self._heard.counts[0])
        if used + room > entries.size:
            more = np.zeros(2 * (used + room), HEARD)
            more[:used] = entries[:used]
            self._heard = self._heard._replace(entries=more)

    @property
    def raw(self) -> tuple[list[str], Array, Array]:
        """Names by number, what was heard in which row (HEARD), and what DNS answered (ANSWER), of all rows so far."""
        entries = self._heard.entries[: int(self._heard.counts[0])]
        answers = answers_of(self._answering) if self._answering else np.zeros(0, ANSWER)
        return pool_names(self._pool), entries, answers

    def heard_by_frame(
        self, places: Array | None = None, known: Callable[[], Sequence[str]] = tuple, given: Given = ()
    ) -> Heard:
        """Return what was heard, by frame.

        Parameters
        ----------
        places : ndarray of int, optional
            To which row each one was moved.
        known : callable
            Returns the addresses of packets; names of others are left out.
        given : list of tuple
            Addresses with names that hold from the first frame on.

        Returns
        -------
        Heard
            In the order of frames.
        """
        names, entries, answers = self.raw
        return heard_by_frame(names, entries, answers, places, known=known, given=given)
