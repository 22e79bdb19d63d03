"""ICMP errors that quote packets of the capture's connections.

Observed: ICMP and ICMPv6 errors whose quoted addresses, ports and sequence number are those of a packet that one of the
connections sent; by type and code, and by the address that sent them.

Rule: reported when at least ``min_errors`` errors quote packets of connections.

Limits: an error says what a router or host says of one packet; the packets of the connection tell what became of it.
Its sender is the address in its header. An error whose quote was changed on the way, or whose connection was not
captured, is not counted. One that was captured twice counts twice.

RFC 792, RFC 1122 section 3.2.2, RFC 1191, RFC 4443; names as in Wireshark.
"""

from typing import Any, NamedTuple

from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._quotes import connections_by_error, evidence_of, listed_counts, number_by, quotes_of
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "IcmpErrorsLimits", "observe"]

NAME = "icmp_errors"
CATEGORY = "reliability"
RESTS_ON = ("packets",)


class IcmpErrorsLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_errors : int, default 1
        Fewest ICMP errors that quote packets of connections. [packets]
    """

    min_errors: int = 1


LIMITS = IcmpErrorsLimits


def observe(traffic: Traffic, limits: IcmpErrorsLimits) -> Pattern | None:
    """Count ICMP errors by type and code, and by sender.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : IcmpErrorsLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``errors``: ICMP errors that quote packets of ``connections`` of ``total_connections``,
        ``errors_quoting_tcp``: all in the capture that quote TCP, of other connections too, ``by_error``: how many by
        name, and ``connections_by_error``, of ``kinds``; ``by_source``: how many by address, of ``sources``, the first
        100 of each; ``smallest_mtu_bytes`` that an error tells [bytes], null for none. Evidence: the ICMP errors.
    """
    quotes = quotes_of(traffic)
    errors = quotes.errors
    if errors.size < max(limits.min_errors, 1):
        return None
    evidence = evidence_of(traffic, errors)
    by_error, by_source = number_by(errors["kind"], quotes.kinds), number_by(errors["source"], quotes.sources)
    by_kind, _ = connections_by_error(quotes)
    mtus = errors["mtu"][errors["mtu"] > 0]
    observations: dict[str, Any] = {
        "errors": errors.size,
        "connections": evidence.connection_count,
        "total_connections": traffic.size,
        "errors_quoting_tcp": quotes.quoting_tcp,
        "by_error": dict(list(by_error.items())[:LISTED]),
        "connections_by_error": {name: by_kind[name] for name in list(by_error)[:LISTED]},
        "kinds": len(by_error),
        "by_source": dict(list(by_source.items())[:LISTED]),
        "sources": len(by_source),
        "smallest_mtu_bytes": mtus.min() if mtus.size else None,
    }
    mtu = f" The smallest MTU that they tell is {mtus.min():,} bytes." if mtus.size else ""
    description = (
        f"{counted(errors.size, 'ICMP error')} {agreeing(errors.size, 'quotes', 'quote')} packets of "
        f"{evidence.connection_count:,} of {counted(traffic.size, 'connection')}: {listed_counts(by_error)}; from "
        f"{listed_counts(by_source) if len(by_source) > 1 else next(iter(by_source))}.{mtu}"
    )
    return Pattern(NAME, CATEGORY, description, observations, evidence)
