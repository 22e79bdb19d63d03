"""Bounds for answers: how many entries, where the next ones begin, and how large it all may be.

Each list of an answer is cut where its exact total stands beside it, as ``…_total``. A cursor goes on behind the
entries that were shown; it names the capture and the question, so that it serves for no other.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from pcapframe.errors import ParameterError
from pcapframe.measures import frame_filter

__all__ = ["BUDGET", "Cursor", "Question", "compact", "page"]

BUDGET = 12_000  # of the JSON of an answer without a limit given [bytes]
FEWER = (10, 7, 5, 3, 2, 1)  # entries tried until the answer fits
CURSOR_BYTES = 500  # that a cursor may have


@dataclass(frozen=True)
class Cursor:
    """Where the next entries begin.

    Parameters
    ----------
    entries : int
        So many entries of each list were shown.
    patterns : int
        So many patterns were shown beside the entries that follow.
    count : int
        How many entries follow, where patterns were shown.
    """

    entries: int = 0
    patterns: int = 0
    count: int = 0


@dataclass(frozen=True)
class Question:
    """What a cursor is bound to.

    Parameters
    ----------
    identity : str
        Of the capture.
    asked : tuple
        The tool and its arguments, as what ``json.dumps`` takes.
    """

    identity: str
    asked: tuple[Any, ...]

    def write(self, cursor: Cursor) -> str:
        """Return a cursor as text.

        Parameters
        ----------
        cursor : Cursor
            Where to go on.

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
        """Return the cursor that a text stands for.

        Parameters
        ----------
        text : str or None
            From `write`; None or empty for the beginning.

        Returns
        -------
        Cursor
            Where to go on.

        Raises
        ------
        ParameterError
            It is no cursor, or one of another capture or question.
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
            raise ParameterError("the cursor is not one that this server gave: ask again without it") from None
        if capture != self.identity:
            raise ParameterError("the cursor belongs to another capture, or it has changed: ask again without it")
        if asked != self._digest():
            raise ParameterError("the cursor belongs to another question: repeat its arguments, or leave it out")
        return cursor

    def _digest(self) -> str:
        return hashlib.sha256(compact(self.asked).encode()).hexdigest()[:8]


def page(
    make: Callable[[int], dict[str, Any]], question: Question, cursor: Cursor, *, limit: int | None, most: int = 10
) -> dict[str, Any]:
    """Make an answer whose lists begin where a cursor says.

    Parameters
    ----------
    make : callable
        Makes the answer with so many entries of each list, from their beginning.
    question : Question
        Which the next cursor belongs to.
    cursor : Cursor
        Where to begin.
    limit : int or None
        So many entries of each list; None for as many as keep the answer small.
    most : int, default 10
        So many entries without a limit given.

    Returns
    -------
    dict
        The answer, with ``next_cursor``: text, or None where nothing is left.
    """
    if cursor.patterns:
        tried = [cursor.count]
    else:
        tried = [limit] if limit is not None else [most, *(count for count in FEWER if count < most)]
    made = make(cursor.entries + tried[0])
    for count in tried:
        answer: dict[str, Any] = _cut(made, cursor.entries, count)
        patterns = answer.get("patterns", [])
        answer |= {"patterns_total": len(patterns)} if "patterns" in answer else {}
        last = len(patterns)
        if cursor.patterns:
            answer["patterns"] = patterns[cursor.patterns :]
        _continue(answer, question, cursor, count, last)
        size = len(compact(answer).encode())
        if limit is not None or size <= BUDGET:
            return answer
    while size > BUDGET and last > cursor.patterns + 1:  # then fewer patterns
        last -= 1
        answer["patterns"] = patterns[cursor.patterns : last]
        _continue(answer, question, cursor, count, last)
        size = len(compact(answer).encode())
    return answer


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


def _continue(answer: dict[str, Any], question: Question, cursor: Cursor, count: int, last: int) -> None:
    """Say where the answer goes on: behind its last pattern, or behind the entries shown."""
    following = None
    if last < answer.get("patterns_total", 0):
        following = Cursor(cursor.entries, last, count)
    elif _goes_on(answer, cursor.entries, count):
        following = Cursor(cursor.entries + count)
    answer["next_cursor"] = None if following is None else question.write(following)


def _cut(value: Any, begin: int, count: int) -> Any:
    """Leave out what was shown before of every list that has its total beside it, and what is beyond `count`."""
    if isinstance(value, list):
        return [_cut(item, begin, count) for item in value]
    if not isinstance(value, dict):
        return value
    whole = {}
    for key, item in value.items():
        if not _is_capped(value, key) and not _is_evidence(value, key):
            whole[key] = _cut(item, begin, count)
        elif isinstance(item, dict):
            whole[key] = dict(list(item.items())[begin : begin + count])
        else:
            whole[key] = item[begin : begin + count]
    if _is_evidence(whole, "frames"):
        whole["display_filter"] = frame_filter(whole["frames"])  # of the frames that are left
    return whole


def _is_evidence(value: dict[str, Any], key: str) -> bool:
    """Tell the lists of evidence, of which the first entries are there: the rest is a matter of get_packets."""
    return key in ("frames", "connections") and isinstance(value.get("frame_count"), int) and key in value


def _goes_on(value: Any, begin: int, count: int) -> bool:
    """Tell whether a list has entries behind those shown."""
    if isinstance(value, list):
        return any(_goes_on(item, begin, count) for item in value)
    if not isinstance(value, dict):
        return False
    return any(
        (_is_capped(value, key) and len(item) == count and value[f"{key}_total"] > begin + count)
        or _goes_on(item, begin, count)
        for key, item in value.items()
    )


def _is_capped(value: dict[str, Any], key: str) -> bool:
    return key != "patterns" and isinstance(value[key], list | dict) and isinstance(value.get(f"{key}_total"), int)
