"""All marks of the time–sequence graph of one connection; nothing is drawn here."""

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pcapframe.analysis.anatomy import first_copies
from pcapframe.arrays import NO_TIME, Array
from pcapframe.measures import values
from pcapframe.plots._bins import nanoseconds
from pcapframe.plots._connection import OneConnection, of_connection, one_connection
from pcapframe.plots._frames import category, places
from pcapframe.plots._marks import Marks
from pcapframe.plots._palette import SEQUENCE_LOOKS
from pcapframe.schema import FLAG_BITS, SEGMENTS, names
from pcapframe.segments import Followed

__all__ = ["time_sequence_marks"]

KINDS = tuple(SEQUENCE_LOOKS)
SEGMENT_COLUMNS = names(SEGMENTS)
READ = {*Followed._fields, "time", "conn_id", "resent"}  # to find first copies


def time_sequence_marks(
    segments: pd.DataFrame, conn_id: int | None = None, *, from_client: bool | None = None
) -> tuple[Marks, dict[Hashable | None, Any]]:
    """Return all marks of `time_sequence_data`, none of them joined.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    conn_id : int, optional
        Which connection.
    from_client : bool, optional
        Whose data.

    Returns
    -------
    marks : Marks
        Of which parts can be asked for.
    attrs : dict
        Those of `time_sequence_data`; empty without segments.

    Raises
    ------
    ParameterError
        There is no such connection.
    """
    one = one_connection(segments, conn_id, from_client)
    if one is None:
        nothing = np.empty(0)
        return Marks([_frame(_Kind("segment", nothing, nothing, nothing, nothing))]), {}
    every = [*_sent(one), *_answered(one)]
    return Marks([_with_copies(_frame(kind), one, segments) for kind in every]), {
        "conn_id": one.conn_id,
        "from_client": one.from_client,
        "connection": one.text,
        "start_ns": one.start_ns,
        "segments": len(one.segments),
    }


class _Kind(NamedTuple):
    """Marks of one kind."""

    kind: str
    time_s: Array
    low: Array
    high: Array
    frame: Array


def _frame(kind: _Kind) -> pd.DataFrame:
    """Return marks of one kind as a frame, without copies."""
    size = kind.time_s.size
    codes = np.full(size, KINDS.index(kind.kind), np.int8)
    columns = {name: getattr(kind, name) for name in ("time_s", "low", "high")}
    none = pd.arrays.IntegerArray(np.zeros(size, np.uint32), np.ones(size, np.bool_))
    made = {"kind": category(codes, KINDS), **columns, "frame": kind.frame.astype(np.int64, copy=False)}
    return pd.DataFrame(made | {"first_copy": none, "first_copy_s": np.full(size, np.nan)}, copy=False)


def _with_copies(marks: pd.DataFrame, one: OneConnection, segments: pd.DataFrame) -> pd.DataFrame:
    """Say of retransmitted segments when their bytes were sent first."""
    if not len(marks) or marks["kind"].iloc[0] != "resent":
        return marks
    own = of_connection(segments, one.conn_id, [name for name in SEGMENT_COLUMNS if name in READ])
    found = first_copies(own).reindex(marks["frame"].to_numpy())
    known = found.notna().to_numpy()
    frame, time_s = np.zeros(len(marks), np.uint32), np.full(len(marks), np.nan)
    frame[known] = found[known].to_numpy(np.uint32)
    times = nanoseconds(own["time"].iloc[places(own.index, frame[known])])
    time_s[known] = np.where(times == NO_TIME, np.nan, (times - one.start_ns) / 1e9)
    return marks.assign(first_copy=pd.arrays.IntegerArray(frame, frame == 0), first_copy_s=time_s)


def _sent(one: OneConnection) -> list[_Kind]:
    """Return the marks of the segments that the side followed sent."""
    sent, time_s = one.segments[one.sent], one.time_s[one.sent]
    frame = sent.index.to_numpy()
    flags = sent["tcp_flags"].to_numpy()
    syn, fin, rst = ((flags & FLAG_BITS[name]) != 0 for name in ("SYN", "FIN", "RST"))
    low = values(sent["rel_seq"], np.int64).astype(np.float64)
    high = low + values(sent["payload_bytes"], np.int64) + syn + fin
    again, carries = sent["resent"].to_numpy(), high > low
    chosen = {"segment": carries & ~again, "resent": carries & again}
    made = [_Kind(kind, time_s[of], low[of], high[of], frame[of]) for kind, of in chosen.items()]
    ends = {"fin": fin, "rst": rst}
    return made + [_Kind(kind, time_s[of], high[of], high[of], frame[of]) for kind, of in ends.items()]


def _answered(one: OneConnection) -> list[_Kind]:
    """Return what the other side's segments say, where they lack an ACK number at its last one."""
    answers, time_s = one.segments[~one.sent], one.time_s[~one.sent]
    frame = answers.index.to_numpy()
    flags = answers["tcp_flags"].to_numpy()
    has_ack = answers["rel_ack"].notna().to_numpy() & ((flags & FLAG_BITS["RST"]) == 0)
    ack = answers["rel_ack"].astype("float64").ffill().fillna(0.0).to_numpy()
    window = values(answers["window_bytes"], np.float64, null=np.nan)
    offers = has_ack & ~np.isnan(window)
    edge = (ack + window)[offers]
    made = [
        _Kind("ack", time_s[has_ack], ack[has_ack], ack[has_ack], frame[has_ack]),
        _Kind("window", time_s[offers], edge, edge, frame[offers]),
        _sacked(answers, time_s, ack),
    ]
    has_flag = {kind: (flags & FLAG_BITS[name]) != 0 for kind, name in (("fin", "FIN"), ("rst", "RST"))}
    for kind, of in {**has_flag, "zero_window": answers["zero_window"].to_numpy()}.items():
        made.append(_Kind(kind, time_s[of], ack[of], ack[of], frame[of]))
    return made


def _sacked(answers: pd.DataFrame, time_s: Array, ack: Array) -> _Kind:
    """Return the blocks of SACK options; their edges are relative to the ACK, modulo 2**32."""
    some = np.flatnonzero(answers["sack"].notna().to_numpy())
    lists = pa.array(answers["sack"].array.take(some))
    edges = np.asarray(pc.list_flatten(lists).to_numpy(zero_copy_only=False), np.uint32)
    row = np.repeat(some, pc.list_value_length(lists).to_numpy(zero_copy_only=False).astype(np.int64))
    from_ack = (edges - answers["ack"].to_numpy()[row]).astype(np.int32)
    place = ack[row] + from_ack
    frame = answers.index.to_numpy()[row]
    return _Kind("sack", time_s[row[::2]], place[::2], place[1::2], frame[::2])
