import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from pcapframe.plots import resend_raster, resend_raster_data
from tests.builders import Conversation
from tests.plots.made import areas, example, made, seconds_of, title_of


def repeated(number: int, *, start: float) -> Conversation:
    """A connection whose SYN is sent again a second later."""
    return Conversation(client_port=40000 + number, start=start).syn(lost=True).retransmit("client", after=1.0)


def test_cells_rows_and_how_many_at_once() -> None:
    data = resend_raster_data(*made(repeated(0, start=0), repeated(1, start=100), repeated(2, start=100.001)))
    assert data["row"].tolist() == [0, 1, 2]
    assert data["conn_id"].tolist() == [0, 1, 2]
    assert data["segments"].tolist() == [1, 1, 1]
    assert data["reason"].tolist() == ["syn_retry"] * 3
    assert data["start"].tolist() == [pd.Timestamp(second, unit="s", tz="UTC") for second in (1, 101, 101)]
    at_once = np.array(data.attrs["at_once"])
    assert sorted(at_once[at_once > 0]) == [1, 2]
    assert data.attrs["resent"] == data.attrs["resending"] == data.attrs["connections"] == 3


def test_a_connection_without_resends_has_no_row() -> None:
    data = resend_raster_data(*made(Conversation().handshake(), repeated(1, start=5)))
    assert data["conn_id"].tolist() == [1]
    assert data.attrs["resending"] == 1
    assert data.attrs["connections"] == 2


def test_many_connections_share_rows() -> None:
    data = resend_raster_data(*made(*(repeated(i, start=i) for i in range(301))))
    assert data.attrs["per_row"] == 3
    assert data.attrs["conn_ids"] == list(range(0, 301, 3))
    assert data["segments"].sum() == data["among"].sum() == 301
    assert data["row"].max() == 100


def test_a_cell_of_a_shared_row_names_the_first_of_its_own_connections() -> None:
    data = resend_raster_data(*made(*(repeated(i, start=10 * i) for i in range(301))))  # none in the same bin
    assert data["conn_id"].tolist() == list(range(301))
    assert set(data["among"]) == {1}
    alike = resend_raster_data(*made(*(repeated(i, start=i / 1000) for i in range(151)), repeated(151, start=900)))
    assert alike[["row", "conn_id", "segments", "among"]].iloc[[0, 1, -1]].values.tolist() == [
        [0, 0, 2, 2], [1, 2, 2, 2], [75, 151, 1, 1],
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["losses.pcap", "mirrored.pcap.gz"])
def test_cells_sum_to_the_resent_segments(name: str) -> None:
    segments, connections = example(name)
    data = resend_raster_data(segments, connections)
    assert data["segments"].sum() == segments["resent"].sum() == data.attrs["resent"]
    assert max(data.attrs["at_once"]) <= data.attrs["resending"]


def test_marks_are_the_cells() -> None:
    frames = example("losses.pcap")
    data = resend_raster_data(*frames)
    figure = Figure(layout="constrained")
    ax = resend_raster(*frames, ax=figure.subplots())
    assert sum(len(marks.get_offsets()) for marks in ax.collections) == len(data)
    (steps,) = figure.axes[1].patches
    assert steps.get_data().values.tolist() == data.attrs["at_once"]


def test_marks_stand_in_the_middle_of_their_cells() -> None:
    frames = made(repeated(0, start=0), repeated(1, start=100), repeated(2, start=100.001))
    ax = resend_raster(*frames, ax=Figure(figsize=(8, 5)).subplots())
    (marks,) = ax.collections
    days, rows = np.asarray(marks.get_offsets()).T
    assert list(zip(seconds_of(days), rows, strict=True)) == [(1.25, 0), (101.25, 1), (101.25, 2)]  # bins of 500 ms
    assert marks.get_label() == "SYN retry"
    (above,) = (panel for panel in ax.figure.axes if panel is not ax)
    assert [heights for _, heights in areas(above)] == [{1: 1, 101: 2}]
    assert title_of(above) == "Retransmitting connections over time 3 segments of 3 of 3 connections"
