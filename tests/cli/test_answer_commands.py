"""What is in a capture: text and JSON."""

import re
from pathlib import Path

import pytest

import pcapframe as pf
from tests.builders import pcap
from tests.cli.running import CLEAN, RESETS, json_of, run, same, text_of


def test_analyze_prints_the_analysis() -> None:
    assert text_of("analyze", "--full", RESETS) == f"{pf.analyze(RESETS)}\n"


def test_analyze_prints_what_stands_out_on_one_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = text_of("analyze", RESETS).splitlines()
    assert len(lines) <= 23
    assert max(map(len, lines)) <= 80
    assert lines[3] == "What stands out"
    first = pf.analyze(RESETS).standouts[0]
    assert " ".join(lines[4].split()[1:]) in first.sentence
    assert first.display_filter in "\n".join(lines[:8])


def test_a_clean_capture_takes_few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = text_of("analyze", CLEAN)
    assert len(text.splitlines()) <= 15
    assert "Nothing stands out" in text
    assert "Looked at: handshakes" in text
    assert " 0 " not in text
    assert "state_transitions" not in text


def test_json_is_the_answer_of_python() -> None:
    same(json_of("analyze", RESETS), pf.analyze_tcp_anomalies(RESETS))
    same(json_of("analyze", RESETS, "--limit", "2"), pf.analyze_tcp_anomalies(RESETS, limit=2))
    same(json_of("connections", RESETS), pf.analyze_tcp_connections(RESETS))
    same(json_of("connections", RESETS, "--detailed"), pf.analyze_tcp_connections(RESETS, detailed=True))
    same(json_of("retransmissions", RESETS, "--threshold", "0.1"), pf.analyze_tcp_retransmissions(RESETS, None, 0.1))
    same(json_of("flow", RESETS, "--server-ip", "198.51.100.20"), pf.analyze_traffic_flow(RESETS, "198.51.100.20"))


def test_filters_reach_the_answer() -> None:
    asked = ("--server-ip", "198.51.100.20", "--server-port", "8080")
    answer = json_of("analyze", RESETS, *asked)
    same(answer, pf.analyze_tcp_anomalies(RESETS, "198.51.100.20", 8080))
    assert answer["statistics"]["handshake"]["refused"] == 6
    late = json_of("analyze", RESETS, "--start", "2100-01-01")
    assert late["message"].startswith("Nothing matches the filter (from 2100-01-01T00:00:00+00:00)")
    assert json_of("analyze", RESETS, "--end", "2100-01-01")["statistics"]["total_connections"] == 42


def test_thresholds_reach_the_patterns() -> None:
    plain = [p["pattern"] for p in json_of("analyze", RESETS)["patterns"]]
    changed = json_of("analyze", RESETS, "--threshold", "abnormal_termination.reset_rate=0.9")["patterns"]
    assert set(plain) - {p["pattern"] for p in changed} == {"abnormal_termination"}
    listed = text_of("thresholds")
    assert re.search(r"^packet_retransmission.rate +0.02 0 to 1\n    Retransmitted segments", listed, re.MULTILINE)
    assert re.search(r"^slow_service.service_s +0.5 s$", listed, re.MULTILINE)
    assert json_of("thresholds") == pf.Thresholds().to_dict()


def test_flow_lists_the_servers_to_choose_from() -> None:
    """By tshark: SYNs and SYN-ACKs of resets.pcap are of three servers."""
    text = text_of("flow", RESETS)
    assert re.search(r"^ +198.51.100.20 +80, 8080 +15 +504$", text, re.MULTILINE)
    assert text.endswith("3 servers: choose one with --server-ip\n")
    servers = json_of("flow", RESETS)["servers"]
    assert [each["server"] for each in servers] == sorted(
        {"198.51.100.20", "198.51.100.21", "198.51.100.22"}, key=[each["server"] for each in servers].index
    )
    assert sum(each["connections"] for each in servers) == 42
    assert json_of("flow", RESETS, "--server-port", "8080")["servers"][0]["ports"] == [8080]


def test_retransmissions_text() -> None:
    text = text_of("retransmissions", RESETS)
    assert "37 of 1,086 TCP packets (3.4 %, above the threshold of 2.0 %)" in text
    assert "192.0.2.12:40003 <-> 198.51.100.21:4443" in text
    assert "not above" in text_of("retransmissions", RESETS, "--threshold", "0.5")
    clean = text_of("retransmissions", CLEAN)
    assert "0 of " in clean
    assert "<->" not in clean


def test_flow_text() -> None:
    text = text_of("flow", RESETS, "--server-ip", "198.51.100.20")
    assert "client to server" in text
    assert re.search(r"^  RST +2 +7$", text, re.MULTILINE)


@pytest.mark.parametrize("command", ["flow", "retransmissions", "connections", "resends"])
def test_nothing_but_the_reason_is_printed_where_nothing_matches(command: str) -> None:
    text = " ".join(text_of(command, RESETS, "--server-ip", "192.0.2.99").split())
    assert text.startswith(f"{RESETS} ! Nothing matches the filter (server 192.0.2.99:any); the capture has 42")
    assert text.endswith("198.51.100.20:80 (7).")


@pytest.mark.parametrize("command", ["flow", "retransmissions", "connections", "resends"])
def test_a_capture_without_tcp_says_so_once(command: str, tmp_path: Path) -> None:
    path = tmp_path / "empty.pcap"
    path.write_bytes(pcap([]))
    server = ["--server-ip", "192.0.2.99"] if command == "flow" else []
    sentence = "No TCP packets found in this capture. It supports no statistics of connections."
    assert text_of(command, str(path), *server).splitlines() == [str(path), f"  {sentence}"]


def test_info_text_and_json() -> None:
    text = text_of("info", str(pf.example("ipv6.pcapng")))
    assert "899 packets" in text
    assert "eth0, Ethernet, 899 packets, 899 received, 0 dropped" in text
    assert "TCP 889" in text
    facts = json_of("info", str(pf.example("ipv6.pcapng")))
    assert facts["packets"] == 899
    assert facts["interfaces"][0]["packets"] == 899
    assert facts["protocols"] == {"TCP": 889, "ICMPv6": 10}


@pytest.mark.needs_program("tshark")
def test_check_shows_the_table_and_writes_the_frames(tmp_path: Path) -> None:
    assert "100.0 % of the segments agree" in " ".join(text_of("check", CLEAN).split())
    file = tmp_path / "differing.csv"
    assert "retransmission" in text_of("check", RESETS, "--csv", str(file))
    assert file.read_text() == "frame,label,tshark,pcapframe\n"


def test_check_without_tshark_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pf.PcapframeError, match="tshark is not installed"):
        run("check", CLEAN)
