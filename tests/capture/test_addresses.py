"""Texts of addresses: the kernel for many writes what the system writes for few."""

import ipaddress
import itertools
import socket

import numpy as np
import pytest

from pcapframe.capture.addresses import FEW, address_texts

HALF = (1 << 64) - 1


def numbered(values, family=6):
    """Addresses as they are interned, of whole numbers."""
    return np.array([(value >> 64, value & HALF, family) for value in values], np.uint64)


def texts_of_many(addresses):
    """Texts of some addresses among so many that the kernel writes them."""
    filled = np.concatenate([addresses, numbered(range(FEW), 4)])
    return address_texts(filled).to_pylist()[: len(addresses)]


def test_every_pattern_of_zero_groups():
    """RFC 5952 section 4.2: the longest run of two groups or more is shortened, the first of equal ones."""
    groups = (0x1, 0xAB, 0xABC, 0xABCD, 0x10, 0x100, 0x1000, 0xFFFF)
    shapes = itertools.product((0, 1), repeat=8)
    values = [
        sum(keep * group << 16 * place for place, (keep, group) in enumerate(zip(s, groups, strict=True)))
        for s in shapes
    ]
    plain = [value for value in values if value >> 32]
    assert texts_of_many(numbered(plain)) == [str(ipaddress.IPv6Address(value)) for value in plain]
    system = [socket.inet_ntop(socket.AF_INET6, value.to_bytes(16, "big")) for value in values]
    assert texts_of_many(numbered(values)) == system == address_texts(numbered(values)).to_pylist()


@pytest.mark.parametrize("value", [0, 1, 0xC0000201, 0xFFFFC0000201, 0x1FFFFC0000201, (1 << 128) - 1])
def test_an_ipv4_address_inside(value):
    expected = socket.inet_ntop(socket.AF_INET6, value.to_bytes(16, "big"))
    assert texts_of_many(numbered([value])) == [expected]


def test_ipv4_of_every_length():
    values = [0, 1, 0x0A000001, 0x0A0A0A0A, 0x64646464, 0xFFFFFFFF, 0xC0A800FE]
    assert texts_of_many(numbered(values, 4)) == [str(ipaddress.IPv4Address(value)) for value in values]


def test_no_address():
    assert address_texts(np.empty((0, 3), np.uint64)).to_pylist() == []
