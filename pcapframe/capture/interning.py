"""Addresses and protocols as small numbers, given in order of first appearance."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.capture.ip import PROTOCOL_NAMES
from pcapframe.capture.link import CODE_NAMES
from pcapframe.capture.link_types import OTHER_LINKS, UNKNOWN_LINK, link_name
from pcapframe.capture.shims import SHIMS
from pcapframe.jit import inner_jit, jit, unchecked
from pcapframe.memory import stretches

__all__ = [
    "ADDRESSES",
    "MOST_UNNAMED",
    "PROTOCOLS",
    "UNNAMED",
    "Interner",
    "addresses_of",
    "first_appearances",
    "intern_address",
    "intern_all",
    "intern_protocol",
    "new_interner",
    "protocol_code",
    "protocol_name",
    "protocol_names",
    "with_room",
]

Array = npt.NDArray[Any]

# Protocol codes: IP protocols, then Ethernet types and the codes of ``link``, then undecoded link types.
IP_PROTOCOLS = 256
OTHER_TYPES = IP_PROTOCOLS + UNKNOWN_LINK + 0x10000
OTHER_LINK_TYPES = OTHER_TYPES + 1
CODES = OTHER_TYPES + 2
OTHERS = {OTHER_TYPES: "other", OTHER_LINK_TYPES: OTHER_LINKS}
MOST_UNNAMED = 100  # codes without a name in our tables that get a category of their own; the rest share OTHERS

NOT_SEEN, NOT_SEEN_NAMED = 0, 0xFFFF  # in `Interner.codes`; no number comes near the second
ADDRESSES, PROTOCOLS, UNNAMED = 0, 1, 2  # in `Interner.counts`
FIRST_ADDRESSES = 4096
TYPE_NAMES = {**{kind: shim.name for kind, shim in SHIMS.items()}, **CODE_NAMES}


class Interner(NamedTuple):
    """Addresses and protocol codes by their first appearance."""

    slots: Array  # int32, open addressing: number of the address + 1, 0 where free
    addresses: Array  # uint64, three to an address: high half, low half, family (4 or 6)
    seed: Array  # uint64, odd and random: nobody can prepare addresses that collide
    counts: Array  # int64: addresses, protocols, and protocols without a name in our tables
    codes: Array  # uint16, number of a protocol code + 1, or NOT_SEEN or NOT_SEEN_NAMED
    code_list: Array  # int64, protocol codes by their number


def new_interner() -> Interner:
    """Return an empty interner."""
    codes = np.full(CODES, NOT_SEEN, np.uint16)
    named = [*range(IP_PROTOCOLS), *(IP_PROTOCOLS + kind for kind in TYPE_NAMES), *OTHERS]
    codes[named] = NOT_SEEN_NAMED
    return Interner(
        slots=np.zeros(FIRST_ADDRESSES, np.int32),
        addresses=np.zeros(3 * FIRST_ADDRESSES // 2, np.uint64),
        seed=np.random.default_rng().integers(1, 2**63, 2, np.uint64) * np.uint64(2) + np.uint64(1),
        counts=np.zeros(3, np.int64),
        codes=codes,
        code_list=np.zeros(len(named) + MOST_UNNAMED, np.int64),
    )


@inner_jit
def _address_slot(slots: Any, mask: Any, addresses: Any, seed: Any, high: Any, low: Any, family: Any) -> Any:
    """Return the slot of an address, or the free slot for it."""
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
def intern_address(
    slots: Any, mask: Any, addresses: Any, seed: Any, counts: Any, high: Any, low: Any, family: Any
) -> Any:
    """Return the number of an address; a new address gets the next one (`with_room` has made room)."""
    slot = _address_slot(slots, mask, addresses, seed, high, low, family)
    number = np.int64(slots[slot]) - 1
    if number < 0:
        number = counts[ADDRESSES]
        counts[ADDRESSES] = number + 1
        slots[slot] = number + 1
        addresses[3 * number], addresses[3 * number + 1], addresses[3 * number + 2] = high, low, family
    return number


@inner_jit
def protocol_code(kind: Any) -> Any:
    """Return the code of an Ethernet type, a code of ``link`` or an undecoded link type."""
    code = np.int64(IP_PROTOCOLS) + kind
    return code if code < OTHER_TYPES else np.int64(OTHER_LINK_TYPES)


@inner_jit
def _new_protocol(codes: Any, code_list: Any, counts: Any, code: Any) -> Any:
    """Return the number + 1 of a protocol code that was not seen yet.

    Every IP protocol and every code with a name in our tables gets a separate number. A capture may have thousands of
    other codes; only the first `MOST_UNNAMED` of them get one.
    """
    asked = code
    if codes[code] == NOT_SEEN:
        if counts[UNNAMED] < MOST_UNNAMED:
            counts[UNNAMED] += 1
        else:
            code = np.int64(OTHER_TYPES if code < IP_PROTOCOLS + UNKNOWN_LINK else OTHER_LINK_TYPES)
    if codes[code] in (NOT_SEEN, NOT_SEEN_NAMED):
        code_list[counts[PROTOCOLS]] = code
        counts[PROTOCOLS] += 1
        codes[code] = counts[PROTOCOLS]
    codes[asked] = codes[code]
    return np.int64(codes[code])


@inner_jit
def intern_protocol(codes: Any, code_list: Any, counts: Any, code: Any) -> Any:
    """Return the number of a protocol code; a new one gets the next, unless too many have no name."""
    number = np.int64(codes[code])
    if number in (NOT_SEEN, NOT_SEEN_NAMED):
        number = _new_protocol(codes, code_list, counts, code)
    return number - 1


@jit
def intern_all(interner: Any, addresses: Any, codes: Any, address_numbers: Any, code_numbers: Any) -> None:
    """Intern addresses and protocol codes, one after another, and write their numbers.

    Parameters
    ----------
    interner : Interner
        Has room for them.
    addresses : ndarray of uint64
        Three to an address: high half, low half, family.
    codes : ndarray of int64
        Of protocols.
    address_numbers, code_numbers : ndarray of int32 and of uint16
        Filled.
    """
    slots, known, counts = unchecked(interner.slots), unchecked(interner.addresses), unchecked(interner.counts)
    mask, seed = interner.slots.size - 1, unchecked(interner.seed)
    for number in range(addresses.size // 3):
        high, low, family = addresses[3 * number], addresses[3 * number + 1], addresses[3 * number + 2]
        address_numbers[number] = intern_address(slots, mask, known, seed, counts, high, low, family)
    all_codes, code_list = unchecked(interner.codes), unchecked(interner.code_list)
    for number in range(codes.size):
        code_numbers[number] = intern_protocol(all_codes, code_list, counts, codes[number])


@jit
def _rehash(interner: Any) -> None:
    """Insert every address into an empty, larger table."""
    mask = interner.slots.size - 1
    for number in range(interner.counts[ADDRESSES]):
        at = 3 * number
        high, low, family = interner.addresses[at], interner.addresses[at + 1], interner.addresses[at + 2]
        slot = _address_slot(interner.slots, mask, interner.addresses, interner.seed, high, low, family)
        interner.slots[slot] = number + 1


def addresses_of(interner: Interner) -> Array:
    """Return the addresses in the order of their number, shape (n, 3): high half, low half, family (4 or 6)."""
    return interner.addresses[: 3 * int(interner.counts[ADDRESSES])].reshape(-1, 3)


def with_room(interner: Interner, count: int) -> Interner:
    """Return the interner with room for `count` new addresses."""
    needed = int(interner.counts[ADDRESSES]) + count
    if 3 * needed > interner.addresses.size:
        interner.addresses.resize(6 * needed, refcheck=False)
    if 2 * needed > interner.slots.size:
        size = 1 << int(2 * needed - 1).bit_length()
        interner = interner._replace(slots=np.zeros(size, np.int32))
        _rehash(interner)
    return interner


@jit
def _number_by_appearance(src: Any, dst: Any, count: Any, numbers: Any, order: Any) -> Any:
    """Number the addresses of both columns from `count` on, row by row; return the next number."""
    for i in range(src.size):
        for code in (src[i], dst[i]):
            if code >= 0 and numbers[code] < 0:
                numbers[code] = count
                order[count] = code
                count += 1
    return count


def first_appearances(src: Array, dst: Array, count: int) -> tuple[Array, Array]:
    """Return how to number addresses by their first appearance.

    Parameters
    ----------
    src, dst : ndarray of int32
        Numbers of addresses by row, -1 for none.
    count : int
        How many addresses there are; those in neither column come last, in the order of their number.

    Returns
    -------
    tuple of ndarray
        The old numbers by the new ones, and the new ones by the old ones, with -1 for -1.
    """
    numbers, order = np.full(count + 1, -1, np.int32), np.empty(count, np.int32)
    seen = 0
    for rows in stretches(src.size):
        seen = int(_number_by_appearance(src[rows], dst[rows], seen, numbers, order))
    others = np.flatnonzero(numbers[:count] < 0)
    order[seen:] = others
    numbers[others] = np.arange(seen, count)
    return order, numbers


def protocol_names(interner: Interner) -> list[str]:
    """Name of every protocol seen, in the order of its number; several numbers may share a name."""
    return [protocol_name(code) for code in interner.code_list[: int(interner.counts[PROTOCOLS])].tolist()]


def protocol_name(code: int) -> str:
    """Name of a protocol code."""
    if code < IP_PROTOCOLS:
        return PROTOCOL_NAMES.get(code, f"IP protocol {code}")
    if code in OTHERS:
        return OTHERS[code]
    kind = code - IP_PROTOCOLS
    if kind >= UNKNOWN_LINK:
        return link_name(kind - UNKNOWN_LINK)
    return TYPE_NAMES.get(kind, f"Ethernet type 0x{kind:04x}")
