"""HTML of the report: sections, tables and facts. Text from outside is escaped here."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pcapframe.wording import printable, value_text

__all__ = ["Html", "escaped", "sentence", "write_facts", "write_section", "write_table"]


LONG = 27  # longest IPv4 address with port [characters]
LONG_NUMBER = re.compile(r"(?<!\S)\d[\d.,:T+-]{15,}")  # such as a time; shorter ones fit anyway


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
    """Put parts under a heading; its text before a colon becomes the section's anchor.

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
        By name, None where unknown; escaped here.

    Returns
    -------
    str
        HTML.
    """
    rows = "".join(
        f"<tr><th scope='row'>{escaped(name)}</th>{_cell(value_text(value))}</tr>" for name, value in facts.items()
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
        One text per heading.
    total : int
        Number of rows in all; the caption says if only some are shown.

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
    """Return a cell. A long text, such as an IPv6 endpoint, may wrap onto several lines; a number may not."""
    if len(text) <= LONG:
        return f"<td>{escaped(text)}</td>"
    return f"<td class='long'>{LONG_NUMBER.sub(lambda found: f'<span>{found[0]}</span>', escaped(text))}</td>"


def sentence(text: str, *names: str) -> str:
    """Capitalise a text and end it with a full stop.

    Parameters
    ----------
    text : str
        May already have either.
    *names : str
        Names that are not capitalised if the text begins with one.

    Returns
    -------
    str
        A sentence.

    Examples
    --------
    >>> sentence("nothing is selected")
    'Nothing is selected.'
    >>> sentence("monday.pcap: there is no such file", "monday.pcap")
    'monday.pcap: there is no such file.'
    """
    first = text[:1] if text.startswith(names) else text[:1].upper()
    return first + text[1:] + ("" if text.endswith(".") else ".")


def escaped(text: str) -> str:
    """Escape for HTML, with control characters made visible.

    Examples
    --------
    >>> escaped("<b>")
    '&lt;b&gt;'
    """
    return html.escape(printable(text, keep="\n\t"))
