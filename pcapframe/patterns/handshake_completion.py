"""How many of the attempted handshakes were completed.

Observed: connections whose SYN was refused or stayed unanswered, beside those that completed the three-way
handshake.

Rule: reported when at least ``min_failed`` handshakes failed.

Limits: half-open handshakes and connections whose SYN was not captured are neither completed nor failed; they are
counted separately. A SYN near the end of the capture may have been answered after it. ICMP replies are not read: a
SYN answered only by ICMP counts as unanswered.

RFC 9293 section 3.5.
"""

from dataclasses import dataclass
from typing import Any

from pcapframe.patterns._api import Pattern, rate
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, percent

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "HandshakeCompletionLimits", "observe"]

NAME = "handshake_completion"
CATEGORY = "connection_establishment"
RESTS_ON = ("handshakes", "unanswered", "rates")


@dataclass(frozen=True)
class HandshakeCompletionLimits:
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
        ``successful`` and ``failed`` (of which ``refused`` and ``unanswered``) [connections],
        ``failure_rate`` = failed / (successful + failed) [0 to 1] with its 95 % interval; ``half_open`` and
        ``not_captured`` [connections] beside them. Evidence: the SYNs of the failed ones and the RSTs that
        answer them.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("resets.pcap")))
    >>> traffic = Traffic(segments, pf.build_connections(segments))
    >>> observe(traffic, HandshakeCompletionLimits()).observations["failed"]
    11
    """
    counts = {name: int(traffic.is_in("handshake", name).sum()) for name in ("complete", "refused", "unanswered")}
    failed = counts["refused"] + counts["unanswered"]
    if failed < max(limits.min_failed, 1):
        return None
    tried = counts["complete"] + failed
    mask = traffic.is_in("handshake", "refused", "unanswered")
    half_open = int(traffic.is_in("handshake", "half_open").sum())
    observations: dict[str, Any] = {
        "successful": counts["complete"],
        "failed": failed,
        **rate("failure_rate", failed, tried),
        "refused": counts["refused"],
        "unanswered": counts["unanswered"],
        "half_open": half_open,
        "not_captured": int(traffic.is_in("handshake", "not_captured").sum()),
    }
    left = f"; {half_open:,} more {agreeing(half_open, 'was', 'were')} left half open" if half_open else ""
    description = (
        f"{failed:,} of {counted(tried, 'handshake')} ({percent(failed / tried)}) failed: "
        f"{counts['refused']:,} refused, {counts['unanswered']:,} unanswered{left}."
    )
    rows = traffic.flagged("SYN", "RST", within=mask).rows
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows, mask))
