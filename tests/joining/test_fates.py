"""What became of packets between three points, by hand-made cases.

The client's capture is `a`, that of a point 2 ms beyond it `b`, the server's another 3 ms farther on `c`.
"""

import itertools
from fractions import Fraction

import pandas as pd
import pytest

import pcapframe as pf
from tests.builders import Conversation
from tests.joining.made import ISNS, MS, analysis, beyond, talk

AT_B, AT_C = 2 * MS, 5 * MS


def three(frames, *, at_b=(), at_c=(), more_b=(), more_c=(), names="abc", offset=Fraction(0)):
    """Join the client's frames with what `b` and `c` have, without those of some numbers, and with others."""
    frames = list(frames)
    points = {
        "a": frames,
        "b": by_time([*beyond(frames, path=AT_B, without=at_b, offset=offset), *more_b]),
        "c": by_time([*beyond(frames, path=AT_C, without=at_c), *more_c]),
    }
    return pf.join_captures({name: analysis(points[name]) for name in names})


def by_time(frames):
    return sorted(frames, key=lambda frame: frame[0])


def lacking(made, columns=("fate", "fate_rule", "last_seen", "first_missing")):
    """What is said of the rows that are not at every point, with their frames."""
    names = [f"frame_{name}" for name in "abc"]
    rows = made.segments[made.segments[names].isna().any(axis=1)]
    frames = rows[names].astype(object).where(rows[names].notna(), "").astype(str)
    return [
        (" ".join(one), *("" if pd.isna(value) else str(value) for value in other))
        for one, other in zip(frames.to_numpy().tolist(), rows[[*columns]].to_numpy().tolist(), strict=True)
    ]


def resent_request():
    """Frame 4, a request, is sent again as frame 5 after 300 ms, and only then acknowledged."""
    made = Conversation(**ISNS).handshake().data("client", 100, lost=True).wait(0.3).retransmit("client")
    return list(made.ack("server").data("server", 500).ack("client").close())


def test_lost_on_the_first_leg():
    made = three(resent_request(), at_b=(4,), at_c=(4,))
    assert lacking(made) == [("4  ", "lost_between", "not_acknowledged", "a", "b")]


def test_lost_on_the_second_leg():
    made = three(resent_request(), at_c=(4,))
    assert lacking(made) == [("4 4 ", "lost_between", "not_acknowledged", "b", "c")]


def test_what_the_middle_lacks_passed_it():
    made = three(talk(5), at_b=(8,))
    (row,) = made.segments[made.segments["frame_b"].isna()].itertuples()
    assert (row.fate, row.fate_rule, row.first_missing, row.last_seen) == ("not_captured", "seen", "b", "c")


def test_acknowledged_and_missing_at_two_captures():
    """The server acknowledged it, so it passed both."""
    made = three(talk(5), at_b=(8,), at_c=(8,))
    assert lacking(made) == [("8  ", "not_captured", "acknowledged", "a", "b")]


@pytest.mark.parametrize("names", ["".join(names) for names in itertools.permutations("abc")])
def test_reset_from_the_middle(names):
    """RSTs in the name of each side that begin at `b`: that to the client is not at `c`, that to the server not at `a`.

    The client goes on, and so does the server: neither sent one.
    """
    before = Conversation(**ISNS).handshake().data("client", 100).ack("server").data("server", 200).ack("client")
    to_server = list(Conversation(**ISNS).handshake().data("client", 100).rst("client", ttl=200))[-1]
    begin = len(list(before))
    before.rst("server", ttl=200)
    frames = list(
        before.wait(0.2).data("server", 500, seq=201).ack("client").data("client", 100, seq=101).ack("server")
    )
    reset = frames[begin]
    at_b = [(reset[0] - AT_B + AT_B / 2, to_server[1])]
    at_c = [(at_b[0][0] + AT_C - AT_B, to_server[1])]
    made = three(frames, at_c=(begin + 1,), more_b=at_b, more_c=at_c, names=names)
    rows = made.segments[(made.segments["tcp_flags"] & 4) != 0]
    assert sorted(map(str, made.points["order"])) == ["0", "1", "2"]
    assert rows["fate"].tolist() == ["added", "added"]
    assert sorted(rows["first_missing"]) == ["a", "c"]
    assert set(rows["fate_rule"]) == {"sender_went_on"}


def test_copy_made_on_the_second_leg():
    frames = list(talk(3))
    again = beyond(frames, path=AT_C)[3]
    made = three(frames, more_c=[(again[0] + MS / 100, again[1])])
    (row,) = made.segments[made.segments["fate"] != "passed"].itertuples()
    assert (row.fate, row.fate_rule, row.first_missing) == ("added", "identification", "b")


def test_two_servers_beyond_one_point():
    """Connections that one point never has do not pass it: nothing of them was lost before it."""
    one, other = list(talk(6)), list(talk(6, client_port=41_000, start=Fraction(1, 100)))
    frames = by_time([*one, *other])
    points = {"a": frames, "b": beyond(one, path=AT_B), "c": beyond(other, path=AT_C)}
    made = pf.join_captures({name: analysis(own) for name, own in points.items()})
    assert (made.segments["fate"] == "passed").all()
    assert made.segments["last_seen"].isna().all()
    assert len(made.segments) == len(frames)


def test_clocks_of_each_against_the_first():
    made = three(talk(20), offset=Fraction(7))
    assert made.points["order"].tolist() == [0, 1, 2]
    b, c = made.points.loc["b"], made.points.loc["c"]
    assert b["offset_low_s"] < 7 < b["offset_high_s"]
    assert b["offset_high_s"] - b["offset_low_s"] == pytest.approx(0.004, abs=1e-4)
    assert c["offset_low_s"] < 0 < c["offset_high_s"]
    assert (made.segments["delay_s"] - 0.005).abs().max() < 5e-6


def test_a_point_without_common_connections_says_nothing_of_the_others():
    stranger = list(talk(5, client="198.51.100.7", client_isn=0x51515151, server_isn=0x71717171))
    frames = resent_request()
    points = {"a": frames, "b": beyond(frames, path=AT_B, without=(4,)), "c": stranger}
    made = pf.join_captures({name: analysis(own) for name, own in points.items()})
    assert made.points["order"].tolist() == [0, 1, pd.NA]
    (row,) = made.segments[made.segments["fate"] != "passed"].itertuples()
    assert (row.fate, row.last_seen, row.first_missing) == ("lost_between", "a", "b")


def test_connections_that_only_later_points_share():
    """Of these the first point says nothing; where the others are is known from what they share with the first."""
    near = list(talk(6))
    far = list(talk(6, client_port=41_000, start=Fraction(1, 100)))
    points = {"a": near, "b": by_time([*beyond(near, path=AT_B), *far]),
              "c": by_time([*beyond(near, path=AT_C), *beyond(far, path=3 * MS, without=(8,))])}  # fmt: skip
    made = pf.join_captures({name: analysis(own) for name, own in points.items()})
    (row,) = made.segments[made.segments["fate"] != "passed"].itertuples()
    assert (row.fate, row.fate_rule, row.last_seen, row.first_missing) == ("not_captured", "acknowledged", "b", "c")
