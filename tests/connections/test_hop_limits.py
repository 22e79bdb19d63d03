"""Hop limits by side, by hand."""

import pandas as pd

from tests.builders import Conversation
from tests.connections.made import connection


def test_smallest_and_largest_of_each_side() -> None:
    talk = Conversation().handshake().ack("server", ttl=44).rst("server", ttl=61)
    seen = connection(talk)
    assert (seen["client_ttl_min"], seen["client_ttl_max"]) == (64, 64)
    assert (seen["server_ttl_min"], seen["server_ttl_max"]) == (44, 61)


def test_ipv6_and_a_side_that_sent_nothing() -> None:
    seen = connection(Conversation(client="2001:db8::1", server="2001:db8::2", client_ttl=255).syn(lost=True))
    assert (seen["client_ttl_min"], seen["client_ttl_max"]) == (255, 255)
    assert pd.isna(seen["server_ttl_min"])
    assert pd.isna(seen["server_ttl_max"])


def test_a_hop_limit_of_zero_is_one() -> None:
    assert connection(Conversation().syn(ttl=0).syn(ttl=3))["client_ttl_min"] == 0


def test_copies_that_a_router_forwarded_do_not_count() -> None:
    talk = Conversation().handshake().data("client", 10)
    time, data = talk.frames[-1]
    routed = bytearray(data)
    routed[14 + 8] -= 1  # TTL; the checksum is not verified
    talk.frames.append((time + 0.00001, bytes(routed)))
    assert connection(talk)["client_ttl_min"] == 64
