"""Print for a person: styles, the width of a line, and the head of every text."""

import os
from collections.abc import Collection, Mapping, Sequence

from rich.console import Console, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from pcapframe.analysis import Analysis
from pcapframe.analysis.display import health_brief, note_line, plain_text, table
from pcapframe.cli.output import STDOUT, write
from pcapframe.wording import printable

__all__ = ["TEXTS", "head", "leave_out", "needed_width", "show", "terminal_width", "write_rows"]

# Columns that are left-aligned; numbers are right-aligned.
TEXTS = {
    "client", "ended it", "from", "name", "needless", "overlaps", "phase", "reason", "rule", "sender", "sequence",
    "server", "state", "Wireshark",
}  # fmt: skip
WIDTH = 100  # of a line outside a terminal [characters]


def show(renderable: RenderableType, path: str = STDOUT) -> None:
    """Print text: with styles in a terminal, plain in a pipe or a file and where NO_COLOR is set.

    Parameters
    ----------
    renderable : RenderableType
        What rich can print.
    path : str, default "-"
        A file, or standard output.
    """
    console = Console()
    if console.no_color:  # rich alone would keep bold and underlined text
        console = Console(color_system=None)
    if path == STDOUT and console.is_terminal:
        console.print(renderable)
    else:
        write(plain_text(renderable, width=terminal_width() if path == STDOUT else WIDTH), path)


def head(analysis: Analysis) -> list[RenderableType]:
    """Return the head of every text: the capture, and how reliable its numbers are.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.

    Returns
    -------
    list of RenderableType
        The name, the notes and a summary of the capture's health; or why there is nothing more to show.
    """
    lines = [Text(printable(analysis.capture.name), style="bold"), *(note_line(note) for note in analysis.notes)]
    if analysis.message is not None and len(analysis.whole_connections):
        return [*lines, note_line(analysis.message)]
    lines.append(health_brief(analysis.health))
    return [*lines, Text()] if len(analysis.whole_connections) else lines


def terminal_width() -> int:
    """Return how wide a line may be.

    Returns
    -------
    int
        Width of the terminal, or of the text that is written without one: COLUMNS where it is set. [characters]
    """
    console = Console()
    return console.width if console.is_terminal or os.environ.get("COLUMNS", "").isdecimal() else WIDTH


def needed_width(columns: Mapping[str, list[str]]) -> int:
    """Return how wide a table is.

    Parameters
    ----------
    columns : mapping
        Cells by title; a title may have several lines.

    Returns
    -------
    int
        With the space between columns. [characters]
    """
    return 2 + sum(2 + max(len(text) for text in (*title.split("\n"), *cells)) for title, cells in columns.items())


def write_rows(
    columns: Mapping[str, list[str]],
    *,
    folded: Collection[str],
    texts: Collection[str] = TEXTS,
    titles: Mapping[str, str] | None = None,
) -> Table:
    """Write cells as a table: the one way in which commands do it.

    Parameters
    ----------
    columns : mapping
        Cells by name.
    folded : collection of str
        Columns whose cells may take several lines.
    texts : collection of str
        Columns that are left-aligned.
    titles : mapping, optional
        Titles that differ from the names.

    Returns
    -------
    Table
        One row a line.
    """
    rows = table((), texts=0)
    for name in columns:
        justify: JustifyMethod = "left" if name in texts else "right"
        title = (titles or {}).get(name, name)
        rows.add_column(title, justify=justify, no_wrap=name not in folded, overflow="fold")
    for cells in zip(*columns.values(), strict=True):
        rows.add_row("", *cells)
    return rows


def leave_out(columns: dict[str, list[str]], dispensable: Sequence[str], width: int) -> list[RenderableType]:
    """Remove columns of a table until the others fit.

    Parameters
    ----------
    columns : dict
        Cells by title; changed.
    dispensable : sequence of str
        Titles of columns that may go, the least important first.
    width : int
        Room for the table. [characters]

    Returns
    -------
    list of RenderableType
        A line that names the columns removed, if there are any.
    """
    gone = []
    for name in dispensable:
        if needed_width(columns) > width:
            del columns[name]
            gone.append(name)
    return [Text(f"  not shown: {', '.join(gone)} (wider terminal, or --csv)", style="dim")] if gone else []
