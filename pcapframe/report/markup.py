"""HTML of the report: sections, tables and facts. Text from outside is escaped here."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pcapframe.wording import printable, value_text

__all__ = [
    "Cell",
    "Html",
    "anchor_of",
    "escaped",
    "sentence",
    "write_facts",
    "write_filter",
    "write_section",
    "write_table",
]


LONG = 27  # longest IPv4 address with port [characters]
LONG_NUMBER = re.compile(r"(?<!\S)\d[\d.,:T+-]{15,}")  # such as a time; shorter ones fit anyway


class Cell(NamedTuple):
    """A cell of a table, all texts escaped when it is written.

    Parameters
    ----------
    text : str
        What it shows.
    key : float or int or None
        By what it is sorted, if not by its text.
    note : str
        Below the text, small.
    """

    text: str
    key: float | int | None = None
    note: str = ""


class Html:
    """HTML that a notebook shows.

    Parameters
    ----------
    text : str
        Escaped already.
    heading : str, optional
        Of a section, not escaped.
    """

    def __init__(self, text: str, heading: str = "") -> None:
        self.text, self.heading = text, heading

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
    return Html(f"<section id='{anchor_of(heading)}'><h2>{escaped(heading)}</h2>{''.join(parts)}</section>", heading)


def anchor_of(heading: str) -> str:
    """Return the anchor of a section.

    Parameters
    ----------
    heading : str
        Of the section.

    Returns
    -------
    str
        Letters, digits and hyphens.

    Examples
    --------
    >>> anchor_of("Endings and RSTs")
    'endings-and-rsts'
    """
    text = heading.lower().split(":")[0].replace(" ", "-")
    return "".join(letter for letter in text if letter.isalnum() or letter == "-")


def write_filter(label: str, display_filter: str | None) -> str:
    """Write a display filter with what it selects; the page's script puts a button beside it that copies it.

    Parameters
    ----------
    label : str
        What it selects; escaped here.
    display_filter : str or None
        For Wireshark; escaped here. None for none.

    Returns
    -------
    str
        HTML, empty without a filter.
    """
    if display_filter is None:
        return ""
    return f"<p class='filter'><span>{escaped(label)}</span><code>{escaped(display_filter)}</code></p>"


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


def write_table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[str | Cell]], total: int, *, tools: bool = False
) -> str:
    """Write a table with a heading over each column.

    Parameters
    ----------
    caption : str
        Above it; escaped here, as all texts.
    head : sequence of str
        Headings.
    rows : sequence of sequences of str or Cell
        One per heading.
    total : int
        Number of rows in all; the caption says if only some are shown.
    tools : bool, default False
        Whether the page's script lets the reader sort and search the rows.

    Returns
    -------
    str
        HTML.
    """
    shown = "" if len(rows) == total else f" (first {len(rows):,} of {total:,})"
    headings = "".join(f"<th scope='col'>{escaped(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows)
    return (
        f"<div class='scroll{' tools' if tools else ''}'><table><caption>{escaped(caption + shown)}</caption>"
        f"<thead><tr>{headings}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(cell: str | Cell) -> str:
    """Return a cell. A long text, such as an IPv6 endpoint, may wrap onto several lines; a number may not."""
    if isinstance(cell, Cell):
        key = "" if cell.key is None else f" data-key='{cell.key!r}'"
        long = " class='long'" if len(cell.text) > LONG else ""
        note = f"<small>{escaped(cell.note)}</small>" if cell.note else ""
        return f"<td{key}{long}>{escaped(cell.text)}{note}</td>"
    text = cell
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
