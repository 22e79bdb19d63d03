"""How numbers, values and text from outside are written in sentences."""

import difflib
import math
import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

__all__ = [
    "agreeing",
    "counted",
    "joined",
    "nearest",
    "of_all",
    "percent",
    "printable",
    "seconds",
    "shortened",
    "times",
    "value_text",
]

SHOWN = 5  # list entries that are written out
# Characters that Python calls printable although they are invisible: fillers, joiners and variation selectors.
INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
DAY_S = 86_400
YEAR_S = 365.25 * DAY_S  # Julian


def agreeing(count: int, one: str, several: str) -> str:
    """Choose the word that agrees with a count.

    Parameters
    ----------
    count : int
        How many.
    one, several : str
        For one, and for any other count.

    Returns
    -------
    str
        `one` or `several`.

    Examples
    --------
    >>> agreeing(1, "is", "are"), agreeing(0, "is", "are")
    ('is', 'are')
    """
    return one if count == 1 else several


def counted(count: int, noun: str) -> str:
    """Write a count with its noun.

    Parameters
    ----------
    count : int
        How many.
    noun : str
        In the singular; its plural ends in s.

    Returns
    -------
    str
        With commas between thousands.

    Examples
    --------
    >>> counted(1, "packet"), counted(1200, "packet")
    ('1 packet', '1,200 packets')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def joined(texts: list[str], total: int, between: str = ", ") -> str:
    """Join the first texts of a list, and say how many more there are.

    Parameters
    ----------
    texts : list of str
        At least the first five.
    total : int
        How many there are in all.
    between : str, default ", "
        Separator.

    Returns
    -------
    str
        At most five texts; "none" for an empty list.

    Examples
    --------
    >>> joined(["a", "b"], 2), joined(list("abcdef"), 1200)
    ('a, b', 'a, b, c, d, e, 1,195 more')
    """
    shown = texts[:SHOWN] + ([f"{total - SHOWN:,} more"] if total > SHOWN else [])
    return between.join(shown) or "none"


def nearest(name: str, known: Iterable[str], most: int = 3) -> str:
    """Say which known names a mistyped one resembles, as the end of a message.

    Parameters
    ----------
    name : str
        As it was given.
    known : iterable of str
        Names that there are.
    most : int, default 3
        Most names to suggest.

    Returns
    -------
    str
        Begins with a colon; empty where nothing is similar.

    Examples
    --------
    >>> nearest("tll", ["ttl", "src"])
    ': did you mean ttl?'
    >>> nearest("xyz", ["ttl", "src"])
    ''
    """
    near = difflib.get_close_matches(name, list(known), n=most, cutoff=0.5)
    return f": did you mean {', '.join(near[:-1])}{' or ' if near[1:] else ''}{near[-1]}?" if near else ""


def of_all(count: int, total: int, noun: str = "connection") -> str:
    """Write how many of how many.

    Parameters
    ----------
    count, total : int
        At least one.
    noun : str
        In the singular; its plural ends in s.

    Returns
    -------
    str
        With commas between thousands.

    Examples
    --------
    >>> of_all(1, 1), of_all(9, 9), of_all(3, 9)
    ('the only connection', 'all 9 connections', '3 of 9 connections')
    """
    if count == total:
        return {1: f"the only {noun}", 2: f"both {noun}s"}.get(total, f"all {counted(total, noun)}")
    return f"{count:,} of {counted(total, noun)}"


def percent(share: float) -> str:
    """Write a share in percent, the same way everywhere.

    Parameters
    ----------
    share : float
        Of the whole, NaN where unknown. [0 to 1]

    Returns
    -------
    str
        With two decimals below 1 %, one decimal above. A small share never reads 0 %, and a share just below the
        whole never reads 100 %.

    Examples
    --------
    >>> percent(0.1234), percent(0.0123), percent(0.00001), percent(0.99999)
    ('12.3 %', '1.2 %', 'less than 0.01 %', 'more than 99.9 %')
    """
    if math.isnan(share):
        return "an unknown share"
    if 0 < share < 0.0001:
        return "less than 0.01 %"
    if 0.999 < share < 1:
        return "more than 99.9 %"
    return f"{100 * share:.{1 if share >= 0.00995 else 2}f} %"


def printable(text: str, *, keep: str = "") -> str:
    r"""Escape invisible characters, so that text from a capture cannot control a terminal or pose as other text.

    Parameters
    ----------
    text : str
        From a capture, a file name or a client.
    keep : str, optional
        Characters that are not escaped, such as a line break.

    Returns
    -------
    str
        The same text, with control characters, line breaks, bidirectional overrides, zero-width characters, fillers,
        unusual spaces and lone surrogates as their escape codes.

    Examples
    --------
    >>> print(printable("a\x1b[31mb\u202e"))
    a\x1b[31mb\u202e
    >>> printable("one\ntwo", keep="\n") == "one\ntwo"
    True
    """
    if text.isprintable() and not INVISIBLE.search(text):
        return text
    return "".join(c if c in keep or (c.isprintable() and not INVISIBLE.match(c)) else _code(c) for c in text)


def _code(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def seconds(duration: float) -> str:
    """Write a duration in a unit that suits it.

    Parameters
    ----------
    duration : float
        NaN where unknown. [s]

    Returns
    -------
    str
        To three digits; in days from two days, in years from two years.

    Examples
    --------
    >>> seconds(0.00215), seconds(3), seconds(600), seconds(float("nan"))
    ('2.15 ms', '3 s', '600 s', 'an unknown time')
    >>> seconds(600_000), seconds(126_582_416)
    ('6.94 days', '4.01 years')
    """
    if math.isnan(duration):
        return "an unknown time"
    if abs(duration) < 0.9995:  # above, three digits would read 1000 ms
        return f"{1000 * duration:.3g} ms"
    if abs(duration) < 999.5:
        return f"{duration:.3g} s"
    for unit, size in (("years", YEAR_S), ("days", DAY_S)):
        if abs(duration) >= 2 * size:
            count = abs(duration) / size
            return f"{duration / size:.3g} {unit}" if count < 999.5 else f"{duration / size:,.0f} {unit}"
    return f"{duration:,.0f} s"


def shortened(text: str, most: int = 300) -> str:
    """Cut a text that comes from a capture, a file name or a client, and say how much was cut.

    Parameters
    ----------
    text : str
        Of any length.
    most : int, default 300
        Most characters to keep.

    Returns
    -------
    str
        The text itself if it is no longer than that.

    Examples
    --------
    >>> shortened("a" * 1000, 5), shortened("short")
    ('aaaaa… (995 more characters)', 'short')
    """
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({counted(len(text) - most, 'more character')})"


def times(count: int) -> str:
    """Write how often something happened.

    Parameters
    ----------
    count : int
        At least 1.

    Returns
    -------
    str
        In words for one and two.

    Examples
    --------
    >>> times(1), times(2), times(1200)
    ('once', 'twice', '1,200 times')
    """
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def value_text(value: Any) -> str:
    """Write a plain value for a reader, the same way everywhere.

    Parameters
    ----------
    value : object
        None, bool, number, text, or a list or dict of them; also a NumPy scalar.

    Returns
    -------
    str
        "yes" or "no", integers with commas between thousands, other numbers with four digits; "unknown" for None and
        NaN. For a list or a dict: the first five entries, and how many more there are.

    Examples
    --------
    >>> value_text(True), value_text(12345), value_text(0.123456), value_text(None)
    ('yes', '12,345', '0.1235', 'unknown')
    >>> value_text({"fin": 3, "rst": 1200}), value_text([])
    ('fin 3, rst 1,200', 'none')
    """
    if hasattr(value, "item"):  # of NumPy
        value = value.item()
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if 9999.5 <= abs(value) < 1e15 else f"{value:.4g}"
    if isinstance(value, dict):
        return joined([f"{name} {value_text(item)}" for name, item in islice(value.items(), SHOWN)], len(value))
    if isinstance(value, list | tuple):
        return joined([value_text(item) for item in value[:SHOWN]], len(value), "; ")
    return str(value)
