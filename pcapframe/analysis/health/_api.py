"""A finding about a capture, and all findings together as its health."""

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pcapframe.analysis.health._statistics import AT_LEAST, STATISTICS, UNKNOWN, Qualifier
from pcapframe.patterns import Evidence, Pattern, rests_on
from pcapframe.wording import counted, printable

__all__ = ["CaptureHealth", "Finding"]


@dataclass(frozen=True)
class Finding:
    """One thing about a capture that limits what it can support.

    Parameters
    ----------
    name : str
        Kind of finding, such as ``cut_packets``.
    sentence : str
        What is observed, with its main numbers.
    figures : dict
        The numbers by name, counts with their totals. None where unknown.
    affects : dict
        Names of the statistics that it makes unreliable (keys of ``STATISTICS``): ``at least`` or ``unknown``.
    evidence : Evidence
        Connections and frames that show it; ``display_filter_all`` selects all these frames, if one filter can.
    """

    name: str
    sentence: str
    figures: Mapping[str, Any]
    affects: Mapping[str, Qualifier]
    evidence: Evidence

    def limits(self) -> dict[Qualifier, list[str]]:
        """Return the names of the statistics that it makes unreliable, as texts write them.

        Returns
        -------
        dict
            Names of the lower bounds under ``at least``, the others under ``unknown``; empty for none.
        """
        return _named(self.affects)

    def __str__(self) -> str:
        limits = _limits(self.affects)
        return f"{self.sentence} ({limits})" if limits else self.sentence

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as a dict, ready for ``json.dumps``.

        Returns
        -------
        dict
            ``name``, ``sentence``, ``figures``, ``affects`` and ``evidence``.
        """
        return {
            "name": self.name,
            "sentence": self.sentence,
            "figures": dict(self.figures),
            "affects": dict(self.affects),
            "evidence": self.evidence.to_dict(),
        }


@dataclass(frozen=True)
class CaptureHealth:
    """What a capture can and cannot support.

    Parameters
    ----------
    findings : tuple of Finding
        What limits it; empty for a capture without known limits.
    sentence : str
        Summary of them.
    """

    findings: tuple[Finding, ...]
    sentence: str

    def _repr_html_(self) -> str:
        """Show it in a notebook: one row a finding, with what it limits."""
        head = "".join(f"<th style='text-align:left'>{name}</th>" for name in ("observed", "limits", "evidence"))
        rows = "".join(
            "<tr>" + "".join(
                f"<td style='text-align:left;white-space:normal;vertical-align:top'>{html.escape(printable(text))}</td>"
                for text in (found.sentence, _limits(found.affects), str(found.evidence))
            ) + "</tr>"
            for found in self.findings
        )  # fmt: skip
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        return f"<div><p>{html.escape(printable(self.sentence))}</p>{table}</div>"

    @cached_property
    def qualifiers(self) -> dict[str, Qualifier]:
        """Unreliable statistics (keys of ``STATISTICS``): ``at least`` or ``unknown``, the worst that was found."""
        found: dict[str, Qualifier] = {}
        for name in STATISTICS:
            said = {finding.affects[name] for finding in self.findings if name in finding.affects}
            if said:
                found[name] = UNKNOWN if UNKNOWN in said else AT_LEAST
        return found

    def qualifier(self, *statistics: str) -> Qualifier | None:
        """Return how reliable a number is that depends on some statistics.

        Parameters
        ----------
        *statistics : str
            Keys of ``STATISTICS``.

        Returns
        -------
        str or None
            ``at least``, ``unknown``, or None if it is reliable.
        """
        said = [self.qualifiers[name] for name in statistics if name in self.qualifiers]
        return None if not said else UNKNOWN if UNKNOWN in said else AT_LEAST

    def qualify(self, number: int | str, *statistics: str) -> str:
        """Write a number with its qualifier.

        Parameters
        ----------
        number : int or str
            The number, or its text.
        *statistics : str
            Statistics the number depends on, keys of ``STATISTICS``.

        Returns
        -------
        str
            The same; ``at least …``; or ``unknown (… as captured)``.

        Examples
        --------
        >>> finding = Finding("dropped_packets", "", {}, {"packets": "at least", "rates": "unknown"}, Evidence())
        >>> health = CaptureHealth((finding,), "")
        >>> health.qualify(1200, "packets"), health.qualify("3 %", "rates"), health.qualify(5, "connections")
        ('at least 1,200', 'unknown (3 % as captured)', '5')
        """
        text = f"{number:,}" if isinstance(number, int) else number
        said = self.qualifier(*statistics)
        if said == UNKNOWN:
            return f"unknown ({text} as captured)"
        return f"{said} {text}" if said else text

    def qualify_count(self, count: int, noun: str, *statistics: str) -> str:
        """Write a count with its noun and qualifier.

        Parameters
        ----------
        count : int
            How many.
        noun : str
            One of them; its plural ends in s.
        *statistics : str
            Statistics the number depends on, keys of ``STATISTICS``.

        Returns
        -------
        str
            The same; ``at least …``; or ``an unknown number of … (… as captured)``.

        Examples
        --------
        >>> finding = Finding("dropped_packets", "", {}, {"packets": "at least", "bytes": "unknown"}, Evidence())
        >>> health = CaptureHealth((finding,), "")
        >>> health.qualify_count(1, "packet", "packets"), health.qualify_count(1, "byte", "bytes")
        ('at least 1 packet', 'an unknown number of bytes (1 as captured)')
        """
        said = self.qualifier(*statistics)
        if said == UNKNOWN:
            return f"an unknown number of {noun}s ({count:,} as captured)"
        return f"{said} {counted(count, noun)}" if said else counted(count, noun)

    def of_pattern(self, name: str) -> dict[str, Qualifier]:
        """Return the unreliable statistics that a pattern depends on.

        Parameters
        ----------
        name : str
            Of the pattern.

        Returns
        -------
        dict
            ``at least`` or ``unknown`` by keys of ``STATISTICS``.
        """
        return self._unreliable(rests_on(name))

    def qualify_sentence(self, sentence: str, *statistics: str) -> str:
        """Write a sentence with what limits its numbers.

        Parameters
        ----------
        sentence : str
            With several numbers.
        *statistics : str
            What they depend on, keys of ``STATISTICS``.

        Returns
        -------
        str
            The same, or after ``As captured (…)``.
        """
        limits = _limits(self._unreliable(statistics))
        return f"As captured ({limits}): {sentence}" if limits else sentence

    def qualify_observation(self, sentence: str, pattern: str) -> str:
        """Write what a pattern observes with what limits it.

        Parameters
        ----------
        sentence : str
            The observation.
        pattern : str
            Name of the pattern.

        Returns
        -------
        str
            As from `qualify_sentence`.
        """
        return self.qualify_sentence(sentence, *rests_on(pattern))

    def _unreliable(self, statistics: Iterable[str]) -> dict[str, Qualifier]:
        return {name: self.qualifiers[name] for name in statistics if name in self.qualifiers}

    def qualify_pattern(self, seen: Pattern) -> Pattern:
        """Return a pattern whose description says what limits it.

        Parameters
        ----------
        seen : Pattern
            As from `find_patterns`.

        Returns
        -------
        Pattern
            The same one where nothing limits it.
        """
        description = self.qualify_observation(seen.description, seen.pattern)
        return seen if description == seen.description else replace(seen, description=description)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dict, ready for ``json.dumps``.

        Returns
        -------
        dict
            ``sentence``, ``findings`` and ``qualifiers``.
        """
        return {
            "sentence": self.sentence,
            "findings": [finding.to_dict() for finding in self.findings],
            "qualifiers": dict(self.qualifiers),
        }

    def __str__(self) -> str:
        return "\n".join([self.sentence, *(f"- {finding}" for finding in self.findings)])


def _named(affects: Mapping[str, Qualifier]) -> dict[Qualifier, list[str]]:
    """Name statistics by their qualifier."""
    named = {
        qualifier: [text for name, text in STATISTICS.items() if affects.get(name) == qualifier]
        for qualifier in (AT_LEAST, UNKNOWN)
    }
    return {qualifier: texts for qualifier, texts in named.items() if texts}


def _limits(affects: Mapping[str, Qualifier]) -> str:
    return "; ".join(f"{qualifier}: {', '.join(texts)}" for qualifier, texts in _named(affects).items())
