"""What one capture shows of each of its connections: what tells it from others, at whatever point it was captured."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.analysis import Analysis
from pcapframe.analysis.kept import KeptAnalysis
from pcapframe.arrays import Array, Mask, fixed
from pcapframe.jit import jit
from pcapframe.plain import PlainColumns, parts_of
from pcapframe.schema import ACK, FIN, SEGMENTS, SYN

__all__ = ["NONE", "NOT_RECORDED", "Capture"]

NONE = -1
NOT_RECORDED = -2  # the capture holds too little of the packet: it may be any value
ONE, LARGEST = 1, 0xFFFFFFFF  # a SYN or FIN counts as one byte
READ = (
    "time", "conn_id", "from_client", "seq", "rel_seq", "ack", "rel_ack", "tcp_flags", "payload_bytes", "tsval",
    "tsecr", "ip_id", "ttl", "window", "mss", "window_scale", "probe",
)  # fmt: skip
FEWEST_COPIES, COPIES_OF = 8, 2  # of one side; one packet of so many, or more, is recorded again by a mirror
FEWEST_IN_ALL = 3  # copies of all clients, or of all servers


@jit
def _note(
    conn_id: Any,
    from_client: Any,
    seq: Any,
    rel_seq: Any,
    ack: Any,
    rel_ack: Any,
    flags: Any,
    payload: Any,
    syn: Any,
    base: Any,
    low: Any,
    high: Any,
) -> None:
    """Note for each connection and side (column 0: the client) its SYN, where its numbers begin, and their range."""
    for i in range(conn_id.size):
        at, side = conn_id[i], 0 if from_client[i] else 1
        end = rel_seq[i] + payload[i] + ((flags[i] & SYN) != 0) + ((flags[i] & FIN) != 0)
        if flags[i] & SYN and syn[at, side] == NONE:
            syn[at, side] = i
        if base[at, side] == NONE:
            base[at, side] = (seq[i] - rel_seq[i]) & LARGEST
            low[at, side], high[at, side] = rel_seq[i], end
        low[at, side], high[at, side] = min(low[at, side], rel_seq[i]), max(high[at, side], end)
        if flags[i] & ACK and base[at, 1 - side] == NONE:
            base[at, 1 - side] = (ack[i] - rel_ack[i]) & LARGEST
            low[at, 1 - side] = high[at, 1 - side] = rel_ack[i]


@jit
def _count_copies(conn_id: Any, from_client: Any, copies: Any, counts: Any) -> None:
    """Count the packets of each connection and side, and the copies among them."""
    for i in range(conn_id.size):
        counts[conn_id[i], 0 if from_client[i] else 1, 1 if copies[i] else 0] += 1


@jit
def _keep_mirrored(conn_id: Any, from_client: Any, is_mirrored: Any, copies: Any) -> None:
    """Forget the copies of sides that are not mirrored."""
    for i in range(conn_id.size):
        if copies[i] and not is_mirrored[conn_id[i], 0 if from_client[i] else 1]:
            copies[i] = False


@dataclass(frozen=True, eq=False)
class Capture:
    """One of the captures that are joined, with its columns as plain arrays.

    Parameters
    ----------
    name : str
        Of the point.
    analysis : Analysis
        Of the capture.
    """

    name: str
    analysis: Analysis

    @cached_property
    def plain(self) -> PlainColumns:
        """Columns of the segments."""
        return PlainColumns(self.analysis.segments, SEGMENTS, READ)

    @property
    def all_times(self) -> Array:
        """When packets were captured; of an analysis that keeps no packets, only its segments. [ns]."""
        frame = self.analysis.segments if isinstance(self.analysis, KeptAnalysis) else self.analysis.packets
        return frame["time"].to_numpy("datetime64[ns]").view(np.int64)

    @cached_property
    def marks(self) -> tuple[Array, Mask, Array, Mask]:
        """Timestamps and IPv4 identifications of the segments, and where each is null."""
        return *self.raw("tsval", np.uint32), *self.raw("ip_id", np.uint16)

    def raw(self, name: str, dtype: Any) -> tuple[Array, Mask]:
        """Return a nullable column as it is in memory: values, and where they mean nothing."""
        values, mask = parts_of(self.analysis.segments[name])
        return fixed(values, dtype), fixed(np.zeros(values.size, np.bool_) if mask is None else mask, np.bool_)

    @cached_property
    def is_cut(self) -> Mask:
        """Segments whose TCP header is not whole in the capture: what their options hold is not known."""
        return self.raw("options_malformed", np.bool_)[1]

    @cached_property
    def copies(self) -> Mask:
        """Segments that are copies of others."""
        return fixed(self.analysis.segments["capture_duplicate"].to_numpy(), np.bool_)

    @cached_property
    def is_mirrored(self) -> Mask:
        """Connections and sides whose packets a mirror recorded twice.

        A network copies few of the packets that it forwards. Where at least half of those of one side have a copy, or
        of all that clients or servers sent, the capture has them twice, and each was sent once.
        """
        counts = np.zeros((len(self.connections), 2, 2), np.int64)
        if self.copies.any():
            _count_copies(self.plain["conn_id"], self.plain["from_client"], self.copies, counts)
        return _are_mirrored(counts, FEWEST_COPIES) | _are_mirrored(counts.sum(axis=0), FEWEST_IN_ALL)

    @cached_property
    def recorded_again(self) -> Mask:
        """Segments that a mirror recorded once more; empty where there are none."""
        if not self.is_mirrored.any():
            return np.empty(0, np.bool_)
        made = self.copies.copy()
        _keep_mirrored(self.plain["conn_id"], self.plain["from_client"], self.is_mirrored, made)
        return made

    @cached_property
    def connections(self) -> pd.DataFrame:
        """Every connection of the capture."""
        return self.analysis.whole_connections

    @cached_property
    def numbers(self) -> dict[str, Array]:
        """By connection and side: row of the SYN, raw number where relative ones are 0, lowest and highest of these."""
        count = len(self.connections)
        made = {name: np.full((count, 2), NONE, np.int64) for name in ("syn", "base", "low", "high")}
        columns = ("conn_id", "from_client", "seq", "rel_seq", "ack", "rel_ack", "tcp_flags", "payload_bytes")
        _note(*(self.plain[name] for name in columns), *made.values())
        return made

    def of_syns(self, name: str) -> Array:
        """Return a column's values in the SYN of each connection and side, -1 without one."""
        rows = self.numbers["syn"]
        found = self.plain[name][np.maximum(rows, 0)] if self.plain[name].size else np.zeros_like(rows)
        return np.where(rows == NONE, NONE, found).astype(np.int64)

    @cached_property
    def scale(self) -> Array:
        """Window scales of each connection and side, -1 without one, `NOT_RECORDED` where the SYN's header is cut."""
        rows, found = self.numbers["syn"], self.of_syns("window_scale")
        unknown = (rows != NONE) & (found == NONE)
        unknown[unknown] = self.is_cut[rows[unknown]]
        return np.where(unknown, NOT_RECORDED, found)

    @cached_property
    def initial(self) -> Array:
        """Initial sequence numbers of each connection and side, -1 where the SYN was not captured."""
        return np.asarray(np.where(self.numbers["syn"] == NONE, NONE, self.numbers["base"]))

    @cached_property
    def starts(self) -> Array:
        """When each connection begins. [ns]."""
        return self.connections["start"].to_numpy("datetime64[ns]").view(np.int64)

    @cached_property
    def is_later_view(self) -> Mask:
        """Connections that this capture holds a second time, under other addresses."""
        return np.asarray(self.connections["same_as"].notna().to_numpy(np.bool_))


def _are_mirrored(counts: Array, fewest: int) -> Mask:
    """Tell where copies are so many that a mirror made them; the last axis has packets that are none, and copies."""
    return np.asarray((counts[..., 1] >= fewest) & (counts[..., 1] * COPIES_OF >= counts[..., 0]), np.bool_)
