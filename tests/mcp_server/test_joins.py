"""The answer of a join, within its bound."""

import json

from pcapframe.mcp_server.captures import Held
from pcapframe.mcp_server.joins import join_answer
from tests.builders import Conversation, merge
from tests.joining.made import analysis, beyond


def test_every_list_is_cut_and_counted() -> None:
    """Of thirty connections, each loses its first request; the longest name."""
    frames, there = [], []
    for number in range(30):
        made = Conversation(client_port=40_000 + number, start=number * 10, client_isn=77_000_000 + number * 99_991)
        made.handshake().data("client", 100, lost=True).wait(0.3).retransmit("client").ack("server").close()
        frames += list(made)
        there += beyond(made, without=(4,))
    held = (Held("a" * 5000, "a", analysis(merge(frames))), Held("b", "b", analysis(merge(there))))
    answer = join_answer(*held)
    assert len(json.dumps(answer, separators=(",", ":"))) <= 12_000 - 200
    assert answer["joined"]["connections"]["common"] == 30
    assert all(len(point["capture"]) < 450 for point in answer["joined"]["points"])
    resends, losses = answer["standouts"]
    assert (resends["kind"], losses["kind"], answer["standouts_total"]) == ("resends", "losses", 2)
    assert list(losses["evidence"]) == ["first"]
    assert losses["evidence"]["first"]["frame_count"] == 30
    assert losses["evidence"]["first"]["frames"] == sorted(losses["evidence"]["first"]["frames"])
