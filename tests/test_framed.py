"""The columns of the packets frame: those of the schema, null where a packet has no such header."""

import warnings

import numpy as np
import pandas as pd
import pytest

from pcapframe.errors import CaptureWarning
from pcapframe.packets import capture_info, read_pcap
from pcapframe.schema import PACKETS, names
from tests.builders import ARP, Conversation, ethernet, merge, packet, pcap, pcapng
from tests.capture.frames import TUNNELS
from tests.capture.rows import plain

# From the design; tests, notebooks and outside checks use these names.
COLUMNS = (
    "time wire_bytes captured_bytes src dst protocol src_port dst_port ttl ip_id tcp_flags seq ack window "
    "tcp_header_bytes tcp_checksum payload_bytes mss window_scale sack_permitted tsval tsecr sack "
    "options_malformed vlan interface source source_frame offset "
    "outer_src outer_dst tunnel sliced undecoded "
    "icmp_type icmp_code icmp_mtu quoted_src quoted_dst quoted_src_port quoted_dst_port quoted_seq"
).split()
MIXED = merge(
    Conversation().handshake().data("client", 700).ack("server", sack=[(1, 5)]).close(),
    Conversation("2001:db8::1", 5000, "2001:db8::2", 443, start=0.00005, timestamps=False, vlan=8)
    .handshake()
    .rst("server"),
    [(0.005, ethernet(bytes(28), ARP)), (0.006, ethernet(TUNNELS["VXLAN"])), (0.007, b"\x01\x02")],
)


def test_columns_are_those_of_the_schema():
    found = read_pcap(pcap(MIXED))
    assert found.columns.tolist() == COLUMNS == names(PACKETS)
    assert [str(dtype) for dtype in found.dtypes] == [column.dtype for column in PACKETS]
    assert found.index.equals(pd.RangeIndex(1, len(MIXED) + 1, name="frame"))
    assert found.index.name == "frame"


@pytest.mark.parametrize("capture", [pcap([]), pcapng([]), pcap([], link_type=147)], ids="pcap pcapng unknown".split())
def test_empty_capture_has_the_same_columns(capture):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CaptureWarning)
        found = read_pcap(capture)
    assert found.columns.tolist() == COLUMNS
    assert [str(dtype) for dtype in found.dtypes] == [column.dtype for column in PACKETS]
    assert len(found) == 0
    assert found.index.name == "frame"
    info = capture_info(found)
    assert (info.packets, info.first_time, info.last_time) == (0, None, None)


def test_values_of_one_packet():
    frame = packet(
        "203.0.113.9", "198.51.100.7", 1111, 22, "PA", seq=2**32 - 1, ack=7, payload=b"abc", window=500,
        ts=(9, 8), ip_id=4242, ttl=128, vlan=77,
    )  # fmt: skip
    (row,) = plain(read_pcap(pcap([(86400.25, frame)])))
    assert row == {
        "time": pd.Timestamp("1970-01-02T00:00:00.250Z"),
        "wire_bytes": 73, "captured_bytes": 73,
        "src": "203.0.113.9", "dst": "198.51.100.7", "protocol": "TCP", "src_port": 1111, "dst_port": 22,
        "ttl": 128, "ip_id": 4242, "tcp_flags": 0x18, "seq": 2**32 - 1, "ack": 7, "window": 500,
        "tcp_header_bytes": 32, "tcp_checksum": int.from_bytes(frame[54:56], "big"), "payload_bytes": 3,
        "mss": None, "window_scale": None, "sack_permitted": False, "tsval": 9, "tsecr": 8, "sack": None,
        "options_malformed": False, "vlan": 77, "interface": None,
        "source": 0, "source_frame": 1, "offset": 40, "outer_src": None, "outer_dst": None, "tunnel": None,
        "icmp_type": None, "icmp_code": None, "icmp_mtu": None, "quoted_src": None, "quoted_dst": None,
        "quoted_src_port": None, "quoted_dst_port": None, "quoted_seq": None,
        "sliced": False, "undecoded": None,
    }  # fmt: skip


def test_addresses_share_one_dtype():
    found = read_pcap(pcap(MIXED))
    ends = ["src", "dst", "outer_src", "outer_dst", "quoted_src", "quoted_dst"]
    assert {found[end].dtype for end in ends} == {found["src"].dtype}
    assert found["src"].cat.categories.equals(found["dst"].cat.categories)
    assert set(found["src"].cat.categories) == set().union(*(found[end].dropna() for end in ends))


def test_null_where_there_is_no_such_header():
    found = read_pcap(pcap(MIXED))
    arp = found[found["protocol"] == "ARP"]
    beside = ["time", "wire_bytes", "captured_bytes", "protocol", "source", "source_frame", "offset", "sliced"]
    assert arp.drop(columns=beside).isna().all(axis=None)
    assert found[found["protocol"] == "TCP"]["options_malformed"].notna().all()


def test_nullable_columns_share_masks_that_cannot_be_written():
    found = read_pcap(pcap(MIXED))
    masks = [found[name].array._mask for name in ("tcp_flags", "seq", "ack", "window", "tcp_header_bytes")]
    assert all(np.shares_memory(masks[0], mask) for mask in masks)
    before = plain(found)
    with pytest.raises(ValueError, match="read-only"):
        found.loc[1, "seq"] = pd.NA
    assert plain(found) == before
    own = found.copy()
    own.loc[1, "seq"] = pd.NA
    assert own["seq"].isna().sum() == found["seq"].isna().sum() + 1
    assert own["ack"].isna().sum() == found["ack"].isna().sum()


def test_sack_is_a_list_column():
    found = read_pcap(pcap(MIXED))
    with_sack = found["sack"].dropna()
    assert len(with_sack) == 1
    assert with_sack.iloc[0] == [1001, 1005]
