"""Connections seen under two addresses: views made as RFC 3022 has them, and what only looks like them."""

from collections.abc import Iterable
from itertools import count

import pandas as pd
import pytest

import pcapframe as pf
from tests.builders import Conversation, Frame, merge, pcap
from tests.connections.made import connections

ISNS = {"client_isn": 0x8F31_1C02, "server_isn": 0xE230_91AA}
INSIDE = {"client": "10.1.1.5", "server": "198.51.100.20", "client_port": 51514, "server_port": 443}
OUTSIDE = INSIDE | {"client": "203.0.113.9", "client_port": 61000}
HOPS = {"client_ttl": 63, "server_ttl": 58}


def exchange(start: float = 0.0, **how: object) -> Conversation:
    """A whole connection with data both ways and one loss."""
    talk = Conversation(start=start, **ISNS | how)  # type: ignore[arg-type]
    return talk.handshake().data("client", 300).data("server", 4_000).retransmit("server").ack().close()


def outside(**how: object) -> list[Frame]:
    """The same connection behind a NAT: 40 us later from the client, 40 us earlier from the server."""
    before, after = exchange(40e-6, **OUTSIDE | HOPS | how), exchange(-40e-6, **OUTSIDE | HOPS | how)
    ports = [at for at, (_, data) in enumerate(before.frames) if sender(data) == INSIDE["server_port"]]
    return [after.frames[at] if at in ports else frame for at, frame in enumerate(before.frames)]


def sender(data: bytes) -> int:
    at = 34 if data[12:14] == b"\x08\x00" else 54
    return int.from_bytes(data[at : at + 2], "big")


def views(*conversations: Iterable[Frame]) -> list[int | None]:
    seen = connections(*conversations)["same_as"]
    assert seen.dtype == "Int64"
    return [None if pd.isna(value) else int(value) for value in seen]


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"timestamps": False},
        {"server": "10.9.9.9", "server_port": 8443},  # source and destination rewritten
        {"client_ttl": 64, "server_ttl": 57},  # rewritten on a bridge
    ],
)
def test_the_later_view_is_the_same_as_the_earlier(how: dict[str, object]) -> None:
    here = {} if how.get("timestamps", True) else {"timestamps": False}
    assert views(exchange(**INSIDE | here), outside(**how)) == [None, 0]


def test_ipv6_prefix_translation() -> None:
    six = {"client": "fd00::5", "server": "2001:db8::20"}
    assert views(exchange(**INSIDE | six), outside(**six | {"client": "2001:db8:1::5"})) == [None, 0]


def test_three_views_of_one_connection() -> None:
    third = outside(client="192.0.2.77", client_port=7, client_ttl=62, server_ttl=59)
    third = [(time + 1e-5, data) for time, data in third]
    assert views(exchange(**INSIDE), outside(), third) == [None, 0, 0]


def test_a_view_that_lacks_some_packets() -> None:
    lacking = [frame for at, frame in enumerate(outside()) if at != 7]
    assert views(exchange(**INSIDE), lacking) == [None, 0]


@pytest.mark.parametrize("missing", [3, 4, 5])
def test_captured_from_the_middle(missing: int) -> None:
    inside = exchange(**INSIDE).frames[missing:]
    assert views(inside, outside()[missing:]) == [None, 0]
    assert views(inside, outside()[missing + 1 :]) == [None, 0]


def test_an_unanswered_syn_needs_more_evidence() -> None:
    def syn(**how: object) -> Conversation:
        return Conversation(**ISNS | how).syn()  # type: ignore[arg-type]

    assert views(syn(**INSIDE), syn(**OUTSIDE, start=4e-5, client_ttl=63)) == [None, 0]
    plain = {"timestamps": False}
    assert views(syn(**INSIDE, **plain), syn(**OUTSIDE, **plain, start=4e-5, client_ttl=63)) == [None, 0]
    six = {"client": "fd00::5", "server": "2001:db8::20", **plain}  # no identification in IPv6
    other = OUTSIDE | six | {"client": "2001:db8:1::5"}
    assert views(syn(**INSIDE | six), syn(**other, start=4e-5, client_ttl=63)) == [None, None]


def test_scans_with_constant_numbers_are_many_connections() -> None:
    scan = [
        Conversation(**INSIDE | {"server_port": port}, client_isn=0x8F31_1C02, client_ttl=40 + port % 9).syn()
        for port in range(1, 40)
    ]
    assert views(*scan) == [None] * len(scan)


def test_simulated_hosts_that_all_begin_with_zero() -> None:
    start = count()
    talks = [
        exchange(next(start) * 1e-5, client_isn=0, server_isn=0, client=f"10.0.0.{host}", client_ttl=60 + host)
        for host in (1, 2)
    ]
    assert views(*talks) == [None, None]


def test_two_connections_at_once_and_a_reused_port() -> None:
    other = exchange(1e-5, **OUTSIDE | HOPS | {"server_isn": 0x1234_5678})
    assert views(exchange(**INSIDE), other) == [None, None]
    assert views(exchange(**INSIDE), exchange(5.0, **INSIDE | {"client_isn": 0x7777_0001})) == [None, None]


def test_views_hours_apart_are_not_one_connection() -> None:
    later = [(time + 7200, data) for time, data in outside()]
    assert views(exchange(**INSIDE), later) == [None, None]


def test_copies_with_the_same_addresses_stay_one_connection() -> None:
    talk = exchange(**INSIDE)
    assert views(talk, [(time + 1e-5, data) for time, data in talk]) == [None]


def test_totals_count_a_connection_once() -> None:
    twice = pf.analyze(pcap(merge(exchange(**INSIDE), outside())), progress=False)
    once = pf.analyze(pcap(exchange(**INSIDE)), progress=False)
    assert len(twice.connections) == 2
    assert twice.statistics == once.statistics
    assert [(found.pattern, found.description) for found in twice.patterns] == [
        (found.pattern, found.description) for found in once.patterns
    ]
    (finding,) = (found for found in twice.health.findings if found.name == "connections_seen_twice")
    assert finding.figures == {"connections": 1, "packets": len(exchange(**INSIDE).frames), "counted_connections": 1}
    assert finding.evidence.connections == (1,)
    assert pf.analyze_tcp_connections(twice)["connections_total"] == 1
    assert pf.analyze_tcp_retransmissions(twice)["by_connection_total"] == 1


def test_a_filter_that_selects_the_later_view_counts_it() -> None:
    capture = pcap(merge(exchange(**INSIDE), outside()))
    seen = pf.analyze(capture, client_ip="203.0.113.9", progress=False)
    assert (seen.statistics["total_connections"], len(seen.connections)) == (1, 1)
    assert "connections_seen_twice" not in {found.name for found in seen.health.findings}


def test_waits_count_a_connection_once() -> None:
    seen = pf.sum_waits(pf.analyze(pcap(merge(exchange(**INSIDE), outside())), progress=False))
    once = pf.sum_waits(pf.analyze(pcap(exchange(**INSIDE)), progress=False))
    pd.testing.assert_frame_equal(seen, once)
