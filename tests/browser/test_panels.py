"""What is packed of each kind of panel: bars, shares, rows, boxes and what lasted."""

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.browser import Scene
from pcapframe.plots import CHARTS
from tests.browser.test_picture import column, marks


@pytest.fixture(scope="module")
def losses() -> pf.Analysis:
    return pf.analyze(pf.example("losses.pcap"))


def test_bars_both_ways_are_those_of_the_data(losses: pf.Analysis) -> None:
    picture = Scene(CHARTS["retransmission_timeline"], losses).picture()
    data = pf.plots.retransmission_timeline_data(losses.segments, losses.connections)
    found = marks(picture)
    for side in ("client", "server"):
        rows = data.xs(side, level="side").reset_index()
        for reason in ("timeout", "fast", "tail_probe", "syn_retry", "unknown"):
            counts = rows[reason][rows[reason] > 0]
            if counts.empty:
                assert f"{reason} {side}" not in found
                continue
            mark = found[f"{reason} {side}"]
            assert column(picture, mark, "bin").tolist() == counts.index.tolist()
            assert column(picture, mark, "high").tolist() == counts.tolist()
            assert mark.get("down", False) == (side == "server")
    rate = column(picture, marks(picture, 1)["client"], "high")
    assert (rate <= 1).all()


def test_bits_a_second_are_those_of_the_data(losses: pf.Analysis) -> None:
    picture = Scene(CHARTS["throughput"], losses).picture()
    data = pf.plots.throughput_data(losses.segments).xs("server", level="side")
    rates = sum(column(picture, mark, "high").sum() for name, mark in marks(picture).items() if name.endswith("server"))
    assert rates == pytest.approx(data["bits_per_s"].sum())


def test_rows_are_those_of_the_data_and_tell_what_they_select() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"))
    scene = Scene(CHARTS["rst_distribution"], analysis)
    picture = scene.picture()
    data = pf.plots.rst_distribution_data(analysis.segments, analysis.connections)
    assert picture.header["rows"]["names"][:2] == ["in the handshake", "before any data"]
    assert scene.filters == [{"rst_phase": phase} if data.loc[phase].sum() else {} for phase in data.index]
    for direction, mark in marks(picture).items():
        counts = data[direction].reset_index(drop=True)
        assert column(picture, mark, "row").tolist() == counts[counts > 0].index.tolist()
        assert column(picture, mark, "high").tolist() == counts[counts > 0].tolist()
    waits = Scene(CHARTS["waits"], analysis)
    of = pf.plots.waits_data(analysis.segments, analysis.connections)
    assert waits.picture().header["rows"]["names"] == of["server"].unique().tolist()
    service = of[of["part"] == "service"].reset_index(drop=True)["median_s"].dropna()
    mark = marks(waits.picture())["service"]
    assert column(waits.picture(), mark, "row").tolist() == service.index.tolist()
    assert column(waits.picture(), mark, "middle").tolist() == service.tolist()


def test_shares_are_of_the_busy_time(losses: pf.Analysis) -> None:
    picture = Scene(CHARTS["sender_time"], losses).picture()
    sums = np.zeros(len(picture.header["rows"]["names"]))
    for mark in marks(picture).values():
        np.add.at(sums, column(picture, mark, "row"), column(picture, mark, "high"))
    assert sums == pytest.approx(1)


def test_what_lasted_is_that_of_the_data(losses: pf.Analysis) -> None:
    scene = Scene(CHARTS["turns"], losses)
    data = pf.plots.turns_data(losses.segments)
    service = data[data["part"] == "service"]
    mark = marks(scene.picture())["service"]
    assert column(scene.picture(), mark, "row").tolist() == service["turn"].tolist()
    assert column(scene.picture(), mark, "end").tolist() == service["end_s"].tolist()
    assert column(scene.picture(), mark, "key").tolist() == service["frame"].tolist()
    assert losses.segments.loc[service["frame"], "payload_bytes"].gt(0).all()  # a request begins with data
    lanes = Scene(CHARTS["swimlanes"], losses).picture()
    of = pf.plots.swimlanes_data(losses.segments, losses.connections)
    assert lanes.header["panels"][1]["rows"] == of["lane"].nunique()
    assert column(lanes, marks(lanes, 1)["resent"], "key").tolist() == of[of["kind"] == "resent"]["conn_id"].tolist()
