"""Two captures joined, as an answer within its bound."""

from typing import Any, TypedDict

from pcapframe.joining import join_captures
from pcapframe.joining.summary import summarise_join
from pcapframe.mcp_server.captures import Held
from pcapframe.mcp_server.paging import BUDGET, FEW, compact
from pcapframe.wording import shortened

__all__ = ["JoinAnswer", "join_answer"]

NAMES = ("first", "other")
TEXT = 400  # longest sentence or name [characters]
ROOM = 200  # for capture_text [bytes]


class JoinAnswer(TypedDict):
    """What stands out of a join, what limits it, and its points, connections and fates as `summarise_join` has them."""

    standouts: list[str]
    standouts_total: int
    file: str
    notes: list[str]
    notes_total: int
    joined: dict[str, Any]


def join_answer(here: Held, there: Held) -> dict[str, Any]:
    """Join two captures, and say what was found.

    Parameters
    ----------
    here, there : Held
        The captures.

    Returns
    -------
    dict
        `JoinAnswer`; the points are called ``first`` and ``other``.
    """
    held = dict(zip(NAMES, (here, there), strict=True))
    found = summarise_join(join_captures({name: one.analysis for name, one in held.items()}))
    sentences, notes = found.pop("stands_out"), found.pop("notes")
    for limit in (FEW, FEW // 2, 2, 1):
        points = [
            {
                **point,
                "capture": shortened(held[point["name"]].name, TEXT),
                "steps": point["steps"][:limit],
                "steps_total": len(point["steps"]),
            }
            for point in found["points"]
        ]
        answer = JoinAnswer(
            standouts=[shortened(text, TEXT) for text in sentences[:limit]],
            standouts_total=len(sentences),
            file=here.name,
            notes=[shortened(text, TEXT) for text in notes[:limit]],
            notes_total=len(notes),
            joined={**found, "points": points},
        )
        if len(compact(answer)) <= BUDGET - ROOM:
            break
    return dict(answer)
