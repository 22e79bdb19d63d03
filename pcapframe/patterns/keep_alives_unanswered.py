"""Keep-alives that nothing answered.

Observed: keep-alives (``probe``: at most one byte below what is next, all sent is acknowledged, the peer's window is
open) and whether the peer answers before the next one (``answered_by``).

Rule: reported when in some connection at least ``min_unanswered`` had no answer.

Limits: one that comes less than ``settle_s`` before the end of the capture may still be answered and does not count.
An answer may be missing from the capture; connections with packets of one side only are left out. An answer that takes
longer than until the next one counts for that one.

RFC 9293 section 3.8.4 (keep-alives), RFC 1122 section 4.2.3.6.
"""

from typing import NamedTuple

from pcapframe.patterns._api import Pattern
from pcapframe.patterns._probes import READ, Kind, observe_unanswered
from pcapframe.patterns._traffic import Traffic

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "KeepAlivesUnansweredLimits", "observe"]

NAME = "keep_alives_unanswered"
CATEGORY = "connection_lifecycle"
RESTS_ON = ("packets",)
READS = READ
KIND = Kind(NAME, CATEGORY, "keep_alive", noun="keep-alive", plural="keep_alives")


class KeepAlivesUnansweredLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_unanswered : int, default 2
        Fewest unanswered ones of a connection. [packets]
    settle_s : float, default 1.0
        So long before the end of the capture one must come to be called unanswered. [s]
    """

    min_unanswered: int = 2
    settle_s: float = 1.0


LIMITS = KeepAlivesUnansweredLimits


def observe(traffic: Traffic, limits: KeepAlivesUnansweredLimits) -> Pattern | None:
    """Count unanswered keep-alives.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : KeepAlivesUnansweredLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``unanswered`` (of connections with at least the fewest) of ``keep_alives`` [packets], ``connections`` of
        ``connections_with_keep_alives``, by sender ``from_client`` and ``from_server`` [packets], ``ended_by_rst``
        [connections], ``by_connection`` [packets] of ``by_connection_total``. Evidence: the unanswered ones.
    """
    return observe_unanswered(traffic, limits, KIND)
