"""Measure `analyze` on small files made to cost much: time, memory and the length of what is printed.

Each input is read in a process of its own. The bars hold for every file, whatever it says: 1 s and 3 us a packet (or a
block) of processor time, 600 MB of memory above the start (more where an input says why), 50,000 characters of
text; and from 50,000 packets (or blocks) on three times the processor time of as many ordinary packets, which is
measured in turn with it: the least of three times counts. The exit status is 1 if one is missed. A new kind of input is
one function with a row of ``INPUTS``.
"""

import argparse
import gzip
import json
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

BASE_S, UNIT_US, MOST_MB, MOST_CHARACTERS = 1.0, 3.0, 600, 50_000
SEGMENT_BYTES = 400  # of memory a segment, where two million alone take more than MOST_MB
MOST_TIMES, FEWEST_UNITS = 3.0, 50_000  # what ordinary packets take, and from how many on that is compared
WARMING = 50_000  # connections
TOUCHED_MB = 2_000  # of memory, and given back, before each measurement
RUNS = 3  # of each, taken in turn: single ones differ by half
CONNECTION_PACKETS = 50  # of an ordinary connection
NOW = 1_700_000_000
ROW = "{:34} {:>10} {:>8} {:>9} {:>7} {:>9} {:>7} {:>7} {:>8} {:>11}  {}"


class Input(NamedTuple):
    """A file, and what its time is compared with: its packets, unless blocks are many more."""

    data: bytes
    packets: int
    blocks: int = 0
    most_mb: int = MOST_MB

    @property
    def units(self) -> int:
        """How many packets or blocks there are, of which there are more."""
        return max(self.packets, self.blocks)


def pcap(frames: list[bytes], link_type: int = 1) -> bytes:
    """Return a pcap capture, one packet a second."""
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type)
    records = [struct.pack("<IIII", NOW + i, 0, len(one), len(one)) + one for i, one in enumerate(frames)]
    return header + b"".join(records)


def repeated(frame: bytes, count: int, columns: dict[int, np.ndarray], link_type: int = 1) -> bytes:
    """Return a pcap capture of `count` copies of a frame, with bytes of each copy replaced: values by place."""
    record = struct.pack("<IIII", NOW, 0, len(frame), len(frame)) + frame
    rows = np.tile(np.frombuffer(record, np.uint8), (count, 1))
    rows[:, 4:8] = (np.arange(count) % 1_000_000).astype("<u4").view(np.uint8).reshape(-1, 4)
    for place, values in columns.items():
        shown = values.astype(values.dtype.newbyteorder(">")).view(np.uint8).reshape(count, -1)
        rows[:, 16 + place : 16 + place + shown.shape[1]] = shown
    return pcap([], link_type) + rows.tobytes()


def tcp(flags: int = 0x10, options: bytes = b"", payload: bytes = b"") -> bytes:
    """Return an Ethernet frame of a TCP segment over IPv4."""
    length = 40 + len(options) + len(payload)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, length, 1, 0, 64, 6, 0, b"\xc0\0\2\1", b"\xc6\x33\x64\1")
    header = struct.pack(">HHIIBBHHH", 40000, 443, 1000, 2000, (20 + len(options)) << 2, flags, 8192, 0, 0)
    return bytes(12) + b"\x08\0" + ip + header + options + payload


def block(kind: int, body: bytes) -> bytes:
    """Return a block of pcapng."""
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def option(code: int, value: bytes) -> bytes:
    """Return an option of pcapng."""
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(options: bytes = b"") -> bytes:
    """Return a section header block."""
    return block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + options)


def interface(link_type: int = 1, options: bytes = b"") -> bytes:
    """Return an interface description block."""
    return block(1, struct.pack("<HHI", link_type, 0, 262144) + options)


def enhanced(frame: bytes, options: bytes = b"", number: int = 0) -> bytes:
    """Return an enhanced packet block."""
    ticks = NOW * 1_000_000
    start = struct.pack("<IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, start + frame + bytes(-len(frame) % 4) + options)


def ordinary(count: int) -> Input:
    """Return connections of `CONNECTION_PACKETS` packets: handshake, data and acknowledgements in turn, the end."""
    place = np.arange(count, dtype=np.uint32) % np.uint32(CONNECTION_PACKETS)
    connection = np.arange(count, dtype=np.uint32) // np.uint32(CONNECTION_PACKETS)
    sends = place % 2 == 0
    has_data = sends & (place > 3) & (place < CONNECTION_PACKETS - 2) | (place == 3)  # the server speaks first
    sent = np.where(place > 3, (place - 3) // 2, 0)  # segments before this one
    flags, last = np.full(count, 0x10, np.uint8), CONNECTION_PACKETS - 1
    for at, value in ((0, 0x02), (1, 0x12), (CONNECTION_PACKETS - 2, 0x11), (last, 0x11)):
        flags[place == at] = value
    seqs = np.where(sends, np.where(place, 1001 + 100 * sent, 1000), 5000 + (place > 1) + 100 * (place > 3))
    data = (CONNECTION_PACKETS - 5) // 2
    acks = np.where(
        sends, np.where(place, 5001 + 100 * (place > 3), 0), 1001 + 100 * np.minimum(sent, data) + (place == last)
    )
    return conversation(
        count,
        seqs.astype(np.uint32),
        acks.astype(np.uint32),
        sends,
        np.where(has_data, 100, 0).astype(np.uint16),
        others={
            26: np.uint32(10 << 24) + connection // np.uint32(60_000),
            34: (1024 + connection % np.uint32(60_000)).astype(np.uint16),
            47: flags,
        },
    )


def many_codes() -> Input:
    """More protocol codes than 16 bits count, and TCP behind them."""
    kinds = np.arange(0x10000, dtype=np.uint16)
    frame = bytes([0x0F, 0, 0, 0])
    data = repeated(frame, kinds.size, {2: kinds}, 104)
    raw = b"\x0f\0\x08\0" + tcp()[14:]
    record = struct.pack("<IIII", NOW + 1, 0, len(raw), len(raw)) + raw
    return Input(data + record * 140_000, kinds.size + 140_000)


def many_link_types() -> Input:
    """A link type for each interface, and a packet of each."""
    count = 65_000
    data = section() + b"".join(interface(number) for number in range(300, 300 + count))
    return Input(data + b"".join(enhanced(b"x", b"", number) for number in range(count)), count)


def empty_options() -> Input:
    """One packet with 33 million options."""
    return Input(gzip.compress(section() + interface() + enhanced(tcp(), option(2, b"") * 33_000_000), 1), 1)


def commented_packets() -> Input:
    """A comment on every packet."""
    count = 500_000
    return Input(section() + interface() + enhanced(tcp(), option(1, b"a comment")) * count, count)


def long_comments() -> Input:
    """Comments as long as they can be."""
    count = 4_000
    data = section() + interface() + enhanced(tcp(), option(1, b"<x>\x1b" * 16_000)) * count
    return Input(gzip.compress(data, 1), count)


def many_comments_of_one() -> Input:
    """Four million comments on one packet."""
    return Input(gzip.compress(section() + interface() + enhanced(tcp(), option(1, b"") * 4_000_000), 1), 1)


def blocks_of(name: str, one: bytes, count: int = 1_000_000) -> Callable[[], Input]:
    """Return what makes a million blocks of a kind, and a packet behind them."""

    def made() -> Input:
        return Input(section() + interface() + one * count + section() + interface() + enhanced(tcp()), 1, count)

    made.__doc__ = f"A million blocks: {name}."
    return made


def empty_packets() -> Input:
    """Records without a byte, which compress by 12,000 to one."""
    count = 4_194_304
    return Input(gzip.compress(pcap([]) + struct.pack("<IIII", NOW, 0, 0, 0) * count, 1), count)


def new_addresses() -> Input:
    """Two new IPv6 addresses a packet."""
    count = 300_000
    ip = struct.pack(">IHBB", 0x60000000, 20, 6, 64) + bytes(32)
    frame = bytes(12) + b"\x86\xdd" + ip + tcp()[34:]
    numbers = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return Input(repeated(frame, count, {22: numbers, 30: ~numbers, 38: numbers + np.uint64(1), 46: ~numbers}), count)


def new_fragments(offset: int = 0) -> Input:
    """Fragments of a million datagrams that are never complete; `offset` in units of eight bytes."""
    count = 1_000_000
    frame = bytearray(tcp(payload=bytes(4)))
    frame[20:22] = (0x2000 | offset).to_bytes(2, "big")
    number = np.arange(count, dtype=np.uint32)
    ids, hosts = number.astype(np.uint16), (number >> np.uint32(16)).astype(np.uint16)
    return Input(repeated(bytes(frame), count, {18: ids, 28: hosts}), count)


def far_fragments() -> Input:
    """Fragments at the end of the longest datagrams."""
    return new_fragments(0x1FFF)


def tags_at_every_depth() -> Input:
    """VLAN tags, from none to a hundred, then MPLS labels."""
    times, most = 10_000, 100
    tag, label, inner = b"\x81\0\0\x07", b"\0\1\0\x40", tcp()[14:]
    frames = [bytes(12) + depth * tag + b"\x08\0" + inner for depth in range(most)]
    frames += [bytes(12) + b"\x88\x47" + depth * label + b"\0\1\1\x40" + inner for depth in range(most)]
    capture = pcap(frames)
    return Input(capture[:24] + capture[24:] * (times // 2), most * times)


def deep_tunnels() -> Input:
    """IP in IP, 60 deep."""
    inner = tcp()[14:]
    for _ in range(60):
        start = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(inner), 1, 0, 64, 4, 0)
        inner = start + b"\xc0\0\2\1\xc6\x33\x64\1" + inner
    count = 100_000
    return Input(repeated(bytes(12) + b"\x08\0" + inner, count, {}), count)


def sack_blocks() -> Input:
    """SACK blocks in every segment."""
    count = 1_000_000
    return Input(repeated(tcp(options=b"\1\1\5\x22" + bytes(range(32))), count, {}), count)


def conversation(
    count: int,
    seqs: np.ndarray,
    acks: np.ndarray,
    sends: np.ndarray,
    lengths: np.ndarray,
    flags: int = 0x10,
    others: dict[int, np.ndarray] | None = None,
) -> Input:
    """Return segments of one connection, sent by one end where `sends` and by its peer elsewhere.

    `others` are further values by place, as for `repeated`: those of one end, which are turned for its peer's segments.
    """
    columns = {18: np.arange(count).astype(np.uint16), 38: seqs, 42: acks, 16: 40 + lengths}
    rows = repeated(tcp(flags), count, columns | (others or {}))
    frames = np.frombuffer(rows[24:], np.uint8).reshape(count, -1).copy()
    for first, second, size in ((26, 30, 4), (34, 36, 2)):  # addresses and ports of the peer's segments
        turned = frames[np.flatnonzero(~sends)]
        turned[:, [*range(16 + first, 16 + first + size), *range(16 + second, 16 + second + size)]] = turned[
            :, [*range(16 + second, 16 + second + size), *range(16 + first, 16 + first + size)]
        ]
        frames[~sends] = turned
    frames[:, 12:16] = (54 + lengths).astype("<u4").view(np.uint8).reshape(-1, 4)  # only headers were captured
    return Input(rows[:24] + frames.tobytes(), count)


def sack_holes() -> Input:
    """Bytes sent one by one with a hole before each, and SACK blocks of one byte each, never acknowledged."""
    count = 1_000_000
    number = np.arange(1, count + 1, dtype=np.uint32)
    sent = repeated(tcp(payload=b"x"), count, {38: 2 * number})[24:]
    ack = bytearray(tcp(options=b"\1\1\5\x1a" + bytes(24)))
    ack[26:34], ack[34:38] = ack[30:34] + ack[26:30], ack[36:38] + ack[34:36]
    blocks = {58 + 8 * k: np.where(number > k, 2 * (number - k), 2) for k in range(3)}
    edges = {place: values.astype(np.uint32) for place, values in blocks.items()}
    edges |= {place + 4: values + np.uint32(1) for place, values in edges.items()}
    answers = repeated(bytes(ack), count, {38: np.ones(count, np.uint32), 42: np.ones(count, np.uint32), **edges})[24:]
    pairs = [np.frombuffer(rows, np.uint8).reshape(count, -1) for rows in (sent, answers)]
    return Input(pcap([]) + np.hstack(pairs).tobytes(), 2 * count, most_mb=2 * count * SEGMENT_BYTES // 1_000_000)


def clock_jumps() -> Input:
    """Data and acknowledgements of which each was captured decades before or after the one before."""
    count = 1_000_000
    number = np.arange(count, dtype=np.uint32)
    made = conversation(
        count,
        np.where(number % 2 == 0, 1 + 50 * number, 1).astype(np.uint32),
        np.where(number % 2 == 0, 1, 1 + 50 * number).astype(np.uint32),
        number % 2 == 0,
        np.where(number % 2 == 0, 100, 0).astype(np.uint16),
    )
    rows = np.frombuffer(made.data[24:], np.uint8).reshape(count, -1).copy()
    rows[:, :4] = np.random.default_rng(1).integers(0, 1 << 32, count).astype("<u4").view(np.uint8).reshape(-1, 4)
    return made._replace(data=made.data[:24] + rows.tobytes())


def new_bases() -> Input:
    """SYN-ACKs with ever new numbers: each is another base for the unacknowledged segments."""
    count = 300_000
    number = np.arange(count, dtype=np.uint32)
    none = np.zeros(count, np.uint16)
    return conversation(count, number * np.uint32(1_000_003), number * np.uint32(0), none == 1, none, 0x12)


def creeping_acks() -> Input:
    """Acknowledgements that move byte by byte into thousands of overlapping segments."""
    count = 300_000
    number = np.arange(count, dtype=np.uint32)
    sends = number < 9_000
    seqs, acks = np.where(sends, 1 + number % 7, 1), np.where(sends, 1, number - 8_990)
    lengths = np.where(sends, 60_000, 0).astype(np.uint16)
    return conversation(count, seqs.astype(np.uint32), acks.astype(np.uint32), sends, lengths)


def renewed_ends() -> Input:
    """A highest segment far above thousands of others, acknowledged and sent anew."""
    count = 300_000
    number = np.arange(count, dtype=np.uint32)
    low = number < 9_000
    sends = low | (number % 2 == 0)
    top = (np.uint32(3 << 30) + number * np.uint32(11)).astype(np.uint32)
    seqs = np.where(low, 1000 + number, np.where(sends, top, 1)).astype(np.uint32)
    return conversation(
        count, seqs, np.where(sends, 1, top - 1).astype(np.uint32), sends, np.where(sends, 10, 0).astype(np.uint16)
    )


def near_the_end() -> Input:
    """Segments that come just below the end of a long list of unacknowledged ones."""
    count = 300_000
    number = np.arange(count, dtype=np.uint32)
    seqs = np.where(number < 9_000, 1 + 20 * number, 180_000 - (number - 9_000) % 100 - 3).astype(np.uint32)
    return conversation(count, seqs, np.ones(count, np.uint32), number >= 0, np.full(count, 10, np.uint16))


def shuffled() -> Input:
    """Segments in no order, never acknowledged."""
    count = 300_000
    seqs = (np.random.default_rng(3).permutation(count) * 10 + 1).astype(np.uint32)
    return conversation(count, seqs, np.ones(count, np.uint32), seqs > 0, np.full(count, 10, np.uint16))


def new_connections(count: int = 500_000, most_mb: int = MOST_MB) -> Input:
    """A connection for each packet."""
    number = np.arange(count, dtype=np.uint32)
    hosts = np.uint32(10 << 24) + number // np.uint32(60_000)
    ports = (1024 + number % 60_000).astype(np.uint16)
    return Input(repeated(tcp(2), count, {26: hosts, 34: ports, 38: number * np.uint32(7919)}), count, most_mb=most_mb)


def two_million_connections() -> Input:
    """Two million connections, whose rows alone take more memory than the bar of the others."""
    return new_connections(2_000_000, 3_000)


def colliding_ends() -> Input:
    """Addresses and ports that are alike in their low or high bits, in their sum and in their difference."""
    count = 500_000
    number = np.arange(count, dtype=np.uint32) // np.uint32(4)  # several packets a connection
    hosts, high = number << np.uint32(15), (number >> np.uint32(2) << np.uint32(8)).astype(np.uint16)
    return Input(repeated(tcp(0x10), count, {26: hosts, 30: ~hosts, 34: high, 36: ~high}), count)


def many_interfaces() -> Input:
    """A million interfaces, and a packet of each."""
    count = 1_000_000
    rows = np.tile(np.frombuffer(enhanced(tcp()), np.uint8), (count, 1))
    rows[:, 8:12] = np.arange(count, dtype="<u4").view(np.uint8).reshape(-1, 4)
    return Input(section() + interface() * count + rows.tobytes(), count)


INPUTS: dict[str, Callable[[], Input]] = {
    "protocol codes": many_codes,
    "link types": many_link_types,
    "pcapng options": empty_options,
    "comments, one a packet": commented_packets,
    "comments, long": long_comments,
    "comments, on one packet": many_comments_of_one,
    "interface blocks": blocks_of("interfaces", interface()),
    "interface blocks, named": blocks_of("named interfaces", interface(1, option(2, b"eth") + option(3, b"a tap"))),
    "interfaces, a packet of each": many_interfaces,
    "section blocks": blocks_of("sections", section()),
    "section blocks, commented": blocks_of("commented sections", section(option(1, b"again"))),
    "statistics blocks": blocks_of("statistics", block(5, struct.pack("<III", 0, 0, 0) + option(5, bytes(8)))),
    "name resolution blocks": blocks_of("name resolution", block(4, option(1, b"\xc0\0\2\1a\0"))),
    "empty packets": empty_packets,
    "addresses, new ones": new_addresses,
    "fragments, never complete": new_fragments,
    "fragments, never complete, far": far_fragments,
    "tags at every depth": tags_at_every_depth,
    "tunnels in tunnels": deep_tunnels,
    "SACK blocks": sack_blocks,
    "SACK holes, tiny": sack_holes,
    "clock jumps": clock_jumps,
    "SYN-ACKs with new numbers": new_bases,
    "acknowledgements that creep": creeping_acks,
    "ends renewed": renewed_ends,
    "insertions near the end": near_the_end,
    "segments in no order": shuffled,
    "connections, one a packet": new_connections,
    "connections, two million": two_million_connections,
    "ends that collide": colliding_ends,
}


def resident_kb(name: str) -> int:
    """Return a figure of this process from /proc, or its peak where there is none."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{name}:"))


def measure(path: str) -> dict[str, Any]:
    """Analyse a file in this process."""
    import pcapframe as pf

    warnings.simplefilter("ignore", pf.CaptureWarning)
    # Kernels are compiled or loaded before: those of ordinary captures, and those of very many connections.
    for source in (pf.example("clean.pcap"), pf.example("ipv6.pcapng"), new_connections(WARMING).data):
        str(pf.analyze(source, progress=False))
    # A virtual machine may lack memory that none used for long: to touch it first takes twenty times as long.
    np.ones(TOUCHED_MB << 20, np.uint8)
    before = resident_kb("VmRSS")
    if os.access("/proc/self/clear_refs", os.W_OK):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak so far is forgotten
    begin = time.process_time()
    analysis = pf.analyze(path, progress=False)
    text = str(analysis)
    return {
        "seconds": time.process_time() - begin,
        "mb": (resident_kb("VmHWM") - before) * 1024 / 1e6,
        "characters": len(text),
        "packets": len(analysis.packets),
    }


def report(name: str, made: Input, found: dict[str, Any], ordinary_s: float | None = None) -> bool:
    """Print the row of an input; return whether it keeps the bars.

    `ordinary_s` is the time of as many ordinary packets, where that is compared.
    """
    most_s = BASE_S + UNIT_US * 1e-6 * made.units
    times = found["seconds"] / ordinary_s if ordinary_s else None
    kept = bool(
        found["seconds"] <= most_s
        and (times is None or times <= MOST_TIMES)
        and found["mb"] <= made.most_mb
        and found["characters"] <= MOST_CHARACTERS
        and found["packets"] == made.packets
    )
    row = (
        name, f"{made.units:,}", f"{found['seconds']:.2f}", f"{1e6 * found['seconds'] / made.units:.2f}",
        f"{most_s:.2f}", "" if times is None else f"{times:.2f} x", f"{MOST_TIMES:.0f} x" if times else "",
        f"{found['mb']:.0f}", made.most_mb, f"{found['characters']:,}", "" if kept else "MISSED",
    )  # fmt: skip
    sys.stdout.write(ROW.format(*row) + "\n")
    sys.stdout.flush()
    return kept


def run(made: Input, path: Path) -> dict[str, Any]:
    """Analyse an input in a process of its own; raise RuntimeError with what it says where that fails."""
    path.write_bytes(made.data)
    command = [sys.executable, __file__, "--one", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compared(made: Input, path: Path) -> tuple[dict[str, Any], float]:
    """Measure an input and as many ordinary packets in turn; return what the fastest run found, and their time."""
    like = ordinary(made.units)
    runs: list[dict[str, Any]] = []
    ordinary_s: list[float] = []
    for _ in range(RUNS):
        ordinary_s.append(run(like, path)["seconds"])
        runs.append(run(made, path))
    return min(runs, key=lambda found: found["seconds"]) | {"mb": max(found["mb"] for found in runs)}, min(ordinary_s)


def main() -> None:
    """Measure the inputs, or those named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="*", metavar="INPUT", help="default: all of " + "; ".join(INPUTS))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(measure(options.one)))
        return
    head = ("input", "units", "s", "us/unit", "bar", "ordinary", "bar", "MB", "bar", "characters", "")
    sys.stdout.write(ROW.format(*head) + "\n")
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "capture")
        for name in options.inputs or INPUTS:
            made = INPUTS[name]()
            try:
                if made.units >= FEWEST_UNITS:
                    kept &= report(name, made, *compared(made, path))
                else:
                    kept &= report(name, made, run(made, path))
            except RuntimeError as error:
                sys.stdout.write(f"{name}: {error}\n")
                kept = False
    sys.exit(not kept)


if __name__ == "__main__":
    main()
