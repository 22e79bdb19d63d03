"""ClientHellos, as RFC 8446 section 4.1.2 writes them, and conversations that begin with them."""

import struct
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import pcapframe as pf
from pcapframe.connections import build_connections
from tests.builders import Conversation

HANDSHAKE = 22


def extension(kind: int, body: bytes) -> bytes:
    return struct.pack(">HH", kind, len(body)) + body


def sni(*names: bytes, kind: int = 0) -> bytes:
    entries = b"".join(struct.pack(">BH", kind, len(name)) + name for name in names)
    return extension(0, struct.pack(">H", len(entries)) + entries)


def alpn(*protocols: bytes) -> bytes:
    entries = b"".join(bytes([len(protocol)]) + protocol for protocol in protocols)
    return extension(16, struct.pack(">H", len(entries)) + entries)


def body(extensions: bytes | None, *, session: bytes = b"s" * 32) -> bytes:
    """The handshake message."""
    made = b"\x03\x03" + b"r" * 32 + bytes([len(session)]) + session + b"\x00\x04\x13\x01\x13\x02" + b"\x01\x00"
    if extensions is not None:
        made += struct.pack(">H", len(extensions)) + extensions
    return b"\x01" + len(made).to_bytes(3, "big") + made


def records(message: bytes, size: int = 1 << 14) -> bytes:
    """The message in records of at most `size` bytes."""
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(struct.pack(">BHH", HANDSHAKE, 0x0301, len(part)) + part for part in parts)


def hello(
    name: bytes | None = b"example.com", protocols: Sequence[bytes] = (b"h2", b"http/1.1"), **options: int
) -> bytes:
    """A ClientHello in its records, with other extensions around those that are read."""
    extensions = extension(0x0A0A, b"") + extension(23, b"")
    if name is not None:
        extensions += sni(name)
    if protocols:
        extensions += alpn(*protocols)
    return records(body(extensions + extension(51, b"k" * 100)), **options)


def talk(*payloads: bytes, server: bytes = b"", port: int = 443, order: Iterable[int] | None = None) -> Conversation:
    """A conversation whose client sends these segments, captured in this order; then the server says something."""
    made = Conversation(server_port=port).handshake()
    begins = [1 + sum(map(len, payloads[:number])) for number in range(len(payloads))]
    for number in order if order is not None else range(len(payloads)):
        made.send("client", "PA", payloads[number], seq=begins[number])
    return made.send("server", "PA", server) if server else made


def named(capture: Any, **options: Any) -> list[tuple[str | None, ...]]:
    """Server name, protocols and application of each connection."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pf.CaptureWarning)
        found = build_connections(pf.label_segments(pf.read_pcap(capture, progress=False, **options)))
    columns = found[["server_name", "alpn", "application"]].astype(object)
    return [tuple(row) for row in columns.where(columns.notna(), None).itertuples(index=False, name=None)]
