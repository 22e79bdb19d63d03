"""Messages of DNS, as RFC 1035 section 4 writes them."""

import struct

A, CNAME, AAAA = 1, 5, 28


def encoded(name: str) -> bytes:
    labels = [label.encode() for label in name.rstrip(".").split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(owner: bytes, kind: int, value: bytes, *, kind_class: int = 1) -> bytes:
    return owner + struct.pack(">HHIH", kind, kind_class, 60, len(value)) + value


def message(question: str | None, *records: bytes, flags: int = 0x8180) -> bytes:
    """A response with this question and these answers."""
    header = struct.pack(">HHHHHH", 0x1234, flags, question is not None, len(records), 0, 0)
    return header + (encoded(question) + b"\0\1\0\1" if question is not None else b"") + b"".join(records)
