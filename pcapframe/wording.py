"""Numbers, and what agrees with them, as sentences write them."""

import math

__all__ = ["agreeing", "counted", "percent", "seconds"]

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
        One of both.

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
        One of them; its plural ends in s.

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


def percent(share: float) -> str:
    """Write a share in percent.

    Parameters
    ----------
    share : float
        Of the whole. [0 to 1]

    Returns
    -------
    str
        To two digits below ten percent; small ones are never written as 0, nor large ones as 100.

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
    return f"{100 * share:.{1 if share >= 0.01 else 2}f} %"


def seconds(duration: float) -> str:
    """Write a duration in a unit that suits it.

    Parameters
    ----------
    duration : float
        NaN where unknown. [s]

    Returns
    -------
    str
        To three digits; in days from two days on, in years from two years on.

    Examples
    --------
    >>> seconds(0.00215), seconds(3), seconds(600), seconds(float("nan"))
    ('2.15 ms', '3 s', '600 s', 'an unknown time')
    >>> seconds(600_000), seconds(126_582_416)
    ('6.94 days', '4.01 years')
    """
    if math.isnan(duration):
        return "an unknown time"
    if abs(duration) < 0.9995:  # what three digits round to 1000 is of the next
        return f"{1000 * duration:.3g} ms"
    if abs(duration) < 999.5:
        return f"{duration:.3g} s"
    for unit, size in (("years", YEAR_S), ("days", DAY_S)):
        if abs(duration) >= 2 * size:
            count = abs(duration) / size
            return f"{duration / size:.3g} {unit}" if count < 999.5 else f"{duration / size:,.0f} {unit}"
    return f"{duration:,.0f} s"
