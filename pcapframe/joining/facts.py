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

__all__ = ["NONE", "Capture"]

NONE = -1
ONE, LARGEST = 1, 0xFFFFFFFF  # a SYN or FIN counts as one byte
READ = (
    "time", "conn_id", "from_client", "seq", "rel_seq", "ack", "rel_ack", "tcp_flags", "payload_bytes", "tsval",
    "tsecr", "ip_id", "ttl", "window", "mss", "window_scale", "probe",
)  # fmt: skip


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
