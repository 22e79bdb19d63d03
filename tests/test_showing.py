"""Frames as people read them."""

from datetime import UTC

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.errors import ParameterError
from pcapframe.schema import FLAG_BITS
from tests.builders import Conversation, pcap


@pytest.fixture(scope="module")
def packets() -> pd.DataFrame:
    return pf.read_pcap(pcap(Conversation().handshake().data("client", 30).close()), progress=False)


@pytest.mark.parametrize(
    ("bits", "text"), [(0, ""), (0x002, "SYN"), (0x012, "SYN, ACK"), (0x014, "RST, ACK"), (0x1C2, "SYN, ECE, CWR, AE")]
)
def test_flags_by_name(bits: int, text: str) -> None:
    assert pf.flag_names(pd.Series([bits], dtype="uint16")).tolist() == [text]


def test_every_flag_has_its_name() -> None:
    assert pf.flag_names(pd.Series([0xFFF])).tolist() == [", ".join(FLAG_BITS)]


def test_flags_keep_index_name_and_null() -> None:
    flags = pd.Series([2, None, 16], [7, 8, 9], dtype="UInt16", name="tcp_flags")
    shown = pf.flag_names(flags)
    assert (shown.index.tolist(), shown.name, shown.isna().tolist()) == ([7, 8, 9], "tcp_flags", [False, True, False])
    assert pf.flag_names(flags[:0]).tolist() == []


def test_a_frame_is_shown_without_empty_columns_and_stays_as_it_is(packets: pd.DataFrame) -> None:
    before = packets.copy()
    shown = pf.show(packets, 3)
    assert shown["tcp_flags"].tolist() == ["SYN", "SYN, ACK", "ACK"]
    assert shown.index.tolist() == [1, 2, 3]
    assert {"vlan", "tunnel", "sliced", "icmp_type"}.isdisjoint(shown)
    assert {"time", "src", "dst", "payload_bytes"} <= set(shown)
    pd.testing.assert_frame_equal(packets, before)


def test_times_in_a_zone(packets: pd.DataFrame) -> None:
    shown = pf.show(packets, timezone="Asia/Kolkata")
    assert str(shown["time"].dtype) == "datetime64[ns, Asia/Kolkata]"
    assert (shown["time"] == packets["time"]).all()
    assert pf.show(packets, timezone=UTC)["time"].equals(packets["time"])


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/passwd"])
def test_a_zone_that_is_none(packets: pd.DataFrame, zone: str) -> None:
    with pytest.raises(ParameterError, match="Europe/Berlin"):
        pf.show(packets, timezone=zone)


def test_no_rows_and_wrong_rows(packets: pd.DataFrame) -> None:
    assert len(pf.show(packets, 0)) == 0
    with pytest.raises(ParameterError, match="rows -1"):
        pf.show(packets, -1)


def test_other_frames_are_shown_too() -> None:
    analysis = pf.analyze(pf.example("losses.pcap"))
    for frame in (analysis.segments, analysis.connections, pf.turns(analysis), pf.resends(analysis)):
        assert len(pf.show(frame)) == len(frame)
