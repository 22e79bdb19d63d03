"""DNS answers, as RFC 1035 writes them."""

import ipaddress
import itertools
import struct
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.jit import jit, unchecked
from pcapframe.names.dns import (
    COUNT,
    MOST_RECORDS,
    ROUNDS,
    Answers,
    answers_with_room,
    new_answers,
    read_message,
)
from pcapframe.names.pool import Pool, new_pool, pool_names
from tests.names.answers import AAAA, CNAME, A, encoded, message, record


@jit
def _read(data: np.ndarray, end: int, row: int, pool: Pool, answers: Answers, reached: np.ndarray) -> bool:
    return read_message(unchecked(data), np.int64(0), np.int64(end), np.int64(row), pool, answers, reached)


def told(*messages: bytes) -> list[tuple[str, str]]:
    """Names and addresses, in order."""
    pool, answers = new_pool(), new_answers()
    for row, one in enumerate(messages):
        answers = answers_with_room(answers)
        _read(
            np.frombuffer(one + b"\0", np.uint8).copy(), len(one), row, pool, answers, np.zeros(ROUNDS + 2, np.uint64)
        )
    names = pool_names(pool)
    made = []
    for entry in answers.entries[: int(answers.counts[COUNT])]:
        packed = int(entry["high"]).to_bytes(8, "big") + int(entry["low"]).to_bytes(8, "big")
        address = ipaddress.ip_address(packed if entry["family"] == 6 else packed[12:])
        made.append((names[entry["name"]], str(address)))
    return made


ONE = record(b"\xc0\x0c", A, bytes([192, 0, 2, 1]))
SIX = record(b"\xc0\x0c", AAAA, ipaddress.IPv6Address("2001:db8::1").packed)


def test_addresses_of_the_question() -> None:
    assert told(message("www.example", ONE, SIX)) == [("www.example", "192.0.2.1"), ("www.example", "2001:db8::1")]


def test_each_pair_is_kept_once_and_letters_stay_as_they_are() -> None:
    assert told(message("a.example", ONE), message("a.example", ONE), message("A.example", ONE)) == [
        ("a.example", "192.0.2.1"),
        ("A.example", "192.0.2.1"),
    ]


def chain(*names: str) -> list[bytes]:
    """CNAMEs from each name to the next, and the last one's address."""
    made = [record(encoded(first), CNAME, encoded(second)) for first, second in itertools.pairwise(names)]
    return [*made, record(encoded(names[-1]), A, bytes([192, 0, 2, 1]))]


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
def test_a_chain_gives_the_name_that_was_asked_for(order: Sequence[int]) -> None:
    records = chain("www.example", "CDN.example", "host.example.")
    assert told(message("WWW.example", *(records[place] for place in order))) == [("WWW.example", "192.0.2.1")]


def test_what_no_chain_leads_to_counts_for_its_owner() -> None:
    other = record(encoded("other.example"), A, bytes([192, 0, 2, 9]))
    assert told(message("www.example", ONE, other)) == [("www.example", "192.0.2.1"), ("other.example", "192.0.2.9")]
    assert told(message(None, other)) == [("other.example", "192.0.2.9")]  # multicast DNS


@pytest.mark.parametrize("length", [3, ROUNDS - 1])
def test_long_chains(length: int) -> None:
    assert told(message("n0.example", *chain(*(f"n{k}.example" for k in range(length))))) == [
        ("n0.example", "192.0.2.1")
    ]


def test_chains_in_a_circle_end() -> None:
    circle = [
        record(encoded("a.example"), CNAME, encoded("b.example")),
        record(encoded("b.example"), CNAME, encoded("a.example")),
    ]
    last = record(encoded("b.example"), A, bytes([192, 0, 2, 1]))
    assert told(message("a.example", *circle, last)) == [("a.example", "192.0.2.1")]


@pytest.mark.parametrize("flags", [0x0100, 0x8183, 0xA980, 0x8182])
def test_queries_errors_and_other_kinds_say_nothing(flags: int) -> None:
    assert told(message("www.example", ONE, flags=flags)) == []


@pytest.mark.parametrize(
    "records",
    [
        record(b"\xc0\xff", A, bytes(4)),  # a pointer ahead
        record(b"\xc0" + bytes([12 + 13 + 4]), A, bytes(4)),  # a pointer to itself
        record(b"\x3fabc", A, bytes(4)),
        record(b"\x80abc\x00", A, bytes(4)),
        b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\xff\xff" + bytes(4),
        b"\xc0",
        b"",
    ],
)
def test_what_lies_says_nothing(records: bytes) -> None:
    assert told(message("www.example", records)) == []


def test_other_classes_and_lengths_are_passed_over() -> None:
    wrong = [
        record(b"\xc0\x0c", A, bytes(5)),
        record(b"\xc0\x0c", A, bytes(4), kind_class=3),
        record(b"\xc0\x0c", 16, b"x"),
    ]
    assert told(message("www.example", *wrong, ONE)) == [("www.example", "192.0.2.1")]
    flushed = record(b"\xc0\x0c", A, bytes([192, 0, 2, 1]), kind_class=0x8001)
    assert told(message("www.local", flushed)) == [("www.local", "192.0.2.1")]


@given(st.binary(max_size=120), st.integers(0, 40), st.integers(0, 80))
def test_anything_at_all_does_no_harm(tail: bytes, place: int, cut: int) -> None:
    whole = bytearray(message("www.example", ONE, SIX) + tail)
    whole[place % len(whole)] ^= 0xFF
    told(bytes(whole), bytes(whole[:cut]), tail)


def test_answers_grow_and_are_bounded_a_message() -> None:
    many = [record(b"\xc0\x0c", A, struct.pack(">I", number)) for number in range(MOST_RECORDS + 100)]
    assert len(told(message("www.example", *many))) == MOST_RECORDS
    messages = [
        message("www.example", *(record(b"\xc0\x0c", A, struct.pack(">I", first + k)) for k in range(100)))
        for first in range(0, 5000, 100)
    ]
    assert len(told(*messages)) == 5000
