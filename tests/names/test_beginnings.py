"""What a connection begins with, through the whole reader."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Conversation, pcap
from tests.names.hellos import alpn, body, extension, hello, named, records, sni, talk

WANTED = ("example.com", "h2,http/1.1", "tls")
NONE = (None, None, None)
REQUEST = b"GET /a HTTP/1.1\r\nUser-Agent: x\r\nhost:  www.example.org:8080 \r\n\r\n"


MESSAGE = hello()


@given(
    cuts=st.lists(st.integers(1, len(MESSAGE) - 1), max_size=6, unique=True),
    seed=st.integers(0, 2**16),
    copies=st.integers(0, 3),
)
def test_a_hello_split_anywhere_in_any_order_is_the_same(cuts: list[int], seed: int, copies: int) -> None:
    places = [0, *sorted(cuts), len(MESSAGE)]
    parts = [MESSAGE[begin:end] for begin, end in itertools.pairwise(places)]
    order = list(range(len(parts)))
    chance = random.Random(seed)
    order += chance.choices(order, k=copies)
    chance.shuffle(order)
    assert named(pcap(talk(*parts, order=order))) == [WANTED]


@given(cut=st.integers(1, len(REQUEST) - 1), swapped=st.booleans())
def test_a_request_split_anywhere_is_the_same(cut: int, swapped: bool) -> None:
    order = [1, 0] if swapped else [0, 1]
    assert named(pcap(talk(REQUEST[:cut], REQUEST[cut:], order=order))) == [("www.example.org", None, "http")]


def test_segments_that_overlap() -> None:
    made = Conversation(server_port=443).handshake()
    for begin, end in ((0, 100), (50, 200), (20, 90), (150, len(MESSAGE))):
        made.send("client", "PA", MESSAGE[begin:end], seq=1 + begin)
    assert named(pcap(made)) == [WANTED]


@pytest.mark.parametrize("size", [1, 3, 4, 5, 60, 200])
def test_a_hello_in_several_records(size: int) -> None:
    assert named(pcap(talk(hello(size=size)))) == [WANTED]
    whole = hello(size=size)
    assert named(pcap(talk(whole[:97], whole[97:]))) == [WANTED]


@given(place=st.integers(0, len(MESSAGE) - 1), value=st.integers(0, 255), cut=st.integers(0, len(MESSAGE)))
def test_hostile_hellos_do_no_harm(place: int, value: int, cut: int) -> None:
    damaged = bytearray(MESSAGE)
    damaged[place] = value
    ((name, protocols, _),) = named(pcap(talk(bytes(damaged)[: max(cut, 1)])))
    at = MESSAGE.index(b"example.com")
    if not at <= place < at + 11:
        assert name in (None, "example.com")
    assert protocols is None or len(protocols) <= 20


LENGTHS = {"record": 3, "handshake": 6, "session": 43}


@pytest.mark.parametrize("place", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("by", [-1, 1, 100])
def test_lengths_that_lie_give_null(place: int, by: int) -> None:
    damaged = bytearray(MESSAGE)
    if place == LENGTHS["session"]:
        damaged[place] = (damaged[place] + by) % 256
    else:
        size = 2 if place == LENGTHS["record"] else 3
        damaged[place : place + size] = (int.from_bytes(damaged[place : place + size], "big") + by).to_bytes(
            size, "big"
        )
    assert named(pcap(talk(bytes(damaged))))[0][:2] == (None, None)


@pytest.mark.parametrize(
    "extensions",
    [
        extension(0, b"\x00\x10\x00\x00\x0bexample.com"),
        extension(0, b"\x00\x0e\x00\xff\xffexample.com"),
        extension(0, b"\x00"),
        extension(16, b"\x00\x03\x05h2"),
        extension(16, b"\xff\xff\x02h2"),
        b"\x00\x00\xff\xff",
        b"\x00",
    ],
)
def test_extensions_that_lie_give_null(extensions: bytes) -> None:
    assert named(pcap(talk(records(body(extensions))))) == [(None, None, "tls")]


@pytest.mark.parametrize(
    ("extensions", "wanted"),
    [
        (None, (None, None)),
        (b"", (None, None)),
        (extension(0, b""), (None, None)),
        (sni(b""), (None, None)),
        (sni(b"a.example", b"b.example"), ("a.example", None)),
        (sni(b"x", kind=7), (None, None)),
        (sni(b"example.com."), ("example.com.", None)),
        (sni(b"xn--bcher-kva.example"), ("xn--bcher-kva.example", None)),
        (sni("bücher.example".encode()), ("bücher.example", None)),
        (sni(b"a" * 255), ("a" * 255, None)),
        (sni(b"a\x00b\x1b[31m"), ("a\x00b\x1b[31m", None)),
        (sni(b"\xff\xfe"), ("\\xff\\xfe", None)),
        (alpn(b"h2"), (None, "h2")),
        (sni(b"a.example") + extension(16, b"\xff\xff\x02h2"), ("a.example", None)),
        (alpn(b"h2") + sni(b"late.example"), ("late.example", "h2")),
        (extension(0xFE0D, b"e" * 200) + sni(b"public.example"), ("public.example", None)),
    ],
)
def test_what_clients_send(extensions: bytes | None, wanted: tuple[str | None, str | None]) -> None:
    assert named(pcap(talk(records(body(extensions))))) == [(*wanted, "tls")]


def test_a_frame_that_the_capture_cut_off_says_what_is_there() -> None:
    whole = [(time, frame) for time, frame in talk(records(body(sni(b"example.com") + extension(51, b"k" * 900))))]
    assert named(pcap(whole, snaplen=300)) == [("example.com", None, "tls")]
    assert named(pcap(whole, snaplen=130)) == [(None, None, "tls")]


def test_tls_that_begins_later() -> None:
    made = Conversation(server_port=25).handshake()
    for side, text in (
        ("server", b"220 mail.example ESMTP ready\r\n"),
        ("client", b"EHLO me\r\n"),
        ("server", b"250 STARTTLS\r\n"),
        ("client", b"STARTTLS\r\n"),
        ("server", b"220 go ahead\r\n"),
        ("client", hello(b"mail.example", ())),
    ):
        made.send(side, "PA", text)  # type: ignore[arg-type]
    assert named(pcap(made)) == [("mail.example", None, "smtp")]


def test_a_proxy_is_asked_for_a_name_or_the_tunnel_has_it() -> None:
    with_host = b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"
    without = b"CONNECT 192.0.2.9:443 HTTP/1.0\r\n\r\n"
    assert named(pcap(talk(with_host, hello(b"b.example")))) == [("a.example", "h2,http/1.1", "http")]
    assert named(pcap(talk(without, hello(b"b.example")))) == [("b.example", "h2,http/1.1", "http")]


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (b"GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n", "b.example"),
        (b"GET http://a.example/ HTTP/1.0\r\n\r\n", None),
        (b"POST / HTTP/1.1\nHOST:c.example\n\n", "c.example"),
        (b"GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n", "[2001:db8::1]"),
        (b"GET / HTTP/1.1\r\nHost: 2001:db8::1\r\n\r\n", "2001:db8::1"),
        (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", None),
        (b"GET / HTTP/1.1\r\nX-Host: a.example\r\n\r\nHost: b.example\r\n", None),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100 + b"Host: late.example\r\n\r\n", "late.example"),
        (b"FROBNICATE /x HTTP/1.1\r\nHost: other.example\r\n\r\n", "other.example"),
    ],
)
def test_hosts(request_: bytes, name: str | None) -> None:
    assert named(pcap(talk(request_, port=8000))) == [(name, None, "http")]


@pytest.mark.parametrize(
    "before",
    [b"PROXY TCP4 192.0.2.7 192.0.2.8 40000 443\r\n", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12)],
)
def test_what_a_load_balancer_says_first_is_passed_over(before: bytes) -> None:
    assert named(pcap(talk(before, MESSAGE))) == [WANTED]
    assert named(pcap(talk(before + MESSAGE[:50], MESSAGE[50:]))) == [WANTED]


def test_a_later_request_names_the_host_where_the_first_did_not() -> None:
    assert named(pcap(talk(b"GET / HTTP/1.0\r\n\r\n", REQUEST))) == [("www.example.org", None, "http")]
