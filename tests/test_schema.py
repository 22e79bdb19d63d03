import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pcapframe import schema
from pcapframe.schema import (
    COMMON,
    CONNECTIONS,
    FLAG_BITS,
    ICMP_QUOTES,
    LABELS,
    PACKETS,
    PATHS,
    POINTS,
    SEGMENTS,
    TRANSMISSIONS,
    TURNS,
    WAITS,
    for_points,
    names,
)


def empty(column: schema.Column) -> pd.Series:
    """A column of that dtype; pandas has no text for Arrow's lists."""
    if column.dtype == "list<item: uint32>[pyarrow]":
        return pd.Series([], dtype=pd.ArrowDtype(pa.list_(pa.uint32())))
    return pd.Series([], dtype=column.dtype)


FRAMES = {
    "packets": PACKETS,
    "segments": SEGMENTS,
    "connections": CONNECTIONS,
    "turns": TURNS,
    "waits": WAITS,
    "points": POINTS,
    "paths": for_points(PATHS, ["here"]),
    "transmissions": for_points(TRANSMISSIONS, ["here"]),
}


@pytest.mark.parametrize("columns", FRAMES.values(), ids=FRAMES)
def test_columns_are_declared_whole(columns):
    assert len(set(names(columns))) == len(columns)
    for column in columns:
        assert column.name.isidentifier()
        assert column.name not in dir(pd.DataFrame), f"{column.name} would hide an attribute"
        assert column.doc
        assert column.null
        empty(column)


@pytest.mark.parametrize("columns", FRAMES.values(), ids=FRAMES)
def test_plain_dtypes_are_never_null(columns):
    for column in columns:
        dtype = empty(column).dtype
        if isinstance(dtype, np.dtype) and dtype.kind in "iub":
            assert column.null == schema.NEVER, column.name


@pytest.mark.parametrize("columns", FRAMES.values(), ids=FRAMES)
def test_units_are_in_the_names(columns):
    for column in columns:
        assert column.name.endswith("_s") == (column.unit == "s"), column.name
        if column.name.endswith("_bytes"):
            assert column.unit == "bytes", column.name


def test_segments_have_the_columns_of_packets():
    assert names(SEGMENTS)[: len(COMMON)] == names(COMMON)
    assert [*names(COMMON), "undecoded", *names(ICMP_QUOTES)] == names(PACKETS)
    assert not set(names(ICMP_QUOTES)) & set(names(SEGMENTS))
    assert set(names(LABELS)) < set(names(SEGMENTS))
    for label in LABELS:
        assert label.dtype == "bool"


def test_labels_are_those_of_the_design():
    wanted = (
        "retransmission fast_retransmission spurious_retransmission out_of_order lost_segment "
        "ack_lost_segment duplicate_ack keep_alive keep_alive_ack zero_window zero_window_probe "
        "zero_window_probe_ack window_update window_full reused_ports"
    )
    assert names(LABELS) == wanted.split()


def test_each_way_columns_come_in_pairs():
    single = ("client_wait_s", "server_name")
    sides = {
        side: [n.removeprefix(side) for n in names(CONNECTIONS) if n.startswith(side) and n not in single]
        for side in ("client_", "server_")
    }
    assert sides["client_"] == sides["server_"]
    assert {"packets", "payload_bytes", "fins", "resend_rate", "ack_rtt_p95_s", "vantage"} < set(sides["client_"])


def test_flag_bits_are_those_on_the_wire():
    bits = "FIN SYN RST PSH ACK URG ECE CWR AE".split()
    assert {bits[place]: 1 << place for place in range(9)} == FLAG_BITS
