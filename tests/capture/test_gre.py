"""GRE: what is not followed keeps its outer header; what is followed is tested with all tunnels (``wrappings``)."""

import pytest

from tests.builders import GRE, ethernet
from tests.capture.frames import OUTER, PACKET
from tests.capture.rows import pick, row
from tests.capture.wrappings import FRAME, over_ip


@pytest.mark.parametrize(
    "packet",
    [
        over_ip(GRE, "0002 0806", PACKET),  # another version, and no likely type
        over_ip(GRE, "3001 880b 0040 0001 00000000 ff03 c021", PACKET),  # LCP
        over_ip(GRE, "3001 880b 0040 0001 00000000 ff03 00fd", PACKET),  # compressed, or encrypted
        over_ip(GRE, "1000 22eb 00000001 2001 0000 00000000 0000 0400", FRAME),  # ERSPAN of another frame type
        over_ip(GRE, "0000 8200", bytes.fromhex("8000") + bytes(40)),  # a beacon
        over_ip(GRE, "0000 0800", PACKET[:1] + b"\0\0\7" + PACKET[4:]),  # a length below its own header
    ],
)
def test_what_is_not_followed(packet):
    assert pick(row(ethernet(packet)), "src dst protocol seq outer_src tunnel") == [*OUTER, "GRE", None, None, None]


def test_routes_without_end():
    routes = bytes.fromhex("0800 00fc") + bytes(252)
    assert row(ethernet(over_ip(GRE, "4000 0800 0000 0000", routes * 5)))["tunnel"] is None
