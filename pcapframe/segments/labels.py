"""Label every TCP segment of a packets frame."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.arrays import NO_TIME, YEAR_NS
from pcapframe.disk import disk_may_be_used, expect_memory, give_back
from pcapframe.errors import ParameterError
from pcapframe.icmp import ATTRIBUTE, NO_QUOTES, written_quotes
from pcapframe.measures import nullable, without_attrs
from pcapframe.memory import (
    bytes_to_analyze,
    computed,
    count_where,
    new_column,
    one_block,
    rows_where,
    stretches,
    taken,
)
from pcapframe.names import HEARD_IN, NAMES, named_connections, read_heard, written_named
from pcapframe.plain import null_mask, parts_of
from pcapframe.rows import ascends, frames_at, rows_at, take_rows
from pcapframe.schema import ACK, COMMON, PROBES, RESEND_REASONS, RESEND_RULES, SEGMENTS, SYN, names
from pcapframe.segments import evidence, exchange
from pcapframe.segments.columns import SegmentColumns
from pcapframe.segments.exchange import Exchange
from pcapframe.segments.passes import Passed, run_passes
from pcapframe.segments.quoted import Ends, Sent, find_quotes, rows_that_quote
from pcapframe.segments.roles import find_clients
from pcapframe.segments.sequence import LABEL_BITS, Sequence
from pcapframe.segments.times import times_that_cannot_be
from pcapframe.segments.tracking import REUSED, Tracked

__all__ = ["label_segments"]

EVIDENCE_BITS = (
    evidence.IS_COPY, evidence.IS_RESENT, evidence.IS_REORDERED, evidence.IS_NEEDLESS,
    evidence.IS_NEEDLESS | evidence.IS_NEEDED,
)  # fmt: skip
EXCHANGE_BITS = (
    exchange.KEEP_ALIVE, exchange.WINDOW_PROBE, exchange.RST_IGNORED, exchange.FIN_IGNORED, exchange.ACKS_UNSENT,
    exchange.ACK_EARLY,
)  # fmt: skip
REASONS = pd.CategoricalDtype(list(RESEND_REASONS))
RULES = pd.CategoricalDtype(list(RESEND_RULES))
PROBE = pd.CategoricalDtype(list(PROBES))


@disk_may_be_used()
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
        ``tcp.analysis`` flags, under the same names; ``resent``, ``reordered`` and others are based on further
        evidence in the packets. Empty for packets without TCP.

    Raises
    ------
    ParameterError
        A column is missing.

    Notes
    -----
    A segment whose time cannot be has none (all packets have the same, or it is years from its neighbours'). A segment
    of unknown payload length (``payload_bytes`` null) has no labels. Sequence numbers are compared modulo
    2**32 (RFC 9293 section 3.4). A SYN shows which side is the client; if none was captured, the roles are inferred and
    ``connections.roles`` says so.

    What is said of a connection rests on the segments between its two endpoints alone, but for two things: times that
    cannot be are found in the whole capture, and inferred roles may rest on which endpoint more connections share.

    Examples
    --------
    >>> import pcapframe as pf
    >>> segments = label_segments(pf.read_pcap(pf.example("clean.pcap")))
    >>> bool(segments["retransmission"].any())
    False
    """
    missing = [name for name in names(COMMON) if name not in packets]
    if missing:
        raise ParameterError(f"packets lacks the columns {', '.join(missing)}: expected what read_pcap returns")
    bare = without_attrs(packets)
    is_segment, frame = _known(bare["seq"]), bare[names(COMMON)]
    if count_where(is_segment.size, lambda rows: ~is_segment[rows]):
        frame = take_rows(frame, rows_where(is_segment.size, lambda rows: is_segment[rows]))
    plain = _plain(without_attrs(frame))
    segments = SegmentColumns(plain)
    expect_memory(bytes_to_analyze(0, len(frame), 0))
    give_back()
    passed = run_passes(segments, len(frame))
    tracked, labelled, said = passed.tracked, passed.labelled, passed.said
    _mark_replaced_bases(segments, tracked, labelled.labels)
    made = _made(segments, passed)
    made |= _exchanged(said, made["capture_duplicate"], frame)
    columns = {name: made[name] if name in made else plain[name] for name in names(SEGMENTS)}
    columns |= _without_times(packets, is_segment, columns)
    labelled_frame = pd.DataFrame(columns, index=frame.index, copy=False)
    labelled_frame.attrs = packets.attrs | _quotes(packets, is_segment, segments, tracked, labelled, columns)
    _name(labelled_frame)
    return labelled_frame


def _known(column: pd.Series) -> npt.NDArray[np.bool_]:
    """Tell where a column is not null."""
    null = null_mask(column)
    return computed(len(column), np.bool_, lambda rows: True if null is None else ~null[rows])


def _name(segments: pd.DataFrame) -> None:
    """Say in ``attrs`` which connections the names are of that were heard in packets."""
    heard = read_heard(segments.attrs)
    if heard is None:
        return
    bare = without_attrs(segments)[["conn_id", "from_client"]]
    if len(bare) and ascends(bare):  # then only the segments that something was heard in
        bare = take_rows(bare, np.unique(rows_at(bare, heard.entries["row"]).clip(max=len(bare) - 1)))
    conn_id, from_client = bare["conn_id"].to_numpy(), bare["from_client"].to_numpy()
    segments.attrs[NAMES] = written_named(named_connections(heard, bare.index.to_numpy(), conn_id, from_client))
    del segments.attrs[HEARD_IN]


def _quotes(
    packets: pd.DataFrame,
    is_segment: npt.NDArray[np.bool_],
    segments: SegmentColumns,
    tracked: Tracked,
    labelled: Sequence,
    columns: dict[str, Any],
) -> dict[str, str]:
    """Return what ICMP errors quote, as ``attrs`` hold it; nothing where the frame does not tell."""
    rows = rows_that_quote(packets)
    if rows is None:
        return {}
    if not rows.size:
        return {ATTRIBUTE: written_quotes(NO_QUOTES)}

    def sent(some: npt.NDArray[np.intp]) -> Sent:
        known, scaled = taken(labelled.window_known, some), taken(labelled.window_bytes, some)
        return Sent(
            **{name: segments.at(name, some) for name in ("src", "dst", "src_port", "dst_port", "seq", "ack")},
            flags=segments.at("tcp_flags", some),
            payload_bytes=segments.at("payload_bytes", some),
            window_bytes=np.where(known, scaled, segments.at("window", some)).astype(np.int64),
            conn_id=taken(tracked.conn_id, some),
            rel_seq=taken(tracked.rel_seq, some),
            rel_ack=taken(tracked.rel_ack, some),
            is_believed=~taken(columns["acks_unsent"], some),
        )

    def ends_of(some: slice) -> Ends:
        return Ends(*(segments.at(name, some) for name in Ends._fields))

    addresses = columns["src"].cat.categories
    found = find_quotes(packets, rows, is_segment, addresses, segments.hidden.size, ends_of, sent)
    return {ATTRIBUTE: written_quotes(found)}


def _without_times(packets: pd.DataFrame, is_segment: npt.NDArray[np.bool_], columns: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of times, null where a packet's time cannot be; labels are by the times in the file."""
    wrong = times_that_cannot_be(packets)
    rtt, times = columns["ack_rtt_s"], parts_of(columns["time"]).values
    changed: dict[str, Any] = {}
    if any((np.abs(rtt[rows]) >= YEAR_NS / 1e9).any() for rows in stretches(rtt.size)):
        known = rtt
        changed["ack_rtt_s"] = rtt = computed(
            rtt.size, np.float64, lambda rows: np.where(np.abs(known[rows]) >= YEAR_NS / 1e9, np.nan, known[rows])
        )
    if wrong is None:
        return changed
    if wrong.size > rtt.size:
        wrong = taken(wrong, rows_where(wrong.size, lambda rows: is_segment[rows]))
    time = computed(rtt.size, np.int64, lambda rows: np.where(wrong[rows], NO_TIME, times[rows]))
    dtype = columns["time"].dtype
    return {
        "time": pd.array(time, pd.DatetimeTZDtype("ns", dtype.tz), copy=False).as_unit(dtype.unit),
        "ack_rtt_s": computed(rtt.size, np.float64, lambda rows: np.where(wrong[rows], np.nan, rtt[rows])),
    }


def _mark_replaced_bases(segments: SegmentColumns, tracked: Tracked, labels: npt.NDArray[np.uint16]) -> None:
    """Set ``reused_ports`` on SYN-ACKs whose number differs from the one before, and on the first from the last.

    Wireshark runs two passes; the second starts from the number that the first ended with.
    """
    flags = segments["tcp_flags"]
    answers = rows_where(flags.size, lambda rows: flags[rows] & (SYN | ACK) == SYN | ACK)
    if not ((taken(tracked.notes, answers) & REUSED).any() or taken(segments.hidden, answers).any()):
        return
    direction = 2 * taken(tracked.conn_id, answers).astype(np.int64) + taken(tracked.side, answers)
    order = np.argsort(direction, kind="stable")
    answers, direction = answers[order], direction[order]
    starts = np.flatnonzero(np.diff(direction, prepend=-1))
    before = np.roll(answers, 1)
    before[starts] = answers[np.append(starts[1:], answers.size) - 1]
    differs = (segments.at("seq", answers) != segments.at("seq", before)) & ~taken(segments.hidden, answers)
    labels[answers[differs]] |= LABEL_BITS["reused_ports"]
    give_back()


def _plain(packets: pd.DataFrame) -> dict[str, Any]:
    """Return the packets' columns with the types that they have on segments, as new arrays where the types differ."""
    columns: dict[str, Any] = {name: packets[name] for name in names(COMMON)}
    plain = [column for column in SEGMENTS[: len(COMMON)] if column.dtype.startswith(("uint", "bool"))]
    changed = [column for column in plain if column.dtype not in ("boolean", str(columns[column.name].dtype))]
    for column, own in zip(changed, one_block(len(packets), [column.dtype for column in changed]), strict=True):
        data, null = parts_of(columns[column.name])
        for rows in stretches(own.size):
            own[rows] = data[rows] if null is None else np.where(null[rows], 0, data[rows])
        columns[column.name] = own
    src, dst = columns["src"], columns["dst"]
    if not src.cat.categories.equals(dst.cat.categories):  # later stages expect the same categories in both
        both = src.cat.categories.union(dst.cat.categories, sort=False)
        columns |= {"src": src.cat.set_categories(both), "dst": dst.cat.set_categories(both)}
    return columns


def _bits_to_columns(bits: npt.NDArray[Any], masks: Iterable[int]) -> list[npt.NDArray[np.bool_]]:
    """Return, for each mask, where any of its bits is set; few rows have any."""
    masks = list(masks)
    columns = one_block(bits.size, [np.bool_] * len(masks))
    for rows in stretches(bits.size):
        places = np.flatnonzero(bits[rows] != 0)  # far faster on bool
        some = bits[rows][places]
        for column, mask in zip(columns, masks, strict=True):
            part = column[rows]
            part[:] = False
            part[places[some & mask != 0]] = True
    return columns


def _made(segments: SegmentColumns, passed: Passed) -> dict[str, Any]:
    """Return the columns that only segments have, by name."""
    connections, tracked, labelled, judged = passed.connections, passed.tracked, passed.labelled, passed.judged
    client_side = find_clients(segments, tracked, connections)
    flags, rows, flight, repeats = (
        segments["tcp_flags"], segments.hidden.size, labelled.bytes_in_flight, labelled.duplicate_ack_num
    )  # fmt: skip
    labels = _bits_to_columns(labelled.labels, LABEL_BITS.values())
    copy, resent, reordered, needless, settled = _bits_to_columns(judged.bits, EVIDENCE_BITS)
    for some in stretches(rows):  # copies that only later packets revealed
        judged.resent_bytes[some][copy[some]] = 0
    return {
        "conn_id": tracked.conn_id,
        "from_client": _is_side(tracked, client_side),
        "rel_seq": nullable(tracked.rel_seq),
        "rel_ack": _unless(tracked.rel_ack, lambda some: flags[some] & ACK == 0),
        "window_bytes": nullable(labelled.window_bytes, labelled.window_known),
        "ack_rtt_s": labelled.ack_rtt_s,
        "bytes_in_flight": _unless(flight, lambda some: flight[some] <= 0),
        "duplicate_ack_num": _unless(repeats, lambda some: repeats[some] <= 0),
        **dict(zip(LABEL_BITS, labels, strict=True)),
        "capture_duplicate": copy,
        "resent": resent,
        "resent_bytes": judged.resent_bytes,
        "reordered": reordered,
        "resend_reason": _category(judged.reason, 0, (1 << evidence.RULE_BIT) - 1, resent, REASONS),
        "resend_rule": _category(judged.reason, evidence.RULE_BIT, -1, resent, RULES),
        "needless": pd.arrays.BooleanArray(
            computed(rows, np.bool_, lambda some: needless[some] & resent[some] & settled[some]),
            computed(rows, np.bool_, lambda some: ~(resent[some] & settled[some])),
        ),
        "capture_gap": judged.gap,
    }


def _exchanged(said: Exchange, copy: npt.NDArray[np.bool_], frame: pd.DataFrame) -> dict[str, Any]:
    """Columns of what packets are to the two hosts, by name."""
    columns = _bits_to_columns(said.bits, EXCHANGE_BITS)
    keep_alive, window_probe, rst_ignored, fin_ignored, acks_unsent, ack_early = columns
    probe = new_column(copy.size, np.int8)
    answered, answered_by = one_block(copy.size, [np.bool_, np.uint32], zeroed=True)
    for some in stretches(copy.size):
        rows = some.start + np.flatnonzero((keep_alive[some] | window_probe[some]) & ~copy[some])
        probe[some] = -1
        probe[rows] = window_probe[rows]  # their places in PROBES
        rows = rows[said.answer[rows] >= 0]
        answered[rows] = True
        answered_by[rows] = frames_at(frame, said.answer[rows])
    return {
        "acks_unsent": acks_unsent,
        "ack_early": ack_early,
        "rst_ignored": rst_ignored,
        "fin_ignored": fin_ignored,
        "probe": pd.Categorical.from_codes(probe, dtype=PROBE, validate=False),
        "answered_by": nullable(answered_by, answered),
    }


def _is_side(tracked: Tracked, side: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Tell which segments the side of each connection sent that is given."""
    return computed(tracked.side.size, np.bool_, lambda rows: tracked.side[rows] == side.take(tracked.conn_id[rows]))


def _unless(data: npt.NDArray[Any], is_null: Callable[[slice], npt.NDArray[np.bool_]]) -> Any:
    """Return integers as a nullable column, by what tells where some rows are null."""
    return pd.arrays.IntegerArray(data, computed(data.size, np.bool_, is_null))


def _category(
    packed: npt.NDArray[np.int8], shift: int, bits: int, known: npt.NDArray[np.bool_], categories: pd.CategoricalDtype
) -> pd.Categorical:
    """Return a column of categories by their places, which are bits of a number, null unless known."""
    codes = computed(packed.size, np.int8, lambda rows: np.where(known[rows], packed[rows] >> shift & bits, -1))
    return pd.Categorical.from_codes(codes, dtype=categories, validate=False)
