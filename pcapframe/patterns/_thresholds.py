"""The thresholds of all patterns, in one object."""

import difflib
import inspect
import math
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from itertools import takewhile
from typing import Any, NoReturn

from pcapframe.errors import ParameterError
from pcapframe.patterns._registry import PATTERNS

__all__ = ["Thresholds", "threshold_meanings"]


class Thresholds:
    """When each pattern is reported: one attribute per pattern, with its thresholds. Immutable.

    Parameters
    ----------
    **limits : object
        An instance of a pattern's ``LIMITS`` under the pattern's name; the others have their defaults.

    Raises
    ------
    ParameterError
        There is no such pattern, or the value is not an instance of its ``LIMITS``.

    Notes
    -----
    The docstring of a pattern's limits gives meaning, unit and default of each threshold.
    ``pattern.threshold`` is the flat name of one, as in ``packet_retransmission.rate``.

    Examples
    --------
    >>> thresholds = Thresholds().with_values({"packet_retransmission.rate": 0.01})
    >>> thresholds.packet_retransmission.rate
    0.01
    """

    _limits: Mapping[str, Any]  # of the patterns with other than their defaults

    def __init__(self, **limits: Any) -> None:
        for name, given in limits.items():
            if name not in PATTERNS:
                raise ParameterError(f"there is no pattern {name!r}: expected one of {', '.join(PATTERNS)}")
            if not isinstance(given, PATTERNS[name].LIMITS):
                raise ParameterError(f"{name} is {given!r}: expected {PATTERNS[name].LIMITS.__name__}")
        changed = {name: given for name, given in limits.items() if given != PATTERNS[name].LIMITS()}
        object.__setattr__(self, "_limits", changed)

    def of(self, pattern: str) -> Any:
        """Return the thresholds of one pattern.

        Parameters
        ----------
        pattern : str
            Its name.

        Returns
        -------
        object
            Of the class ``LIMITS`` of the pattern's module.

        Raises
        ------
        KeyError
            There is no such pattern.
        """
        return self._limits[pattern] if pattern in self._limits else PATTERNS[pattern].LIMITS()

    def __getattr__(self, pattern: str) -> Any:
        if pattern not in PATTERNS:
            raise AttributeError(f"Thresholds has no {pattern!r}")
        return self.of(pattern)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise FrozenInstanceError(f"cannot assign to {name!r}: with_values returns new thresholds")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *PATTERNS]

    def __eq__(self, other: object) -> bool:
        return self._limits == other._limits if isinstance(other, Thresholds) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._limits.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (dict(self._limits),)

    def __repr__(self) -> str:
        return f"Thresholds({', '.join(f'{name}={limits!r}' for name, limits in self._limits.items())})"

    def with_values(self, values: Mapping[str, float]) -> "Thresholds":
        """Return thresholds with some values changed.

        Parameters
        ----------
        values : mapping
            New values by flat name.

        Returns
        -------
        Thresholds
            A changed copy.

        Raises
        ------
        ParameterError
            There is no such name (the message lists similar ones), or the value is not a finite number of at
            least 0, or not whole where the parameter is a count.

        Examples
        --------
        >>> Thresholds().with_values({"long_idle_gaps.idle_s": 10}).to_dict()["long_idle_gaps.idle_s"]
        10.0
        >>> Thresholds().with_values({"long_idle_gaps.idle": 10})
        Traceback (most recent call last):
        pcapframe.errors.ParameterError: there is no threshold 'long_idle_gaps.idle': similar is long_idle_gaps.idle_s
        """
        known = self.to_dict()
        changed: dict[str, dict[str, float]] = {}
        for name, value in values.items():
            if name not in known:
                raise ParameterError(_unknown(name, list(known)))
            pattern, _, parameter = name.partition(".")
            changed.setdefault(pattern, {})[parameter] = _checked(name, value, known[name])
        new = {pattern: self.of(pattern)._replace(**given) for pattern, given in changed.items()}
        return Thresholds(**{**self._limits, **new})

    def to_dict(self) -> dict[str, float]:
        """Return all values.

        Returns
        -------
        dict
            Values by flat name, in the order of the patterns.

        Examples
        --------
        >>> Thresholds().to_dict()["abnormal_termination.reset_rate"]
        0.1
        """
        return {
            f"{pattern}.{parameter}": value
            for pattern in PATTERNS
            for parameter, value in self.of(pattern)._asdict().items()
        }


def threshold_meanings() -> dict[str, str]:
    """Return what each threshold means, with its unit.

    Returns
    -------
    dict
        Sentences by flat name, the unit in brackets at the end: the docstrings of the patterns' limits.

    Examples
    --------
    >>> threshold_meanings()["slow_service.service_s"]
    'Shortest service time that is slow by itself. [s]'
    """
    meanings = {}
    for name, module in PATTERNS.items():
        doc = inspect.getdoc(module.LIMITS) or ""
        for parameter in module.LIMITS._fields:
            lines = doc.partition(f"\n{parameter} : ")[2].split("\n")[1:]
            meaning = takewhile(lambda line: line.startswith("    "), lines)
            meanings[f"{name}.{parameter}"] = " ".join(line.strip() for line in meaning).replace("``", "")
    return meanings


def _made(limits: dict[str, Any]) -> Thresholds:
    return Thresholds(**limits)


def _unknown(name: str, known: list[str]) -> str:
    """Say that there is no such threshold, and which there are."""
    near = difflib.get_close_matches(name, known, n=5)
    near += [
        other for other in known if name in (other.partition(".")[0], other.partition(".")[2]) and other not in near
    ]
    if near:
        return f"there is no threshold {name!r}: similar is {' or '.join(near)}"
    return f"there is no threshold {name!r}: expected one of {', '.join(known)}"


def _checked(name: str, value: Any, default: float) -> float:
    """Return a value in its parameter's type."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ParameterError(f"{name} is {value!r}: expected a number of at least 0")
    if isinstance(default, int):
        if value != int(value):
            raise ParameterError(f"{name} is {value!r}: expected a whole number")
        return int(value)
    return float(value)
