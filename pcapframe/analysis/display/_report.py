"""What a reader sees of an `Analysis`: in a terminal, as plain text, in a notebook."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from pcapframe.analysis.display._brief import standout_lines
from pcapframe.analysis.display._html import html_text
from pcapframe.analysis.display._sections import (
    write_connections,
    write_patterns,
    write_retransmissions,
    write_rsts,
)
from pcapframe.analysis.display._terminal import (
    LABEL,
    WARNING,
    capture_lines,
    health_lines,
    note_line,
    plain_text,
)
from pcapframe.analysis.health import CaptureHealth
from pcapframe.analysis.selection import Selection
from pcapframe.analysis.standouts import Standout
from pcapframe.analysis.statistics import Statistics
from pcapframe.packets import CaptureInfo
from pcapframe.patterns import Pattern
from pcapframe.wording import printable, shortened

__all__ = ["Report"]

LONGEST, ROOM = 50_000, 100  # of the whole text, and for saying that it was cut [characters]


@dataclass(frozen=True)
class Report:
    """What a reader sees of an `Analysis`, whose attributes these are."""

    capture: CaptureInfo
    health: CaptureHealth
    selection: Selection
    notes: tuple[str, ...]
    message: str | None
    statistics: Statistics
    patterns: tuple[Pattern, ...]
    standouts: tuple[Standout, ...]
    connections: pd.DataFrame

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield from capture_lines(self.capture)
        if self.selection != Selection():
            yield Text.assemble(("filter  ", LABEL), printable(str(self.selection)))
        yield from (note_line(note) for note in self.notes)
        if self.message is not None:
            yield Text(printable(self.message), style=WARNING)
        if self.statistics["total_connections"]:
            yield _heading("What stands out")
            yield from standout_lines(self.standouts, self.statistics, most=len(self.standouts))
        yield _heading("Capture health")
        yield health_lines(self.health, width=options.max_width)
        if not self.statistics["total_connections"]:
            return
        yield _heading("Connections")
        yield write_connections(self.statistics, self.health)
        yield _heading("RST")
        yield write_rsts(self.statistics, self.health)
        yield _heading("Retransmissions")
        yield write_retransmissions(self.statistics, self.patterns, self.health, options.max_width)
        yield _heading(f"Patterns: {len(self.patterns)}")
        yield from write_patterns(self.patterns, options.max_width)

    def plain_text(self) -> str:
        """Write the report as plain text.

        Returns
        -------
        str
            Lines, without colours; 50,000 characters at most.
        """
        return shortened(plain_text(self), LONGEST - ROOM)

    def html(self) -> str:
        """Write the report for a notebook.

        Returns
        -------
        str
            HTML, everything in it escaped.
        """
        return html_text(self)


def _heading(text: str) -> RenderableType:
    return Padding(Rule(Text(text, style="bold"), align="left", style=LABEL), (1, 0, 0, 0))
