"""A strip that any thread decodes gets the numbers that one thread alone gives."""

import numpy as np
import pytest

from pcapframe.capture.interning import MOST_UNNAMED, addresses_of, new_interner, protocol_names
from pcapframe.capture.pcap import open_pcap
from pcapframe.capture.records import new_odd
from pcapframe.capture.strips import Hand, Strip
from pcapframe.capture.tunnels import rare
from tests.builders import ethernet, packet, pcap
from tests.capture.test_interning import UNNAMED_TYPES


def filled(frames: list[bytes]) -> Strip:
    capture = np.frombuffer(bytearray(pcap(list(enumerate(frames)))), np.uint8)
    strip = Strip(len(frames))
    count, *_ = open_pcap(capture, is_whole=True).walk(capture, 24, capture.size, new_odd(), strip.batch)
    strip.fill(capture, 0, count)
    return strip


def hosts(*numbers: int) -> list[bytes]:
    return [packet(f"10.0.0.{number}", "10.0.0.99", sack=[(1, 2)]) for number in numbers]


def numbers_of(strip: Strip, name: str) -> list[int]:
    return strip.rows[name][0, : strip.count].tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("turns", ["ABAB", "AABB", "ABBA", "AAAA"])
def test_addresses_are_numbered_in_the_order_of_the_strips(turns: str) -> None:
    """Decoded by two hands: B before A, and all before any is renumbered."""
    parts = [hosts(1, 2), hosts(3, 1), hosts(2, 4, 3), hosts(5, 1)]
    hands, made = {"A": Hand(), "B": Hand()}, [filled(part) for part in parts]
    for name in "BA":
        for strip, hand in zip(made, turns, strict=True):
            if hand == name:
                strip.decode_by(hands[name], rare())
    interner, edges = new_interner(), 0
    for strip in made:
        interner = strip.renumber(interner, edges, rare())
        edges += strip.edges
    assert [numbers_of(strip, "src") for strip in made] == [[0, 2], [3, 0], [2, 4, 3], [5, 0]]
    assert {number for strip in made for number in numbers_of(strip, "dst")} == {1}
    assert [numbers_of(strip, "sack_end") for strip in made] == [[2, 4], [6, 8], [10, 12, 14], [16, 18]]
    assert (addresses_of(interner)[:, 1] & 0xFF).tolist() == [1, 99, 2, 3, 4, 5]


def test_of_many_protocols_the_first_ones_have_numbers_of_their_own() -> None:
    """A hand cannot know which are the first ones: what it has seen may be the last of many."""
    kinds = UNNAMED_TYPES[: MOST_UNNAMED + 50]
    parts = [[ethernet(bytes(28), kind) for kind in kinds[begin : begin + 60]] for begin in range(0, 150, 60)]
    parts.append([ethernet(bytes(28), kind) for kind in kinds])
    made, hands = [filled(part) for part in parts], [Hand(), Hand()]
    for number, strip in enumerate(made):
        strip.decode_by(hands[number % 2], rare())
    interner = new_interner()
    for strip in made:
        interner = strip.renumber(interner, 0, rare())
    names = protocol_names(interner)
    assert names == [f"Ethernet type 0x{kind:04x}" for kind in kinds[:MOST_UNNAMED]] + ["other"]
    expected = [min(number, MOST_UNNAMED) for number in range(len(kinds))]
    assert numbers_of(made[-1], "protocol") == expected
    assert [number for strip in made[:-1] for number in numbers_of(strip, "protocol")] == expected


def test_a_record_that_waits_for_deep_has_no_address_yet() -> None:
    strip = filled([packet(), packet()[:20]])
    strip.decode_by(Hand(), rare())
    assert strip.waiting == 1
    strip.renumber(new_interner(), 0, rare())
    assert numbers_of(strip, "src") == [0, -1]
