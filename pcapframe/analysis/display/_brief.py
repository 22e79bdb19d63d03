"""The first screen of an analysis: what stands out, how far it can be trusted, and a line a section."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from pcapframe.analysis.display._phrases import (
    ENDING_STATISTICS,
    HANDSHAKE_STATISTICS,
    RETRANSMITTED,
    retransmitted_text,
    shares_text,
    size_text,
    span_text,
)
from pcapframe.analysis.display._terminal import FILTER, LABEL, WARNING, note_line
from pcapframe.analysis.health import CaptureHealth
from pcapframe.analysis.selection import Selection
from pcapframe.analysis.standouts import Standout, looked_at
from pcapframe.analysis.statistics import Statistics
from pcapframe.packets import CaptureInfo
from pcapframe.patterns import Pattern
from pcapframe.wording import counted, printable, seconds, shortened

__all__ = ["SHOWN", "Brief", "health_line", "health_texts", "standout_lines", "sum_waited"]

SHOWN, LEAST = 5, 2  # standouts: at most, and at least where there is no room for more
SCREEN, AROUND = 23, 4  # lines of a terminal, and those around the standouts: blanks, a heading, the last
NAMED = 2  # statistics that health limits
NOTES = 2
WAITED = {
    "handshakes": "handshake_s", "clients": "client_wait_s", "servers": "service_total_s", "transfer": "transfer_s",
}  # fmt: skip
LEAST_S = 0.001  # shortest sum of waits that is shown [s]


@dataclass(frozen=True)
class Brief:
    """What a reader sees first of an `Analysis`, whose attributes these are."""

    capture: CaptureInfo
    health: CaptureHealth
    selection: Selection
    notes: tuple[str, ...]
    message: str | None
    standouts: tuple[Standout, ...]
    statistics: Statistics
    patterns: tuple[Pattern, ...]
    connections: pd.DataFrame

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield from self._capture()
        yield from (note_line(note) for note in self.notes[:NOTES])
        if self.message is not None:
            yield Text(printable(self.message), style=WARNING)
        if not self.statistics["total_connections"]:
            yield one_line_facts([("health", health_line(self.health))])
            return
        head = list(self._capture())
        health, rows = health_texts(self.health), list(self._sections())
        beside = options.max_width - max(len(name) for name, _ in rows) - 4  # the label and the space around it
        wrapped = sum(len(console.render_lines(one, options)) for one in head)
        wrapped += len(Text(health[0]).wrap(console, beside)) + len(health[1:])
        room = SCREEN - wrapped - len(self.notes[:NOTES]) - len(rows) - AROUND
        shown = fitting(self.standouts, console, options.max_width, room)
        yield Text()
        if self.standouts:
            yield Text("What stands out", style="bold")
        yield from standout_lines(self.standouts, self.statistics, most=shown)
        yield Text()
        yield one_line_facts([*zip(("health", ""), health, strict=False), *rows], wrapped=1)
        seen = f" and {counted(len(self.patterns), 'pattern')}" if self.patterns else ""
        yield Text(f"--full prints every number{seen}", style=LABEL)

    def _capture(self) -> Iterator[RenderableType]:
        capture = self.capture
        how = [capture.format, *([capture.compression] if capture.compression else []), *capture.link_types[:1]]
        how += [f"{len(capture.captures):,} files"] if capture.captures else []
        yield Text.assemble(
            (shortened(printable(capture.name), 60), "bold"), f"  {printable(', '.join(how))}", no_wrap=True,
            overflow="ellipsis",
        )  # fmt: skip
        when = ""
        if capture.first_time is not None and capture.last_time is not None:
            when = f", {span_text(capture.first_time, capture.last_time, 3)}"
        yield Text(f"{counted(capture.packets, 'packet')}, {size_text(capture.bytes)}{when}")
        if capture.notes:
            more = f" ({capture.notes_total - 1:,} more)" if capture.notes_total > 1 else ""
            yield note_line(f"{capture.notes[0]}{more}")
        if self.selection != Selection():
            yield Text.assemble(("filter  ", LABEL), printable(str(self.selection)))

    def _sections(self) -> Iterator[tuple[str, str]]:
        statistics, health = self.statistics, self.health
        handshake, endings = statistics["handshake"], statistics["endings"]
        handshakes = {
            "complete": handshake["successful"],
            "refused": handshake["refused"],
            "unanswered": handshake["unanswered"],
            "half open": handshake["half_open"],
            "aborted": handshake["aborted"],
            "not captured": handshake["not_captured"],
        }
        outcome = shares_text(handshakes, health, HANDSHAKE_STATISTICS)
        yield counted(statistics["total_connections"], "connection"), outcome
        ended = {
            "FIN": endings["fin"],
            "reset": endings["reset"],
            "half closed": endings["half_closed"],
            "open": endings["open"],
        }
        rsts = statistics["flags"]["rst"]
        resets = f"; {counted(rsts, 'RST')}" if rsts else ""
        yield "endings", f"{shares_text(ended, health, ENDING_STATISTICS)}{resets}"
        if statistics["retransmissions"]["total"]:
            text = retransmitted_text(statistics, health)
            count, interval, _ = text.partition(", 95 %")
            yield RETRANSMITTED, (count.replace(" (", ", ") if interval else text) + self._syn_retries()
        waited = sum_waited(self.connections)
        texts = [f"{name} {seconds(time)}" for name, time in waited.items() if time >= LEAST_S]
        if texts:
            yield "time in", ", ".join(texts[:3])

    def _syn_retries(self) -> str:
        """Say how many of what was retransmitted opens connections: no data was lost there."""
        seen = next((one for one in self.patterns if one.pattern == "packet_retransmission"), None)
        retries = seen.observations["syn_retries"] if seen else 0
        return f"; {retries:,} of them SYN or SYN-ACK" if retries else ""


def sum_waited(connections: pd.DataFrame) -> dict[str, float]:
    """Sum who was waited for, by name [s]; a client that waits for the server's greeting waits for the server."""
    waited = {name: float(connections[column].sum()) for name, column in WAITED.items()}
    greeted = float(connections[["greeting_s", "client_wait_s"]].min(axis=1, skipna=False).sum())
    return waited | {"clients": waited["clients"] - greeted, "servers": waited["servers"] + greeted}


def fitting(standouts: Sequence[Standout], console: Console, width: int, room: int) -> int:
    """Return how many of the first events fit into so many lines: at least 2, at most `SHOWN`."""
    for count, seen in enumerate(standouts[:SHOWN]):
        texts = [seen.sentence, *_filter_texts(seen)]
        room -= sum(len(Text(text).wrap(console, width - 4)) for text in texts)
        if room < (len(standouts) > count + 1) and count >= LEAST:
            return count
    return min(len(standouts), SHOWN)


def _filter_texts(seen: Standout) -> list[str]:
    """Write the filter of an event, and what it selects."""
    return [] if seen.display_filter is None else [f"{seen.selects}  {seen.display_filter}"]


def standout_lines(
    standouts: Sequence[Standout], statistics: Statistics, *, most: int = SHOWN
) -> Iterator[RenderableType]:
    """Write what stands out, each with a filter; or that nothing does."""
    if not standouts:
        yield Text.assemble(("Nothing stands out", "bold"), f"  {looked_at(statistics)}")
        return
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(justify="right", style=LABEL, no_wrap=True, min_width=3)
    grid.add_column(overflow="fold")
    for number, seen in enumerate(standouts[:most], 1):
        grid.add_row(f"{number}", Text(printable(seen.sentence)))
        if seen.display_filter is not None:
            grid.add_row("", Text.assemble((f"{seen.selects}  ", LABEL), (seen.display_filter, FILTER)))
    yield grid
    more = len(standouts) - most
    if more > 0:
        yield Text(f"    {more:,} more", style=LABEL)


def health_line(health: CaptureHealth) -> str:
    """Write in one line what a capture can and cannot support.

    Parameters
    ----------
    health : CaptureHealth
        Of the capture.

    Returns
    -------
    str
        The first statistics that it limits.
    """
    limited = [f"{name.replace('_', ' ')} {how}" for name, how in health.qualifiers.items()]
    if not limited:
        found = counted(len(health.findings), "note")
        return f"no number is limited{f' ({found})' if health.findings else ''}"
    more = f" and {len(limited) - NAMED:,} more" if len(limited) > NAMED else ""
    return f"limited: {', '.join(limited[:NAMED])}{more}"


def health_texts(health: CaptureHealth) -> list[str]:
    """Write what limits a capture most, where anything does, and which statistics are limited.

    Parameters
    ----------
    health : CaptureHealth
        Of the capture.

    Returns
    -------
    list of str
        The first finding that limits a statistic, and a line as `health_line`; or that line alone.
    """
    first = next((finding.sentence for finding in health.findings if finding.affects), None)
    return [health_line(health)] if first is None else [first, health_line(health)]


def one_line_facts(rows: Sequence[tuple[str, str]], *, wrapped: int = 0) -> Table:
    """Write labels and values in two columns, each row on one line, cut where it is too long; the first few whole."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style=LABEL, no_wrap=True, min_width=2 + max(len(label) for label, _ in rows))
    grid.add_column()
    for number, (label, value) in enumerate(rows):
        cut = number >= wrapped
        grid.add_row(f"  {label}", Text(printable(value), overflow="ellipsis" if cut else "fold", no_wrap=cut))
    return grid
