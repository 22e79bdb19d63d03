"""read_pcap as a whole: the frame that it makes, whatever the bytes, and second opinions."""

import csv
import json
import random
import subprocess
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe import reading
from pcapframe.capture.link_types import LINK_TYPES
from pcapframe.errors import CaptureWarning, ParameterError, PcapframeError
from pcapframe.packets import capture_info, read_pcap
from pcapframe.schema import PACKETS, names
from tests.builders import (
    ARP,
    Conversation,
    Frame,
    Pcapng,
    ethernet,
    merge,
    packet,
    pcap,
    pcap_header,
    pcap_record,
    pcapng,
)
from tests.capture.frames import TUNNELS
from tests.capture.rows import plain
from tests.conftest import in_ci, sampled

ROOT = Path(__file__).parent.parent
NG = Pcapng()

MIXED = merge(
    Conversation().handshake().data("client", 700).ack("server", sack=[(1, 5)]).close(),
    Conversation("2001:db8::1", 5000, "2001:db8::2", 443, start=0.00005, timestamps=False, vlan=8)
    .handshake()
    .rst("server"),
    [(0.005, ethernet(bytes(28), ARP)), (0.006, ethernet(TUNNELS["VXLAN"])), (0.007, b"\x01\x02")],
)


# Several captures.


def test_no_captures_at_all():
    with pytest.raises(ParameterError, match="no capture was given"):
        read_pcap([])


def test_one_capture_in_a_list_is_that_capture():
    assert plain(read_pcap([pcap(MIXED)])) == plain(read_pcap(pcap(MIXED)))
    assert capture_info(read_pcap([pcap(MIXED)])) == capture_info(read_pcap(pcap(MIXED)))


def test_merged_captures_are_the_whole():
    """Dealt out to three captures of different formats and merged again."""
    hands = [MIXED[i::3] for i in range(3)]
    found = read_pcap([pcap(hands[0]), pcapng(hands[1]), pcap(hands[2], nanoseconds=True)])
    beside = ["interface", "source", "source_frame", "offset"]
    assert plain(found.drop(columns=beside)) == plain(read_pcap(pcap(MIXED)).drop(columns=beside))
    assert found["source"].tolist() == [place % 3 for place in range(len(MIXED))]
    assert found["source_frame"].tolist() == [place // 3 + 1 for place in range(len(MIXED))]
    assert found["interface"].tolist() == [0 if place % 3 == 1 else pd.NA for place in range(len(MIXED))]
    info = capture_info(found)
    assert info.packets == len(MIXED)
    assert info.format == "pcap (microseconds), pcapng, pcap (nanoseconds)"
    assert [part["packets"] for part in info.captures] == [len(hand) for hand in hands]
    assert json.loads(json.dumps(found.attrs, allow_nan=False)) == found.attrs


def test_warnings_of_several_captures_name_them(tmp_path):
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap(MIXED)[:-1])
    with pytest.warns(CaptureWarning, match=r"cut\.pcap: at byte \d+: cut off"):
        found = read_pcap([pcap(MIXED), path])
    assert len(found) == 2 * len(MIXED) - 1
    info = capture_info(found)
    assert info.truncated
    assert info.notes[0].startswith(f"{path}: at byte")


TIMES = st.lists(st.lists(st.none() | st.integers(0, 5), max_size=7), min_size=2, max_size=4)


def numbered(times: list[list[int | None]]) -> Iterator[bytes]:
    """Captures of packets at these times (None for without), numbered through in `seq`."""
    number = 0
    for part in times:
        capture = NG.section() + NG.interface()
        for time in part:
            number += 1
            frame = packet(seq=number)
            capture += NG.simple(frame) if time is None else NG.enhanced(time * 1_000_000, frame)
        yield capture


@pytest.mark.needs_program("mergecap")
def test_merged_as_mergecap_does(tmp_path):
    rng = random.Random(5)
    for _ in range(12):
        times = [[rng.choice([None, *range(6)]) for _ in range(rng.randrange(12))] for _ in range(3)]
        paths = [tmp_path / f"{place}.pcapng" for place in range(3)]
        for path, capture in zip(paths, numbered(times), strict=True):
            path.write_bytes(capture)
        merged = tmp_path / "merged.pcapng"
        subprocess.run(["mergecap", "-w", merged, *paths], check=True, capture_output=True)
        assert read_pcap(paths)["seq"].tolist() == read_pcap(merged)["seq"].tolist()


@given(TIMES)
def test_merge_takes_the_earliest_next_packet(times):
    """Against the plain way to merge: look at the next packet of each capture, take one, repeat."""
    numbers = iter(range(1, 1000))
    left = [[(time, next(numbers)) for time in part] for part in times]
    expected = []
    while any(left):
        heads = [part for part in left if part]
        timeless = [part for part in heads if part[0][0] is None]
        earliest = min((part[0][0] for part in heads if part[0][0] is not None), default=None)
        tied = [part for part in heads if part[0][0] == earliest]
        expected.append((timeless[0] if timeless else tied[-1]).pop(0)[1])
    assert read_pcap(list(numbered(times)), progress=False)["seq"].tolist() == expected


# Progress.


def test_no_bar_for_small_captures(capfd):
    read_pcap(pcap(MIXED))
    assert capfd.readouterr().err == ""


def test_a_bar_for_what_takes_long_and_none_if_unwanted(capfd, monkeypatch):
    monkeypatch.setattr(reading, "SHOW_PROGRESS_AFTER_S", 0.0)
    capture = pcap([(i, packet(payload=60_000)) for i in range(300)])
    read_pcap(capture, progress=False)
    assert capfd.readouterr().err == ""
    read_pcap(capture)
    assert f"reading {len(capture)} bytes" in capfd.readouterr().err


def test_threads_do_not_disturb_each_other():
    captures = [pcap([(i, packet(f"192.0.2.{i}", seq=k)) for k in range(500)]) for i in range(1, 9)]
    with ThreadPoolExecutor(4) as pool:
        for i, found in enumerate(pool.map(read_pcap, captures), start=1):
            assert found["seq"].tolist() == list(range(500))
            assert found["src"].unique().tolist() == [f"192.0.2.{i}"]


# Whatever the bytes are.


def outcome(data: bytes) -> int | None:
    """How many rows come of `data`; None for one of our errors; no other exception or warning may come."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", CaptureWarning)
        try:
            found = read_pcap(data, progress=False)
        except PcapframeError:
            return None
    assert found.columns.tolist() == names(PACKETS)
    assert found["offset"].between(0, capture_info(found).bytes).all()
    assert not (found["tcp_flags"].notna() & (found["protocol"] != "TCP")).any()
    return len(found)


MAGICS = "d4c3b2a1 a1b2c3d4 4d3cb2a1 a1b23c4d 0a0d0d0a 1f8b0800 425a6839 fd377a585a00 28b52ffd 04224d18"


@given(st.sampled_from([b"", *map(bytes.fromhex, MAGICS.split())]), st.binary(max_size=300))
def test_arbitrary_bytes(magic, data):
    outcome(magic + data)


@given(st.booleans(), st.binary(max_size=400), st.sampled_from([0, 1, 101, 113, 147, 0xFFFFFFFF]))
def test_arbitrary_bytes_after_a_pcap_header(big_endian, data, link_type):
    outcome(pcap_header(big_endian=big_endian, link_type=link_type) + data)


BLOCK_KINDS = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 10, 0x0A0D0D0A]) | st.integers(0, 2**32 - 1)


BLOCKS = st.lists(st.tuples(BLOCK_KINDS, st.binary(max_size=80)), max_size=8)


@given(st.booleans(), BLOCKS, st.binary(max_size=20))
def test_arbitrary_blocks_after_a_pcapng_header(big_endian, blocks, rest):
    ng = Pcapng(big_endian)
    outcome(ng.section() + ng.interface() + b"".join(ng.block(*block) for block in blocks) + rest)


@given(st.binary(max_size=200), st.sampled_from([*LINK_TYPES, 12, 147]), st.integers(0, 300))
def test_arbitrary_packets(data, link_type, wire_bytes):
    capture = pcap_header(link_type=link_type) + pcap_record(1, data, wire_bytes=wire_bytes) * 2
    assert outcome(capture) == 2


ETHERNET_TYPES = st.sampled_from([0x0800, 0x86DD, 0x8100, 0x8847, 0x8864, 0x6558])
IP_STARTS = st.sampled_from([b"\x45\0\0\x40", b"\x4f\0\0\0", b"\x60\0\0\0\0\x30", b"\x60\0\0\0\xff\xff"])
PROTOCOLS = st.sampled_from([0, 4, 6, 17, 41, 43, 44, 47, 51, 60, 94, 135, 137])


@given(ETHERNET_TYPES, IP_STARTS, PROTOCOLS, st.binary(max_size=150))
def test_arbitrary_packets_that_begin_well(kind, start, protocol, rest):
    body = bytearray(start + rest)
    if len(body) > 10:
        body[9 if start[0] >> 4 == 4 else 6] = protocol
    assert outcome(pcap([(0, ethernet(bytes(body), kind))])) == 1


VALUES = st.sampled_from([0, 1, 4, 6, 41, 44, 47, 0x45, 0x60, 0x80, 0xFF]) | st.integers(0, 255)


@pytest.mark.fuzz
@given(st.sampled_from(["pcap", "pcapng"]), st.data())
def test_damaged_captures(form, data):
    """A few bytes of a good capture are changed, some to what matters: lengths, counts, protocol numbers."""
    tunnels = [(1.0, ethernet(tunnel)) for tunnel in TUNNELS.values() if tunnel[0] >> 4 == 4]
    capture = bytearray({"pcap": pcap, "pcapng": pcapng}[form]([*MIXED, *tunnels]))
    places = data.draw(st.lists(st.integers(0, len(capture) - 1), min_size=1, max_size=12))
    for place in places:
        capture[place] = data.draw(VALUES)
    outcome(bytes(capture))


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "mss": st.integers(0, 65535),
        "wscale": st.integers(0, 255),
        "ts": st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
        "vlan": st.integers(0, 4095),
        "ttl": st.integers(0, 255),
        "ip_id": st.integers(0, 65535),
        "payload": st.integers(0, 100),
    },
)
NUMBERS = st.integers(0, 2**32 - 1)
PORTS = st.integers(0, 65535)
SECONDS = st.integers(0, 2**31).map(lambda microseconds: microseconds / 10**6)
FLAGS = st.sets(st.sampled_from("FSRPAUECN")).map("".join)
PACKETS_MADE = st.tuples(SECONDS, st.booleans(), PORTS, PORTS, FLAGS, NUMBERS, NUMBERS, PORTS, OPTIONS)


def made(recipe: tuple[Any, ...]) -> Frame:
    time, six, sport, dport, flags, seq, ack, window, options = recipe
    ends = ("2001:db8::1", "2001:db8::2") if six else ("192.0.2.1", "198.51.100.1")
    return time, packet(*ends, sport, dport, flags, seq=seq, ack=ack, window=window, **options)


@given(st.lists(PACKETS_MADE, max_size=3), st.booleans(), st.sampled_from([None, 6, 9]), st.integers(0, 200))
def test_pcap_and_pcapng_of_the_same_packets_are_equal(recipes, big_endian, tsresol, snaplen):
    frames = [made(recipe) for recipe in recipes]
    one = read_pcap(pcap(frames, snaplen=snaplen), progress=False)
    two = read_pcap(pcapng(frames, snaplen=snaplen, big_endian=big_endian, tsresol=tsresol), progress=False)
    beside = ["interface", "offset"]
    assert plain(one.drop(columns=beside)) == plain(two.drop(columns=beside))


@given(PACKETS_MADE)
def test_every_field_is_read_as_it_was_written(recipe):
    time, six, sport, dport, flags, seq, ack, window, options = recipe
    (row,) = plain(read_pcap(pcap([made(recipe)]), progress=False))
    assert row["time"].value == round(time * 10**6) * 1000
    assert row["src"] == ("2001:db8::1" if six else "192.0.2.1")
    assert row["dst"] == ("2001:db8::2" if six else "198.51.100.1")
    assert (row["src_port"], row["dst_port"]) == (sport, dport)
    assert (row["seq"], row["ack"], row["window"]) == (seq, ack, window)
    assert row["tcp_flags"] == sum(1 << "FSRPAUECN".index(letter) for letter in flags)
    assert row["payload_bytes"] == options.get("payload", 0)
    assert (row["mss"], row["window_scale"]) == (options.get("mss"), options.get("wscale"))
    assert (row["tsval"], row["tsecr"]) == options.get("ts", (None, None))
    assert (row["vlan"], row["ttl"]) == (options.get("vlan"), options.get("ttl", 64))
    assert row["ip_id"] == (None if six else options.get("ip_id", 0))


# Second opinions.


def scapy_rows(path: Path, most: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """What scapy reads of the plain Ethernet, IP and TCP packets of a capture, by frame number."""
    from scapy.layers.inet import IP, TCP
    from scapy.layers.inet6 import IPv6
    from scapy.layers.l2 import Dot1Q, Ether
    from scapy.packet import Padding
    from scapy.utils import RawPcapNgReader, RawPcapReader

    with RawPcapReader(str(path)) as reader:
        for frame, (data, metadata) in enumerate(reader, start=1):
            if frame > most:
                break
            ng = isinstance(reader, RawPcapNgReader)
            if (metadata.linktype if ng else reader.linktype) != 1:
                continue
            if metadata.wirelen != len(data) or len(data) < 14:
                continue
            layer = Ether(data).payload
            vlan = None
            while isinstance(layer, Dot1Q):
                vlan, layer = layer.vlan, layer.payload
            segment = layer.payload
            if not isinstance(layer, IP | IPv6) or not isinstance(segment, TCP):
                continue
            room = layer.len - 4 * layer.ihl if isinstance(layer, IP) else layer.plen
            if room < 4 * max(5, segment.dataofs) or (isinstance(layer, IP) and (layer.frag or layer.flags.MF)):
                continue
            options = dict(option for option in segment.options if isinstance(option[0], str))
            sack = options.get("SAck")
            tsval, tsecr = options.get("Timestamp", (None, None))
            padding = segment[Padding].load if Padding in segment else b""
            told = {
                "src": layer.src,
                "dst": layer.dst,
                "src_port": segment.sport,
                "dst_port": segment.dport,
                "ttl": layer.ttl if isinstance(layer, IP) else layer.hlim,
                "ip_id": layer.id if isinstance(layer, IP) else None,
                "tcp_flags": segment.reserved << 9 | segment.flags.value,
                "seq": segment.seq,
                "ack": segment.ack,
                "window": segment.window,
                "tcp_header_bytes": 4 * segment.dataofs,
                "tcp_checksum": segment.chksum,
                "payload_bytes": len(segment.payload) - len(padding),
                "mss": options.get("MSS"),
                "window_scale": options.get("WScale"),
                "sack_permitted": "SAckOK" in options,
                "tsval": tsval,
                "tsecr": tsecr,
                "sack": None if sack is None else list(sack),
                "vlan": vlan,
            }
            yield frame, told


def differences(path: Path, most: int = 2000) -> tuple[int, list[str]]:
    """How many packets were compared with scapy, and what differs."""
    found = read_pcap(path, progress=False)
    ours = dict(zip(found.index, plain(found.head(most)), strict=False))
    compared, different = 0, []
    for frame, theirs in scapy_rows(path, most):
        row = ours[frame]
        if row["options_malformed"] or 0 < row["tcp_header_bytes"] < 20:
            continue
        compared += 1
        different += [
            f"{path.name} frame {frame} {name}: {row[name]!r}, scapy {value!r}"
            for name, value in theirs.items()
            if row[name] != value
        ]
    return compared, different


OUR_CAPTURES = sorted((ROOT / "data").glob("*.pcap*"))


@pytest.mark.parametrize("path", in_ci(OUR_CAPTURES, 5), ids=lambda path: path.name)
def test_scapy_agrees_on_our_captures(path):
    compared, different = differences(path)
    assert compared > 20
    assert not different, "\n".join(different[:20])


def test_scapy_agrees_on_captures_of_others(shared_corpus):
    paths = [path for path in sorted(shared_corpus.rglob("*")) if path.is_file() and path.stat().st_size < 40_000]
    compared, different = 0, []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CaptureWarning)
        asked = sampled(paths, 40)
        for path in asked:
            try:
                one, more = differences(path, 60)
            except PcapframeError:
                continue
            compared, different = compared + one, different + more
    assert compared > 3 * len(asked)
    assert not different, "\n".join(different[:20])


def test_every_capture_of_others_is_read(shared_corpus):
    """Every packet, wherever capinfos read the file; else rows or one of our errors."""
    table = shared_corpus.parent / "oracle" / "counts.csv"
    wrong, counted = [], 0
    with warnings.catch_warnings(), table.open(newline="", encoding="utf-8") as lines:
        warnings.simplefilter("ignore", CaptureWarning)
        asked = sampled(list(csv.DictReader(lines)), 250)
        for line in asked:
            try:
                found = len(read_pcap(shared_corpus / line["capture"], progress=False))
            except PcapframeError as error:
                found = str(error)
            counted += bool(line["packets"])
            if line["packets"] and found != int(line["packets"]):
                wrong.append(f"{line['capture']}: {line['packets']} packets, we found {found}")
    assert counted > 0.8 * len(asked)
    assert not wrong, "\n".join(wrong)


@pytest.mark.needs_program("tshark")
def test_wireshark_agrees_on_our_captures():
    tcp_fields = "tcp.srcport tcp.seq_raw tcp.ack_raw tcp.len tcp.window_size_value tcp.flags"
    fields = f"frame.time_epoch frame.len {tcp_fields}"
    for path in in_ci(OUR_CAPTURES, 5):
        words = [word for name in fields.split() for word in ("-e", name)]
        command = ["tshark", "-n", "-r", str(path), "-T", "fields", *words]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = read_pcap(path, progress=False)
        assert len(found) == len(output.splitlines())
        tcp = found["protocol"] == "TCP"
        theirs = [line.split("\t") for line in output.splitlines()]
        seconds, rest = np.divmod(found["time"].astype("int64"), 10**9)
        assert [line[0] for line in theirs] == [f"{s}.{n:09d}" for s, n in zip(seconds, rest, strict=True)]
        assert [int(line[1]) for line in theirs] == found["wire_bytes"].tolist()
        columns = ["src_port", "seq", "ack", "payload_bytes", "window", "tcp_flags"]
        expected = [[int(cell, 0) for cell in line[2:]] for line, one in zip(theirs, tcp, strict=True) if one]
        assert found.loc[tcp, columns].to_numpy("int64").tolist() == expected
