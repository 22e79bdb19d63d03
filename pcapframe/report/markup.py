"""HTML of the report: sections, tables and facts; what comes from outside is escaped here."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from pcapframe.wording import printable

__all__ = ["Html", "escaped", "sentence", "write_facts", "write_section", "write_table"]


LONG = 27  # an IPv4 address with its port is no longer [characters]


class Html:
    """HTML that a notebook shows.

    Parameters
    ----------
    text : str
        Escaped already.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def _repr_html_(self) -> str:
        return self.text


def write_section(heading: str, *parts: str) -> Html:
    """Put parts under a heading; what stands before a colon in it is the section's anchor.

    Parameters
    ----------
    heading : str
        Escaped here.
    *parts : str
        HTML.

    Returns
    -------
    Html
        A section.

    Examples
    --------
    >>> write_section("Patterns: 2", "<p>one</p>").text
    "<section id='patterns'><h2>Patterns: 2</h2><p>one</p></section>"
    """
    anchor = "".join(
        letter for letter in heading.lower().split(":")[0].replace(" ", "-") if letter.isalnum() or letter == "-"
    )
    return Html(f"<section id='{anchor}'><h2>{escaped(heading)}</h2>{''.join(parts)}</section>")


def write_facts(facts: Mapping[str, Any]) -> str:
    """Write a table of names and values.

    Parameters
    ----------
    facts : mapping
        By name, None where not known; escaped here.

    Returns
    -------
    str
        HTML.
    """
    rows = "".join(
        f"<tr><th scope='row'>{escaped(name)}</th><td>{escaped(text)}</td></tr>"
        for name, text in ((name, "not known" if value is None else str(value)) for name, value in facts.items())
    )
    return f"<div class='scroll'><table class='facts'>{rows}</table></div>"


def write_table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]], total: int) -> str:
    """Write a table with a heading over each column.

    Parameters
    ----------
    caption : str
        Above it; escaped here, as all texts.
    head : sequence of str
        Headings.
    rows : sequence of sequences of str
        As many texts as headings.
    total : int
        So many rows there are; where these are fewer, the caption says so.

    Returns
    -------
    str
        HTML.
    """
    shown = "" if len(rows) == total else f" (first {len(rows):,} of {total:,})"
    headings = "".join(f"<th scope='col'>{escaped(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows)
    return (
        f"<div class='scroll'><table><caption>{escaped(caption + shown)}</caption>"
        f"<thead><tr>{headings}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(text: str) -> str:
    """Return a cell; a long text, such as an endpoint with an IPv6 address, may take several lines."""
    kind = " class='long'" if len(text) > LONG else ""
    return f"<td{kind}>{escaped(text)}</td>"


def sentence(text: str) -> str:
    """Begin a text with a capital and end it with a full stop.

    Examples
    --------
    >>> sentence("nothing is selected")
    'Nothing is selected.'
    """
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def escaped(text: str) -> str:
    """Escape for HTML; control characters, which no page shows, become visible.

    Examples
    --------
    >>> escaped("<b>")
    '&lt;b&gt;'
    """
    return html.escape(printable(text, keep="\n\t"))
