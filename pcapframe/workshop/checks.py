"""Check answers without storing the right ones.

Keys are salted hashes of normalised answers: capitals, spaces, the order of a list, numbers written as text and digits
beyond those required make no difference. Typical wrong answers have a hash too, with a hint. The keys keep a reader
from seeing an answer by accident; they do not resist trying all numbers.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable
from numbers import Integral, Real
from pathlib import Path
from typing import Any, NoReturn

from pcapframe.errors import ParameterError, PcapframeError
from pcapframe.workshop.mistakes import explain_mistakes

__all__ = ["CAPTURES", "KEYS", "AnswerError", "Review", "hashed", "normalised"]

PACKAGE = Path(__file__).parent.parent
KEYS, CAPTURES = "checks.json", "captures"
# In an installed package, and in a checkout.
NOTEBOOKS = tuple(root / "notebooks" / "workshops" for root in (PACKAGE, PACKAGE.parent))
DATA = tuple(root / "data" / "workshops" for root in (PACKAGE, PACKAGE.parent))
HASH_DIGITS = 20


class AnswerError(PcapframeError):
    """An answer is missing or wrong; the message says where to look.

    A notebook shows only the message, without a traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Verdict(str):
    """A text that a notebook shows without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


class Review:
    """One incident review: its capture and its checks.

    Parameters
    ----------
    name : str
        Of the review, such as ``"1_web_shop"``.

    Attributes
    ----------
    capture : Path
        The capture to review.

    Raises
    ------
    ParameterError
        There is no such review; the message lists the existing ones.

    Examples
    --------
    >>> review = Review("1_web_shop")
    >>> review.capture.name
    'web_shop.pcap.gz'
    >>> review.check(1, "forty-five")
    Traceback (most recent call last):
    pcapframe.workshop.checks.AnswerError: ✘ Question 1: the answer is a number, such as 12 — without quotes or words.
    """

    def __init__(self, name: str) -> None:
        explain_mistakes()
        here = Path.cwd()
        # The participant's folder comes first: it may have its own reviews.
        around = (here, here.parent)
        keys: dict[str, Any] = {}
        for file in reversed([folder / KEYS for folder in (*around, *NOTEBOOKS)]):
            if file.is_file():
                keys |= _read(file)
        if name not in keys:
            raise ParameterError(f"there is no review {name!r}: expected one of {', '.join(sorted(keys))}")
        self.name = name
        self._questions: dict[str, dict[str, Any]] = keys[name]["questions"]
        self._right: set[str] = set()
        file_name = keys[name]["capture"]
        folders = [*(folder / CAPTURES for folder in around), *DATA, *(folder.parent for folder in DATA)]
        self.capture = next((path for folder in folders if (path := folder / file_name).is_file()), Path(file_name))

    def check(self, question: int, answer: Any) -> Verdict:
        """Check an answer.

        Parameters
        ----------
        question : int
            Its number.
        answer : number, str, list of these, or bool
            The answer; ``...`` stands for none.

        Returns
        -------
        Verdict
            That it is right, and how many questions have been answered right so far.

        Raises
        ------
        AnswerError
            It is missing, of the wrong type or wrong; the message has a hint for a known mistake.
        """
        key = self._questions.get(str(question))
        if key is None:
            raise ParameterError(f"review {self.name!r} has no question {question!r}")
        if answer is ... or (isinstance(answer, str) and answer.strip() in ("", "...", "…")):
            _fail(question, "not answered yet. Put your answer in the place of the three dots and run the cell again.")
        try:
            given = normalised(answer, key["kind"], key["decimals"])
        except ValueError as error:
            _fail(question, str(error))
        found = hashed(given, key["salt"])
        if found == key["right"]:
            self._right.add(str(question))
            return Verdict(f"✔ Question {question}: right. {len(self._right)} of {len(self._questions)} so far.")
        _fail(question, f"not this. {key['wrong'].get(found, key['hint'])}")


def _read(file: Path) -> dict[str, Any]:
    try:
        keys: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ParameterError(f"{file}: is damaged ({error}); move it away and run `pcapframe workshop` again") from None
    return keys


def _fail(question: int, what: str) -> NoReturn:
    raise AnswerError(f"✘ Question {question}: {what}")


def hashed(normal: str, salt: str) -> str:
    """Hash a normalised answer.

    Parameters
    ----------
    normal : str
        From `normalised`.
    salt : str
        Of the question.

    Returns
    -------
    str
        Hexadecimal digits.
    """
    return hashlib.sha256(f"{salt}\n{normal}".encode()).hexdigest()[:HASH_DIGITS]


def normalised(answer: Any, kind: str, decimals: int = 0) -> str:
    """Write an answer in a normal form that is the same for all its spellings.

    Parameters
    ----------
    answer : object
        As a participant gave it; NumPy and pandas scalars and columns too.
    kind : {"number", "text", "list"}
        Expected type. Order and duplicates in a list do not matter.
    decimals : int
        Digits after the point that count in a number.

    Returns
    -------
    str
        The normal form.

    Raises
    ------
    ValueError
        The type is wrong; the message says what is expected.

    Examples
    --------
    >>> normalised(" 1,250 % ", "number"), normalised(3.96, "number"), normalised(3.96, "number", 1)
    ('1250', '4', '4.0')
    >>> normalised("The  Server.", "text"), normalised(True, "text")
    ('server', 'yes')
    >>> normalised([3, 1, "2"], "list"), normalised("b, a", "list")
    ('1 2 3', 'a b')
    """
    if kind == "list":
        return " ".join(sorted({_item(part) for part in _parts(answer)}))
    answer = _scalar(answer)
    if kind == "number":
        return f"{_number(answer):.{decimals}f}"
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if not isinstance(answer, str):
        raise ValueError('the answer is a text in quotes, such as "a".')
    return _words(answer)


def _scalar(answer: Any) -> Any:
    """Return the only value of a container."""
    several = ValueError("the answer is one value; this has several, or none.")
    if getattr(answer, "size", 1) != 1:
        raise several
    if not isinstance(answer, str | bytes) and hasattr(answer, "tolist"):  # NumPy and pandas
        answer = answer.tolist()
    if isinstance(answer, list | tuple | set):
        if len(answer) != 1:
            raise several
        (answer,) = answer
    return answer


def _number(answer: Any) -> float:
    problem = ValueError("the answer is a number, such as 12 — without quotes or words.")
    if isinstance(answer, bool) or not isinstance(answer, Real | str):
        raise problem
    if isinstance(answer, str):
        text = re.sub(r"(?<=\d),(?=\d{3}\b)|[%\s]|s$|seconds?$", "", answer.strip())
        if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
            raise problem
        answer = text
    try:
        value = float(answer)
    except OverflowError:
        raise problem from None
    if not math.isfinite(value):
        raise problem
    return value + 0.0  # no -0


def _parts(answer: Any) -> Iterable[Any]:
    if isinstance(answer, str):
        return [part for part in re.split(r"[,;\s\[\](){}]+", answer) if part]
    if hasattr(answer, "tolist"):
        answer = answer.tolist()
    if isinstance(answer, Real):
        return [answer]
    if not isinstance(answer, list | tuple | set | frozenset | range):
        raise ValueError("the answer is a list, such as [3, 5, 8].")
    return answer


def _item(part: Any) -> str:
    if isinstance(part, Integral) or (isinstance(part, float) and part.is_integer()):
        return str(int(part))
    return _words(str(part))


def _words(text: str) -> str:
    """Return the text in lower case, single-spaced, without an article, and without surrounding points or brackets."""
    words = text.casefold().replace("_", " ").split()
    return " ".join(words).strip(" .()[]'\"").removeprefix("the ")
