"""Read what a direction of a connection begins with, segment by segment.

Each direction has a state (``flows``). Where its first payload is a ClientHello or a request that is not complete, what
there is of it waits in a slot.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.capture.bits import be16, byte
from pcapframe.jit import inner_jit, unchecked
from pcapframe.names.applications import HTTP, TLS, UNKNOWN, application_of, classify
from pcapframe.names.flows import (
    HELD,
    NEW,
    OPEN,
    RANGES,
    SETTLED,
    SLOT_BYTES,
    free_slot,
    put,
    slot_of,
    take_slot,
)
from pcapframe.names.http import line_end, read_host
from pcapframe.names.pool import NO_NAME, add_name
from pcapframe.names.tls import (
    ALPN_AT,
    ALPN_END,
    DONE,
    LONGEST_HELLO,
    MORE,
    NAME_AT,
    NAME_END,
    NEED,
    begins_hello,
    read_hello,
)

__all__ = ["HEARD", "NOT_FIRST", "WATCHED_BYTES", "Heard", "new_heard", "take"]

WATCHED_BYTES = 1 << 12  # of a direction's stream, where TLS or a request may still begin
CONNECT = tuple(b"CONNECT ")
PROXY_1, PROXY_2, PROXY_LINE = tuple(b"PROXY "), tuple(b"\r\n\r\n\0\r\nQUIT\n"), 107
LETTER_T = 84  # HTTP begins a response
SURE_BYTES = 16  # a shorter first payload may be continued
NOT_FIRST = -1
COMMA = 44
FIRST_HEARD = 1 << 10

# What was heard in a packet.
HEARD = np.dtype(
    [
        ("row", np.uint32),
        ("application", np.int16),  # of the first payload of its direction; -1 where it is not the first
        ("name", np.int32),  # number in the pool, -1 for none
        ("alpn", np.int32),
    ]
)


class Heard(NamedTuple):
    """What is written."""

    entries: Array  # HEARD
    counts: Array  # int64: how many
    joined: Array  # uint8, scratch
    found: Array  # int64, scratch


def new_heard() -> Heard:
    """Return room for what is heard."""
    return Heard(
        np.zeros(FIRST_HEARD, HEARD), np.zeros(1, np.int64), np.zeros(LONGEST_HELLO, np.uint8), np.zeros(5, np.int64)
    )


@inner_jit
def _add(heard: Any, row: Any, application: Any, name: Any, alpn: Any) -> None:
    """Keep what was heard in a row."""
    number = heard.counts[0]
    entry = heard.entries[number]
    entry.row, entry.application, entry.name, entry.alpn = row, application, name, alpn
    heard.counts[0] = number + 1


@inner_jit
def _protocols(pool: Any, data: Any, heard: Any) -> Any:
    """Return the number of the protocols in `found`, as one text with commas."""
    at, end = heard.found[ALPN_AT], heard.found[ALPN_END]
    size = 0
    while at < end:
        if size:
            heard.joined[size] = COMMA
            size += 1
        length = byte(data, at)
        for k in range(length):
            heard.joined[size + k] = byte(data, at + 1 + k)
        size += length
        at += 1 + length
    return add_name(pool, unchecked(heard.joined), np.int64(0), np.int64(size))


@inner_jit
def _read(data: Any, at: Any, end: Any, line: Any, is_cut: Any, kind: Any, pool: Any, heard: Any) -> Any:
    """Read a beginning of this kind; return `DONE`, `NOTHING` or `MORE`, and the numbers of what it names."""
    found = heard.found
    name = alpn = np.int64(NO_NAME)
    if kind != TLS:
        result = read_host(data, line, end, line == at, found)
        if result == DONE:
            name = add_name(pool, data, found[NAME_AT], found[NAME_END])
        return result, name, alpn
    joined = unchecked(heard.joined)
    result, is_joined = read_hello(data, at, end, is_cut, joined, found)
    if result == DONE:
        source = joined if is_joined else data
        name = add_name(pool, source, found[NAME_AT], found[NAME_END])
        alpn = _protocols(pool, source, heard)  # may overwrite what is read before it
    return result, name, alpn


@inner_jit
def _state_after(kind: Any, result: Any, data: Any, at: Any, end: Any) -> Any:
    """Return the state of a direction when a beginning was read; another may follow one whose lengths do not fit."""
    if kind == TLS:
        return SETTLED if result == DONE else OPEN
    if result != DONE or end - at < len(CONNECT):
        return OPEN
    for k in range(len(CONNECT)):
        if byte(data, at + k) != CONNECT[k]:
            return SETTLED
    return OPEN  # a proxy's tunnel follows


@inner_jit
def _begin(  # every kind is an int64: each literal would be compiled anew
    flow: Any, kind: Any, data: Any, at: Any, end: Any, size: Any, row: Any, application: Any, pool: Any, heard: Any
) -> Any:
    """Read what begins in a segment; return whether more of the stream is needed."""
    is_cut = end - at < size
    result, name, alpn = _read(data, at, end, at, is_cut, kind, pool, heard)
    if application >= 0 or name >= 0 or alpn >= 0:
        _add(heard, row, application, name, alpn)
    if result == MORE and not is_cut and size < SLOT_BYTES:
        flow.state, flow.kind = HELD, kind
        return True
    flow.state = _state_after(kind, result, data, at, end)
    return False


@inner_jit
def _first(flow: Any, data: Any, at: Any, end: Any, size: Any, row: Any, pool: Any, heard: Any) -> Any:
    """Read the first payload of a direction; return whether more of the stream is needed."""
    application = classify(data, at, end, size)
    if application == TLS and begins_hello(data, at, end):
        return _begin(flow, np.int64(TLS), data, at, end, size, row, application, pool, heard)
    if application == HTTP and end - at >= 4 and (byte(data, at + 1) != LETTER_T or byte(data, at + 2) != LETTER_T):
        return _begin(flow, np.int64(HTTP), data, at, end, size, row, application, pool, heard)
    if application == UNKNOWN and size < SURE_BYTES and end - at == size:
        flow.state, flow.kind = HELD, UNKNOWN
        return True
    flow.state = SETTLED if application in (TLS, HTTP) else OPEN
    _add(heard, row, application, np.int64(NO_NAME), np.int64(NO_NAME))
    return False


@inner_jit
def _hold(
    flow: Any, slots: Any, data: Any, at: Any, offset: Any, there: Any, size: Any, found: Any, line_at: Any
) -> None:
    """Keep the beginning of a direction, of which more is needed."""
    number = take_slot(flow, slots.slots, slots.free, slots.counts)
    slot = slots.slots[number]
    put(slot, slots.held, number * SLOT_BYTES, data, at, offset, there, size)
    _await(flow, slot, found, line_at)


@inner_jit
def _await(flow: Any, slot: Any, found: Any, at: Any) -> None:
    """Note from when on it is worth reading again."""
    if flow.kind == TLS:
        slot.need = found[NEED]
    elif flow.kind == HTTP:
        slot.line, slot.need = found[NEED] - at, slot.filled


@inner_jit
def _continue(flow: Any, slot: Any, held: Any, begin: Any, row: Any, pool: Any, heard: Any) -> Any:
    """Read what is in a slot, as far as it has no hole; return whether more of it is needed."""
    data, end = unchecked(held), np.int64(begin + slot.filled)
    is_cut = slot.filled == slot.cut
    if flow.kind == UNKNOWN:
        if not _first(flow, data, begin, end, np.int64(slot.filled) + (1 if is_cut else 0), row, pool, heard):
            return False
    else:
        if not is_cut:
            if flow.kind == TLS and slot.filled < slot.need:
                return True
            if flow.kind == HTTP and line_end(data, begin + slot.need, end) == end:
                slot.need = slot.filled
                return True
        kind = np.int64(flow.kind)
        result, name, alpn = _read(data, begin, end, np.int64(begin + slot.line), is_cut, kind, pool, heard)
        if name >= 0 or alpn >= 0:
            _add(heard, row, np.int64(NOT_FIRST), name, alpn)
        if result != MORE or is_cut:
            flow.state = _state_after(kind, result, data, begin, end)
            return False
    _await(flow, slot, heard.found, begin)
    return True


@inner_jit
def _proxy_bytes(data: Any, at: Any, end: Any) -> Any:
    """Return the length of what a load balancer says of the client before the client's own bytes (PROXY protocol)."""
    there = end - at
    if there > 16 and byte(data, at) == PROXY_2[0]:
        for k in range(len(PROXY_2)):
            if byte(data, at + k) != PROXY_2[k]:
                return 0
        length = 16 + be16(data, at + 14)
        return length if length <= there else 0
    for k in range(len(PROXY_1)):
        if k >= there or byte(data, at + k) != PROXY_1[k]:
            return 0
    stop = line_end(data, at, min(end, at + PROXY_LINE))
    return stop + 1 - at if stop < min(end, at + PROXY_LINE) else 0


@inner_jit
def take(
    flow: Any, data: Any, at: Any, end: Any, offset: Any, size: Any, row: Any, seq: Any, slots: Any, pool: Any,
    heard: Any,
) -> None:  # fmt: skip
    """Take the payload of a segment of a direction."""
    there = end - at
    if flow.state == HELD:
        number = slot_of(flow, slots.slots)
        if number < 0:
            flow.state = SETTLED
            return
        slot, begin = slots.slots[number], number * SLOT_BYTES
        is_more = True
        if put(slot, slots.held, begin, data, at, offset, there, size):
            is_more = _continue(flow, slot, slots.held, begin, row, pool, heard)
        if is_more and (slot.filled == SLOT_BYTES or slot.ranges == RANGES):
            flow.state, is_more = OPEN, False
        if not is_more:
            free_slot(number, slots.slots, slots.free, slots.counts)
    elif flow.state == NEW and 0 < offset < SLOT_BYTES:  # an earlier one comes late
        flow.state, flow.kind = HELD, UNKNOWN
        _hold(flow, slots, data, at, offset, there, size, heard.found, at)
    elif flow.state == NEW:
        skipped = _proxy_bytes(data, at, end)
        at, there, size, seq = at + skipped, there - skipped, size - skipped, (seq + skipped) & 0xFFFFFFFF
        flow.base = seq
        if size == 0:
            return
        if _first(flow, data, at, end, size, row, pool, heard):
            _hold(flow, slots, data, at, np.int64(0), there, size, heard.found, at)
    else:
        kind = application_of(data, at, end)
        if kind != UNKNOWN and _begin(flow, kind, data, at, end, size, row, np.int64(NOT_FIRST), pool, heard):
            flow.base = seq
            _hold(flow, slots, data, at, np.int64(0), there, size, heard.found, at)
