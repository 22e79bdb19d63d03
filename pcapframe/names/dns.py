"""DNS answers (RFC 1035 section 4): which name was given which address.

A name is the one that was asked for: a chain of CNAMEs is followed from the question, in whatever order they come.
Answers that no chain leads to, and those of multicast DNS (RFC 6762), which repeat no question, count for their owner.
Only the answer section of responses without an error is read, and a message whose lengths or pointers lie says nothing.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.capture.bits import be16, be32, be64, byte
from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.names.pool import NO_NAME, add_name

__all__ = ["ANSWER", "DNS_PORTS", "MOST_RECORDS", "Answers", "answers_short", "answers_with_room", "new_answers",
           "read_message"]  # fmt: skip

DNS_PORTS = (53, 5353, 5355)  # DNS, multicast DNS, LLMNR
HEADER = 12
RESPONSE, OPCODE, RCODE = 0x8000, 0x7800, 0x000F
A, CNAME, AAAA, INTERNET, CACHE_FLUSH = 1, 5, 28, 1, 0x8000
POINTER, LABEL_END, DOT = 0xC0, 64, 46
LONGEST = 255
MOST_JUMPS = 64  # pointers in a name
MOST_RECORDS = 512  # read of a message
ROUNDS = 16  # CNAMEs that follow one another
MOST_ANSWERS = 1 << 20
FIRST_ANSWERS = 1 << 10

ANSWER = np.dtype(
    [
        ("high", np.uint64),  # of the address
        ("low", np.uint64),
        ("row", np.uint32),
        ("name", np.int32),
        ("family", np.uint8),  # 4 or 6
    ],
    align=True,
)
COUNT, LEFT_OUT = range(2)  # in `Answers.counts`


class Answers(NamedTuple):
    """Distinct pairs of an address and a name, by the first row that has them."""

    entries: Array  # ANSWER
    slots: Array  # int32, open addressing: number of the entry + 1, 0 where free
    seed: Array  # uint64
    counts: Array  # int64
    text: Array  # uint8, scratch: a name
    links: Array  # uint64, scratch: hashes of the owner and the target of each CNAME
    found: Array  # int64, scratch: where owner and address of each record are, and its type
    owners: Array  # uint64, scratch: hashes of their owners


def new_answers() -> Answers:
    """Return room for answers."""
    return Answers(
        np.zeros(FIRST_ANSWERS, ANSWER),
        np.zeros(2 * FIRST_ANSWERS, np.int32),
        np.random.default_rng().integers(1, 2**63, 2, np.uint64) * np.uint64(2) + np.uint64(1),
        np.zeros(2, np.int64),
        np.zeros(LONGEST + 1, np.uint8),
        np.zeros((MOST_RECORDS, 2), np.uint64),
        np.zeros((MOST_RECORDS, 3), np.int64),
        np.zeros(MOST_RECORDS, np.uint64),
    )


@inner_jit
def answers_short(answers: Any) -> Any:
    """Whether room may be lacking for the answers of one more message, and can be had."""
    size = answers.entries.size
    return size < MOST_ANSWERS and answers.counts[COUNT] + MOST_RECORDS > size


@inner_jit
def _slot(answers: Any, high: Any, low: Any, name: Any) -> Any:
    """Return the slot of a pair, or the free slot for it."""
    seed, mask = answers.seed, answers.slots.size - 1
    h = (high ^ (np.uint64(name) << np.uint64(40))) * seed[0]
    h = (h ^ (h >> np.uint64(32)) ^ low) * seed[1]
    slot = np.int64(h >> np.uint64(32)) & mask
    while True:
        number = np.int64(answers.slots[slot]) - 1
        if number < 0:
            return slot
        entry = answers.entries[number]
        if entry.low == low and entry.high == high and entry.name == name:
            return slot
        slot = (slot + 1) & mask


@jit
def _rehash(answers: Any) -> None:
    """Insert every pair into an empty, larger table."""
    for number in range(answers.counts[COUNT]):
        entry = answers.entries[number]
        answers.slots[_slot(answers, entry.high, entry.low, np.int64(entry.name))] = number + 1


def answers_with_room(answers: Answers) -> Answers:
    """Return them with room for those of one more message, as long as there may be more."""
    size, used = answers.entries.size, int(answers.counts[COUNT])
    if used + MOST_RECORDS <= size or size >= MOST_ANSWERS:
        return answers
    entries = np.zeros(4 * size, ANSWER)
    entries[:used] = answers.entries[:used]
    answers = answers._replace(entries=entries, slots=np.zeros(8 * size, np.int32))
    _rehash(answers)
    return answers


@inner_jit
def _add_answer(answers: Any, high: Any, low: Any, family: Any, name: Any, row: Any) -> None:
    """Keep that a name was given an address, unless it is known."""
    slot = _slot(answers, high, low, name)
    if answers.slots[slot]:
        return
    number = answers.counts[COUNT]
    if number >= answers.entries.size:
        answers.counts[LEFT_OUT] += 1
        return
    entry = answers.entries[number]
    entry.high, entry.low, entry.family, entry.name, entry.row = high, low, family, name, row
    answers.slots[slot] = number + 1
    answers.counts[COUNT] = number + 1


@inner_jit
def _read_name(data: Any, begin: Any, at: Any, end: Any, text: Any, seed: Any) -> Any:
    """Write the name at `at` to `text`; return its length, the hash of its letters in lower case, and what follows it.

    What follows is -1 for a name that cannot be. A pointer must point backwards, so there are no loops.
    """
    size = np.int64(0)
    after = np.int64(-1)
    h = seed[1]
    limit = at
    jumps = 0
    while True:
        if at >= end:
            return size, h, np.int64(-1)
        length = byte(data, at)
        if length == 0:
            return size, h, (at + 1 if after < 0 else after)
        if length >= POINTER:
            if at + 2 > end:
                return size, h, np.int64(-1)
            if after < 0:
                after = at + 2
            target = begin + ((length & 0x3F) << 8 | byte(data, at + 1))
            jumps += 1
            if target >= limit or jumps > MOST_JUMPS:
                return size, h, np.int64(-1)
            at = limit = target
            continue
        if length >= LABEL_END or at + 1 + length > end or size + length + 1 > LONGEST:
            return size, h, np.int64(-1)
        if size:
            text[size] = DOT
            size += 1
        for k in range(length):
            value = byte(data, at + 1 + k)
            text[size + k] = value
            if 65 <= value <= 90:
                value += 32
            h = (h ^ np.uint64(value)) * seed[0]
            h ^= h >> np.uint64(29)
        h = (h ^ np.uint64(256)) * seed[0]
        size += length
        at += 1 + length


@inner_jit
def _follow(answers: Any, links: Any, asked: Any, reached: Any) -> Any:
    """Write the hashes of the names that CNAMEs lead to from the question to `reached`; return how many."""
    reached[0] = asked
    count = 1
    for _ in range(ROUNDS):
        before = count
        for k in range(links):
            is_known = False
            is_from = False
            for m in range(count):
                is_from = is_from or answers.links[k, 0] == reached[m]
                is_known = is_known or answers.links[k, 1] == reached[m]
            if is_from and not is_known and count <= ROUNDS:
                reached[count] = answers.links[k, 1]
                count += 1
        if count == before:
            break
    return count


@inner_jit
def _collect(data: Any, begin: Any, at: Any, end: Any, records: Any, answers: Any) -> Any:
    """Collect CNAMEs and addresses; return how many of each, -1 where lengths lie."""
    text = unchecked(answers.text)
    links = addresses = 0
    for _ in range(records):
        owner = at
        _, h, at = _read_name(data, begin, at, end, text, answers.seed)
        if at < 0 or at + 10 > end or at + 10 + be16(data, at + 8) > end:
            return -1, -1
        kind, size = be16(data, at), be16(data, at + 8)
        is_internet = be16(data, at + 2) & ~CACHE_FLUSH == INTERNET
        at += 10
        if kind == CNAME and is_internet:
            _, target, after = _read_name(data, begin, at, end, text, answers.seed)
            if after != at + size:
                return -1, -1
            answers.links[links, 0], answers.links[links, 1] = h, target
            links += 1
        elif is_internet and ((kind == A and size == 4) or (kind == AAAA and size == 16)):
            answers.owners[addresses] = h
            answers.found[addresses, 0], answers.found[addresses, 1], answers.found[addresses, 2] = owner, at, kind
            addresses += 1
        at += size
    return links, addresses


@inner_jit
def read_message(data: Any, begin: Any, end: Any, row: Any, pool: Any, answers: Any, reached: Any) -> Any:
    """Keep the addresses that a message gives to names.

    Parameters
    ----------
    data : ndarray of uint8
        Holds the message.
    begin, end : int
        Where it begins and ends.
    row : int
        The row of the packet.
    pool : Pool
        Gets the names.
    answers : Answers
        Gets the answers.
    reached : ndarray of uint64, shape (ROUNDS + 2,)
        Overwritten.

    Returns
    -------
    bool
        Whether it is a response that was read.
    """
    if end - begin < HEADER:
        return False
    flags, questions, records = be16(data, begin + 2), be16(data, begin + 4), be16(data, begin + 6)
    if flags & RESPONSE == 0 or flags & (OPCODE | RCODE) != 0 or questions > 1:
        return False
    text = unchecked(answers.text)
    at = begin + HEADER
    question = np.int64(-1)
    asked = np.uint64(0)
    if questions:
        question = at
        size, asked, at = _read_name(data, begin, at, end, text, answers.seed)
        if at < 0 or at + 4 > end:
            return False
        at += 4
    links, addresses = _collect(data, begin, at, end, min(records, MOST_RECORDS), answers)
    if links < 0:
        return False
    count = _follow(answers, links, asked, reached) if questions else 0
    for k in range(addresses):
        owner = answers.found[k, 0]
        for m in range(count):
            if reached[m] == answers.owners[k]:
                owner = question
                break
        size, _, _ = _read_name(data, begin, owner, end, text, answers.seed)
        name = add_name(pool, text, np.int64(0), size)
        if name == NO_NAME:
            continue
        place = answers.found[k, 1]
        if answers.found[k, 2] == A:
            _add_answer(answers, np.uint64(0), np.uint64(be32(data, place)), 4, name, row)
        else:
            _add_answer(answers, be64(data, place), be64(data, place + 8), 6, name, row)
    return True
