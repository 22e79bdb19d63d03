"""What is observed in TCP connections, with the packets that show it."""

from typing import Any, TypedDict

from pcapframe.analysis import LISTED, QUALIFIED, Address, Analysis, CaptureHealth, Qualifier, Statistics, Summary
from pcapframe.answers.envelope import (
    Envelope,
    NoTcpAnswer,
    PatternEvidence,
    Source,
    analysis_of,
    capped_evidence,
    capped_lists,
    envelope_of,
    no_tcp,
)
from pcapframe.answers.kinds import KindOfPackets, kinds_of
from pcapframe.packets import DecodeAs
from pcapframe.patterns import Pattern

__all__ = ["AnomaliesAnswer", "analyze_tcp_anomalies", "anomalies_of"]


class ObservedPattern(TypedDict):
    """One pattern."""

    pattern: str
    category: str
    description: str
    observations: dict[str, Any]
    evidence: PatternEvidence
    qualifiers: dict[str, Qualifier]


class AnomaliesAnswer(Envelope):
    """The answer of `analyze_tcp_anomalies`."""

    statistics: Statistics
    kinds: dict[str, KindOfPackets]
    patterns: list[ObservedPattern]
    summary: Summary


def analyze_tcp_anomalies(
    source: Source,
    server_ip: Address | None = None,
    server_port: int | None = None,
    *,
    limit: int = LISTED,
    decode_as: DecodeAs | None = None,
) -> AnomaliesAnswer | NoTcpAnswer:
    """State what is observed in the TCP connections of a capture, with the packets that show it.

    Parameters
    ----------
    source : capture, list of captures, DataFrame or Analysis
        As for `analyze`. An Analysis keeps its times and thresholds, and its filter unless one is given here.
    server_ip, server_port : optional
        Only connections whose server endpoint matches both.
    limit : int, default 100
        Most entries of each list, and at most 100 in evidence; the totals are exact.
    decode_as : str or iterable of str, optional
        As for `read_pcap`.

    Returns
    -------
    dict
        ``statistics`` (handshakes, flags, RST distribution, retransmissions, states), ``kinds`` (frames of RSTs,
        retransmitted and other segments that matter), ``patterns`` with their
        observations and evidence, ``summary`` by category with notable observations.

    Raises
    ------
    CaptureError
        The capture cannot be read.
    ParameterError
        An argument is not valid.

    Examples
    --------
    >>> import pcapframe as pf
    >>> answer = analyze_tcp_anomalies(pf.example("resets.pcap"))
    >>> answer["statistics"]["handshake"]["successful"], answer["statistics"]["handshake"]["failed"]
    (29, 11)
    """
    return anomalies_of(analysis_of(source, server_ip, server_port, limit, decode_as), limit=limit, evidence=limit)


def anomalies_of(analysis: Analysis, *, limit: int, evidence: int) -> AnomaliesAnswer | NoTcpAnswer:
    """Answer as `analyze_tcp_anomalies`, with a bound of its own for evidence.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.
    limit : int
        Most entries of each list.
    evidence : int
        Most connections and most frames of each list of evidence.

    Returns
    -------
    dict
        The answer.
    """
    qualified = {f"statistics.{path}": names for path, names in QUALIFIED.items()}
    envelope = envelope_of(analysis, limit, qualified, evidence=evidence)
    if not analysis.segment_count:
        return no_tcp(analysis, envelope)
    statistics = analysis.statistics if limit == LISTED else analysis.count_statistics(limit=limit)
    return AnomaliesAnswer(
        **envelope,
        statistics=statistics,
        kinds=kinds_of(analysis, evidence),
        patterns=[_pattern(pattern, analysis.health, limit, evidence) for pattern in analysis.patterns],
        summary=analysis.summary,
    )


def _pattern(pattern: Pattern, health: CaptureHealth, limit: int, evidence: int) -> ObservedPattern:
    """Return a pattern with its lists capped."""
    whole = pattern.to_dict()
    return ObservedPattern(
        pattern=whole["pattern"],
        category=whole["category"],
        description=whole["description"],
        observations=capped_lists(whole["observations"], limit),
        evidence=capped_evidence(whole["evidence"], evidence),
        qualifiers=health.of_pattern(pattern.pattern),
    )
