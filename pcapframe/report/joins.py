"""The report of a join: what stands out between the points, clocks, delays, losses, ladders and connections."""

import os
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pcapframe import plots
from pcapframe.analysis import Analysis
from pcapframe.display_filters import connection_filters
from pcapframe.errors import CaptureError
from pcapframe.files import written_aside
from pcapframe.joining import Joined
from pcapframe.joining.standouts import TOWARDS, JoinStandout, find_join_standouts, is_resent
from pcapframe.joining.summary import describe_path
from pcapframe.report.figures import drawn_by
from pcapframe.report.markup import (
    Cell,
    Html,
    anchor_of,
    escaped,
    sentence,
    write_facts,
    write_filter,
    write_section,
    write_table,
)
from pcapframe.report.pages import page_of
from pcapframe.schema import FATES
from pcapframe.wording import agreeing, counted, printable, seconds
from pcapframe.zones import local, zone_name

__all__ = ["JoinReport", "write_join_report"]

LADDERS = 3  # connections that have one
LADDER_ROWS = 60
LADDER_SIZE = (8.4, 7.0)  # [inches]
CONNECTIONS = 500  # rows of the table of connections
OTHERS = 5  # standouts of one capture
# Kinds of standouts of one capture that a kind of the join replaces: what one end can only count, both ends can tell.
REPLACED = {
    "resends": ("high_retransmission",),
    "losses": ("high_retransmission",),
    "added_rsts": ("rst_unlike_peer", "rst_unlike_ttl"),
    "lost_handshakes": ("repeated_syn",),
}


class JoinReport:
    """A join, section by section.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.
    title : str, optional
        Heading; the names of the points by default.

    Examples
    --------
    >>> import pcapframe as pf
    >>> same = pf.join_captures({"here": pf.example("clean.pcap"), "there": pf.example("clean.pcap")})
    >>> JoinReport(same).title
    'Join of here and there'
    """

    def __init__(self, joined: Joined, title: str | None = None) -> None:
        self.joined = joined
        self.title = title or f"Join of {', '.join(joined.names[:-1])} and {joined.names[-1]}"
        self.standouts = find_join_standouts(joined)

    def page(self) -> str:
        """Return the whole report.

        Returns
        -------
        str
            HTML that loads nothing from elsewhere.
        """
        evidence = [
            one for one in (
                self.points(), self.delays(), self.losses(), self.ladders(), self.connections(), self.one_sided(),
                self.provenance(),
            ) if one.text
        ]  # fmt: skip
        items = "".join(f"<li><a href='#{anchor_of(one.heading)}'>{escaped(one.heading)}</a></li>" for one in evidence)
        contents = f"<nav aria-label='Contents'><h2>Contents</h2><ol>{items}</ol></nav>"
        parts = [self.heading(), self.events().text, contents, *(one.text for one in evidence)]
        return page_of(parts, self.title)

    def heading(self) -> str:
        """Return the title, the captures, the main numbers, and what limits the join."""
        joined = self.joined
        fate = joined.segments["fate"].value_counts()
        common = int(joined.connections["matched_by"].notna().sum())
        numbers = [
            (common, agreeing(common, "common connection", "common connections")),
            (len(joined.segments), "packets of these"),
            (int(fate.get("lost_between", 0)), "lost between"),
            (int(fate.get("added", 0)), "added on the way"),
        ]
        tiles = "".join(f"<div><b>{number:,}</b><span>{label}</span></div>" for number, label in numbers)
        notes = "".join(f"<p class='problem' role='alert'>{escaped(note)}</p>" for note in joined.notes)
        files = "; ".join(f"{name}: {_file(joined.analyses[name])}" for name in joined.names)
        return (
            f"<h1>{escaped(self.title)}</h1><p class='capture'>{escaped(files)}</p>"
            f"<div class='tiles'>{tiles}</div>{notes}"
        )

    def events(self) -> Html:
        """Return what stands out, each event with a filter at each point that has its packets."""
        if not len(self.joined.segments):
            return write_section("What stands out", "<p>There is nothing in common to look at.</p>")
        if not self.standouts:
            looked = "Looked at: losses, RSTs, copies, addresses and clocks"
            return write_section("What stands out", f"<p><b>Nothing stands out.</b> {looked}.</p>")
        items = "".join(_event(one) for one in self.standouts)
        return write_section("What stands out", f"<ol class='standouts'>{items}</ol>")

    def points(self) -> Html:
        """Return the points along the path, and how their clocks differ."""
        points = self.joined.points
        rows: list[list[str | Cell]] = []
        for name in (points.sort_values("order") if points["order"].notna().all() else points).index:
            point, capture = points.loc[name], self.joined.analyses[str(name)].capture
            low, high, offset = (float(point[f"offset_{end}s"]) for end in ("low_", "high_", ""))
            known, measured = not np.isnan(offset), low != high
            rows.append([
                str(name),
                _file(self.joined.analyses[str(name)]),
                f"{capture.packets:,}",
                f"{offset + 0.0:+,.6f} s" if known and measured else "first" if known else "unknown",
                f"{seconds(low)} to {seconds(high)}" if known and measured else "",
                f"{point['drift_low_ppm']:+.1f} to {point['drift_high_ppm']:+.1f} ppm" if known and measured else "",
                f"{len(point['steps']):,}",
            ])  # fmt: skip
        head = ["Point", "Capture", "Packets", "Clock ahead", "No less, no more than", "Runs faster by", "Steps"]
        said = "".join(f"<p>{escaped(text)}</p>" for text in describe_path(self.joined))
        return write_section("Points and clocks", write_table("From the clients on", head, rows, len(rows)), said)

    def delays(self) -> Html:
        """Return one-way delays over time."""
        segments = self.joined.segments
        told = segments[(segments["fate"] == "passed") & segments["delay_s"].notna()]
        if told.empty:
            return Html("")
        rows: list[list[str | Cell]] = []
        for forward in (True, False):
            own = told[told["from_client"] == forward]
            if len(own):
                quartiles = [seconds(float(own["delay_s"].quantile(share))) for share in (0, 0.5, 0.95, 1)]
                low, high = (seconds(float(own[f"delay_{end}_s"].median())) for end in ("low", "high"))
                rows.append([TOWARDS[forward], f"{len(own):,}", *quartiles, f"{low} to {high}"])
        head = ["Direction", "Packets", "Least", "Median", "95 %", "Most", "Median may be"]
        return write_section(
            "One-way delay", drawn_by(lambda axes: plots.one_way_delay(self.joined, ax=axes)),
            write_table("Delay by direction", head, rows, len(rows)),
        )  # fmt: skip

    def losses(self) -> Html:
        """Return fates by direction, and losses by leg."""
        rows, segments = [], self.joined.segments
        if segments.empty:
            return Html("")
        for forward in (True, False):
            own = segments["fate"][(segments["from_client"] == forward).to_numpy()]
            rows.append([TOWARDS[forward], *(f"{int((own == fate).sum()):,}" for fate in FATES), f"{len(own):,}"])
        names = [fate.replace("_", " ").capitalize() for fate in FATES]
        fates = write_table("What became of packets, by direction", ["Direction", *names, "All"], rows, len(rows))
        legs = plots.losses_by_leg_data(self.joined)
        drawn, listed = "", ""
        if len(legs):
            lines = [
                [f"{leg['sent_at']} to {leg['missing_at']}", TOWARDS[leg["from_client"]],
                 *(f"{leg[name]:,}" for name in ("packets", "lost_between", "added"))]
                for leg in legs.to_dict("records")
            ]  # fmt: skip
            listed = write_table("By leg", ["Leg", "Direction", "Packets", "Lost", "Added"], lines, len(lines))
            if (legs[["lost_between", "added"]] > 0).any(axis=None):
                drawn = drawn_by(lambda axes: plots.losses_by_leg(self.joined, ax=axes), (8.4, 3.0))
        rules = segments["fate_rule"][(segments["fate"] != "passed").to_numpy()].value_counts()
        decided = {str(rule).replace("_", " "): f"{count:,}" for rule, count in rules.items() if count}
        why = f"<details><summary>What decided</summary>{write_facts(decided)}</details>" if decided else ""
        return write_section("Fates and losses", fates, drawn, listed, why)

    def ladders(self) -> Html:
        """Return the ladder of each of the connections with the most packets that did not pass."""
        segments = self.joined.segments
        odd = segments["path_id"][(segments["fate"] != "passed").to_numpy()].value_counts()
        parts = []
        for path_id in odd.index[:LADDERS]:
            filters = "".join(
                write_filter(f"Connection at {name}", _of_connection(self.joined, int(path_id), name))
                for name in self.joined.names
            )
            parts.append(drawn_by(partial(self._ladder, int(path_id)), LADDER_SIZE) + filters)
        if not parts:
            return Html("")
        return write_section("Most affected connections", *parts)

    def _ladder(self, path_id: int, axes: Axes) -> Axes:
        return plots.ladder(self.joined, path_id, limit=LADDER_ROWS, ax=axes)

    def connections(self) -> Html:
        """Return the common connections, those with the most losses first."""
        joined = self.joined
        common = joined.connections[joined.connections["matched_by"].notna()]
        segments = joined.segments
        if common.empty:
            return Html("")
        size = int(joined.connections.index.max()) + 1
        forward = segments["from_client"].to_numpy(bool)
        lost, added = ((segments["fate"] == fate).to_numpy() for fate in ("lost_between", "added"))
        counts = [
            np.bincount(segments["path_id"].to_numpy()[mask], minlength=size)
            for mask in (lost & forward, lost & ~forward, added, is_resent(joined))
        ]
        order = np.argsort(-(counts[0] + counts[1] + counts[2])[common.index.to_numpy()], kind="stable")
        rows: list[list[str | Cell]] = []
        shown = common.iloc[order[:CONNECTIONS]]
        for path_id, row in zip(shown.index.tolist(), shown.to_dict("records"), strict=True):
            at = next(name for name in joined.names if pd.notna(row[f"conn_id_{name}"]))
            one = joined.analyses[at].whole_connections.loc[int(row[f"conn_id_{at}"])]
            differs = [word for word in ("translated", "rewritten") if row[word] is not pd.NA and bool(row[word])]
            rows.append([
                Cell(f"{path_id:,}", path_id),
                *(Cell("", -1) if pd.isna(row[f"conn_id_{name}"]) else
                  Cell(f"{row[f'conn_id_{name}']:,}", int(row[f"conn_id_{name}"])) for name in joined.names),
                f"{one['client']}, port {one['client_port']}",
                f"{one['server']}, port {one['server_port']}",
                ", ".join(differs) or "no",
                *(Cell(f"{count[path_id]:,}", int(count[path_id])) for count in counts),
            ])  # fmt: skip
        head = ["No.", *(f"No. at {name}" for name in joined.names), "Client", "Server", "Translated or rewritten",
                "Lost to server", "Lost to client", "Added", "Retransmitted"]  # fmt: skip
        return write_section(
            "Common connections", write_table(counted(len(common), "connection"), head, rows, len(common), tools=True)
        )

    def one_sided(self) -> Html:
        """Return what stands out in each capture alone, without what the join tells for certain."""
        known = {kind for seen in self.standouts for kind in REPLACED.get(seen.kind, ())}
        parts = []
        for name in self.joined.names:
            seen = self.joined.analyses[name].standouts
            kept = [one for one in seen if one.kind not in known][:OTHERS]
            items = "".join(
                f"<li><p>{escaped(sentence(one.sentence))}</p>"
                f"{write_filter(one.selects.capitalize(), one.display_filter)}</li>"
                for one in kept
            )
            left = len([one for one in seen if one.kind in known])
            more = (
                f"<p class='evidence'>{counted(left, 'more event')} said above, by both captures.</p>" if left else ""
            )
            body = f"<ol class='standouts'>{items}</ol>" if kept else "<p>Nothing else stands out.</p>"
            parts.append(f"<h3>{escaped(name)}</h3>{body}{more}")
        return write_section("Each capture alone", *parts)

    def provenance(self) -> Html:
        """Return versions and files."""
        facts: dict[str, Any] = {
            "pcapframe": version("pcapframe"),
            "Written": f"{local(datetime.now(UTC)):%Y-%m-%d %H:%M:%S} {zone_name()}",
        }
        for name, analysis in self.joined.analyses.items():
            for file in analysis.provenance.files:
                try:
                    digest = f"SHA-256 {file.sha256()}"
                except CaptureError as error:
                    digest = f"no SHA-256: {error}"
                facts[f"{name}: {os.path.basename(file.path)}"] = f"{file.size:,} bytes, changed {file.mtime}, {digest}"
        return write_section("Provenance", write_facts(facts))


def write_join_report(joined: Joined, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
    """Write the report of a join.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.
    path : path
        The HTML file; replaced atomically if it exists.
    title : str, optional
        Heading; the names of the points by default.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OSError
        It cannot be written.
    """
    page = Path(path)
    with written_aside(page) as file:
        file.write(JoinReport(joined, title).page().encode("utf-8"))
    return page


def _file(analysis: Analysis) -> str:
    """Return the name of a capture without its folder."""
    return printable(os.path.basename(analysis.capture.name))


def _event(seen: JoinStandout) -> str:
    """Return an event: the sentence, and a filter at each point."""
    filters = "".join(
        write_filter(
            f"{counted(len(one.frames), 'packet')} at {name}"
            + (f", the first of {one.frame_count:,}" if one.frame_count > len(one.frames) else ""),
            one.display_filter,
        )
        for name, one in seen.evidence.items()
    )
    return f"<li><p>{escaped(seen.sentence)}</p>{filters}</li>"


def _of_connection(joined: Joined, path_id: int, name: str) -> str | None:
    """Return the filter for a connection at a point."""
    conn_id = joined.connections[f"conn_id_{name}"].loc[path_id]
    if pd.isna(conn_id):
        return None
    return connection_filters(joined.analyses[name].whole_connections.loc[[int(conn_id)]])[0]
