"""An analysis as a person reads it: coloured in a terminal, as plain text, and in a notebook.

Whatever comes from a capture or a file name is shown as text: control characters are replaced, and HTML is
escaped.
"""

import html
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import fill
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.containers import Lines
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pcapframe.analysis.health import STATISTICS, CaptureHealth
from pcapframe.analysis.selection import Selection
from pcapframe.analysis.statistics import Differences, Statistics, Summary
from pcapframe.measures import frame_filter
from pcapframe.packets import CaptureInfo
from pcapframe.patterns import CATEGORIES, OF_ENDPOINTS, Pattern
from pcapframe.schema import RESEND_REASONS
from pcapframe.wording import counted, percent, printable, seconds

__all__ = [
    "Report",
    "capture_lines",
    "difference_rows",
    "facts",
    "health_brief",
    "health_lines",
    "labelled_count",
    "note_line",
    "plain_text",
    "seen_count",
    "table",
]

ROWS = 5  # of each table
BAR = 24  # longest bar [characters]
HTML_WIDTH = 120  # of a line with a display filter in a notebook [characters]
FEW = 3  # limited statistics in a short text
PATHS = 4  # of the states that connections went through
FACT_WIDTH = 13  # of a fact's label [characters]
INDENT, LABEL_WIDTH = 4, 15  # of the filters of a pattern [characters]
LABELLED = {
    "retransmissions": "labelled as retransmissions by its rules",
    "reordering": "labelled as out of order by its rules",
}
HANDSHAKE_STATISTICS = {
    "complete": "handshakes", "refused": "handshakes", "unanswered": "unanswered", "half open": "unanswered",
}  # fmt: skip
ENDING_STATISTICS = {
    "FIN": "endings", "reset": "endings", "half closed": "open_endings", "open": "open_endings",
}  # fmt: skip
NO_NOTES: Mapping[str, str] = {}
LABEL, FILTER, NAME, WARNING = "dim", "green", "bold cyan", "yellow"


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
    summary: Summary

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield from capture_lines(self.capture)
        if self.selection != Selection():
            yield Text.assemble(("filter  ", LABEL), printable(str(self.selection)))
        yield from (note_line(note) for note in self.notes)
        if self.message is not None:
            yield Text(printable(self.message), style=WARNING)
        yield _heading("Capture health")
        yield health_lines(self.health, width=options.max_width)
        if not self.statistics["total_connections"]:
            return
        yield _heading("Connections")
        yield _connections(self.statistics, self.health)
        yield _heading("RST")
        yield _rsts(self.statistics, self.health)
        yield _heading("Retransmissions")
        yield _retransmissions(self.statistics, self.patterns, self.health, options.max_width)
        yield _heading(f"Patterns: {len(self.patterns)}")
        yield from _patterns(self.patterns, options.max_width)
        if self.summary["notable_observations"]:
            yield _heading("Notable")
        for seen in self.summary["notable_observations"]:
            yield Padding(Group(Text(seen["type"], style=NAME), _indented(f"{seen['detail']}.")), (0, 0, 0, 2))

    def plain_text(self) -> str:
        """Write the report as plain text.

        Returns
        -------
        str
            Lines, without colours.
        """
        return plain_text(self)

    def html(self) -> str:
        """Write the report for a notebook.

        Returns
        -------
        str
            HTML, everything in it escaped.
        """
        capture, statistics = self.capture, self.statistics
        lines = [f"{counted(capture.packets, 'packet')}, {_bytes(capture.bytes)}"]
        if self.selection != Selection():
            lines.append(f"filter: {self.selection}")
        body = [f"<p><b>{_escaped(capture.name)}</b><br>{_lines(lines)}</p>"]
        body += [f"<p>⚠ {_escaped(note)}</p>" for note in (*self.notes, self.message) if note]
        body.append(f"<p><b>Capture health.</b> {_escaped(self.health.sentence)}</p>")
        items = "".join(f"<li>{_escaped(str(finding))}</li>" for finding in self.health.findings)
        body += [f"<ul>{items}</ul>"] if items else []
        counts = [_totals(statistics, self.health), *_resent_lines(statistics, self.health)]
        body += [f"<p>{_lines(counts)}</p>"] if statistics["total_connections"] else []
        rows = [
            f"<tr><td>{_escaped(_spaced(seen.category))}</td><td><code>{_escaped(seen.pattern)}</code></td>"
            f"<td style='white-space:normal;text-align:left'>{_escaped(seen.description)}</td>"
            f"<td>{_escaped(str(seen.evidence))}</td></tr>"
            for seen in self.patterns
        ]
        if rows:
            head = "".join(f"<th>{name}</th>" for name in ("category", "pattern", "observed", "evidence"))
            body.append(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>")
        return f"<div>{''.join(body)}</div>"


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
    how = [capture.format, *([capture.compression] if capture.compression else []), *capture.link_types]
    yield Text.assemble((printable(capture.name), "bold"), f"  {printable(', '.join(how))}")
    yield Text(f"{counted(capture.packets, 'packet')}, {_bytes(capture.bytes)}")
    if capture.first_time is not None and capture.last_time is not None:
        yield Text(_span(capture.first_time, capture.last_time))


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
        grid = _filters(finding.evidence.frames, finding.evidence.frame_count, width - INDENT)
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
        sentence = f"{counts} cannot be taken as they are: {', '.join(limited[:FEW])}{more}."
    lines = [Text(sentence), *(note_line(finding.sentence) for finding in health.findings)]
    if limited:
        lines.append(Text("pcapframe analyze says how far each can be taken, and which packets show it.", style=LABEL))
    return Padding(Group(*lines), (0, 0, 0, 2))


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Write labels and what they are of, in two columns.

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
        So many columns, from the left, are text; those after them numbers, but for one without a title.

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
    grid.add_row(Text("!", style=WARNING), Text(printable(text), style=WARNING))
    return grid


def _heading(text: str) -> RenderableType:
    return Padding(Rule(Text(text, style="bold"), align="left", style=LABEL), (1, 0, 0, 0))


def _connections(statistics: Statistics, health: CaptureHealth) -> RenderableType:
    handshake, endings, roles = statistics["handshake"], statistics["endings"], statistics["roles"]
    handshakes = {
        "complete": handshake["successful"],
        "refused": handshake["refused"],
        "unanswered": handshake["unanswered"],
        "half open": handshake["half_open"],
        "not captured": handshake["not_captured"],
    }
    named = {"FIN": "fin", "reset": "reset", "half closed": "half_closed", "open": "open"}
    ended = {name: endings[key] for name, key in named.items()}
    open_ones = _never_established(endings["open"], statistics["open_never_established"])
    rows = [
        ("in all", _totals(statistics, health)),
        ("handshake", _shares(handshakes, health, HANDSHAKE_STATISTICS)),
        ("ending", _shares(ended, health, ENDING_STATISTICS, {"open": open_ones})),
    ]
    if roles["inferred"] or roles["syn_ack"]:
        shown_by = {"by SYN": roles["syn"], "by SYN-ACK": roles["syn_ack"], "by no packet": roles["inferred"]}
        rows.append(("roles shown", _shares(shown_by, health, {})))
    return facts(rows)


def _rsts(statistics: Statistics, health: CaptureHealth) -> RenderableType:
    seen, total = statistics["rst_distribution"], statistics["flags"]["rst"]
    if not total and health.qualifier("flags") is None:
        return Text("  none")
    if not total:
        return facts([("RSTs", seen_count(total, health, "flags"))])
    ways = seen["by_direction"]
    directions = {
        "to the server": ways["to_server"],
        "from the server": ways["from_server"],
        "unknown": ways["unknown"],
    }
    connections = counted(seen["connections_with_rst_total"], "connection")
    rsts = health.qualify(total, "flags")
    flags = dict.fromkeys(directions, "flags")
    rows = [("RSTs", f"{rsts} in {connections}"), ("direction", _shares(directions, health, flags))]
    sources = table(("source", "RSTs", ""))
    most = max(seen["by_source"].values())
    for address, count in list(seen["by_source"].items())[:ROWS]:
        bar = Text("━" * max(1, round(BAR * count / most)), style="magenta")
        sources.add_row("", address, f"{count:,}", bar)
    return Group(facts(rows), sources, *_more(seen["by_source_total"], "source"))


def _retransmissions(
    statistics: Statistics, patterns: Iterable[Pattern], health: CaptureHealth, width: int
) -> RenderableType:
    seen, moved = statistics["retransmissions"], statistics["reordering"]
    total = seen["total"]
    rows = [("resent", _resent(statistics, health))]
    if total:
        reasons = [p.observations["by_reason"] for p in patterns if "by_reason" in p.observations]
        rests_on = dict.fromkeys(RESEND_REASONS, "resend_reasons")
        rows += [("reasons", _shares(by_reason, health, rests_on)) for by_reason in reasons if by_reason]
    if total or seen["wireshark_total"]:
        text = labelled_count(seen["wireshark_total"], health, "retransmissions")
        rows += [("Wireshark", text), *difference_rows(seen["differences"], "sent again", width)]
    if moved["total"] or moved["wireshark_total"]:
        rows.append(("reordered", seen_count(moved["total"], health, "reordering", "arrived after a later segment")))
        text = labelled_count(moved["wireshark_total"], health, "reordering")
        rows += [("Wireshark", text), *difference_rows(moved["differences"], "reordered", width)]
    worst = table(("client", "server", "resent", "Wireshark", "packets", "rate"), texts=2)
    for row in seen["connections"][:ROWS]:
        counts = (f"{row['retransmissions']:,}", f"{row['wireshark']:,}", f"{row['packets']:,}")
        worst.add_row("", row["client"], row["server"], *counts, percent(row["retransmissions"] / row["packets"]))
    connections = [worst] if total else []
    return Group(facts(rows), *connections, *_more(seen["connections_total"], "connection"))


def seen_count(count: int, health: CaptureHealth, statistic: str, what: str = "", *, among: str = "") -> str:
    """Write a count as far as it can be taken; none seen where it is 0 and there may have been some.

    Parameters
    ----------
    count : int
        How many.
    health : CaptureHealth
        Of the capture.
    statistic : str
        What the count rests on, a key of ``STATISTICS``.
    what, among : str, optional
        What is counted, and of how many.

    Returns
    -------
    str
        Such as ``at least 3 of 40 TCP packets``.

    Examples
    --------
    >>> import pcapframe as pf
    >>> health = pf.analyze(pf.example("midstream.pcap")).health
    >>> seen_count(0, health, "endings", among="8 connections"), seen_count(1, health, "endings", among="8 connections")
    ('none seen in 8 connections', 'at least 1 of 8 connections')
    """
    if not count and health.qualifier(statistic) == "at least":
        return f"none seen in {among}" if among else "none seen"
    return " ".join(part for part in (health.qualify(count, statistic), among and f"of {among}", what) if part)


def labelled_count(count: int, health: CaptureHealth, statistic: str) -> str:
    """Write how many packets Wireshark's rules label.

    Parameters
    ----------
    count : int
        How many.
    health : CaptureHealth
        Of the capture.
    statistic : {"retransmissions", "reordering"}
        What they are labelled as.

    Returns
    -------
    str
        Such as ``at least 3 labelled as retransmissions by its rules``.

    Examples
    --------
    >>> import pcapframe as pf
    >>> labelled_count(0, pf.analyze(pf.example("losses.pcap")).health, "retransmissions")
    'none labelled as retransmissions by its rules'
    """
    return f"{health.qualify(count, statistic) if count else 'none'} {LABELLED[statistic]}"


def difference_rows(differences: Differences, seen_as: str, width: int) -> list[tuple[str, str]]:
    """Say which packets Wireshark's rules label otherwise.

    Parameters
    ----------
    differences : dict
        Of a count in the statistics.
    seen_as : str
        What the evidence shows of those counted.
    width : int
        Characters in a line.

    Returns
    -------
    list of tuple of str
        Rows for `facts`; none where both agree.
    """
    sides = (
        ("only Wireshark", f"labelled, not {seen_as}", differences["only_wireshark"]),
        ("only evidence", f"{seen_as}, not labelled", differences["only_evidence"]),
    )
    rows = []
    for label, what, differing in sides:
        frames, total = differing["frames"], differing["frame_count"]
        if not total:
            continue
        rows.append((label, f"{total:,} {what}"))
        shown = _fitting(frames, width - FACT_WIDTH - 5)
        if shown:
            which = "" if total == len(shown) else f"{len(shown):,} of these"
            rows.append((which, frame_filter(shown) or ""))
    return rows


def _resent(statistics: Statistics, health: CaptureHealth) -> str:
    """Say how much was sent again."""
    seen = statistics["retransmissions"]
    among = counted(statistics["total_packets"], "TCP packet")
    text = seen_count(seen["total"], health, "retransmissions", among=among)
    if not seen["total"]:
        return text
    low, high = percent(seen["rate_low"] or 0.0), percent(seen["rate_high"] or 0.0)
    rate = percent(seen["rate"])
    if health.qualifier("retransmission_rate") is None:
        return f"{text} ({rate}, 95 % interval {low.removesuffix(' %')} to {high})"
    return f"{text}; rate {health.qualify(rate, 'retransmission_rate')}"


def _resent_lines(statistics: Statistics, health: CaptureHealth) -> list[str]:
    """Say how much was sent again and reordered, and what Wireshark's rules label."""
    reordered = seen_count(statistics["reordering"]["total"], health, "reordering")
    counts = (
        ("sent again", _resent(statistics, health), "retransmissions"),
        ("reordered", reordered, "reordering"),
    )
    lines = []
    for what, text, key in counts:
        seen: Any = statistics[key]  # type: ignore[literal-required]
        lines.append(f"{what}: {text}; Wireshark: {labelled_count(seen['wireshark_total'], health, key)}")
        rows = difference_rows(seen["differences"], what, HTML_WIDTH)
        lines += [f"{name}: {text}" if name else text for name, text in rows]
    return lines


def _more(total: int, noun: str) -> list[RenderableType]:
    return [Text(f"  and {counted(total - ROWS, f'more {noun}')}", style=LABEL)] if total > ROWS else []


def _patterns(patterns: Sequence[Pattern], width: int) -> Iterator[RenderableType]:
    if not patterns:
        yield Text("  none")
    for category in CATEGORIES:
        those = [pattern for pattern in patterns if pattern.category == category]
        if those:
            yield Text(_spaced(category), style="bold")
        yield from (_pattern(pattern, width) for pattern in those)


def _pattern(pattern: Pattern, width: int) -> RenderableType:
    evidence = pattern.evidence
    lines: list[RenderableType] = [
        Text(pattern.pattern, style=NAME),
        _indented(printable(pattern.description)),
    ]
    if "paths" in pattern.observations:
        lines.append(_paths(pattern.observations["paths"]))
    filters = _filters(evidence.frames, evidence.frame_count, width - INDENT)
    if evidence.display_filter_all is not None and "||" not in evidence.display_filter_all:
        filters.add_row(fill(OF_ENDPOINTS, LABEL_WIDTH), evidence.display_filter_all)
    if filters.row_count:
        lines.append(Padding(filters, (0, 0, 0, 2)))
    return Padding(Group(*lines), (0, 0, 0, 2))


def _filters(frames: Sequence[int], total: int, width: int) -> Table:
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
    shown = _fitting(frames, width - 2 - max(len(label), LABEL_WIDTH))
    part = f"{len(shown):,} of " if total > len(shown) else ""
    return f"{part}{counted(total, 'frame')}", frame_filter(shown) or ""


def _paths(paths: Sequence[dict[str, Any]]) -> RenderableType:
    """Write the states that connections went through, the most frequent first."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right")
    for path in paths[:PATHS]:
        steps = ("FIN" if value == "fin" else _spaced(value) for name, value in path.items() if name != "count")
        grid.add_row(f"{path['count']:,}", " → ".join(steps))
    return Padding(grid, (0, 0, 0, 2))


def _fitting(frames: Sequence[int], width: int) -> Sequence[int]:
    """Return the first frames, as many as a display filter of this width names."""
    count = min(len(frames), 1)
    while count < len(frames) and len(frame_filter(frames[: count + 1]) or "") <= width:
        count += 1
    return frames[:count]


def _indented(text: str) -> RenderableType:
    return Padding(Text(text), (0, 0, 0, 2))


def _totals(statistics: Statistics, health: CaptureHealth) -> str:
    connections = health.qualify_count(statistics["total_connections"], "connection", "connections")
    packets = health.qualify_count(statistics["total_packets"], "TCP packet", "packets")
    size = _bytes(statistics["total_bytes"])
    whole = health.qualify(size, "bytes")
    if health.qualifier("bytes") == "unknown":
        whole = f"an unknown number of bytes ({size.partition(' byte')[0]} as captured)"
    return f"{connections}, {packets}, {whole}"


def _never_established(count: int, never: int) -> str:
    """Say after a count of open connections how many of them were never established, if any."""
    if not never:
        return ""
    of = "" if count == 1 else "none of them established" if never == count else f"{never:,} of them never established"
    return f" ({of or 'never established'})"


def _shares(
    counts: dict[str, int], health: CaptureHealth, rests_on: Mapping[str, str], notes: Mapping[str, str] = NO_NOTES
) -> str:
    """Write counts by name without zeros, those that are unknown together at the end; a note follows its count."""
    texts, unknown = [], []
    for name, count in counts.items():
        said = health.qualifier(rests_on.get(name, ""))
        text = f"{count:,} {_spaced(name)}{notes.get(name, '')}"
        if count and said == "unknown":
            unknown.append(text)
        elif count:
            texts.append(text if said is None else f"{said} {text}")
    return ", ".join(texts + ([f"unknown ({', '.join(unknown)} as captured)"] if unknown else []))


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _lines(texts: Iterable[str]) -> str:
    return "<br>".join(_escaped(text) for text in texts)


def _escaped(text: str) -> str:
    return html.escape(printable(text))


def _bytes(count: int) -> str:
    """Write a number of bytes in a unit that suits it."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return counted(count, "byte")


def _span(first: str, last: str) -> str:
    """Write from when to when, the date once where it is the same."""
    begin, end = (text.replace("T", " ").removesuffix("+00:00") for text in (first, last))
    until = end.partition(" ")[2] if begin[:10] == end[:10] else end
    duration = (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()
    return f"{begin} to {until} UTC ({seconds(duration)})"
