"""The link between the two hosts of the lab: carries frames between TAP devices by a seeded plan.

`Line` decides what happens to each frame and touches no device, so it can be tried without root; `carry`
moves the frames. Every frame is logged with its fate, one JSON object per line, in order of arrival at the
link. A frame arrives here as soon as its host sends it, so the log of one direction has the order in which the
host sent its frames.

A plan that records has the link in two halves, and the link itself writes what passes each end and the middle:
``client.pcap``, ``middle.pcap`` and ``server.pcap`` beside the log, and ``records.json``, which says for each packet
of these captures which frame of the log it is. So nothing has to be matched afterwards.

Run as a program it is one process of the lab: ``python lab/link.py PLAN.json LOG.jsonl client=FD server=FD
[monitor=FD]``, each FD an open TAP device that is inherited. SIGTERM ends it.
"""

from __future__ import annotations

import heapq
import ipaddress
import json
import os
import random
import select
import signal
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

Side = Literal["client", "server"]
Kind = Literal["syn", "syn_ack", "data", "ack", "fin", "rst", "other"]
Action = Literal["drop", "delay", "hold", "duplicate"]

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
ETHERNET, IPV4, IPV6, TCP = 14, 0x0800, 0x86DD, 6
OTHER_SIDE: dict[Side, Side] = {"client": "server", "server": "client"}
RECORDED_BYTES = 128  # of each packet, in the link's own captures
_PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, RECORDED_BYTES, 1)  # nanoseconds, Ethernet
_OFFLOAD = struct.Struct("<BBHHHH")  # virtio_net_hdr: flags, kind, header bytes, segment bytes, checksum: from, at
_NEEDS_CHECKSUM = 1


@dataclass(frozen=True)
class Rule:
    """What happens to the frames that match; the first rule of a plan that fires decides.

    Parameters
    ----------
    action : {"drop", "delay", "hold", "duplicate"}
        ``delay`` lets later frames overtake, ``hold`` stalls the whole direction, ``duplicate`` sends one
        more copy.
    to : {"client", "server"}, optional
        The side that the frame travels to; both without it.
    kinds : tuple of str
        Kinds of frames, as `frame_fields` names them; all when empty.
    port : int, optional
        One of the two TCP ports; any without it.
    first, last : int
        Which of the frames that match all of the above, counted from 1 in each connection and direction.
    probability : float
        Chance to fire. [0 to 1]
    burst : int
        Once fired, fires for this many matching frames in a row.
    seconds : float
        Extra delay, for ``delay``, ``hold`` and the copy of ``duplicate``. [s]
    beyond : bool
        Acts in the second half of a link that records, on the frames that passed its middle.
    over_bytes : int
        Only on frames with more bytes of payload.
    """

    action: Action
    to: Side | None = None
    kinds: tuple[Kind, ...] = ()
    port: int | None = None
    first: int = 1
    last: int | None = None
    probability: float = 1.0
    burst: int = 1
    seconds: float = 0.0
    beyond: bool = False
    over_bytes: int = 0

    def matches(self, fields: dict[str, Any]) -> bool:
        """Return whether the rule applies to this kind of frame, before counting and chance."""
        return (
            self.to in (None, fields["to"])
            and (not self.kinds or fields["kind"] in self.kinds)
            and (not self.over_bytes or fields.get("payload_bytes", 0) > self.over_bytes)
            and (self.port is None or self.port in (fields.get("src_port"), fields.get("dst_port")))
        )


@dataclass(frozen=True)
class Plan:
    """What the link does with frames.

    Parameters
    ----------
    seed : int
        Chance is drawn per rule, connection and direction from this seed, so that it does not depend on how
        connections interleave.
    delay_s : float
        One-way delay. [s]
    bits_per_s : float, optional
        Rate of each direction; unlimited without it. [bit/s]
    queue_s : float
        A frame that would wait longer than this for its turn is dropped; while a ``hold`` lasts, none is. [s]
    rules : tuple of Rule
        Tried in order.
    mirror_copies : int
        Copies of each arriving frame that go to the monitor port.
    record : bool
        Write captures of the ends and of the middle.
    offload : bool
        The hosts leave segmentation and checksums to the link.
    """

    seed: int = 1
    delay_s: float = 0.01
    bits_per_s: float | None = None
    queue_s: float = 0.2
    rules: tuple[Rule, ...] = ()
    mirror_copies: int = 1
    record: bool = False
    offload: bool = False

    def half(self, *, beyond: bool) -> Plan:
        """Plan of one half of the link; the rate is limited in the first one."""
        rules = tuple(rule for rule in self.rules if rule.beyond == beyond)
        rate = None if beyond else self.bits_per_s
        return replace(self, rules=rules, delay_s=self.delay_s / 2, bits_per_s=rate, seed=self.seed + beyond)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read back what ``json.dumps(asdict(plan))`` wrote."""
        values = json.loads(text)
        rules = tuple(Rule(**{**rule, "kinds": tuple(rule["kinds"])}) for rule in values.pop("rules"))
        return cls(**values, rules=rules)


def frame_fields(frame: bytes) -> dict[str, Any]:
    """Kind, endpoints and TCP numbers of an Ethernet frame.

    Parameters
    ----------
    frame : bytes
        Starting at the Ethernet header. IPv6 extension headers and fragments are not followed.

    Returns
    -------
    dict
        Only ``kind`` (``"other"``) unless it is TCP.
    """
    ether_type = int.from_bytes(frame[12:14], "big")
    ip_id = None
    if ether_type == IPV4 and frame[23] == TCP:
        tcp = ETHERNET + (frame[ETHERNET] & 0x0F) * 4
        end = ETHERNET + int.from_bytes(frame[16:18], "big")
        src, dst = frame[26:30], frame[30:34]
        ip_id = int.from_bytes(frame[18:20], "big")
    elif ether_type == IPV6 and frame[20] == TCP:
        tcp = ETHERNET + 40
        end = tcp + int.from_bytes(frame[18:20], "big")
        src, dst = frame[22:38], frame[38:54]
    else:
        return {"kind": "other"}
    flags = frame[tcp + 13]
    payload = end - tcp - (frame[tcp + 12] >> 4) * 4
    return {
        "kind": _kind(flags, payload),
        "src": str(ipaddress.ip_address(src)),
        "src_port": int.from_bytes(frame[tcp : tcp + 2], "big"),
        "dst": str(ipaddress.ip_address(dst)),
        "dst_port": int.from_bytes(frame[tcp + 2 : tcp + 4], "big"),
        "ip_id": ip_id,
        "flags": flags,
        "seq": int.from_bytes(frame[tcp + 4 : tcp + 8], "big"),
        "ack": int.from_bytes(frame[tcp + 8 : tcp + 12], "big"),
        "payload_bytes": payload,
    }


def _kind(flags: int, payload: int) -> Kind:
    if flags & SYN:
        return "syn_ack" if flags & ACK else "syn"
    if flags & RST:
        return "rst"
    if flags & FIN:
        return "fin"
    return "data" if payload else "ack"


@dataclass
class _Chance:
    """State of one rule in one connection and direction."""

    generator: random.Random
    matched: int = 0
    burst_left: int = 0


@dataclass
class Line:
    """Decides the fate of frames by a plan; keeps the plan's counters and the queue of each direction.

    Parameters
    ----------
    plan : Plan
        Followed frame by frame.
    """

    plan: Plan
    _chances: dict[tuple[Any, ...], _Chance] = field(default_factory=dict)
    _free_at: dict[str, float] = field(default_factory=lambda: {"client": 0.0, "server": 0.0})
    _held_until: dict[str, float] = field(default_factory=lambda: {"client": 0.0, "server": 0.0})

    def decide(self, fields: dict[str, Any], size: int, now: float) -> tuple[str, int | None, list[float]]:
        """Fate of the frame that arrives now.

        Parameters
        ----------
        fields : dict
            From `frame_fields`, with ``to`` added.
        size : int
            Length of the frame. [bytes]
        now : float
            Arrival. [s, any monotonic clock]

        Returns
        -------
        tuple
            Fate (``sent``, ``dropped``, ``delayed``, ``held``, ``duplicated`` or ``queue_full``), the number
            of the rule that fired or None, and when each copy leaves the link.
        """
        number = next((n for n, rule in enumerate(self.plan.rules) if self._fires(n, rule, fields)), None)
        rule = None if number is None else self.plan.rules[number]
        if rule and rule.action == "drop":
            return "dropped", number, []
        to = fields["to"]
        free_at = max(now, self._free_at[to])
        if free_at - max(now, self._held_until[to]) > self.plan.queue_s:
            return "queue_full", None, []
        if rule and rule.action == "hold":
            free_at = self._held_until[to] = free_at + rule.seconds
        sent_at = free_at + (size * 8 / self.plan.bits_per_s if self.plan.bits_per_s else 0.0)
        self._free_at[to] = sent_at
        due = sent_at + self.plan.delay_s
        if rule is None:
            return "sent", None, [due]
        if rule.action == "delay":
            return "delayed", number, [due + rule.seconds]
        if rule.action == "duplicate":
            return "duplicated", number, [due, due + rule.seconds]
        return "held", number, [due]

    def _fires(self, number: int, rule: Rule, fields: dict[str, Any]) -> bool:
        if not rule.matches(fields):
            return False
        key = (number, *(fields.get(name) for name in ("src", "src_port", "dst", "dst_port")), fields["to"])
        chance = self._chances.get(key)
        if chance is None:
            chance = self._chances[key] = _Chance(random.Random(repr((self.plan.seed, *key))))
        chance.matched += 1
        if chance.matched < rule.first or (rule.last is not None and chance.matched > rule.last):
            return False
        if not chance.burst_left and chance.generator.random() < rule.probability:
            chance.burst_left = rule.burst
        fires = chance.burst_left > 0
        chance.burst_left -= fires
        return fires


class Recorder:
    """Captures of a link: what passes a point, and which frame of the log each packet is.

    Parameters
    ----------
    folder : Path
        Where `close` writes.
    points : tuple of str
        Names of the captures.
    """

    def __init__(self, folder: Path, points: tuple[str, ...]) -> None:
        self._folder = folder
        self._packets: dict[str, list[bytes]] = {point: [_PCAP_HEADER] for point in points}
        self._records: dict[str, list[tuple[int, int]]] = {point: [] for point in points}

    def see(self, point: str, frame: bytes, number: int, segments: int = 1) -> None:
        """Add a packet to a capture.

        Parameters
        ----------
        point : str
            Which capture; nothing is done for one that is not made.
        frame : bytes
            The packet.
        number, segments : int
            The frames of the log that it is: the first, and how many.
        """
        if point in self._packets:
            seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
            cut = frame[:RECORDED_BYTES]
            self._packets[point].append(struct.pack("<IIII", seconds, nanoseconds, len(cut), len(frame)) + cut)
            self._records[point].append((number, segments))

    def close(self) -> None:
        """Write the captures and their frame numbers."""
        for point, packets in self._packets.items():
            (self._folder / f"{point}.pcap").write_bytes(b"".join(packets))
        (self._folder / "records.json").write_text(json.dumps(self._records))


def segmented(frame: bytes, segment_bytes: int) -> list[bytes]:
    """Cut an offloaded TCP frame as a network interface would.

    Parameters
    ----------
    frame : bytes
        Ethernet, IPv4 or IPv6 without extension headers, TCP.
    segment_bytes : int
        Largest payload of a segment; 0: the frame is no more than one. [bytes]

    Returns
    -------
    list of bytes
        Frames whose TCP checksum covers the pseudo-header only, as the kernel hands them over.
    """
    if not segment_bytes:
        return [frame]
    is_ipv4 = frame[12:14] == b"\x08\x00"
    tcp = ETHERNET + ((frame[ETHERNET] & 0x0F) * 4 if is_ipv4 else 40)
    start = tcp + (frame[tcp + 12] >> 4) * 4
    made = []
    for n, at in enumerate(range(start, len(frame), segment_bytes)):
        payload = frame[at : at + segment_bytes]
        head = bytearray(frame[:start])
        seq = int.from_bytes(frame[tcp + 4 : tcp + 8], "big") + at - start
        head[tcp + 4 : tcp + 8] = (seq & 0xFFFFFFFF).to_bytes(4, "big")
        if at + segment_bytes < len(frame):
            head[tcp + 13] &= ~(FIN | PSH)
        size = start + len(payload) - tcp
        if is_ipv4:
            ident = int.from_bytes(frame[18:20], "big") + n
            head[16:20] = struct.pack(">HH", size + tcp - ETHERNET, ident & 0xFFFF)
            head[24:26] = b"\0\0"
            head[24:26] = (0xFFFF - _sum(bytes(head[ETHERNET:tcp]))).to_bytes(2, "big")
            addresses = bytes(head[26:34])
        else:
            head[18:20] = size.to_bytes(2, "big")
            addresses = bytes(head[22:54])
        head[tcp + 16 : tcp + 18] = _sum(addresses + struct.pack(">HH", TCP, size)).to_bytes(2, "big")
        made.append(bytes(head) + payload)
    return made


def _sum(data: bytes) -> int:
    """Sum of 16-bit words with end-around carry (RFC 1071)."""
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def bare_segment(source: str, port: int, target: str, remote: int, flags: int, seq: int, ack: int) -> bytes:
    """Make an IPv4 packet with a TCP segment without data or options; the kernel fills in the rest of the IP header."""
    addresses = ipaddress.IPv4Address(source).packed + ipaddress.IPv4Address(target).packed
    tcp = struct.pack(">HHIIBBHHH", port, remote, seq, ack, 5 << 4, flags, 512, 0, 0)
    pseudo = addresses + struct.pack(">HH", TCP, len(tcp))
    tcp = tcp[:16] + struct.pack(">H", 0xFFFF - _sum(pseudo + tcp)) + tcp[18:]
    return struct.pack(">BBHHHBBH", 0x45, 0, 0, 0, 0, 64, TCP, 0) + addresses + tcp


class Link:
    """Carries frames between the TAP devices.

    Parameters
    ----------
    plan : Plan
        What to do with them.
    taps : dict
        Open, non-blocking file descriptors of ``client``, ``server`` and, if there is one, ``monitor``.
    log : list
        Filled with one dict a frame: ``frame`` (from 0), ``at`` (arrival, Unix time [ns]), ``to``, ``bytes``,
        the fields of `frame_fields`, ``fate``, ``rule`` and ``out`` (departures of its copies so far, Unix
        time [ns]). Of a link in two halves, fate and rule are the first half's.
    recorder : Recorder
        Takes what passes the ends and the middle.
    """

    def __init__(self, plan: Plan, taps: dict[str, int], log: list[dict[str, Any]], recorder: Recorder) -> None:
        self._plan, self._taps, self._log, self._recorder = plan, taps, log, recorder
        halves = [plan.half(beyond=False), plan.half(beyond=True)] if plan.record else [plan]
        self._lines = [Line(half) for half in halves]
        self._leaving: list[tuple[float, int, int, int, bytes]] = []  # due, tie-breaker, half, frame's number, frame
        self._pending = 0

    def carry(self) -> None:
        """Carry frames until the process is told to end."""
        sides: dict[int, Side] = {self._taps["client"]: "client", self._taps["server"]: "server"}
        leaving = self._leaving
        while True:
            timeout = max(0.0, leaving[0][0] - time.monotonic()) if leaving else None
            for tap in select.select(list(sides), [], [], timeout)[0]:
                for frame in _read_all(tap):
                    self._arrive(frame, sides[tap])
            while leaving and leaving[0][0] <= time.monotonic():
                due, _, half, number, frame = heapq.heappop(leaving)
                if half + 1 < len(self._lines):
                    self._recorder.see("middle", frame, number)
                    self._pass(half + 1, number, frame, due)
                else:
                    self._leave(number, frame)

    def _arrive(self, frame: bytes, side: Side) -> None:
        segments, to = [frame], OTHER_SIDE[side]
        if self._plan.offload:
            *_, segment_bytes, _, _ = _OFFLOAD.unpack_from(frame)
            frame = frame[_OFFLOAD.size :]
            segments = segmented(frame, segment_bytes)
        self._recorder.see(side, frame, len(self._log), len(segments))
        now = time.monotonic()
        for segment in segments:
            number = len(self._log)
            entry: dict[str, Any] = {"frame": number, "at": time.time_ns(), "to": to, "bytes": len(segment)}
            self._log.append(entry | frame_fields(segment) | {"fate": "", "rule": None, "out": []})
            if "monitor" in self._taps:
                for _ in range(self._plan.mirror_copies):
                    os.write(self._taps["monitor"], segment)
            self._pass(0, number, segment, now)

    def _pass(self, half: int, number: int, frame: bytes, now: float) -> None:
        entry = self._log[number]
        fate, rule, due = self._lines[half].decide(entry, len(frame), now)
        if half == 0:
            entry["fate"], entry["rule"] = fate, rule
        for moment in due:
            self._pending += 1
            heapq.heappush(self._leaving, (moment, self._pending, half, number, frame))

    def _leave(self, number: int, frame: bytes) -> None:
        entry = self._log[number]
        entry["out"].append(time.time_ns())
        self._recorder.see(entry["to"], frame, number)
        if self._plan.offload:
            frame = _offload_header(frame, entry) + frame
        os.write(self._taps[entry["to"]], frame)


def _offload_header(frame: bytes, entry: dict[str, Any]) -> bytes:
    """Header that asks the receiving kernel to take the TCP checksum as partly made."""
    if entry["kind"] == "other":
        return bytes(_OFFLOAD.size)
    tcp = ETHERNET + ((frame[ETHERNET] & 0x0F) * 4 if frame[12:14] == b"\x08\x00" else 40)
    return _OFFLOAD.pack(_NEEDS_CHECKSUM, 0, 0, 0, tcp, 16)


def _read_all(tap: int) -> Iterator[bytes]:
    while True:
        try:
            yield os.read(tap, 1 << 17)
        except BlockingIOError:
            return


def read_log(path: Path) -> list[dict[str, Any]]:
    """Read the log that a link process wrote."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def plan_json(plan: Plan) -> str:
    """Write the plan as JSON text, for the link process."""
    return json.dumps(asdict(plan), indent=1)


def main(arguments: list[str]) -> None:
    """Run the link process; see the module's docstring."""
    plan_path, log_path, *devices = arguments
    log: list[dict[str, Any]] = []
    plan = Plan.from_json(Path(plan_path).read_text())
    recorder = Recorder(Path(log_path).parent, ("client", "middle", "server") if plan.record else ())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        taps = {name: int(number) for name, number in (device.split("=") for device in devices)}
        Link(plan, taps, log, recorder).carry()
    finally:
        Path(log_path).write_text("".join(json.dumps(entry) + "\n" for entry in log))
        if plan.record:
            recorder.close()


if __name__ == "__main__":
    main(sys.argv[1:])
