"""One packet dissected, and the facts about a capture, within their bounds."""

import json
import struct
from pathlib import Path

import pytest

import pcapframe as pf
from pcapframe.mcp_server.described import capture_facts, dissected_packet
from tests.builders import Pcapng, packet, pcap

RESETS = pf.example("resets.pcap")


@pytest.fixture(scope="module")
def analysis() -> pf.Analysis:
    return pf.analyze(RESETS)


def test_a_packet_is_dissected(analysis: pf.Analysis) -> None:
    shown = dissected_packet(analysis, 87, RESETS)
    assert [layer["layer"] for layer in shown["layers"]] == ["Ethernet", "IP", "TCP"]
    tcp = shown["layers"][2]["fields"]
    assert tcp["flags"] == "RA"
    assert tcp["sport"].endswith("(8080)")
    assert shown["wire_bytes"] == analysis.packets.loc[87, "wire_bytes"]
    assert not shown["is_cut"]


def test_a_long_packet_is_cut() -> None:
    data = pcap([(0, packet(payload=b"x" * 1400))])
    shown = dissected_packet(pf.analyze(data), 1, data)
    assert shown["is_cut"]
    assert len(json.dumps(shown)) < 12_000
    assert shown["layers"][-1]["layer"] == "Raw"


def test_a_hostile_packet_is_bounded() -> None:
    names = b"".join(b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3\4" for _ in range(80))
    dns = struct.pack(">6H", 1, 0x8180, 1, 80, 0, 0) + b"\1a\0\0\1\0\1" + names
    from tests.builders import UDP, ethernet, ipv4, udp

    data = pcap([(0, ethernet(ipv4("192.0.2.1", "192.0.2.2", UDP, udp("192.0.2.1", "192.0.2.2", 53, 4000, dns))))])
    shown = dissected_packet(pf.analyze(data), 1, data)
    assert len(json.dumps(shown)) < 12_000
    assert shown["is_cut"]


def test_facts(analysis: pf.Analysis) -> None:
    facts = capture_facts(analysis, limit=10)
    assert next(iter(facts)) == "standouts"
    assert facts["packets"] == 1096
    assert facts["protocols"]["TCP"] == len(analysis.segments)
    assert facts["tcp_connections"] == 42
    assert (facts["truncated"], facts["interfaces"], facts["notes_total"]) == (False, [], 0)
    pcapng = capture_facts(pf.analyze(pf.example("ipv6.pcapng")), limit=10)
    assert (pcapng["interfaces"][0]["dropped"], pcapng["interfaces"][0]["packets"]) == (0, 899)
    assert pcapng["interfaces_total"] == 1
    mirrored = capture_facts(pf.analyze(pf.example("mirrored.pcap.gz")), limit=10)
    copies = next(found for found in mirrored["health"]["findings"] if found["name"] == "capture_duplicates")
    assert copies["affects"]["packets"] == "unknown"
    assert (len(copies["evidence"]["frames"]), copies["evidence"]["frame_count"]) == (10, 651)


def test_long_and_many_comments_are_cut(tmp_path: Path) -> None:
    writer = Pcapng()
    blocks = writer.section(comment="x" * 5_000) + writer.interface()
    for i in range(30):
        blocks += writer.enhanced(i, packet(seq=i), comment=f"comment {i}")
    facts = capture_facts(pf.analyze(blocks), limit=10)
    assert facts["comments_total"] == 31
    assert len(facts["comments"]) == 10
    assert len(facts["comments"][0]["text"]) == 300
