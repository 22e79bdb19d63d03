"""How many connections ended by a reset.

Observed: connections whose ending is ``reset`` (a RST before both sides had sent FIN), among all.

Rule: reported when resets / connections is above ``reset_rate``.

Limits: refused connections also end by a reset; they are also counted separately (``refused``). A RST after the FINs
of both sides does not count as a reset (see ``rst_after_fin``). Many programs close with a RST on purpose.

RFC 9293 sections 3.5.2 and 3.6.
"""

from typing import Any, NamedTuple

from pcapframe.patterns._api import Pattern, rate
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, percent

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "AbnormalTerminationLimits", "observe"]

NAME = "abnormal_termination"
CATEGORY = "connection_lifecycle"
RESTS_ON = ("endings", "rates")


class AbnormalTerminationLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    reset_rate : float, default 0.1
        Reset connections / all connections above which it is reported. [0 to 1]
    """

    reset_rate: float = 0.1


LIMITS = AbnormalTerminationLimits


def observe(traffic: Traffic, limits: AbnormalTerminationLimits) -> Pattern | None:
    """Compare resets with other endings.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : AbnormalTerminationLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``reset_count``, ``normal_close`` (FINs of both sides) and ``total_connections``, ``reset_rate`` [0 to
        1] with its 95 % interval, ``threshold``, and of the resets those ``refused`` [connections]. Evidence:
        their RSTs.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("resets.pcap")))
    >>> traffic = Traffic(segments, pf.build_connections(segments))
    >>> observe(traffic, AbnormalTerminationLimits()).observations["reset_count"]
    20
    """
    reset = traffic.is_in("ending", "reset")
    count = int(reset.sum())
    if count == 0 or count / traffic.size <= limits.reset_rate:
        return None
    refused = int((reset & traffic.is_in("handshake", "refused")).sum())
    normal = int(traffic.is_in("ending", "fin").sum())
    observations: dict[str, Any] = {
        "reset_count": count,
        "normal_close": normal,
        "total_connections": traffic.size,
        **rate("reset_rate", count, traffic.size),
        "threshold": limits.reset_rate,
        "refused": refused,
    }
    description = (
        f"{count:,} of {counted(traffic.size, 'connection')} ({percent(count / traffic.size)}) ended by a "
        f"RST, {refused:,} of them refused; {normal:,} {agreeing(normal, 'was', 'were')} closed by FINs of both "
        "sides."
    )
    return Pattern(
        NAME,
        CATEGORY,
        description,
        observations,
        traffic.evidence(traffic.flagged("RST", within=reset).rows, reset),
    )
