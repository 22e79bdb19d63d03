"""An analysis in a notebook: HTML in which everything is escaped."""

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pcapframe.analysis.display._brief import health_texts, sum_waited
from pcapframe.analysis.display._phrases import (
    RETRANSMITTED,
    reordering_rows,
    retransmitted_text,
    size_text,
    spaced,
    totals_text,
    wireshark_rows,
)
from pcapframe.analysis.selection import Selection
from pcapframe.analysis.standouts import looked_at
from pcapframe.wording import counted, printable, seconds, shortened

if TYPE_CHECKING:
    from pcapframe.analysis.display._report import Report

__all__ = ["html_text"]

MOST = 8  # standouts
WIDTH = 120  # of a line with a display filter [characters]


def html_text(report: "Report") -> str:
    """Write an analysis for a notebook.

    Parameters
    ----------
    report : Report
        What is shown.

    Returns
    -------
    str
        HTML, everything in it escaped.
    """
    capture, statistics = report.capture, report.statistics
    lines = [f"{counted(capture.packets, 'packet')}, {size_text(capture.bytes)}"]
    if report.selection != Selection():
        lines.append(f"filter: {report.selection}")
    body = [f"<p><b>{_escaped(shortened(capture.name))}</b><br>{_lines(lines)}</p>"]
    body += [f"<p>⚠ {_escaped(note)}</p>" for note in (*report.notes, report.message) if note]
    if statistics["total_connections"]:
        body += [_standouts(report), _tiles(report)]
    body.append(_folded("Capture health", _health(report), f": {' '.join(health_texts(report.health))}"))
    if statistics["total_connections"]:
        body.append(_folded("Counts", f"<p>{_lines(_counts(report))}</p>"))
    if report.patterns:
        body.append(_folded(counted(len(report.patterns), "pattern").capitalize(), _patterns(report)))
    return f"<div style='text-align:left'>{''.join(body)}</div>"


def _standouts(report: "Report") -> str:
    """Write what stands out, each with its filter."""
    if not report.standouts:
        return f"<p><b>Nothing stands out.</b> {_escaped(looked_at(report.statistics))}.</p>"
    items = "".join(
        f"<li>{_escaped(seen.sentence)}"
        + (f"<br><small>{_escaped(seen.selects)}: <code>{_escaped(seen.display_filter)}</code></small>"
           if seen.display_filter else "")
        + "</li>"
        for seen in report.standouts[:MOST]
    )  # fmt: skip
    more = len(report.standouts) - MOST
    rest = f"<p><small>{more:,} more: analysis.standouts</small></p>" if more > 0 else ""
    return f"<p><b>What stands out</b></p><ol>{items}</ol>{rest}"


def _tiles(report: "Report") -> str:
    """Write the numbers that a reader looks for first, side by side."""
    statistics = report.statistics
    handshake, endings = statistics["handshake"], statistics["endings"]
    waited = sum_waited(report.connections)
    tiles = {
        "handshakes complete": f"{handshake['successful']:,} of {statistics['total_connections']:,}",
        "ended by FIN": f"{endings['fin']:,}",
        "ended by RST": f"{endings['reset']:,}",
        "RSTs": f"{statistics['flags']['rst']:,}",
        RETRANSMITTED: f"{statistics['retransmissions']['total']:,}",
        "servers took": seconds(waited["servers"]),
        "clients took": seconds(waited["clients"]),
    }
    cells = "".join(
        "<span style='display:inline-block;margin:0 1.5em .5em 0'>"
        f"<b style='font-size:1.3em'>{_escaped(number)}</b><br><small>{_escaped(name)}</small></span>"
        for name, number in tiles.items()
    )
    return f"<div>{cells}</div>"


def _health(report: "Report") -> str:
    items = "".join(f"<li>{_escaped(str(finding))}</li>" for finding in report.health.findings)
    return f"<p>{_escaped(report.health.sentence)}</p>" + (f"<ul>{items}</ul>" if items else "")


def _counts(report: "Report") -> list[str]:
    """Write the counts of connections, retransmissions and reordering."""
    statistics = report.statistics
    seen = statistics["retransmissions"]
    rows = [
        (RETRANSMITTED, retransmitted_text(statistics, report.health)),
        *wireshark_rows(seen["wireshark_total"], seen["differences"], report.health, WIDTH),
        *reordering_rows(statistics["reordering"], report.health, WIDTH),
    ]
    counts = [totals_text(statistics, report.health)]
    return counts + [f"{name}: {text}" if name else text for name, text in rows]


def _patterns(report: "Report") -> str:
    rows = "".join(
        f"<tr>{_cell(spaced(seen.category))}<td style='text-align:left'><code>{_escaped(seen.pattern)}</code></td>"
        f"{_cell(seen.description)}{_cell(str(seen.evidence))}</tr>"
        for seen in report.patterns
    )
    head = "".join(
        f"<th style='text-align:left'>{name}</th>" for name in ("category", "pattern", "observed", "evidence")
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(text: str) -> str:
    return f"<td style='white-space:normal;text-align:left'>{_escaped(text)}</td>"


def _folded(title: str, body: str, beside: str = "") -> str:
    """Write a part that a click opens."""
    return f"<details><summary><b>{_escaped(title)}</b>{_escaped(beside)}</summary>{body}</details>"


def _lines(texts: Iterable[str]) -> str:
    return "<br>".join(_escaped(text) for text in texts)


def _escaped(text: str) -> str:
    return html.escape(printable(text))
