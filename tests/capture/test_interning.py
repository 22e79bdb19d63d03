"""Addresses and protocols as numbers: room for many addresses, and a limit on the protocols that are named."""

import ipaddress
import struct
import time

import numpy as np
import pytest

from pcapframe.capture.interning import (
    IP_PROTOCOLS,
    MOST_UNNAMED,
    OTHER_LINK_TYPES,
    OTHER_TYPES,
    TYPE_NAMES,
    protocol_name,
)
from pcapframe.capture.link import RARE_VLAN_TYPES, VLAN_TYPES
from pcapframe.capture.link_types import UNKNOWN_LINK
from pcapframe.capture.records import BATCH_RECORDS
from pcapframe.errors import CaptureWarning
from pcapframe.packets import read_pcap
from tests.builders import ARP, Pcapng, ethernet, packet, pcap, pcap_header

NG = Pcapng()
SKIPPED = {*VLAN_TYPES, *RARE_VLAN_TYPES}
UNNAMED_TYPES = [kind for kind in range(0x600, 0x10000) if kind not in TYPE_NAMES and kind not in SKIPPED]


def test_more_addresses_than_there_was_room_for():
    count = 3 * BATCH_RECORDS + 17
    template = np.frombuffer(struct.pack("<IIII", 0, 0, 54, 54) + packet(), np.uint8)
    records = np.tile(template, (count, 1))
    numbers = np.arange(count)
    for column, shift in zip(range(16 + 26, 16 + 30), (24, 16, 8, 0), strict=True):
        records[:, column] = (0x0A000000 + numbers * 7) >> shift & 0xFF
    packets = read_pcap(pcap_header() + records.tobytes())
    assert len(packets) == count
    assert packets["src"].nunique() == count
    assert packets["dst"].unique().tolist() == ["198.51.100.1"]
    for place in (0, 1, BATCH_RECORDS - 1, BATCH_RECORDS, count - 1):
        assert packets["src"].iloc[place] == str(ipaddress.ip_address(0x0A000000 + place * 7))
    assert packets["source_frame"].tolist() == list(range(1, count + 1))
    assert packets["offset"].tolist() == [24 + 70 * place + 16 for place in range(count)]


def test_ipv6_addresses_that_share_halves():
    pairs = [(f"2001:db8:{i}::{j}", f"2001:db8:{j}::{i}") for i in range(1, 30) for j in range(1, 30)]
    packets = read_pcap(pcap([(0, packet(src, dst)) for src, dst in pairs]))
    assert list(zip(packets["src"], packets["dst"], strict=True)) == pairs
    assert len(packets["src"].cat.categories) == 29 * 29


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (6, "TCP"),
        (255, "IP protocol 255"),
        (256 + 0x0806, "ARP"),
        (256 + 0xFFFF, "Ethernet type 0xffff"),
        (256 + 0x10001, "short frame"),
        (IP_PROTOCOLS + UNKNOWN_LINK + 147, "link type 147"),
        (OTHER_TYPES, "other"),
        (OTHER_LINK_TYPES, "other link types"),
    ],
)
def test_protocol_names(code, name):
    assert protocol_name(code) == name


def types(kinds: list[int]) -> list[tuple[int, bytes]]:
    """A frame of each Ethernet type."""
    return [(0, ethernet(bytes(4), kind)) for kind in kinds]


def test_protocols_beyond_the_limit_share_a_category_in_constant_time():
    kinds = UNNAMED_TYPES * 2
    capture = pcap(types(kinds))
    read_pcap(capture, progress=False)
    begin = time.process_time()
    found = read_pcap(capture, progress=False)["protocol"]
    assert time.process_time() - begin < 1 + 3e-6 * len(kinds)
    named = [f"Ethernet type 0x{kind:04x}" for kind in kinds[:MOST_UNNAMED]]
    assert found.iloc[:MOST_UNNAMED].tolist() == named
    assert (found.iloc[MOST_UNNAMED : len(kinds) // 2] == "other").all()
    assert found.iloc[len(kinds) // 2 :].tolist() == found.iloc[: len(kinds) // 2].tolist()
    assert set(found.cat.categories) == {*named, "other"}


def test_protocols_with_a_name_keep_it_behind_any_number_of_others():
    others = types(UNNAMED_TYPES[: MOST_UNNAMED + 5])
    behind = [
        (1, packet()),
        (1, ethernet(bytes(28), ARP)),
        *((1, ethernet(b"\x45" + bytes(8) + bytes([number]) + bytes(10))) for number in (1, 17, 200, 253)),
    ]
    found = read_pcap(pcap(others + behind))["protocol"].tolist()
    assert found[MOST_UNNAMED:] == ["other"] * 5 + ["TCP", "ARP", "ICMP", "UDP", "IP protocol 200", "IP protocol 253"]


def test_tcp_is_tcp_behind_more_codes_than_sixteen_bits_count():
    """65,800 different codes: Ethernet types by Ethernet, and undecoded link types."""
    links = range(300, 800)
    interfaces = NG.interface() + b"".join(NG.interface(link_type=link) for link in links)
    blocks = [NG.enhanced(0, ethernet(bytes(2), kind)) for kind in range(0x10000)]
    blocks += [NG.enhanced(0, b"", interface=1 + place) for place in range(len(links))]
    capture = NG.section() + interfaces + b"".join(blocks) + NG.enhanced(1, packet()) * 3
    with pytest.warns(CaptureWarning, match="not decoded"):
        found = read_pcap(capture, progress=False)
    assert found["protocol"].iloc[-3:].tolist() == ["TCP"] * 3
    assert found["seq"].iloc[-3:].notna().all()
    assert found["protocol"].nunique() < 2 * MOST_UNNAMED
    assert found["protocol"].iloc[-4] == "other link types"


def test_a_link_type_that_no_code_can_hold_is_not_taken_for_another():
    with pytest.warns(CaptureWarning, match="link type 100000 is not decoded"):
        found = read_pcap(pcap([(0, b"x")], link_type=100_000))
    assert found["protocol"].tolist() == ["other link types"]
