"""Acknowledgements that come near 40 ms or 200 ms after the data, with nothing else outstanding.

Observed: segments with payload that were sent while nothing else was outstanding, and the time until the other side's
next packet acknowledged all of it, less the smallest time in which that side answers. A packet that acknowledges
without payload 38 to 48 ms or 180 to 220 ms later counts as delayed.

Rule: reported when in one direction of a connection at least ``min_segments`` such answers are delayed, and at least
``share`` of all that were measured there.

Limits: 40 ms and 200 ms are the times of common systems; others differ. The packets do not show whether a timer or the
application decided, nor whether the sender had more to send. Answers that carry data are measured and are never counted
as delayed.

RFC 9293 section 3.8.6.3 and RFC 1122 section 4.2.3.2 (delayed acknowledgements), RFC 896.
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.events import BANDS
from pcapframe.patterns._api import Pattern, Rows
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import counted, percent, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "DelayedAnswersLimits", "observe"]

NAME = "delayed_answers"
CATEGORY = "reliability"
RESTS_ON = ("round_trips",)
READS = ("ack_rtt_s",)


class DelayedAnswersLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    min_segments : int, default 5
        Fewest delayed answers of a direction. [packets]
    share : float, default 0.25
        Smallest share of them among the answers measured there. [0 to 1]
    """

    min_segments: int = 5
    share: float = 0.25


LIMITS = DelayedAnswersLimits


def observe(traffic: Traffic, limits: DelayedAnswersLimits) -> Pattern | None:
    """Count delayed answers.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : DelayedAnswersLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``delayed`` of ``measured`` (segments acknowledged with nothing else outstanding, in these directions)
        [packets], ``share`` [0 to 1], ``near_40_ms`` and ``near_200_ms`` [packets], ``waited_s``: the sum of these
        times [s], ``connections`` of ``total_connections``, ``by_connection`` [packets] of ``by_connection_total``.
        Evidence: the delayed answers.
    """
    late = traffic.sides["late"].astype(np.int64).reshape(-1, 2).sum(axis=1)
    mask = late >= max(limits.min_segments, 1)
    if not mask.any():
        return None
    rows, waited = _delayed(traffic, mask)
    side = 2 * traffic.place(rows) + traffic.from_client(rows)
    bands = {name: (waited >= low) & (waited <= high) for name, (low, high) in BANDS.items()}
    measured, counts = traffic.sides["measured"].astype(np.int64), np.bincount(side, minlength=2 * traffic.size)
    chosen = (counts >= max(limits.min_segments, 1)) & (counts >= limits.share * measured)
    if not chosen.any():
        return None
    kept = chosen[side]
    by_place = np.bincount(traffic.place(rows[kept]), minlength=traffic.size)
    by_connection, pairs = traffic.endpoints.count_pairs(by_place)
    total = int(measured[chosen].sum())
    observations: dict[str, Any] = {
        "delayed": int(kept.sum()),
        "measured": total,
        "share": kept.sum() / total,
        **{name: int((found & kept).sum()) for name, found in bands.items()},
        "waited_s": waited[kept].sum(),
        "connections": int((by_place > 0).sum()),
        "total_connections": traffic.size,
        "by_connection": by_connection,
        "by_connection_total": pairs,
    }
    near = {"40 ms": observations["near_40_ms"], "200 ms": observations["near_200_ms"]}
    kinds = " and ".join(f"{count:,} near {name}" for name, count in near.items() if count)
    description = (
        f"{observations['delayed']:,} of {counted(total, 'segment')} that were acknowledged with nothing else "
        f"outstanding ({percent(observations['share'])}) waited for a packet without payload: {kinds} beyond the round "
        f"trip, {seconds(float(observations['waited_s']))} in all, in {observations['connections']:,} of "
        f"{counted(traffic.size, 'connection')}."
    )
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows[kept]))


def _delayed(traffic: Traffic, mask: Array) -> tuple[Array, Array]:
    """Return the delayed answers by connection, and the delay of each beyond its side's fastest."""
    rows = traffic.within(traffic.noted_rows(traffic.noted("delayed")["frame"]), mask)
    rows, place = traffic.by_connection(Rows(rows, traffic.place(rows)))
    shortest = np.full(2 * traffic.size, np.nan)
    shortest[1::2] = traffic.connections["server_ack_rtt_min_s"].to_numpy()
    handshake = traffic.connections["handshake_rtt_s"].to_numpy()
    shortest[::2] = np.fmin(traffic.connections["client_ack_rtt_min_s"].to_numpy(), handshake)
    key = 2 * place + traffic.from_client(rows)
    return rows, traffic.column("ack_rtt_s")[rows] - np.nan_to_num(shortest[key])
