"""The transmissions that one capture shows of the connections that are joined, numbered alike at every point.

Sequence numbers count from the SYN of the connection, whatever each capture holds of it. Hosts hand several segments to
the network interface at once, and take several from it (offload), so frames differ from point to point. Where a frame
has more payload than a segment may have, the frames of that side are cut wherever a frame of any capture ends.
"""

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from pcapframe.arrays import Array, Mask, fixed
from pcapframe.jit import jit
from pcapframe.joining.facts import NONE, ONE, Capture
from pcapframe.joining.pairing import FULL, HALF
from pcapframe.memory import one_block
from pcapframe.schema import ACK, FIN, NO_NUMBER, RST, SYN

__all__ = ["EDGE_BITS", "NO_ACK", "Items", "Paths", "cut_offloaded", "items_of", "shifts"]

NO_ACK = np.iinfo(np.int64).min
PIECES = 128  # a frame is cut into no more on average: 64 KiB hold fewer segments of the smallest usual size
MOST_SIDES, EDGE_BITS, MARGIN = 1 << 18, 44, 1 << 32
DTYPES = {"row": "int32", "stream": "int32", "start": "int64", "end": "int64", "kind": "uint8", "ack": "int64",
          "time": "int64", "is_cut": "bool"}  # fmt: skip
LARGEST_SEGMENT = 8960  # of jumbo frames; where no SYN tells it [bytes]


@dataclass(frozen=True, eq=False)
class Paths:
    """The connections that are joined.

    Parameters
    ----------
    conn : ndarray of int64, shape (paths, points)
        Connection in each capture, -1 where it is not there.
    is_turned : ndarray of bool, shape (paths, points)
        Client and server are the other way round there.
    """

    conn: Array
    is_turned: Mask


@dataclass(frozen=True, eq=False)
class Items:
    """Transmissions in one capture, in its order; columns are read-only, and views of the segments' where possible.

    Parameters
    ----------
    row : ndarray of int32
        Place of its frame among the segments.
    stream : ndarray of int32
        Connection and side: 2 * path + 1 for what the server sent.
    start, end : ndarray of int64
        Range of sequence numbers, counted from the SYN.
    kind : ndarray of uint8
        SYN, FIN and RST of its flags.
    ack : ndarray of int64
        Acknowledged up to here, counted from the peer's SYN; `NO_ACK` without ACK.
    time : ndarray of int64
        When it was captured. [ns]
    is_cut : ndarray of bool
        Frames of its stream are cut, so identifications of frames tell nothing.
    """

    row: Array
    stream: Array
    start: Array
    end: Array
    kind: Array
    ack: Array
    time: Array
    is_cut: Mask

    def __post_init__(self) -> None:
        for name, dtype in DTYPES.items():
            object.__setattr__(self, name, fixed(getattr(self, name), dtype))

    def take(self, which: Array) -> Self:
        """Return some of them, in order."""
        return type(self)(*(getattr(self, one.name)[which] for one in fields(self)))

    def without(self, *names: str) -> Self:
        """Return them without some columns."""
        none: Any = np.empty(0)
        return type(self)(*(none if one.name in names else getattr(self, one.name) for one in fields(self)))

    def __len__(self) -> int:
        return self.row.size


@jit
def _fill(conn_id: Any, from_client: Any, rel_seq: Any, rel_ack: Any, flags: Any, payload: Any, time: Any,
          again: Any, path: Any, turned: Any, shift: Any, is_shifted: Any, is_part: Any, row: Any, stream: Any,
          end: Any, kind: Any, ack: Any, start: Any, at: Any) -> int:  # fmt: skip
    """Write the segments of joined connections, but those recorded again; return how many.

    What stays as it is there is not written.
    """
    n = 0
    for i in range(conn_id.size):
        conn = conn_id[i]
        if path[conn] == NONE or (again.size and again[i]):
            continue
        side = 0 if from_client[i] else 1
        row[n] = i
        stream[n] = 2 * path[conn] + (side ^ turned[conn])
        first = rel_seq[i] + shift[conn, side]
        kind[n] = flags[i] & (SYN | FIN | RST)
        end[n] = first + max(payload[i], 0) + ((flags[i] & SYN) != 0) + ((flags[i] & FIN) != 0)
        ack[n] = rel_ack[i] + shift[conn, 1 - side] if flags[i] & ACK else NO_ACK
        if is_shifted:
            start[n] = first
        if is_part:
            at[n] = time[i]
        n += 1
    return n


def items_of(capture: Capture, paths: Paths, point: int, shift: Array) -> Items:
    """Return the transmissions of the joined connections, frame by frame, without what a mirror recorded again.

    Parameters
    ----------
    capture : Capture
        Where they were captured.
    paths : Paths
        The connections.
    point : int
        Column of the capture in `paths`.
    shift : ndarray of int64, shape (connections, 2)
        To add to the relative numbers of each connection and side, so that they are alike at every point.
    """
    count = len(capture.connections)
    path, turned = np.full(count, NONE, np.int64), np.zeros(count, np.int64)
    there = np.flatnonzero(paths.conn[:, point] != NONE)
    path[paths.conn[there, point]] = there
    turned[paths.conn[there, point]] = paths.is_turned[there, point]
    names = ("conn_id", "from_client", "rel_seq", "rel_ack", "tcp_flags", "payload_bytes", "time")
    columns = [capture.plain[name] for name in names]
    again = capture.recorded_again
    is_part = bool((path == NONE).any()) or again.size > 0
    is_shifted = is_part or bool(shift.any())
    parts = ("row",), ("stream", "end"), ("kind", "ack")  # what is not needed to the end is freed
    made = [one for part in parts for one in one_block(columns[0].size, [DTYPES[name] for name in part])]
    more = [np.empty(columns[0].size if needed else 0, np.int64) for needed in (is_shifted, is_part)]
    size = _fill(*[*columns, again, path, turned, shift, is_shifted, is_part, *made, *more])
    row, stream, end, kind, ack = (column[:size] for column in made)
    start, at = more[0][:size] if is_shifted else columns[2], more[1][:size] if is_part else columns[6]
    return Items(row, stream, start, end, kind, ack, at, np.zeros(size, np.bool_))


def shifts(captures: list[Capture], paths: Paths) -> list[Array]:
    """Return what makes the relative sequence numbers of each capture alike, by connection and side."""
    initial, base = (np.full((*paths.conn.shape, 2), NONE, np.int64) for _ in range(2))
    for point, capture in enumerate(captures):
        there = np.flatnonzero(paths.conn[:, point] != NONE)
        for name, made in (("initial", initial), ("base", base)):
            own = capture.initial if name == "initial" else capture.numbers[name]
            taken = own[paths.conn[there, point]]
            made[there, point] = np.where(paths.is_turned[there, point, None], taken[:, ::-1], taken)
    # the first capture with the SYN has the numbers that count, else the first that has any
    best = np.argmax((initial != NONE) * 2 + (base != NONE), axis=1)
    reference = np.take_along_axis(base, best[:, None], axis=1)
    shown = np.take_along_axis(initial, best[:, None], axis=1) != NONE
    found = (base - reference + HALF) % FULL - HALF
    found = np.where((initial != NONE) & shown | (base == NONE) | (reference == NONE), 0, found)
    by_point = []
    for point, capture in enumerate(captures):
        own = np.zeros((len(capture.connections), 2), np.int64)
        there = np.flatnonzero(paths.conn[:, point] != NONE)
        taken = found[there, point]
        own[paths.conn[there, point]] = np.where(paths.is_turned[there, point, None], taken[:, ::-1], taken)
        by_point.append(own)
    return by_point


def cut_offloaded(items: list[Items], captures: list[Capture], paths: Paths) -> list[Items]:
    """Cut the frames of streams in which frames hold more than one segment, at the ends of all frames.

    Parameters
    ----------
    items : list of Items
        By point.
    captures : list of Capture
        The captures.
    paths : Paths
        The connections.

    Returns
    -------
    list of Items
        By point.
    """
    streams = 2 * len(paths.conn)
    largest = np.stack([_largest(one, streams) for one in items])
    limit = np.full(streams, LARGEST_SEGMENT, np.int64)
    for point, capture in enumerate(captures):
        there = np.flatnonzero(paths.conn[:, point] != NONE)
        mss = capture.of_syns("mss")[paths.conn[there, point]]
        for side in (0, 1):
            known = np.where(mss[:, 1 - side] > 0, mss[:, 1 - side], LARGEST_SEGMENT)  # the peer's MSS limits a side
            limit[2 * there + side] = np.minimum(limit[2 * there + side], known)
    chosen = np.flatnonzero(largest.max(axis=0) > limit + ONE)[:MOST_SIDES]
    if not chosen.size:
        return items
    rank = np.full(streams, NONE, np.int64)
    rank[chosen] = np.arange(chosen.size)
    probes = [capture.plain.at("probe", one.row) != NO_NUMBER for capture, one in zip(captures, items, strict=True)]
    edges = []
    for one, probe in zip(items, probes, strict=True):
        of = np.flatnonzero((rank[one.stream] != NONE) & (one.end > one.start) & ~probe)
        edges += [_edge(rank[one.stream[of]], one.start[of]), _edge(rank[one.stream[of]], one.end[of])]
    known = np.unique(np.concatenate(edges))
    return [_cut(one, rank, known, probe) for one, probe in zip(items, probes, strict=True)]


def _largest(items: Items, streams: int) -> Array:
    """Return the longest range of each stream."""
    made = np.zeros(streams, np.int64)
    _note_largest(items.stream, items.start, items.end, made)
    return made


@jit
def _note_largest(stream: Any, start: Any, end: Any, made: Any) -> None:
    """Note the longest range of each stream."""
    for i in range(stream.size):
        made[stream[i]] = max(made[stream[i]], end[i] - start[i])


def _edge(rank: Array, number: Array) -> Array:
    """Combine a stream and a sequence number so that they sort together."""
    return np.asarray((rank << EDGE_BITS) + number + MARGIN)


def _cut(items: Items, rank: Array, edges: Array, probe: Mask) -> Items:
    """Cut the frames of one capture."""
    own = rank[items.stream]
    is_cut = own != NONE
    whole = ~is_cut | (items.end <= items.start) | probe
    first = np.searchsorted(edges, _edge(own, items.start), side="right")
    last = np.searchsorted(edges, _edge(own, items.end), side="left")
    pieces = np.where(whole, 1, np.maximum(last - first, 0) + 1)
    if pieces.sum() > PIECES * max(len(items), 1):
        return items
    which = np.repeat(np.arange(len(items)), pieces)
    number = np.arange(which.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    made = items.take(which)
    inner = edges[np.minimum(first[which] + number, edges.size - 1)] - (own[which] << EDGE_BITS) - MARGIN
    is_last = number == pieces[which] - 1
    end = np.where(is_last, made.end, inner)
    start = np.where(number == 0, made.start, np.append(0, end[:-1]))
    kind = np.where(is_last, made.kind, made.kind & (SYN | RST))
    kind = np.where(number == 0, kind, kind & (FIN | RST))
    return Items(made.row, made.stream, start, end, kind, made.ack, made.time, is_cut[which])
