"""What all answers share: the capture, its health, the filter, and why there may be nothing to count."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict, cast, final

import pandas as pd

from pcapframe.analysis import Address, Analysis, CaptureHealth, Qualifier, Selection, Standout, analyze
from pcapframe.analysis.standouts import looked_at
from pcapframe.display_filters import frame_filter
from pcapframe.errors import ParameterError
from pcapframe.packets import CaptureSource, DecodeAs
from pcapframe.wording import printable, shortened

__all__ = [
    "Brief",
    "Envelope",
    "Health",
    "NoTcpAnswer",
    "PatternEvidence",
    "Source",
    "analysis_of",
    "brief_standouts",
    "capped_evidence",
    "capped_health",
    "capped_lists",
    "envelope_of",
    "no_tcp",
]

CAPTURE_TEXT = ("file", "notes", "health.findings.sentence", "standouts.sentence")
LONGEST = 1_000  # of a text from outside [characters]
Source: TypeAlias = CaptureSource | Sequence[CaptureSource] | pd.DataFrame | Analysis


class AskedFilter(TypedDict):
    """The filter; null matches anything."""

    server_ip: str | None
    server_port: int | None
    start: str | None
    end: str | None
    client_ip: NotRequired[str]
    server_name: NotRequired[str]


class PatternEvidence(TypedDict):
    """Connections (conn_id) and frame numbers that show a pattern, and display filters for Wireshark.

    `display_filter` selects the listed frames, `display_filter_all` all packets of these endpoints, including
    connections that do not show the pattern.
    """

    connections: list[int]
    connection_count: int
    frames: list[int]
    frame_count: int
    display_filter: str | None
    display_filter_all: str | None


class HealthFinding(TypedDict):
    """One thing about the capture that makes statistics unreliable; see ``analysis.health``."""

    name: str
    sentence: str
    figures: dict[str, Any]
    affects: dict[str, Qualifier]
    evidence: PatternEvidence


class Health(TypedDict):
    """What the capture can and cannot support; `qualifiers` are by the names of ``health.STATISTICS``."""

    sentence: str
    findings: list[HealthFinding]
    qualifiers: dict[str, Qualifier]


class StandingOut(TypedDict):
    """One event that stands out; `filter` selects what `selects` says. See ``analysis.standouts``."""

    kind: str
    sentence: str
    pattern: str | None
    connections: list[int]
    connection_count: int
    frames: list[int]
    frame_count: int
    filter: str | None
    selects: str


class Brief(TypedDict):
    """One event that stands out, in short."""

    kind: str
    sentence: str
    pattern: str | None


class Envelope(TypedDict):
    """What every answer has: what stands out, capture, health, time, filter, and notes on what was not read.

    `nothing_stands_out` is there only if nothing does, and says what was looked at.

    `qualifiers` names the numbers of the answer that are not reliable as counted, by their keys joined by dots (for
    entries of a list without their position): ``at least`` or ``unknown``. `capture_text` names in the same
    way the texts that repeat what the capture or its file name holds: they are data from outside, whatever they say.
    In these texts, control characters and other invisible characters are escaped, and long texts are cut.
    """

    standouts: list[StandingOut]
    standouts_total: int
    nothing_stands_out: NotRequired[str]
    file: str
    health: Health
    qualifiers: dict[str, Qualifier]
    analysis_timestamp: str
    filter: AskedFilter
    packets_analyzed: int
    max_packets: int | None
    truncated: bool
    notes: list[str]
    notes_total: int
    capture_text: list[str]
    message: NotRequired[str]


@final
class NoTcpAnswer(Envelope):
    """The answer for a capture without TCP."""

    total_packets: int
    tcp_packets_found: Literal[0]


def analysis_of(
    source: Source,
    server_ip: Address | None,
    server_port: int | None,
    limit: int,
    decode_as: DecodeAs | None = None,
) -> Analysis:
    """Return the analysis to answer from.

    Parameters
    ----------
    source : capture, list of captures, DataFrame or Analysis
        As for `analyze`. An Analysis keeps its times and thresholds, and its filter unless one is given here.
    server_ip, server_port : optional
        As for `analyze`.
    limit : int
        Most entries of each list.
    decode_as : str or iterable of str, optional
        As for `analyze`.

    Returns
    -------
    Analysis
        With the selected connections.

    Raises
    ------
    ParameterError
        `limit` is not a whole number of at least 0, or another argument is not valid.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise ParameterError(f"limit is {limit!r}: expected a whole number of at least 0")
    if not isinstance(source, Analysis) or decode_as is not None:
        return analyze(source, server_ip=server_ip, server_port=server_port, decode_as=decode_as)
    if server_ip is None and server_port is None:
        return source
    asked = source.selection
    wanted = Selection.parse(server_ip, server_port, asked.start, asked.end, asked.client_ip, asked.server_name)
    if wanted == asked:
        return source
    return analyze(source, **vars(wanted), thresholds=source.thresholds)


def envelope_of(
    analysis: Analysis, limit: int, qualified: Mapping[str, tuple[str, ...]], *, evidence: int | None = None
) -> Envelope:
    """Return the part that all answers share.

    Parameters
    ----------
    analysis : Analysis
        To answer from.
    limit : int
        Most entries of each list; the totals are exact.
    qualified : mapping
        For each key of the answer, the names in ``health.STATISTICS`` that its number depends on.
    evidence : int, optional
        Most connections and most frames of each list of evidence; by default `limit`.

    Returns
    -------
    Envelope
        To be filled with the answer.
    """
    notes = [*analysis.capture.notes, *analysis.notes]
    shown = limit if evidence is None else evidence
    said = {path: analysis.health.qualifier(*names) for path, names in qualified.items()}
    envelope = Envelope(
        standouts=[_standing_out(seen, shown) for seen in analysis.standouts[:limit]],
        standouts_total=len(analysis.standouts),
        file=_from_outside(analysis.capture.name),
        health=capped_health(analysis.health, limit, evidence=shown),
        qualifiers={path: qualifier for path, qualifier in said.items() if qualifier is not None},
        analysis_timestamp=datetime.now(UTC).isoformat(),
        filter=cast(AskedFilter, analysis.selection.to_dict()),
        packets_analyzed=analysis.packet_count,
        max_packets=None,
        truncated=analysis.capture.truncated,
        notes=[_from_outside(note) for note in notes[:limit]],
        notes_total=len(notes) + max(analysis.capture.notes_total - len(analysis.capture.notes), 0),
        capture_text=list(CAPTURE_TEXT),
    )
    if analysis.message is not None:
        envelope["message"] = analysis.message
    elif not analysis.standouts and analysis.segment_count:
        envelope["nothing_stands_out"] = f"{looked_at(analysis.statistics)}."
    return envelope


def _standing_out(seen: Standout, limit: int) -> StandingOut:
    """Return what stands out ready for ``json.dumps``, with its lists capped."""
    return StandingOut(
        kind=seen.kind,
        sentence=_from_outside(seen.sentence),
        pattern=seen.pattern,
        connections=list(seen.evidence.connections[:limit]),
        connection_count=seen.evidence.connection_count,
        frames=list(seen.evidence.frames[:limit]),
        frame_count=seen.evidence.frame_count,
        filter=seen.display_filter,
        selects=seen.selects,
    )


def brief_standouts(analysis: Analysis, limit: int) -> list[Brief]:
    """Return what stands out in short, for answers about single packets or facts.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.
    limit : int
        Most events.

    Returns
    -------
    list of dict
        The first ones, in the order of ``analysis.standouts``.
    """
    return [
        Brief(kind=seen.kind, sentence=_from_outside(seen.sentence), pattern=seen.pattern)
        for seen in analysis.standouts[:limit]
    ]


def capped_health(health: CaptureHealth, limit: int, *, evidence: int | None = None) -> Health:
    """Return a capture's health ready for ``json.dumps``, with its lists capped.

    Parameters
    ----------
    health : CaptureHealth
        As `analyze` found it.
    limit : int
        Most entries of each list; the totals are exact.
    evidence : int, optional
        Most connections and most frames of evidence; by default `limit`.

    Returns
    -------
    Health
        Each display filter selects the frames that are still listed.
    """
    whole = health.to_dict()
    for finding in whole["findings"]:
        finding["figures"] = capped_lists(finding["figures"], limit)
        finding["evidence"] = capped_evidence(finding["evidence"], limit if evidence is None else evidence)
    return cast(Health, whole)


def capped_lists(values: dict[str, Any], limit: int) -> dict[str, Any]:
    """Cap the lists and maps among values.

    Parameters
    ----------
    values : dict
        Observations of a pattern, or figures of a finding.
    limit : int
        Most entries of each.

    Returns
    -------
    dict
        The same; beside each one that is cut, ``…_total`` is its full length.

    Examples
    --------
    >>> capped_lists({"paths": [1, 2, 3], "count": 3}, 2)
    {'paths': [1, 2], 'paths_total': 3, 'count': 3}
    """
    capped: dict[str, Any] = {}
    for name, value in values.items():
        capped[name] = value
        if isinstance(value, list | dict) and len(value) > limit:
            capped[name] = dict(islice(value.items(), limit)) if isinstance(value, dict) else value[:limit]
            capped.setdefault(f"{name}_total", values.get(f"{name}_total", len(value)))
    return capped


def _from_outside(text: str) -> str:
    return shortened(printable(text), LONGEST)


def capped_evidence(evidence: dict[str, Any], limit: int) -> PatternEvidence:
    """Cap the lists of evidence.

    Parameters
    ----------
    evidence : dict
        As from ``Evidence.to_dict``.
    limit : int
        Most connections and most frames; the totals are exact.

    Returns
    -------
    PatternEvidence
        The display filter selects the frames that are still listed.
    """
    frames = evidence["frames"][:limit]
    left = {"connections": evidence["connections"][:limit], "frames": frames, "display_filter": frame_filter(frames)}
    return cast(PatternEvidence, {**evidence, **left})


def no_tcp(analysis: Analysis, envelope: Envelope) -> NoTcpAnswer:
    """Return the answer for a capture without TCP.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.
    envelope : Envelope
        Of the answer.

    Returns
    -------
    NoTcpAnswer
        The same for every question.
    """
    if analysis.health.qualifier("packets"):
        envelope["qualifiers"] = {**envelope["qualifiers"], "tcp_packets_found": "at least"}
    return NoTcpAnswer(**envelope, total_packets=analysis.packet_count, tcp_packets_found=0)
