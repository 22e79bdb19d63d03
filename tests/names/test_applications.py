import struct

import numpy as np
import pytest

from pcapframe.jit import jit, unchecked
from pcapframe.names.applications import ANY, APPLICATIONS, HINTS, STARTS, TEXTS, application_of, classify, combined
from tests.names.hellos import hello


@jit
def _classify(data: np.ndarray, size: int) -> int:
    return classify(unchecked(data), np.int64(0), np.int64(data.size), np.int64(size))


@jit
def _later(data: np.ndarray) -> int:
    return application_of(unchecked(data), np.int64(0), np.int64(data.size))


def said(payload: bytes, size: int | None = None) -> str | None:
    data = np.frombuffer(payload or b"\0", np.uint8)[: len(payload)].copy()
    return TEXTS.get(_classify(data, len(payload) if size is None else size))


QUESTION = b"\x07example\x03com\x00\x00\x01\x00\x01"
LDAP_BIND = bytes.fromhex("300c020101600702010304008000")
MYSQL = b"\x0a8.0.36\x00" + bytes(40)
# As RFCs and the protocols' own documents write them.
FIRSTS = {
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "http": b"GET / HTTP/1.1\r\n\r\n",
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "rtsp": b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "sip": b"SUBSCRIBE sip:bob@example.com SIP/2.0\r\n\r\n",
    "smtp": b"220 mail.example.com ESMTP\r\n",
    "ftp": b"220 FTP server ready\r\n",
    "pop3": b"+OK ready\r\n",
    "imap": b"* OK [CAPABILITY IMAP4rev1]\r\n",
    "vnc": b"RFB 003.008\n",
    "bittorrent": b"\x13BitTorrent protocol" + bytes(48),
    "amqp": b"AMQP\x00\x00\x09\x01",
    "mqtt": b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02ab",
    "redis": b"*1\r\n$4\r\nPING\r\n",
    "bgp": b"\xff" * 16 + b"\x00\x13\x04",
    "smb": b"\x00\x00\x00\x40\xfeSMB" + bytes(60),
    "dns": struct.pack(">H", 12 + len(QUESTION)) + bytes.fromhex("abcd01000001000000000000") + QUESTION,
    "postgresql": bytes.fromhex("0000000804d2162f"),
    "mysql": len(MYSQL).to_bytes(3, "little") + b"\x00" + MYSQL,
    "rdp": bytes.fromhex("0300001302e000000000000100080003000000")[:4]
    + b"\x0e"
    + bytes.fromhex("e00000000000010008000300000000")[:14],
    "ldap": LDAP_BIND,
    "socks": b"\x05\x01\x00",
    "telnet": b"\xff\xfd\x18\xff\xfd\x20",
    "tls": hello(),
}


@pytest.mark.parametrize("name", FIRSTS)
def test_first_payloads(name: str) -> None:
    assert said(FIRSTS[name]) == name
    assert name in APPLICATIONS


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"\x16", b"hello world, this is nothing", b"GETTING STARTED", b"\x16\x05\x01\x00\x05\x01",
        b"\x16\x03\x01\x00\x00\x01", b"220", bytes(100), b"\xff" * 15, b"HTTP/2 hello", b"get / http/1.1",
        b"HELLO world\r\n", b"\x30\x05\x02\x01\x01\x99\x00\x00",
    ],
)  # fmt: skip
def test_what_identifies_nothing(payload: bytes) -> None:
    assert said(payload) is None


def test_lengths_must_fit() -> None:
    for name in ("dns", "mysql", "rdp", "ldap", "socks"):
        assert said(FIRSTS[name] + b"x") is None
    assert said(FIRSTS["dns"], size=len(FIRSTS["dns"]) + 1) is None


def test_sslv2_hello_is_tls() -> None:
    record = b"\x01\x03\x01" + struct.pack(">HHH", 9, 0, 16) + bytes(9 + 16)
    assert said(struct.pack(">H", 0x8000 | len(record)) + record) == "tls"
    assert said(struct.pack(">H", 0x8000 | len(record) + 1) + record) is None


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [
        (("smtp", "220"), "smtp"),
        (("220", "USER"), "ftp"),
        (("USER", "220"), "ftp"),
        (("pop3", "USER"), "pop3"),
        (("USER", "pop3"), "pop3"),
        (("USER",), None),
        (("220",), None),
        ((), None),
        (("tls", "http"), "tls"),
    ],
)
def test_both_sides_tell_together(codes: tuple[str, ...], wanted: str | None) -> None:
    numbers = {name: number for number, name in TEXTS.items()}
    assert combined([numbers[code] for code in codes]) == wanted


def test_the_table() -> None:
    assert set(HINTS) <= {name for name, _ in STARTS}
    assert not set(HINTS) & set(APPLICATIONS)
    for name, start in STARTS:
        filled = start.replace(ANY, b"A")
        assert said(filled + bytes(40)) in (name, "http", "rtsp", "sip"), start


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (hello(), "tls"),
        (b"\x16", "tls"),
        (b"\x16\x03\x01", "tls"),
        (b"\x16\x02", None),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "http"),
        (b"GET / of something else\r\n", None),
        (b"\x17\x03\x03\x00\x20", None),
    ],
)
def test_what_begins_later(payload: bytes, name: str | None) -> None:
    assert TEXTS.get(_later(np.frombuffer(payload, np.uint8).copy())) == name
