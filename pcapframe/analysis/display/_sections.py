"""The sections of an analysis in a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import fill
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pcapframe.analysis.display._phrases import (
    ENDING_STATISTICS,
    HANDSHAKE_STATISTICS,
    RETRANSMITTED,
    never_established,
    reordering_rows,
    retransmitted_text,
    seen_count,
    shares_text,
    spaced,
    totals_text,
    wireshark_rows,
)
from pcapframe.analysis.display._terminal import INDENT, LABEL, LABEL_WIDTH, facts, filters_table, indented, table
from pcapframe.analysis.health import CaptureHealth
from pcapframe.analysis.statistics import Statistics
from pcapframe.patterns import CATEGORIES, OF_ENDPOINTS, Pattern
from pcapframe.schema import RESEND_REASONS
from pcapframe.wording import counted, percent, printable

__all__ = ["write_connections", "write_patterns", "write_retransmissions", "write_rsts"]

ROWS = 5  # of each table
BAR = 24  # longest bar [characters]
PATHS = 4  # of the states that connections went through
NAME = "bold cyan"


def write_connections(statistics: Statistics, health: CaptureHealth) -> RenderableType:
    handshake, endings, roles = statistics["handshake"], statistics["endings"], statistics["roles"]
    handshakes = {
        "complete": handshake["successful"],
        "refused": handshake["refused"],
        "unanswered": handshake["unanswered"],
        "half open": handshake["half_open"],
        "aborted": handshake["aborted"],
        "not captured": handshake["not_captured"],
    }
    named = {"FIN": "fin", "reset": "reset", "half closed": "half_closed", "open": "open"}
    ended = {name: endings[key] for name, key in named.items()}
    open_ones = never_established(endings["open"], statistics["open_never_established"])
    rows = [
        ("in all", totals_text(statistics, health)),
        ("handshake", shares_text(handshakes, health, HANDSHAKE_STATISTICS)),
        ("ending", shares_text(ended, health, ENDING_STATISTICS, {"open": open_ones})),
    ]
    if roles["inferred"] or roles["syn_ack"]:
        shown_by = {"by SYN": roles["syn"], "by SYN-ACK": roles["syn_ack"], "by no packet": roles["inferred"]}
        rows.append(("roles shown", shares_text(shown_by, health, {})))
    return facts(rows)


def write_rsts(statistics: Statistics, health: CaptureHealth) -> RenderableType:
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
    rows = [("RSTs", f"{rsts} in {connections}"), ("direction", shares_text(directions, health, flags))]
    sources = table(("source", "RSTs", ""))
    most = max(seen["by_source"].values())
    for address, count in list(seen["by_source"].items())[:ROWS]:
        bar = Text("━" * max(1, round(BAR * count / most)), style="magenta")
        sources.add_row("", address, f"{count:,}", bar)
    return Group(facts(rows), sources, *_more(seen["by_source_total"], "source"))


def write_retransmissions(
    statistics: Statistics, patterns: Iterable[Pattern], health: CaptureHealth, width: int
) -> RenderableType:
    seen, moved = statistics["retransmissions"], statistics["reordering"]
    total = seen["total"]
    rows = [(RETRANSMITTED, retransmitted_text(statistics, health))]
    if total:
        reasons = [p.observations["by_reason"] for p in patterns if "by_reason" in p.observations]
        rests_on = dict.fromkeys(RESEND_REASONS, "resend_reasons")
        rows += [("reasons", shares_text(by_reason, health, rests_on)) for by_reason in reasons if by_reason]
    if total or seen["wireshark_total"]:
        rows += wireshark_rows(seen["wireshark_total"], seen["differences"], health, width)
    if moved["total"] or moved["wireshark_total"]:
        rows += reordering_rows(moved, health, width)
    worst = table(("client", "server", RETRANSMITTED, "Wireshark", "packets", "rate"), texts=2)
    for row in seen["connections"][:ROWS]:
        counts = (f"{row['retransmissions']:,}", f"{row['wireshark']:,}", f"{row['packets']:,}")
        worst.add_row("", row["client"], row["server"], *counts, percent(row["retransmissions"] / row["packets"]))
    connections = [worst] if total else []
    return Group(facts(rows), *connections, *_more(seen["connections_total"], "connection"))


def _more(total: int, noun: str) -> list[RenderableType]:
    return [Text(f"  and {counted(total - ROWS, f'more {noun}')}", style=LABEL)] if total > ROWS else []


def write_patterns(patterns: Sequence[Pattern], width: int) -> Iterator[RenderableType]:
    if not patterns:
        yield Text("  none")
    for category in CATEGORIES:
        those = [pattern for pattern in patterns if pattern.category == category]
        if those:
            yield Text(spaced(category), style="bold")
        yield from (_pattern(pattern, width) for pattern in those)


def _pattern(pattern: Pattern, width: int) -> RenderableType:
    evidence = pattern.evidence
    lines: list[RenderableType] = [
        Text(pattern.pattern, style=NAME),
        indented(printable(pattern.description)),
    ]
    if "paths" in pattern.observations:
        lines.append(_paths(pattern.observations["paths"]))
    filters = filters_table(evidence.frames, evidence.frame_count, width - INDENT)
    if evidence.display_filter_all is not None and "||" not in evidence.display_filter_all:
        filters.add_row(fill(OF_ENDPOINTS, LABEL_WIDTH), evidence.display_filter_all)
    if filters.row_count:
        lines.append(Padding(filters, (0, 0, 0, 2)))
    return Padding(Group(*lines), (0, 0, 0, 2))


def _paths(paths: Sequence[dict[str, Any]]) -> RenderableType:
    """Write the states that connections went through, the most frequent first."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(justify="right")
    for path in paths[:PATHS]:
        steps = ("FIN" if value == "fin" else spaced(value) for name, value in path.items() if name != "count")
        grid.add_row(f"{path['count']:,}", " → ".join(steps))
    return Padding(grid, (0, 0, 0, 2))
