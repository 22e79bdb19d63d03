"""How many of the attempted handshakes were completed.

Observed: connections whose SYN was refused or stayed unanswered, beside those that completed the three-way
handshake.

Rule: reported when at least ``min_failed`` handshakes failed.

The rate has every attempted handshake in its denominator: those of which the capture has a SYN or a SYN-ACK,
however they went.

Limits: handshakes that are neither complete nor refused nor unanswered (such as half-open ones) count as attempted
and are stated apart. Connections whose handshake was not captured are not attempted ones. A SYN near the end of the
capture may have been answered after it. A SYN answered only by ICMP counts as unanswered.

RFC 9293 section 3.5.
"""

from typing import Any, NamedTuple

from pcapframe.patterns._api import Pattern, rate
from pcapframe.patterns._traffic import Traffic
from pcapframe.schema import HANDSHAKES
from pcapframe.wording import agreeing, counted, percent

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "HandshakeCompletionLimits", "observe"]

NAME = "handshake_completion"
CATEGORY = "connection_establishment"
RESTS_ON = ("handshakes", "unanswered", "rates")

KINDS = ("complete", "refused", "unanswered", "not_captured")  # that the description states first, or not at all


class HandshakeCompletionLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_failed : int, default 1
        Fewest failed handshakes. [connections]
    """

    min_failed: int = 1


LIMITS = HandshakeCompletionLimits


def observe(traffic: Traffic, limits: HandshakeCompletionLimits) -> Pattern | None:
    """Count completed and failed handshakes.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : HandshakeCompletionLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``attempted``, of these ``successful`` and ``failed`` (of which ``refused`` and ``unanswered``) [connections],
        ``failure_rate`` = failed / attempted [0 to 1] with its 95 % interval; the other kinds of
        ``schema.HANDSHAKES``, among them ``half_open`` and ``not_captured`` [connections], beside them. Evidence: the
        SYNs of the failed ones and the RSTs that answer them.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("resets.pcap")))
    >>> traffic = Traffic(segments, pf.build_connections(segments))
    >>> observe(traffic, HandshakeCompletionLimits()).observations["failed"]
    11
    """
    counts = {name: int(traffic.is_in("handshake", name).sum()) for name in HANDSHAKES}
    failed = counts["refused"] + counts["unanswered"]
    if failed < max(limits.min_failed, 1):
        return None
    attempted = traffic.size - counts["not_captured"]
    mask = traffic.is_in("handshake", "refused", "unanswered")
    observations: dict[str, Any] = {
        "attempted": attempted,
        "successful": counts["complete"],
        "failed": failed,
        **rate("failure_rate", failed, attempted),
        **{name: count for name, count in counts.items() if name != "complete"},
    }
    others = {name: count for name, count in counts.items() if name not in KINDS and count}
    left = "".join(f", {count:,} {name.replace('_', ' ')}" for name, count in others.items())
    description = (
        f"{failed:,} of {counted(attempted, 'attempted handshake')} ({percent(failed / attempted)}) failed: "
        f"{counts['refused']:,} refused, {counts['unanswered']:,} unanswered. "
        f"Of the others, {counts['complete']:,} {agreeing(counts['complete'], 'was', 'were')} complete{left}."
    )
    rows = traffic.flagged("SYN", "RST", within=mask).rows
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows, mask))
