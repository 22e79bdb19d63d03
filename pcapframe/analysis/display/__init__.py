"""An analysis as a person reads it: coloured in a terminal, as plain text, and in a notebook.

``_phrases`` words what is seen, ``_terminal`` has the parts of a text, ``_sections`` those of an analysis,
``_html`` writes it for a notebook, ``_brief`` is the first screen, and ``_report`` is all of it. Whatever comes from a
capture or a file name is shown as text: control characters are escaped, and so is HTML.
"""

from pcapframe.analysis.display._brief import Brief, health_line
from pcapframe.analysis.display._phrases import RETRANSMITTED, reordering_rows, seen_count, wireshark_rows
from pcapframe.analysis.display._report import Report
from pcapframe.analysis.display._terminal import (
    capture_lines,
    facts,
    health_brief,
    health_lines,
    note_line,
    plain_text,
    table,
)

__all__ = [
    "RETRANSMITTED",
    "Brief",
    "Report",
    "capture_lines",
    "facts",
    "health_brief",
    "health_line",
    "health_lines",
    "note_line",
    "plain_text",
    "reordering_rows",
    "seen_count",
    "table",
    "wireshark_rows",
]
