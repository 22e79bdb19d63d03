"""Parts of the report's sections: what stands out, patterns and limitations, each with filters for its packets."""

from pcapframe.analysis import Analysis, Finding
from pcapframe.analysis.standouts import Standout, looked_at
from pcapframe.patterns import OF_ENDPOINTS, Evidence, Pattern
from pcapframe.report.markup import escaped, write_facts, write_filter
from pcapframe.zones import span_text

__all__ = ["finding", "pattern", "standouts"]

FIRST = 10  # standouts; the others are folded


def standouts(analysis: Analysis) -> str:
    """Write what stands out, the first ones open; or what was looked at if nothing does.

    Parameters
    ----------
    analysis : Analysis
        With connections.

    Returns
    -------
    str
        HTML.
    """
    seen = analysis.standouts
    if not seen:
        return f"<p><b>Nothing stands out.</b> {escaped(looked_at(analysis.statistics))}.</p>"
    patterns = {one.pattern for one in analysis.patterns}
    items = [_standout(one, linked=one.pattern in patterns) for one in seen]
    rest = ""
    if items[FIRST:]:
        listed = f"<ol class='standouts' start='{FIRST + 1}'>{''.join(items[FIRST:])}</ol>"
        rest = f"<details><summary>{len(items) - FIRST:,} more</summary>{listed}</details>"
    return f"<ol class='standouts'>{''.join(items[:FIRST])}</ol>{rest}"


def _standout(seen: Standout, *, linked: bool) -> str:
    """Return an event: the sentence, its filter, and when and where its packets are."""
    text = seen.sentence if seen.sentence.endswith(".") else f"{seen.sentence}."
    about = [f"<p>{escaped(text)}</p>", write_filter(seen.selects.capitalize(), seen.display_filter)]
    when = "" if seen.start is None or seen.end is None else f"{escaped(span_text(seen.start, seen.end, 3))}. "
    link = f" <a href='#pattern-{escaped(seen.pattern or '')}'>All numbers</a>" if linked else ""
    return f"<li>{''.join(about)}<p class='evidence'>{when}{escaped(str(seen.evidence))}.{link}</p></li>"


def finding(found: Finding) -> str:
    """Write a limitation of the capture: the observation, the statistics that it affects, the evidence.

    Parameters
    ----------
    found : Finding
        Of the capture's health.

    Returns
    -------
    str
        HTML.
    """
    limits = "".join(
        f"<p class='filter'><span>{escaped(qualifier.capitalize())}</span>{escaped(', '.join(statistics))}</p>"
        for qualifier, statistics in found.limits().items()
    )
    return f"<article><p>{escaped(found.sentence)}</p>{limits}{_filters(found.evidence, 'all of them')}</article>"


def pattern(seen: Pattern) -> str:
    """Write a pattern: the observation, the evidence, the filters, all numbers.

    Parameters
    ----------
    seen : Pattern
        Of the analysis.

    Returns
    -------
    str
        HTML.
    """
    numbers = write_facts({name.replace("_", " "): value for name, value in seen.observations.items()})
    return (
        f"<article id='pattern-{escaped(seen.pattern)}'><h3>{escaped(seen.pattern.replace('_', ' '))} "
        f"<small>{escaped(seen.category.replace('_', ' '))}</small></h3>"
        f"<p>{escaped(seen.description)}</p><p class='evidence'>Evidence: {escaped(str(seen.evidence))}</p>"
        f"{_filters(seen.evidence, OF_ENDPOINTS)}<details><summary>All numbers</summary>{numbers}</details></article>"
    )


def _filters(evidence: Evidence, of_all: str) -> str:
    """Return the display filters for the evidence; the second one is labelled `of_all`."""
    first = write_filter("Display filter", evidence.display_filter)
    return first + write_filter(of_all.capitalize(), evidence.display_filter_all)
