"""What is chosen, without a widget."""

from typing import Any

import pytest

import pcapframe as pf
from pcapframe.display_filters import frame_filter
from pcapframe.errors import ParameterError
from tests.builders import ethernet, ipv4, pcap, udp
from tests.widgets.made import analysis, state


def test_a_filter_changes_the_selection_once() -> None:
    explored = state()
    seen = []
    explored.observe(lambda change: seen.append(len(change["new"].connections)), "selection")
    explored.set(handshake="refused", client="192.0.2.11", port="8080")
    assert len(seen) == 1
    explored.clear()
    assert seen[1:] == [42]


def test_what_cannot_be_meant_keeps_the_last_selection() -> None:
    explored = state()
    explored.port = "8080"
    before = explored.selection
    explored.server = "nowhere"
    assert explored.problem == "server 'nowhere' is not an address: expected IPv4 or IPv6"
    assert explored.selection is before
    explored.server = "198.51.100.20"
    assert explored.problem == ""
    assert len(explored.selection.connections) == 8


def test_nothing_says_so() -> None:
    explored = state()
    explored.set(server="203.0.113.1")
    assert explored.problem.startswith(
        "Nothing matches the filter (server 203.0.113.1:any); the capture has 42 connections. The servers with most"
    )
    assert explored.selection.packet_count == 0
    explored.server = ""
    assert explored.problem == ""


def test_a_connection_is_forgotten_when_it_is_filtered_out() -> None:
    explored = state()
    first = int(analysis().segments.index[analysis().segments["conn_id"] == 3][0])
    explored.set(conn_id=3, frame=first)
    assert (explored.conn_id, explored.frame) == (3, first)
    explored.conn_id = 4
    assert explored.frame is None
    explored.conn_id = 3
    explored.page = 2
    explored.handshake = "refused"
    assert (explored.conn_id, explored.page) == (None, 0)


def test_names_and_values_are_checked() -> None:
    with pytest.raises(ParameterError, match="the explorer has no servr"):
        state().set(servr="x")
    with pytest.raises(ParameterError):
        state().set(page="x")


def test_captures_without_tcp() -> None:
    for frames in ([], [(0, ethernet(ipv4("192.0.2.1", "192.0.2.2", 17, udp("192.0.2.1", "192.0.2.2", 5, 6))))]):
        explored = pf.widgets.ExplorerState(pf.analyze(pcap(frames)))
        assert explored.problem == "No TCP packets found in this capture"
        explored.handshake = "refused"
        assert explored.problem == "No TCP packets found in this capture"
        assert len(explored.selection.packets) == 0
        assert explored.selection.display_filter is None


def test_undo_goes_back_filter_by_filter() -> None:
    explored = state()
    assert not explored.can_undo
    explored.set(handshake="refused")
    explored.set(port="8080", client="192.0.2.11")
    explored.server = "nowhere"  # selects nothing new
    explored.undo()
    assert (explored.link, explored.problem) == ("handshake=refused", "")
    explored.undo()
    assert (explored.link, explored.can_undo) == ("", False)
    explored.undo()
    assert len(explored.selection.connections) == 42


def test_packets_inside_the_time() -> None:
    explored = state()
    segments = analysis().segments
    first, last = segments["time"].iloc[300], segments["time"].iloc[400]
    explored.set(start=first.isoformat(), end=last.isoformat())
    whole = explored.selection
    explored.packets = "inside"
    inside = explored.selection
    expected = segments[segments["time"].between(first, last)]
    assert inside.connections.index.tolist() == whole.connections.index.tolist()
    assert inside.segments.index.tolist() == inside.packets.index.tolist() == expected.index.tolist()
    assert inside.packet_count == len(expected) < whole.packet_count
    assert inside.display_filter == frame_filter(expected.index.to_numpy())
    made: dict[str, Any] = {}
    exec(inside.code, made)
    assert made["packets"].index.tolist() == expected.index.tolist()
    explored.packets = "some"
    assert explored.problem == "packets 'some' is not inside"


def test_a_link_holds_every_filter() -> None:
    explored = state()
    explored.set(text="a&b=c %+é", start="2026-11-23T15:29:00+02:00")
    other = state()
    other.open_link(f"?{explored.link}")
    assert other.filters == explored.filters
    for link in ("x", "port=80&x=1"):
        with pytest.raises(ParameterError, match="there is no filter "):
            other.open_link(link)
