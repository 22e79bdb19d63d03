"""Requests whose response never came.

Observed: the last request of a connection, if no payload of the server follows it in the capture; and how long the
connection went on after it.

Rule: reported when at least ``min_connections`` connections went on, or stayed open, for at least ``waited_s`` and
``round_trips`` round trips after such a request, without a response.

Limits: a message that expects no response looks the same. Connections whose response the capture lacks are left out, as
far as acknowledgements show it, and those of whose server it has no packet. A client that ends the connection
sooner than that is not counted. Where a connection is still open, the capture's last packet is taken as its end, or the
last one before an hour or more without any connection.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import seconds_from
from pcapframe.patterns._api import LISTED, Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.patterns._turns import CATEGORY, is_long, rows_of, to_server_s
from pcapframe.schema import ENDINGS
from pcapframe.wording import counted, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "RESTS_ON", "UnansweredRequestsLimits", "observe"]

NAME = "unanswered_requests"
RESTS_ON = ("durations", "directions", "missing_bytes")


class UnansweredRequestsLimits(NamedTuple):
    """When `observe` reports.

    Parameters
    ----------
    waited_s : float, default 0.5
        Shortest time after the request. [s]
    round_trips : float, default 5.0
        It is also at least this long. [round trips]
    min_connections : int, default 1
        Fewest connections. [connections]
    """

    waited_s: float = 0.5
    round_trips: float = 5.0
    min_connections: int = 1


LIMITS = UnansweredRequestsLimits


def observe(traffic: Traffic, limits: UnansweredRequestsLimits) -> Pattern | None:
    """Find requests without a response.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : UnansweredRequestsLimits
        When to report.

    Returns
    -------
    Pattern or None
        ``connections`` of ``total_connections`` (with turns), ``ended_by`` (``fin``, ``half_closed``, ``reset``,
        ``open``) [connections], ``waited_median_s`` and ``waited_max_s`` [s], ``by_connection`` of ``connections``: the
        100 that waited longest, each with
        ``conn_id``, ``connection`` and ``waited_s`` [s]. Evidence: first and last segment of these requests.
    """
    is_open = traffic.is_in("ending", "open", "half_closed")
    ends = np.where(is_open, traffic.recorded_until_ns, traffic.end_ns)
    mask = (traffic.number("unanswered_turns") > 0) & (traffic.number("server_packets") > 0)
    mask &= seconds_from(traffic.start_ns, ends) >= limits.waited_s
    if not mask.any():
        return None
    turns = traffic.turns_of(mask)
    turns = turns[turns["response_frame"].isna() & (turns["gap_bytes"] == 0)]
    place = traffic.place_of(turns["conn_id"].to_numpy())
    asked = traffic.time_ns(_rows_in_order(traffic, turns["request_end_frame"]))
    waited = seconds_from(asked, ends[place])
    late = is_long(waited, to_server_s(traffic)[place], limits.waited_s, limits.round_trips)
    turns, place, waited = turns[late], place[late], waited[late]
    if len(turns) < max(limits.min_connections, 1):
        return None
    order = np.argsort(-waited, kind="stable")[:LISTED]
    endings = np.bincount(traffic.codes("ending")[place], minlength=len(ENDINGS)).tolist()
    texts = traffic.endpoints.texts(place[order])
    observations: dict[str, Any] = {
        "connections": len(turns),
        "total_connections": int(np.count_nonzero(traffic.number("turns"))),
        "ended_by": {name: count for name, count in sorted(zip(ENDINGS, endings, strict=True)) if count},
        "waited_median_s": float(np.median(waited)),
        "waited_max_s": float(waited.max()),
        "by_connection": [
            {"conn_id": conn_id, "connection": text, "waited_s": wait}
            for conn_id, text, wait in zip(
                turns["conn_id"].to_numpy()[order].tolist(), texts, waited[order].tolist(), strict=True
            )
        ],
    }
    description = (
        f"In {len(turns):,} of {counted(observations['total_connections'], 'connection')} with requests, no response "
        f"followed the last request, for {seconds(observations['waited_max_s'])} at most "
        f"(median {seconds(observations['waited_median_s'])})."
    )
    rows = rows_of(traffic, (turns["request_frame"], turns["request_end_frame"]))
    return Pattern(NAME, CATEGORY, description, observations, traffic.evidence(rows))


def _rows_in_order(traffic: Traffic, frames: pd.Series) -> Any:
    """Return the row of each frame."""
    return traffic.rows_of_frames(frames)
