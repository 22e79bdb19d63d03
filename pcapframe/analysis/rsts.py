"""Every RST and the packets around it: what a reader compares to judge whether the host at its address sent it.

- A receiver accepts a RST with exactly the next sequence number, answers any other in its window by a challenge ACK,
  and drops the rest (RFC 9293 section 3.10.7.4, RFC 5961 section 3): ``seq_fit``, ``challenge_ack``, ``took_effect``.
- A host answers only packets that it received. A RST with ACK answers the first packet since its side's last RST that
  carries the bytes it acknowledges; a RST without ACK answers the first packet that acknowledges its sequence number
  (RFC 9293 section 3.5.2). The answer takes at least a round trip: compare ``answer_delay_s`` with ``smallest_rtt_s``.
- Packets of one host take one path and count down one hop limit; many hosts number their IPv4 packets one by one, and
  some devices copy the identification and window of the packet that they answer.

Limits. The receiver expects a number between its last ACK number and the highest byte sent before; these two count as
``exact``, numbers between them as ``in_window``. Many hosts send RSTs with identification 0, window 0 and another hop
limit than their other packets. If a host resets without being prompted by a packet, the delay can have any length.
Duplicates made by the capture (``capture_duplicate``) are left out.
"""

from typing import Any

import numpy as np
import pandas as pd

from pcapframe.analysis.result import Analysis
from pcapframe.arrays import NO_TIME, Array, seconds_from
from pcapframe.connections import measure_distances
from pcapframe.measures import without_attrs
from pcapframe.plain import PlainColumns
from pcapframe.schema import FLAG_BITS, RST_EVIDENCE, RST_FITS, RST_PHASES, SEGMENTS, names
from pcapframe.segments import RstRows, Rsts, follow_rsts

__all__ = ["rst_evidence"]

RST = FLAG_BITS["RST"]
PHASES, FITS = (pd.CategoricalDtype(list(names_)) for names_ in (RST_PHASES, RST_FITS))
NULL = np.iinfo(np.int64).min
WINDOW_BITS = 16


def rst_evidence(analysis: Analysis) -> pd.DataFrame:
    """List every RST: its numbers, the expected ones, and how it compares with its sender's other packets.

    Parameters
    ----------
    analysis : Analysis
        Its selected connections are listed.

    Returns
    -------
    DataFrame
        Columns and dtypes of ``schema.RST_EVIDENCE``, index ``frame``: one row per RST.

    Notes
    -----
    Nothing here says who sent a RST. The module's docstring has the rules and their limits.

    Examples
    --------
    >>> import pcapframe as pf
    >>> found = rst_evidence(pf.analyze(pf.example("resets.pcap")))
    >>> len(found), found["phase"].value_counts()["handshake"].item()
    (26, 6)
    """
    segments, connections = without_attrs(analysis.filtered_segments), without_attrs(analysis.connections)
    rows = _chosen(segments)
    wanted = [*RstRows._fields, "window"]
    chosen = segments[wanted].take(rows)
    plain = PlainColumns(chosen, SEGMENTS, wanted).chunk(0, rows.size)
    window = plain.pop("window")
    followed = RstRows(**plain)
    seen = _followed(followed)
    at, resets = seen.row, chosen.take(seen.row)
    frames = chosen.index.to_numpy()
    delay = _seconds(followed.time, seen.answers, at)
    smallest = _smallest(connections, resets)
    least, most = _other_hop_limits(followed, at)
    numbered = (seen.id_before > 0) & (followed.ip_id[at] > 0)
    step = np.where(numbered, (followed.ip_id[at] - seen.id_before) % (1 << 16), NULL)
    made: dict[str, Any] = {
        **{name: resets[name] for name in ("conn_id", "from_client", "time", "rel_seq", "rel_ack", "ttl", "window")},
        "phase": pd.Categorical.from_codes(seen.phase.astype(np.int8), dtype=PHASES),
        "idle_s": _seconds(followed.time, seen.before, at),
        "expected_seq": _integers(seen.expected_seq, np.int64),
        "seq_fit": pd.Categorical.from_codes(seen.fit.astype(np.int8), dtype=FITS),
        "ack_offset_bytes": _integers(seen.ack_offset, np.int64),
        "answers": _frames(frames, seen.answers),
        "answer_delay_s": delay,
        "smallest_rtt_s": smallest,
        "delay_round_trips": delay / smallest,
        "others_ttl_min": _integers(least, np.uint8),
        "others_ttl_max": _integers(most, np.uint8),
        "ip_id": resets["ip_id"],
        "ip_id_step": _integers(step, np.uint16),
        "same_id_and_window": _frames(frames, _same_id_and_window(followed, window, at)),
        "took_effect": pd.arrays.BooleanArray(seen.took_effect == 1, seen.took_effect < 0),
        "challenge_ack": _frames(frames, seen.challenge),
    }
    frame = pd.DataFrame({name: made[name] for name in names(RST_EVIDENCE)}, index=resets.index)
    return frame.sort_index()


def _chosen(segments: pd.DataFrame) -> Array:
    """Return the rows of connections with RSTs, grouped by connection, each in capture order."""
    conn_id = segments["conn_id"].to_numpy()
    wanted = np.zeros(int(conn_id.max(initial=-1)) + 1, np.bool_)
    wanted[conn_id[np.flatnonzero(segments["tcp_flags"].to_numpy() & RST)]] = True
    rows = np.flatnonzero(wanted.take(conn_id))
    return rows[np.argsort(conn_id[rows], kind="stable")]


def _followed(rows: RstRows) -> Rsts:
    """Run the pass over the chosen rows."""
    room = int(np.count_nonzero(rows.tcp_flags & RST))
    out = Rsts(*(np.empty(room, np.int64) for _ in Rsts._fields))
    longest = int(np.bincount(rows.conn_id).max(initial=0)) if rows.conn_id.size else 0
    count = follow_rsts(rows, longest, out)
    return Rsts(*(column[:count] for column in out))


def _seconds(times: Array, earlier: Array, later: Array) -> Array:
    """Return the time between rows, NaN where there is no earlier row or no time [s]."""
    begins = np.full(later.size, NO_TIME)
    begins[earlier >= 0] = times[earlier[earlier >= 0]]
    return seconds_from(begins, times[later])


def _frames(frames: Array, places: Array) -> pd.arrays.IntegerArray:
    """Return the frame numbers of rows, null where there is none."""
    found = np.zeros(places.size, np.uint32)
    found[places >= 0] = frames[places[places >= 0]]
    return pd.arrays.IntegerArray(found, places < 0)


def _integers(numbers: Array, dtype: Any) -> pd.arrays.IntegerArray:
    """Numbers, null where they are NULL."""
    is_null = numbers == NULL
    return pd.arrays.IntegerArray(np.where(is_null, 0, numbers).astype(dtype), is_null)


def _smallest(connections: pd.DataFrame, resets: pd.DataFrame) -> Array:
    """Smallest time from the capture point to each RST's side and back, NaN where unknown [s]."""
    place = connections.index.get_indexer(pd.Index(resets["conn_id"]))
    columns = ("client_ack_rtt_min_s", "server_ack_rtt_min_s", "handshake_rtt_s")
    distances = measure_distances(*(connections[name].to_numpy() for name in columns))
    found = np.where(resets["from_client"].to_numpy(), distances.to_client[place], distances.to_server[place])
    return np.asarray(np.where(found > 0, found, np.nan), np.float64)


def _other_hop_limits(rows: RstRows, at: Array) -> tuple[Array, Array]:
    """Smallest and largest hop limit of the other packets of each RST's side."""
    _, connection = np.unique(rows.conn_id, return_inverse=True)
    direction = 2 * connection + ~rows.from_client
    others = np.flatnonzero((rows.tcp_flags & RST == 0) & ~rows.capture_duplicate)
    size = int(direction.max(initial=-1)) + 1
    least, most = np.full(size, 256), np.full(size, NULL)
    np.minimum.at(least, direction[others], rows.ttl[others])
    np.maximum.at(most, direction[others], rows.ttl[others])
    least[most == NULL] = NULL
    return least[direction[at]], most[direction[at]]


def _same_id_and_window(rows: RstRows, window: Array, at: Array) -> Array:
    """Return the row of the first packet, RSTs excepted, with each RST's identification and window; -1 for none."""
    key = rows.ip_id.astype(np.int64) << WINDOW_BITS | window
    candidates = np.flatnonzero((rows.tcp_flags & RST == 0) & ~rows.capture_duplicate & (rows.ip_id > 0))
    both = np.concatenate([candidates, at])
    order = np.lexsort((both, np.arange(both.size) >= candidates.size, key[both], rows.conn_id[both]))
    ranked = both[order]
    changes = (np.diff(key[ranked], prepend=-1) != 0) | (np.diff(rows.conn_id[ranked], prepend=-1) != 0)
    starts = np.maximum.accumulate(np.where(changes, np.arange(ranked.size), 0))
    first = ranked[starts]
    is_reset = order >= candidates.size
    found = np.full(at.size, -1)
    is_other = rows.tcp_flags[first] & RST == 0
    found[order[is_reset] - candidates.size] = np.where(is_other[is_reset], first[is_reset], -1)
    found[rows.ip_id[at] <= 0] = -1
    return found
