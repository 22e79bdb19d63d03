"""What holds for the frames of any capture, however damaged: ``mutate.py`` checks each one."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.packets import capture_info
from pcapframe.schema import CONNECTIONS, NEVER, PACKETS, SEGMENTS, Column, names

MOST_SACK_EDGES = 8  # of four blocks: no more fit into the options
TCP_FIELDS = ("tcp_flags", "seq", "ack", "window", "tcp_header_bytes")
TCP_ONLY = (*TCP_FIELDS, "tcp_checksum", "payload_bytes", "mss", "window_scale", "sack_permitted", "tsval", "tsecr")


Arrays = dict[str, Any]  # of a frame, by column: pandas takes much longer for a column of a small frame


def arrays_of(frame: pd.DataFrame) -> Arrays:
    """Return the arrays of a frame's columns."""
    return dict(zip(frame.columns, frame._iter_column_arrays(), strict=True))


def _known(arrays: Arrays, name: str) -> Any:
    return ~arrays[name].isna()


def _form(arrays: Arrays, columns: tuple[Column, ...], what: str) -> Iterator[str]:
    """Names, dtypes and nulls are those of the schema."""
    if list(arrays) != names(columns):
        yield f"{what}: columns {sorted(set(arrays) ^ set(names(columns)))} are not those of the schema"
        return
    for column, array in zip(columns, arrays.values(), strict=True):
        if str(array.dtype) != column.dtype:
            yield f"{what}: {column.name} is {array.dtype}"
        elif column.null == NEVER and array.dtype.kind not in "iub" and pd.isna(array).any():
            yield f"{what}: {column.name} is null"
        elif column.dtype == "category":
            codes, categories = array.codes, array.categories
            if codes.size and (codes.min() < -1 or codes.max() >= len(categories)):
                yield f"{what}: a code of {column.name} has no category"
            if not categories.is_unique:
                yield f"{what}: two categories of {column.name} are the same"


def packet_faults(packets: pd.DataFrame, file_bytes: int | None) -> Iterator[str]:
    """Yield what is wrong with a packets frame.

    Parameters
    ----------
    packets : DataFrame
        As `read_pcap` returned it.
    file_bytes : int or None
        Length of the capture, None where it was compressed. [bytes]
    """
    arrays = arrays_of(packets)
    yield from _form(arrays, PACKETS, "packets")
    info = capture_info(packets)
    json.dumps(packets.attrs)
    count = len(packets)
    if not packets.index.equals(pd.RangeIndex(1, count + 1, name="frame")):
        yield "packets: the index is not 1, 2, 3 …"
    captured = arrays["source_frame"]
    if count and (captured[0] != 1 or (np.diff(captured.astype(np.int64)) & ~1).any() or captured[-1] != info.packets):
        yield "packets: source_frame does not count the captured frames"
    if not count and info.packets:
        yield "packets: there is no row of the captured frames"
    if arrays["src"].dtype != arrays["dst"].dtype:
        yield "packets: src and dst have other categories"
    ends = arrays["offset"] + arrays["captured_bytes"]
    if file_bytes is not None and count and ends.max() > file_bytes:
        yield "packets: a packet ends behind the capture"
    if (np.diff(arrays["offset"]) < 0).any():
        yield "packets: offsets go backward"
    yield from _null_together(arrays)
    yield from _ranges(arrays)


def _null_together(arrays: Arrays) -> Iterator[str]:
    """Columns of one header are there together."""
    has_ip, is_tcp = _known(arrays, "src"), np.asarray(arrays["protocol"] == "TCP")
    for name in ("dst", "ttl"):
        if (_known(arrays, name) != has_ip).any():
            yield f"packets: {name} and src are not there together"
    if (_known(arrays, "ip_id") & ~has_ip).any() or (is_tcp & ~has_ip).any():
        yield "packets: an IP field without IP"
    if (_known(arrays, "src_port") != _known(arrays, "dst_port")).any():
        yield "packets: one port alone"
    has_tcp = _known(arrays, "seq")
    for name in TCP_FIELDS:
        if (_known(arrays, name) != has_tcp).any():
            yield f"packets: {name} and seq are not there together"
    for name in TCP_ONLY:
        if (_known(arrays, name) & ~is_tcp).any():
            yield f"packets: {name} without TCP"
    if (has_tcp & ~_known(arrays, "src_port")).any():
        yield "packets: a TCP header without ports"


def _ranges(arrays: Arrays) -> Iterator[str]:
    """Values are within what their fields can hold."""
    most: dict[str, int] = {"tcp_header_bytes": 60, "tcp_flags": 0xFFF, "vlan": 0x7FFF}  # ISL has 15 bits of it
    for name, bound in most.items():
        if (arrays[name]._data > bound).any():
            yield f"packets: {name} above {bound}"
    # By the length of the IP packet, which the frame or the 16 bits of its field limit (BIG TCP: the frame). The jumbo
    # option of a packet that was cut before it was recorded has 32 bits.
    payload = arrays["payload_bytes"]._data
    limit = np.maximum(arrays["wire_bytes"], 0xFFFF)
    is_whole = ~np.asarray(arrays["sliced"], bool)
    if (_known(arrays, "payload_bytes") & is_whole & (payload > limit)).any():
        yield "packets: more payload than a packet can have"
    lists = arrays["sack"]._pa_array.combine_chunks()
    lengths = lists.value_lengths().drop_null().to_numpy()
    if lengths.size and (lengths.max() > MOST_SACK_EDGES or lengths.min() < 2 or (lengths % 2).any()):
        yield "packets: SACK edges are not pairs"


def analysis_faults(analysis: Any) -> Iterator[str]:
    """Yield what is wrong with an analysis of a whole capture."""
    segments, connections = analysis.segments, analysis.connections
    yield from _form(arrays_of(segments), SEGMENTS, "segments")
    yield from _form(arrays_of(connections), CONNECTIONS, "connections")
    conn_ids = segments["conn_id"].to_numpy()
    if not connections.index.equals(pd.RangeIndex(len(connections), name="conn_id")):
        yield "connections: the index is not 0, 1, 2 …"
    if conn_ids.size and (conn_ids.min() != 0 or conn_ids.max() != len(connections) - 1):
        yield "segments: conn_id without a connection"
    for name in ("packets", "payload_bytes", "wire_bytes"):
        sides = connections[f"client_{name}"].sum() + connections[f"server_{name}"].sum()
        all_of_them = len(segments) if name == "packets" else segments[name].astype("Float64").sum()
        if sides != all_of_them:
            yield f"connections: {name} add up to {sides}, those of the segments to {all_of_them}"
    if not segments.index.isin(analysis.packets.index).all() or not segments.index.is_unique:
        yield "segments: a row that is no packet"
    for pattern in analysis.patterns:
        frames, known = pattern.evidence.frames, analysis.packets.index
        if not set(frames) <= set(known):
            yield f"patterns: {pattern.pattern} lists a frame that is not there"
