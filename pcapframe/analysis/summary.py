"""The patterns counted by category, and what stands out."""

from collections.abc import Iterable
from typing import TypedDict

from pcapframe.analysis.standouts import Standout
from pcapframe.patterns import CATEGORIES, Pattern

__all__ = ["Observation", "Summary", "summarise_patterns"]


class Observation(TypedDict):
    """One notable observation."""

    type: str
    detail: str


class Summary(TypedDict):
    """The patterns counted by category, and notable observations."""

    total_patterns: int
    by_category: dict[str, int]
    notable_observations: list[Observation]


def summarise_patterns(patterns: Iterable[Pattern], standouts: Iterable[Standout] = ()) -> Summary:
    """Count patterns by category, and list what stands out.

    Parameters
    ----------
    patterns : iterable of Pattern
        As from `find_patterns`.
    standouts : iterable of Standout, optional
        As from `find_standouts`, in this order.

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
    for pattern in found:
        by_category[pattern.category] = by_category.get(pattern.category, 0) + 1
    notable = [Observation(type=seen.kind, detail=seen.sentence) for seen in standouts]
    return Summary(total_patterns=len(found), by_category=by_category, notable_observations=notable)
