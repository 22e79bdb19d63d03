"""Masks over the connections: each filter against plain pandas, and what is not valid."""

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.errors import ParameterError
from pcapframe.widgets import Filters
from pcapframe.widgets._filters import Searched, code_lines, report_parameters
from tests.builders import Conversation, merge, pcap
from tests.widgets.made import analysis


def kept(filters: Filters, name: str = "resets.pcap") -> list[int]:
    found = analysis(name)
    return found.connections.index[Searched(found).keep(filters)].tolist()


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
    mask = Searched(found).keep(Filters(pattern="refused_connections"))
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


def test_code_of_nothing_is_the_whole() -> None:
    assert code_lines(Filters()) == ["connections = analysis.connections"]
    assert report_parameters(Filters(text="x", handshake="refused")) == {}


def test_parameters_of_the_report() -> None:
    made = report_parameters(Filters(server="2001:DB8::0:1", port="443", start="2026-01-31T12:00"))
    assert made == {"server_ip": "2001:db8::1", "server_port": 443, "start": "2026-01-31T12:00:00+00:00"}
    assert pd.Timestamp(made["start"]) == pd.Timestamp("2026-01-31T12:00", tz="UTC")
