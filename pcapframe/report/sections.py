"""The sections of the report: one method each, returning HTML with embedded charts.

A capture that cannot be read, has no TCP or nothing that the filter selects yields one sentence instead of results.
Text from a capture, a file name or a parameter is escaped.
"""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from typing import Any

import pandas as pd

from pcapframe.analysis import Analysis, Finding, Selection, analyze, sum_waits
from pcapframe.errors import CaptureError, PcapframeError
from pcapframe.patterns import OF_ENDPOINTS, Evidence, Pattern, Thresholds
from pcapframe.plots import CHARTS
from pcapframe.plots._api import Section
from pcapframe.report.figures import draw_figure
from pcapframe.report.markup import Html, escaped, sentence, write_facts, write_section, write_table
from pcapframe.wording import agreeing, seconds

__all__ = ["RESULT_TYPE", "CaptureReport"]

CUT_OFF = "file_cut_off"  # name of the finding in the capture's health
RESULT_TYPE = "application/vnd.pcapframe.report+json"
ROWS = 15  # of a table
MINUTES_S = (600, 172_800)  # durations from and to which minutes are written; longer ones are in days
BELOW = "the numbers of this section."
WAITS = {
    "round_trip_s": "Round trip",
    "service_median_s": "Service",
    "service_p95_s": "95 %",
    "service_total_s": "All service",
    "client_wait_s": "Client waits",
    "transfer_s": "Transfer",
}  # columns of `sum_waits`
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
        return Html("".join(lines))

    def health(self) -> Html:
        """Return which statistics the capture supports."""
        if self.analysis is None:
            return Html("")
        health = self.analysis.health
        parts = (_finding(finding) for finding in health.findings)
        return write_section("Capture health", f"<p>{escaped(health.sentence)}</p>", *parts)

    def capture(self) -> Html:
        """Return the facts about the capture, and what could not be read."""
        if self.analysis is None:
            return Html("")
        notes = "".join(f"<li>{escaped(note)}</li>" for note in self.analysis.notes)
        listed = f"<ul class='notes'>{notes}</ul>" if notes else ""
        return write_section("Capture", write_facts(self.analysis.capture.facts()), listed)

    def overview(self) -> Html:
        """Return counts over time."""
        return self._section("overview", "Overview")

    def patterns(self) -> Html:
        """Return every pattern with its evidence."""
        if self._shown is None:
            return Html("")
        seen = self._shown.patterns
        if not seen:
            return write_section("Patterns", "<p>No pattern was observed at these thresholds.</p>")
        return write_section(f"Patterns: {len(seen)}", *(_pattern(one) for one in seen))

    def handshakes(self) -> Html:
        """Return outcomes of handshakes, by server."""
        return self._section("handshakes", "Handshakes", _by_server)

    def endings(self) -> Html:
        """Return how connections ended, and the RSTs."""
        return self._section("endings", "Endings and RSTs")

    def retransmissions(self) -> Html:
        """Return retransmissions over time and by connection."""
        return self._section("retransmissions", "Retransmissions", _by_wireshark, _most_resent)

    def timing(self) -> Html:
        """Return round-trip times, who waited for whom, and what senders were doing."""
        return self._section("timing", "Timing", _by_waits)

    def connections(self) -> Html:
        """Return the connections side by side."""
        return self._section("connections", "Connections")

    def provenance(self) -> Html:
        """Return versions, files and parameters of this report."""
        facts: dict[str, Any] = {
            "pcapframe": version("pcapframe"),
            "Libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
            "Written": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        }
        if self.analysis is None:
            return write_section("Provenance", write_facts(facts))
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
        return write_section("Provenance", write_facts(facts))

    def result(self) -> dict[str, Any]:
        """Return the data for an index of reports.

        Returns
        -------
        dict
            ``name``, ``title``, ``problem`` (None if there is something to show), ``damage`` (None of a whole
            capture), ``readable``, ``packets``, ``connections`` and ``patterns`` (by name: ``connections`` and
            ``frames`` that show it).
        """
        analysis = self.analysis
        patterns = () if self._shown is None else self._shown.patterns
        return {
            "name": self.name,
            "title": self.title,
            "problem": self.problem,
            "damage": self.damage,
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

    def _section(self, name: Section, heading: str, *tables: Callable[[Analysis], str]) -> Html:
        """Return the section's charts, then tables, after a sentence that says which numbers are limited."""
        analysis = self._shown
        if analysis is None:
            return Html("")
        charts = [chart for chart in CHARTS.values() if chart.section == name and chart.shows(analysis.connections)]
        rests_on = dict.fromkeys(statistic for chart in charts for statistic in chart.limited_by)
        limits = analysis.health.qualify_sentence(BELOW, *rests_on)
        said = [] if limits == BELOW else [f"<p class='evidence'>{escaped(limits)}</p>"]
        drawn = [draw_figure(chart, analysis, options) for chart in charts for options in chart.reported]
        return write_section(heading, *said, *drawn, *(table(analysis) for table in tables))


def _finding(finding: Finding) -> str:
    """Return a limitation of the capture: the observation, the statistics that it affects, the evidence."""
    limits = "".join(
        f"<p class='filter'><span>{escaped(qualifier.capitalize())}</span>{escaped(', '.join(statistics))}</p>"
        for qualifier, statistics in finding.limits().items()
    )
    return f"<article><p>{escaped(finding.sentence)}</p>{limits}{_filters(finding.evidence, 'all of them')}</article>"


def _filters(evidence: Evidence, of_all: str) -> str:
    """Return the display filters for the evidence; the second one is labelled `of_all`."""
    filters = {"display filter": evidence.display_filter, of_all: evidence.display_filter_all}
    return "".join(
        f"<p class='filter'><span>{name.capitalize()}</span><code>{escaped(text)}</code></p>"
        for name, text in filters.items()
        if text is not None
    )


def _pattern(seen: Pattern) -> str:
    """Return a pattern: the observation, the evidence, the filters, all numbers."""
    numbers = write_facts({name.replace("_", " "): value for name, value in seen.observations.items()})
    return (
        f"<article><h3>{escaped(seen.pattern.replace('_', ' '))} "
        f"<small>{escaped(seen.category.replace('_', ' '))}</small></h3>"
        f"<p>{escaped(seen.description)}</p><p class='evidence'>Evidence: {escaped(str(seen.evidence))}</p>"
        f"{_filters(seen.evidence, OF_ENDPOINTS)}<details><summary>All numbers</summary>{numbers}</details></article>"
    )


def _by_server(analysis: Analysis) -> str:
    """Return handshakes by server, sorted by number of connections."""
    counts = pd.crosstab(
        [analysis.connections["server"], analysis.connections["server_port"]], analysis.connections["handshake"]
    )
    counts = counts.loc[counts.sum(axis="columns").sort_values(ascending=False, kind="stable").index]
    rows = [
        [f"{server}, port {port}", *(f"{int(count):,}" for count in row), f"{int(row.sum()):,}"]
        for (server, port), row in zip(counts.index[:ROWS], counts.to_numpy()[:ROWS], strict=True)
    ]
    names = [str(name).replace("_", " ") for name in counts.columns]
    return write_table("Handshakes by server", ["Server", *names, "Connections"], rows, len(counts))


def _by_wireshark(analysis: Analysis) -> str:
    """Return Wireshark's counts beside ours, and filters for the packets that differ."""
    health, statistics = analysis.health, analysis.statistics
    facts: dict[str, str] = {}
    filters = ""
    for name, key, seen in (
        ("Retransmitted", "retransmissions", statistics["retransmissions"]),
        ("Reordered", "reordering", statistics["reordering"]),
    ):
        facts[name] = health.qualify(seen["total"], key)
        facts[f"{name} by Wireshark's rules"] = health.qualify(seen["wireshark_total"], key)
        for who, side in (("Wireshark", "only_wireshark"), ("the evidence", "only_evidence")):
            frames: Any = seen["differences"][side]  # type: ignore[literal-required]
            if frames["frame_count"]:
                facts[f"{name}, only by {who}"] = f"{frames['frame_count']:,}"
                text = escaped(frames["display_filter"] or "")
                filters += f"<p class='filter'><span>{name}, only by {who}</span><code>{text}</code></p>"
    return write_facts(facts) + filters


def _most_resent(analysis: Analysis) -> str:
    """Return the connections with the most retransmitted segments."""
    connections = analysis.connections
    resent = connections["client_resent_segments"] + connections["server_resent_segments"]
    most = resent[resent > 0].sort_values(ascending=False, kind="stable")
    rows = []
    for conn_id in most.index[:ROWS]:
        one = connections.loc[conn_id]
        rows.append(
            [
                str(conn_id),
                f"{one['client']}, port {one['client_port']}",
                f"{one['server']}, port {one['server_port']}",
                f"{one['client_resent_segments']:,}",
                f"{one['server_resent_segments']:,}",
                f"{one['client_resent_bytes'] + one['server_resent_bytes']:,}",
            ]
        )
    if not rows:
        return "<p>No segment was retransmitted.</p>"
    head = [
        "Connection",
        "Client",
        "Server",
        "Retransmitted by client",
        "Retransmitted by server",
        "Bytes retransmitted",
    ]
    return write_table("Connections with the most retransmitted segments", head, rows, len(most))


def _by_waits(analysis: Analysis) -> str:
    """Return where the time of each server's connections went."""
    waits = sum_waits(analysis)
    waits = waits[waits["turns"] > 0]
    if waits.empty:
        return "<p>No request is in the capture.</p>"
    counts, times = ("connections", "turns", "unanswered_turns"), tuple(WAITS)
    rows = [
        [row["endpoint"], *(f"{row[name]:,}" for name in counts), *(_time(row[name]) for name in times)]
        for row in waits.iloc[:ROWS].to_dict("records")
    ]
    head = ["Server", "Connections", "Turns", "Unanswered", *WAITS.values()]
    return write_table("Where the time went, by server", head, rows, len(waits))


def _time(value: float) -> str:
    return "" if pd.isna(value) else seconds(value)


def _span(first: str | None, last: str | None) -> str:
    if first is None or last is None:
        return "unknown"
    duration = (pd.Timestamp(last) - pd.Timestamp(first)).total_seconds()
    begin, end = MINUTES_S
    return f"{duration / 60:,.1f} min" if begin <= duration < end else seconds(duration)
