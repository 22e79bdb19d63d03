"""Find all patterns, or the evidence of one."""

import pandas as pd

from pcapframe.arrays import Mask
from pcapframe.disk import give_back
from pcapframe.errors import ParameterError
from pcapframe.patterns._api import Evidence
from pcapframe.patterns._found import Patterns
from pcapframe.patterns._registry import PATTERNS, columns_read
from pcapframe.patterns._thresholds import Thresholds
from pcapframe.patterns._traffic import Traffic

__all__ = ["find_evidence", "find_patterns", "observed_in"]

DEFAULTS = Thresholds()


def find_patterns(
    segments: pd.DataFrame,
    connections: pd.DataFrame,
    *,
    thresholds: Thresholds = DEFAULTS,
    server_given: bool | Mask = False,
) -> Patterns:
    """Look for every pattern.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``, index ``frame``, as from `label_segments`; not modified. Segments of
        connections that are not in `connections` are ignored.
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``, index ``conn_id``, as from `build_connections`; not modified.
    thresholds : Thresholds, optional
        Limits above which each pattern is reported.
    server_given : bool or ndarray of bool, default False
        Whether the user's filter determines the server: everywhere, or by connection.

    Returns
    -------
    Patterns
        A tuple of the patterns found, in the order of reporting, that also takes names
        (``patterns["zero_window"]``); empty where a frame is empty.

    Raises
    ------
    ParameterError
        A column is missing.

    Notes
    -----
    Patterns say what is seen and never why. What the frames cannot show is None in the observations. Counts use the
    evidence columns (``resent``, ``reordered``, ``capture_gap``), and the labels for duplicate ACKs, zero windows and
    reused ports.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = pf.label_segments(pf.read_pcap(pf.example("clean.pcap")))
    >>> find_patterns(segments, pf.build_connections(segments)).names
    ['state_transitions']
    """
    return observed_in(Traffic(segments, connections, server_given=server_given, reads=columns_read()), thresholds)


def observed_in(traffic: Traffic, thresholds: Thresholds = DEFAULTS) -> Patterns:
    """Look for every pattern in traffic whose view other stages read too.

    Parameters
    ----------
    traffic : Traffic
        Segments and connections, with the columns `columns_read`.
    thresholds : Thresholds, optional
        Limits above which each pattern is reported.

    Returns
    -------
    Patterns
        As from `find_patterns`.
    """
    if traffic.is_empty:
        return Patterns()
    seen = []
    for name, pattern in PATTERNS.items():
        seen.append(pattern.observe(traffic, thresholds.of(name)))
        give_back()
    return Patterns(pattern for pattern in seen if pattern is not None)


def find_evidence(
    segments: pd.DataFrame,
    connections: pd.DataFrame,
    name: str,
    *,
    limit: int,
    thresholds: Thresholds = DEFAULTS,
    server_given: bool | Mask = False,
) -> Evidence:
    """List the connections and packets that show one pattern, up to a limit.

    Parameters
    ----------
    segments, connections : DataFrame
        As for `find_patterns`.
    name : str
        Of the pattern.
    limit : int
        Most connections and most frames to list.
    thresholds : Thresholds, optional
        Limits above which the pattern is reported.
    server_given : bool or ndarray of bool, default False
        As for `find_patterns`.

    Returns
    -------
    Evidence
        The first ones, with exact totals; empty where the pattern is not observed.

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
    if name not in PATTERNS:
        raise ParameterError(f"there is no pattern {name!r}: expected one of {', '.join(PATTERNS)}")
    traffic = Traffic(segments, connections, listed=limit, server_given=server_given, reads=columns_read())
    if segments.empty or connections.empty:
        return Evidence()
    seen = PATTERNS[name].observe(traffic, thresholds.of(name))
    return Evidence() if seen is None else seen.evidence
