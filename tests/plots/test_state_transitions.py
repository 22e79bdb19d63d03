import numpy as np
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from pcapframe.plots import state_transitions, state_transitions_data
from pcapframe.schema import HANDSHAKES
from tests.builders import Conversation
from tests.plots.made import example, made, title_of

OUTCOMES = len(HANDSHAKES)


def test_paths_of_connections() -> None:
    data = state_transitions_data(
        *made(
            Conversation().handshake().data("client", 10).close(),
            Conversation(client_port=2, start=9).syn().rst("server"),
        )
    )
    assert data.loc["handshake:complete", "data:client_data"] == 1
    assert data.loc["data:client_data", "ending:fin"] == 1
    assert data.loc["handshake:refused", "data:no_data"] == 1
    assert data.loc["data:no_data", "ending:reset"] == 1
    assert data.sum().sum() == 4


@pytest.mark.parametrize("name", ["resets.pcap", "losses.pcap", "midstream.pcap"])
def test_halves_sum_to_the_connections_and_are_those_of_the_pattern(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    data = state_transitions_data(analysis.segments, analysis.connections)
    assert data.iloc[:OUTCOMES, :4].sum().sum() == data.iloc[OUTCOMES:, 4:].sum().sum() == len(analysis.connections)
    assert data.iloc[:OUTCOMES, 4:].isna().all(axis=None)
    assert data.iloc[OUTCOMES:, :4].isna().all(axis=None)
    (pattern,) = (p for p in analysis.patterns if p.pattern == "state_transitions")
    for row in pattern.observations["transitions"]:
        assert data.loc[row["from"], row["to"]] == row["count"]


def test_cells_say_the_numbers() -> None:
    frames = example("resets.pcap")
    data = state_transitions_data(*frames)
    ax = state_transitions(*frames, ax=Figure(figsize=(8, 5)).subplots())
    written = [int(text.get_text()) for text in ax.texts]
    numbers = data.to_numpy(np.float64, na_value=np.nan)
    assert written == numbers[~np.isnan(numbers)].tolist()
    assert len(ax.get_xticklabels()) == 8


def test_numbers_stand_in_the_cells_of_their_states() -> None:
    frames = made(
        Conversation().handshake().data("client", 10).close(),
        Conversation(client_port=2, start=9).syn().rst("server"),
    )
    ax = state_transitions(*frames, ax=Figure(figsize=(8, 5)).subplots())
    columns = [label.get_text() for label in ax.get_xticklabels()]
    rows = [label.get_text() for label in ax.get_yticklabels()]
    found = {
        (rows[int(text.get_position()[1])], columns[int(text.get_position()[0])])
        for text in ax.texts if text.get_text() == "1"
    }  # fmt: skip
    assert found == {
        ("handshake: complete", "client data"), ("client data", "ending: fin"),
        ("handshake: refused", "no data"), ("no data", "ending: reset"),
    }  # fmt: skip
    assert {text.get_text() for text in ax.texts} == {"0", "1"}
    assert title_of(ax).startswith("State transitions of connections 2 connections")
