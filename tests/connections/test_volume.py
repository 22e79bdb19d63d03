"""Packets, bytes and times, by hand and by tshark."""

import subprocess
from pathlib import Path

import pytest

import pcapframe as pf
from tests.builders import Conversation
from tests.connections.made import connection


def test_sums_by_sender() -> None:
    seen = connection(Conversation(timestamps=False).handshake().data("client", 3000, segment=1000).ack("server"))
    assert (seen["client_packets"], seen["server_packets"]) == (5, 2)
    assert (seen["client_payload_bytes"], seen["client_data_packets"]) == (3000, 3)
    assert (seen["client_ack_packets"], seen["server_ack_packets"]) == (4, 2)  # the SYN has no ACK
    # Ethernet 14, IPv4 20, TCP 20; SYN options 4 + 3 + 2 and padding: 12.
    assert seen["client_wire_bytes"] == 5 * 54 + 12 + 3000


def test_copies_count_as_packets() -> None:
    seen = connection(Conversation().handshake().data("client", 100).duplicate())
    assert (seen["client_packets"], seen["client_payload_bytes"]) == (4, 200)


def test_times() -> None:
    seen = connection(Conversation(start=100.0).handshake().wait(5.0).data("client", 1))
    assert seen["start"].timestamp() == pytest.approx(100.0)
    assert seen["duration_s"] == (seen["end"] - seen["start"]).total_seconds()
    assert seen["duration_s"] > 5.0


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap"])
def test_counts_are_those_of_tshark(name: str) -> None:
    command = ["tshark", "-n", "-r", str(pf.example(name)), "-Y", "tcp && !icmp && !icmpv6", "-T", "fields"]
    for field in ("tcp.stream", "frame.len"):
        command += ["-e", field]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    theirs: dict[int, list[int]] = {}
    for line in filter(None, printed):
        stream, length = line.split("\t")
        theirs.setdefault(int(stream), []).append(int(length))
    ours = pf.build_connections(pf.label_segments(pf.read_pcap(pf.example(name), progress=False)))
    packets = ours["client_packets"] + ours["server_packets"]
    sizes = ours["client_wire_bytes"] + ours["server_wire_bytes"]
    # An ICMP error may have opened a stream of its own there: compare in order of the streams that have segments.
    assert packets.tolist() == [len(lengths) for _, lengths in sorted(theirs.items())]
    assert sizes.tolist() == [sum(lengths) for _, lengths in sorted(theirs.items())]


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("name", ["clean.pcap", "losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap"])
def test_conversations_are_those_of_tshark(name: str) -> None:
    compare_conversations(pf.example(name))


CORPUS = [
    "PcapPlusPlus/4KHttpRequests.pcap",
    "nDPI/http-lines-split.pcap",
    "nDPI/instagram.pcap",
    "nDPI/KakaoTalk_chat.pcap",
    "nDPI/wechat.pcap",
]


@pytest.mark.needs_program("tshark")
@pytest.mark.parametrize("name", CORPUS)
def test_conversations_of_real_captures_are_those_of_tshark(name: str, shared_corpus: Path) -> None:
    compare_conversations(shared_corpus / name)


def compare_conversations(path: Path) -> None:
    """Packets and bytes each way, as ``tshark -z conv,tcp`` counts them."""
    command = ["tshark", "-n", "-Q", "-r", str(path), "-q", "-z", "conv,tcp"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = []
    for line in printed.splitlines():
        if "<->" not in line:
            continue
        left, _, right, packets_to_left, bytes_to_left, unit_to_left, packets_to_right, *rest = line.split()
        sides = [
            (left, int(packets_to_right), (int(rest[0]), rest[1])),
            (right, int(packets_to_left), (int(bytes_to_left), unit_to_left)),
        ]
        theirs.append(sorted(sides))
    made = pf.build_connections(pf.label_segments(pf.read_pcap(path, progress=False)))
    ours = [
        sorted(
            (f"{row[side]}:{row[f'{side}_port']}", row[f"{side}_packets"], rounded(row[f"{side}_wire_bytes"]))
            for side in ("client", "server")
        )
        for row in made.to_dict("records")
    ]
    assert sorted(ours) == sorted(theirs)


def rounded(count: int) -> tuple[int, str]:
    """Bytes as tshark prints them."""
    for factor, unit in ((10**6, "MB"), (10**3, "kB")):
        if count >= 10 * factor:
            return count // factor, unit
    return count, "bytes"
