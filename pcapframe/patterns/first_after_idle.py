"""First packets after an idle time that were answered by a RST or not at all.

Observed: data and keep-alives that end an idle time, and what the other side sent next: a RST, nothing, or anything
else (the connection survived the idle time). The longest idle time that connections survived is stated beside the
shortest that they did not.

Rule: reported when at least ``min_connections`` connections did not survive an idle time of ``idle_s`` or longer.

Limits: idle means that the capture has no packet of the connection. Only a packet that asks for an answer counts: one
with payload or a keep-alive, before any FIN of the other side. Further packets of the same side that wait for the same
answer do not end another idle time. A packet is unanswered if its sender repeated it without an answer, and at least
``settle_s`` remain to the end of the capture. Connections with one captured direction are left out. A timer on the
path, a timer at the other endpoint and its restart look the same.

RFC 9293 sections 3.5.2 (RST for what does not exist) and 3.8.4 (keep-alives), RFC 5382 section 5 (idle times of NATs).
"""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array, Mask
from pcapframe.patterns._api import Pattern
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing, counted, seconds

__all__ = ["CATEGORY", "LIMITS", "NAME", "READS", "RESTS_ON", "FirstAfterIdleLimits", "observe"]

NAME = "first_after_idle"
CATEGORY = "connection_lifecycle"
RESTS_ON = ("flags", "durations")
READS = ("keep_alive", "fin_ignored")


class FirstAfterIdleLimits(NamedTuple):
    """What counts as idle, and when `observe` reports.

    Parameters
    ----------
    idle_s : float, default 30.0
        Shortest idle time that is considered. [s]
    settle_s : float, default 3.0
        A packet counts as unanswered only if it came this long before the end of the capture. [s]
    min_connections : int, default 1
        Fewest connections that did not survive. [connections]
    """

    idle_s: float = 30.0
    settle_s: float = 3.0
    min_connections: int = 1


LIMITS = FirstAfterIdleLimits


class _Firsts(NamedTuple):
    """First packets after an idle time that ask for an answer."""

    rows: Array
    idle_s: Array
    answer: Array  # row of the other side's next packet in the connection, -1 for none
    again: Mask  # whether the next packet of the connection is of the same side and asks too


def observe(traffic: Traffic, limits: FirstAfterIdleLimits) -> Pattern | None:
    """Compare idle times that connections survived with those that they did not.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections.
    limits : FirstAfterIdleLimits
        What counts as idle.

    Returns
    -------
    Pattern or None
        ``first_packets`` (first after an idle time), of these ``answered_by_rst``, ``unanswered`` and ``survived``
        [packets]; ``connections`` not survived of ``connections_idle``; ``survived_longest_s`` and
        ``not_survived_shortest_s`` [s], null without one; ``threshold_s`` [s]; ``from_client`` of those not survived
        [packets]. Evidence: the packets that a RST or nothing answered, and these RSTs.
    """
    both = (traffic.number("client_packets") > 0) & (traffic.number("server_packets") > 0)
    mask = both & (traffic.connections["duration_s"].to_numpy() >= limits.idle_s)
    if not mask.any():
        return None
    firsts = _firsts(traffic, mask, limits.idle_s)
    none = firsts.answer < 0
    by_rst = ~none & traffic.has_flag(np.where(none, 0, firsts.answer), "RST")
    last_ns = traffic.end_ns.max(initial=0)
    settled = (last_ns - traffic.time_ns(firsts.rows)) / 1e9 >= limits.settle_s
    unanswered = none & settled & firsts.again
    failed, survived = by_rst | unanswered, ~none & ~by_rst
    rows = firsts.rows[failed]
    connections = int(traffic.places(rows).sum()) if rows.size else 0
    if connections < max(limits.min_connections, 1):
        return None
    observations: dict[str, Any] = {
        "first_packets": int(failed.sum() + survived.sum()),
        "answered_by_rst": int(by_rst.sum()),
        "unanswered": int(unanswered.sum()),
        "survived": int(survived.sum()),
        "connections": connections,
        "connections_idle": int(traffic.places(firsts.rows).sum()),
        "survived_longest_s": firsts.idle_s[survived].max() if survived.any() else None,
        "not_survived_shortest_s": firsts.idle_s[failed].min(),
        "threshold_s": limits.idle_s,
        "from_client": int(traffic.from_client(rows).sum()),
    }
    shown = np.union1d(rows, firsts.answer[by_rst])
    return Pattern(NAME, CATEGORY, _description(observations), observations, traffic.evidence(shown))


def _description(seen: dict[str, Any]) -> str:
    """Say how many were not survived, and compare the idle times."""
    by_rst, failed = seen["answered_by_rst"], seen["answered_by_rst"] + seen["unanswered"]
    longest = seen["survived_longest_s"]
    survived = "no idle time was survived" if longest is None else f"the longest survived was {seconds(float(longest))}"
    return (
        f"Of {counted(seen['first_packets'], 'packet')} that came first after an idle time of at least "
        f"{seconds(seen['threshold_s'])}, {by_rst:,} {agreeing(by_rst, 'was', 'were')} "
        f"answered by a RST and {seen['unanswered']:,} not at all, in {seen['connections']:,} of "
        f"{counted(seen['connections_idle'], 'connection')}. The shortest idle time of "
        f"{agreeing(failed, 'it', 'these')} was {seconds(float(seen['not_survived_shortest_s']))}; {survived}."
    )


def _firsts(traffic: Traffic, mask: Mask, idle_s: float) -> _Firsts:
    """Find the first packets after idle times, and their answers."""
    traffic.need(idle_s=idle_s)
    idle = traffic.noted("idle")
    rows, before, behind, answer = (traffic.noted_rows(idle[name]) for name in ("frame", "before", "behind", "answer"))
    since, sides = traffic.seconds_between(before, rows), traffic.from_client(rows)
    # A packet that waits for the same answer as the one before it ends no further idle time.
    waits = (traffic.from_client(before) == sides) & _asks(traffic, before)
    ended = np.full(2 * traffic.size, np.iinfo(np.int64).max)
    for ends in (traffic.closing, traffic.rsts):
        np.minimum.at(ended, 2 * ends.place + traffic.from_client(ends.rows), ends.rows)
    place = traffic.place(rows)
    chosen = (since >= idle_s) & mask[place] & _asks(traffic, rows) & ~waits & (ended[2 * place + ~sides] > rows)
    follows = np.maximum(behind, 0)
    again = (behind >= 0) & (traffic.from_client(follows) == sides) & _asks(traffic, follows)
    return _Firsts(rows[chosen], since[chosen], answer[chosen], again[chosen])


def _asks(traffic: Traffic, rows: Array) -> Mask:
    """Tell which packets ask for an answer: data and keep-alives."""
    asks = (traffic.payload(rows) > 0) | traffic.column("keep_alive")[rows]
    return np.asarray(asks & ~traffic.has_flag(rows, "SYN", "RST"), np.bool_)
