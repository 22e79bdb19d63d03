"""The patterns that were found, by number and by name."""

import html
from collections.abc import Iterator
from typing import Any, SupportsIndex, overload

from pcapframe.errors import ParameterError
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._registry import PATTERNS
from pcapframe.wording import nearest

__all__ = ["Patterns"]


class Patterns(tuple[Pattern, ...]):
    """What `find_patterns` found: a tuple that also takes names.

    Examples
    --------
    >>> import pcapframe as pf
    >>> patterns = pf.analyze(pf.example("resets.pcap")).patterns
    >>> patterns["refused_connections"] is patterns[patterns.names.index("refused_connections")]
    True
    >>> "small_window" in patterns
    False
    """

    __slots__ = ()

    @property
    def names(self) -> list[str]:
        """Names of the patterns, in order."""
        return [seen.pattern for seen in self]

    @overload
    def __getitem__(self, key: SupportsIndex | str) -> Pattern: ...
    @overload
    def __getitem__(self, key: slice) -> "Patterns": ...
    def __getitem__(self, key: Any) -> Any:
        """Return one by its number or its name, or several by a slice.

        Raises
        ------
        KeyError
            The pattern was not observed.
        ParameterError
            There is no pattern of this name.
        """
        if isinstance(key, str):
            for seen in self:
                if seen.pattern == key:
                    return seen
            if key in PATTERNS:
                raise KeyError(f"{key} was not observed; observed: {', '.join(self.names) or 'none'}")
            raise ParameterError(f"there is no pattern {key!r}{nearest(key, PATTERNS)}")
        found = super().__getitem__(key)
        return Patterns(found) if isinstance(key, slice) else found

    def __contains__(self, key: object) -> bool:
        return key in self.names if isinstance(key, str) else super().__contains__(key)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show them in IPython's terminal."""
        printer.text("…" if cycle else "\n".join(self._lines()) or "no pattern")

    def _lines(self) -> Iterator[str]:
        return (f"{seen.pattern} ({seen.category}): {seen.description}" for seen in self)

    def _repr_html_(self) -> str:
        if not self:
            return "<p>No pattern was observed.</p>"
        rows = "".join(
            f"<tr><td style='text-align:left'><code>{html.escape(seen.pattern)}</code></td>"
            f"<td style='text-align:left;white-space:normal'>{html.escape(seen.description)}</td>"
            f"<td style='text-align:left'>{html.escape(str(seen.evidence))}</td></tr>"
            for seen in self
        )
        head = "".join(f"<th style='text-align:left'>{name}</th>" for name in ("pattern", "observed", "evidence"))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
