"""Read the DNS answers of a batch of packets: messages over UDP, and streams of messages over TCP (RFC 7766).

Only rows whose source port is one of DNS come here. That alone tells nothing: a message must be a response whose
lengths fit. The kernel is compiled when a capture has the first such row.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.capture import transport
from pcapframe.capture.bits import be16, byte
from pcapframe.jit import borrowed, inner_jit, jit, unchecked
from pcapframe.names.dns import COUNT, ROUNDS, Answers, answers_short, answers_with_room, new_answers, read_message
from pcapframe.names.flows import (
    FREE,
    HELD,
    NEW,
    RANGES,
    SETTLED,
    SLOT_BYTES,
    Flows,
    Slots,
    find_flow,
    flows_with_room,
    free_slot,
    new_flows,
    new_slots,
    put,
    slot_of,
    take_slot,
)
from pcapframe.names.payloads import SYN, columns_of, find_payload
from pcapframe.names.pool import Pool, is_short, pool_with_room

__all__ = ["Answering", "answers_of", "new_answering", "read_answers"]

UDP_HEADER, DNS_HEADER = 8, 12
USUAL_PLACES = (34, 54)  # of a UDP header, behind Ethernet and IP
LENGTH = 2  # of a message, before it [bytes]


class Answering(NamedTuple):
    """What is remembered between batches."""

    answers: Answers
    flows: Flows
    slots: Slots
    reached: Array  # uint64, scratch


def answers_of(state: Answering) -> Array:
    """Return the answers read so far (ANSWER)."""
    return state.answers.entries[: int(state.answers.counts[COUNT])]


def new_answering() -> Answering:
    """Return the state before the first packet."""
    return Answering(new_answers(), new_flows(), new_slots(), np.zeros(ROUNDS + 2, np.uint64))


@inner_jit
def _read_datagram(
    data: Any, at: Any, end: Any, source: Any, target: Any, row: Any, pool: Any, answers: Any, reached: Any
) -> None:
    """Find the UDP header in a record by its ports and length, and read the message behind it."""
    for k in range(len(USUAL_PLACES)):
        if _is_read(data, at + USUAL_PLACES[k], end, source, target, row, pool, answers, reached):
            return
    for place in range(at, end - UDP_HEADER - DNS_HEADER + 1):
        if _is_read(data, place, end, source, target, row, pool, answers, reached):
            return


@inner_jit
def _is_read(
    data: Any, place: Any, end: Any, source: Any, target: Any, row: Any, pool: Any, answers: Any, reached: Any
) -> Any:
    """Whether a UDP header begins at `place`, and its message was read."""
    if place + UDP_HEADER + DNS_HEADER > end or be16(data, place) != source or be16(data, place + 2) != target:
        return False
    stop = place + be16(data, place + 4)
    if stop > end or byte(data, place + UDP_HEADER + 2) & 0x80 == 0:
        return False
    return read_message(data, place + UDP_HEADER, stop, row, pool, answers, reached)


@inner_jit
def _read_messages(data: Any, at: Any, end: Any, row: Any, pool: Any, answers: Any, reached: Any) -> Any:
    """Read the whole messages of a stream; return where the next one begins."""
    while at + LENGTH <= end and at + LENGTH + be16(data, at) <= end:
        stop = at + LENGTH + be16(data, at)
        read_message(data, at + LENGTH, stop, row, pool, answers, reached)
        at = stop
    return at


@inner_jit
def _consume(slot: Any, held: Any, begin: Any, count: Any) -> None:
    """Drop the first bytes of a slot."""
    highest = slot.filled
    for k in range(slot.ranges):
        highest = max(highest, slot.high[k])
        slot.low[k] -= count
        slot.high[k] -= count
    for k in range(count, highest):
        held[begin + k - count] = held[begin + k]
    slot.filled -= count


@inner_jit
def _take_segment(
    flow: Any, data: Any, at: Any, offset: Any, there: Any, size: Any, row: Any, slots: Any, pool: Any, answers: Any,
    reached: Any,
) -> None:  # fmt: skip
    """Read what a segment adds to a stream of messages."""
    number = np.int64(-1)
    if flow.state == HELD:
        number = slot_of(flow, slots.slots)
    if number < 0 and offset == 0:
        stop = _read_messages(data, at, at + there, row, pool, answers, reached)
        flow.base = (np.int64(flow.base) + stop - at) & 0xFFFFFFFF
        there, size = there - (stop - at), size - (stop - at)
        at = stop
        if size == 0:
            flow.state = NEW
            return
    if number < 0:
        number = take_slot(flow, slots.slots, slots.free, slots.counts)
        flow.state = HELD
    slot, begin = slots.slots[number], number * SLOT_BYTES
    is_over = False
    if put(slot, slots.held, begin, data, at, offset, there, size):
        own = unchecked(slots.held)
        stop = _read_messages(own, begin, np.int64(begin + slot.filled), row, pool, answers, reached)
        flow.base = (np.int64(flow.base) + stop - begin) & 0xFFFFFFFF
        _consume(slot, slots.held, begin, stop - begin)
        is_over = slot.filled >= LENGTH and be16(own, begin) + LENGTH > SLOT_BYTES
    if slot.filled == 0 and slot.ranges == 0:
        flow.state = NEW
        free_slot(number, slots.slots, slots.free, slots.counts)
    elif is_over or slot.ranges == RANGES or slot.cut >= 0:
        flow.state = SETTLED
        free_slot(number, slots.slots, slots.free, slots.counts)


@jit
def _read_rows(
    buffer: Any, batch: Any, base_row: Any, newest: Any, first: Any, todo: Any, begin: Any, chosen: Any, pool: Any,
    state: Any,
) -> Any:  # fmt: skip
    """Read the chosen rows from `begin` on; return where room is lacking, or their number."""
    data = unchecked(buffer)
    columns = columns_of(newest[0])
    pool, state = borrowed(pool), borrowed(state)
    answers, slots, reached, table = state.answers, state.slots, state.reached, state.flows.table
    for number in range(begin, chosen):
        if is_short(pool) or answers_short(answers):
            return number
        i = np.int64(todo[number])
        row = first + i
        record = batch[i]
        end = record.at + record.captured
        source, target = np.int64(columns.src_port[row]), np.int64(columns.dst_port[row])
        if columns.has[row] & transport.IS_TCP == 0:
            _read_datagram(data, record.at, end, source, target, base_row + i, pool, answers, reached)
            continue
        src, dst, ports = np.int64(columns.src[row]), np.int64(columns.dst[row]), source << 16 | target
        is_syn = columns.tcp_flags[row] & SYN != 0
        seq = (np.int64(columns.seq[row]) + (1 if is_syn else 0)) & 0xFFFFFFFF
        place = find_flow(table, state.flows.seed, table.size - 1, src, dst, ports)
        is_new = place < 0
        if is_new:
            place = -1 - place
            state.flows.counts[0] += table[place].state == FREE
        flow = table[place]
        if is_new or (is_syn and flow.base != seq):
            flow.src, flow.dst, flow.ports, flow.base, flow.slot, flow.state = src, dst, ports, seq, -1, NEW
        size = np.int64(columns.payload_bytes[row])
        if size == 0 or flow.state == SETTLED:
            continue
        at = find_payload(data, record.at, end, columns, row)
        if at < 0 or at >= end:
            continue
        there = min(end - at, size)
        offset = np.int64(np.int32(np.uint32((seq - np.int64(flow.base)) & 0xFFFFFFFF)))
        if offset < 0:  # what is known already
            at, there, size, offset = at - offset, there + offset, size + offset, np.int64(0)
        if there > 0 and offset < SLOT_BYTES:
            _take_segment(flow, data, at, offset, there, size, base_row + i, slots, pool, answers, reached)
    return chosen


def read_answers(
    buffer: Array, batch: Array, base_row: int, newest: Array, first: int, todo: Array, pool: Pool, state: Answering
) -> tuple[Pool, Answering]:
    """Read the DNS answers in some rows of a batch.

    Parameters
    ----------
    buffer, batch, newest, first, base_row
        As for a ``Watcher``.
    todo : ndarray of int32
        Their numbers in the batch.
    pool : Pool
        Gets the names.
    state : Answering
        Gets the answers.

    Returns
    -------
    tuple
        Pool and state, with more room where that was needed.
    """
    state = state._replace(flows=flows_with_room(state.flows, todo.size))
    done = 0
    while done < todo.size:
        pool = pool_with_room(pool)
        state = state._replace(answers=answers_with_room(state.answers))
        done = _read_rows(buffer, batch, base_row, newest, first, todo, done, todo.size, pool, state)
    return pool, state
