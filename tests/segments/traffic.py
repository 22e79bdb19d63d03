"""Random TCP traffic: many small conversations at once, with everything that real ones do and much that none does."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.builders import TCP, ethernet, filler, ipv4, ipv6, pcap_header, pcap_record, tcp, tcp_options

ADDRESSES = ("10.0.0.1", "10.0.0.2", "192.0.2.200", "2001:db8::1", "2001:db8::2")
PORTS = (40001, 40002, 50017)
ISNS = (0, 1, 5, 1000, 2**31 - 3, 2**31, 2**32 - 1, 2**32 - 2, 2**32 - 12)
LENGTHS = ((0, 1), (1, 2, 3), (1, 10), (10, 10, 20), (1, 1000, 1460))
WINDOWS = (0, 0, 1, 2, 5, 10, 20, 40, 1000, 65535)
STEPS_US = (
    0,
    1,
    500,
    2_999,
    3_000,
    3_001,
    10_000,
    19_999,
    20_000,
    20_001,
    50_000,
    250_000,
    2_000_000,
    -1,
    -5_000,
    -300_000,
)
SCALES = (None, None, 0, 1, 2, 3, 14, 15, 255)
FLAGS = ("", "A", "PA", "S", "SA", "F", "FA", "R", "RA", "SF", "SFA", "SR", "FRA", "SRA", "U", "ECA", "FPUA", "NSA")
DAMAGES = ("options", "options", "offset", "length", "segment", "padding", "cut")
KINDS = {
    "data": 30, "ack": 22, "repeat": 14, "lost": 5, "resend": 8, "partial": 4, "keep_alive": 4, "probe": 4, "window": 6,
    "zero": 3, "old_ack": 3, "high_ack": 3, "copy": 4, "syn": 2, "syn_ack": 2, "fin": 2, "rst": 1, "wild": 6,
}  # fmt: skip


@dataclass
class _End:
    address: str
    port: int
    isn: int
    next: int
    acked: int = 0
    window: int = 1000
    sent: list[tuple[int, int]] = field(default_factory=list)


class _Talk:
    """One conversation: sides 0 and 1."""

    def __init__(self, rng: random.Random, number: int, damage: float) -> None:
        self.rng = rng
        self.damage = damage
        version = rng.choice((ADDRESSES[:3], ADDRESSES[3:]))
        ports = rng.choice(PORTS) + number % 5_000, rng.choice(PORTS)
        if rng.random() < 0.1:
            ports = (ports[0], ports[0])
        self.ends = []
        for port in ports:
            isn = rng.choice(ISNS) if rng.random() < 0.7 else rng.randrange(2**32)
            self.ends.append(_End(rng.choice(version), port, isn, isn))
        self.lengths = rng.choice(LENGTHS)
        self.wildness = rng.choice((0, 0, 0.02, 0.2))
        self.scaling = rng.random() < 0.6
        self.frames: list[tuple[bytes, int]] = []
        self.ready = ["syn", "syn_ack", "ack"] if rng.random() < 0.7 else []
        if self.ready and rng.random() < 0.3:
            self.ready.pop(rng.randrange(3))

    def step(self) -> tuple[bytes, int] | None:
        """Next packet and how much of it is captured, or None where it was lost before the capture point."""
        rng = self.rng
        if self.ready:
            kind = self.ready.pop(0)
            side = int(kind == "syn_ack")
        else:
            kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
            side = rng.randrange(2)
        own, peer = self.ends[side], self.ends[1 - side]
        seq, ack, length, flags = own.next, own.acked, 0, "A"
        if rng.random() < 0.5:
            ack = peer.next
        if rng.random() < 0.1:
            own.window = rng.choice(WINDOWS)
        window = own.window
        if kind in ("data", "lost"):
            length = rng.choice(self.lengths)
        elif kind == "repeat":
            ack = own.acked
        elif kind in ("resend", "partial") and own.sent:
            seq, end = rng.choice(own.sent[-8:])
            length = (end - seq) % 2**32
            if kind == "partial":
                length = max(0, length + rng.choice((-1, 1, 5)))
                seq += rng.choice((-1, 0, 1))
        elif kind == "keep_alive":
            seq, length = seq - 1, rng.choice((0, 1, 1, 2))
        elif kind == "probe":
            length = 1
        elif kind == "window":
            ack, window = own.acked, rng.choice(WINDOWS)
        elif kind == "zero":
            window = 0
        elif kind == "old_ack":
            ack = rng.choice((0, peer.isn, peer.isn + 1, own.acked - 1))
        elif kind == "high_ack":
            ack = peer.next + rng.choice((1, 2, 10, 20, 1460))
        elif kind == "copy" and self.frames:
            return rng.choice(self.frames[-6:])
        elif kind in ("syn", "syn_ack"):
            flags = "S" if kind == "syn" else "SA"
            seq = own.isn
            if rng.random() < 0.05:
                own.isn = seq = rng.choice((own.next, own.isn + 1, rng.randrange(2**32)))
            length = rng.choice((0,) * 9 + (1, 10))
        elif kind == "fin":
            flags, length = "FA", rng.choice((0, 0, 1, 10))
        elif kind == "rst":
            flags, length = rng.choice(("R", "RA")), rng.choice((0, 0, 0, 5))
        if kind == "wild" or rng.random() < self.wildness:
            seq += rng.choice((-1_000_000, -1460, -10, -2, -1, 0, 0, 0, 1, 2, 10, 1460, 2**31, 2**31 - 1))
            ack += rng.choice((-1460, -10, -1, 0, 0, 0, 1, 10, 2**31, -ack))
            flags = rng.choice(FLAGS)
            length = rng.choice((0, 0, 1, 2, *self.lengths))
            window = rng.choice(WINDOWS)
        if "A" not in flags and rng.random() < 0.8:
            ack = 0
        end = seq + length + ("S" in flags or "F" in flags)
        if end > seq:
            own.sent.append((seq, end))
        if 0 < (end - own.next + 2**31) % 2**32 - 2**31 < 2**20 or "S" in flags:
            own.next = end % 2**32
        own.acked, own.window = ack, window
        if kind == "lost":
            return None
        options = self._options(peer, "S" in flags)
        damage = rng.choice(DAMAGES) if rng.random() < self.damage else ""
        if damage == "options":
            options = self._broken(options)
        offset = rng.randrange(16) if damage == "offset" else None
        segment = tcp(
            own.address, peer.address, own.port, peer.port, flags, seq=seq, ack=ack, window=window, options=options,
            payload=filler(length), data_offset=offset,
        )  # fmt: skip
        false = None
        if damage == "length":
            false = rng.choice((0, 20, 36, 40, 44, len(segment), len(segment) + 19, len(segment) + 21, 65535))
        elif damage == "segment":
            segment = segment[: rng.randrange(30)]
        pair = own.address, peer.address
        if ":" in own.address:
            # A length of 0 is the rest of the frame (offload); tshark 4.0 takes it for malformed.
            frame = ethernet(ipv6(*pair, TCP, segment, payload_length=1 if false == 0 else false), 0x86DD)
        else:
            ip_id = rng.choice((0, 1, rng.randrange(2**16)))
            frame = ethernet(ipv4(*pair, TCP, segment, ip_id=ip_id, total_length=false))
        if damage == "padding":
            frame += bytes(rng.choice((1, 6, 20)))
        cut = rng.randrange(14, len(frame) + 1) if damage == "cut" else len(frame)
        self.frames.append((frame, cut))
        return frame, cut

    def _options(self, peer: _End, opens: bool) -> bytes:
        """Window scale, SACK blocks, timestamps; now and then where they do not belong."""
        rng = self.rng
        scale = rng.choice(SCALES) if (opens and self.scaling) or rng.random() < 0.01 else None
        sack = []
        if rng.random() < 0.12:
            at = peer.next
            for _ in range(rng.choice((1, 1, 2, 3, 4))):
                left = (at + rng.choice((-1470, -21, -10, -1, 0, 1, 10, 1460, rng.randrange(2**32)))) % 2**32
                sack.append((left, (left + rng.choice((0, 1, 10, 1460, -1))) % 2**32))
                at = sack[-1][1]
        stamps = (rng.randrange(2**32), rng.randrange(2**32)) if rng.random() < 0.2 else None
        while len(options := tcp_options(wscale=scale, sack=sack, ts=stamps)) > 40:
            sack.pop()
        return options

    def _broken(self, options: bytes) -> bytes:
        """Options that do not parse, among others that do."""
        rng = self.rng
        parts = [bytes([3, 3, rng.choice((0, 1, 14, 15))]), tcp_options(ts=(1, 2)), options[:2]]
        for _ in range(rng.choice((1, 1, 2))):
            length = rng.choice((0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 18, 40))
            kind = rng.choice((2, 3, 4, 5, 8, 99, 253))
            if kind == 5:  # Wireshark's own dissection fails on a shorter one, and shows nothing
                length = max(length, 10)
            parts.insert(rng.randrange(len(parts)), bytes([kind, length]) + bytes(rng.choice((max(0, length - 2), 1))))
        return b"".join(parts)[: 4 * rng.randrange(11)]


def random_traffic(
    seed: int, packets: int, *, at_once: int = 6, most: int = 60, damage: float = 0.0
) -> Iterator[tuple[Fraction, bytes, int]]:
    """Random frames of many conversations: time, bytes, and how many of them are captured.

    Parameters
    ----------
    seed : int
        The same seed gives the same frames.
    packets : int
        How many.
    at_once : int
        Conversations that are interleaved at any time.
    most : int
        Packets of the longest conversation.
    damage : float
        Share of frames whose headers lie or are cut off.
    """
    rng = random.Random(seed)
    now = Fraction(1_700_000_000)
    talks: list[list[Any]] = []  # a conversation and how many packets it still has
    number = made = 0
    while made < packets:
        while len(talks) < at_once:
            talks.append([_Talk(rng, number, damage), rng.randrange(1, most)])
            number += 1
        place = rng.randrange(len(talks))
        step = talks[place][0].step()
        talks[place][1] -= 1
        if not talks[place][1]:
            talks.pop(place)
        now += Fraction(rng.choice(STEPS_US), 1_000_000)
        if step is not None:
            made += 1
            yield now, *step


def random_capture(seed: int, packets: int, **options: Any) -> bytes:
    """Pcap file of `random_traffic`."""
    records = (
        pcap_record(time, frame[:cut], wire_bytes=len(frame))
        for time, frame, cut in random_traffic(seed, packets, **options)
    )
    return pcap_header() + b"".join(records)
