"""What answers over MCP must name: the frames that matter in a capture, by the truth of the lab and by their headers.

Kinds, and where the truth is from. Of the lab's own record of every frame: ``resent`` (that the capture can show),
``reordered``, ``capture_duplicate`` and ``rst_ignored`` (RSTs that the lab forged and the receiver ignored). Of the
headers in the file, read here and not by pcapframe: ``rst`` (each RST), ``zero_window`` (each segment without SYN or
RST that offers no byte), ``unanswered_syn`` (each SYN of a connection without a SYN-ACK and without a RST from the
other side), ``refused_syn`` (each SYN that a RST answers), ``half_open`` (each SYN-ACK of a connection whose client
sends nothing but SYNs), ``silent_probe`` (each segment with at most one byte, one before the next expected, to a side
that sends nothing from there on).
"""

from __future__ import annotations

import gzip
import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

__all__ = ["EVIDENCE", "Segment", "frames_that_matter", "read_segments"]

FIN, SYN, RST, ACK = 1, 2, 4, 16
ETHERNET, VLAN, IPV4, IPV6, TCP = 14, 0x8100, 0x0800, 0x86DD, 6
IPV6_HEADER = 40
PCAP_MAGICS = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}
PCAPNG, ENHANCED = b"\x0a\x0d\x0d\x0a", 6
Frames: TypeAlias = set[int]
End: TypeAlias = tuple[bytes, int]


@dataclass(frozen=True)
class Segment:
    """Headers of one TCP segment; `length` is of its payload on the wire [bytes]."""

    frame: int
    source: End
    target: End
    seq: int
    ack: int
    flags: int
    window: int
    length: int

    def has(self, *bits: int) -> bool:
        """Tell whether all these flags are set."""
        return all(self.flags & bit for bit in bits)


@dataclass
class _Talk:
    """The segments of one connection: from its first SYN to the next one with another number."""

    segments: list[Segment] = field(default_factory=list)

    @property
    def opener(self) -> End | None:
        """Who sent the first SYN without ACK."""
        return next((one.source for one in self.segments if one.has(SYN) and not one.has(ACK)), None)


def read_segments(path: Path) -> list[Segment]:
    """Read the TCP segments of a pcap or pcapng file of Ethernet frames.

    Parameters
    ----------
    path : Path
        Perhaps compressed by gzip.

    Returns
    -------
    list of Segment
        In the order of the file, by frame number.
    """
    data = path.read_bytes()
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    records = _pcapng(data) if data[:4] == PCAPNG else _pcap(data)
    found = (_segment(number, record) for number, record in enumerate(records, 1))
    return [segment for segment in found if segment is not None]


def _pcap(data: bytes) -> Iterator[bytes]:
    order, at = PCAP_MAGICS[data[:4]], 24
    while at < len(data):
        captured = struct.unpack_from(f"{order}I", data, at + 8)[0]
        yield data[at + 16 : at + 16 + captured]
        at += 16 + captured


def _pcapng(data: bytes) -> Iterator[bytes]:
    order = "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from(f"{order}II", data, at)
        if kind == ENHANCED:
            captured = struct.unpack_from(f"{order}I", data, at + 20)[0]
            yield data[at + 28 : at + 28 + captured]
        at += length


def _segment(number: int, record: bytes) -> Segment | None:
    at, kind = ETHERNET, int.from_bytes(record[12:14], "big")
    while kind == VLAN:
        kind, at = int.from_bytes(record[at + 2 : at + 4], "big"), at + 4
    if kind == IPV4 and record[at + 9] == TCP:
        header, total = (record[at] & 15) * 4, int.from_bytes(record[at + 2 : at + 4], "big")
        source, target = record[at + 12 : at + 16], record[at + 16 : at + 20]
    elif kind == IPV6 and record[at + 6] == TCP:
        header, total = IPV6_HEADER, IPV6_HEADER + int.from_bytes(record[at + 4 : at + 6], "big")
        source, target = record[at + 8 : at + 24], record[at + 24 : at + 40]
    else:
        return None
    ports = struct.unpack_from(">HHIIBBH", record, at + header)
    source_port, target_port, seq, ack, offset, flags, window = ports
    length = total - header - (offset >> 4) * 4
    return Segment(number, (source, source_port), (target, target_port), seq, ack, flags, window, length)


def _talks(segments: list[Segment]) -> list[_Talk]:
    """Sort segments by connection."""
    open_talks: dict[frozenset[End], _Talk] = {}
    first: dict[frozenset[End], int] = {}
    talks = []
    for segment in segments:
        ends = frozenset((segment.source, segment.target))
        begins = segment.has(SYN) and not segment.has(ACK)
        if ends not in open_talks or (begins and first.get(ends) not in (None, segment.seq)):
            open_talks[ends] = _Talk()
            talks.append(open_talks[ends])
            first.pop(ends, None)
        if begins:
            first[ends] = segment.seq
        open_talks[ends].segments.append(segment)
    return talks


def frames_that_matter(segments: list[Segment]) -> dict[str, Frames]:
    """Find the frames that matter by their headers.

    Parameters
    ----------
    segments : list of Segment
        Of one capture.

    Returns
    -------
    dict of str to set of int
        Frame numbers by kind, as the module says.
    """
    found: dict[str, Frames] = defaultdict(set)
    for one in segments:
        if one.has(RST):
            found["rst"].add(one.frame)
        elif one.window == 0 and not one.has(SYN):
            found["zero_window"].add(one.frame)
    for talk in _talks(segments):
        _opening(talk, found)
        found["silent_probe"] |= _silent_probes(talk)
    return dict(found)


def _opening(talk: _Talk, found: dict[str, Frames]) -> None:
    opener = talk.opener
    if opener is None:
        return
    syns = {one.frame for one in talk.segments if one.source == opener and one.has(SYN)}
    others = [one for one in talk.segments if one.source != opener]
    answers = {one.frame for one in others if one.has(SYN, ACK)}
    if not answers and any(one.has(RST) for one in others):
        found["refused_syn"] |= syns
    elif not others:
        found["unanswered_syn"] |= syns
    elif answers and all(one.has(SYN) for one in talk.segments if one.source == opener):
        found["half_open"] |= answers


def _silent_probes(talk: _Talk) -> Frames:
    """Find probes after the last packet of the other side, at least two of them."""
    probes: Frames = set()
    for side in {one.source for one in talk.segments}:
        last = max((one.frame for one in talk.segments if one.source != side), default=0)
        following, highest = 0, None
        for one in talk.segments:
            if one.source != side:
                continue
            end = one.seq + one.length + one.has(SYN) + one.has(FIN)
            is_probe = (
                highest is not None and one.seq == highest - 1 and one.length <= 1 and not one.flags & (SYN | RST)
            )
            if is_probe and not one.flags & (SYN | RST | FIN) and one.frame > last:
                probes.add(one.frame)
                following += 1
            highest = end if highest is None else max(highest, end)
        if following < 2:
            probes = {frame for frame in probes if frame <= last}
    return probes


Shows: TypeAlias = Callable[[Segment], bool]
# What the headers of each frame named as evidence of a pattern must show; lab truth decides on the others.
EVIDENCE: dict[str, Shows] = {
    "zero_window": lambda one: one.window == 0,
    "abnormal_termination": lambda one: one.has(RST),
    "reset_connections": lambda one: one.has(RST),
    "rst_directional_asymmetry": lambda one: one.has(RST),
    "rst_after_fin": lambda one: one.has(RST),
    "rst_unlike_peer": lambda one: one.has(RST),
    "rst_unlike_ttl": lambda one: one.has(RST),
    "rst_at_same_idle_time": lambda one: one.has(RST),
    "rst_at_same_age": lambda one: one.has(RST),
    "rst_ignored": lambda one: one.has(RST),
    "rst": lambda one: one.has(RST),
    "unanswered_syn": lambda one: one.has(SYN),
    "refused_syn": lambda one: one.has(SYN),
    "half_open_syn_ack": lambda one: one.has(SYN, ACK),
    "unanswered_syns": lambda one: one.has(SYN),
    "repeated_syn": lambda one: one.has(SYN),
    "refused_connections": lambda one: one.has(SYN) or one.has(RST),
    "half_open_handshakes": lambda one: one.has(SYN),
    "differing_syn_acks": lambda one: one.has(SYN, ACK),
    "duplicate_ack_share": lambda one: one.has(ACK) and one.length == 0,
}
