"""Captures made in memory, without scapy: packets, pcap and pcapng files, and TCP conversations.

Frames are pairs of a time in seconds and bytes. A conversation keeps the sequence numbers, so that a test
says only what it is about::

    talk = Conversation().handshake().data("client", 100).data("server", 2000).close()
    packets = read_pcap(pcap(talk))

Sides are "client" and "server"; sequence and acknowledgement numbers of a conversation are relative to its
SYNs, as Wireshark shows them. Times may be float, int or Fraction: a float holds no nanoseconds of today.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, TypeAlias

Time: TypeAlias = float | Fraction
Frame: TypeAlias = tuple[Time, bytes]
Side: TypeAlias = Literal["client", "server"]

FLAGS = {letter: 1 << bit for bit, letter in enumerate("FSRPAUECN")}  # scapy's letters; N is now called AE
IPV4, IPV6, ARP, VLAN = 0x0800, 0x86DD, 0x0806, 0x8100
ICMP, IPIP, TCP, UDP, SIX_IN_FOUR, GRE, FRAGMENT, ICMPV6 = 1, 4, 6, 17, 41, 47, 44, 58
MACS = bytes.fromhex("020000000002 020000000001")
_FILLER = bytes(range(251)) * 300


def filler(count: int, start: int = 0) -> bytes:
    """`count` bytes that tell where in a stream they stand: a segment sent again has the same ones."""
    start %= 251
    return _FILLER[start : start + count]


def checksum(data: bytes) -> int:
    """Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit words."""
    number = int.from_bytes(data + b"\0" * (len(data) % 2), "big")
    return (0xFFFF - number % 0xFFFF) % 0xFFFF


# One packet, layer by layer.


def ethernet(payload: bytes, kind: int = IPV4, *, vlans: Sequence[int] = ()) -> bytes:
    """Ethernet frame, with 802.1Q tags (outermost first); unlike on a wire, short frames are not padded."""
    tags = b"".join(struct.pack(">HH", VLAN, vlan) for vlan in vlans)
    return MACS + tags + struct.pack(">H", kind) + payload


def ipv4(
    src: str, dst: str, protocol: int, payload: bytes, *,
    ttl: int = 64, ip_id: int = 0, fragment_offset: int = 0, more_fragments: bool = False,
    options: bytes = b"", total_length: int | None = None,
) -> bytes:  # fmt: skip
    """IPv4 header and payload; `fragment_offset` in bytes, `options` in fours, `total_length` if false."""
    length = 20 + len(options) + len(payload) if total_length is None else total_length
    fragment = fragment_offset // 8 | (0x2000 if more_fragments else 0)
    if not fragment:
        fragment = 0x4000
    start = struct.pack(">BBHHHBB", 0x45 + len(options) // 4, 0, length, ip_id, fragment, ttl, protocol)
    end = ipaddress.IPv4Address(src).packed + ipaddress.IPv4Address(dst).packed + options
    return start + struct.pack(">H", checksum(start + end)) + end + payload


def ipv6(
    src: str, dst: str, protocol: int, payload: bytes, *,
    hop_limit: int = 64, extensions: Sequence[tuple[int, bytes]] = (), payload_length: int | None = None,
) -> bytes:  # fmt: skip
    """IPv6 header, extension headers and payload.

    `extensions` are (protocol number, bytes of the header with a first byte that is overwritten).
    """
    numbers = [number for number, _ in extensions] + [protocol]
    headers = [bytes([numbers[i + 1]]) + header[1:] for i, (_, header) in enumerate(extensions)]
    body = b"".join(headers) + payload
    length = len(body) if payload_length is None else payload_length
    addresses = ipaddress.IPv6Address(src).packed + ipaddress.IPv6Address(dst).packed
    return struct.pack(">IHBB", 6 << 28, length, numbers[0], hop_limit) + addresses + body


def ip(src: str, dst: str, protocol: int, payload: bytes, *, ttl: int = 64, ip_id: int = 0) -> bytes:
    """IPv4 or IPv6 header by the address, and payload."""
    if ":" in src:
        return ipv6(src, dst, protocol, payload, hop_limit=ttl)
    return ipv4(src, dst, protocol, payload, ttl=ttl, ip_id=ip_id)


def _transport_checksum(src: str, dst: str, protocol: int, segment: bytes) -> int:
    addresses = ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed
    return checksum(addresses + struct.pack(">II", protocol, len(segment)) + segment)


def tcp_options(
    *,
    mss: int | None = None,
    wscale: int | None = None,
    sack_ok: bool = False,
    ts: tuple[int, int] | None = None,
    sack: Sequence[tuple[int, int]] = (),
) -> bytes:
    """TCP options, each padded to a multiple of four with NOPs in front (as most hosts do)."""
    made = b""
    if mss is not None:
        made += struct.pack(">BBH", 2, 4, mss)
    if wscale is not None:
        made += bytes([1, 3, 3, wscale])
    if sack_ok:
        made += bytes([1, 1, 4, 2])
    if ts is not None:
        made += struct.pack(">BBBBII", 1, 1, 8, 10, *ts)
    if sack:
        edges = [edge for block in sack for edge in block]
        made += struct.pack(f">BBBB{len(edges)}I", 1, 1, 5, 2 + 4 * len(edges), *edges)
    return made


def tcp(
    src: str, dst: str, sport: int = 40000, dport: int = 80, flags: str = "A", *,
    seq: int = 0, ack: int = 0, window: int = 65535, options: bytes = b"", payload: bytes = b"",
    data_offset: int | None = None,
) -> bytes:  # fmt: skip
    """TCP header and payload, its checksum for these addresses; `data_offset` in words, if false."""
    options += b"\0" * (-len(options) % 4)
    offset = 5 + len(options) // 4 if data_offset is None else data_offset
    bits = offset << 12 | sum(FLAGS[letter] for letter in flags)
    start = struct.pack(">HHIIHH", sport, dport, seq % 2**32, ack % 2**32, bits, window)
    end = b"\0\0" + options + payload
    return start + struct.pack(">H", _transport_checksum(src, dst, TCP, start + b"\0\0" + end)) + end


def udp(src: str, dst: str, sport: int, dport: int, payload: bytes = b"") -> bytes:
    """UDP header and payload."""
    start = struct.pack(">HHH", sport, dport, 8 + len(payload))
    number = _transport_checksum(src, dst, UDP, start + b"\0\0" + payload)
    return start + struct.pack(">H", number or 0xFFFF) + payload


def packet(
    src: str = "192.0.2.1", dst: str = "198.51.100.1", sport: int = 40000, dport: int = 80, flags: str = "S",
    *, seq: int = 0, ack: int = 0, payload: bytes | int = b"", window: int = 65535,
    mss: int | None = None, wscale: int | None = None, sack_ok: bool = False,
    ts: tuple[int, int] | None = None, sack: Sequence[tuple[int, int]] = (), options: bytes = b"",
    ip_id: int = 0, ttl: int = 64, vlan: int | None = None,
) -> bytes:  # fmt: skip
    """Ethernet frame with one TCP segment: IPv4 or IPv6 by the addresses, right lengths and checksums.

    Parameters
    ----------
    flags : str
        Letters of FSRPAUECN.
    payload : bytes or int
        What is sent, or how much.
    mss, wscale, sack_ok, ts, sack
        TCP options; `ts` is (value, echo reply), `sack` pairs of absolute sequence numbers.
    options : bytes
        Further TCP options as they are.
    """
    if isinstance(payload, int):
        payload = filler(payload, seq)
    options = tcp_options(mss=mss, wscale=wscale, sack_ok=sack_ok, ts=ts, sack=sack) + options
    segment = tcp(src, dst, sport, dport, flags, seq=seq, ack=ack, window=window, options=options, payload=payload)
    kind = IPV6 if ":" in src else IPV4
    network = ip(src, dst, TCP, segment, ttl=ttl, ip_id=ip_id)
    return ethernet(network, kind, vlans=() if vlan is None else (vlan,))


# Capture files.


def pcap_header(
    *, nanoseconds: bool = False, big_endian: bool = False, snaplen: int = 262144, link_type: int = 1
) -> bytes:
    """Header of a pcap file."""
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    return struct.pack(_order(big_endian) + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link_type)


def pcap_record(
    time: Time, data: bytes, *, wire_bytes: int | None = None, nanoseconds: bool = False,
    big_endian: bool = False,
) -> bytes:  # fmt: skip
    """One record of a pcap file: `data` is what was captured of `wire_bytes`."""
    billion = 10**9
    seconds, rest = divmod(round(Fraction(time) * billion), billion)
    numbers = seconds, rest if nanoseconds else rest // 1000, len(data)
    wire_bytes = len(data) if wire_bytes is None else wire_bytes
    return struct.pack(_order(big_endian) + "IIII", *numbers, wire_bytes) + data


def pcap(
    frames: Iterable[Frame], *, nanoseconds: bool = False, big_endian: bool = False, snaplen: int = 262144,
    link_type: int = 1,
) -> bytes:  # fmt: skip
    """Pcap file of `frames` (a list of them or a conversation), cut at `snaplen`."""
    form = {"nanoseconds": nanoseconds, "big_endian": big_endian}
    records = [pcap_record(time, data[:snaplen], wire_bytes=len(data), **form) for time, data in frames]
    return pcap_header(snaplen=snaplen, link_type=link_type, **form) + b"".join(records)


@dataclass(frozen=True)
class Pcapng:
    """Blocks of a pcapng section in one byte order; join them to a file."""

    big_endian: bool = False

    def _pack(self, form: str, *values: int) -> bytes:
        return struct.pack(_order(self.big_endian) + form, *values)

    def block(self, kind: int, body: bytes = b"") -> bytes:
        """Any block: `body` padded to a multiple of four between the two lengths."""
        body += b"\0" * (-len(body) % 4)
        length = self._pack("I", 12 + len(body))
        return self._pack("I", kind) + length + body + length

    def options(self, options: Iterable[tuple[int, bytes]]) -> bytes:
        """Options and their end; nothing for none."""
        made = [self._pack("HH", code, len(v)) + v + b"\0" * (-len(v) % 4) for code, v in options]
        return b"".join(made) + self._pack("HH", 0, 0) if made else b""

    def section(self, *, comment: str | None = None) -> bytes:
        """Section header block."""
        options = [] if comment is None else [(1, comment.encode())]
        return self.block(0x0A0D0D0A, self._pack("IHHq", 0x1A2B3C4D, 1, 0, -1) + self.options(options))

    def interface(
        self, *, link_type: int = 1, snaplen: int = 262144,
        tsresol: int | None = None, tsoffset: int | None = None, name: str | None = None,
        description: str | None = None, comment: str | None = None,
    ) -> bytes:  # fmt: skip
        """Interface description block; `tsresol` is the option's byte: n for 10^-n, 0x80 | n for 2^-n s."""
        texts = ((1, comment), (2, name), (3, description))
        options = [(code, text.encode()) for code, text in texts if text is not None]
        if tsresol is not None:
            options.append((9, bytes([tsresol])))
        if tsoffset is not None:
            options.append((14, self._pack("q", tsoffset)))
        return self.block(1, self._pack("HHI", link_type, 0, snaplen) + self.options(options))

    def enhanced(
        self, ticks: int, data: bytes, *, wire_bytes: int | None = None, interface: int = 0,
        comment: str | None = None,
    ) -> bytes:  # fmt: skip
        """Enhanced packet block; `ticks` in the interface's unit."""
        wire_bytes = len(data) if wire_bytes is None else wire_bytes
        body = self._pack("IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire_bytes)
        options = [] if comment is None else [(1, comment.encode())]
        return self.block(6, body + data + b"\0" * (-len(data) % 4) + self.options(options))

    def simple(self, data: bytes, *, wire_bytes: int | None = None) -> bytes:
        """Simple packet block: no time, interface 0."""
        return self.block(3, self._pack("I", len(data) if wire_bytes is None else wire_bytes) + data)

    def obsolete(
        self, ticks: int, data: bytes, *, wire_bytes: int | None = None, interface: int = 0,
        drops: int = 0xFFFF,
    ) -> bytes:  # fmt: skip
        """Packet block, obsolete."""
        wire_bytes = len(data) if wire_bytes is None else wire_bytes
        body = self._pack("HHIIII", interface, drops, ticks >> 32, ticks & 0xFFFFFFFF, len(data), wire_bytes)
        return self.block(2, body + data)

    def statistics(
        self, *, received: int | None = None, dropped: int | None = None, interface: int = 0, ticks: int = 0
    ) -> bytes:
        """Interface statistics block."""
        counters = ((4, received), (5, dropped))
        options = [(code, self._pack("Q", value)) for code, value in counters if value is not None]
        start = self._pack("III", interface, ticks >> 32, ticks & 0xFFFFFFFF)
        return self.block(5, start + self.options(options))


def pcapng(
    frames: Iterable[Frame], *, big_endian: bool = False, snaplen: int = 262144, link_type: int = 1,
    tsresol: int | None = None, tsoffset: int | None = None,
    packets: Literal["enhanced", "simple", "obsolete"] = "enhanced",
    comment: str | None = None, comments: Mapping[int, str] | None = None, name: str | None = None,
    received: int | None = None, dropped: int | None = None,
) -> bytes:  # fmt: skip
    """Pcapng file of one section with one interface; join several for several sections.

    Parameters
    ----------
    tsresol, tsoffset : int, optional
        As in the file: the unit of time stamps is 10^-6 s without `tsresol`, `tsoffset` [s] is taken off.
    packets : str
        Kind of the packet blocks; simple ones have no time.
    comment, comments
        Of the section, and of packets by their number from 1 (enhanced ones only).
    received, dropped : int, optional
        Counters of an interface statistics block at the end.
    """
    ng = Pcapng(big_endian)
    resolution = 6 if tsresol is None else tsresol
    unit = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
    blocks = [
        ng.section(comment=comment),
        ng.interface(link_type=link_type, snaplen=snaplen, tsresol=tsresol, tsoffset=tsoffset, name=name),
    ]
    for number, (time, data) in enumerate(frames, start=1):
        # To the nanosecond first, as a float's 0.1 is a little more; then up, as a reader rounds down.
        ticks = -(-Fraction(round((Fraction(time) - (tsoffset or 0)) * 10**9) * unit, 10**9) // 1)
        if packets == "simple":
            blocks.append(ng.simple(data[:snaplen], wire_bytes=len(data)))
        elif packets == "obsolete":
            blocks.append(ng.obsolete(ticks, data[:snaplen], wire_bytes=len(data)))
        else:
            text = (comments or {}).get(number)
            blocks.append(ng.enhanced(ticks, data[:snaplen], wire_bytes=len(data), comment=text))
    if received is not None or dropped is not None:
        blocks.append(ng.statistics(received=received, dropped=dropped))
    return b"".join(blocks)


def _order(big_endian: bool) -> str:
    return ">" if big_endian else "<"


def merge(*conversations: Iterable[Frame]) -> list[Frame]:
    """Frames of several conversations (or lists of frames), by time."""
    return sorted((frame for frames in conversations for frame in frames), key=lambda frame: frame[0])


# Conversations.


@dataclass
class _Host:
    """One side of a conversation."""

    address: str
    port: int
    isn: int
    window: int
    ttl: int
    clock: int  # what its timestamps start from [ms]
    next: int = 0  # relative sequence number of what it sends next
    acked: int = 0  # relative number up to which it has everything of its peer
    echo: int = 0  # timestamp it will echo
    ahead: list[tuple[int, int]] = field(default_factory=list)  # what it has beyond that

    def receive(self, begin: int, end: int) -> None:
        """Take in what the peer sent from `begin` to `end`."""
        self.ahead.append((begin, end))
        for left, right in sorted(self.ahead):
            if left <= self.acked:
                self.acked = max(self.acked, right)
        self.ahead = [(left, right) for left, right in self.ahead if right > self.acked]


class Conversation:
    """A TCP connection in the making; each method adds packets and returns the conversation.

    Everything is captured at the client: a packet of the server that follows one of the client comes `rtt`
    later, any other one 0.1 ms after the packet before it; ``after=`` says otherwise.

    Every method that sends takes these:

    * ``after``: seconds since the packet before;
    * ``drop=True``: sent and received, but not in the capture;
    * ``lost=True``: in the capture, but the peer does not get it; with ``drop`` it is gone without a trace;
    * ``seq``, ``ack``: relative numbers, where they are not what a right TCP would send;
    * ``window``, ``ttl``, ``ip_id``, ``sack`` (relative), ``ts``: of this packet only.

    Parameters
    ----------
    client, server : str
        Addresses, IPv4 or IPv6.
    client_port, server_port : int
        Ports.
    start : float
        When the first packet is captured. [s]
    rtt : float
        Time between client and server and back. [s]
    client_isn, server_isn : int
        Sequence numbers of the SYNs.
    mss, window_scale, sack_ok : int or None, int or None, bool
        Options of both SYNs; None for without.
    timestamps : bool
        Every packet but RSTs has the timestamp option; a host's clock counts milliseconds.
    window : int
        Window field of every packet, unless ``hosts[side].window`` is changed.
    ip_ids : dict, optional
        IP id that each address uses next, to be shared between conversations of the same hosts; from 1.
    """

    def __init__(
        self, client: str = "192.0.2.1", client_port: int = 40000, server: str = "198.51.100.1",
        server_port: int = 80, *, start: float = 0.0, rtt: float = 0.02,
        client_isn: int = 1000, server_isn: int = 5000,
        mss: int | None = 1460, window_scale: int | None = 7, sack_ok: bool = True, timestamps: bool = True,
        window: int = 502, client_ttl: int = 64, server_ttl: int = 57, ip_ids: dict[str, int] | None = None,
        vlan: int | None = None,
    ) -> None:  # fmt: skip
        self.hosts: dict[Side, _Host] = {
            "client": _Host(client, client_port, client_isn, window, client_ttl, clock=10_000),
            "server": _Host(server, server_port, server_isn, window, server_ttl, clock=70_000),
        }
        self.frames: list[Frame] = []
        self.rtt = rtt
        self.ip_ids = {} if ip_ids is None else ip_ids
        self._syn_options = {"mss": mss, "wscale": window_scale, "sack_ok": sack_ok}
        self._timestamps = timestamps
        self._vlan = vlan
        self._now = self._start = round(Fraction(start) * 10**9)  # [ns]
        self._last: Side | None = None
        self._segments: list[tuple[Side, int, str, bytes]] = []  # side, relative number, flags, payload

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    @property
    def now(self) -> float:
        """When the last packet was captured, or until when was waited. [s]"""
        return self._now / 1e9

    def wait(self, seconds: float) -> Conversation:
        """Let time pass; the next packet comes its usual time after that."""
        self._now += round(Fraction(seconds) * 10**9)
        return self

    def send(
        self, side: Side, flags: str = "A", payload: bytes | int = b"", *,
        seq: int | None = None, ack: int | None = None, after: float | None = None, drop: bool = False,
        lost: bool = False, window: int | None = None, ttl: int | None = None, ip_id: int | None = None,
        sack: Sequence[tuple[int, int]] = (), ts: tuple[int, int] | None = None,
    ) -> Conversation:  # fmt: skip
        """Send one packet of any kind; the other methods rest on this."""
        host, peer = self.hosts[side], self.hosts["server" if side == "client" else "client"]
        self._advance(side, after)
        seq = host.next if seq is None else seq
        if isinstance(payload, int):
            payload = filler(payload, seq)
        if ack is None:
            ack = host.acked if "A" in flags else None
        if ts is None and self._timestamps and "R" not in flags:
            ts = host.clock + (self._now - self._start) // 10**6, host.echo if "A" in flags else 0
        if ip_id is None:
            ip_id = self.ip_ids.get(host.address, 1)
            self.ip_ids[host.address] = (ip_id + 1) % 2**16
        data = packet(
            host.address, peer.address, host.port, peer.port, flags,
            seq=host.isn + seq, ack=0 if ack is None else peer.isn + ack, payload=payload,
            window=host.window if window is None else window, ts=ts,
            sack=[((peer.isn + left) % 2**32, (peer.isn + right) % 2**32) for left, right in sack],
            **(self._syn_options if "S" in flags else {}),  # type: ignore[arg-type]
            ip_id=ip_id, ttl=host.ttl if ttl is None else ttl, vlan=self._vlan,
        )  # fmt: skip
        if not drop:
            self.frames.append((self._now / 10**9, data))
        end = seq + len(payload) + ("S" in flags) + ("F" in flags)
        if end > seq:
            self._segments.append((side, seq, flags, payload))
        host.next = max(host.next, end)
        if not lost and "R" not in flags:
            if ts is not None and seq <= peer.acked:
                peer.echo = ts[0]
            peer.receive(seq, end)
        return self

    def _advance(self, side: Side, after: float | None) -> None:
        """Move the clock to when a packet of `side` is captured."""
        if after is None and self._last is not None:
            after = self.rtt if side == "server" and self._last == "client" else 0.0001
        self._now += round(Fraction(after or 0) * 10**9)
        self._last = side

    def syn(self, side: Side = "client", **options: Any) -> Conversation:
        """SYN; again for a retry."""
        return self.send(side, "S", **{"seq": 0, **options})

    def syn_ack(self, **options: Any) -> Conversation:
        """SYN and ACK of the server; again for a retry."""
        return self.send("server", "SA", **{"seq": 0, **options})

    def ack(self, side: Side = "client", **options: Any) -> Conversation:
        """ACK without data, of all that this side has got without a hole; again for a duplicate."""
        return self.send(side, "A", **options)

    def handshake(self, **options: Any) -> Conversation:
        """SYN, SYN-ACK and ACK, with the same options for all three."""
        return self.syn(**options).syn_ack(**options).ack(**options)

    def data(self, side: Side, count: int, *, segment: int | None = None, **options: Any) -> Conversation:
        """`count` bytes, in segments of `segment` bytes (one if None), the last of them with PSH."""
        size = segment or max(count, 1)
        for begin in range(0, max(count, 1), size):
            last = begin + size >= count
            self.send(side, "PA" if last else "A", min(size, count - begin), **options)
        return self

    def retransmit(self, side: Side, seq: int | None = None, **options: Any) -> Conversation:
        """Send again what this side sent at `seq`: its last SYN, data or FIN by default."""
        found = [sent for sent in self._segments if sent[0] == side and seq in (None, sent[1])]
        _, seq, flags, payload = found[-1]
        return self.send(side, flags, payload, **{"seq": seq, **options})

    def duplicate(self, after: float = 0.000001) -> Conversation:
        """The last packet captured once more, byte for byte, as on a mirror port that sees it twice."""
        self._now += round(Fraction(after) * 10**9)
        self.frames.append((self._now / 10**9, self.frames[-1][1]))
        return self

    def keep_alive(self, side: Side, count: int = 0, **options: Any) -> Conversation:
        """Keep-alive: `count` (0 or 1) bytes, one below the next sequence number."""
        return self.send(side, "A", count, **{"seq": self.hosts[side].next - 1, **options})

    def fin(self, side: Side, **options: Any) -> Conversation:
        """FIN and ACK."""
        return self.send(side, "FA", **options)

    def rst(self, side: Side, *, with_ack: bool = True, **options: Any) -> Conversation:
        """RST, with ACK or without."""
        return self.send(side, "RA" if with_ack else "R", **options)

    def close(self, side: Side = "client", **options: Any) -> Conversation:
        """FIN of `side`, FIN of the other that acknowledges it, ACK."""
        other: Side = "server" if side == "client" else "client"
        return self.fin(side, **options).fin(other, **options).ack(side, **options)

    def refused(self, **options: Any) -> Conversation:
        """SYN, answered by RST and ACK with sequence number 0."""
        return self.syn(**options).rst("server", **{"seq": -self.hosts["server"].isn, **options})
