"""Parts of a text in a terminal: facts, tables, notes, filters and the health of a capture.

Whatever comes from a capture or a file name is shown as text, with control characters escaped.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.containers import Lines
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pcapframe.analysis.display._phrases import FACT_WIDTH, fitting_frames, size_text, span_text
from pcapframe.analysis.health import STATISTICS, CaptureHealth
from pcapframe.display_filters import frame_filter
from pcapframe.packets import CaptureInfo
from pcapframe.wording import counted, joined, printable, shortened

__all__ = [
    "INDENT",
    "LABEL",
    "LABEL_WIDTH",
    "WARNING",
    "capture_lines",
    "facts",
    "filters_table",
    "health_brief",
    "health_lines",
    "indented",
    "note_line",
    "plain_text",
    "table",
]

NOTE = 6_000  # longest note [characters]
FEW = 3  # limited statistics in a short text
INDENT, LABEL_WIDTH = 4, 15  # of the filters of a pattern [characters]
LABEL, FILTER, WARNING = "dim", "green", "yellow"


def plain_text(renderable: RenderableType, *, width: int = 100) -> str:
    """Write something as plain text.

    Parameters
    ----------
    renderable : RenderableType
        What rich can print.
    width : int, default 100
        Characters in a line.

    Returns
    -------
    str
        Lines, without colours and without spaces at their end.

    Examples
    --------
    >>> plain_text(facts([("packets", "12")]))
    '  packets      12'
    """
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None, force_jupyter=False, legacy_windows=False)
    console.print(renderable)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def capture_lines(capture: CaptureInfo) -> Iterator[RenderableType]:
    """Write the facts about a capture.

    Parameters
    ----------
    capture : CaptureInfo
        What is shown.

    Yields
    ------
    RenderableType
        One line after another.
    """
    links = [joined(capture.link_types, capture.link_types_total)] if capture.link_types else []
    how = [capture.format, *([capture.compression] if capture.compression else []), *links]
    how += [f"{len(capture.captures):,} files"] if capture.captures else []
    yield Text.assemble((shortened(printable(capture.name)), "bold"), f"  {printable(', '.join(how))}")
    yield Text(f"{counted(capture.packets, 'packet')}, {size_text(capture.bytes)}")
    if capture.first_time is not None and capture.last_time is not None:
        yield Text(span_text(capture.first_time, capture.last_time))


def health_lines(health: CaptureHealth, *, width: int) -> RenderableType:
    """Write what a capture can and cannot support.

    Parameters
    ----------
    health : CaptureHealth
        What is shown.
    width : int
        Characters in a line.

    Returns
    -------
    RenderableType
        The short sentence, then each finding with what it limits and where to see it.
    """
    lines: list[RenderableType] = [Padding(Text(health.sentence), (0, 0, 0, 2))]
    for finding in health.findings:
        rows: list[RenderableType] = [note_line(finding.sentence)]
        grid = filters_table(finding.evidence.frames, finding.evidence.frame_count, width - INDENT)
        if finding.evidence.display_filter_all is not None:
            grid.add_row("display filter", finding.evidence.display_filter_all)
        for qualifier, statistics in finding.limits().items():
            grid.add_row(qualifier, Text(", ".join(statistics), style="none"))
        if grid.row_count:
            rows.append(Padding(grid, (0, 0, 0, 2)))
        lines.append(Padding(Group(*rows), (0, 0, 0, 2)))
    return Group(*lines)


def health_brief(health: CaptureHealth) -> RenderableType:
    """Write in short what a capture can and cannot support.

    Parameters
    ----------
    health : CaptureHealth
        What is shown.

    Returns
    -------
    RenderableType
        A sentence for all statistics and one a finding, without evidence.
    """
    limited = [STATISTICS[name] for name in health.qualifiers]
    sentence = health.sentence
    if limited:
        more = f" and {len(limited) - FEW:,} more" if len(limited) > FEW else ""
        counts = f"{len(limited):,} of {len(STATISTICS):,} kinds of statistics"
        sentence = f"{counts} are not reliable as counted: {', '.join(limited[:FEW])}{more}."
    lines = [Text(sentence), *(note_line(finding.sentence) for finding in health.findings)]
    if limited:
        lines.append(
            Text(
                "pcapframe analyze tells lower bounds from unknown ones, and lists the packets that show it.",
                style=LABEL,
            )
        )
    return Padding(Group(*lines), (0, 0, 0, 2))


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Write labels and values in two columns.

    Parameters
    ----------
    rows : iterable of (str, str)
        Label and value; control characters are replaced.

    Returns
    -------
    Table
        Without lines.
    """
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style=LABEL, no_wrap=True, min_width=FACT_WIDTH)
    grid.add_column(overflow="fold")
    for label, value in rows:
        grid.add_row(f"  {label}", Text(printable(value)))
    return grid


def table(columns: Sequence[str], *, texts: int = 1) -> Table:
    """Make a table without lines.

    Parameters
    ----------
    columns : sequence of str
        Their titles.
    texts : int, default 1
        How many columns, from the left, are text. The others are numbers, except a column without a title.

    Returns
    -------
    Table
        Without rows so far.
    """
    made = _Rows(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=LABEL)
    for place, name in enumerate(["", *columns]):
        made.add_column(name, justify="left" if place <= texts or not name else "right", overflow="fold")
    return made


class _Rows(Table):
    """Titles and cells are text as it is: rich would take [ms], and the brackets of [fe80::1]:80, for markup."""

    def add_column(self, header: RenderableType = "", *args: Any, **options: Any) -> None:
        super().add_column(_as_it_is(header), *args, **options)

    def add_row(self, *cells: RenderableType | None, **options: Any) -> None:
        super().add_row(*(cell if cell is None else _as_it_is(cell) for cell in cells), **options)


def _as_it_is(cell: RenderableType) -> RenderableType:
    return _Cell(cell) if isinstance(cell, str) else cell


class _Cell(Text):
    """Text that is never broken within the port of an endpoint."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        words = [_folded(word, width) for word in self.plain.split(" ")]
        return Text(" ".join(words), self.style).wrap(console, width, **options)


def _folded(word: str, width: int) -> str:
    """Break an endpoint that is too long for a line where the port would be broken."""
    address, _, port = word.rpartition(":")
    last = len(address) % width or width  # of the address's last line
    is_broken = len(word) > width and address and port.isdecimal() and last + 1 + len(port) > width
    return f"{address}\n:{port}" if is_broken else word


def note_line(text: str) -> RenderableType:
    """Write what a reader should know before the numbers.

    Parameters
    ----------
    text : str
        A sentence; control characters are replaced.

    Returns
    -------
    RenderableType
        With a mark before it.
    """
    grid = Table.grid(padding=(0, 1))
    grid.add_row(Text("!", style=WARNING), Text(shortened(printable(text), NOTE), style=WARNING))
    return grid


def filters_table(frames: Sequence[int], total: int, width: int) -> Table:
    """Make a table with a display filter for as many frames as fit, if there are any."""
    filters = Table.grid(padding=(0, 2, 0, 0))
    filters.add_column(style=LABEL, no_wrap=True, min_width=LABEL_WIDTH)
    filters.add_column(style=FILTER, overflow="fold")
    if frames:
        filters.add_row(*_frames_row(frames, total, width))
    return filters


def _frames_row(frames: Sequence[int], total: int, width: int) -> tuple[str, str]:
    """Say how many frames there are, and write a display filter for as many as fit."""
    label = f"{len(frames):,} of {counted(total, 'frame')}"
    shown = fitting_frames(frames, width - 2 - max(len(label), LABEL_WIDTH))
    part = f"{len(shown):,} of " if total > len(shown) else ""
    return f"{part}{counted(total, 'frame')}", frame_filter(shown) or ""


def indented(text: str) -> RenderableType:
    return Padding(Text(text), (0, 0, 0, 2))
