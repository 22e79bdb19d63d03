"""Label every TCP segment of a packets frame."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.compute as pc

from pcapframe.errors import ParameterError
from pcapframe.measures import fixed, nullable, values, without_attrs
from pcapframe.schema import LABELS, PACKETS, RESEND_REASONS, RESEND_RULES, SEGMENTS, names
from pcapframe.segments import evidence
from pcapframe.segments.evidence import Evidence, EvidencePass
from pcapframe.segments.roles import find_clients
from pcapframe.segments.sequence import LABEL_BITS, Labeller, Sequence
from pcapframe.segments.state import ACK, NO_LENGTH, SYN, Segments, part
from pcapframe.segments.tracking import REUSED, Tracked, Tracker

__all__ = ["label_segments"]

CHUNK_ROWS = 1 << 15
REASONS = pd.CategoricalDtype(list(RESEND_REASONS))
RULES = pd.CategoricalDtype(list(RESEND_RULES))


def label_segments(packets: pd.DataFrame) -> pd.DataFrame:
    """Find the TCP segments of a capture, their connections, directions and labels.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS`` in capture order, as from `read_pcap`; not modified.

    Returns
    -------
    DataFrame
        The TCP rows with their index, columns and dtypes of ``schema.SEGMENTS``. The labels are Wireshark's
        ``tcp.analysis`` flags by their names there; ``resent``, ``reordered`` and their like are what the packets
        show beyond these. Empty for packets without TCP.

    Raises
    ------
    ParameterError
        A column is missing.

    Notes
    -----
    A segment whose headers do not tell its payload (``payload_bytes`` null) carries no label. Sequence numbers
    compare modulo 2**32 (RFC 9293 section 3.4). A SYN shows who the client is; where none was captured the roles
    are inferred and ``connections.roles`` says so.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = label_segments(pf.read_pcap(pf.example("clean.pcap")))
    >>> bool(segments["retransmission"].any())
    False
    """
    missing = [name for name in names(PACKETS) if name not in packets]
    if missing:
        raise ParameterError(f"packets lacks the columns {', '.join(missing)}: expected what read_pcap returns")
    is_segment = packets["seq"].notna().to_numpy()
    frame = packets if is_segment.all() else packets[is_segment]
    frame = _plain(without_attrs(frame))
    segments = _arrays(frame)
    tracker, labeller, evidence_pass = Tracker(), Labeller(), EvidencePass()
    rows = len(frame)
    tracked, labelled, judged = Tracked.room(rows), Sequence.room(rows), Evidence.room(rows)
    for start in range(0, rows, CHUNK_ROWS):
        stop = min(start + CHUNK_ROWS, rows)
        chunk, tracked_chunk = segments.chunk(start, stop), part(tracked, start, stop)
        tracker.feed(chunk, tracked_chunk)
        labeller.feed(chunk, tracked_chunk, tracker.connections, part(labelled, start, stop))
        evidence_pass.feed(chunk, tracked_chunk, tracker.connections, judged)
    _mark_replaced_bases(segments, tracked, labelled.labels)
    labelled_frame = _frame(frame, segments, tracker.connections, tracked, labelled, judged)
    labelled_frame.attrs = packets.attrs
    return labelled_frame


def _mark_replaced_bases(segments: Segments, tracked: Tracked, labels: npt.NDArray[np.uint16]) -> None:
    """Set ``reused_ports`` on SYN-ACKs whose number differs from the one before, and on the first from the last.

    Wireshark analyses twice; the second time it starts from the number that the first time ended with.
    """
    answers = np.flatnonzero(segments.tcp_flags & (SYN | ACK) == SYN | ACK)
    if not ((tracked.notes[answers] & REUSED).any() or segments.hidden[answers].any()):
        return
    direction = 2 * tracked.conn_id[answers].astype(np.int64) + tracked.side[answers]
    order = np.argsort(direction, kind="stable")
    answers, direction = answers[order], direction[order]
    starts = np.flatnonzero(np.diff(direction, prepend=-1))
    before = np.roll(answers, 1)
    before[starts] = answers[np.append(starts[1:], answers.size) - 1]
    differs = (segments.seq[answers] != segments.seq[before]) & ~segments.hidden[answers]
    labels[answers[differs]] |= LABEL_BITS["reused_ports"]


def _plain(packets: pd.DataFrame) -> pd.DataFrame:
    """Return the packets with the dtypes that their columns have on segments, sharing what need not change."""
    changed: dict[str, Any] = {}
    for column in SEGMENTS[: len(PACKETS)]:
        if column.dtype.startswith(("uint", "bool")) and column.dtype != str(packets[column.name].dtype):
            if column.dtype != "boolean":
                changed[column.name] = values(packets[column.name], column.dtype)
    if packets["src"].dtype != packets["dst"].dtype:  # the stages after this one count on one numbering
        both = pd.CategoricalDtype(packets["src"].cat.categories.union(packets["dst"].cat.categories, sort=False))
        changed |= {"src": packets["src"].astype(both), "dst": packets["dst"].astype(both)}
    return packets.assign(**changed)


def _arrays(frame: pd.DataFrame) -> Segments:
    """Return what the compiled passes read."""
    sack = frame["sack"].array
    lists = sack.__arrow_array__() if len(frame) else None
    sack_at = np.zeros(len(frame) + 1, np.int64)
    edges = np.empty(0, np.uint32)
    if lists is not None and lists.null_count < len(lists):
        sack_at[1:] = np.cumsum(pc.fill_null(pc.list_value_length(lists), 0).to_numpy())
        edges = np.asarray(pc.list_flatten(lists).to_numpy(), np.uint32)
    return Segments(
        time=fixed(frame["time"].to_numpy("datetime64[ns]").view(np.int64), np.int64),
        src=fixed(frame["src"].cat.codes, np.int32),
        dst=fixed(frame["dst"].cat.codes, np.int32),
        src_port=fixed(frame["src_port"], np.uint16),
        dst_port=fixed(frame["dst_port"], np.uint16),
        tcp_flags=fixed(frame["tcp_flags"], np.uint16),
        seq=fixed(frame["seq"], np.uint32),
        ack=fixed(frame["ack"], np.uint32),
        window=fixed(frame["window"], np.uint16),
        header=fixed(frame["tcp_header_bytes"], np.uint8),
        payload=fixed(values(frame["payload_bytes"], np.int64, null=NO_LENGTH), np.int64),
        scale=fixed(values(frame["window_scale"], np.int16, null=-1), np.int16),
        hidden=fixed(_is_hidden(frame), np.bool_),
        ip_id=fixed(values(frame["ip_id"], np.int32, null=-1), np.int32),
        tsval=fixed(values(frame["tsval"], np.int64, null=-1), np.int64),
        tsecr=fixed(values(frame["tsecr"], np.int64, null=-1), np.int64),
        sack_permitted=fixed(values(frame["sack_permitted"], np.bool_, null=False), np.bool_),
        sack_at=fixed(sack_at, np.int64),
        sack=fixed(edges, np.uint32),
    )


def _is_hidden(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether Wireshark's dissection ends before it shows what it found: the header is not there as a whole."""
    cut: npt.NDArray[np.bool_] = frame["options_malformed"].isna().to_numpy()
    return cut | (frame["tcp_header_bytes"].to_numpy() < 20) | frame["payload_bytes"].isna().to_numpy()


class _Bits:
    """Columns out of bits of which few rows have any."""

    def __init__(self, bits: npt.NDArray[Any]) -> None:
        self._size = bits.size
        self._rows = np.flatnonzero(bits != 0)  # far faster on bool
        self._bits = bits[self._rows]

    def column(self, bit: int) -> npt.NDArray[np.bool_]:
        """Return where any of these bits is set."""
        column = np.zeros(self._size, np.bool_)
        column[self._rows[self._bits & bit != 0]] = True
        return column


def _frame(
    frame: pd.DataFrame,
    segments: Segments,
    connections: int,
    tracked: Tracked,
    labelled: Sequence,
    judged: Evidence,
) -> pd.DataFrame:
    """Put packets, connections, labels and evidence together, in the schema's order."""
    client_side = find_clients(segments, tracked, connections)
    has_ack = segments.tcp_flags & ACK != 0
    labels, seen = _Bits(labelled.labels), _Bits(judged.bits)
    resent = seen.column(evidence.IS_RESENT)
    needless = seen.column(evidence.IS_NEEDLESS)
    known = resent & seen.column(evidence.IS_NEEDLESS | evidence.IS_NEEDED)
    made: dict[str, Any] = {
        "conn_id": tracked.conn_id,
        "from_client": tracked.side == client_side[tracked.conn_id],
        "rel_seq": nullable(tracked.rel_seq),
        "rel_ack": nullable(tracked.rel_ack, has_ack),
        "window_bytes": nullable(labelled.window_bytes.astype(np.uint32), labelled.window_bytes >= 0),
        "ack_rtt_s": np.where(labelled.ack_rtt_ns != 0, labelled.ack_rtt_ns / 1e9, np.nan),
        "bytes_in_flight": nullable(labelled.bytes_in_flight, labelled.bytes_in_flight > 0),
        "duplicate_ack_num": nullable(labelled.duplicate_ack_num, labelled.duplicate_ack_num > 0),
        **{column.name: labels.column(LABEL_BITS[column.name]) for column in LABELS},
        "capture_duplicate": seen.column(evidence.IS_COPY),
        "resent": resent,
        "resent_bytes": judged.resent_bytes,
        "reordered": seen.column(evidence.IS_REORDERED),
        "resend_reason": _category(judged.reason & ((1 << evidence.RULE_BIT) - 1), resent, REASONS),
        "resend_rule": _category(judged.reason >> evidence.RULE_BIT, resent, RULES),
        "needless": pd.arrays.BooleanArray(needless & known, ~known),
        "capture_gap": judged.gap,
    }
    columns = {name: made[name] if name in made else frame[name] for name in names(SEGMENTS)}
    return pd.DataFrame(columns, index=frame.index, copy=False)


def _category(
    codes: npt.NDArray[np.int8], known: npt.NDArray[np.bool_], categories: pd.CategoricalDtype
) -> pd.Categorical:
    """Return a column of categories by their places, null unless known."""
    codes[~known] = -1
    return pd.Categorical.from_codes(codes, dtype=categories, validate=False)
