"""Filters by server and time, on made connections."""

from datetime import UTC, datetime, timedelta, timezone
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.analysis.selection import Selection, select_connections
from tests.builders import Conversation, merge, pcap


def connections_of(*talks: Conversation) -> pd.DataFrame:
    return pf.build_connections(pf.label_segments(pf.read_pcap(pcap(merge(*talks)))))


def kept(connections: pd.DataFrame, **asked: Any) -> list[int]:
    wanted = {"server_ip": None, "server_port": None, "start": None, "end": None, **asked}
    return np.flatnonzero(select_connections(connections, Selection.parse(**wanted)).keep).tolist()


@pytest.fixture(scope="module")
def connections() -> pd.DataFrame:
    """Three connections, the first two at the same server; 0 to 0.04 s, 10 to 10.04 s, 20 to 20.04 s."""
    return connections_of(
        Conversation(server="198.51.100.1", server_port=80, start=0.0).handshake().fin("server"),
        Conversation(server="198.51.100.1", server_port=443, start=10.0).handshake().fin("server"),
        Conversation("2001:db8::1", server="2001:db8::2", server_port=443, start=20.0).handshake().fin("server"),
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [0, 1, 2]),
        ({"server_ip": "198.51.100.1"}, [0, 1]),
        ({"server_ip": "198.51.100.1", "server_port": 443}, [1]),
        ({"server_port": 443}, [1, 2]),
        ({"server_ip": "192.0.2.1"}, []),  # a client
        ({"server_port": 40000}, []),
        ({"server_ip": "2001:DB8:0:0::2"}, [2]),
        ({"server_ip": "[2001:db8::2]"}, [2]),
        ({"server_ip": " 2001:db8::2%eth0 "}, [2]),
        ({"server_ip": "::ffff:198.51.100.1"}, [0, 1]),
        ({"server_ip": "::ffff:c633:6401"}, [0, 1]),
        ({"server_ip": IPv4Address("198.51.100.1")}, [0, 1]),
        ({"server_ip": IPv6Address("2001:db8::2")}, [2]),
        ({"client_ip": "[2001:DB8::1]"}, [2]),
        ({"client_ip": "198.51.100.1"}, []),  # a server
        ({"client_ip": "192.0.2.1", "server_port": 443}, [1]),
    ],
)
def test_server_selects_by_its_endpoint(connections: pd.DataFrame, asked: dict[str, Any], expected: list[int]) -> None:
    assert kept(connections, **asked) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"start": "1970-01-01T00:00:05"}, [1, 2]),
        ({"end": "1970-01-01T00:00:10"}, [0, 1]),
        ({"start": "1970-01-01T00:00:10.02Z", "end": "1970-01-01T00:00:10.02Z"}, [1]),  # amidst it
        ({"start": "1970-01-01T00:00:10.0402", "end": "1970-01-01T00:00:19"}, []),
        ({"start": datetime(1970, 1, 1, 0, 0, 15)}, [2]),  # naive is UTC
        ({"start": datetime(1970, 1, 1, 0, 0, 15, tzinfo=UTC)}, [2]),
        ({"start": datetime(1970, 1, 1, 2, 0, 15, tzinfo=timezone(timedelta(hours=2)))}, [2]),
        ({"start": "1970-01-01T02:00:15+02:00"}, [2]),
        ({"end": datetime.max}, [0, 1, 2]),
        ({"start": pd.Timestamp("1970-01-01T00:00:20.0001")}, [2]),
        ({"start": "1970-01-01", "server_port": 443, "end": "1970-01-01T00:00:12"}, [1]),
    ],
)
def test_time_selects_whole_connections_that_overlap(
    connections: pd.DataFrame, asked: dict[str, Any], expected: list[int]
) -> None:
    assert kept(connections, **asked) == expected


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"server_ip": "example.com"}, "'example.com' is not an address"),
        ({"server_ip": ""}, "is not an address"),
        ({"server_ip": "192.0.2.256"}, "is not an address"),
        ({"server_ip": 80}, "is not an address"),
        ({"client_ip": "192.0.2"}, "client_ip '192.0.2' is not an address"),
        ({"server_port": 65536}, "65536 is not a port"),
        ({"server_port": -1}, "is not a port"),
        ({"server_port": "80"}, "'80' is not a port"),
        ({"server_port": True}, "is not a port"),
        ({"start": "noon"}, "start 'noon' is not a time"),
        ({"start": "12:00"}, "is not a time"),
        ({"end": pd.NaT}, "end is not a time"),
        ({"end": 5}, "is not a time"),
        ({"start": "2026-01-02", "end": "2026-01-01"}, "is before start"),
    ],
)
def test_what_cannot_be_meant_is_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(pf.ParameterError, match=message):
        Selection.parse(**{"server_ip": None, "server_port": None, "start": None, "end": None, **asked})


def test_ipv4_selects_its_mapped_address_too() -> None:
    connections = connections_of(Conversation("::ffff:192.0.2.1", server="::ffff:192.0.2.2").handshake())
    assert kept(connections, server_ip="192.0.2.2") == [0]
    assert kept(connections, server_ip="::ffff:192.0.2.2") == [0]


def test_inferred_roles_follow_the_filter() -> None:
    known = Conversation("192.0.2.1", 50000, "192.0.2.2", 50001).handshake()
    inferred = Conversation("192.0.2.1", 50002, "192.0.2.2", 50003, start=1.0).handshake(drop=True)
    connections = connections_of(known, inferred.data("client", 10))
    assert connections["roles"].tolist() == ["syn", "inferred"]
    assert connections["server_port"].tolist() == [50001, 50003]
    selected = select_connections(connections, Selection(server_ip="192.0.2.1"))
    assert selected.keep.tolist() == [False, True]  # a SYN is not overruled
    assert selected.flip.tolist() == [False, True]
    assert selected.notes == (
        "In 1 connection no packet shows the roles: the endpoint of the filter is taken as the server; "
        "without the filter it is the client.",
    )


def test_inferred_roles_follow_a_filter_by_client_too() -> None:
    inferred = Conversation("192.0.2.1", 50002, "192.0.2.2", 50003).handshake(drop=True)
    connections = connections_of(inferred.data("client", 10))
    selected = select_connections(connections, Selection(client_ip="192.0.2.2"))
    assert (selected.keep.tolist(), selected.flip.tolist()) == ([True], [True])
    assert selected.notes == (
        "In 1 connection no packet shows the roles: the endpoint of the filter is taken as the client; "
        "without the filter it is the server.",
    )
    assert select_connections(connections, Selection("192.0.2.1", client_ip="192.0.2.2")).flip.tolist() == [True]
    neither = select_connections(connections, Selection("192.0.2.2", client_ip="192.0.2.2"))
    assert neither.message == (
        "Nothing matches the filter (server 192.0.2.2:any, client 192.0.2.2); the capture has 1 connection."
    )


def test_a_filter_that_decides_roles_says_so_and_what_it_turns_round() -> None:
    ports = [(50000 + i, 50010) for i in range(3)] + [(50010, 50020), (50010, 50010)]
    talks = [
        Conversation("192.0.2.1", here, "192.0.2.2", there, start=i).handshake(drop=True).data("client", 10)
        for i, (here, there) in enumerate(ports)
    ]
    connections = connections_of(Conversation(server_port=50010, start=9.0).handshake(), *talks)
    assert connections["server_port"].tolist() == [50010, 50010, 50010, 50010, 50010, 50010]
    wanted = Selection(server_port=50020)
    assert wanted.tells_server(connections).tolist() == [False, False, False, True, False, False]
    assert select_connections(connections, wanted).notes == (
        "In 1 connection no packet shows the roles: the endpoint of the filter is taken as the server; "
        "without the filter it is the client.",
    )
    wanted = Selection(server_port=50010)
    assert wanted.tells_server(connections).tolist() == [True, True, True, True, False, True]
    assert select_connections(connections, wanted).notes == (
        "In 4 connections no packet shows the roles: the endpoint of the filter is taken as the server.",
    )
    wanted = Selection(server_ip="192.0.2.1")
    assert select_connections(connections, wanted).notes == (
        "In 5 connections no packet shows the roles: the endpoint of the filter is taken as the server; "
        "without the filter it is the client in 4 of them.",
    )
    assert not Selection().tells_server(connections).any()
    assert not select_connections(connections, Selection()).notes


def test_nothing_found_says_what_is_there(connections: pd.DataFrame) -> None:
    client = select_connections(connections, Selection(server_ip="192.0.2.1")).message
    assert client == (
        "Nothing matches the filter (server 192.0.2.1:any); the capture has 3 connections. "
        "It is the client of 2 connections."
    )
    absent = select_connections(connections, Selection(server_port=8080)).message
    assert absent is not None
    assert absent.startswith("Nothing matches the filter (server any:8080); the capture has 3 connections.")
    assert "[2001:db8::2]:443 (1)" in absent
    late = select_connections(connections, Selection.parse(None, None, "2026-01-01", None)).message
    assert late is not None
    assert "Its connections are from 1970-01-01T00:00:00+00:00 to 1970-01-01T00:00:20.0" in late


def test_connections_without_a_time_are_left_out_by_a_filter_on_time(connections: pd.DataFrame) -> None:
    timeless = connections.assign(start=connections["start"].where(connections.index != 1))
    selected = select_connections(timeless, Selection.parse(None, None, "1970-01-01", None))
    assert selected.keep.tolist() == [True, False, True]
    assert selected.notes == ("1 connection has no time and is left out by the filter on time.",)


def test_text_and_dict_name_what_was_asked() -> None:
    wanted = Selection.parse("2001:DB8::1", 443, "2026-01-31T12:00", None)
    assert str(wanted) == "server [2001:db8::1]:443, from 2026-01-31T12:00:00+00:00"
    assert wanted.to_dict() == {
        "server_ip": "2001:DB8::1", "server_port": 443, "start": "2026-01-31T12:00:00+00:00", "end": None,
    }  # fmt: skip
    assert str(Selection()) == "all connections"


def named() -> pd.DataFrame:
    """Three connections: asked for by name, by an address that DNS named, and one without a name."""
    first = Conversation(server="198.51.100.1", server_port=443, start=0.0).handshake()
    first.send("client", "PA", b"GET / HTTP/1.1\r\nHost: WWW.Example.com.\r\n\r\n")
    second = Conversation(server="198.51.100.2", server_port=443, start=10.0).handshake()
    third = Conversation(server="198.51.100.3", server_port=443, start=20.0).handshake()
    found = connections_of(first, second, third)
    return found.assign(server_names=pd.Categorical([None, "cdn.example.com, a.example", None]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("www.example.com", [0]),
        ("WWW.EXAMPLE.COM.", [0]),
        ("a.example", [1]),
        ("*.example.com", [0, 1]),
        ("example.com", []),
        ("*.example", [1]),
        ("ample.com", []),
    ],
)
def test_by_name(name: str, expected: list[int]) -> None:
    assert kept(named(), server_name=name) == expected


def test_a_name_tells_who_is_the_server() -> None:
    talk = Conversation("192.0.2.1", 50002, "192.0.2.2", 50001).handshake(drop=True).data("client", 10)
    connections = connections_of(talk)
    for side in ("client", "server"):
        names = pd.Series(pd.Categorical([f"{side}.example"]), connections.index)
        connections = connections.assign(**{f"{side}_names": names})
    told = "In 1 connection no packet shows the roles: the endpoint of the filter is taken as the server"
    for name, note in (
        ("server.example", f"{told}."),
        ("client.example", f"{told}; without the filter it is the client."),
    ):
        wanted = Selection(server_name=name)
        assert wanted.tells_roles
        assert select_connections(connections, wanted).notes == (note,)


def test_by_name_and_address_and_what_the_filter_is_called() -> None:
    assert kept(named(), server_name="*.example.com", server_ip="198.51.100.2") == [1]
    wanted = Selection.parse(None, None, None, None, None, "a.example")
    assert str(wanted) == "server name a.example"
    assert wanted.to_dict()["server_name"] == "a.example"
    for wrong in ("", ".", 7):
        with pytest.raises(pf.ParameterError, match="server_name"):
            Selection.parse(None, None, None, None, None, wrong)  # type: ignore[arg-type]
