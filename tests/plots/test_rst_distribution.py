from typing import Any

import pytest
from matplotlib.figure import Figure

from pcapframe.plots import rst_distribution, rst_distribution_data
from tests.builders import Conversation
from tests.plots.made import Made, bars, example, made, title_of


def frames() -> Made:
    return made(
        Conversation().syn().rst("server"),
        Conversation(client_port=40001, start=1).handshake().rst("client").rst("server"),
        Conversation("192.0.2.2", 40002, start=2).rst("client"),
    )


def test_by_phase_and_direction() -> None:
    data = rst_distribution_data(*frames())
    assert data.loc["handshake"].tolist() == [0, 1, 0]
    assert data.loc["no_data"].tolist() == [1, 0, 0]
    assert data.loc["rst"].tolist() == [0, 1, 0]
    assert data.loc["unknown"].tolist() == [0, 0, 1]
    assert data.attrs == {"rsts": 4, "reset_connections": 3, "connections": 3}


def test_by_source_most_first() -> None:
    data = rst_distribution_data(*frames(), by="source")
    assert data.sum(axis="columns").to_dict() == {"198.51.100.1": 2, "192.0.2.1": 1, "192.0.2.2": 1}
    assert data.index[0] == "198.51.100.1"


def test_sources_beyond_twelve_share_a_row() -> None:
    talks = [Conversation(f"192.0.2.{i}", start=i).handshake().rst("client") for i in range(1, 15)]
    talks.append(Conversation("192.0.2.9", 50000, start=99).handshake().rst("client"))
    data = rst_distribution_data(*made(*talks), by="source")
    assert len(data) == 13
    assert data.index[0] == "192.0.2.9"
    assert data.loc["2 others"].sum() == 2
    assert data.to_numpy().sum() == 15


@pytest.mark.parametrize("by", ["phase", "source", "direction"])
def test_bars_are_the_numbers(by: str) -> None:
    frames = example("resets.pcap")
    data = rst_distribution_data(*frames, by=by)  # type: ignore[arg-type]
    ax = rst_distribution(*frames, by=by, ax=Figure().subplots())  # type: ignore[arg-type]
    assert sum(bar.get_width() for bar in ax.patches) == data.to_numpy().sum() == 26
    assert ax.get_title(loc="left").splitlines()[1].startswith("26 RSTs in 20 of 42 connections")
    assert [text.get_text().split()[0] for text in ax.texts] == [
        str(count) for name, count in data.sum(axis="columns").items() if count or name != "unknown"
    ]


@pytest.mark.parametrize(
    ("by", "rows", "shown"),
    [
        (
            "phase",
            ["in the handshake", "before any data", "after data", "after an idle gap", "after a FIN",
             "after another RST", "start not captured"],
            {"to the server": [(1, 0, 1)], "from the server": [(0, 0, 1), (5, 0, 1)], "roles unknown": [(6, 0, 1)]},
        ),
        (
            "source",
            ["198.51.100.1", "192.0.2.1", "192.0.2.2"],
            {"in the handshake": [(0, 0, 1)], "before any data": [(1, 0, 1)], "after another RST": [(0, 1, 1)],
             "start not captured": [(2, 0, 1)]},
        ),
        (
            "direction",
            ["to the server", "from the server", "roles unknown"],
            {"in the handshake": [(1, 0, 1)], "before any data": [(0, 0, 1)], "after another RST": [(1, 1, 1)],
             "start not captured": [(2, 0, 1)]},
        ),
    ],
)  # fmt: skip
def test_bars_stand_beside_their_row(by: Any, rows: list[str], shown: dict[str, Any]) -> None:
    ax = rst_distribution(*frames(), by=by, ax=Figure(figsize=(8, 5)).subplots())
    assert [label.get_text() for label in ax.get_yticklabels()] == rows
    assert bars(ax) == shown
    counts = [sum(width for of in shown.values() for row, _, width in of if row == place) for place in range(len(rows))]
    assert [" ".join(text.get_text().split()) for text in ax.texts] == [
        f"{count} ({ {0: '0.00', 1: '25.0', 2: '50.0'}[count] } %)" for count in counts
    ]
    assert title_of(ax).startswith(f"RSTs by {by}")
    assert "4 RSTs in 3 of 3 connections" in title_of(ax)
