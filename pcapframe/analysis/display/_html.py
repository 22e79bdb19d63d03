"""An analysis in a notebook: HTML in which everything is escaped."""

import html
from collections.abc import Iterable
from typing import TYPE_CHECKING

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
from pcapframe.wording import counted, printable, shortened

if TYPE_CHECKING:
    from pcapframe.analysis.display._report import Report

__all__ = ["html_text"]

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
    body.append(f"<p><b>Capture health.</b> {_escaped(report.health.sentence)}</p>")
    items = "".join(f"<li>{_escaped(str(finding))}</li>" for finding in report.health.findings)
    body += [f"<ul>{items}</ul>"] if items else []
    seen = statistics["retransmissions"]
    rows = [
        (RETRANSMITTED, retransmitted_text(statistics, report.health)),
        *wireshark_rows(seen["wireshark_total"], seen["differences"], report.health, WIDTH),
        *reordering_rows(statistics["reordering"], report.health, WIDTH),
    ]
    counts = [totals_text(statistics, report.health)]
    counts += [f"{name}: {text}" if name else text for name, text in rows]
    body += [f"<p>{_lines(counts)}</p>"] if statistics["total_connections"] else []
    patterns = [
        f"<tr><td>{_escaped(spaced(seen.category))}</td><td><code>{_escaped(seen.pattern)}</code></td>"
        f"<td style='white-space:normal;text-align:left'>{_escaped(seen.description)}</td>"
        f"<td>{_escaped(str(seen.evidence))}</td></tr>"
        for seen in report.patterns
    ]
    if patterns:
        head = "".join(f"<th>{name}</th>" for name in ("category", "pattern", "observed", "evidence"))
        body.append(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(patterns)}</tbody></table>")
    return f"<div>{''.join(body)}</div>"


def _lines(texts: Iterable[str]) -> str:
    return "<br>".join(_escaped(text) for text in texts)


def _escaped(text: str) -> str:
    return html.escape(printable(text))
