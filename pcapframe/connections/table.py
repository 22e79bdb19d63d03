"""One row a connection, out of its segments."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME
from pcapframe.connections.establishment import measure_establishment
from pcapframe.connections.lifecycle import measure_lifecycle
from pcapframe.connections.reliability import measure_reliability
from pcapframe.connections.rows import ACK, SYN, Array, Rows, rows_of
from pcapframe.connections.termination import measure_termination
from pcapframe.connections.vantage import find_vantage, measure_distances
from pcapframe.connections.volume import measure_volume
from pcapframe.errors import ParameterError
from pcapframe.measures import without_attrs
from pcapframe.schema import CONNECTIONS, ENDINGS, HANDSHAKES, RESET_BY, ROLES, SEGMENTS, VANTAGES, names

__all__ = ["build_connections"]

SIDES = ("client", "server")


def build_connections(segments: pd.DataFrame) -> pd.DataFrame:
    """Sum up each connection.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS`` in capture order, as from `label_segments`; not modified. A selection gives the
        connections in it, as if the rest had not been captured.

    Returns
    -------
    DataFrame
        Columns and dtypes of ``schema.CONNECTIONS``, index ``conn_id``. Empty for no segments.

    Raises
    ------
    ParameterError
        A column is missing.

    Notes
    -----
    Counts rest on the evidence columns (``resent``, ``reordered``, ``capture_gap``), and what is a copy made on the
    way counts in packets and bytes only. What the capture cannot show is ``not_captured``, null or NaN.

    Examples
    --------
    >>> import pcapframe as pf
    >>> connections = build_connections(pf.label_segments(pf.read_pcap(pf.example("clean.pcap"))))
    >>> connections["ending"].unique().tolist()
    ['fin']
    """
    missing = [name for name in names(SEGMENTS) if name not in segments]
    if missing:
        raise ParameterError(f"segments lacks the columns {', '.join(missing)}: expected what label_segments returns")
    attrs, segments = segments.attrs, without_attrs(segments)
    conn_ids, place = _places(segments["conn_id"].to_numpy())
    count = conn_ids.size
    rows = rows_of(segments, place)
    volume = measure_volume(rows, count)
    establishment = measure_establishment(rows, count)
    termination = measure_termination(rows, count)
    lifecycle = measure_lifecycle(rows, count)
    reliability, by_ack, by_timestamp = measure_reliability(rows, count)
    handshake_rtt_s = _seconds(establishment.handshake_rtt_ns)
    vantage = find_vantage(measure_distances(by_ack.minimum[:, 0], by_ack.minimum[:, 1], handshake_rtt_s))
    made: dict[str, Any] = {
        **_identity(segments, rows, volume.first_row),
        "start": _time(volume.start),
        "end": _time(volume.end),
        "duration_s": np.where(volume.start == NO_TIME, np.nan, (volume.end - volume.start) / 1e9),
        "handshake": _category(establishment.handshake, HANDSHAKES),
        "syn_count": establishment.syn_count,
        "syn_ack_count": establishment.syn_ack_count,
        "handshake_rtt_s": handshake_rtt_s,
        "initial_rtt_s": _seconds(establishment.initial_rtt_ns),
        "ending": _category(termination.ending, ENDINGS),
        "reset_by": _category(termination.reset_by, RESET_BY),
        "conn_state": pd.array(lifecycle.conn_state, dtype="str"),
        "history": pd.array(lifecycle.history, dtype="str"),
        "completeness": lifecycle.completeness,
    }
    sums: list[Any] = [volume, termination, reliability]
    by_sender = {name: getattr(part, name) for part in sums for name in part._fields if getattr(part, name).ndim == 2}
    sent = by_sender.pop("sent_segments")
    with np.errstate(invalid="ignore", divide="ignore"):
        by_sender["resend_rate"] = np.where(sent > 0, reliability.resent_segments / sent, np.nan)
    for prefix, trips in (("ack_rtt", by_ack), ("ts_rtt", by_timestamp)):
        for name, column in zip(("min", "median", "p95", "max"), trips, strict=True):
            by_sender[f"{prefix}_{name}_s"] = column
    for i, side in enumerate(SIDES):
        made |= {f"{side}_{name}": column[:, i] for name, column in by_sender.items()}
        made[f"{side}_vantage"] = _category(vantage[:, i], VANTAGES)
    columns = {c.name: _as(made[c.name], c.dtype) for c in CONNECTIONS}
    frame = pd.DataFrame(columns, index=pd.Index(conn_ids, name="conn_id"), copy=False)
    frame.attrs = attrs
    return frame


def _places(conn_id: Array) -> tuple[Array, Array]:
    """Return the connections' numbers, ascending, and each segment's place among them."""
    highest = int(conn_id.max(initial=-1))
    seen = np.zeros(highest + 1, np.bool_)
    seen[conn_id] = True
    conn_ids = np.flatnonzero(seen).astype(np.int32)
    if conn_ids.size == highest + 1:
        return conn_ids, conn_id
    return conn_ids, (np.cumsum(seen) - 1)[conn_id]


def _identity(segments: pd.DataFrame, rows: Rows, first_row: Array) -> dict[str, Any]:
    """Endpoints by role, and what shows the roles."""
    from_client = rows.from_client[first_row]
    codes = [segments[name].array.codes[first_row] for name in ("src", "dst")]
    ports = [column[first_row] for column in (rows.src_port, rows.dst_port)]
    addresses = segments["src"].dtype
    opening = rows.tcp_flags & (SYN | ACK)
    roles = np.full(first_row.size, ROLES.index("inferred"), np.int8)
    for shown, flags in (("syn_ack", SYN | ACK), ("syn", SYN)):
        roles[rows.place[np.flatnonzero(opening == flags)]] = ROLES.index(shown)
    made: dict[str, Any] = {"roles": _category(roles, ROLES)}
    for side, sends_first in zip(SIDES, (from_client, ~from_client), strict=True):
        made[side] = pd.Categorical.from_codes(np.where(sends_first, *codes), dtype=addresses)  # type: ignore[call-overload]
        made[f"{side}_port"] = np.where(sends_first, *ports)
    return made


def _seconds(nanoseconds: Array) -> Array:
    """Return differences as seconds, NaN where there is none."""
    return np.where(nanoseconds >= 0, nanoseconds / 1e9, np.nan)


def _time(nanoseconds: Array) -> Any:
    return pd.array(nanoseconds, dtype=pd.DatetimeTZDtype("ns", "UTC"), copy=False)


def _category(places: Array, categories: Sequence[str]) -> Any:
    return pd.Categorical.from_codes(places, dtype=pd.CategoricalDtype(list(categories)))


def _as(column: Any, dtype: str) -> Any:
    """Return a column in the dtype that the schema declares."""
    return column.astype(dtype) if isinstance(column, np.ndarray) else column
