"""Zeek's states and history, and Wireshark's completeness, over a whole connection.

`conn_state` and `history` have the meaning that Zeek documents for ``conn.log``. Three things differ on purpose. Zeek's
timers, which start a new row after an idle gap, are left out, so that a row is a ``conn_id``. Checksums are not
verified, so that the letter ``C`` never appears and bad checksums exclude no packet. A RST or FIN that ended
nothing (``rst_ignored``, ``fin_ignored``) has its letter and changes no state, and a SYN after a RST opens the
connection anew. The originator
is the sender of the first packet, flipped (``^``) by Zeek's rules, and may differ from ``client``.

`completeness` has Wireshark's bits (1 SYN, 2 SYN-ACK, 4 ACK, 8 data, 16 FIN, 32 RST) as a connection's last packet
shows them in two passes: only a first packet adds 1 (and 8 if that SYN has data and opens no reused ports), and a
lone packet adds no other.
"""

from collections import namedtuple
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pcapframe.arrays import Array, stable_order
from pcapframe.connections.rows import Rows, likely_servers
from pcapframe.jit import inner_jit, jit
from pcapframe.schema import ACK, FIN, NO_NUMBER, RST, SYN

__all__ = ["Lifecycle"]

INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET = 0, 1, 2, 3, 4, 5, 6
LETTERS = b"SHADFRIQTWG"
S, H, A, D, F, R, I, Q, T, W, G = range(len(LETTERS))  # noqa: E741  # Zeek's names
ONLY_SYN_LETTERS = sum(1 << letter for letter in (S, H, A, F, G, I, Q))  # which has but one if only a SYN was sent
STATE_SHAPE = (7, 7, 2, 2)  # states of the originator and the responder, no bytes sent, only a SYN before the RST
FLIPPED = 1 << 5
SERVER = 1 << 4  # the server's, else the client's
MOST_EVENTS = 6  # of a packet: two flips, its flags, a zero window, a repeat, a gap
SHORTEST_HEADER = 20  # [bytes]

ENDPOINT = np.dtype(
    [
        ("state", np.uint8),
        ("previous", np.uint8),
        ("sent_syn", np.bool_),
        ("sent_fin", np.bool_),
        ("sent_reset", np.bool_),
        ("has_bytes", np.bool_),
        ("once", np.uint16),  # letters that appear once, by bit
        ("syn_seq", np.uint32),
        ("fin_at", np.uint32),
        ("reset_at", np.uint32),
        ("end", np.int64),  # highest relative sequence number
        ("repeats", np.uint32),
        ("zero_windows", np.uint32),
        ("gaps", np.uint32),
    ]
)
CONNECTION = np.dtype(
    [
        ("started", np.bool_),
        ("originator_is_client", np.bool_),
        ("before_reset", np.uint16),  # letters of the originator before its RST
        ("only_syn_ack", np.bool_),  # the history is "H" so far
        ("has_events", np.bool_),
        ("completeness", np.uint8),
        ("first_bits", np.uint8),  # of the first packet: they count once there is another
    ]
)


@inner_jit
def _is_power_of_ten(count: Any) -> Any:
    """Return whether Zeek writes a letter for this repetition: the 1st, 10th, 100th …."""
    while count >= 10 and count % 10 == 0:
        count //= 10
    return count == 1


@inner_jit
def _flag_letter(endpoint: Any, flags: Any, length: Any, seq: Any) -> Any:
    """Return the letter for the packet's flags (and payload), -1 if it adds none."""
    position = np.uint32(np.int64(seq) + max(length, 0))
    kinds = (flags & SYN != 0) + (flags & FIN != 0) + (flags & RST != 0)
    if kinds > 1:
        letter = I if flags & FIN and flags & RST else Q
    elif flags & SYN:
        if endpoint.sent_syn and endpoint.syn_seq == seq:
            return -1
        endpoint.sent_syn = True
        endpoint.syn_seq = seq
        return H if flags & ACK else S
    elif flags & FIN:
        if endpoint.sent_fin and endpoint.fin_at == position:
            return -1
        endpoint.sent_fin = True
        endpoint.fin_at = position
        return F
    elif flags & RST:
        if endpoint.sent_reset and endpoint.reset_at == position:
            return -1
        endpoint.sent_reset = True
        endpoint.reset_at = position
        return R
    elif length > 0:
        letter = D
    elif flags & ACK:
        letter = A
    else:
        return -1
    if endpoint.once >> letter & 1:
        return -1
    endpoint.once |= 1 << letter
    return letter


@inner_jit
def _was_established(endpoint: Any) -> Any:
    """Whether an endpoint is established, or closed after it was."""
    return endpoint.state == ESTABLISHED or (endpoint.state == CLOSED and endpoint.previous == ESTABLISHED)


@inner_jit
def _next_state(own: Any, peer: Any, is_originator: Any, flags: Any, length: Any) -> None:
    """Update the states of both endpoints."""
    state: Any = np.int64(own.state)
    if state == RESET and flags & SYN:
        state = INACTIVE
    new = state
    if state == INACTIVE:
        if flags & SYN:
            if is_originator:
                new = SYN_ACK_SENT if flags & ACK else SYN_SENT
            else:
                new = ESTABLISHED
                if peer.state == SYN_SENT:
                    peer.previous = peer.state
                    peer.state = ESTABLISHED
        elif flags & FIN:
            new = CLOSED
        elif flags & RST:
            new = RESET
        elif not is_originator and length == 0 and flags & ACK and peer.state == SYN_SENT:
            new = INACTIVE
        elif flags & ACK and peer.state == ESTABLISHED:
            new = ESTABLISHED
        else:
            new = PARTIAL
    elif state in (SYN_SENT, SYN_ACK_SENT):
        if flags & FIN:
            new = CLOSED
        elif flags & RST:
            new = RESET
    elif state in (ESTABLISHED, PARTIAL):
        if flags & FIN and not flags & RST:
            new = CLOSED
            if peer.state == RESET and peer.previous == CLOSED:
                peer.state = CLOSED
        elif flags & RST:
            new = RESET
        elif state == PARTIAL and flags & SYN and peer.state == INACTIVE:
            new = SYN_SENT
    elif state == CLOSED and flags & RST and peer.state != CLOSED:
        new = RESET
    if new != own.state:
        own.previous = state
        own.state = new


@inner_jit
def _completeness_bits(flags: Any, length: Any) -> Any:
    """Return Wireshark's tcp.completeness bits of a packet, none for a SYN without ACK."""
    bits = 0
    if flags & SYN:
        bits = 2 if flags & ACK else 0
    elif flags & ACK:
        bits = 8 if length > 0 else 4
    if flags & FIN and flags & ACK:
        bits |= 16
    if flags & RST:
        bits |= 32
    return bits


@inner_jit
def _must_flip(flags: Any, source_likely: Any, destination_likely: Any, source: Any, destination: Any) -> Any:
    """Whether the first packet came from the responder, by the ports."""
    if flags & SYN and not flags & ACK:
        return False
    if not source_likely:
        return False
    if not destination_likely:
        return True
    return not flags & SYN and source < destination


Read = namedtuple(
    "Read",
    "place from_client tcp_flags payload_bytes seq rel_seq window tcp_header_bytes capture_gap reused_ports "
    "rst_ignored fin_ignored src_port dst_port",
)


@jit
def _follow(rows: Any, likely: Any, connections: Any, endpoints: Any, event_place: Any, event_letter: Any) -> Any:
    """Run every connection's state machine; how many events were written (LETTERS' places, SERVER, FLIPPED)."""
    place, from_client, tcp_flags, payload, seqs = (
        rows.place, rows.from_client, rows.tcp_flags, rows.payload_bytes, rows.seq,
    )  # fmt: skip
    rel_seqs, windows, headers, gaps = rows.rel_seq, rows.window, rows.tcp_header_bytes, rows.capture_gap
    reused, rst_ignored, fin_ignored = rows.reused_ports, rows.rst_ignored, rows.fin_ignored
    src_ports, dst_ports = rows.src_port, rows.dst_port
    count = 0
    for i in range(place.size):
        at = place[i]
        connection = connections[at]
        flags, length = np.int64(tcp_flags[i]), payload[i]
        if not connection.started:
            connection.started = True
            source, destination = np.int64(src_ports[i]), np.int64(dst_ports[i])
            flip = _must_flip(flags, likely[source], likely[destination], source, destination)
            connection.originator_is_client = from_client[i] != flip
            if flip:
                event_place[count], event_letter[count] = at, FLIPPED
                count += 1
                connection.has_events = True
            if headers[i] >= SHORTEST_HEADER:
                connection.first_bits = _completeness_bits(flags, length)
                if flags & (SYN | ACK) == SYN:
                    connection.completeness = 1
                if reused[i]:
                    connection.completeness |= connection.first_bits
                elif connection.completeness and length > 0:
                    connection.completeness |= 8
        else:
            connection.completeness |= connection.first_bits
            if headers[i] >= SHORTEST_HEADER:
                connection.completeness |= _completeness_bits(flags, length)
        if length == NO_NUMBER:
            continue
        side = 0 if from_client[i] else 1
        own, peer = endpoints[at, side], endpoints[at, 1 - side]
        end = rel_seqs[i] + length
        known = own.state != INACTIVE
        letter = _flag_letter(own, flags, length, seqs[i])
        is_originator = from_client[i] == connection.originator_is_client
        if connection.only_syn_ack and (letter in (A, D) or (letter == S and not is_originator)):
            # What follows the SYN-ACK shows that it came from the responder.
            connection.originator_is_client = not connection.originator_is_client
            is_originator = not is_originator
            connection.before_reset = 0
            event_place[count], event_letter[count] = at, FLIPPED
            count += 1
        mark = SERVER if side else 0
        events_before = count
        if letter >= 0:
            event_place[count], event_letter[count] = at, letter | mark
            count += 1
            if is_originator and not own.sent_reset:
                connection.before_reset |= 1 << letter
        if windows[i] == 0 and not flags & RST and own.state != RESET and peer.state != CLOSED:
            own.zero_windows += 1
            if _is_power_of_ten(own.zero_windows):
                event_place[count], event_letter[count] = at, W | mark
                count += 1
        if length > 0 and known and end <= own.end and own.state != RESET:
            own.repeats += 1
            if _is_power_of_ten(own.repeats):
                event_place[count], event_letter[count] = at, T | mark
                count += 1
        if not flags & RST and (not known or end > own.end):
            own.end = end
        if length > 0:
            own.has_bytes = True
        if gaps[i] and _was_established(own) and _was_established(peer):
            peer.gaps += 1
            if _is_power_of_ten(peer.gaps):
                event_place[count], event_letter[count] = at, G | (0 if side else SERVER)
                count += 1
                if not is_originator and not peer.sent_reset:
                    connection.before_reset |= 1 << G
        if count > events_before:
            connection.only_syn_ack = not connection.has_events and letter == H and count == events_before + 1
            connection.has_events = True
        if not (rst_ignored[i] or fin_ignored[i]):
            _next_state(own, peer, is_originator, flags, length)
    return count


def _histories(place: Array, letter: Array, originator_is_client: Array) -> pa.LargeStringArray:
    """Return the events' letters as one text per connection: the originator's in capitals."""
    names = np.zeros((2, FLIPPED + 1), np.uint8)
    capitals, small = (np.frombuffer(letters, np.uint8) for letters in (LETTERS, LETTERS.lower()))
    for client_opens, of_client, of_server in ((0, small, capitals), (1, capitals, small)):
        names[client_opens, : len(LETTERS)] = of_client
        names[client_opens, SERVER : SERVER + len(LETTERS)] = of_server
        names[client_opens, FLIPPED] = ord("^")
    key = 2 * place.astype(np.int64) + (letter != FLIPPED)  # Zeek writes the flip first, whenever it was detected
    if (key[1:] < key[:-1]).any():
        order = stable_order(key, 2 * originator_is_client.size)
        place, letter = place[order], letter[order]
    text = names[originator_is_client[place].astype(np.int8), letter]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(place, minlength=originator_is_client.size))])
    return pa.LargeStringArray.from_buffers(originator_is_client.size, pa.py_buffer(offsets), pa.py_buffer(text))


@cache
def _rules() -> tuple[list[str], Array]:
    """Return Zeek's states, and the place of the one for each of what `_states` counts; the first that fits."""
    o, r, no_bytes, only_syn = np.unravel_index(np.arange(np.prod(STATE_SHAPE)), STATE_SHAPE)
    o_idle, r_idle = (np.isin(state, (INACTIVE, PARTIAL)) for state in (o, r))
    rules = {
        "REJ": (r == RESET) & (np.isin(o, (SYN_SENT, SYN_ACK_SENT)) | ((o == RESET) & (no_bytes == 1))),
        "RSTRH": (r == RESET) & o_idle,
        "RSTR": r == RESET,
        "RSTOS0": (o == RESET) & r_idle & (only_syn == 1),
        "OTH": (o == RESET) & r_idle,
        "RSTO": o == RESET,
        "SF": (o == CLOSED) & (r == CLOSED),
        "SH": (o == CLOSED) & r_idle,
        "S2": o == CLOSED,
        "SHR": (r == CLOSED) & o_idle,
        "S3": r == CLOSED,
        "S0": (o == SYN_SENT) & (r == INACTIVE),
        "S1": (o == ESTABLISHED) & (r == ESTABLISHED),
    }
    places = np.select(list(rules.values()), list(range(len(rules))), default=len(rules))
    return [*rules, "OTH"], places.astype(np.int8)


def _states(endpoints: Array, connections: Array) -> pa.LargeStringArray:
    """Return Zeek's conn_state."""
    state, has_bytes = endpoints["state"], endpoints["has_bytes"][:, 0] | endpoints["has_bytes"][:, 1]
    client_opens = connections["originator_is_client"]
    only_syn = (connections["before_reset"] & ONLY_SYN_LETTERS) == 1 << S
    originator = np.where(client_opens, state[:, 0], state[:, 1])
    responder = np.where(client_opens, state[:, 1], state[:, 0])
    seen = ((originator * STATE_SHAPE[1] + responder) * 2 + ~has_bytes) * 2 + only_syn  # uint8 holds it
    names, places = _rules()
    return pa.array(names, pa.large_string()).take(pa.array(places[seen]))


class Lifecycle:
    """The columns of Zeek's states and Wireshark's completeness."""

    def __init__(self, connections: int) -> None:
        self._likely = likely_servers()
        self._connections = np.zeros(connections, CONNECTION)
        self._endpoints = np.zeros((connections, 2), ENDPOINT)
        self._event_places: list[Array] = []
        self._event_letters: list[Array] = []

    def feed(self, rows: Rows) -> None:
        """Run the state machines over the next chunk."""
        room = MOST_EVENTS * rows.place.size
        place, letter = np.empty(room, np.int32), np.empty(room, np.uint8)
        count = _follow(rows.pick(Read), self._likely, self._connections, self._endpoints, place, letter)
        self._event_places.append(place[:count].copy())
        self._event_letters.append(letter[:count].copy())

    def columns(self) -> dict[str, Any]:
        """Return the computed columns."""
        place = np.concatenate([np.empty(0, np.int32), *self._event_places])
        letter = np.concatenate([np.empty(0, np.uint8), *self._event_letters])
        history = _histories(place, letter, self._connections["originator_is_client"])
        return {
            "conn_state": pd.array(_states(self._endpoints, self._connections), dtype="str"),
            "history": pd.array(history, dtype="str"),
            "completeness": self._connections["completeness"],
        }
