"""The sections of the report: one method each, returning HTML with embedded charts.

A capture that cannot be read, has no TCP or nothing that the filter selects yields one sentence instead of results.
Text from a capture, a file name or a parameter is escaped.
"""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib.metadata import version
from typing import Any

import pandas as pd

from pcapframe.analysis import Analysis, Selection, analyze
from pcapframe.analysis.display import health_line
from pcapframe.analysis.kept import NotKeptError
from pcapframe.errors import CaptureError, PcapframeError
from pcapframe.patterns import Thresholds
from pcapframe.plots import CHARTS
from pcapframe.plots._api import Chart, Section
from pcapframe.report.figures import draw_figure, draw_most_resent
from pcapframe.report.markup import Html, anchor_of, escaped, sentence, write_facts, write_section
from pcapframe.report.parts import finding, pattern, standouts
from pcapframe.report.tables import by_server, by_waits, by_wireshark, every_connection, most_resent
from pcapframe.wording import agreeing, seconds
from pcapframe.zones import local, zone_name

__all__ = ["RESULT_TYPE", "SECTIONS", "CaptureReport"]

CUT_OFF = "file_cut_off"  # name of the finding in the capture's health
RESULT_TYPE = "application/vnd.pcapframe.report+json"
SECTIONS = (
    "heading", "standouts", "contents", "overview", "patterns", "handshakes", "endings", "retransmissions", "timing",
    "connections", "health", "capture", "provenance",
)  # fmt: skip
"""Names of the methods whose HTML is the report, in order; the notebook has a cell each."""
HEALTH, CAPTURE, PROVENANCE = "Capture health", "Capture", "Provenance"  # headings
BELOW = "the numbers of this section."
MINUTES_S = (600, 172_800)  # durations from and to which minutes are written; longer ones are in days
NEED_SEGMENTS: dict[Callable[[Analysis], str], str] = {
    draw_most_resent: CHARTS["time_sequence"].title,
    by_waits: "Where the time went, by server",
}
"""Titles of what needs them beside charts."""
LIBRARIES = ("numpy", "pandas", "numba", "matplotlib")


class CaptureReport:
    """One capture, section by section.

    Parameters
    ----------
    capture : path or list of paths
        What `read_pcap` takes.
    server_ip, server_port, start, end : optional
        As for `analyze`.
    thresholds : mapping, optional
        Values by their flat name, as for `Thresholds.with_values`.
    decode_as : str or list of str, optional
        As for `read_pcap`.
    title : str, optional
        Heading; the capture's name by default.

    Examples
    --------
    >>> import pcapframe as pf
    >>> report = CaptureReport(pf.example("clean.pcap"), title="Monday")
    >>> report.result()["problem"] is None
    True
    """

    def __init__(
        self,
        capture: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        server_ip: str | None = None,
        server_port: int | None = None,
        start: str | None = None,
        end: str | None = None,
        thresholds: Mapping[str, float] | None = None,
        decode_as: str | Sequence[str] | None = None,
        server_name: str | None = None,
        names: str | None = None,
        title: str | None = None,
    ) -> None:
        self._captures = [capture] if isinstance(capture, str | os.PathLike) else list(capture)
        self.title = title or self.name
        self._made: dict[Section, Html] = {}
        self._left: list[str] = []  # titles of what needs more than is kept of the capture
        self.analysis: Analysis | None = None
        self.problem: str | None = None
        self._error: PcapframeError | None = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the capture's notes say what could not be read
                self.analysis = analyze(
                    [os.fspath(one) for one in self._captures] if len(self._captures) != 1 else self._captures[0],
                    server_ip=server_ip,
                    server_port=server_port,
                    start=start,
                    end=end,
                    thresholds=Thresholds().with_values(thresholds or {}),
                    decode_as=decode_as,
                    server_name=server_name,
                    names=names or True,
                    progress=False,
                )
        except PcapframeError as error:
            self.problem, self._error = str(error), error
        if self.analysis is not None and self.analysis.message is not None:
            self.problem = self.analysis.message

    @property
    def name(self) -> str:
        """Name of the capture, or of the first one and the number of others."""
        first = os.path.basename(os.fspath(self._captures[0])) if self._captures else "no capture"
        return first if len(self._captures) < 2 else f"{first} and {len(self._captures) - 1} more"

    @cached_property
    def _shown(self) -> Analysis | None:
        """The analysis, if it has connections."""
        return self.analysis if self.analysis is not None and len(self.analysis.connections) else None

    @property
    def damage(self) -> str | None:
        """What is missing from a capture that is cut off or damaged; None for a complete one."""
        findings = () if self.analysis is None else self.analysis.health.findings
        return next((finding.sentence for finding in findings if finding.name == CUT_OFF), None)

    @property
    def limits(self) -> str | None:
        """Which statistics the capture limits, in a few words; None where all are reliable."""
        health = None if self.analysis is None else self.analysis.health
        limited = health is not None and any(one.limits() for one in health.findings)
        return health_line(health) if health is not None and limited else None

    def _first_standout(self) -> str | None:
        if self._shown is None:
            return None
        return self._shown.standouts[0].sentence if self._shown.standouts else "Nothing stands out"

    # Sections in the notebook's order.

    def heading(self) -> Html:
        """Return title, capture, main numbers, filter and, if there are no results, the reason."""
        lines = [f"<h1>{escaped(self.title)}</h1>"]
        if self.title != self.name:
            lines.append(f"<p class='capture'>{escaped(self.name)}</p>")
        if self.analysis is not None:
            capture, connections = self.analysis.capture, self.analysis.connections
            whole = self.analysis.whole_connections
            of = "" if len(whole) == len(connections) else f" of {len(whole):,}"
            found = self.analysis.health.qualify(len(connections), "connections")
            patterns = len(self.analysis.patterns)
            numbers = [
                (f"{capture.packets:,}", agreeing(capture.packets, "packet", "packets")),
                (f"{found}{of}", agreeing(len(whole), "TCP connection", "TCP connections")),
                (_span(capture.first_time, capture.last_time), "time span"),
                (f"{patterns:,}", agreeing(patterns, "pattern observed", "patterns observed")),
            ]
            tiles = "".join(f"<div><b>{escaped(value)}</b><span>{label}</span></div>" for value, label in numbers)
            lines.append(f"<div class='tiles'>{tiles}</div>")
            if self.analysis.selection != Selection():
                lines.append(f"<p>Filter: {escaped(str(self.analysis.selection))}</p>")
        if self.problem is not None:
            names = [os.fspath(one) for one in self._captures]
            lines.append(f"<p class='problem' role='alert'>{escaped(sentence(self.problem, *names))}</p>")
        if self.damage is not None:
            lines.append(f"<p class='damage'>{escaped(self.damage)}</p>")
        if self.limits is not None:
            lines.append(f"<p class='limits'><a href='#capture-health'>Capture health</a>: {escaped(self.limits)}</p>")
        return Html("".join(lines))

    def standouts(self) -> Html:
        """Return what stands out, the most important event first, each with a filter for its packets."""
        return Html("") if self._shown is None else write_section("What stands out", standouts(self._shown))

    def contents(self) -> Html:
        """Return the sections that follow, and what is left out: there is nothing to see, or it is not kept."""
        if self.analysis is None:
            return Html("")
        shown = [section().heading for section in (
            self.overview, self.patterns, self.handshakes, self.endings, self.retransmissions, self.timing,
            self.connections,
        )]  # fmt: skip
        headings = [heading for heading in (*shown, HEALTH, CAPTURE, PROVENANCE) if heading]
        items = "".join(f"<li><a href='#{anchor_of(one)}'>{escaped(one)}</a></li>" for one in headings)
        left = [] if self._shown is None else [chart.title for chart in CHARTS.values() if self._drawn(chart) is False]
        none = f"<p class='evidence'>Not drawn, since there is nothing to see: {escaped(', '.join(left))}.</p>"
        said = (none if left else "") + self._not_kept()
        return Html(f"<nav aria-label='Contents'><h2>Contents</h2><ol>{items}</ol>{said}</nav>")

    def health(self) -> Html:
        """Return which statistics the capture supports."""
        if self.analysis is None:
            return Html("")
        health = self.analysis.health
        parts = (finding(one) for one in health.findings)
        return write_section(HEALTH, f"<p>{escaped(health.sentence)}</p>", *parts)

    def capture(self) -> Html:
        """Return the facts about the capture, and what could not be read."""
        if self.analysis is None:
            return Html("")
        notes = "".join(f"<li>{escaped(note)}</li>" for note in self.analysis.notes)
        listed = f"<ul class='notes'>{notes}</ul>" if notes else ""
        return write_section(CAPTURE, write_facts(self.analysis.capture.facts()), listed)

    def overview(self) -> Html:
        """Return counts over time."""
        return self._section("overview", "Overview")

    def patterns(self) -> Html:
        """Return every pattern with its evidence."""
        seen = () if self._shown is None else self._shown.patterns
        return write_section(f"Patterns: {len(seen)}", *(pattern(one) for one in seen)) if seen else Html("")

    def handshakes(self) -> Html:
        """Return outcomes of handshakes, by server."""
        return self._section("handshakes", "Handshakes", by_server)

    def endings(self) -> Html:
        """Return how connections ended, and the RSTs."""
        return self._section("endings", "Endings and RSTs")

    def retransmissions(self) -> Html:
        """Return retransmissions over time and by connection."""
        return self._section("retransmissions", "Retransmissions", draw_most_resent, by_wireshark, most_resent)

    def timing(self) -> Html:
        """Return round-trip times, who waited for whom, and what senders were doing."""
        return self._section("timing", "Timing", by_waits)

    def connections(self) -> Html:
        """Return the connections side by side."""
        return self._section("connections", "Connections", every_connection)

    def provenance(self) -> Html:
        """Return versions, files and parameters of this report."""
        facts: dict[str, Any] = {
            "pcapframe": version("pcapframe"),
            "Libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
            "Written": f"{local(datetime.now(UTC)):%Y-%m-%d %H:%M:%S} {zone_name()}",
        }
        if self.analysis is None:
            return write_section(PROVENANCE, write_facts(facts))
        provenance = self.analysis.provenance
        asked = {name: value for name, value in provenance.parameters.items() if name != "thresholds" and value}
        facts["Filter"] = ", ".join(f"{name} = {value}" for name, value in asked.items()) or "none"
        defaults = Thresholds().to_dict()
        changed = {name: value for name, value in self.analysis.thresholds.to_dict().items() if value != defaults[name]}
        facts["Thresholds"] = ", ".join(f"{name} = {value:g}" for name, value in changed.items()) or "the defaults"
        for file in provenance.files:
            try:
                digest = f"SHA-256 {file.sha256()}"
            except CaptureError as error:
                digest = f"no SHA-256: {error}"
            facts[os.path.basename(file.path)] = f"{file.size:,} bytes, changed {file.mtime}, {digest}"
        return write_section(PROVENANCE, write_facts(facts))

    def result(self) -> dict[str, Any]:
        """Return the data for an index of reports.

        Returns
        -------
        dict
            ``name``, ``title``, ``problem`` (None if there is something to show), ``damage`` (None of a whole
            capture), ``limits`` (None where all statistics are reliable), ``standout`` (the first one; None without
            results), ``readable``, ``packets``, ``connections`` and ``patterns`` (by name: ``connections`` and
            ``frames`` that show it).
        """
        analysis = self.analysis
        patterns = () if self._shown is None else self._shown.patterns
        return {
            "name": self.name,
            "title": self.title,
            "problem": self.problem,
            "damage": self.damage,
            "limits": self.limits,
            "standout": self._first_standout(),
            "readable": analysis is not None,
            "packets": 0 if analysis is None else analysis.capture.packets,
            "connections": 0 if analysis is None else len(analysis.connections),
            "patterns": {
                seen.pattern: {"connections": seen.evidence.connection_count, "frames": seen.evidence.frame_count}
                for seen in patterns
            },
        }

    def check(self) -> None:
        """Raise if the capture could not be read. The notebook's last cell calls this, so that papermill fails.

        Raises
        ------
        PcapframeError
            The problem that the report states instead of results.
        """
        if self._error is not None:
            raise self._error

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """Show one line, with the machine-readable result for the index."""
        return {"text/plain": repr(self), "text/html": "", RESULT_TYPE: self.result()}

    def __repr__(self) -> str:
        return f"<CaptureReport of {self.name!r}>"

    def _not_kept(self) -> str:
        """Return a sentence that says what is left out since it is not kept, and what has it; empty without."""
        if self.analysis is None or not self._left:
            return ""
        titles = "; ".join(dict.fromkeys(self._left))  # a title may have a comma
        said = f"Left out, since they need what is not kept (keep={self.analysis.keep}): {titles}."
        there = "A report of the capture, or of a store with keep=packets, has them."
        return f"<p class='evidence'>{escaped(said)} {there}</p>"

    def _kept(self, title: str, make: Callable[[], str]) -> str:
        """Return a part of a section; empty where it needs what is not kept."""
        try:
            return make()
        except NotKeptError:
            self._left.append(title)
            return ""

    def _drawn(self, chart: Chart) -> bool | None:
        """Return whether the report draws a chart; None if it never does."""
        if chart.section is None or self._shown is None:
            return None
        return chart.shows(self._shown.connections)

    def _section(self, name: Section, heading: str, *tables: Callable[[Analysis], str]) -> Html:
        """Return the section's charts, then tables, after a sentence that says which numbers are limited.

        A section with neither is empty.
        """
        analysis = self._shown
        if analysis is None or name in self._made:
            return self._made.get(name, Html(""))
        charts = [chart for chart in CHARTS.values() if chart.section == name and self._drawn(chart)]
        rests_on = dict.fromkeys(statistic for chart in charts for statistic in chart.limited_by)
        limits = analysis.health.qualify_sentence(BELOW, *rests_on)
        said = [] if limits == BELOW else [f"<p class='evidence'>{escaped(limits)}</p>"]
        drawn = [
            self._kept(chart.title, partial(draw_figure, chart, analysis, options))
            for chart in charts
            for options in chart.reported
        ]
        others = [self._kept(NEED_SEGMENTS.get(table, heading), partial(table, analysis)) for table in tables]
        parts = [part for part in (*drawn, *others) if part]
        self._made[name] = write_section(heading, *said, *parts) if parts else Html("")
        return self._made[name]


def _span(first: str | None, last: str | None) -> str:
    if first is None or last is None:
        return "unknown"
    duration = (pd.Timestamp(last) - pd.Timestamp(first)).total_seconds()
    begin, end = MINUTES_S
    return f"{duration / 60:,.1f} min" if begin <= duration < end else seconds(duration)
