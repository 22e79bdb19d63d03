"""Rows of frames: tables, files, smaller captures."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import pcapframe as pf
from pcapframe.cli.commands import commands
from pcapframe.schema import CONNECTIONS, PACKETS, RST_EVIDENCE, names
from tests.builders import Conversation, Pcapng, merge, packet, pcap
from tests.cli.running import CLEAN, RESETS, run, text_of


def test_connections_table() -> None:
    text = text_of("connections", RESETS, "--sort", "resent_segments", "--limit", "3")
    head, _, listed = text.partition("\n\n")
    lines = listed.splitlines()
    assert head.splitlines()[0] == RESETS
    titles = next(i for i, line in enumerate(lines) if line.split()[:1] == ["id"])
    assert [line.split()[0] for line in lines[titles + 1 : titles + 4]] == ["3", "4", "2"]
    assert lines[-2].strip() == "3 of 42 connections, see --limit"
    assert lines[-1].strip() == "not shown: payload (wider terminal, or --csv)"
    assert "20 of 42 connections" in text_of("connections", RESETS)
    assert "Nothing matches" in text_of("connections", RESETS, "--server-port", "1")


def test_rsts(tmp_path: Path) -> None:
    resets = str(pf.example("resets.pcap"))
    text = text_of("rsts", resets, "--limit", "3")
    assert "3 of 26 RSTs, see --limit" in text
    assert "Nothing matches" in text_of("rsts", resets, "--server-port", "1")
    path = tmp_path / "rsts.parquet"
    text_of("rsts", resets, "--parquet", str(path), "--csv", str(tmp_path / "rsts.csv"))
    assert list(pd.read_parquet(path).reset_index().columns) == ["frame", *names(RST_EVIDENCE)]
    assert len(pd.read_csv(tmp_path / "rsts.csv")) == 26
    assert "0 RSTs" in text_of("rsts", CLEAN)


def test_resends(tmp_path: Path) -> None:
    losses = str(pf.example("losses.pcap"))
    text = text_of("resends", losses, "--limit", "3")
    head, _, listed = text.partition("\n\n")
    assert "statistics are reliable" in head
    lines = listed.splitlines()
    assert [line.split()[0] for line in lines] == ["frame", "76", "173", "210", "3", "not"]
    assert lines[1].split()[1:5] == ["0", "server", "38", "47.90"]
    assert lines[-2].strip() == "3 of 58 retransmitted segments, see --limit"
    assert lines[-1].strip().startswith("not shown: SACKed, dup ACKs")
    assert "20 of 58 retransmitted segments" in text_of("resends", losses)
    assert "Nothing matches" in text_of("resends", losses, "--server-port", "1")
    path = tmp_path / "resends.parquet"
    text_of("resends", losses, "--parquet", str(path), "--csv", str(tmp_path / "resends.csv"))
    assert len(pd.read_parquet(path)) == 58
    assert len(pd.read_csv(tmp_path / "resends.csv")) == 58
    assert "0 retransmitted segments" in text_of("resends", CLEAN)


def test_connections_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "connections.csv"
    assert text_of("connections", RESETS, "--csv", str(path)) == ""
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 42
    assert list(rows[0]) == ["conn_id", *names(CONNECTIONS)]
    wanted = pf.analyze(RESETS).connections
    assert [int(row["server_packets"]) for row in rows] == wanted["server_packets"].tolist()
    assert pd.to_datetime(rows[0]["start"]) == wanted.loc[0, "start"]
    printed = text_of("connections", RESETS, "--csv", "-", "--limit", "2", "--sort", "start")
    assert len(printed.splitlines()) == 3


def test_frames_as_parquet_come_back_as_they_were(tmp_path: Path) -> None:
    path = str(tmp_path / "frame.parquet")
    text_of("connections", RESETS, "--parquet", path)
    back = pd.read_parquet(path)
    wanted = pf.analyze(RESETS).connections
    assert back.index.name == "conn_id"
    pd.testing.assert_frame_equal(back, wanted, check_index_type=False, check_categorical=False)
    text_of("packets", RESETS, "--parquet", path)
    packets = pf.read_pcap(RESETS)
    back = pd.read_parquet(path)
    others = [name for name in names(PACKETS) if name != "sack"]
    pd.testing.assert_frame_equal(back[others], packets[others], check_categorical=False)
    assert pf.capture_info(back) == pf.capture_info(packets)
    assert [list(edges) for edges in back["sack"].dropna()] == [list(edges) for edges in packets["sack"].dropna()]


def test_packets_as_csv(tmp_path: Path) -> None:
    lines = text_of("packets", RESETS, "--limit", "2").splitlines()
    assert next(csv.reader([lines[0]])) == ["frame", *names(PACKETS)]
    path = tmp_path / "packets.csv"
    text_of("packets", RESETS, "--columns", "time, src,payload_bytes,sack", "--csv", str(path))
    back = pd.read_csv(path, parse_dates=["time"])
    packets = pf.read_pcap(RESETS)
    assert back.columns.tolist() == ["frame", "time", "src", "payload_bytes", "sack"]
    assert back["time"].tolist() == packets["time"].tolist()
    assert back["payload_bytes"].astype("UInt32").tolist() == packets["payload_bytes"].tolist()
    edges = packets["sack"].dropna()
    written = back.set_index("frame")["sack"].dropna()
    assert written.index.tolist() == edges.index.tolist()
    assert [[int(edge) for edge in text.split()] for text in written] == [list(one) for one in edges]


def test_packets_are_listed_as_they_are_in_the_capture() -> None:
    rows = csv.DictReader(io.StringIO(text_of("packets", CLEAN, "--limit", "3", "--columns", "protocol,seq")))
    assert [(row["frame"], row["protocol"], row["seq"] != "") for row in rows] == [
        ("1", "ARP", False), ("2", "ARP", False), ("3", "TCP", True),
    ]  # fmt: skip


def test_numbers_sort_downwards_and_the_rest_upwards() -> None:
    talks = [
        Conversation("192.0.2.2", 40000, start=0.0).handshake(),
        Conversation("192.0.2.1", 40001, start=1.0).handshake().data("client", 500),
        Conversation("192.0.2.3", 40002, start=2.0).handshake().data("client", 50),
    ]
    capture = pcap(merge(*talks))

    def order(*options: str) -> list[str]:
        rows = csv.DictReader(io.StringIO(text_of("connections", "-", "--csv", "-", *options, input=capture)))
        return [row["conn_id"] for row in rows]

    assert order() == ["0", "1", "2"]
    assert order("--sort", "payload_bytes") == ["1", "2", "0"]
    assert order("--sort", "client_payload_bytes", "--reverse") == ["0", "2", "1"]
    assert order("--sort", "start", "--reverse") == ["2", "1", "0"]
    assert order("--sort", "client_port") == ["0", "1", "2"]


def extracted(tmp_path: Path, *options: str) -> pd.DataFrame:
    assert run("extract", RESETS, "-o", str(tmp_path / "a.pcapng"), *options).exit_code == 0
    return pf.read_pcap(tmp_path / "a.pcapng")


def test_extract_writes_what_every_option_selects(tmp_path: Path) -> None:
    whole = pf.analyze(RESETS)
    times = whole.packets["time"]
    assert extracted(tmp_path)["time"].tolist() == times.tolist()
    frames = extracted(tmp_path, "--frames", "3-5", "--frames", "9")
    assert frames["time"].tolist() == times.loc[[3, 4, 5, 9]].tolist()
    of_two = whole.segments[whole.segments["conn_id"].isin([3, 7])]
    two = extracted(tmp_path, "--conn-id", "3", "--conn-id", "7")
    assert two["time"].tolist() == of_two["time"].tolist()
    server = ("--server-ip", "198.51.100.20", "--server-port", "8080")
    refused = extracted(tmp_path, *server, "--pattern", "refused_connections")
    assert len(pf.analyze(tmp_path / "a.pcapng").connections) == 6
    part = extracted(tmp_path, *server, "--pattern", "refused_connections", "--frames", "86-95")
    assert part["time"].tolist() == [t for t in refused["time"] if t in times.loc[86:95].tolist()]


def test_extract_says_how_much(tmp_path: Path) -> None:
    target = str(tmp_path / "a.pcap")
    assert text_of("extract", RESETS, "-o", target, "--frames", "1-10") == f"{target}: 10 of 1,096 packets\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--frames", "9-3"], "ends before it begins"),
        (["--frames", "x"], "is not a frame number"),
        (["--frames", "5000-6000"], "select no packet"),
        (["--conn-id", "999"], "connection 999 is not selected: the capture has 42"),
        (["--pattern", "nonsense"], "there is no pattern 'nonsense'"),
        (["--pattern", "port_reuse"], "the pattern port_reuse is not observed"),
        (["--server-ip", "203.0.113.99"], "Nothing matches the filter"),
    ],
)
def test_extract_refuses_what_selects_nothing(options: list[str], said: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(commands, ["extract", RESETS, "-o", str(tmp_path / "a.pcap"), *options])
    assert result.exit_code != 0
    assert said in result.output + str(result.exception)
    assert not (tmp_path / "a.pcap").exists()


def test_extract_without_the_packets_that_have_no_time(tmp_path: Path) -> None:
    written, target = Pcapng(), tmp_path / "a.pcapng"
    timed = b"".join(written.enhanced(i, packet(seq=i)) for i in range(3))
    (tmp_path / "mixed.pcapng").write_bytes(written.section() + written.interface() + written.simple(packet()) + timed)
    with pytest.raises(pf.ParameterError, match="1 of 4 packets has no time: leave it out to write the rest"):
        run("extract", str(tmp_path / "mixed.pcapng"), "-o", str(target))
    text_of("extract", str(tmp_path / "mixed.pcapng"), "-o", str(target), "--frames", "2-4")
    assert len(pf.read_pcap(target)) == 3


def test_extract_reads_files_only(tmp_path: Path) -> None:
    result = run("extract", "-", "-o", str(tmp_path / "a.pcap"))
    assert result.exit_code == 2
    assert "reads the capture twice" in result.output
