"""How many SYNs were answered by a SYN-ACK.

Observed: the SYNs of all connections, and how many of them belong to a connection in which a SYN-ACK
answered.

Rule: reported when answered SYNs / SYNs, without the unknown ones, is below ``response_ratio``.

Limits: a SYN-ACK is never counted as a SYN. Every SYN counts, repeats included. All SYNs of an answered connection
count as answered, since a capture does not show which of them the SYN-ACK answers: one repeated SYN among healthy
connections leaves the ratio at 1, while every repeat of an unanswered connection lowers it (``answered_connections``
counts each connection once). If the client acknowledged a SYN-ACK that the capture lacks, as in a capture of one
direction, its SYNs are neither answered nor unanswered (``unknown_syns``). A RST is counted separately
(``refused_syns``). The interval assumes that SYNs are independent, which repeats are not.

RFC 9293 section 3.5, RFC 6298 section 5.7 (repeats).
"""

from typing import Any, NamedTuple

from pcapframe.patterns._api import Pattern, rate
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, percent

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "SynResponseImbalanceLimits", "observe"]

NAME = "syn_response_imbalance"
CATEGORY = "connection_establishment"
RESTS_ON = ("flags", "unanswered", "rates")


class SynResponseImbalanceLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    response_ratio : float, default 0.5
        Answered SYNs / SYNs below which it is reported. [0 to 1]
    """

    response_ratio: float = 0.5


LIMITS = SynResponseImbalanceLimits


def observe(traffic: Traffic, limits: SynResponseImbalanceLimits) -> Pattern | None:
    """Compare all SYNs with the answered ones.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : SynResponseImbalanceLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``syn_count`` and ``syn_ack_count`` [packets], ``response_ratio`` = ``answered_syns`` / (``syn_count`` -
        ``unknown_syns``) [0 to 1] with its 95 % interval, ``refused_syns`` [packets], ``connections`` with such a SYN
        and ``answered_connections`` of them. Evidence: the SYNs without SYN-ACK.
    """
    syns = traffic.number("syn_count")
    total = int(syns.sum())
    has_answer = traffic.number("syn_ack_count") > 0
    lacks_answer = ~has_answer & traffic.is_in("handshake", "complete")
    unknown = int(syns[lacks_answer].sum())
    answered, known = int(syns[has_answer].sum()), total - unknown
    if known == 0 or answered / known >= limits.response_ratio:
        return None
    observations: dict[str, Any] = {
        "syn_count": total,
        "syn_ack_count": int(traffic.number("syn_ack_count").sum()),
        **rate("response_ratio", answered, known),
        "threshold": limits.response_ratio,
        "answered_syns": answered,
        "unknown_syns": unknown,
        "refused_syns": int(syns[traffic.is_in("handshake", "refused")].sum()),
        "connections": int(((syns > 0) & ~lacks_answer).sum()),
        "answered_connections": int(((syns > 0) & has_answer).sum()),
    }
    connections = counted(observations["connections"], "connection")
    description = (
        f"{answered:,} of {counted(known, 'SYN')} ({percent(answered / known)}) {agreeing(answered, 'was', 'were')} "
        f"answered by a SYN-ACK, in {observations['answered_connections']:,} of {connections}."
    )
    if not answered:
        syns_text = "The only SYN" if known == 1 else f"None of {known:,} SYNs, in {connections},"
        description = f"{syns_text} was {'not ' if known == 1 else ''}answered by a SYN-ACK."
    if unknown:
        description += f" Of {counted(unknown, 'more SYN')} the capture lacks the answer."
    rows = traffic.flagged("SYN", within=~has_answer & ~lacks_answer).rows
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows))
