"""The answer of a join, within its bound."""

import json

from pcapframe.mcp_server.captures import Held
from pcapframe.mcp_server.joins import join_answer
from tests.builders import merge
from tests.joining.made import analysis, beyond, talk


def test_every_list_is_cut_and_counted() -> None:
    """Thirty connections, and the longest name."""
    frames = [each for number in range(30) for each in talk(2, client_port=40_000 + number, start=number * 10)]
    there = merge(beyond(frames))
    answer = join_answer(*(Held(n, n, analysis(f)) for n, f in (("a" * 5000, merge(frames)), ("b", there))))
    assert len(json.dumps(answer)) <= 12_000
    assert answer["standouts_total"] >= len(answer["standouts"]) > 0
    assert answer["joined"]["connections"]["common"] == 30
    assert all(len(point["capture"]) < 450 for point in answer["joined"]["points"])
