"""Frames as CSV and Parquet, and their order."""

import io
from pathlib import Path

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.cli.export import sort_connections, write_csv, write_parquet
from tests.builders import Conversation, pcap


@pytest.fixture(scope="module")
def connections() -> pd.DataFrame:
    return pf.analyze(pf.example("losses.pcap")).connections


@pytest.mark.parametrize("name", ["clean.pcap", "losses.pcap", "ipv6.pcapng"])
def test_csv_reads_back(tmp_path: Path, name: str) -> None:
    packets = pf.read_pcap(pf.example(name))
    path = tmp_path / "packets.csv"
    write_csv(packets, str(path))
    back = pd.read_csv(path, index_col="frame", parse_dates=["time"])
    for column in ("seq", "mss", "tsval", "ttl", "vlan", "offset"):
        ours, theirs = packets[column].astype("Int64"), back[column].astype("Int64")
        pd.testing.assert_series_equal(ours, theirs, check_index_type=False)
    assert (packets["src"].astype(object).fillna("") == back["src"].fillna("")).all()
    assert (packets["time"].array == back["time"].array).all()


def test_an_empty_frame_has_its_header(tmp_path: Path) -> None:
    packets = pf.read_pcap(pcap([]))
    path = tmp_path / "packets.csv"
    write_csv(packets, str(path))
    assert len(path.read_text().splitlines()) == 1
    write_parquet(packets, str(tmp_path / "packets.parquet"))
    back = pd.read_parquet(tmp_path / "packets.parquet")
    assert back.columns.tolist() == packets.columns.tolist()
    assert back.index.name == "frame"
    assert len(back) == 0


def test_nulls_come_last_either_way(connections: pd.DataFrame) -> None:
    partly = connections.assign(handshake_rtt_s=connections["handshake_rtt_s"].where(connections.index % 2 == 0))
    for reverse in (False, True):
        values = sort_connections(partly, "handshake_rtt_s", reverse=reverse)["handshake_rtt_s"]
        known = values.dropna()
        assert values.iloc[len(known) :].isna().all()
        assert known.is_monotonic_increasing if reverse else known.is_monotonic_decreasing


def test_equal_ones_keep_their_order_and_the_frame_is_unchanged(connections: pd.DataFrame) -> None:
    before = connections.copy()
    assert sort_connections(connections, "roles").index.tolist() == connections.index.tolist()
    pd.testing.assert_frame_equal(connections, before)


def test_a_name_of_both_sides_is_their_sum(connections: pd.DataFrame) -> None:
    ordered = sort_connections(connections, "packets")
    sums = ordered["client_packets"].astype(int) + ordered["server_packets"].astype(int)
    assert sums.is_monotonic_decreasing


def test_standard_output_takes_csv(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_csv(pf.analyze(pcap(Conversation().handshake())).connections[["client"]], "-")
    assert io.BytesIO(capfdbinary.readouterr().out).readlines() == [b'"conn_id","client"\n', b'0,"192.0.2.1"\n']
