"""Timestamps (TSval) of one address that go back.

Observed: segments whose TSval is lower than an earlier one of the same sender in the same connection, although newer
bytes or a higher ACK number show that they were sent later. Also SYNs of one address to the same server endpoint whose
TSval is lower than that of an earlier SYN.

Rule: reported when at least ``min_packets`` segments of connections went back by more than ``ticks``, or when at
least ``min_unanswered`` SYNs that went back stayed unanswered. Their share must be at least ``share`` and more than
twice that among the SYNs that went forward: many systems begin every connection with a random TSval, so SYNs that go
back mean nothing if they are answered like the others.

Limits: a packet that was overtaken has an older TSval too; it is left out where it is known to be (``reordered``).
SYNs of several hosts behind one address have several clocks.

RFC 7323 sections 3 and 5 (timestamps, PAWS), RFC 6191 (SYNs in TIME-WAIT).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask, changes, stable_order
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "TsvalBackLimits", "observe"]

NAME = "tsval_back"
CATEGORY = "connection_lifecycle"
RESTS_ON = ("flags",)
READS = ("tsval",)


class TsvalBackLimits(NamedTuple):
    """What counts as back, and when `observe` reports.

    Parameters
    ----------
    ticks : int, default 1
        Larger steps back count. [ticks]
    min_packets : int, default 1
        Fewest segments of connections that went back. [packets]
    min_unanswered : int, default 1
        Fewest SYNs that went back and stayed unanswered. [connections]
    share : float, default 0.5
        Smallest share of unanswered ones among the SYNs that went back. [0 to 1]
    """

    ticks: int = 1
    min_packets: int = 1
    min_unanswered: int = 1
    share: float = 0.5


LIMITS = TsvalBackLimits


def observe(traffic: Traffic, limits: TsvalBackLimits) -> Pattern | None:
    """Count timestamps that go back.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : TsvalBackLimits
        What counts as back.

    Returns
    -------
    Pattern or None
        ``packets`` of ``total_packets`` [packets] in ``connections``, ``back_max_ticks`` [ticks] of these, null
        without one; ``syns_back`` of ``syns_compared`` (SYNs with an earlier one of the same address to the same
        server endpoint), ``syns_back_unanswered`` and ``syns_forward_unanswered`` of the others
        [connections]. Evidence: the segments that went back, and the unanswered SYNs that did.
    """
    back = traffic.noted("back")
    back = back[back["by"] > limits.ticks]
    rows, by = traffic.noted_rows(back["frame"]), back["by"]
    waiting = traffic.is_in("handshake", "unanswered")
    if not rows.size and not waiting.any():
        return None
    syns, is_back = _syns(traffic, limits.ticks)
    unanswered = waiting[traffic.place(syns)]
    lost, forward = syns[is_back & unanswered], int((~is_back).sum())
    share, otherwise = lost.size / max(syns.size - forward, 1), int((unanswered & ~is_back).sum()) / max(forward, 1)
    tells = lost.size >= max(limits.min_unanswered, 1) and share >= limits.share and otherwise < share / 2
    enough = rows.size >= max(limits.min_packets, 1), tells
    if not any(enough):
        return None
    connections = int(traffic.places(rows).sum()) if rows.size else 0
    observations: dict[str, Any] = {
        "packets": rows.size,
        "total_packets": traffic.packet_count,
        "connections": connections,
        "back_max_ticks": int(by.max()) if rows.size else None,
        "syns_back": int(is_back.sum()),
        "syns_compared": syns.size,
        "syns_back_unanswered": lost.size,
        "syns_forward_unanswered": int((unanswered & ~is_back).sum()),
    }
    said = []
    if rows.size:
        said.append(
            f"{rows.size:,} of {counted(traffic.packet_count, 'TCP packet')} had a TSval below an earlier one of "
            f"{agreeing(rows.size, 'its', 'their')} sender's, by {int(by.max()):,} ticks at most, in "
            f"{counted(connections, 'connection')}."
        )
    if is_back.any():
        said.append(
            f"{observations['syns_back']:,} of {counted(syns.size, 'SYN')} had a TSval below that of an earlier SYN of "
            f"the same address to the same server; {lost.size:,} of these and "
            f"{observations['syns_forward_unanswered']:,} of the other {forward:,} stayed unanswered."
        )
    shown = np.union1d(rows, lost) if tells else rows
    return Pattern(NAME, CATEGORY, " ".join(said), observations, traffic.evidence(shown))


def _syns(traffic: Traffic, ticks: int) -> tuple[Array, Mask]:
    """Return first SYNs with an earlier one of the same address to the same server, and which of them go back."""
    some = traffic.flagged("SYN")
    first = ~traffic.has_flag(some.rows, "ACK")
    rows, place = some.rows[first], some.place[first]
    tsval = traffic.at("tsval", rows, np.int64, null=-1)
    keep = (tsval >= 0) & traffic.from_client(rows)
    rows, place, tsval = rows[keep], place[keep], tsval[keep]
    _, once = np.unique(place, return_index=True)
    rows, place, tsval = rows[once], place[once], tsval[once]
    client, server = traffic.endpoints.client[place] >> 16, traffic.endpoints.server[place]
    order, hosts = np.argsort(rows, kind="stable"), int(max(client.max(initial=0), server.max(initial=0) >> 16)) + 1
    for numbers, bound in ((server & 0xFFFF, 1 << 16), (server >> 16, hosts), (client, hosts)):
        order = order[stable_order(numbers[order], bound)]
    rows, tsval, begins = rows[order], tsval[order], changes(client[order], server[order])
    since = (tsval - np.roll(tsval, 1)).astype(np.uint32).view(np.int32)
    return rows[~begins], (since < -ticks)[~begins]
