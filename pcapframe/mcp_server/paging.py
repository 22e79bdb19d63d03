"""Paging: how many entries an answer lists, where the next page starts, and how large an answer may be.

A list is cut if its exact total stands beside it, as ``…_total``. A cursor continues after the entries that were
shown. It names the capture and the request, and is valid for no other.

Evidence (connections and frames beside their counts) is on the first page only; get_packets lists the rest. If an
answer is too large, these are cut in this order: evidence of the capture's health to five entries, evidence of
patterns, the other lists down to a few entries, evidence of health to one. Patterns that still do not fit follow on the
next page.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, TypeAlias

from pcapframe.display_filters import frame_filter
from pcapframe.errors import ParameterError

__all__ = ["BUDGET", "FEW", "Cursor", "Question", "compact", "page"]

FEW = 10  # entries of a list without a limit
BUDGET = 12_000  # JSON of an answer without a limit [bytes]
# Entries of lists, of evidence of health, of other evidence, of kinds of packets, of what stands out.
Counts: TypeAlias = tuple[int, int, int, int, int]
# Tried in this order until the answer fits.
LESS: tuple[Counts, ...] = (
    (10, 10, 10, 100, 10), (10, 5, 10, 100, 10), (10, 5, 5, 100, 10), (10, 5, 3, 100, 10), (7, 5, 3, 60, 10),
    (5, 5, 3, 60, 10), (5, 1, 3, 40, 10),
)  # fmt: skip
LEAST: tuple[Counts, ...] = ((3, 1, 1, 20, 5), (2, 1, 1, 10, 2), (1, 1, 1, 5, 1))  # if a single pattern does not fit
CURSOR_BYTES = 500  # longest cursor that is accepted
CURSOR_ROOM = 220  # reserved for next_cursor and capture_text
STEPS_ROOM = 350  # reserved for next_steps


@dataclass(frozen=True)
class Cursor:
    """Where the next page starts.

    Parameters
    ----------
    entries : int
        Entries of each list that were shown.
    patterns : int
        Patterns that were shown together with the entries that follow.
    count : int
        Number of entries that follow, if patterns were shown.
    """

    entries: int = 0
    patterns: int = 0
    count: int = 0


@dataclass(frozen=True)
class Question:
    """The request that a cursor is valid for.

    Parameters
    ----------
    identity : str
        Identifies the capture.
    asked : tuple
        The tool and its arguments, as JSON types.
    """

    identity: str
    asked: tuple[Any, ...]

    def write(self, cursor: Cursor) -> str:
        """Return a cursor as text.

        Parameters
        ----------
        cursor : Cursor
            Where to continue.

        Returns
        -------
        str
            For `read`.

        Examples
        --------
        >>> question = Question("4f2a", ("connections", None))
        >>> question.read(question.write(Cursor(10)))
        Cursor(entries=10, patterns=0, count=0)
        """
        data = compact({**asdict(cursor), "capture": self.identity, "asked": self._digest()})
        return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")

    def read(self, text: str | None) -> Cursor:
        """Parse a cursor.

        Parameters
        ----------
        text : str or None
            From `write`; None or empty for the first page.

        Returns
        -------
        Cursor
            Where to continue.

        Raises
        ------
        ParameterError
            It is not a cursor, or it belongs to another capture or request.
        """
        if not text:
            return Cursor()
        try:
            if len(text) > CURSOR_BYTES:
                raise ValueError
            data = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            cursor = Cursor(data["entries"], data["patterns"], data["count"])
            capture, asked = data["capture"], data["asked"]
            if any(type(number) is not int or not 0 <= number < 1 << 40 for number in vars(cursor).values()):
                raise ValueError
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
            raise ParameterError("the cursor is not one that this server gave: repeat the request without it") from None
        if capture != self.identity:
            raise ParameterError(
                "the cursor belongs to another capture, or it has changed: repeat the request without it"
            )
        if asked != self._digest():
            raise ParameterError(
                "the cursor belongs to another request: repeat the arguments of that one, or omit the cursor"
            )
        return cursor

    def _digest(self) -> str:
        return hashlib.sha256(compact(self.asked).encode()).hexdigest()[:8]


def page(
    make: Callable[[int], dict[str, Any]], question: Question, cursor: Cursor, *, limit: int | None, most: int = FEW
) -> dict[str, Any]:
    """Make one page of an answer.

    Parameters
    ----------
    make : callable
        Makes the answer with a given number of entries of each list, from the first one.
    question : Question
        The request, for the next cursor.
    cursor : Cursor
        Where to start.
    limit : int or None
        Entries of each list; None for as many as fit `BUDGET`.
    most : int, default 10
        Entries of each list without a limit.

    Returns
    -------
    dict
        The answer with ``next_cursor``: text, or None on the last page.
    """
    count = cursor.count if cursor.patterns else limit or most
    made = make(cursor.entries + count)
    tried: list[Counts] = [(count, count, count, count, count)]
    if limit is None:
        tried = [(lists, *LESS[0][1:]) for lists in _fewer(count)]
        tried += [(count if cursor.patterns else min(less[0], count), *less[1:]) for less in LESS]
    for counts in tried:
        answer, patterns = _cut_to(made, cursor, counts)
        room, sizes = _room(answer), [len(compact(pattern)) + 1 for pattern in patterns]
        if limit is not None or sum(sizes) <= room:
            return _with_cursor(answer, patterns, question, cursor, counts[0])
    if not cursor.patterns and max(sizes, default=0) > room:
        for counts in LEAST:
            answer, patterns = _cut_to(made, cursor, counts)
            room, sizes = _room(answer), [len(compact(pattern)) + 1 for pattern in patterns]
            if max(sizes, default=0) <= room:
                break
    shown = max(1, sum(size <= room for size in accumulate(sizes)))
    return _with_cursor(answer, patterns[:shown], question, cursor, counts[0])


def compact(value: Any) -> str:
    """Write JSON without spaces.

    Parameters
    ----------
    value : object
        Plain Python objects.

    Returns
    -------
    str
        ASCII only.

    Examples
    --------
    >>> compact({"frames": [1, 2]})
    '{"frames":[1,2]}'
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _fewer(count: int) -> list[int]:
    """Return counts of entries from `count` down to more than a few."""
    return [count, *(fewer for fewer in range(count * 9 // 10, FEW, -2) if fewer < count)]


def _cut_to(made: dict[str, Any], cursor: Cursor, counts: Counts) -> tuple[dict[str, Any], list[Any]]:
    """Return an answer without what was shown before or does not fit, and the patterns that remain."""
    answer = _cut(made, cursor.entries, counts)
    patterns = answer.get("patterns", [])
    if "patterns" in answer:
        answer |= {"patterns": [], "patterns_total": len(patterns)}
    return answer, patterns[cursor.patterns :]


def _room(answer: dict[str, Any]) -> int:
    """Return the bytes left for patterns."""
    return BUDGET - CURSOR_ROOM - STEPS_ROOM * ("patterns" in answer) - len(compact(answer))


def _with_cursor(
    answer: dict[str, Any], patterns: list[Any], question: Question, cursor: Cursor, count: int
) -> dict[str, Any]:
    """Add the cursor: after the last pattern shown, or after the entries shown."""
    if "patterns" in answer:
        answer["patterns"] = patterns
    following = None
    last = cursor.patterns + len(patterns)
    if last < answer.get("patterns_total", 0):
        following = Cursor(cursor.entries, last, count)
    elif _goes_on(answer, cursor.entries, count):
        following = Cursor(cursor.entries + count)
    return {**answer, "next_cursor": None if following is None else question.write(following)}


def _cut(value: Any, begin: int, counts: Counts, *, of_health: bool = False) -> Any:
    """Drop what was shown before, or does not fit, from each list with a total beside it."""
    if isinstance(value, list):
        return [_cut(item, begin, counts, of_health=of_health) for item in value]
    if not isinstance(value, dict):
        return value
    lists, evidence = counts[0], 0 if begin else counts[1 if of_health else 2]
    whole = {}
    for key, item in value.items():
        if _is_evidence(value, key):
            whole[key] = item[:evidence]
        elif key == "notable_observations":  # repeats what stands out, in other words
            whole[key] = item[:lists]
        elif key == "kinds":
            whole[key] = _cut(item, begin, (*counts[:2], counts[3], *counts[3:]))
        elif not _is_capped(value, key):
            whole[key] = _cut(item, begin, counts, of_health=of_health or key == "health")
        elif isinstance(item, dict):
            whole[key] = dict(list(item.items())[begin : begin + lists])
        elif key == "standouts":
            start, stop = max(begin, counts[4]) if begin else 0, max(begin + lists, counts[4])
            whole[key] = [_cut(each, begin, counts) for each in item[start:stop]]  # with less evidence, not fewer
        else:
            whole[key] = item[begin : begin + lists]
    if _is_evidence(whole, "frames") and "display_filter" in whole:
        whole["display_filter"] = frame_filter(whole["frames"])  # of the frames that remain
    return whole


def _is_evidence(value: dict[str, Any], key: str) -> bool:
    """Tell whether a list is evidence, of which only the first entries are listed."""
    return key in ("frames", "connections") and key in value and isinstance(value.get("frame_count"), int)


def _goes_on(value: Any, begin: int, count: int) -> bool:
    """Tell whether a list has entries after those shown."""
    if isinstance(value, list):
        return any(_goes_on(item, begin, count) for item in value)
    if not isinstance(value, dict):
        return False
    if value.get("standouts_total", 0) > begin + len(value.get("standouts", ())):
        return True
    return any(
        (_is_capped(value, key) and len(item) == count and value[f"{key}_total"] > begin + count)
        or _goes_on(item, begin, count)
        for key, item in value.items()
    )


def _is_capped(value: dict[str, Any], key: str) -> bool:
    return key != "patterns" and isinstance(value[key], list | dict) and isinstance(value.get(f"{key}_total"), int)
