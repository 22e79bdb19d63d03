"""Whole joins of small conversations whose answers are worked out by hand."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.errors import ParameterError
from pcapframe.schema import PATHS, POINTS, TRANSMISSIONS, for_points, names
from tests.builders import Conversation, pcap
from tests.joining.made import ISNS, MS, analysis, beyond, joined, talk, translated

NAMES = ("client", "server")
NEAR = 2.5e-6  # times of the captures are cut off to microseconds, twice
WIDER = 3e-5  # before the first packet back, 20 ms after the first one, lines may be as steep as 500 ppm


@pytest.fixture(scope="module")
def simple() -> pf.Joined:
    frames = list(talk())
    return joined(frames, beyond(frames, offset=Fraction(5), without=(10,)))


def test_columns_are_declared(simple):
    assert list(simple.points) == names(POINTS)
    assert list(simple.connections) == names(for_points(PATHS, NAMES))
    assert list(simple.segments) == names(for_points(TRANSMISSIONS, NAMES))
    for columns, frame in ((POINTS, simple.points), (PATHS, simple.connections), (TRANSMISSIONS, simple.segments)):
        for column in for_points(columns, NAMES):
            assert str(frame[column.name].dtype) == column.dtype, column.name
    assert simple.points.index.name == "name"
    assert simple.connections.index.name == "path_id"


def test_every_packet_is_one_row_and_the_missing_one_is_lost(simple):
    assert len(simple.segments) == 3 + 4 * 20 + 3  # handshake, requests and responses with their ACKs, close
    rows = simple.segments[simple.segments["fate"] != "passed"]
    assert len(rows) == 1
    row = rows.iloc[0]
    # frame 10 is the server's second response: requests are frames 4, 8 …, responses 6, 10 …
    assert (row["frame_client"], row["from_client"], row["rel_seq"], row["rel_end"]) == (10, False, 1001, 2001)
    # the client acknowledged it, and no copy was captured at the server: that capture lacks it
    assert (row["fate"], row["fate_rule"]) == ("not_captured", "bytes_not_seen")
    assert (row["last_seen"], row["first_missing"]) == ("client", "server")
    assert pd.isna(row["frame_server"])
    assert np.isnan(row["delay_s"])


def test_clock_and_delay(simple):
    """The path takes 4 ms each way, so the offset is known to 4 ms; the point between is stated."""
    server = simple.points.loc["server"]
    assert server["offset_s"] == pytest.approx(5, abs=NEAR)
    assert server["offset_low_s"] == pytest.approx(5 - 0.004, abs=WIDER)
    assert server["offset_high_s"] == pytest.approx(5 + 0.004, abs=WIDER)
    assert server["drift_low_ppm"] <= 0 <= server["drift_high_ppm"]
    assert server["steps"] == []
    assert simple.points["order"].tolist() == [0, 1]
    passed = simple.segments[simple.segments["fate"] == "passed"]
    assert passed["delay_s"].to_numpy() == pytest.approx(np.full(len(passed), 0.004), abs=NEAR)
    assert passed["delay_low_s"].to_numpy() == pytest.approx(np.zeros(len(passed)), abs=WIDER)
    assert passed["delay_high_s"].to_numpy() == pytest.approx(np.full(len(passed), 0.008), abs=WIDER)


def test_drift_of_30_ppm():
    frames = list(talk(1500))  # half a minute
    server = joined(frames, beyond(frames, offset=Fraction(1), drift=Fraction(30, 10**6))).points.loc["server"]
    assert server["drift_ppm"] == pytest.approx(30, abs=0.6)
    assert server["drift_low_ppm"] < 30 < server["drift_high_ppm"]


def test_step_of_a_clock():
    frames = list(talk(200))
    moved = beyond(frames)
    middle = moved[400][0]
    moved = [(time + (Fraction(1) if time >= middle else 0), data) for time, data in moved]
    made = joined(frames, moved)
    steps = made.points.loc["server", "steps"]
    assert len(steps) == 1
    at, size = steps[0]
    assert size == pytest.approx(1, abs=0.009)  # both pieces are known to 4 ms
    assert abs(at.timestamp() - float(middle)) < 0.05  # some packets
    assert (made.segments["fate"] == "passed").all()
    assert (made.segments["delay_low_s"] <= 0.004 + NEAR).all()
    assert (made.segments["delay_high_s"] >= 0.004 - NEAR).all()


def test_translated_connection():
    frames = list(talk())
    made = joined(frames, translated(beyond(frames)))
    row = made.connections.iloc[0]
    assert len(made.connections) == 1
    assert (row["matched_by"], row["translated"], row["rewritten"]) == ("isn", True, False)
    assert (made.segments["fate"] == "passed").all()


def test_small_numbers_are_no_evidence_across_a_translator():
    frames = list(talk(client_isn=0, server_isn=0, timestamps=False))
    made = joined(frames, translated(beyond(frames)))
    assert made.connections["matched_by"].isna().all()
    assert len(made.segments) == 0
    assert made.notes == (
        "No connection of client (1 TCP connection) was found in server (1 TCP connection): one address is "
        "in both, and their times overlap.",
    )


def test_capture_that_begins_within_the_connection():
    frames = list(talk())
    made = joined(frames, beyond(frames)[20:])
    assert made.connections["matched_by"].tolist() == ["ports_and_isn"]
    early = made.segments[made.segments["frame_server"].isna()]
    assert set(early["fate_rule"]) == {"outside_capture"}
    assert len(early) == 20
    late = made.segments[made.segments["frame_server"].notna()]
    assert (late["fate"] == "passed").all()


def test_other_order_of_the_points():
    """Names do not tell where a capture is from: the packets do."""
    frames = list(talk())
    made = joined(beyond(frames), frames)
    assert made.points["order"].tolist() == [1, 0]
    assert (made.segments["delay_s"] > 0).all()
    assert made.notes == ("Packets of the clients pass server before client: the names seem to be swapped.",)


def test_the_same_capture_twice():
    frames = list(talk())
    made = joined(frames, frames)
    assert (made.segments["fate"] == "passed").all()
    assert made.notes[0].startswith("client and server have the same packets at the same times: it is one capture")


def test_clocks_a_year_apart():
    frames = list(talk())
    made = joined(frames, beyond(frames, offset=Fraction(365 * 86_400)))
    assert made.points.loc["server", "offset_s"] == pytest.approx(365 * 86_400, abs=1e-5)
    assert made.notes == ("The clock of server is 365.0 days ahead of that of client.",)
    assert (made.segments["fate"] == "passed").all()


def test_names_are_only_names():
    frames = list(talk(5))
    there = beyond(frames, without=(8,))
    one, other = joined(frames, there), joined(frames, there, names=("a", "b"))
    renamed = one.segments.rename(columns={"frame_client": "frame_a", "frame_server": "frame_b"})
    columns = [name for name in renamed if name not in ("last_seen", "first_missing")]
    pd.testing.assert_frame_equal(renamed[columns], other.segments[columns])


def test_captures_in_the_other_order():
    """The same transmissions with the same fates, whichever capture is named first."""
    frames = list(talk(10))
    there = beyond(frames, without=(8, 15))
    one, other = joined(frames, there), joined(there, frames, names=("server", "client"))
    keys = ["frame_client", "frame_server"]
    rows = [made.segments[[*keys, "fate", "fate_rule"]].sort_values(keys, ignore_index=True) for made in (one, other)]
    pd.testing.assert_frame_equal(*rows)


@pytest.mark.parametrize("without", [(5,), (6, 7, 30), (12, 13, 14), tuple(range(40, 52))])
def test_removing_packets_changes_only_their_fate(without):
    frames = list(talk())
    whole, part = joined(frames, beyond(frames)), joined(frames, beyond(frames, without=without))
    kept = ~whole.segments["frame_client"].isin(without)
    columns = ["frame_client", "rel_seq", "rel_end", "fate", "fate_rule"]
    pd.testing.assert_frame_equal(
        whole.segments.loc[kept, columns].sort_values("frame_client", ignore_index=True),
        part.segments.loc[~part.segments["frame_client"].isin(without), columns].sort_values(
            "frame_client", ignore_index=True
        ),
    )
    gone = part.segments[part.segments["frame_client"].isin(without)]
    assert gone["frame_server"].isna().all()
    assert not (gone["fate"] == "passed").any()


def test_three_points():
    frames = list(talk())
    middle, server = beyond(frames, path=2 * MS, without=(10,)), beyond(frames, path=5 * MS)
    made = pf.join_captures({"server": analysis(server), "middle": analysis(middle), "client": analysis(frames)})
    assert made.points["order"].tolist() == [2, 1, 0]
    row = made.segments[made.segments["frame_middle"].isna()]
    assert row[["fate", "fate_rule", "first_missing"]].to_numpy().tolist() == [["not_captured", "seen", "middle"]]
    assert (made.segments["delay_s"] - 0.005).abs().max() < 2 * NEAR


def test_ipv6():
    frames = list(Conversation("2001:db8::1", server="2001:db8::2", **ISNS).handshake().data("client", 10).close())
    made = joined(frames, frames)
    assert (made.segments["fate"] == "passed").all()


@pytest.mark.parametrize("given", [{}, {"a": b""}, [b"", b""], {"a b": b"", "c": b""}, {1: b"", "c": b""}])
def test_bad_arguments(given):
    with pytest.raises(pf.ParameterError):
        pf.join_captures(given)


def test_repr(simple):
    assert repr(simple) == "<Joined client, server: 1 common connection, 86 transmissions>"
    assert simple.names == ["client", "server"]


def test_what_the_analyses_keep():
    """The join itself is the same, whatever is kept of the captures."""
    frames = list(talk())
    both = dict(zip(NAMES, (analysis(frames), analysis(beyond(frames, without=(10,)))), strict=True))
    whole = pf.join_captures(both)
    for keep in ("segments", "events", "connections"):
        made = pf.join_captures(both, keep=keep)
        pd.testing.assert_frame_equal(made.segments, whole.segments)
        assert made.notes == whole.notes
        with pytest.raises(ParameterError, match=r"packets of .* are not kept"):
            _ = made.analyses["client"].packets
    with pytest.raises(ParameterError, match=r"segments of .* are not kept"):
        pf.plots.ladder(made)
    with pytest.raises(ParameterError, match="expected one of packets, segments, events, connections"):
        pf.join_captures(both, keep="everything")


def test_analyses_that_keep_only_segments():
    frames = list(talk())
    given = [pf.analyze(pcap(each), keep="segments", progress=False) for each in (frames, beyond(frames))]
    made = pf.join_captures(dict(zip(NAMES, given, strict=True)))
    assert set(made.segments["fate"]) == {"passed"}
    with pytest.raises(ParameterError, match=r"segments of .* are not kept"):
        pf.join_captures({"client": pf.analyze(pcap(frames), keep="connections", progress=False), "server": given[1]})
