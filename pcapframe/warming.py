"""Compile kernels in a second process while the first one reads its capture.

Compiling takes most of the first run, and a process compiles one kernel at a time. Reading and judging need different
kernels: while the first process compiles those that read its capture, this one compiles those that judge segments, by
judging a few made packets. Both find what the other has compiled in the cache of kernels.
"""

import contextlib
import os
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pcapframe import beside
from pcapframe.connections import build_connections
from pcapframe.connections.registry import MEASURES
from pcapframe.patterns import find_patterns
from pcapframe.schema import ACK, FIN, PACKETS, RST, SYN
from pcapframe.segments import label_segments
from pcapframe.threads import VARIABLE

__all__ = ["compile_judging", "made_packets"]

PSH = 0x08
CLIENT, SERVER = "192.0.2.1", "198.51.100.1"
MSS = 1460
# Packets of one connection: sent by the client, flags, sequence and acknowledgement number, payload [bytes], SACK.
OPENED = ((True, SYN, 0, 0, 0, None), (False, SYN | ACK, 0, 1, 0, None), (True, ACK, 1, 1, 0, None))
CONNECTIONS: tuple[tuple[tuple[bool, int, int, int, int, list[int] | None], ...], ...] = (
    (  # a request, a response with a loss that SACK shows, an orderly end
        *OPENED,
        (True, PSH | ACK, 1, 1, 100, None),
        (False, ACK, 1, 101, MSS, None),
        (False, ACK, 1 + 2 * MSS, 101, MSS, None),
        (True, ACK, 101, 1 + MSS, 0, [1 + 2 * MSS, 1 + 3 * MSS]),
        (False, ACK, 1 + 3 * MSS, 101, MSS, None),
        (True, ACK, 101, 1 + MSS, 0, [1 + 2 * MSS, 1 + 4 * MSS]),
        (False, PSH | ACK, 1 + MSS, 101, MSS, None),
        (True, ACK, 101, 1 + 4 * MSS, 0, None),
        (True, FIN | ACK, 101, 1 + 4 * MSS, 0, None),
        (False, FIN | ACK, 1 + 4 * MSS, 102, 0, None),
        (True, ACK, 102, 2 + 4 * MSS, 0, None),
    ),
    ((True, SYN, 0, 0, 0, None), (False, RST | ACK, 0, 1, 0, None)),
    ((True, SYN, 0, 0, 0, None), (True, SYN, 0, 0, 0, None)),
    (*OPENED, (True, PSH | ACK, 1, 1, 100, None), (True, PSH | ACK, 1, 1, 100, None), (False, RST, 1, 0, 0, None)),
)


def made_packets() -> pd.DataFrame:
    """Make a few packets of TCP, whose judging needs the kernels that most captures need.

    Returns
    -------
    DataFrame
        Columns and dtypes of ``schema.PACKETS``, as `read_pcap` returns them.

    Examples
    --------
    >>> made_packets()["protocol"].unique().tolist()
    ['TCP']
    """
    rows = [(number, *packet) for number, packets in enumerate(CONNECTIONS) for packet in packets]
    connection, to_server, flags, seq, ack, payload, sack = zip(*rows, strict=True)
    out = np.array(to_server)
    ports, server = 50000 + np.array(connection), np.full(len(rows), 80)
    first = np.array([1 if flag & SYN else 0 for flag in flags], bool)
    made: dict[str, Any] = {
        "time": pd.to_datetime(np.arange(len(rows)) * 10_000_000, unit="ns", utc=True),
        "wire_bytes": np.array(payload) + 54,
        "captured_bytes": np.array(payload) + 54,
        "src": np.where(out, CLIENT, SERVER),
        "dst": np.where(out, SERVER, CLIENT),
        "protocol": ["TCP"] * len(rows),
        "src_port": np.where(out, ports, server),
        "dst_port": np.where(out, server, ports),
        "ttl": 64,
        "ip_id": np.arange(len(rows)),
        "tcp_flags": flags,
        "seq": seq,
        "ack": ack,
        "window": 65535,
        "tcp_header_bytes": 20,
        "tcp_checksum": 0,
        "payload_bytes": payload,
        "mss": [MSS if one else None for one in first],
        "window_scale": [7 if one else None for one in first],
        "sack_permitted": first,
        "sack": list(sack),
        "options_malformed": False,
        "source": 0,
        "source_frame": np.arange(1, len(rows) + 1),
        "offset": 0,
        "sliced": False,
    }
    index = pd.RangeIndex(1, len(rows) + 1, name="frame")
    addresses = pd.CategoricalDtype(pd.Index([CLIENT, SERVER], dtype="str"))
    columns = {}
    for column in PACKETS:
        dtype: Any = addresses if column.unit == "address" else column.dtype
        if column.name == "sack":  # pandas does not read the name of its own dtype
            dtype = pd.ArrowDtype(pa.list_(pa.uint32()))
        columns[column.name] = pd.Series(made.get(column.name), index, dtype=dtype)
    return pd.DataFrame(columns)


def compile_judging() -> None:
    """Compile the kernels that judge segments."""
    beside.hold_claims()
    os.environ[VARIABLE] = "1"  # the first process needs the other cores
    MEASURES.reverse()  # to begin at the other end than the first process
    with contextlib.suppress(Exception):  # whatever fails here, the kernel is compiled where it is needed
        segments = label_segments(made_packets())
        find_patterns(segments, build_connections(segments))
