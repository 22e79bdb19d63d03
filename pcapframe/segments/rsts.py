"""The pass that compares every RST with the packets around it, see `pcapframe.analysis.rsts`."""

from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.jit import inner_jit, jit
from pcapframe.schema import ACK, FIN, RST, RST_FITS, RST_PHASES, SYN

__all__ = ["NO_NUMBER", "NO_PLACE", "RstRows", "Rsts", "follow_rsts"]

NO_PLACE = -1  # no such row
NO_NUMBER = np.iinfo(np.int64).min
HANDSHAKE, NO_DATA, DATA, ONE_FIN, AFTER_RST, UNKNOWN = (
    RST_PHASES.index(name) for name in ("handshake", "no_data", "data", "fin", "rst", "unknown")
)
EXACT, IN_WINDOW, OUTSIDE = (RST_FITS.index(name) for name in ("exact", "in_window", "outside"))
BOTH_FINS = 3
SEEN_SYN, SEEN_CLIENT_ACK, SEEN_DATA, SEEN_FIN, SEEN_RST = 1, 2, 4, 8, 16
NOT_KNOWN, NO, YES = -1, 0, 1


class RstRows(NamedTuple):
    """Segments of connections with a RST, grouped by connection, each in capture order, as plain arrays."""

    conn_id: Array  # int32
    from_client: Array  # bool
    time: Array  # int64 [ns]
    tcp_flags: Array  # uint16
    rel_seq: Array  # int64
    rel_ack: Array  # int64, NO_NUMBER for null
    payload_bytes: Array  # int64, -1 for null
    window_bytes: Array  # int64, -1 for null
    ip_id: Array  # int32, -1 for null
    ttl: Array  # uint8
    capture_duplicate: Array  # bool
    acks_unsent: Array  # bool
    rst_ignored: Array  # bool
    fin_ignored: Array  # bool


class Rsts(NamedTuple):
    """Results for each RST. A place is a row in `RstRows`, NO_PLACE for none; numbers are NO_NUMBER for null."""

    row: Array  # int64, all of them
    phase: Array  # place in RST_PHASES
    before: Array  # place of the connection's packet before
    expected_seq: Array
    fit: Array  # place in RST_FITS, -1 for null
    ack_offset: Array
    answers: Array  # place of the packet that it answers
    id_before: Array  # IP id of the packet before of this side, -1 for none
    took_effect: Array  # NOT_KNOWN, NO, YES
    challenge: Array  # place of the challenge ACK


@inner_jit
def _first_at(numbers: Any, count: Any, number: Any) -> Any:
    """Return the index of the first of `count` rising numbers that is not below `number`."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if numbers[middle] < number:
            low = middle + 1
        else:
            high = middle
    return low


@inner_jit
def _phase(seen: Any) -> Any:
    """Return what precedes the RST in its connection."""
    if seen & SEEN_RST:
        return AFTER_RST
    if seen & SEEN_FIN:
        return ONE_FIN
    if seen & SEEN_SYN and not seen & (SEEN_CLIENT_ACK | SEEN_DATA):
        return HANDSHAKE
    if seen & SEEN_DATA:
        return DATA
    return NO_DATA if seen & SEEN_SYN else UNKNOWN


@inner_jit
def _fit(seq: Any, sent: Any, acked: Any, window: Any) -> Any:
    """Return where a sequence number lies, given the highest byte sent, the peer's ACK number and its window."""
    if acked == NO_NUMBER:
        return EXACT if seq == sent and sent != NO_NUMBER else NOT_KNOWN
    if seq == acked or seq == sent:
        return EXACT
    if seq < acked:
        return OUTSIDE
    if sent != NO_NUMBER and seq < sent:
        return IN_WINDOW
    if window < 0:
        return NOT_KNOWN
    return IN_WINDOW if seq < acked + window else OUTSIDE


@inner_jit
def _took_effect(fit: Any, phase: Any, fins: Any, is_refusal: Any, is_ignored: Any) -> Any:
    """Return whether a RST ended its connection, as far as known."""
    if is_ignored:
        return NO
    if is_refusal:
        return YES
    return YES if fit == EXACT and phase != AFTER_RST and fins != BOTH_FINS else NOT_KNOWN


@jit
def follow_rsts(rows: Any, longest: Any, out: Any) -> Any:
    """Compare every RST with the packets around it.

    Parameters
    ----------
    rows : RstRows
        What to follow.
    longest : int
        Most rows of one connection.
    out : Rsts
        Filled; has room for every RST.

    Returns
    -------
    int
        How many RSTs there are.
    """
    conn_id, from_client, flags_of, seqs, acks = (
        rows.conn_id, rows.from_client, rows.tcp_flags, rows.rel_seq, rows.rel_ack,
    )  # fmt: skip
    # By side: ends and acknowledgements that rose since the last RST of the other side, and where.
    ends, end_rows = np.empty((2, longest), np.int64), np.empty((2, longest), np.int64)
    ack_numbers, ack_rows = np.empty((2, longest), np.int64), np.empty((2, longest), np.int64)
    end_count, ack_count = np.zeros(2, np.int64), np.zeros(2, np.int64)
    sent, acked = np.full(2, NO_NUMBER), np.full(2, NO_NUMBER)
    window, last_id = np.full(2, -1), np.full(2, -1)
    challenged, answered = np.full(2, NO_PLACE), np.full(2, NO_PLACE)  # RSTs, by their side
    count, seen, fins, before = 0, 0, 0, NO_PLACE
    for i in range(conn_id.size):
        if i == 0 or conn_id[i] != conn_id[i - 1]:
            end_count[:] = ack_count[:] = 0
            sent[:] = acked[:] = NO_NUMBER
            window[:] = last_id[:] = -1
            challenged[:] = answered[:] = NO_PLACE
            seen, fins, before = 0, 0, NO_PLACE
        if rows.capture_duplicate[i]:
            continue
        own = 0 if from_client[i] else 1
        peer = 1 - own
        flags, seq, ack, length = np.int64(flags_of[i]), seqs[i], acks[i], max(rows.payload_bytes[i], 0)
        if flags & RST:
            out.row[count], out.phase[count], out.before[count] = i, _phase(seen), before
            out.fit[count] = _fit(seq, sent[own], acked[peer], window[peer])
            out.expected_seq[count] = max(sent[own], acked[peer])
            has_ack = flags & ACK != 0
            is_known = has_ack and sent[peer] != NO_NUMBER
            out.ack_offset[count] = ack - sent[peer] if is_known else NO_NUMBER
            numbers, places, size = ends[peer], end_rows[peer], end_count[peer]
            wanted = ack
            if not has_ack:
                numbers, places, size, wanted = ack_numbers[peer], ack_rows[peer], ack_count[peer], seq
            at = _first_at(numbers, size, wanted)
            found = NO_PLACE
            if at < size and (has_ack or numbers[at] == wanted):
                found = places[at]
            elif answered[own] != NO_PLACE:
                earlier = out.row[answered[own]]
                same = (flags_of[earlier] & ACK != 0) == has_ack and (acks if has_ack else seqs)[earlier] == wanted
                found = out.answers[answered[own]] if same else NO_PLACE
            out.answers[count], out.id_before[count], out.challenge[count] = found, last_id[own], NO_PLACE
            is_refusal = is_known and ack == sent[peer] and sent[own] == NO_NUMBER and seen & SEEN_SYN
            out.took_effect[count] = _took_effect(
                out.fit[count], out.phase[count], fins, is_refusal, rows.rst_ignored[i]
            )
            if found != NO_PLACE:
                answered[own] = count
            challenged[own] = count if out.fit[count] in (IN_WINDOW, NOT_KNOWN) else NO_PLACE
            end_count[peer] = ack_count[peer] = 0
            seen |= SEEN_RST
            before = i
            count += 1
            continue
        closes = flags & FIN != 0 and not rows.fin_ignored[i]
        end = seq + length + (flags & SYN != 0) + closes
        if challenged[peer] != NO_PLACE:
            is_bare = flags & (ACK | SYN | FIN) == ACK and length == 0
            if is_bare and seq == sent[own] and ack == acked[own]:
                out.challenge[challenged[peer]] = i
            challenged[peer] = NO_PLACE
        challenged[own] = NO_PLACE
        if end_count[own] == 0 or end > ends[own, end_count[own] - 1]:
            ends[own, end_count[own]], end_rows[own, end_count[own]] = end, i
            end_count[own] += 1
        sent[own] = max(sent[own], end)
        if flags & ACK and not rows.acks_unsent[i]:
            if ack_count[own] == 0 or ack > ack_numbers[own, ack_count[own] - 1]:
                ack_numbers[own, ack_count[own]], ack_rows[own, ack_count[own]] = ack, i
                ack_count[own] += 1
            acked[own] = max(acked[own], ack)
        window[own], last_id[own], before = rows.window_bytes[i], rows.ip_id[i], i
        if flags & SYN:
            seen |= SEEN_SYN if not flags & ACK else 0
        elif length > 0:
            seen |= SEEN_DATA
        if flags & (ACK | SYN) == ACK and own == 0:
            seen |= SEEN_CLIENT_ACK
        if closes:
            seen |= SEEN_FIN
            fins |= 1 << own
    return count
