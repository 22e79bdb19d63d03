"""Every pattern in the order of reporting, and the function that looks for all of them."""

from typing import Any, Protocol

import pandas as pd

from pcapframe.arrays import Mask
from pcapframe.errors import ParameterError
from pcapframe.patterns import (
    abnormal_termination,
    capture_gaps,
    duplicate_ack_share,
    half_open_handshakes,
    handshake_completion,
    handshake_time_outliers,
    long_idle_gaps,
    open_at_edges,
    out_of_order_share,
    packet_retransmission,
    port_reuse,
    refused_connections,
    repeated_syn,
    rst_after_fin,
    rst_at_same_idle_time,
    rst_directional_asymmetry,
    rst_unlike_ttl,
    simultaneous_retransmissions,
    state_transitions,
    syn_response_imbalance,
    unanswered_syns,
    zero_window,
)
from pcapframe.patterns._api import Evidence, Pattern
from pcapframe.patterns._thresholds import Thresholds
from pcapframe.patterns._traffic import Traffic

__all__ = ["PATTERNS", "PatternFile", "find_evidence", "find_patterns"]


class PatternFile(Protocol):
    """What a module that observes a pattern has; its limits are a field of `Thresholds` by the same name."""

    NAME: str
    CATEGORY: str

    def observe(self, traffic: Traffic, limits: Any) -> Pattern | None:
        """Return the pattern, None where there is nothing to see."""


PATTERNS: tuple[PatternFile, ...] = (
    rst_directional_asymmetry,
    packet_retransmission,
    handshake_completion,
    abnormal_termination,
    syn_response_imbalance,
    refused_connections,
    unanswered_syns,
    half_open_handshakes,
    repeated_syn,
    handshake_time_outliers,
    rst_after_fin,
    rst_at_same_idle_time,
    rst_unlike_ttl,
    out_of_order_share,
    duplicate_ack_share,
    capture_gaps,
    zero_window,
    simultaneous_retransmissions,
    port_reuse,
    long_idle_gaps,
    open_at_edges,
    state_transitions,
)
DEFAULTS = Thresholds()


def find_patterns(
    segments: pd.DataFrame,
    connections: pd.DataFrame,
    *,
    thresholds: Thresholds = DEFAULTS,
    server_given: bool | Mask = False,
) -> list[Pattern]:
    """Look for every pattern.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``, index ``frame``, as from `label_segments`; not modified. Segments of
        connections that are not in `connections` are passed over.
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``, index ``conn_id``, as from `build_connections`; not modified.
    thresholds : Thresholds, optional
        When each pattern is reported.
    server_given : bool or ndarray of bool, default False
        The user's filter says who the server is: everywhere, or by connection.

    Returns
    -------
    list of Pattern
        Those that the frames show, in the order of `PATTERNS`; empty where a frame is empty.

    Raises
    ------
    ParameterError
        A column is missing.

    Notes
    -----
    Patterns say what is seen and never why. What the frames cannot show is None in the observations. Counts rest
    on the evidence columns (``resent``, ``reordered``, ``capture_gap``) and, for duplicate ACKs, zero windows and
    reused ports, on the labels.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("clean.pcap")))
    >>> [seen.pattern for seen in find_patterns(segments, pf.build_connections(segments))]
    ['state_transitions']
    """
    traffic = Traffic(segments, connections, server_given=server_given)
    if segments.empty or connections.empty:
        return []
    seen = (pattern.observe(traffic, getattr(thresholds, pattern.NAME)) for pattern in PATTERNS)
    return [pattern for pattern in seen if pattern is not None]


def find_evidence(
    segments: pd.DataFrame,
    connections: pd.DataFrame,
    name: str,
    *,
    limit: int,
    thresholds: Thresholds = DEFAULTS,
    server_given: bool | Mask = False,
) -> Evidence:
    """Name the connections and packets that show one pattern, as many as asked for.

    Parameters
    ----------
    segments, connections : DataFrame
        As for `find_patterns`.
    name : str
        Of the pattern.
    limit : int
        So many connections and frames, the first.
    thresholds : Thresholds, optional
        When the pattern is reported.
    server_given : bool or ndarray of bool, default False
        As for `find_patterns`.

    Returns
    -------
    Evidence
        With the exact totals; nothing in it where the pattern is not observed.

    Raises
    ------
    ParameterError
        There is no pattern of this name, or a column is missing.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("resets.pcap")))
    >>> find_evidence(segments, pf.build_connections(segments), "refused_connections", limit=2).frames
    (86, 87)
    """
    files = {pattern.NAME: pattern for pattern in PATTERNS}
    if name not in files:
        raise ParameterError(f"there is no pattern {name!r}: expected one of {', '.join(files)}")
    traffic = Traffic(segments, connections, listed=limit, server_given=server_given)
    if segments.empty or connections.empty:
        return Evidence()
    seen = files[name].observe(traffic, getattr(thresholds, name))
    return Evidence() if seen is None else seen.evidence
