"""Which connections filters take: endpoints and time as `analyze`, the others against plain pandas."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.analysis import Selection
from pcapframe.errors import ParameterError
from pcapframe.widgets import Filters
from pcapframe.widgets._filters import Searched, code_lines, selection_of
from tests.builders import Conversation, merge, pcap
from tests.conftest import in_ci
from tests.widgets.made import CAPTURES, analysis

NAMES = sorted(str(path.relative_to(CAPTURES)) for path in CAPTURES.glob("**/*.pcap*"))


def kept(filters: Filters, name: str = "resets.pcap") -> list[int]:
    found = Searched(analysis(name)).find(filters)
    return found.analysis.connections.index[found.mask].tolist()


def asked(filters: Filters) -> dict[str, object]:
    """The same as arguments of `analyze`, written by hand."""
    names = {"server": "server_ip", "port": "server_port", "client": "client_ip", "start": "start", "end": "end"}
    given = {name: value for name, value in vars(filters).items() if value}
    return {names[name]: int(value) if name == "port" else value for name, value in given.items()}


def worth_asking(connections: pd.DataFrame) -> Iterator[Filters]:
    """Every server, port and client and some times, alone and together; whoever is told to be server or client."""
    addresses = sorted({*connections["server"], *connections["client"]})
    ends = connections[["server", "server_port", "client"]].drop_duplicates().itertuples(index=False)
    start, middle, end = (
        connections["start"].quantile(0.3),
        connections["end"].quantile(0.6),
        connections["end"].max(),
    )
    times = [
        {"start": middle.isoformat()}, {"end": start.isoformat()}, {"start": end.isoformat()},
        {"start": start.isoformat(), "end": middle.isoformat()},
    ]  # fmt: skip
    yield from (Filters(port=str(port)) for port in {*connections["server_port"], connections["client_port"].iloc[0]})
    for address in addresses:
        yield from (Filters(server=address), Filters(client=address))
    for server, port, client in ends:
        yield from (Filters(server=server, port=str(port)), Filters(server=server, client=client))
        yield Filters(server=client, client=server, port=str(port))
    for one in times:
        yield from (Filters(**one), Filters(server=addresses[0], **one), Filters(client=addresses[-1], **one))


@pytest.mark.parametrize("name", in_ci(NAMES, 6))
def test_endpoints_and_time_select_what_analyze_selects(name: str) -> None:
    whole = analysis(name)
    searched = Searched(whole)
    found_any = 0
    for filters in worth_asking(whole.connections):
        expected = pf.analyze(whole, **asked(filters))
        found = searched.find(filters)
        # Roles too: a connection that no packet tells them of has those of the filter.
        connections = found.analysis.connections[found.mask]
        if not connections.equals(expected.connections):
            pd.testing.assert_frame_equal(connections, expected.connections, obj=str(filters))
        assert found.message == expected.message, filters
        found_any += bool(found.mask.any())
    assert found_any > 5


def test_a_server_that_no_packet_shows_is_the_one_asked_for() -> None:
    filters = Filters(server="192.0.2.10")
    assert len(kept(filters, "midstream.pcap")) == 8  # in which it is the client by its port
    assert kept(Filters(server="::ffff:192.0.2.10"), "midstream.pcap") == kept(filters, "midstream.pcap")
    told = Searched(analysis("midstream.pcap")).find(filters)
    assert set(told.analysis.connections.loc[told.mask, "server"]) == {"192.0.2.10"}
    assert "the endpoint of the filter is taken as the server" in told.notes[0]


def test_what_is_explored_bounds_what_is_found() -> None:
    whole = analysis("midstream.pcap")
    half = whole.connections["start"].quantile(0.5).isoformat()
    early = pf.analyze(whole, server_ip="192.0.2.10", end=half)
    assert 0 < len(early.connections) < 8
    searched = Searched(early)
    assert searched.find(Filters()).analysis is early
    for filters in (
        Filters(start=half),
        Filters(server="198.51.100.20"),
        Filters(server="198.51.100.20", end="2100-01-01"),
    ):
        expected = pf.analyze(early, **{**vars(early.selection), **asked(filters)})
        found = searched.find(filters)
        index = expected.connections.index.intersection(early.connections.index)
        pd.testing.assert_frame_equal(found.analysis.connections[found.mask], expected.connections.loc[index])


def test_each_filter() -> None:
    connections = analysis().connections
    expected = {
        Filters(): connections.index == connections.index,
        Filters(server="198.51.100.20"): connections["server"] == "198.51.100.20",
        Filters(port=" 8080 "): connections["server_port"] == 8080,
        Filters(client="192.0.2.11"): connections["client"] == "192.0.2.11",
        Filters(handshake="refused"): connections["handshake"] == "refused",
        Filters(ending="reset"): connections["ending"] == "reset",
        Filters(server="203.0.113.1"): np.zeros(len(connections), bool),
        Filters(client="::ffff:c000:20b"): connections["client"] == "192.0.2.11",
        Filters(text="192.0.2.10:40001 <"): (connections["client"] == "192.0.2.10")
        & (connections["client_port"] == 40001),
        Filters(handshake="refused", client="192.0.2.11"): (connections["handshake"] == "refused")
        & (connections["client"] == "192.0.2.11"),
    }
    for filters, mask in expected.items():
        assert kept(filters) == connections.index[mask].tolist(), filters
    assert all(mask.any() for filters, mask in expected.items() if "203" not in filters.server)


def test_time_takes_connections_that_overlap() -> None:
    connections = analysis().connections
    start, end = connections["start"].iloc[5], connections["end"].iloc[5]
    filters = Filters(start=start.isoformat(), end=end.tz_localize(None).isoformat())
    mask = (connections["end"] >= start) & (connections["start"] <= end)
    assert kept(filters) == connections.index[mask].tolist()
    assert 0 < mask.sum() < len(connections)


def test_a_pattern_takes_all_that_show_it_and_not_only_those_listed() -> None:
    many = merge(*(Conversation(client_port=40000 + i, start=i / 10).refused() for i in range(150)))
    found = pf.analyze(pcap([*many, *Conversation(client_port=50000, start=20).handshake().close()]))
    mask = Searched(found).find(Filters(pattern="refused_connections")).mask
    assert mask.sum() == 150


def test_a_phase_takes_connections_with_a_rst_in_it() -> None:
    rsts = pf.plots.rst_events(analysis().segments, analysis().connections)
    for phase in ("handshake", "data"):
        assert kept(Filters(rst_phase=phase)) == sorted(set(rsts.loc[rsts["phase"] == phase, "conn_id"]))
    with pytest.raises(ParameterError, match="rst_phase 'x' is not one of"):
        kept(Filters(rst_phase="x"))


def test_ipv6_in_any_spelling() -> None:
    server = str(analysis("ipv6.pcapng").connections["server"].iloc[0])
    assert ":" in server
    long = ":".join(
        f"{int(part or 0, 16):04X}" for part in __import__("ipaddress").ip_address(server).exploded.split(":")
    )
    assert kept(Filters(server=f"[{long}]"), "ipv6.pcapng") == kept(Filters(server=server), "ipv6.pcapng") != []


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (Filters(server="here"), "server 'here' is not an address"),
        (Filters(client="1.2.3"), "client '1.2.3' is not an address"),
        (Filters(port="http"), "port 'http' is not a port"),
        (Filters(port="70000"), "is not a port"),
        (Filters(handshake="good"), "handshake 'good' is not one of complete"),
        (Filters(start="noon"), "start 'noon' is not a time"),
        (Filters(start="2026-01-02", end="2026-01-01"), "is before start"),
        (Filters(pattern="x"), "there is no pattern 'x'"),
    ],
)
def test_what_cannot_be_meant(filters: Filters, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        kept(filters)


def test_code_is_one_call_where_one_selects_the_same() -> None:
    assert code_lines(Filters(), "'a.pcap'", Selection()) == [
        "analysis = pf.analyze('a.pcap')",
        "connections = analysis.connections",
    ]
    filters = Filters(server="2001:DB8::0:1", port=" 443", handshake="refused")
    assert code_lines(filters, "'a.pcap'", Selection(client_ip="::2")) == [
        "analysis = pf.analyze('a.pcap', server_ip='2001:db8::1', server_port=443, client_ip='::2')",
        "connections = analysis.connections",
        "connections = connections[connections[\"handshake\"] == 'refused']",
    ]


def test_a_filter_takes_the_place_of_what_was_asked_for_before() -> None:
    before = Selection.parse("192.0.2.1", 80, "2026-01-01", None)
    wanted = selection_of(Filters(server="2001:DB8::0:1", start="2026-01-31T12:00"), before)
    assert wanted == Selection("2001:db8::1", 80, pd.Timestamp("2026-01-31T12:00", tz="UTC"))
    assert selection_of(Filters(text="x", handshake="refused"), before) == before


def test_pickers_count_what_they_select_whoever_is_the_server() -> None:
    """Where roles are inferred, a filter tells them: so it selects more than those that have the value."""
    here, there = "192.0.2.1", "198.51.100.1"
    talks = [
        Conversation(here, 50_000, there, 80, start=0).data("client", 10).ack().rst("client"),
        Conversation(there, 50_001, here, 80, start=1).data("client", 10).ack().rst("server"),
        Conversation(here, 80, "192.0.2.9", 50_002, start=2).handshake().rst("client"),
    ]
    searched = Searched(pf.analyze(pcap([frame for talk in talks for frame in talk])))
    for filters in (Filters(), Filters(server=here), Filters(client=there), Filters(port="80"), Filters(port="50000")):
        for name, counts in searched.counts(filters).items():
            for value, count in counts.items():
                found = searched.find(replace(filters, **{name: value}))
                assert count == found.mask.sum(), (filters, name, value)
