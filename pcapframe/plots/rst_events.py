"""Every RST of a capture, with its sender and the phase of its connection; both RST charts count these.

=============  =====================================================================================================
phase          what precedes the RST in its connection; the first match applies
=============  =====================================================================================================
rst            another RST, from either side
fin            a FIN, from either side
handshake      a captured SYN, and neither an ACK from the client nor payload
idle           an idle gap of at least ``idle_s``
data           payload
no_data        a complete handshake, and no payload
unknown        none of these, and the connection's start was not captured
=============  =====================================================================================================

Duplicates made by the capture (``capture_duplicate``) do not count.
"""

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, Mask
from pcapframe.patterns import Thresholds, Traffic
from pcapframe.plots._frames import category

__all__ = ["IDLE_S", "PHASES", "RST_DIRECTIONS", "rst_events"]

PHASES = ("handshake", "no_data", "data", "idle", "fin", "rst", "unknown")
RST_DIRECTIONS = ("to_server", "from_server", "unknown")
IDLE_S = Thresholds().rst_at_same_idle_time.min_idle_s


def rst_events(
    segments: pd.DataFrame, connections: pd.DataFrame, *, idle_s: float = IDLE_S, server_given: bool | Mask = False
) -> pd.DataFrame:
    """Return every RST with its sender and the phase of its connection.

    Parameters
    ----------
    segments, connections : DataFrame
        Columns of ``schema.SEGMENTS`` and ``schema.CONNECTIONS``; not modified. Segments of connections that
        are not in `connections` are ignored.
    idle_s : float, default 1.0
        Shortest idle gap. [s]
    server_given : bool or ndarray of bool, default False
        Whether the user's filter names the server: for all connections, or for each.

    Returns
    -------
    DataFrame
        One row per RST, index ``frame``: ``conn_id`` (int32), ``time`` (UTC, null without), ``source`` (category,
        address), ``direction`` (category: ``to_server``, ``from_server``, or ``unknown`` where the roles are only
        inferred), ``phase`` (category, see above) and ``silent_s`` since the packet before it in the connection
        (float64, NaN for a first packet or without a time [s]).

    Examples
    --------
    >>> import pcapframe as pf
    >>> analysis = pf.analyze(pf.example("resets.pcap"))
    >>> rsts = pf.plots.rst_events(analysis.segments, analysis.connections)
    >>> int((rsts["phase"] == "handshake").sum()), len(rsts)
    (6, 26)
    """
    traffic = Traffic(segments, connections, server_given=server_given, reads=("src", "fin_ignored"))
    ordered = traffic.by_connection(traffic.all_rows(traffic.each_way("rsts") > 0))
    rows, begins = ordered.rows, ordered.begins
    is_rst, is_syn = traffic.has_flag(rows, "RST"), traffic.has_flag(rows, "SYN")
    has_payload = (traffic.payload(rows) > 0) & ~is_syn
    is_answer = traffic.from_client(rows) & traffic.has_flag(rows, "ACK") & ~is_rst
    captured = ~traffic.is_in("handshake", "not_captured")[ordered.place]
    silent_s = np.where(begins, np.nan, traffic.seconds_between(np.roll(rows, 1), rows))
    after_data = _before(has_payload, begins)
    conditions = {
        "rst": _before(is_rst, begins),
        "fin": _before(traffic.has_flag(rows, "FIN") & ~traffic.column("fin_ignored")[rows], begins),
        "handshake": captured & ~_before(is_answer, begins) & ~after_data,
        "idle": silent_s >= idle_s,
        "data": after_data,
        "no_data": captured,
    }
    codes = [PHASES.index(name) for name in conditions]
    phase = np.select(list(conditions.values()), codes, default=PHASES.index("unknown"))
    order = np.argsort(rows[is_rst])
    chosen, place = rows[is_rst][order], ordered.place[is_rst][order]
    direction = np.where(traffic.roles_known[place], np.where(traffic.from_client(chosen), 0, 1), 2)
    bare = pd.DataFrame(
        {"conn_id": traffic.series("conn_id"), "time": traffic.series("time"), "source": traffic.series("src")}
    )
    return bare.take(chosen).assign(
        direction=category(direction, RST_DIRECTIONS),
        phase=category(phase[is_rst][order], PHASES),
        silent_s=silent_s[is_rst][order],
    )


def _before(mask: Mask, begins: Mask) -> Array:
    """Return whether the mask is set in an earlier row of the same connection."""
    if not mask.size:
        return mask
    earlier: Array = np.cumsum(mask) - mask
    first = np.maximum.accumulate(np.where(begins, np.arange(mask.size), 0))
    return np.asarray(earlier > earlier[first], np.bool_)
