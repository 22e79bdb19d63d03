"""Joins of three points: a recording of a real kernel at two, and a third made of the second, a millisecond beyond."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import pcapframe as pf
from data.lab import legs
from tests.lab.test_joining import two_points


@pytest.mark.parametrize("how", list(legs.ALTERED))
def test_join_of_three_meets_the_truth(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client, middle = two_points("mixed")
    read, seen = pf.read_pcap, []

    def read_pcap(capture: Path, **given: bool) -> pd.DataFrame:
        packets = read(capture, **given)
        seen.append(capture)
        if len(seen) < len(legs.POINTS):
            return packets
        near = packets["src"].astype(str).isin(client.senders)
        return packets.assign(time=packets["time"] + pd.to_timedelta(near.map({True: 1, False: -1}), unit="ms"))

    monkeypatch.setattr(pf, "read_pcap", read_pcap)
    score = legs.score_legs([client, middle, replace(middle, point="server")], legs.ALTERED[how])
    assert score.ordered == (1, 1)
    for kind in ("lost, data", "not captured", "forged RSTs"):
        assert score.kinds[kind].errors == 0, kind
    assert score.kinds["lost, data"].hits > 5
    assert (score.kinds["not captured"].hits > 5) == ("missing" in how)
    assert (score.kinds["forged RSTs"].hits > 0) == ("forged" in how)


def test_table_sums_up(capsys: pytest.CaptureFixture[str]) -> None:
    one = legs.LegScore((1, 1), {"lost, data": legs.Score(3, 1)})
    legs.legs_table([("as recorded", one), ("as recorded", one)])
    assert capsys.readouterr().out.splitlines() == [
        "three points, as recorded: in order 2 of 2",
        "  lost, data: 0.7500/1.0000 (6 hits, 2 false, 0 missed)",
    ]
