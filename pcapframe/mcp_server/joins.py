"""Two captures joined, as an answer within its bound."""

from typing import Any, TypedDict

from pcapframe.answers.envelope import capped_evidence
from pcapframe.joining import join_captures
from pcapframe.joining.summary import summarise_join
from pcapframe.mcp_server.captures import Held
from pcapframe.mcp_server.paging import BUDGET, FEW, compact
from pcapframe.wording import shortened

__all__ = ["JoinAnswer", "join_answer"]

NAMES = ("first", "other")
TEXT = 400  # longest sentence or name [characters]
ROOM = 200  # for capture_text [bytes]
LESS = ((FEW, 50), (FEW, 20), (FEW, FEW), (FEW // 2, FEW // 2), (2, 2), (1, 1))  # entries, and frames of each


class JoinSeen(TypedDict):
    """One event: `evidence` has its frames by point, their exact number, and the filter for those listed."""

    kind: str
    sentence: str
    connections: int
    evidence: dict[str, Any]


class JoinAnswer(TypedDict):
    """What stands out of a join, what limits it, and its path, points and counts as `summarise_join` has them."""

    standouts: list[JoinSeen]
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
    seen, notes = found.pop("standouts"), found.pop("notes")
    for limit, frames in LESS:
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
            standouts=[_with_less(one, frames) for one in seen[:limit]],
            standouts_total=len(seen),
            file=here.name,
            notes=[shortened(text, TEXT) for text in notes[:limit]],
            notes_total=len(notes),
            joined={**found, "points": points},
        )
        if len(compact(answer)) <= BUDGET - ROOM:
            break
    return dict(answer)


def _with_less(seen: dict[str, Any], limit: int) -> JoinSeen:
    """Return an event with its first connections and frames."""
    evidence = {name: capped_evidence(one, limit) for name, one in seen["evidence"].items()}
    return JoinSeen(
        kind=seen["kind"], sentence=shortened(seen["sentence"], TEXT), connections=seen["connections"],
        evidence=evidence,
    )  # fmt: skip
