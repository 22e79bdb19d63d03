"""The same conversations captured at two points, for the tests of this folder."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable
from fractions import Fraction

import pcapframe as pf
from tests.builders import Conversation, Frame, pcap

CLIENT_IP = bytes([192, 0, 2, 1])
MS = Fraction(1, 1000)
# as stacks choose them, at random; a time that is not cut off to milliseconds
ISNS = {"client_isn": 0x12345678, "server_isn": 0x9ABCDEF0, "start": Fraction(7, 10**6)}


def talk(count: int = 20, **given: object) -> Conversation:
    """Requests of 100 bytes, answered with 1,000 bytes each; 3 + 4 * count + 4 packets."""
    made = Conversation(**{**ISNS, **given}).handshake()
    for _ in range(count):
        made.data("client", 100).ack("server").data("server", 1000).ack("client")
    return made.close()


def from_client(data: bytes) -> bool:
    """Whether a frame of the conversation's client."""
    return data[26:30] == CLIENT_IP


def beyond(
    frames: Iterable[Frame], *, path: Fraction = 4 * MS, offset: Fraction = Fraction(0), drift: Fraction = Fraction(0),
    without: Collection[int] = (),
) -> list[Frame]:  # fmt: skip
    """What a capture nearer to the server has: each way takes `path` longer to or from there.

    `offset` and `drift` are of its clock; `without` are frame numbers, from 1, that it lacks.
    """
    made = []
    for number, (time, data) in enumerate(frames, 1):
        if number not in without:
            there = Fraction(time) + (path if from_client(data) else -path)
            made.append((there + offset + there * drift, data))
    return sorted(made, key=lambda frame: frame[0])


def translated(frames: Iterable[Frame], address: bytes = bytes([203, 0, 113, 9]), port: int = 61000) -> list[Frame]:
    """What a capture behind a translator has: another address and port of the client."""
    made = []
    for time, data in frames:
        own = bytearray(data)
        at = (26, 34) if from_client(data) else (30, 36)
        own[at[0] : at[0] + 4] = address
        own[at[1] : at[1] + 2] = struct.pack(">H", port)
        made.append((time, bytes(own)))
    return made


def mirrored(
    frames: Iterable[Frame], *, every: int = 1, later: Fraction = Fraction(3, 10**6), ttl: int | None = None
) -> list[Frame]:
    """What a capture has that gets each packet, or one of so many, once more, perhaps routed."""
    made = []
    for number, (time, data) in enumerate(frames):
        made.append((time, data))
        if number % every == 0:
            made.append((time + later, data if ttl is None else data[:22] + bytes([ttl]) + data[23:]))
    return sorted(made, key=lambda frame: frame[0])


def joined(
    here: Iterable[Frame], there: Iterable[Frame], *, names: tuple[str, str] = ("client", "server")
) -> pf.Joined:
    """Join two captures of these frames."""
    return joined_points(dict(zip(names, (here, there), strict=True)))


def joined_points(points: dict[str, Iterable[Frame]]) -> pf.Joined:
    """Join captures of frames by the name of the point."""
    return pf.join_captures({name: analysis(frames) for name, frames in points.items()})


def analysis(frames: Iterable[Frame]) -> pf.Analysis:
    """Analyse a capture of these frames."""
    return pf.analyze(pf.read_pcap(pcap(frames), progress=False), progress=False)
