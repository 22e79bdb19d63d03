"""Where each direction was captured: near its sender, near its receiver, or in between.

The evidence is how soon each side answers, seen from the capture point: the smallest time from one side's segment to
the other side's acknowledgement (by Karn's rule), and for the server also from the first SYN to the first SYN-ACK. At
one end of the path, that end's answers take almost none of the whole round trip.

=============  ===========================================================================================
near_sender    the sender's own answers take less than a tenth of the round trip
near_receiver  the other side's answers do
middle         neither
unknown        a side was never seen to answer, or the whole round trip is shorter than ``SHORTEST_S``
=============  ===========================================================================================

Limits. The smallest of a few times may include a delayed ACK. Below ``SHORTEST_S``, as between programs on one host,
answering takes longer than the path.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array
from pcapframe.connections.rows import by_side, category
from pcapframe.errors import ParameterError
from pcapframe.measures import without_attrs
from pcapframe.schema import VANTAGE_EVIDENCE, VANTAGES, names

__all__ = ["Distances", "find_vantage", "measure_distances", "vantage_columns", "vantage_evidence"]

NEAR = 0.1  # an end is near if its share of the round trip is smaller [0 to 1]
SHORTEST_S = 0.0002  # shorter round trips are mostly the time that hosts take to answer [s]
NEEDED = (
    "client_ack_rtt_min_s", "server_ack_rtt_min_s", "handshake_rtt_s", "client_vantage", "server_vantage",
)  # fmt: skip


class Distances(NamedTuple):
    """Smallest times from the capture point to each side and back, NaN where unknown, by connection [s]."""

    to_client: Array
    to_server: Array


def measure_distances(client_ack_rtt_min_s: Array, server_ack_rtt_min_s: Array, handshake_rtt_s: Array) -> Distances:
    """Compute the distance of the capture point from each side.

    Parameters
    ----------
    client_ack_rtt_min_s, server_ack_rtt_min_s : ndarray of float64
        Smallest time from a segment of this side to its acknowledgement. [s]
    handshake_rtt_s : ndarray of float64
        First SYN to first SYN-ACK. [s]

    Returns
    -------
    Distances
        Times to the client and to the server: a side's segments measure the time to the other side.
    """
    return Distances(server_ack_rtt_min_s, np.fmin(client_ack_rtt_min_s, handshake_rtt_s))


def find_vantage(distances: Distances) -> Array:
    """Judge the vantage by the distances.

    Parameters
    ----------
    distances : Distances
        By connection.

    Returns
    -------
    ndarray of int8, shape (n, 2)
        Place in ``VANTAGES``, by sender: the client's, then the server's.
    """
    round_trip = distances.to_client + distances.to_server
    share = distances.to_client / round_trip  # near 0: captured at the client
    near_sender, near_receiver, middle, unknown = (
        VANTAGES.index(name) for name in ("near_sender", "near_receiver", "middle", "unknown")
    )
    # At the client, at the server, in between, or unknown.
    places = np.array(
        [[near_sender, near_receiver], [near_receiver, near_sender], [middle, middle], [unknown, unknown]], np.int8
    )
    kind = np.where(share < NEAR, 0, np.where(share > 1 - NEAR, 1, 2))
    kind[~(round_trip >= SHORTEST_S)] = 3
    return places.take(kind, axis=0)


def vantage_columns(made: Mapping[str, Any]) -> dict[str, Any]:
    """Return the vantage columns, computed from the connections columns made so far.

    Parameters
    ----------
    made : mapping
        Columns by name.

    Returns
    -------
    dict
        ``client_vantage`` and ``server_vantage``.
    """
    found = find_vantage(measure_distances(*(made[name] for name in NEEDED[:3])))
    return {name: category(column, VANTAGES) for name, column in by_side("vantage", found).items()}


def vantage_evidence(connections: pd.DataFrame) -> pd.DataFrame:
    """Return the evidence for each connection's vantage.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``, as from `build_connections`; not modified.

    Returns
    -------
    DataFrame
        Columns and dtypes of ``schema.VANTAGE_EVIDENCE``, index ``conn_id``: the times to both sides, the share
        that decides (below 0.1 near the client, above 0.9 near the server), and both vantages.

    Raises
    ------
    ParameterError
        A column is missing.

    Notes
    -----
    A vantage is ``unknown`` where a time is NaN, or where both sum to less than 0.2 ms. The smallest of a few times
    may include a delayed ACK (RFC 9293 section 3.8.6.3).

    Examples
    --------
    >>> import pcapframe as pf
    >>> seen = vantage_evidence(pf.analyze(pf.example("losses.pcap")).connections).iloc[0]
    >>> seen["server_vantage"], bool(seen["to_client_share"] > 0.9)
    ('near_sender', True)
    """
    missing = [name for name in NEEDED if name not in connections]
    if missing:
        raise ParameterError(f"connections lacks {', '.join(missing)}: expected what build_connections returns")
    frame = without_attrs(connections)
    distances = measure_distances(*(frame[name].to_numpy() for name in NEEDED[:3]))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = distances.to_client / (distances.to_client + distances.to_server)
    made = {
        "to_client_rtt_s": distances.to_client,
        "to_server_rtt_s": distances.to_server,
        "to_client_share": share,
        "client_vantage": frame["client_vantage"],
        "server_vantage": frame["server_vantage"],
    }
    return pd.DataFrame({name: made[name] for name in names(VANTAGE_EVIDENCE)}, index=frame.index)
