"""The patterns counted by category, and notable observations."""

from collections.abc import Iterable
from typing import TypedDict

from pcapframe.analysis.health import CaptureHealth
from pcapframe.patterns import CATEGORIES, Pattern, find_notable

__all__ = ["Observation", "Summary", "summarise_patterns"]

UNLIMITED = CaptureHealth((), "")


class Observation(TypedDict):
    """One notable observation."""

    type: str
    detail: str


class Summary(TypedDict):
    """The patterns counted by category, and notable observations."""

    total_patterns: int
    by_category: dict[str, int]
    notable_observations: list[Observation]


def summarise_patterns(patterns: Iterable[Pattern], health: CaptureHealth = UNLIMITED) -> Summary:
    """Count patterns by category and name what stands out.

    Parameters
    ----------
    patterns : iterable of Pattern
        As from `find_patterns`.
    health : CaptureHealth, optional
        What makes them unreliable.

    Returns
    -------
    Summary
        Plain Python objects; every category is there, 0 included.

    Examples
    --------
    >>> summarise_patterns([])["by_category"]["reliability"]
    0
    """
    found = list(patterns)
    by_category = dict.fromkeys(CATEGORIES, 0)
    notable: list[Observation] = []
    for pattern in found:
        by_category[pattern.category] = by_category.get(pattern.category, 0) + 1
        stands_out = find_notable(pattern)
        if stands_out is not None:
            detail = health.qualify_observation(stands_out.detail, pattern.pattern)
            notable.append(Observation(type=stands_out.type, detail=detail))
    return Summary(total_patterns=len(found), by_category=by_category, notable_observations=notable)
