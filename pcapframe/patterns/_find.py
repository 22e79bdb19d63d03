"""Find all patterns, or the evidence of one."""

from typing import Any

import pandas as pd

from pcapframe.arrays import Mask
from pcapframe.disk import give_back
from pcapframe.errors import ParameterError
from pcapframe.events import Floors, gather_events
from pcapframe.measures import without_attrs
from pcapframe.patterns._api import Evidence
from pcapframe.patterns._found import Patterns
from pcapframe.patterns._registry import PATTERNS, columns_read
from pcapframe.patterns._thresholds import Thresholds
from pcapframe.patterns._traffic import Traffic
from pcapframe.rows import take_rows
from pcapframe.schema import SEGMENTS, names

__all__ = ["evidence_in", "find_evidence", "find_patterns", "floors_of", "observed_in"]

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
    return observed_in(_traffic(segments, connections, thresholds, server_given=server_given), thresholds)


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
    return evidence_in(
        _traffic(segments, connections, thresholds, server_given=server_given, listed=limit), name, thresholds
    )


def evidence_in(traffic: Traffic, name: str, thresholds: Thresholds = DEFAULTS) -> Evidence:
    """List what shows one pattern in traffic whose view was made before.

    Parameters
    ----------
    traffic : Traffic
        Events and connections, with the columns `columns_read`.
    name : str
        Of the pattern.
    thresholds : Thresholds, optional
        Limits above which the pattern is reported.

    Returns
    -------
    Evidence
        As from `find_evidence`.

    Raises
    ------
    ParameterError
        There is no pattern of this name, or the thresholds ask for more than was kept.
    """
    if name not in PATTERNS:
        raise ParameterError(f"there is no pattern {name!r}: expected one of {', '.join(PATTERNS)}")
    if traffic.is_empty:
        return Evidence()
    seen = PATTERNS[name].observe(traffic, thresholds.of(name))
    return Evidence() if seen is None else seen.evidence


def floors_of(thresholds: Thresholds) -> Floors:
    """Return what totals have to have for some thresholds.

    Parameters
    ----------
    thresholds : Thresholds
        Limits above which patterns are reported.

    Returns
    -------
    Floors
        The usual ones, or lower ones.

    Examples
    --------
    >>> floors_of(Thresholds()) == Floors()
    True
    """
    usual = Floors()
    idle = (float(thresholds.of(name).idle_s) for name in ("long_idle_gaps", "first_after_idle"))
    resends = int(thresholds.of("largest_segment_repeated").min_resends)
    return Floors(idle_s=min(usual.idle_s, *idle), resends=min(usual.resends, resends))


def _traffic(segments: pd.DataFrame, connections: pd.DataFrame, thresholds: Thresholds, **options: Any) -> Traffic:
    """Return the view of all segments of a capture."""
    missing = [name for name in names(SEGMENTS) if name not in segments]
    if missing:
        raise ParameterError(f"segments lacks the columns {', '.join(missing)}")
    rows, totals = gather_events(segments, connections, floors_of(thresholds))
    events = take_rows(without_attrs(segments), rows)
    events.attrs = segments.attrs
    return Traffic(events, connections, totals=totals, reads=columns_read(), **options)
