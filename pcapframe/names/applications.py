"""What is spoken on a connection, by the first bytes that each side sends; never by a port.

Only what identifies a protocol counts: its magic bytes, its first words, or lengths that fit the payload.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pcapframe.capture.bits import be16, be32, byte
from pcapframe.jit import inner_jit
from pcapframe.names.http import line_end, names_version
from pcapframe.names.tls import begins_hello

__all__ = ["APPLICATIONS", "HTTP", "TLS", "UNKNOWN", "application_of", "classify", "combined"]

ANY = b"\xa5"  # stands for any byte in a pattern
# What the first payload of one side may begin with.
STARTS: tuple[tuple[str, bytes], ...] = (
    ("ssh", b"SSH-1."),
    ("ssh", b"SSH-2."),
    ("http2", b"PRI * HTTP/2.0\r\n"),
    ("http", b"HTTP/1."),
    ("http", b"GET "),
    ("http", b"POST "),
    ("http", b"HEAD "),
    ("http", b"PUT "),
    ("http", b"CONNECT "),
    ("http", b"DELETE /"),
    ("http", b"PATCH /"),
    ("http", b"PROPFIND "),
    ("rtsp", b"RTSP/1."),
    ("rtsp", b"RTSP/2."),
    ("rtsp", b"DESCRIBE rtsp://"),
    ("rtsp", b"OPTIONS rtsp://"),
    ("sip", b"SIP/2.0 "),
    ("sip", b"REGISTER sip:"),
    ("sip", b"INVITE sip:"),
    ("sip", b"OPTIONS sip:"),
    ("smtp", b"EHLO "),
    ("smtp", b"HELO "),
    ("smtp", b"LHLO "),
    ("pop3", b"+OK"),
    ("imap", b"* OK"),
    ("imap", b"* PREAUTH"),
    ("vnc", b"RFB 003."),
    ("rsync", b"@RSYNCD:"),
    ("git", 4 * ANY + b"git-upload-pack "),
    ("git", 4 * ANY + b"git-receive-pack "),
    ("bittorrent", b"\x13BitTorrent protocol"),
    ("amqp", b"AMQP\x00"),
    ("amqp", b"AMQP\x03"),
    ("xmpp", b"<stream:stream"),
    ("irc", b"NICK "),
    ("irc", b":irc."),
    ("smb", b"\x00" + 3 * ANY + b"\xffSMB"),
    ("smb", b"\x00" + 3 * ANY + b"\xfeSMB"),
    ("smb", b"\x00" + 3 * ANY + b"\xfdSMB"),
    ("bgp", b"\xff" * 16),
    ("nfs", 8 * ANY + b"\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa3"),
    ("portmap", 8 * ANY + b"\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa0"),
    ("postgresql", b"\x00\x00\x00\x08\x04\xd2\x16\x2f"),
    ("postgresql", b"\x00\x00\x00" + ANY + b"\x00\x03\x00\x00user\x00"),
    ("redis", b"+PONG\r\n"),
    ("mqtt", b"\x10" + ANY + b"\x00\x04MQTT"),
    ("mqtt", b"\x10" + 2 * ANY + b"\x00\x04MQTT"),
    ("mqtt", b"\x10" + ANY + b"\x00\x06MQIsdp"),
    ("telnet", b"\xff\xfb"),
    ("telnet", b"\xff\xfd"),
    ("x11", b"l\x00\x0b\x00\x00\x00"),
    ("x11", b"B\x00\x00\x0b\x00\x00"),
    ("rtmp", b"\x03" + 8 * ANY + b"\x00\x00\x00\x00"),
    # Of two protocols: what the other side says decides.
    ("220", b"220 "),
    ("220", b"220-"),
    ("USER", b"USER "),
)
# Those that have a rule of their own below.
MADE = ("tls", "dns", "mysql", "rdp", "redis", "ldap", "socks", "ftp", "kerberos", "tds")
HINTS = ("220", "USER")  # no application
UNKNOWN = 0
CODES = {name: number for number, name in enumerate(dict.fromkeys((*MADE, *(name for name, _ in STARTS))), 1)}
TEXTS = {number: name for name, number in CODES.items()}
APPLICATIONS = tuple(sorted(set(CODES) - set(HINTS)))
"""Names of all applications that are recognised."""

# The rest is told by these when one side alone does not: what each side said first.
PAIRS = {("220", "USER"): "ftp"}

TLS, DNS, MYSQL, RDP, REDIS, LDAP, SOCKS, FTP, KERBEROS, TDS = (CODES[name] for name in MADE)
HTTP, SMTP, RTSP, SIP, GREETING = (CODES[name] for name in ("http", "smtp", "rtsp", "sip", "220"))
LONGEST_START = 24


def _table() -> tuple[Any, Any, Any]:
    """Return the patterns as bytes, what of them counts, and their codes with their lengths."""
    patterns, masks = np.zeros((2, len(STARTS), LONGEST_START), np.uint8)
    numbers = np.zeros((len(STARTS), 2), np.int64)
    for row, (name, start) in enumerate(STARTS):
        for place, value in enumerate(start):
            patterns[row, place] = value
            masks[row, place] = 0 if value == ANY[0] else 255
        numbers[row] = CODES[name], len(start)
    return patterns, masks, numbers


PATTERNS, MASKS, NUMBERS = _table()
WORDS = {FTP: b"FTP", SMTP: b"SMTP"}
FTP_WORD, SMTP_WORD = tuple(b"FTP"), tuple(b"SMTP")
RTSP_VERSION, SIP_VERSION = tuple(b" RTSP/"), tuple(b" SIP/2")
UPPER_A, UPPER_Z, ZERO, NINE = 65, 90, 48, 57
STAR, DOLLAR = 42, 36


@inner_jit
def _has(data: Any, at: Any, end: Any, word: Any) -> Any:
    """Whether a word is between `at` and `end`; letters of either case."""
    for begin in range(at, end - len(word) + 1):
        same = True
        for k in range(len(word)):
            value = byte(data, begin + k)
            if value != word[k] and value - 32 != word[k]:
                same = False
                break
        if same:
            return True
    return False


@inner_jit
def _request_line(data: Any, at: Any, end: Any) -> Any:
    """Return the code of a request by the version at the end of its line."""
    if at >= end or not UPPER_A <= byte(data, at) <= UPPER_Z:
        return UNKNOWN
    stop = line_end(data, at, min(end, at + 4096))
    if stop == end:
        return UNKNOWN
    if names_version(data, at, stop):
        return HTTP
    if _has(data, max(at, stop - 10), stop, RTSP_VERSION):
        return RTSP
    if _has(data, max(at, stop - 10), stop, SIP_VERSION):
        return SIP
    return UNKNOWN


@inner_jit
def _is_dns(data: Any, at: Any, end: Any, size: Any) -> Any:
    """Whether a message of DNS over TCP (RFC 7766 section 8) is all of the payload."""
    if end - at < 19 or be16(data, at) + 2 != size:
        return False
    flags = be16(data, at + 4)
    return (
        (flags >> 11) & 15 == 0  # a query, or its answer
        and flags & 0x40 == 0
        and be16(data, at + 6) == 1  # one question
        and (flags & 0x8000 != 0 or be16(data, at + 8) == 0)
        and byte(data, at + 14) < 64
    )


@inner_jit
def _by_lengths(data: Any, at: Any, end: Any, size: Any) -> Any:
    """Return the code of a binary protocol whose lengths fit the payload."""
    there = end - at
    first = byte(data, at)
    if there >= 7 and first == 3 and byte(data, at + 1) == 0 and be16(data, at + 2) == size:  # TPKT (RFC 1006)
        kind = byte(data, at + 5)
        return RDP if kind in (0xE0, 0xD0) and byte(data, at + 4) + 5 == size and size >= 11 else UNKNOWN
    if first == 5 and there >= 3 and byte(data, at + 1) > 0 and byte(data, at + 1) + 2 == size and size < 12:
        return SOCKS
    if (
        first == 4
        and there >= 9
        and byte(data, at + 1) in (1, 2)
        and byte(data, at + size - 1 if there == size else at) == 0
    ):
        return SOCKS
    if there >= 8 and byte(data, at + 3) == 0 and byte(data, at + 4) == 10:  # MySQL's greeting
        length = first | byte(data, at + 1) << 8 | byte(data, at + 2) << 16
        if length + 4 == size and ZERO <= byte(data, at + 5) <= NINE:
            return MYSQL
    if first == 0x30 and there >= 8:  # BER: a message of LDAP (RFC 4511 section 4.1.1)
        place = at + 2
        length = byte(data, at + 1)
        if length == 0x84 and there >= 14:
            length, place = be32(data, at + 2), at + 6
        elif length == 0x81:
            length, place = byte(data, at + 2), at + 3
        elif length == 0x82:
            length, place = be16(data, at + 2), at + 4
        if place - at + length == size and place + 4 < end and byte(data, place) == 2:
            place += 2 + byte(data, place + 1)
            if place < end and byte(data, place) in (0x60, 0x61, 0x63, 0x77, 0x42):
                return LDAP
    if (
        there >= 8
        and first == 0x12
        and byte(data, at + 1) == 1
        and be16(data, at + 2) == size
        and be16(data, at + 4) == 0
    ):
        return TDS
    if there >= 8 and be32(data, at) + 4 == size and byte(data, at + 4) in (0x6A, 0x6C):
        return KERBEROS
    return UNKNOWN


@inner_jit
def classify(data: Any, at: Any, end: Any, size: Any) -> Any:
    """Return the code of the application that a first payload begins.

    Parameters
    ----------
    data : ndarray of uint8
        Holds it.
    at, end : int
        Where it begins, and where what was captured of it ends.
    size : int
        Its length. [bytes]

    Returns
    -------
    int
        In `TEXTS`, or `UNKNOWN`.
    """
    there = end - at
    if there < 2:
        return np.int64(UNKNOWN)
    first = byte(data, at)
    if there >= 5 and 20 <= first <= 23 and byte(data, at + 1) == 3 and byte(data, at + 2) <= 4:
        length = be16(data, at + 3)
        if first == 22:
            return np.int64(TLS) if length > 0 and (there < 6 or byte(data, at + 5) <= 24) else np.int64(UNKNOWN)
        if first == 21:
            return np.int64(TLS) if length == 2 or length >= 16 else np.int64(UNKNOWN)
        if first == 20:
            return np.int64(TLS) if length == 1 else np.int64(UNKNOWN)
        return np.int64(TLS) if 0 < length <= 18432 else np.int64(UNKNOWN)
    if (
        there >= 11 and first >= 0x80 and byte(data, at + 2) == 1 and byte(data, at + 3) in (0, 3)
    ):  # SSLv2 (RFC 5246 E.2)
        specs, challenge = be16(data, at + 5), be16(data, at + 9)
        length = be16(data, at) & 0x7FFF
        if length == 9 + specs + be16(data, at + 7) + challenge and specs % 3 == 0 and challenge >= 16:
            return np.int64(TLS)
    for row in range(NUMBERS.shape[0]):
        if MASKS[row, 0] and PATTERNS[row, 0] != first:
            continue
        length = NUMBERS[row, 1]
        if length > there:
            continue
        same = True
        for k in range(length):
            if MASKS[row, k] and PATTERNS[row, k] != byte(data, at + k):
                same = False
                break
        if same:
            code = NUMBERS[row, 0]
            if code == GREETING:
                stop = line_end(data, at, end)
                if _has(data, at, stop, SMTP_WORD):
                    return np.int64(SMTP)
                if _has(data, at, stop, FTP_WORD):
                    return np.int64(FTP)
            return code
    code = _request_line(data, at, end)
    if code != UNKNOWN:
        return np.int64(code)
    if there >= 4 and first == STAR and ZERO < byte(data, at + 1) <= NINE and _has_arrays(data, at, end):
        return np.int64(REDIS)
    if _is_dns(data, at, end, size):
        return np.int64(DNS)
    return np.int64(_by_lengths(data, at, end, size))


@inner_jit
def _has_arrays(data: Any, at: Any, end: Any) -> Any:
    """Whether an array of strings begins at `at`, as clients of Redis send them."""
    stop = line_end(data, at, min(end, at + 8))
    return stop + 1 < end and byte(data, stop - 1) == 13 and byte(data, stop + 1) == DOLLAR


@inner_jit
def application_of(data: Any, at: Any, end: Any) -> Any:
    """Return `TLS` or `HTTP` where a later segment begins a ClientHello or a request, else `UNKNOWN`."""
    if begins_hello(data, at, end):
        return np.int64(TLS)
    if end - at >= 16 and UPPER_A <= byte(data, at) <= UPPER_Z:
        stop = line_end(data, at, min(end, at + 4096))
        if stop < end and names_version(data, at, stop):
            return np.int64(HTTP)
    return np.int64(UNKNOWN)


def combined(said: Sequence[int]) -> str | None:
    """Name the application of a connection by the codes of what each side said first.

    Examples
    --------
    >>> combined([CODES["220"], CODES["USER"]]), combined([CODES["220"]]), combined([CODES["220"], CODES["smtp"]])
    ('ftp', None, 'smtp')
    """
    texts = [TEXTS[code] for code in said if code in TEXTS]
    for text in texts:
        if text not in HINTS:
            return text
    return PAIRS.get(tuple(sorted(texts)))  # type: ignore[arg-type]
