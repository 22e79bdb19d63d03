"""Reassembly of IP fragments (RFC 791 section 3.2, RFC 8200 section 4.5), while a capture is read.

A datagram belongs to the frame that completes it, in whatever order its fragments came, as in Wireshark; one that is
never complete has no transport header, and is said to be undecoded. Only the first bytes of a datagram are kept: as
many as a full Ethernet frame has, so that names are found in what a smaller link cut. Memory is bounded:
`MOST_DATAGRAMS` may be incomplete at a time, then the oldest is given up, as is one that is incomplete for a minute. Of
those that a batch completes, `WHOLE_BYTES` are kept until their names are read.
"""

import mmap
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.arrays import NO_TIME
from pcapframe.capture import ip
from pcapframe.capture.records import BATCH_RECORDS
from pcapframe.jit import inner_jit, unchecked

__all__ = [
    "HEAD_BYTES", "IP_PROTOCOLS", "LATEST", "NO_WHOLES", "Datagrams", "Wholes", "add_fragment", "keep_whole",
    "new_datagrams", "pending", "taken", "with_datagrams",
]  # fmt: skip

Array = npt.NDArray[Any]

MOST_DATAGRAMS = 16_384  # 68 MB
HEAD_BYTES = 1536  # kept of each
WHOLE_BYTES = 1 << 22
LATEST = MOST_DATAGRAMS * HEAD_BYTES  # where in `Datagrams.heads` the datagram lies that was completed last
TIMEOUT_NS = 60_000_000_000  # RFC 8200: 60 s; RFC 1122: 60 to 120 s
UNIT_BYTES = 8
HEAD_UNITS = HEAD_BYTES // UNIT_BYTES
WORDS = 256  # of 64 units: up to the largest offset plus the largest fragment
MOST_UNITS = 64 * WORDS
IP_PROTOCOLS = 0xFF  # a greater number is an Ethernet type or a code
BUCKETS = 1 << 14
OF_TUNNEL = 0xFE  # in place of a protocol in a key
NONE = -1
UNKNOWN_TOTAL = -1

SLOT = np.dtype(
    [
        ("key", np.uint64, (5,)),  # addresses; identification, protocol, VLAN and way
        ("serial", np.int64),  # how many came before in its capture
        ("since", np.int64),  # when its first fragment was captured [ns]
        ("total", np.int32),  # its length, if the last fragment was seen [bytes]
        ("highest", np.int32),  # end of what was seen [units]
        ("filled", np.int32),  # up to where there is no hole [units]
        ("known", np.int32),  # up to where its first bytes may be known [bytes]
        ("protocol", np.int32),  # of its first fragment
        ("bucket", np.int32),
        ("next", np.int32),  # in its bucket, or among the free slots
        ("older", np.int32),
        ("newer", np.int32),
    ],
    align=True,
)
KEYS = (1 << 56) - 1  # of the last number of a key: all but the way
USED, FREE, OLDEST, NEWEST, BEGUN = range(5)  # in `Datagrams.numbers`: slots used so far, first slots of lists, all


class Wholes(NamedTuple):
    """What was completed in a batch of records: from the TCP header on, as much as was kept."""

    data: Array  # uint8
    places: Array  # int32, for each: the number of its record in the batch, and where it begins and ends
    filled: Array  # int64, shape (1,): how many


def _new_wholes(size: int) -> Wholes:
    return Wholes(np.zeros(size, np.uint8), np.zeros((BATCH_RECORDS, 3), np.int32), np.zeros(1, np.int64))


NO_WHOLES = _new_wholes(1)


class Datagrams(NamedTuple):
    """Datagrams that are not complete, a slot each."""

    heads: Array  # uint8, the first bytes of each, then of the datagram completed last
    origins: Array  # uint16, by unit of each head: where the fragment begins that it is from [units]
    seen: Array  # uint64, a bit for each unit
    slots: Array  # SLOT
    buckets: Array  # int32, by the hash of the key: the first slot, NONE for none
    numbers: Array  # int64
    known: Array  # uint8, by serial: whether the datagram was completed, or is known to hold nothing that is missed
    latest: Array  # uint64, key of the datagram completed last
    wholes: Wholes


def new_datagrams() -> Datagrams:
    """Return room for `MOST_DATAGRAMS`; memory that is never used is not taken from the system."""
    dtypes: list[tuple[int, npt.DTypeLike]] = [
        ((MOST_DATAGRAMS + 1) * HEAD_BYTES, np.uint8),
        (MOST_DATAGRAMS * HEAD_UNITS, np.uint16),
        (MOST_DATAGRAMS * WORDS, np.uint64),
        (MOST_DATAGRAMS, SLOT),
    ]
    ends = np.cumsum([count * np.dtype(dtype).itemsize for count, dtype in dtypes]).tolist()
    memory = np.frombuffer(mmap.mmap(-1, ends[-1]), np.uint8)
    heads, origins, seen, slots = (
        memory[begin:end].view(dtype) for begin, end, (_, dtype) in zip([0, *ends[:-1]], ends, dtypes, strict=True)
    )
    buckets, numbers = np.full(BUCKETS, NONE, np.int32), np.array([0, NONE, NONE, NONE, 0], np.int64)
    known, latest = np.zeros(BUCKETS, np.uint8), np.zeros(5, np.uint64)
    return Datagrams(heads, origins, seen, slots, buckets, numbers, known, latest, _new_wholes(WHOLE_BYTES))


def with_datagrams(datagrams: Datagrams, count: int) -> Datagrams:
    """Return the datagrams with room for `count` new ones."""
    needed = int(datagrams.numbers[BEGUN]) + count
    if needed <= datagrams.known.size:
        return datagrams
    known = np.zeros(2 * needed, np.uint8)
    known[: datagrams.known.size] = datagrams.known
    return datagrams._replace(known=known)


def taken(datagrams: Datagrams) -> int:
    """How much memory the slots used so far take, in bytes."""
    slots = int(datagrams.numbers[USED]) * (HEAD_BYTES + 2 * HEAD_UNITS + 8 * WORDS + SLOT.itemsize)
    return slots + int(datagrams.numbers[BEGUN])


def pending(datagrams: Datagrams) -> list[tuple[int, ...]]:
    """Return what is known of the datagrams that are not complete.

    Parameters
    ----------
    datagrams : Datagrams
        At the end of a capture, or of a part of it.

    Returns
    -------
    list of tuple
        Of each when its first fragment was captured [ns], how much of it was seen, and its key without the way through
        tunnels, whose numbers differ from one part to another.
    """
    found = []
    number = int(datagrams.numbers[OLDEST])
    while number != NONE:
        slot = datagrams.slots[number]
        *addresses, last = slot["key"].tolist()
        found.append((*(int(slot[name]) for name in ("since", "total", "highest", "filled")), *addresses, last & KEYS))
        number = int(slot["newer"])
    return found


@inner_jit
def keep_whole(table: Any, record: Any, at: Any, stop: Any) -> None:
    """Keep what the datagram completed last has between two places of `heads`, of a record of the batch."""
    wholes = table.wholes
    number = wholes.filled[0]
    begin = np.int64(wholes.places[number - 1, 2]) if number else np.int64(0)
    if stop <= at or begin + stop - at > wholes.data.size:
        return
    kept, heads = unchecked(wholes.data), unchecked(table.heads)
    for k in range(stop - at):
        kept[begin + k] = heads[at + k]
    wholes.places[number, 0], wholes.places[number, 1], wholes.places[number, 2] = record, begin, begin + stop - at
    wholes.filled[0] = number + 1


@inner_jit
def _bucket(key: Any, seed: Any) -> Any:
    """Bucket of a key: nobody can prepare datagrams that collide."""
    h = seed[1]
    for k in range(5):
        h = (h ^ key[k]) * seed[0]
        h ^= h >> np.uint64(29)
    return np.int64(h >> np.uint64(33)) & (BUCKETS - 1)


@inner_jit
def _drop(table: Any, number: Any) -> None:
    """Free a slot."""
    slots, numbers = table.slots, table.numbers
    slot = slots[number]
    before = np.int64(table.buckets[slot.bucket])
    if before == number:
        table.buckets[slot.bucket] = slot.next
    else:
        while slots[before].next != number:
            before = np.int64(slots[before].next)
        slots[before].next = slot.next
    if slot.older == NONE:
        numbers[OLDEST] = slot.newer
    else:
        slots[slot.older].newer = slot.newer
    if slot.newer == NONE:
        numbers[NEWEST] = slot.older
    else:
        slots[slot.newer].older = slot.older
    for word in range((slot.highest + 63) // 64):
        table.seen[number * WORDS + word] = np.uint64(0)
    slot.next = numbers[FREE]
    numbers[FREE] = number


@inner_jit
def _is_late(since: Any, time: Any) -> Any:
    """Whether the time for completing a datagram is over."""
    return since != NO_TIME and time != NO_TIME and time > since and time - since > TIMEOUT_NS


@inner_jit
def _add(table: Any, key: Any, bucket: Any, time: Any, protocol: Any) -> Any:
    """Return a slot for a new datagram."""
    slots, numbers = table.slots, table.numbers
    oldest = numbers[OLDEST]
    is_full = numbers[FREE] == NONE and numbers[USED] == MOST_DATAGRAMS
    if oldest != NONE and (is_full or _is_late(slots[oldest].since, time)):
        _drop(table, oldest)
    number = numbers[FREE]
    if number == NONE:
        number = numbers[USED]
        numbers[USED] = number + 1
    else:
        numbers[FREE] = slots[number].next
    slot = slots[number]
    is_copy = True  # of the one before
    for k in range(5):
        slot.key[k] = key[k]
        is_copy = is_copy and key[k] == table.latest[k]
    slot.serial = numbers[BEGUN]
    table.known[slot.serial] = is_copy
    numbers[BEGUN] += 1
    slot.since, slot.protocol, slot.bucket = time, protocol, bucket
    slot.total, slot.highest, slot.filled, slot.known = UNKNOWN_TOTAL, 0, 0, HEAD_BYTES
    slot.next = table.buckets[bucket]
    table.buckets[bucket] = number
    slot.older, slot.newer = numbers[NEWEST], NONE
    if numbers[NEWEST] == NONE:
        numbers[OLDEST] = number
    else:
        slots[numbers[NEWEST]].newer = number
    numbers[NEWEST] = number
    return number


@inner_jit
def _copy_head(table: Any, number: Any, buffer: Any, at: Any, start: Any, known: Any) -> None:
    """Copy what a fragment has of the head; of two that overlap, the one that begins first holds, as in Wireshark."""
    begin, heads = start // UNIT_BYTES, unchecked(table.heads)
    for unit in range(begin, min((start + known + UNIT_BYTES - 1) // UNIT_BYTES, HEAD_UNITS)):
        bits = table.seen[number * WORDS + (unit >> 6)]
        origin = number * HEAD_UNITS + unit
        if bits >> np.uint64(unit & 63) & np.uint64(1) and table.origins[origin] <= begin:
            continue
        table.origins[origin] = begin
        place = unit * UNIT_BYTES
        target, source = np.uint64(number * HEAD_BYTES + place), np.uint64(at + place - start)
        if place + UNIT_BYTES <= start + known:
            for k in range(np.uint64(UNIT_BYTES)):
                heads[target + k] = buffer[source + k]
        else:
            for k in range(np.uint64(start + known - place)):
                heads[target + k] = buffer[source + k]


@inner_jit
def _mark(seen: Any, base: Any, begin: Any, stop: Any) -> None:
    """Note that the units from `begin` to `stop` were seen."""
    last = (stop - 1) >> 6
    for word in range(begin >> 6, last + 1):
        bits = ~np.uint64(0)
        if word == begin >> 6:
            bits &= ~np.uint64(0) << np.uint64(begin & 63)
        if word == last:
            bits &= ~np.uint64(0) >> np.uint64(63 - ((stop - 1) & 63))
        seen[base + word] |= bits


@inner_jit
def _filled(seen: Any, base: Any, filled: Any, highest: Any) -> Any:
    """Return up to which unit there is no hole."""
    while filled < highest:
        bits = seen[base + (filled >> 6)]
        if filled & 63 == 0 and bits == ~np.uint64(0):
            filled += 64
        elif bits >> np.uint64(filled & 63) & np.uint64(1):
            filled += 1
        else:
            break
    return filled


@inner_jit
def add_fragment(
    table: Any,
    key: Any,
    seed: Any,
    header: Any,
    protocol: Any,
    vlan: Any,
    way: Any,
    time: Any,
    buffer: Any,
    at: Any,
    stop: Any,
    length: Any,
) -> Any:
    """Add a fragment to its datagram.

    Parameters
    ----------
    table : Datagrams
        Changed.
    key : ndarray of uint64, shape (5,)
        Scratch.
    seed : ndarray of uint64, shape (2,)
        Odd random numbers.
    header : ndarray of uint64
        Its IP header, see ``ip``.
    protocol, vlan, way : int
        Protocol in its header, or the Ethernet type or code of what a tunnel's fragments carry; its innermost VLAN id
        (-1 for none), and the way through tunnels to it.
    time : int
        When it was captured. [ns]
    buffer : ndarray of uint8
        Holds its bytes.
    at, stop : int
        Where its payload begins, where the bytes end that are there.
    length : int
        Of its payload. [bytes]

    Returns
    -------
    tuple of int
        Length of the datagram that it completes (-1 if it does not), how many of its first bytes are at `LATEST` of
        `table.heads`, its protocol, its serial number.
    """
    start: Any = np.int64(header[ip.FRAGMENT_OFFSET])
    more = header[ip.MORE_FRAGMENTS] != 0
    # The next header of IPv6 is that of the first fragment; in others it may differ (RFC 8200 section 4.5).
    own = np.uint64(0xFF) if header[ip.FAMILY] == 6 else np.uint64(protocol)
    if protocol > IP_PROTOCOLS:
        own = np.uint64(OF_TUNNEL)
    key[0], key[1] = header[ip.SRC_HIGH], header[ip.SRC_LOW]
    key[2], key[3] = header[ip.DST_HIGH], header[ip.DST_LOW]
    key[4] = header[ip.IDENT] | own << np.uint64(32) | np.uint64(vlan + 1) << np.uint64(40)
    key[4] |= np.uint64(way) << np.uint64(56)
    bucket = _bucket(key, seed)
    number = np.int64(table.buckets[bucket])
    while number != NONE:
        kept = table.slots[number].key
        if kept[0] == key[0] and kept[1] == key[1] and kept[2] == key[2] and kept[3] == key[3] and kept[4] == key[4]:
            break
        number = np.int64(table.slots[number].next)
    if number != NONE and _is_late(table.slots[number].since, time):
        _drop(table, number)
        number = np.int64(NONE)
    if number == NONE:
        number = _add(table, key, bucket, time, protocol)
    slot = table.slots[number]
    base = number * WORDS
    if start == 0:
        slot.protocol = protocol
    known = min(length, stop - at)
    if start < HEAD_BYTES:
        _copy_head(table, number, buffer, at, start, known)
        if known < length:
            slot.known = min(np.int64(slot.known), start + known)
    # Only the last fragment may end within a unit.
    begin, end = start // UNIT_BYTES, min((start + length + (0 if more else UNIT_BYTES - 1)) // UNIT_BYTES, MOST_UNITS)
    if end > begin:
        _mark(table.seen, base, begin, end)
    slot.highest = max(np.int64(slot.highest), end)
    if not more:
        slot.total = min(start + length, UNIT_BYTES * MOST_UNITS + 1)  # a longer one is never complete
    total = np.int64(slot.total)
    slot.filled = _filled(table.seen, base, np.int64(slot.filled), np.int64(slot.highest))
    if total < 0 or slot.filled != slot.highest or slot.highest != (total + UNIT_BYTES - 1) // UNIT_BYTES:
        return np.int64(-1), np.int64(0), protocol, np.int64(slot.serial)
    serial = np.int64(slot.serial)
    table.known[serial] = 1
    for k in range(5):
        table.latest[k] = key[k]
    known = min(total, np.int64(slot.known))
    heads = unchecked(table.heads)
    for k in range(known):
        heads[LATEST + k] = heads[number * HEAD_BYTES + k]
    protocol = np.int64(slot.protocol)
    _drop(table, number)
    return total, known, protocol, serial
