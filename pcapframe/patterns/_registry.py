"""Every pattern, in the order of reporting: a new one is a file in this folder and a line in `NAMES`."""

from importlib import import_module
from typing import Any, Protocol, cast

from pcapframe.patterns._api import Notable, Pattern
from pcapframe.patterns._traffic import BASE, Traffic

__all__ = ["NAMES", "PATTERNS", "PatternFile", "columns_read", "find_notable", "rests_on"]


class PatternFile(Protocol):
    """What a pattern's module has to define.

    It may also have ``READS``, the columns of the segments that it reads besides those of `Traffic`, and ``notable``, a
    function that takes its observations and returns a `Notable` or None.
    """

    NAME: str
    CATEGORY: str
    RESTS_ON: tuple[str, ...]  # what limits it, keys of ``analysis.health.STATISTICS``
    LIMITS: type[Any]  # a NamedTuple with a default for every threshold: made in a tenth of the time of a dataclass

    def observe(self, traffic: Traffic, limits: Any) -> Pattern | None:
        """Return the pattern, or None if it is not observed."""


NAMES = (
    "rst_directional_asymmetry",
    "packet_retransmission",
    "handshake_completion",
    "abnormal_termination",
    "syn_response_imbalance",
    "refused_connections",
    "unanswered_syns",
    "half_open_handshakes",
    "aborted_handshakes",
    "repeated_syn",
    "differing_syn_acks",
    "handshake_time_outliers",
    "rst_after_fin",
    "rst_at_same_idle_time",
    "rst_at_same_age",
    "rst_unlike_ttl",
    "rst_unlike_peer",
    "out_of_order_share",
    "duplicate_ack_share",
    "sack_beyond_sent",
    "peer_falls_silent",
    "largest_segment_repeated",
    "icmp_errors",
    "capture_gaps",
    "zero_window",
    "window_probes_unanswered",
    "small_window",
    "window_moved_back",
    "delayed_answers",
    "simultaneous_retransmissions",
    "port_reuse",
    "long_idle_gaps",
    "first_after_idle",
    "keep_alives_unanswered",
    "tsval_back",
    "open_at_edges",
    "slow_service",
    "client_waits",
    "slow_round_trips",
    "unanswered_requests",
    "held_back_transfers",
    "state_transitions",
)
PATTERNS = {name: cast(PatternFile, import_module(f"pcapframe.patterns.{name}")) for name in NAMES}


def columns_read() -> tuple[str, ...]:
    """Return the columns of the segments that patterns may read.

    Returns
    -------
    tuple of str
        The columns that `Traffic` reads, then those that patterns declare.

    Examples
    --------
    >>> columns_read()[:3]
    ('time', 'tcp_flags', 'payload_bytes')
    """
    declared = (name for pattern in PATTERNS.values() for name in getattr(pattern, "READS", ()))
    return tuple(dict.fromkeys((*BASE, *declared)))


def rests_on(name: str) -> tuple[str, ...]:
    """Return what the numbers of a pattern depend on.

    Parameters
    ----------
    name : str
        Of the pattern.

    Returns
    -------
    tuple of str
        Keys of ``analysis.health.STATISTICS``; empty where there is no such pattern.

    Examples
    --------
    >>> rests_on("zero_window")
    ('flags',)
    """
    return PATTERNS[name].RESTS_ON if name in PATTERNS else ()


def find_notable(seen: Pattern) -> Notable | None:
    """Return what stands out in a pattern.

    Parameters
    ----------
    seen : Pattern
        As from `find_patterns`.

    Returns
    -------
    Notable or None
        None if nothing stands out, or the pattern has no rule for it.
    """
    notable = getattr(PATTERNS.get(seen.pattern), "notable", None)
    return None if notable is None else cast(Notable | None, notable(seen.observations))
