"""The ribbon of turns below a graph of one connection."""

import pytest

from pcapframe.plots import turns_data
from pcapframe.plots._turn_spans import MOST, turn_spans
from tests.plots.made import made
from tests.plots.test_turns import talk


@pytest.mark.parametrize("from_client", [True, False])
def test_it_has_the_parts_of_every_turn(from_client: bool) -> None:
    segments = made(talk(3)).segments
    data, spans = turns_data(segments), turn_spans(segments, 0, from_client=from_client)
    for mine, its in (("turn", "turn"), ("state", "part"), ("start_s", "start_s"), ("end_s", "end_s")):
        assert spans[mine].tolist() == data[its].tolist()


def test_of_very_many_those_that_took_the_most_time() -> None:
    asked = talk(MOST)
    asked.data("client", 10, after=60).data("server", 10, after=60)
    spans = turn_spans(made(asked).segments, 0, from_client=True)
    assert spans["turn"].nunique() == MOST
    assert spans["turn"].max() == MOST + 1


def test_none_without_a_turn() -> None:
    segments = made(talk(0)).segments
    assert turn_spans(segments, 0, from_client=True).empty
