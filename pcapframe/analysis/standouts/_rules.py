"""The table of what can stand out, and the rule that ranks it.

A connection that a kind has named is left out of the kinds that yield to it, so that one event is one line. The rank of
an event is its weight x (1 + share + contrast) / 3: ``share`` is how many of the capture's connections show
it, ``contrast`` how much more the connections of its servers show it than those of the other servers. The weight is
1 where no connection came about or it was cut off, 0.7 where data stood still, 0.5 where it was slow, 0.3 where
something was odd or a RST came after a FIN. Equal ranks are in order of time.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from pcapframe.analysis.health import CaptureHealth
from pcapframe.analysis.standouts import _carrying as carrying
from pcapframe.analysis.standouts import _ending as ending
from pcapframe.analysis.standouts import _establishing as establishing
from pcapframe.analysis.standouts import _observed as observed
from pcapframe.analysis.standouts import _speaking as speaking
from pcapframe.analysis.standouts._filters import PACKETS, Filters
from pcapframe.analysis.standouts._naming import called_in, with_names
from pcapframe.analysis.standouts._observed import tells
from pcapframe.analysis.standouts._seen import Found, Seen
from pcapframe.analysis.standouts._standout import Standout
from pcapframe.arrays import NO_TIME, Array, Mask
from pcapframe.naming import Called
from pcapframe.patterns import LISTED, Pattern, Traffic, find_notable

__all__ = ["AGGREGATES", "RULES", "Rule", "find_standouts", "rank"]

CUT, HELD, SLOW, ODD = 1.0, 0.7, 0.5, 0.3
MOST = 20  # events; the patterns have the others

Finds = Callable[[Seen, Mask], Iterator[Found]]


class Rule(NamedTuple):
    """How events of one kind are found."""

    kind: str
    pattern: str | None
    weight: float
    yields_to: tuple[str, ...]
    finds: Finds


NOT_MADE = (
    "port_sweep", "address_sweep", "unanswered_syns", "refused_connections", "half_open_handshakes",
    "aborted_handshakes",
)  # fmt: skip
LOST = ("never_acknowledged", "largest_segment_repeated", "window_probes_unanswered", "keep_alives_unanswered")
UNSERVED = ("tls_alerts", "requests_given_up")
IDLE = ("rst_at_same_idle_time", "rst_at_same_age", "first_after_idle")
RESETS = (*IDLE, "reset_connections")
ENDED = (*RESETS, "reset_after_fin")
HOLDING = (*LOST, "first_after_idle", "zero_window", "small_window", "high_retransmission")
TRIPS = ("slow_round_trips", "repeated_syn", "slow_handshakes")

RULES = (
    Rule("port_sweep", "refused_connections", CUT, (), establishing.tried_ports),
    Rule("address_sweep", "unanswered_syns", CUT, ("port_sweep",), establishing.tried_addresses),
    Rule("unanswered_syns", "unanswered_syns", CUT, NOT_MADE[:2], establishing.unanswered),
    Rule("refused_connections", "refused_connections", CUT, NOT_MADE[:2], establishing.refused),
    Rule("half_open_handshakes", "half_open_handshakes", CUT, NOT_MADE[:2], establishing.half_open),
    Rule("aborted_handshakes", "aborted_handshakes", CUT, NOT_MADE[:2], establishing.aborted),
    Rule("largest_segment_repeated", "largest_segment_repeated", CUT, (), carrying.same_segment),
    Rule("window_probes_unanswered", "window_probes_unanswered", CUT, (), tells("window_probes_unanswered")),
    Rule("keep_alives_unanswered", "keep_alives_unanswered", CUT, (), tells("keep_alives_unanswered")),
    Rule("first_after_idle", "first_after_idle", CUT, LOST[1:], tells("first_after_idle")),
    Rule("never_acknowledged", "peer_falls_silent", CUT, (*LOST[1:], "first_after_idle"), carrying.never_acknowledged),
    Rule("rst_at_same_idle_time", "rst_at_same_idle_time", CUT, NOT_MADE, ending.reset_at_same_idle_time),
    Rule("rst_at_same_age", "rst_at_same_age", CUT, (*NOT_MADE, "rst_at_same_idle_time"), ending.reset_at_same_age),
    Rule("icmp_errors", "icmp_errors", HELD, NOT_MADE, tells("icmp_errors")),
    Rule("tls_alerts", None, CUT, LOST, speaking.alerts),
    Rule(
        "requests_given_up", "unanswered_requests", CUT, (*NOT_MADE, *LOST, *IDLE, "tls_alerts"), observed.given_up,
    ),
    Rule("reset_connections", "abnormal_termination", CUT, (*NOT_MADE, *LOST, *IDLE, *UNSERVED), ending.reset),
    Rule("unanswered_requests", "unanswered_requests", SLOW, (*LOST, *RESETS, *UNSERVED), observed.unanswered_requests),
    Rule(
        "closed_without_response", None, HELD, (*LOST, *UNSERVED, "unanswered_requests"),
        speaking.closed_without_response,
    ),
    Rule(
        "reset_after_fin", "abnormal_termination", ending.AFTER_FIN,
        (*NOT_MADE, *LOST, *RESETS, *UNSERVED, "unanswered_requests"), ending.reset_after_fin,
    ),
    Rule("closed_without_data", None, HELD, (), ending.closed_without_data),
    Rule("without_data", None, ODD, ("closed_without_data", *LOST), speaking.without_data),
    Rule("zero_window", "zero_window", HELD, ("window_probes_unanswered",), carrying.closed_windows),
    Rule("small_window", "small_window", SLOW, ("zero_window",), tells("small_window")),
    Rule(
        "high_retransmission", "packet_retransmission", SLOW, (*LOST, "first_after_idle", *NOT_MADE),
        carrying.retransmitted,
    ),
    Rule("held_back_transfers", "held_back_transfers", SLOW, HOLDING, carrying.held_back),
    Rule("slow_service", "slow_service", SLOW, (), observed.slow_servers),
    Rule("one_slow_answer", None, SLOW, ("slow_service", *LOST), speaking.one_slow_answer),
    Rule("late_greetings", None, SLOW, LOST, speaking.late_greetings),
    Rule("delayed_answers", "delayed_answers", SLOW, (), observed.awaited_acks),
    Rule("slow_round_trips", "slow_round_trips", SLOW, (), observed.slow_round_trips),
    Rule("repeated_syn", "repeated_syn", SLOW, TRIPS[:1], establishing.repeated_syns),
    Rule("slow_handshakes", "slow_round_trips", SLOW, TRIPS[:2], observed.slow_handshakes),
    Rule("handshake_time_outliers", "handshake_time_outliers", SLOW, TRIPS, tells("handshake_time_outliers")),
    Rule("client_waits", "client_waits", ODD, ("slow_service", *LOST, *ENDED), observed.waiting_clients),
    Rule("out_of_order", "out_of_order_share", ODD, ("high_retransmission",), tells("out_of_order_share")),
    Rule("rst_unlike_peer", "rst_unlike_peer", ODD, ENDED, tells("rst_unlike_peer")),
    Rule("rst_unlike_ttl", "rst_unlike_ttl", ODD, ("rst_unlike_peer", *ENDED), tells("rst_unlike_ttl")),
    Rule("differing_syn_acks", "differing_syn_acks", ODD, (), tells("differing_syn_acks")),
    Rule("sack_beyond_sent", "sack_beyond_sent", ODD, (), tells("sack_beyond_sent")),
    Rule("tsval_back", "tsval_back", ODD, ("unanswered_syns",), tells("tsval_back")),
)  # fmt: skip

# Patterns that are no event of their own: sums of events above, or facts about every capture.
AGGREGATES = {
    "rst_directional_asymmetry": "the reset connections, counted by direction",
    "handshake_completion": "refused, unanswered and half-open handshakes together",
    "syn_response_imbalance": "unanswered SYNs as a share",
    "rst_after_fin": "what a reset after a FIN is said of",
    "duplicate_ack_share": "what retransmissions and reordering are answered by",
    "simultaneous_retransmissions": "retransmissions by second",
    "window_moved_back": "what closes a window a little",
    "port_reuse": "ordinary where many connections are made",
    "long_idle_gaps": "ordinary for connections kept open",
    "capture_gaps": "said by the capture's health",
    "open_at_edges": "said by the capture's health",
    "state_transitions": "of every capture",
}


def find_standouts(
    traffic: Traffic, patterns: tuple[Pattern, ...], health: CaptureHealth, filters: Filters
) -> tuple[Standout, ...]:
    """Find what stands out.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections that totals count, each connection once, with the columns that patterns read.
    patterns : tuple of Pattern
        What was observed in them.
    health : CaptureHealth
        What limits them.
    filters : Filters
        Of the capture.

    Returns
    -------
    tuple of Standout
        The highest rank first, at most 20.
    """
    if not traffic.size:
        return ()
    seen = Seen(traffic, patterns, health)
    named: dict[str, Mask] = {}
    found: list[tuple[Rule, Found]] = []
    for rule in RULES:
        free = np.ones(seen.size, np.bool_)
        for kind in rule.yields_to:
            if kind in named:
                free &= ~named[kind]
        for event in rule.finds(seen, free) if free.any() else ():
            named[rule.kind] = named.get(rule.kind, np.zeros(seen.size, np.bool_)) | event.mask
            found.append((rule, event))
    found.sort(key=lambda each: (-rank(seen, each[0], each[1], named[each[0].kind]), each[1].rows[:1].tolist()))
    called = called_in((event.sentence for _, event in found[:MOST]), traffic.connections)
    made = [_standout(seen, rule, event, filters, called) for rule, event in found[:MOST]]
    return (*made, *_notable(patterns))


def rank(seen: Seen, rule: Rule, event: Found, of_kind: Mask) -> float:
    """Return the rank of an event, higher for what matters more.

    Parameters
    ----------
    seen : Seen
        The capture.
    rule : Rule
        The rule that found it.
    event : Found
        What it found.
    of_kind : ndarray of bool
        Connections that show any event of this kind, by place.

    Returns
    -------
    float
        From 0 to 1.
    """
    weight = rule.weight if event.weight is None else event.weight
    count = int(np.count_nonzero(event.mask))
    own = count / max(int(np.count_nonzero(event.among)), 1)
    others = ~event.among
    elsewhere = np.count_nonzero(of_kind & others) / max(int(np.count_nonzero(others)), 1)
    return float(weight * (1 + count / seen.size + own - elsewhere) / 3)


def _standout(seen: Seen, rule: Rule, event: Found, filters: Filters, called: Mapping[str, Called]) -> Standout:
    """Put an event into words for a reader."""
    traffic = seen.traffic
    places = np.flatnonzero(event.mask)
    observed = seen.patterns.get(rule.pattern or "")
    is_part = seen.is_cut(rule.pattern or "") and event.rows.size == LISTED  # the pattern has more packets
    if observed is None or (event.rows.size and not is_part):
        evidence = traffic.evidence(event.rows, event.mask)
        frames = np.sort(traffic.frames(event.rows))
    else:  # or packets that are no segments: ICMP errors
        evidence, frames = observed.evidence, np.asarray(observed.evidence.frames, np.int64)
    servers = np.unique(seen.server_number[places], return_index=True)[1]
    flags = event.flags if event.flags in PACKETS else ""
    selected = filters.select(traffic.connections.index.to_numpy()[places], frames, flags, evidence.frame_count)
    start, end = _times(traffic, event.rows)
    return Standout(
        kind=event.kind or rule.kind,
        sentence=with_names(event.sentence, called),
        share=evidence.connection_count / seen.size,
        connections=evidence.connection_count,
        servers=tuple(traffic.endpoints.server_text(int(places[at])) for at in np.sort(servers)[:LISTED]),
        start=start,
        end=end,
        evidence=evidence,
        pattern=rule.pattern if rule.pattern in seen.patterns else None,
        display_filter=selected.display_filter,
        selects=selected.selects,
    )


def _times(traffic: Traffic, rows: Array) -> tuple[str | None, str | None]:
    """Return the times of the first and last of some segments."""
    times = traffic.time_ns(rows)
    times = times[times != NO_TIME]
    if not times.size:
        return None, None
    first, last = (pd.Timestamp(int(time), tz="UTC").isoformat() for time in (times.min(), times.max()))
    return first, last


def _notable(patterns: tuple[Pattern, ...]) -> Iterator[Standout]:
    """Make an event of what a pattern without a rule calls notable."""
    known = {rule.pattern for rule in RULES} | set(AGGREGATES)
    for seen in patterns:
        stands_out = None if seen.pattern in known else find_notable(seen)
        if stands_out is not None:
            yield Standout(
                stands_out.type, stands_out.detail, 0.0, seen.evidence.connection_count, (), None, None,
                seen.evidence, seen.pattern, seen.evidence.display_filter, str(seen.evidence),
            )  # fmt: skip
