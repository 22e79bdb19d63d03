"""Bytes that the peer acknowledged and that are not in the capture.

Observed: acknowledgements of bytes that no captured segment carried (column ``capture_gap``).

Rule: reported when at least ``min_bytes`` are missing.

Limits: these bytes reached the receiver, so they were dropped during capture or took another path. A missing SYN or
FIN counts as one byte. An acknowledgement of data that was never sent is trusted up to 1 GiB. Missing bytes that were
never acknowledged are not detected. Counts of other patterns in these connections are lower bounds.

RFC 9293 section 3.4 (cumulative acknowledgement).
"""

from typing import Any, NamedTuple

from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, percent

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "CaptureGapsLimits", "observe"]

NAME = "capture_gaps"
CATEGORY = "reliability"
RESTS_ON = ("missing_bytes",)
READS = ("capture_gap",)


class CaptureGapsLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_bytes : int, default 1
        Fewest missing bytes. [bytes]
    """

    min_bytes: int = 1


LIMITS = CaptureGapsLimits


def observe(traffic: Traffic, limits: CaptureGapsLimits) -> Pattern | None:
    """Sum up the bytes missing from the capture.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : CaptureGapsLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``missing_bytes`` beside ``payload_bytes`` captured [bytes], ``missing_share`` = missing / (missing +
        captured) [0 to 1], ``from_client`` and ``from_server`` [bytes], ``acknowledgements`` that show it
        [packets], ``connections``, ``by_connection`` [bytes] of ``by_connection_total``. Evidence: these
        acknowledgements.
    """
    by_client, by_server = traffic.number("client_gap_bytes"), traffic.number("server_gap_bytes")
    missing = int(by_client.sum() + by_server.sum())
    if missing < max(limits.min_bytes, 1):
        return None
    rows = traffic.rows(traffic.column("capture_gap") != 0)
    captured = int(traffic.each_way("payload_bytes").sum())
    by_connection, pairs = traffic.endpoints.count_pairs(by_client + by_server)
    observations: dict[str, Any] = {
        "missing_bytes": missing,
        "payload_bytes": captured,
        "missing_share": missing / (missing + captured),
        "from_client": int(by_client.sum()),
        "from_server": int(by_server.sum()),
        "acknowledgements": rows.size,
        "connections": int((by_client + by_server > 0).sum()),
        "by_connection": by_connection,
        "by_connection_total": pairs,
    }
    description = (
        f"{counted(missing, 'byte')} {agreeing(missing, 'was', 'were')} acknowledged and "
        f"{agreeing(missing, 'is', 'are')} not in the capture "
        f"({percent(observations['missing_share'])} of the payload), in "
        f"{counted(observations['connections'], 'connection')}."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows))
