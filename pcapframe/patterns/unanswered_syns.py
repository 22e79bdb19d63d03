"""Connections whose SYNs nothing answered, and how their retries are spaced.

Observed: SYNs after which the capture has no TCP segment from the server's side.

Rule: reported when at least ``min_connections`` connections stayed unanswered.

Limits: only a TCP segment is an answer; what ICMP errors say of the SYNs stands beside it. An answer may be missing
from the capture or may have arrived after its end. Connections that begin less than ``settle_s`` before the last packet
are also counted separately (``begun_at_end``).

RFC 9293 section 3.8.3; RFC 6298 sections 2.1 and 5.5 (first retry after 1 s, doubling).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._quotes import connections_by_error, listed_counts, quotes_of
from pcapframe.patterns._traffic import Rows, Traffic
from pcapframe.wording import counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "UnansweredSynsLimits", "observe"]

NAME = "unanswered_syns"
CATEGORY = "connection_establishment"
RESTS_ON = ("unanswered",)

MOST_RETRIES = 10  # spacings reported


class UnansweredSynsLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_connections : int, default 1
        Fewest unanswered connections. [connections]
    settle_s : float, default 1.0
        Connections that begin later than this before the end are also counted as ``begun_at_end``. [s]
    """

    min_connections: int = 1
    settle_s: float = 1.0


LIMITS = UnansweredSynsLimits


def observe(traffic: Traffic, limits: UnansweredSynsLimits) -> Pattern | None:
    """Count unanswered connections by server, and time their retries.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : UnansweredSynsLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``unanswered_connections`` of ``attempted_connections`` (those with a SYN), ``unanswered_share`` [0 to
        1], ``syns`` and of these ``retries`` [packets], ``retry_spacing_median_s``: the median time before
        the first retry, the second … [s], ``by_server`` [connections] of ``by_server_total``,
        ``begun_at_end`` [connections], ``icmp_connections``: those whose packets ICMP errors quote, and
        ``icmp_errors`` [connections] by type and code. Evidence: the SYNs.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("resets.pcap")))
    >>> traffic = Traffic(segments, pf.build_connections(segments))
    >>> observe(traffic, UnansweredSynsLimits()).observations["by_server"]
    {'198.51.100.21:4443': 3, '198.51.100.21:2222': 2}
    """
    mask = traffic.is_in("handshake", "unanswered")
    unanswered = int(mask.sum())
    if unanswered < max(limits.min_connections, 1):
        return None
    syns = traffic.number("syn_count")
    attempted = int((syns > 0).sum())
    by_server, servers = traffic.endpoints.count_servers(mask.astype(np.int64))
    rows = traffic.flagged("SYN", within=mask)
    has_retries = rows.rows.size > np.count_nonzero(traffic.places(rows.rows))
    spacing = _retry_spacing_s(traffic, rows) if has_retries else []
    quotes = quotes_of(traffic)
    by_error, quoted = connections_by_error(quotes, traffic.connections.index.to_numpy()[mask])
    observations: dict[str, Any] = {
        "unanswered_connections": unanswered,
        "attempted_connections": attempted,
        "unanswered_share": unanswered / attempted,
        "syns": int(syns[mask].sum()),
        "retries": int(syns[mask].sum()) - unanswered,
        "retry_spacing_median_s": spacing,
        "by_server": by_server,
        "by_server_total": servers,
        "begun_at_end": int((traffic.seconds_to_end[mask] < limits.settle_s).sum()),
        "icmp_connections": quoted,
        "icmp_errors": dict(list(by_error.items())[:LISTED]),
    }
    description = (
        f"{unanswered:,} of {counted(attempted, 'attempted connection')} ({percent(unanswered / attempted)}) "
        f"to {counted(servers, 'server endpoint')} stayed without a TCP answer."
        f"{_waits(spacing)}{_said(by_error, quoted)}"
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows.rows, mask))


def _waits(spacing: list[float]) -> str:
    """Write the median waits before the retries as a sentence after a space; nothing where there are none."""
    if not spacing:
        return ""
    which = "the first retry" if len(spacing) == 1 else f"each of the first {len(spacing)} retries"
    return f" Median wait before {which}: {', '.join(map(seconds, spacing))}."


def _said(by_error: dict[str, int], quoted: int) -> str:
    """Write what ICMP said as a sentence after a space; nothing where it said nothing."""
    if not quoted:
        return ""
    what = next(iter(by_error)) if len(by_error) == 1 else listed_counts(by_error)
    return f" ICMP errors quote packets of {quoted:,} of them: {what}."


def _retry_spacing_s(traffic: Traffic, syns: Rows) -> list[float]:
    """Median time before the first retry, the second and so on."""
    ordered = traffic.by_connection(syns)
    index = np.arange(syns.rows.size)
    retry = index - np.maximum.accumulate(np.where(ordered.begins, index, 0))
    since = traffic.seconds_between(np.roll(ordered.rows, 1), ordered.rows)
    medians = []
    for number in range(1, min(int(retry.max(initial=0)), MOST_RETRIES) + 1):
        times = since[(retry == number) & ~np.isnan(since)]
        medians.append(float(np.median(times)) if times.size else np.nan)
    return medians
