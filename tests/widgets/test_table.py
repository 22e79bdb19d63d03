"""The rows that the browser gets: sorted, at most 2,000, at most twelve columns."""

import numpy as np
import pandas as pd

import pcapframe as pf
from pcapframe.widgets._table import (
    PAGE_ROWS,
    SORTS,
    ConnectionTable,
    Pager,
    connection_rows,
    packet_rows,
    paged,
    turn_rows,
)
from tests.builders import Conversation, pcap
from tests.widgets.made import analysis, state


def many(count: int) -> pd.DataFrame:
    connections = analysis().connections
    made = connections.iloc[np.arange(count) % len(connections)].copy()
    made.index = pd.RangeIndex(count, name="conn_id")
    return made


def test_pages_hold_every_row_once_in_order() -> None:
    connections = many(4500)
    for sort in SORTS:
        for descending in (False, True):
            pages = [paged(connections, sort=sort, descending=descending, page=page) for page in range(4)]
            assert [len(page) for page in pages] == [PAGE_ROWS, PAGE_ROWS, 500, 0]
            assert sorted(pd.concat(pages).index) == list(range(4500))
    packets = paged(connections, sort="packets", descending=True, page=0)
    sums = packets["client_packets"].astype(int) + packets["server_packets"]
    assert sums.is_monotonic_decreasing
    durations = pd.concat([paged(connections, sort="initial_rtt_s", descending=True, page=page) for page in range(3)])
    assert durations["initial_rtt_s"].dropna().is_monotonic_decreasing
    assert durations["initial_rtt_s"].isna().to_numpy()[-1]


def test_rows_of_connections() -> None:
    rows = connection_rows(analysis().connections)
    assert len(rows.columns) == 12
    assert {name.removesuffix(" (UTC)") for name in rows.columns} == set(SORTS.values())
    assert rows.loc[0, "client"] == "192.0.2.11<wbr>:40002"
    assert rows["packets"].str.replace(",", "").astype(int).sum() == len(analysis().segments)
    assert not rows.isna().any().any()


def test_endpoints_are_escaped_and_broken_before_the_port() -> None:
    odd = analysis().connections.iloc[:2].copy()
    odd["client"] = pd.Categorical(["fe80::1%<b>", "2001:db8::1"])
    odd["client_port"] = [7, 65535]
    assert connection_rows(odd)["client"].tolist() == ["[fe80::1%&lt;b&gt;]<wbr>:7", "[2001:db8::1]<wbr>:65535"]


def test_a_pager_turns_pages_as_far_as_there_are_some() -> None:
    turned: list[int] = []
    pager = Pager(500, "packets", turned.append)
    pager.show(1, 1200)
    assert "rows 501 to 1,000 of 1,200 packets" in pager.place.value
    assert (pager.before.disabled, pager.after.disabled) == (False, False)
    pager.before.click()
    pager.after.click()
    assert turned == [0, 2]
    pager.show(2, 1200)
    assert "rows 1,001 to 1,200 of" in pager.place.value
    assert pager.after.disabled
    pager.show(0, 500)
    assert pager.before.layout.display == pager.after.layout.display == "none"


def test_rows_of_packets() -> None:
    segments = analysis("losses.pcap").segments
    one = segments[segments["conn_id"] == segments.loc[segments["resent"], "conn_id"].iloc[0]]
    rows = packet_rows(one)
    assert rows["frame"].tolist() == one.index.tolist()
    assert rows.loc[0, "time [s]"] == "0.000000"
    assert rows["flags"].iloc[0] == "SYN"
    assert rows["seen"].str.contains("retransmitted").tolist() == one["resent"].tolist()
    assert packet_rows(one.iloc[:0]).empty


def test_a_row_becomes_the_connection_and_the_pager_says_how_many() -> None:
    explored = state()
    table = ConnectionTable(explored, lambda function: function)
    explored.set(sort="packets", descending=True)
    table.show()
    assert "rows 1 to 42 of 42 connections" in table.pager.place.value
    assert (table.pager.before.disabled, table.pager.after.disabled) == (True, True)
    table.table.selected_rows = [0]
    packets = explored.selection.connections[["client_packets", "server_packets"]].sum(axis=1)
    assert explored.conn_id == packets.idxmax()
    explored.server = "203.0.113.1"
    table.show()
    assert "no connection" in table.pager.place.value


def test_rows_of_turns() -> None:
    talk = Conversation(rtt=0.02).handshake().data("client", 1200, after=0.5).data("server", 10, after=0.25).ack()
    turns = pf.turns(pf.analyze(pf.read_pcap(pcap(talk.data("client", 5, after=1)), progress=False)))
    first, second = turn_rows(turns).to_dict("records")
    assert first == {
        "turn": 1, "request": "4", "response": "5", "sent": "1,200", "received": "10", "waited [s]": "0.500000",
        "asked [s]": "0.000000", "service [s]": "0.250000", "answered [s]": "0.000000", "overlaps": "",
    }  # fmt: skip
    assert (second["response"], second["received"], second["service [s]"]) == ("", "", "")
