"""The frame of turns: its dtypes, and selections of connections."""

import pandas as pd

import pcapframe as pf
from pcapframe.conversation import READ, make_turns
from pcapframe.schema import TURNS, names


def test_columns_are_those_declared() -> None:
    found = pf.turns(pf.analyze(pf.example("losses.pcap")))
    assert [(name, str(dtype)) for name, dtype in found.dtypes.items()] == [(c.name, c.dtype) for c in TURNS]
    assert found["request_frame"].is_monotonic_increasing


def test_no_turns_give_an_empty_frame() -> None:
    analysis = pf.analyze(pf.example("losses.pcap"), server_port=9)
    found = pf.turns(analysis)
    assert found.empty
    assert [str(dtype) for dtype in found.dtypes] == [column.dtype for column in TURNS]


def test_a_selection_gives_the_same_turns() -> None:
    analysis = pf.analyze(pf.example("losses.pcap"))
    found, segments = pf.turns(analysis), analysis.segments[["conn_id", *READ]]
    some = analysis.connections.iloc[[2, 5, 10]]
    expected = found[found["conn_id"].isin(some.index)].reset_index(drop=True)
    pd.testing.assert_frame_equal(make_turns(segments, some), expected)
    assert len(expected) > 3
    port = int(analysis.connections["server_port"].iloc[0])
    of_server = pf.turns(pf.analyze(analysis, server_port=port))
    chosen = analysis.connections.index[analysis.connections["server_port"] == port]
    pd.testing.assert_frame_equal(of_server, found[found["conn_id"].isin(chosen)].reset_index(drop=True))


def test_roles_that_the_filter_determines() -> None:
    analysis = pf.analyze(pf.example("midstream.pcap"))
    inferred = analysis.connections[(analysis.connections["roles"] == "inferred") & (analysis.connections["turns"] > 0)]
    one = inferred.iloc[0]
    swapped = pf.analyze(analysis, server_ip=one["client"], server_port=int(one["client_port"]))
    found = pf.turns(swapped)
    assert len(found) == int(swapped.connections["turns"].sum())
    assert set(names(TURNS)) == set(found)
