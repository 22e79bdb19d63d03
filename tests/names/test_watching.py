"""Names from the first payload, through the whole reader."""

import ipaddress
import subprocess
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pcapframe as pf
from pcapframe.connections import build_connections
from pcapframe.names import watching
from pcapframe.names.flows import new_flows
from tests.builders import TCP, Conversation, ethernet, ipv4, pcap, pcapng
from tests.capture.frames import HEADERS
from tests.conftest import sampled
from tests.names.hellos import hello, named, talk

WANTED = ("example.com", "h2,http/1.1", "tls")
NONE = (None, None, None)


def test_a_client_hello_names_the_server() -> None:
    assert named(pcap(talk(hello()))) == [WANTED]
    assert named(pcap(talk(hello(), port=80))) == [WANTED]
    assert named(pcapng(talk(hello()))) == [WANTED]


def test_no_payload_is_read_where_nobody_asks() -> None:
    packets = pf.read_pcap(pcap(talk(hello())), names=False)
    assert set(packets.attrs) == {"capture"}
    assert named(pcap(talk(hello())), names=False) == [NONE]


def test_payload_is_not_kept() -> None:
    packets = pf.read_pcap(pcap(talk(hello())))
    segments = pf.label_segments(packets)
    for frame in (packets, segments, build_connections(segments)):
        assert "rrrr" not in repr(frame.attrs)


@pytest.mark.parametrize("server_first", [False, True])
def test_the_direction_does_not_matter(server_first: bool) -> None:
    made = Conversation(client="198.51.100.1", server="192.0.2.1", server_port=443)
    if not server_first:
        made.handshake()
    made.send("client", "PA", hello())
    assert named(pcap(made)) == [WANTED]


def test_two_views_and_reused_ports() -> None:
    first, second = talk(hello(b"a.example")), Conversation(client_isn=900_000, start=100, server_port=443).handshake()
    second.send("client", "PA", hello(b"b.example"))
    assert [row[0] for row in named(pcap([*first.close(), *second]))] == ["a.example", "b.example"]
    assert [row[0] for row in named([pcap(first), pcap(second)])] == ["a.example", "b.example"]
    assert [row[0] for row in named([pcap(second), pcap(first)])] == ["a.example", "b.example"]


@pytest.mark.parametrize("header", [name for name, made in HEADERS.items() if made[0] == 1])
def test_behind_every_header(header: str) -> None:
    _, before, _, _ = HEADERS[header]
    frames = [(time, before + frame[14:]) for time, frame in talk(hello())]
    assert named(pcap(frames)) == [WANTED]


def test_a_client_hello_that_is_none_does_not_hide_the_one_after_it() -> None:
    broken = bytearray(hello(b"a.example"))
    broken[43] = 0xFF  # the length of the session id
    assert named(pcap(talk(bytes(broken), hello(b"b.example")))) == [("b.example", "h2,http/1.1", "tls")]


IN_PIECES = [hello(b"shop.example"), b"GET / HTTP/1.1\r\nCookie: " + b"c" * 900 + b"\r\nHost: shop.example\r\n\r\n"]


def in_fragments(made: Conversation, *, size: int = 520) -> list[tuple[float, bytes]]:
    """The frames of a conversation over IPv4, payload in fragments of this size."""
    frames = []
    for number, (time, frame) in enumerate(made):
        header, segment = frame[14:34], frame[34:]
        if len(segment) <= size:
            frames.append((time, frame))
            continue
        src, dst = (str(ipaddress.ip_address(header[at : at + 4])) for at in (12, 16))
        for begin in range(0, len(segment), size):
            piece = segment[begin : begin + size]
            more = begin + size < len(segment)
            frames.append((
                time,
                ethernet(ipv4(src, dst, TCP, piece, ip_id=number, fragment_offset=begin, more_fragments=more)),
            ))  # fmt: skip
    return frames


@pytest.mark.parametrize("payload", IN_PIECES, ids=["tls", "http"])
@pytest.mark.parametrize("size", [104, 520, 1000])
@pytest.mark.parametrize("reverse", [False, True])
def test_payload_in_fragments(payload: bytes, size: int, reverse: bool) -> None:
    frames = in_fragments(talk(payload), size=size)
    times = [time for time, _ in frames]
    if reverse:
        frames = [*frames[:3], *reversed(frames[3:])]
    assert [row[0] for row in named(pcap([(t, f) for t, (_, f) in zip(times, frames, strict=True)]))] == [
        "shop.example"
    ]


def test_fragments_of_many_at_once_each_name_their_own() -> None:
    talks = [talk(hello(b"h%d.example" % i), port=443 + i) for i in range(50)]
    frames = [each for made in talks for each in in_fragments(made, size=120)]
    frames = [(number / 1e3, frame) for number, (_, frame) in enumerate(frames)]
    assert sorted(row[0] or "" for row in named(pcap(frames))) == sorted(f"h{i}.example" for i in range(50))


def test_fragments_whose_first_bytes_were_not_captured_have_no_name() -> None:
    frames = in_fragments(talk(IN_PIECES[1]))
    assert named(pcap([*frames[:3], *frames[4:]])) == [NONE]
    assert named(pcap([*frames[:3], *frames[4:], frames[3]]))[0][0] == "shop.example"


@pytest.mark.parametrize("seed", [(1, 1), (0x9E3779B97F4A7C15, (0x5851F42D << 32) | 1), None], ids=str)
def test_many_unfinished_beginnings_are_bounded(seed: tuple[int, int] | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """More incomplete ClientHellos than are kept: the last ones are read, and none of them is wrong.

    Whatever the seed: ports that one client uses one after another do not crowd together in the table.
    """
    if seed is not None:
        monkeypatch.setattr(watching, "new_flows", lambda: new_flows()._replace(seed=np.array(seed, np.uint64)))
    frames = []
    halves = hello()[:100], hello()[100:]
    talks = [
        Conversation(client_port=1024 + number, server_port=443, start=number / 1e6).handshake()
        for number in range(3000)
    ]
    for half in halves:
        for made in talks:
            made.send("client", "PA", half)
    for made in talks:
        frames += [made.frames[-2]]
    for made in talks:
        frames += [made.frames[-1]]
    frames = [(index / 1e3, frame) for index, (_, frame) in enumerate(frames)]
    found = named(pcap(frames))
    assert {row[0] for row in found} == {None, "example.com"}
    assert sum(row[0] is not None for row in found) == 2048
    assert all(row[2] == "tls" for row in found)


def compared(capture: Path) -> tuple[int, list[Any]]:
    """Compare names and protocols with what tshark finds, by connection; return how many, and those that differ."""
    fields = ("frame.number", "tls.handshake.extensions_server_name", "tls.handshake.extensions_alpn_str", "http.host")
    command = ["tshark", "-r", str(capture), "-Y", "tcp && (tls.handshake.type == 1 || http.host)", "-T", "fields"]
    command += ["-E", "aggregator=|", *(part for field in fields for part in ("-e", field))]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    if not lines:
        return 0, []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pf.CaptureWarning)
        segments = pf.label_segments(pf.read_pcap(capture, progress=False))
    connections = build_connections(segments)
    owners = dict(zip(segments.index.tolist(), segments["conn_id"].tolist(), strict=True))
    wanted: dict[int, tuple[set[str], list[str]]] = {}
    for line in lines:
        frame, name, protocols, host = line.split("\t")
        if int(frame) not in owners:
            continue
        names, lists = wanted.setdefault(owners[int(frame)], (set(), []))
        if not names:
            names |= {text.split("|")[0] for text in (name, without_port(host)) if text}
        if not host:
            lists.append(protocols.replace("|", ","))
    wrong = []
    for number, (names, lists) in wanted.items():
        found = [connections.at[number, column] for column in ("server_name", "alpn")]
        name, protocols = ("" if value != value else value for value in found)  # noqa: PLR0124  # NaN
        if name not in (names or {""}) or (lists and protocols != lists[0]):
            wrong.append((capture.name, number, name, protocols, names, lists[:1]))
    return len(wanted), wrong


def without_port(host: str) -> str:
    """The first Host without its port."""
    name, _, port = host.split("|", maxsplit=1)[0].rpartition(":")
    return name if port.isdigit() and (":" not in name or name.endswith("]")) else host.split("|", maxsplit=1)[0]


@pytest.mark.needs_program("tshark")
def test_the_corpus_has_the_names_that_tshark_finds(shared_corpus: Path) -> None:
    """`python -m benchmarks.names_of_others` compares all of it."""
    total, differing = 0, []
    for capture in sampled(sorted(path for path in shared_corpus.rglob("*.pcap*") if path.is_file()), 40):
        if capture.stat().st_size > 3_000_000:
            continue
        try:
            count, wrong = compared(capture)
        except pf.PcapframeError:
            continue
        total += count
        differing += wrong
    assert total > 5
    assert len(differing) <= 0.001 * total, differing
