"""The share of acknowledgements that repeat the one before.

Observed: duplicate ACKs (label ``duplicate_ack``: no payload, acknowledgement and window as before), among
packets without payload, SYN, FIN or RST.

Rule: reported when their share is at least ``share``, of all or in a connection, each judged only with at least
``min_acks`` packets without payload: a share of fewer says little.

Limits: the label is Wireshark's. It requires an unchanged window, so it misses duplicates that also change the window
(about one in eleven from Linux), and it does not check whether data was outstanding. Loss, reordering and needless
retransmissions all trigger duplicate ACKs.

RFC 5681 section 2 (duplicate acknowledgement), RFC 2018 (SACK).
"""

from typing import Any, NamedTuple

from pcapframe.patterns._api import Pattern, rate
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, percent

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "DuplicateAckShareLimits", "observe"]

NAME = "duplicate_ack_share"
CATEGORY = "reliability"
RESTS_ON = ("duplicate_acks", "rates")
READS = ("duplicate_ack",)


class DuplicateAckShareLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    share : float, default 0.05
        Smallest share of duplicate ACKs. [0 to 1]
    min_acks : int, default 50
        Fewest packets without payload for which a share is judged, that of all and that of a connection. [packets]
    """

    share: float = 0.05
    min_acks: int = 50


LIMITS = DuplicateAckShareLimits


def observe(traffic: Traffic, limits: DuplicateAckShareLimits) -> Pattern | None:
    """Measure the share of duplicate ACKs.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : DuplicateAckShareLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``duplicate_acks`` of ``acks`` [packets], ``share`` [0 to 1] with its 95 % interval, ``threshold``,
        ``connections`` with any and ``connections_above`` the threshold [connections], ``by_connection``
        [packets] of ``by_connection_total``, ``from_client`` and ``from_server`` [packets]. Evidence: the
        duplicate ACKs.
    """
    by_client, by_server = (
        traffic.number("client_duplicate_acks_sent"),
        traffic.number("server_duplicate_acks_sent"),
    )
    duplicates = by_client + by_server
    total = int(duplicates.sum())
    if total == 0:
        return None
    acks = traffic.bare_acks
    bare = traffic.each_way("packets") - traffic.each_way("data_packets")
    above = int(((bare >= limits.min_acks) & (duplicates > 0) & (duplicates >= limits.share * bare)).sum())
    if not above and (acks < limits.min_acks or total < limits.share * acks):
        return None
    by_connection, pairs = traffic.endpoints.count_pairs(duplicates)
    observations: dict[str, Any] = {
        "duplicate_acks": total,
        "acks": acks,
        **rate("share", total, acks),
        "threshold": limits.share,
        "connections": int((duplicates > 0).sum()),
        "connections_above": above,
        "by_connection": by_connection,
        "by_connection_total": pairs,
        "from_client": int(by_client.sum()),
        "from_server": int(by_server.sum()),
    }
    description = (
        f"{total:,} of {counted(acks, 'packet')} that only acknowledge ({percent(total / acks)}) "
        f"{agreeing(total, 'repeats', 'repeat')} the acknowledgement before, in "
        f"{counted(observations['connections'], 'connection')}; {above:,} of these with at least "
        f"{limits.min_acks:,} packets without payload had {percent(limits.share)} or "
        "more."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(traffic.labelled("duplicate_ack")))
