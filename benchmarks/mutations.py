"""Damaged captures for ``mutate.py``: the first packets of real ones, changed where it matters.

A capture is taken apart into its header and its units (records of pcap, blocks of pcapng); each change is one function
with a row of ``CHANGES``. The same random numbers give the same bytes.
"""

import gzip
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import NamedTuple

from pcapframe.capture.gre import GRE_PAYLOADS
from pcapframe.capture.ip import EXTENSION_HEADERS
from pcapframe.capture.link import VLAN_TYPES
from pcapframe.capture.link_types import LINK_TYPES as KNOWN_LINKS
from pcapframe.capture.shims import SHIMS
from pcapframe.capture.source import open_capture
from pcapframe.capture.tunnels import IP_TUNNELS
from pcapframe.capture.udp_tunnels import UDP_TUNNELS
from pcapframe.errors import CaptureError

MOST_BYTES, MOST_UNITS = 24_000, 20  # kept of a capture
MOST_FILE = 1 << 20  # of a damaged one [bytes]
PCAP, PCAPNG, OTHER = "pcap", "pcapng", "other"
ORDERS = {
    bytes.fromhex("a1b2c3d4"): ">", bytes.fromhex("d4c3b2a1"): "<",
    bytes.fromhex("a1b23c4d"): ">", bytes.fromhex("4d3cb2a1"): "<",
}  # fmt: skip
OTHER_MAGICS = tuple(
    map(bytes.fromhex, ("a1b2cd34", "34cdb2a1", "a1e2cb12", "736e6f6f70000000", "0a0d0d0a", "4d3cb2a1", "d4c3b2a1"))
)
LINK_TYPES = (*(number for number in sorted(KNOWN_LINKS) if number < 0x10000), 2, 147, 249, 279, 65535)
ETHERTYPES = (*(kind for kind in sorted(SHIMS) if kind < 0x10000), *VLAN_TYPES, *GRE_PAYLOADS)
ETHERTYPES += (0, 0x2E, 0x5FF, 0x600, 0x800, 0x806, 0x8137, 0x86DD, 0x880B, 0x88CC, 0x8863, 0x9998, 0xFFFF)
ETHERTYPES = tuple(kind & 0xFFFF for kind in ETHERTYPES)
PROTOCOLS = (*sorted(IP_TUNNELS), *EXTENSION_HEADERS, 1, 2, 6, 17, 46, 50, 58, 59, 88, 103, 108, 132, 253, 255)
PORTS = (*sorted(UDP_TUNNELS), 53, 443, 1723, 2123, 4500, 51820)
SMALL = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 19, 20, 21, 24, 28, 32, 40, 44, 48, 60, 64, 127, 128, 129, 254, 255)
LARGE = (
    256, 576, 1279, 1500, 1514, 0x0FFF, 0x1FFF, 0x2000, 0x3FFF, 0x4000, 0x7FFF, 0x8000, 0xFFE0, 0xFFF8, 0xFFFE, 0xFFFF,
    0x10000, 262144, 262145, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF,
)  # fmt: skip

Field = tuple[int, int, tuple[int, ...]]  # place, bytes, values that mean something there


class Base(NamedTuple):
    """The beginning of a capture: what comes before its units, and these."""

    name: str
    form: str
    order: str  # of bytes, as in struct
    header: bytes
    units: tuple[bytes, ...]

    @property
    def data(self) -> bytes:
        """The capture."""
        return self.header + b"".join(self.units)


class Draft:
    """A capture that is being changed."""

    def __init__(self, base: Base, rng: Random, others: list[Base]) -> None:
        self.form, self.order = base.form, base.order
        self.header = bytearray(base.header)
        self.units = [bytearray(unit) for unit in base.units]
        self.rng = rng
        self.others = others
        self.tail = b""

    @property
    def body(self) -> int:
        """Where the packet begins in a unit."""
        return {PCAP: 16, PCAPNG: 28, OTHER: 0}[self.form]

    def one(self) -> int:
        """Number of a unit, or -1 for none."""
        return self.rng.randrange(len(self.units)) if self.units else -1

    def packet(self) -> int:
        """Number of a unit that holds a packet, or -1."""
        kinds = [i for i, unit in enumerate(self.units) if len(unit) > self.body + 4 and self._is_packet(unit)]
        return self.rng.choice(kinds) if kinds else -1

    def _is_packet(self, unit: bytearray) -> bool:
        return self.form != PCAPNG or struct.unpack_from(self.order + "I", unit)[0] == 6

    def captured(self, number: int) -> bytes:
        """The bytes of the packet in a unit."""
        unit = self.units[number]
        if self.form == OTHER:
            return bytes(unit)
        length = struct.unpack_from(self.order + "I", unit, 8 if self.form == PCAP else 20)[0]
        return bytes(unit[self.body : self.body + length])

    def put(self, number: int, packet: bytes, wire: int | None = None) -> None:
        """Replace the packet in a unit, with lengths that fit."""
        wire = len(packet) if wire is None else wire
        self.units[number] = self.unit_like(self.units[number], packet, wire)

    def unit_like(self, unit: bytes, packet: bytes, wire: int) -> bytearray:
        """A unit with another packet."""
        lengths = struct.pack(self.order + "II", len(packet), max(wire, 0) & 0xFFFFFFFF)
        if self.form == PCAP:
            return bytearray(bytes(unit[:8]) + lengths + packet)
        if self.form == PCAPNG:
            packet += bytes(-len(packet) % 4)
            whole = struct.pack(self.order + "I", 32 + len(packet))
            return bytearray(bytes(unit[:4]) + whole + bytes(unit[8:20]) + lengths + packet + whole)
        return bytearray(packet)

    def made(self) -> bytes:
        """The capture."""
        return (bytes(self.header) + b"".join(self.units) + self.tail)[:MOST_FILE]


def read_bases(paths: Iterable[Path]) -> list[Base]:
    """Read the beginnings of all files below `paths` that are not text."""
    files = sorted({file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))})
    wanted = [f for f in files if f.is_file() and f.suffix not in (".py", ".md", ".json", ".pyc", ".txt", ".csv")]
    return [base for file in wanted if (base := _read_base(file)).data]


def _read_base(path: Path) -> Base:
    data = bytearray(MOST_BYTES)
    end = 0
    try:
        with open_capture(path, lambda _done, _size: None) as stream:
            while more := stream.read_into(memoryview(data)[end:]):
                end += more
    except CaptureError:
        end = 0
    return taken_apart(path.name, bytes(data[:end]) or path.read_bytes()[:MOST_BYTES])


def taken_apart(name: str, data: bytes) -> Base:
    """Take a capture apart, as far as it is sound; the rest is left out."""
    units: list[bytes] = []
    if data[:4] in ORDERS and len(data) >= 24:
        order, at = ORDERS[data[:4]], 24
        while at + 16 <= len(data) and len(units) < MOST_UNITS:
            length = 16 + struct.unpack_from(order + "I", data, at + 8)[0]
            if at + length > len(data) and units:
                break
            unit = data[at : at + length]
            units.append(unit[:8] + struct.pack(order + "I", len(unit) - 16) + unit[12:])
            at += length
        if units:
            return Base(name, PCAP, order, data[:24], tuple(units))
    elif data[:4] == bytes.fromhex("0a0d0d0a") and len(data) >= 28:
        order, at = ">" if data[8:12] == bytes.fromhex("1a2b3c4d") else "<", 0
        while at + 12 <= len(data) and len(units) < MOST_UNITS:
            length = struct.unpack_from(order + "I", data, at + 4)[0]
            if length < 12 or length % 4 or at + length > len(data):
                break
            units.append(data[at : at + length])
            at += length
        if units:
            return Base(name, PCAPNG, order, b"", tuple(units))
    return Base(name, OTHER, ">", b"", (data,))


def _headers(packet: bytes) -> tuple[list[Field], list[int]]:
    """Find the fields of IP, TCP, UDP and GRE headers wherever they seem to be, and where IP headers begin."""
    found: list[Field] = []
    begins: list[int] = []
    for at in range(min(len(packet) - 19, 200)):
        first, transport = packet[at], 0
        length = packet[at + 2] << 8 | packet[at + 3]
        if 0x45 <= first <= 0x4F and (length == 0 or 20 <= length <= len(packet) - at + 2000):
            protocol, transport = packet[at + 9], at + 4 * (first & 15)
            found += [(at, 1, (0x40, 0x44, 0x45, 0x46, 0x4F, 0x60)), (at + 2, 2, (0, 19, 20, 21, len(packet) - at))]
            found += [(at + 6, 2, (0, 0x2000, 0x4000, 1, 0x2001, 0x1FFF)), (at + 9, 1, PROTOCOLS), (at + 4, 2, ())]
        elif first >> 4 == 6 and at + 40 <= len(packet) and packet[at + 6] in PROTOCOLS:
            length = packet[at + 4] << 8 | packet[at + 5]
            if length > len(packet) - at + 2000:
                continue
            protocol, transport = packet[at + 6], at + 40
            found += [(at, 1, (0x45, 0x60)), (at + 4, 2, (0, 1, len(packet) - at - 40)), (at + 6, 1, PROTOCOLS)]
            if protocol == 44:
                found += [(transport + 2, 2, (0, 1, 8, 9, 0xFFF8, 0xFFF9)), (transport, 1, PROTOCOLS)]
            elif protocol in (0, 43, 51, 60):
                found += [(transport + 1, 1, (0, 1, 255)), (transport, 1, PROTOCOLS), (transport + 2, 1, (0xC2,))]
        else:
            continue
        begins.append(at)
        if at >= 2:
            found.append((at - 2, 2, ETHERTYPES))
        if protocol == 6:
            found += [(transport + 12, 1, (0, 0x40, 0x50, 0xF0)), (transport + 13, 1, ()), (transport + 4, 4, ())]
            found += [(transport + 8, 4, ()), (transport + 14, 2, ()), (transport, 2, PORTS)]
            found += [(place, 1, (0, 1, 2, 3, 4, 5, 8, 10, 18, 34)) for place in range(transport + 20, transport + 40)]
        elif protocol == 17:
            found += [(transport, 2, PORTS), (transport + 2, 2, PORTS), (transport + 2, 2, PORTS)]
            found += [(transport + 4, 2, (0, 7, 8))]
            found += [(place, 1, ()) for place in range(transport + 8, transport + 24)]
        else:
            found += [(transport, 2, (0x2000, 0x3000, 0xB000, 0x3001, 0x1000)), (transport + 2, 2, ETHERTYPES)]
            found += [(place, 1, ()) for place in range(transport, transport + 16)]
    found += [(place, 2, ETHERTYPES) for place in (12, 14, 16) if not begins]
    return [field for field in found if field[0] + field[1] <= len(packet)], begins


def _value(rng: Random, old: int, size: int, values: tuple[int, ...] = ()) -> int:
    """A value for a field: one that means something there, one near the old, a bound, or any."""
    kind = rng.random()
    if values and kind < 0.5:
        new = rng.choice(values)
    elif kind < 0.65:
        new = old + rng.choice((-8, -4, -3, -2, -1, 1, 2, 3, 4, 8))
    elif kind < 0.85:
        new = rng.choice(SMALL if size == 1 or rng.random() < 0.5 else LARGE)
    else:
        new = rng.getrandbits(8 * size)
    return new & ((1 << 8 * size) - 1)


def _overwrite(
    rng: Random, data: bytearray, place: int, size: int, order: str = ">", values: tuple[int, ...] = ()
) -> None:
    if place + size > len(data):
        return
    byteorder = "big" if order == ">" else "little"
    old = int.from_bytes(data[place : place + size], byteorder)
    data[place : place + size] = _value(rng, old, size, values).to_bytes(size, byteorder)


def packet_fields(draft: Draft) -> None:
    """Change fields of the headers of a packet."""
    number = draft.packet()
    if number < 0:
        return
    packet = bytearray(draft.captured(number))
    fields, _ = _headers(packet)
    for _ in range(draft.rng.choice((1, 1, 2, 4))):
        if fields:
            place, size, values = draft.rng.choice(fields)
            _overwrite(draft.rng, packet, place, size, ">", values)
    draft.put(number, bytes(packet), len(packet) + draft.rng.choice((0, 0, 0, 4, 1000)))


def unit_lengths(draft: Draft) -> None:
    """Change a length or another field in the header of a record or block, not what it says of."""
    number = draft.one()
    if number < 0:
        return
    unit = draft.units[number]
    if draft.form == OTHER:
        _overwrite(draft.rng, unit, draft.rng.randrange(max(min(len(unit), 200), 1)), draft.rng.choice((1, 2, 4)))
        return
    places = (0, 4, 8, 12) if draft.form == PCAP else (0, 4, 8, 12, 16, 20, 24, len(unit) - 4)
    kinds = (1, 2, 3, 4, 5, 6, 10, 0x0A0D0D0A, 0x0BAD) if draft.form == PCAPNG else (len(unit) - 16, len(unit) - 15)
    place = draft.rng.choice(places)
    if draft.form == PCAPNG and draft.rng.random() < 0.2:  # 16-bit fields: link type, options
        _overwrite(draft.rng, unit, 4 * draft.rng.randrange(max(len(unit) // 4, 1)), 2, draft.order, LINK_TYPES)
    else:
        _overwrite(draft.rng, unit, place, 4, draft.order, kinds if place in (0, 8, 12) else ())


def file_header(draft: Draft) -> None:
    """Change the file header of pcap, or a block before the packets."""
    if draft.form == PCAP:
        place = draft.rng.choice((0, 4, 6, 8, 16, 20, 20, 20))
        if place == 0:
            magic = draft.rng.choice([*ORDERS, *OTHER_MAGICS])
            draft.header[: len(magic)] = magic
        else:
            size = 2 if place in (4, 6) else 4
            _overwrite(draft.rng, draft.header, place, size, draft.order, LINK_TYPES if place == 20 else (1, 2, 3, 4))
    elif draft.form == PCAPNG:
        blocks = [unit for unit in draft.units[:4] if len(unit) >= 20]
        if blocks:
            unit = draft.rng.choice(blocks)
            _overwrite(draft.rng, unit, draft.rng.choice((8, 8, 10, 12, 16, 18, 20)), 2, draft.order, LINK_TYPES)
    elif draft.units:
        unit = draft.units[0]
        unit[: draft.rng.randrange(1, 9)] = draft.rng.choice(OTHER_MAGICS)


def flip_bits(draft: Draft) -> None:
    """Flip some bits anywhere."""
    for _ in range(draft.rng.choice((1, 2, 8, 30))):
        number = draft.one()
        if number >= 0 and draft.units[number]:
            unit = draft.units[number]
            unit[draft.rng.randrange(min(len(unit), 160))] ^= 1 << draft.rng.randrange(8)


def slice_packet(draft: Draft) -> None:
    """Cut a packet off, as a capture length does, or as one that hides that it was cut."""
    number = draft.packet()
    if number < 0:
        return
    packet = draft.captured(number)
    kept = packet[: draft.rng.randrange(min(len(packet), 150) + 1)]
    draft.put(number, kept, draft.rng.choice((len(packet), len(packet), len(kept), 0, len(packet) + 4)))


def move_bytes(draft: Draft) -> None:
    """Put bytes into the headers of a packet, or take some out."""
    number = draft.packet()
    if number < 0:
        return
    packet = draft.captured(number)
    at, count = draft.rng.randrange(min(len(packet), 100) + 1), draft.rng.choice((1, 2, 4, 6, 8, 12, 16, 64))
    if draft.rng.random() < 0.5:
        packet = packet[:at] + draft.rng.randbytes(count) + packet[at:]
    else:
        packet = packet[:at] + packet[at + count :]
    draft.put(number, packet)


def wrap(draft: Draft) -> None:
    """Put headers between the link header and IP: tags of any type, and tunnels, once or many times."""
    number = draft.packet()
    if number < 0:
        return
    packet, rng = draft.captured(number), draft.rng
    _, begins = _headers(packet)
    if not begins or begins[0] < 2:
        return
    at = begins[0]
    six = packet[at] >> 4 == 6
    inner_type = b"\x86\xdd" if six else b"\x08\0"
    added = b""
    for _ in range(rng.choice((1, 1, 2, 3, 20, 70))):
        if rng.random() < 0.5:
            kind = rng.choice(ETHERTYPES)
            body = rng.randbytes(rng.choice((2, 4, 6, 8, 10, 16, 18)))
            added = struct.pack(">H", kind) + body + added
        else:
            inner = packet[at:]
            protocol, header = rng.choice(
                (
                    (41 if six else 4, b""),
                    (47, rng.choice((b"\0\0", b"\x20\0", b"\x30\0", b"\xb0\0")) + inner_type + rng.randbytes(4)),
                    (17, struct.pack(">HHHH", rng.choice(PORTS), rng.choice(PORTS), (8 + len(inner)) & 0xFFFF, 0)
                     + rng.randbytes(rng.choice((4, 8, 12, 16)))),
                    (rng.choice(PROTOCOLS), rng.randbytes(rng.choice((0, 4, 8)))),
                )
            )  # fmt: skip
            total = (20 + len(header) + len(inner)) & 0xFFFF
            outer = struct.pack(">BBHHHBBH", 0x45, 0, total, 1, 0, 64, protocol, 0) + b"\xc0\0\2\1\xc6\x33\x64\1"
            packet = packet[: at - 2] + b"\x08\0" + outer + header + inner
            six, inner_type = False, b"\x08\0"
    draft.put(number, packet[: at - 2] + added + packet[at - 2 :])


def fragment(draft: Draft) -> None:
    """Cut an IPv4 packet into fragments, some of them missing, repeated, overlapping or in another order."""
    number = draft.packet()
    if number < 0:
        return
    packet, rng = draft.captured(number), draft.rng
    _, begins = _headers(packet)
    at = next((begin for begin in begins if packet[begin] >> 4 == 4), -1)
    if at < 0:
        return
    header = 4 * (packet[at] & 15)
    payload = packet[at + header :]
    step = rng.choice((8, 16, 24, 64, 512))
    pieces = []
    for begin in range(0, min(len(payload), 40 * step), step):
        length = min(step + rng.choice((0, 0, 0, 8, 4)), len(payload) - begin)
        more = begin + length < len(payload)
        changed = bytearray(packet[: at + header])
        total = header + length
        changed[at + 2 : at + 8] = struct.pack(">HHH", total, number + 1, (0x2000 if more else 0) | begin // 8)
        pieces.append(draft.unit_like(draft.units[number], bytes(changed) + payload[begin : begin + length], 0))
    for piece in pieces:
        if draft.form == PCAP:
            piece[12:16] = piece[8:12]
        elif draft.form == PCAPNG:
            piece[24:28] = piece[20:24]
    kind = rng.randrange(5)
    if kind == 1:
        rng.shuffle(pieces)
    elif kind == 2 and pieces:
        pieces.pop(rng.randrange(len(pieces)))
    elif kind == 3:
        pieces = pieces + pieces
    elif kind == 4:
        pieces.reverse()
    draft.units[number : number + 1] = pieces


def repeat_units(draft: Draft) -> None:
    """Repeat, drop or exchange units."""
    number = draft.one()
    if number < 0:
        return
    kind = draft.rng.randrange(4)
    if kind == 0:
        draft.units[number:number] = [bytearray(draft.units[number]) for _ in range(draft.rng.choice((1, 2, 30)))]
    elif kind == 1:
        del draft.units[number]
    elif kind == 2:
        draft.rng.shuffle(draft.units)
    else:
        draft.units.reverse()


def splice(draft: Draft) -> None:
    """Take units of another capture, or its packets behind this one's link header."""
    other = draft.rng.choice(draft.others)
    number = draft.one()
    if other.form == draft.form:
        taken = [bytearray(unit) for unit in other.units[: draft.rng.randrange(1, 8)]]
        at = max(number, 0)
        draft.units[at:at] = taken
    else:
        draft.units.append(bytearray(other.data[: draft.rng.randrange(2000)]))


def times(draft: Draft) -> None:
    """Let the clock jump."""
    for _ in range(3):
        number = draft.packet()
        if number >= 0:
            _overwrite(
                draft.rng,
                draft.units[number],
                draft.rng.choice((0, 4) if draft.form == PCAP else (12, 16)),
                4,
                draft.order,
            )


def cut_file(draft: Draft) -> None:
    """Cut the file off, or let zeros, noise or another capture follow."""
    rng, data = draft.rng, draft.made()
    kind = rng.randrange(6)
    if kind <= 2 and data:
        data = data[: rng.randrange(len(data))]
        draft.header, draft.units, draft.tail = bytearray(), [], data
    elif kind == 3:
        draft.tail += bytes(rng.choice((1, 4, 16, 1000, 60_000)))
    elif kind == 4:
        draft.tail += rng.randbytes(rng.choice((1, 8, 500)))
    else:
        draft.tail += rng.choice(draft.others).data


def container(draft: Draft) -> None:
    """Write the packets in a dialect of pcap, as snoop or as ERF; what comes after may damage that."""
    rng = draft.rng
    packets = [
        draft.captured(i) for i, unit in enumerate(draft.units) if len(unit) > draft.body and draft.form != OTHER
    ]
    if not packets:
        return
    order = rng.choice("<>")
    has_link = draft.form == PCAP and len(draft.header) >= 24
    link = struct.unpack_from(draft.order + "I", draft.header, 20)[0] & 0xFFFF if has_link else 1
    kind = rng.choice(("snoop", "ERF", *RECORD_TAILS))
    made = []
    for at, packet in enumerate(packets):
        if kind == "snoop":
            padded = packet + bytes(-len(packet) % 4)
            made.append(struct.pack(">6I", len(packet), len(packet), 24 + len(padded), 0, 1000 + at, 5) + padded)
        elif kind == "ERF":
            length = 16 + 2 + len(packet)
            head = struct.pack("<II", 0, 1000 + at) + struct.pack(
                ">BBHHH", 2, 4, length & 0xFFFF, 0, len(packet) & 0xFFFF
            )
            made.append(head + bytes(2) + packet)
        else:
            lengths = (len(packet) + rng.choice((0, 0, 4)), len(packet)) if kind == "old" else (len(packet),) * 2
            made.append(struct.pack(order + "4I", 1000 + at, 7, *lengths) + RECORD_TAILS[kind][1] + packet)
    head = b""
    if kind == "snoop":
        head = b"snoop\0\0\0" + struct.pack(">II", 2, rng.choice((4, 4, 0, 8, 26)))
    elif kind in RECORD_TAILS:
        version = rng.choice(((2, 2), (2, 3), (1, 2), (543, 0))) if kind == "old" else (2, 4)
        head = struct.pack(order + "IHHiIII", RECORD_TAILS[kind][0], *version, 0, 0, 65535, link)
        head += bytes(4) if kind == "Ixia" else b""
    draft.form, draft.header, draft.units = OTHER, bytearray(), [bytearray(head + b"".join(made))]


def container_of(base: Base, rng: Random) -> bytes:
    """A capture in one of these dialects."""
    draft = Draft(base, rng, [base])
    container(draft)
    return draft.made()


# By dialect: magic number, and what its records have between their lengths and the packet.
RECORD_TAILS = {
    "modified": (0xA1B2CD34, bytes.fromhex("00000001 0008 00 00")),
    "SuSE 6.3": (0xA1B2CD34, bytes.fromhex("00000001 0008 00 00 00000000")),
    "Red Hat 6.1": (0xA1B2C3D4, bytes.fromhex("00000001 0008 00 00")),
    "Nokia": (0xA1B2C3D4, bytes(4)),
    "Ixia": (0x1C0001AC, b""),
    "old": (0xA1B2C3D4, b""),
}
CHANGES: dict[Callable[[Draft], None], int] = {  # and how often each is chosen
    packet_fields: 30, wrap: 10, slice_packet: 8, move_bytes: 8, fragment: 6, unit_lengths: 10, file_header: 8,
    flip_bits: 8, repeat_units: 5, splice: 5, times: 3, cut_file: 6, container: 4,
}  # fmt: skip


def mutated(bases: list[Base], rng: Random) -> tuple[bytes, str]:
    """Return a damaged capture, and a line that says of what it was made.

    Parameters
    ----------
    bases : list of Base
        Captures to choose from.
    rng : Random
        Makes all choices.
    """
    base = rng.choice(bases)
    draft = Draft(base, rng, bases)
    changes = rng.choices(list(CHANGES), list(CHANGES.values()), k=rng.choice((1, 1, 2, 3, 5)))
    for change in changes:
        change(draft)
    data = draft.made()
    story = ", ".join(change.__name__ for change in changes)
    if rng.random() < 0.01:  # compressed, and perhaps damaged after that
        packed = bytearray(gzip.compress(data, 1, mtime=0))
        for _ in range(rng.randrange(3)):
            packed[rng.randrange(len(packed))] = rng.randrange(256)
        data, story = bytes(packed), story + ", gzip"
    return data, f"{base.name}: {story}"
