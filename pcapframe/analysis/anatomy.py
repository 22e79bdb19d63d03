"""Details of every retransmission: its copies, the delay, what came before it, and the evidence for it."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.analysis.result import Analysis
from pcapframe.arrays import NO_TIME
from pcapframe.connections import measure_distances
from pcapframe.measures import without_attrs
from pcapframe.plain import PlainColumns
from pcapframe.schema import RESENDS, SEGMENTS, WIRESHARK_LABELS, names
from pcapframe.segments import NO_ROW, Anatomy, Followed, follow

__all__ = ["first_copies", "resends"]

LABELS = pd.CategoricalDtype(list(WIRESHARK_LABELS))


def resends(analysis: Analysis) -> pd.DataFrame:
    """List every retransmitted segment: when its bytes were sent before, and what the sender had received by then.

    Parameters
    ----------
    analysis : Analysis
        Its selected connections are listed.

    Returns
    -------
    DataFrame
        Columns and dtypes of ``schema.RESENDS``, index ``frame``: one row per segment that is ``resent``.

    Notes
    -----
    ``first_copy`` is the earliest previous segment with any of its bytes, ``previous_copy`` the latest. Both are null
    where the capture has none, as on the receiver's side of a loss. The search covers every segment that reached a new
    highest byte, and the last 256 segments below it. A round trip is the smallest time from the capture point to both
    ends and back, or the initial round-trip time where one of them is unknown.

    A duplicate ACK (RFC 5681, RFC 6675) has no payload, SYN or FIN, repeats the highest ACK number, and either leaves
    the window unchanged or carries SACK. ``sacked_bytes`` are the SACKed bytes above that ACK number, in at most 64
    ranges; DSACKs (RFC 2883) do not count.

    The rule that decided: ``seen_before`` (bytes of it were seen; ``acknowledged_before`` where the capture has no
    copy of them and the peer had acknowledged them, so that they had been sent), else it fills a gap and was sent
    after the segment that opened it, by IPv4 ``identification``, by ``timestamp`` (RFC 7323), by an
    ``acknowledgement`` or echo newer than any before, or by coming a ``round_trip`` later.

    Examples
    --------
    >>> import pcapframe as pf
    >>> found = resends(pf.analyze(pf.example("losses.pcap")))
    >>> len(found), int((found["reason"] == "fast").sum())
    (58, 45)
    >>> int(found.loc[173, "first_copy"]), found.loc[173, "rule"]
    (106, 'seen_before')
    """
    segments, connections = without_attrs(analysis.filtered_segments), without_attrs(analysis.connections)
    chosen = _chosen(segments)
    rows, seen = _followed(segments, chosen)
    frames = segments.index.to_numpy()
    times = segments["time"].to_numpy("datetime64[ns]").view(np.int64)
    resent = segments.take(rows[seen.row])
    first, previous = (_copies(frames, rows, places) for places in (seen.first, seen.previous))
    delay, since = (_delays(times, rows, seen.row, places) for places in (seen.first, seen.previous))
    place = connections.index.get_indexer(pd.Index(resent["conn_id"]))
    made = {
        **{name: resent[name] for name in ("conn_id", "from_client", "time", "rel_seq", "resent_bytes", "needless")},
        "first_copy": first,
        "delay_s": delay,
        "delay_round_trips": delay / _round_trips(connections)[place],
        "previous_copy": previous,
        "since_previous_s": since,
        "duplicate_acks": seen.duplicate_acks.astype(np.uint32),
        "sacked_bytes": seen.sacked_bytes.astype(np.uint64),
        "reason": resent["resend_reason"],
        "wireshark_label": _wireshark(resent),
        "rule": _rules(resent["resend_rule"], first),
    }
    frame = pd.DataFrame({name: made[name] for name in names(RESENDS)}, index=resent.index)
    return frame.sort_index()


def first_copies(segments: pd.DataFrame) -> pd.Series:
    """Return for every retransmitted segment when its bytes were sent first.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``, whole connections in capture order; not modified.

    Returns
    -------
    Series of UInt32
        Frame of the first copy, as ``first_copy`` of `resends`; index ``frame``.
    """
    rows, seen = _followed(segments, _chosen(segments))
    frames = segments.index.to_numpy()
    index = pd.Index(frames[rows[seen.row]], name="frame")
    return pd.Series(_copies(frames, rows, seen.first), index, name="first_copy").sort_index()


def _rules(rules: pd.Series, first: pd.arrays.IntegerArray) -> pd.Series:
    """Return the rule that decided; a segment that counts as seen without a captured copy has its own rule."""
    made = rules.copy()
    made[(rules == "seen_before").to_numpy() & np.asarray(first.isna())] = "acknowledged_before"
    return made


def _chosen(segments: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the rows of connections with retransmissions, grouped by connection, each in capture order."""
    conn_id = segments["conn_id"].to_numpy()
    wanted = np.zeros(int(conn_id.max(initial=-1)) + 1, np.bool_)
    wanted[conn_id[np.flatnonzero(segments["resent"].to_numpy())]] = True
    rows = np.flatnonzero(wanted.take(conn_id))
    return rows[np.argsort(conn_id[rows], kind="stable")]


def _followed(segments: pd.DataFrame, rows: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], Anatomy]:
    """Run the second pass over some rows."""
    wanted = [name for name in Followed._fields if name in segments]
    chosen = segments[wanted].take(rows)
    followed = Followed(**PlainColumns(chosen, SEGMENTS, wanted).chunk(0, rows.size))
    count = int(np.count_nonzero(followed.resent))
    out = Anatomy(*(np.empty(count, np.int64) for _ in Anatomy._fields))
    longest = int(np.bincount(followed.conn_id).max()) if rows.size else 0
    found = follow(followed, longest, out)
    return rows, Anatomy(*(column[:found] for column in out))


def _copies(
    frames: npt.NDArray[np.int64], rows: npt.NDArray[np.intp], places: npt.NDArray[np.int64]
) -> pd.arrays.IntegerArray:
    """Return frame numbers of row indices, null where there is none."""
    none = places == NO_ROW
    found = np.zeros(places.size, np.uint32)
    found[~none] = frames[rows[places[~none]]]
    return pd.arrays.IntegerArray(found, none)


def _delays(
    times: npt.NDArray[np.int64],
    rows: npt.NDArray[np.intp],
    later: npt.NDArray[np.int64],
    earlier: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """Return the seconds between rows, NaN where there is no earlier row or no time."""
    known = np.flatnonzero(earlier != NO_ROW)
    end, start = times[rows[later[known]]], times[rows[earlier[known]]]
    found = np.full(later.size, np.nan)
    found[known] = np.where((end == NO_TIME) | (start == NO_TIME), np.nan, (end - start) / 1e9)
    return found


def _round_trips(connections: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Return the smallest round-trip time of each connection, NaN where unknown. [s]."""
    names_ = ("client_ack_rtt_min_s", "server_ack_rtt_min_s", "handshake_rtt_s", "initial_rtt_s")
    client, server, handshake, initial = (connections[name].to_numpy() for name in names_)
    distances = measure_distances(client, server, handshake)
    whole = distances.to_client + distances.to_server
    found = np.where(np.isnan(whole), initial, whole)
    return np.asarray(np.where(found > 0, found, np.nan), np.float64)


def _wireshark(resent: pd.DataFrame) -> pd.Categorical:
    """Return the most specific of Wireshark's labels."""
    conditions = [resent[name].to_numpy() for name in WIRESHARK_LABELS]
    codes = np.select(conditions, list(range(len(WIRESHARK_LABELS))), default=-1)
    return pd.Categorical.from_codes(codes, dtype=LABELS)
