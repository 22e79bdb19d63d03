"""Shims that cannot be skipped keep their name; those that can be are tested with the link types (``frames``)."""

import pytest

from tests.builders import MACS, ethernet
from tests.capture.frames import HEADERS, PACKET, label, pppoe
from tests.capture.rows import pick, row


@pytest.mark.parametrize(
    ("frame", "protocol"),
    [
        (ethernet(label(16, True) + b"\x77" * 40, 0x8847), "MPLS"),
        (ethernet(label(16, True) + b"\x77" * 40, 0x8848), "MPLS"),
        (ethernet(label(16, False) * 3, 0x8847), "MPLS"),
        (ethernet(pppoe(b"")[:4], 0x8864), "short frame"),
        (ethernet(MACS[:8], 0x6558), "short frame"),
        (ethernet(b"\0\1" + ethernet(bytes(28), 0x0806), 0x8903), "ARP"),
    ],
)
def test_what_is_not_known_beneath_a_shim_has_the_name_of_the_last_layer(frame, protocol):
    assert pick(row(frame), "protocol src") == [protocol, None]


def test_fabricpath():
    assert pick(row(ethernet(b"\0\1" + HEADERS["VLAN"][1] + PACKET, 0x8903)), "src vlan") == ["192.0.2.1", 100]
