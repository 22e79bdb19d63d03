"""DNS answers in a capture, through the whole reader, as names of addresses."""

import itertools
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.connections import build_connections
from tests.builders import UDP, Conversation, Frame, ethernet, ipv4, pcap, udp
from tests.names.answers import AAAA, A, message, record

CLIENT, SERVER, RESOLVER = "192.0.2.1", "198.51.100.1", "203.0.113.53"
ADDRESS = bytes([198, 51, 100, 1])


def answer(name: str = "www.example", address: bytes = ADDRESS) -> bytes:
    return message(name, record(b"\xc0\x0c", A, address))


def datagram(payload: bytes, *, port: int = 53, at: float = 0) -> Frame:
    return at, ethernet(ipv4(RESOLVER, CLIENT, UDP, udp(RESOLVER, CLIENT, port, 5000, payload)))


def talk(start: float = 1, port: int = 40000) -> Conversation:
    return Conversation(CLIENT, port, SERVER, 8443, start=start).handshake()


def called(frames: Any, **options: Any) -> list[tuple[str | None, str | None]]:
    """Names of the client's and the server's address, by connection."""
    source = pcap(frames) if isinstance(frames, list) else frames
    found = build_connections(pf.label_segments(pf.read_pcap(source, progress=False, **options)))
    columns = found[["client_names", "server_names"]].astype(object)
    return [tuple(row) for row in columns.where(columns.notna(), None).itertuples(index=False, name=None)]


def test_an_answer_before_the_connection_names_its_address() -> None:
    assert called([datagram(answer()), *talk()]) == [(None, "www.example")]
    assert called([*talk(), datagram(answer(), at=9)]) == [(None, None)]
    assert called([datagram(answer()), *talk()], names=False) == [(None, None)]


def test_all_names_in_order_and_only_those_before() -> None:
    frames = [datagram(answer("b.example")), datagram(answer("a.example"), at=0.5), *talk()]
    frames += [datagram(answer("c.example"), at=5), *talk(6, 40001)]
    assert called(frames) == [(None, "b.example, a.example"), (None, "b.example, a.example, c.example")]


def test_the_client_has_names_too() -> None:
    assert called([datagram(answer("me.example", bytes([192, 0, 2, 1]))), *talk()]) == [("me.example", None)]


@pytest.mark.parametrize(("port", "named"), [(53, True), (5353, True), (5355, True), (54, False)])
def test_ports(port: int, named: bool) -> None:
    assert called([datagram(answer(), port=port), *talk()]) == [(None, "www.example" if named else None)]


def test_addresses_of_ipv6() -> None:
    made = Conversation("2001:db8::1", 40000, "2001:db8::2", 443, start=1).handshake()
    named = message("six.example", record(b"\xc0\x0c", AAAA, bytes.fromhex("20010db8000000000000000000000002")))
    assert called([datagram(named), *made]) == [(None, "six.example")]


def stream(*messages: bytes) -> bytes:
    return b"".join(struct.pack(">H", len(one)) + one for one in messages)


def resolver(*parts: bytes, order: list[int] | None = None, with_start: bool = True) -> list[Frame]:
    """A resolver that answers over TCP with these segments, captured in this order."""
    made = Conversation(CLIENT, 41000, RESOLVER, 53)
    if with_start:
        made.handshake()
    begins = [1 + sum(map(len, parts[:number])) for number in range(len(parts))]
    for number in order if order is not None else range(len(parts)):
        made.send("server", "PA", parts[number], seq=begins[number])
    return list(made)


ANSWERS = stream(answer("a.example"), answer("b.example"), message("none.example"), answer("c.example"))
NAMES = "a.example, b.example, c.example"


@given(
    cuts=st.lists(st.integers(1, len(ANSWERS) - 1), max_size=5, unique=True),
    seed=st.integers(0, 2**16),
    copies=st.integers(0, 2),
)
def test_messages_over_tcp_split_anywhere_in_any_order(cuts: list[int], seed: int, copies: int) -> None:
    places = [0, *sorted(cuts), len(ANSWERS)]
    parts = [ANSWERS[begin:end] for begin, end in itertools.pairwise(places)]
    chance = random.Random(seed)
    order = list(range(len(parts)))
    order += chance.choices(order, k=copies)
    chance.shuffle(order)
    assert called([*resolver(*parts, order=order), *talk(9)])[1] == (None, NAMES)


def test_a_stream_without_its_start() -> None:
    assert called([*resolver(ANSWERS, with_start=False), *talk(9)])[1] == (None, NAMES)


def test_a_stream_that_lies_about_a_length_ends_there() -> None:
    lying = stream(answer("a.example")) + b"\xff\xff" + bytes(70_000)
    parts = [lying[at : at + 1400] for at in range(0, len(lying), 1400)]
    assert called([*resolver(*parts), *talk(9)])[1] == (None, "a.example")


def test_a_file_of_names(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(f"# ours\n{SERVER}\tweb.example web # both\n192.0.2.1 me\n203.0.113.99 nobody\n")
    assert called(list(talk()), names=file) == [("me", "web.example, web")]
    assert called([datagram(answer()), *talk()], names=str(file)) == [("me", "web.example, web, www.example")]
    file.write_text("web.example 192.0.2.1\n")
    with pytest.raises(pf.ParameterError, match="line 1: expected an address and names"):
        called(list(talk()), names=file)
    with pytest.raises(pf.ParameterError, match="cannot be read"):
        called(list(talk()), names=tmp_path / "none")


def test_many_names_of_one_address_are_bounded() -> None:
    frames = [datagram(answer(f"n{number}.example"), at=number / 1e4) for number in range(300)]
    ((_, names),) = called([*frames, *talk()])
    assert names is not None
    assert names.split(", ") == [f"n{number}.example" for number in range(100)]


def test_merged_captures_keep_the_order_of_frames() -> None:
    first, second = pcap([datagram(answer("a.example"), at=0.5)]), pcap([*talk(1), *talk(7, 40001)])
    third = pcap([datagram(answer("b.example"), at=5)])
    found = build_connections(pf.label_segments(pf.read_pcap([second, third, first], progress=False)))
    assert found["server_names"].tolist() == ["a.example", "a.example, b.example"]
