"""Make a capture for the benchmark: many TCP connections, interleaved in time, the same for the same seed.

The capture point stands near the clients. Every packet is valid, checksums included, and says what a real
sender would say: MSS, SACK-permitted, timestamps and window scale on the SYN, echoed timestamps, IP ids that
count up, SACK blocks on duplicate ACKs. Some segments are lost before the capture point, some after it; some
connections are refused, unanswered, half open, reset, or reuse an earlier one's ports.

Limits: at most one loss in a burst, nothing arrives out of order, and request and response never overlap.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

PACKETS_PER_CONNECTION = 60
SERVERS = 12
# Ports that no Wireshark dissector claims: the payload is letters, and tshark is timed on TCP alone.
SERVER_PORTS = np.array([20443, 20080, 25432, 28080])
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
PATTERN_BYTES = 1 << 20
WRITE_CHUNK = 1 << 16

Columns = dict[str, np.ndarray]

# Packets of a handshake or close: (from the client, flags, sequence and acknowledgement beyond the last data
# byte, time since the packet before). "rtt" is the connection's round-trip time, a number is in seconds.
Step = tuple[bool, int, int, int, str | float]
HANDSHAKES: dict[str, tuple[float, list[Step]]] = {
    "complete": (0.915, [(True, SYN, 0, 0, 0), (False, SYN | ACK, 0, 1, "rtt"), (True, ACK, 1, 1, 3e-5)]),
    "syn_repeated": (
        0.03,
        [
            (True, SYN, 0, 0, 0),
            (True, SYN, 0, 0, 1.0),
            (False, SYN | ACK, 0, 1, "rtt"),
            (True, ACK, 1, 1, 3e-5),
        ],
    ),
    "refused": (0.03, [(True, SYN, 0, 0, 0), (False, RST | ACK, 0, 1, "rtt")]),
    "unanswered": (
        0.02,
        [(True, SYN, 0, 0, 0), (True, SYN, 0, 0, 1.0), (True, SYN, 0, 0, 2.0), (True, SYN, 0, 0, 4.0)],
    ),
    "half_open": (
        0.005,
        [(True, SYN, 0, 0, 0), (False, SYN | ACK, 0, 1, "rtt"), (False, SYN | ACK, 0, 1, 1.0)],
    ),
}
CLOSES: dict[str, tuple[float, list[Step]]] = {
    "client_fin": (
        0.45,
        [(True, FIN | ACK, 1, 1, 0.01), (False, FIN | ACK, 1, 2, "rtt"), (True, ACK, 2, 2, 3e-5)],
    ),
    "server_fin": (
        0.35,
        [(False, FIN | ACK, 1, 1, 0.05), (True, FIN | ACK, 1, 2, 1e-4), (False, ACK, 2, 2, "rtt")],
    ),
    "client_reset": (0.05, [(True, RST | ACK, 1, 1, 0.02)]),
    "server_reset": (0.05, [(False, RST | ACK, 1, 1, 0.3)]),
    "fin_then_reset": (0.03, [(True, FIN | ACK, 1, 1, 0.01), (False, RST, 1, 0, "rtt")]),
    "open": (0.07, []),
}
ESTABLISHED = [0, 1]  # the first two handshakes


def positions(counts: np.ndarray) -> np.ndarray:
    """Give 0, 1, … count-1 for each count, one after the other."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def within(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sum the values before each row in its group; the rows of a group stand together."""
    before = np.cumsum(values) - values
    first = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else np.array([], int)
    return before - np.repeat(before[first], np.diff(np.r_[first, len(groups)]))


def draw_connections(rng: np.random.Generator, count: int, seconds: float) -> Columns:
    """Draw what stays the same for the whole of each connection."""
    client = rng.integers(0, max(1, count // 5), count)
    server = rng.integers(0, SERVERS, count)
    by_client = np.argsort(client, kind="stable")
    nth_of_client = np.empty(count, int)
    nth_of_client[by_client] = within(np.ones(count, int), client[by_client])
    port = 32768 + (client * 37 + nth_of_client * 7) % 28000
    version6 = rng.random(count) < 0.1
    # Some connections of the second half reuse all endpoints of one of the first.
    reuse = np.flatnonzero(rng.random(count) < 0.005)
    reuse = reuse[reuse >= (count + 1) // 2]
    for column in (client, server, port, version6):
        column[reuse] = column[reuse - (count + 1) // 2]
    timestamps = rng.random(count) < 0.9
    return {
        "start_us": np.sort(rng.integers(0, int(seconds * 1e6), count)),
        "client": client,
        "server": server,
        "port": port,
        "version6": version6,
        "timestamps": timestamps,
        "mss": np.where(version6, 1440, 1460) - np.where(timestamps, 12, 0),
        "rtt_us": (2_000 * (1 + server) * rng.lognormal(0, 0.2, count)).astype(int),
        "handshake": rng.choice(len(HANDSHAKES), count, p=[share for share, _ in HANDSHAKES.values()]),
        "close": rng.choice(len(CLOSES), count, p=[share for share, _ in CLOSES.values()]),
        "isn": rng.integers(0, 1 << 32, (count, 2)),
        "ip_id": rng.integers(0, 1 << 16, (count, 2)),
        "clock_ms": rng.integers(0, 1 << 32, (count, 2)),
    }


def draw_bursts(rng: np.random.Generator, connections: Columns, size: float) -> Columns:
    """Draw the data: in each round a request by the client, then a response by the server."""
    established = np.flatnonzero(np.isin(connections["handshake"], ESTABLISHED))
    rounds = 1 + rng.poisson(1.0, len(established))
    conn = np.repeat(established, 2 * rounds)
    number = positions(2 * rounds)
    from_client = number % 2 == 0
    segments = np.clip(rng.lognormal(np.log(size) - 0.72, 1.2, len(conn)), 1, 3000).astype(int)
    upload = rng.random(len(conn)) < 0.04
    segments[from_client & ~upload] = 1
    mss = connections["mss"][conn]
    last_payload = rng.integers(60, mss + 1)
    sent = (segments - 1) * mss + last_payload
    lost = rng.random(len(conn)) < 1 - (1 - 0.004) ** segments
    client_before = within(np.where(from_client, sent, 0), conn)
    server_before = within(np.where(from_client, 0, sent), conn)
    return {
        "conn": conn,
        "number": number,
        "from_client": from_client,
        "segments": segments,
        "sent": sent,
        "mss": mss,
        "first_byte": 1 + np.where(from_client, client_before, server_before),
        "peer_bytes": 1 + np.where(from_client, server_before, client_before),
        "lost": np.where(lost, rng.integers(0, segments), -1),
        "lost_unseen": rng.random(len(conn)) < 0.4,
        "think_us": (2_000 * rng.lognormal(0, 1, len(conn))).astype(int),
    }


def burst_packets(bursts: Columns, rtt_us: np.ndarray) -> list[Columns]:
    """Spread bursts into data packets, the receiver's ACKs, and what follows a loss.

    Up to four segments after the lost one each draw a duplicate ACK with a SACK block; then it is resent,
    after a round trip or, with fewer than three duplicates, after a timeout.
    """
    segments, lost = bursts["segments"], bursts["lost"]
    hole_end = np.where(lost >= 0, np.minimum(lost + 4, segments - 1), -1)

    def rows(burst: np.ndarray, index: np.ndarray, step: int, **columns: np.ndarray) -> Columns:
        names = ("conn", "number", "from_client")
        base = {name: bursts[name][burst] for name in names}
        nothing = np.zeros(len(burst), int)
        base |= {"step": 4 * index + step, "payload": nothing, "left": nothing, "right": nothing}
        return base | {"flags": np.full(len(burst), ACK), "delivered": np.ones(len(burst), bool)} | columns

    def edge(burst: np.ndarray, index: np.ndarray) -> np.ndarray:
        """Give the sequence number where a segment of the burst starts; past the last, where it ends."""
        return bursts["first_byte"][burst] + np.minimum(index * bursts["mss"][burst], bursts["sent"][burst])

    burst = np.repeat(np.arange(len(segments)), segments)
    index = positions(segments)
    in_hole = (lost[burst] >= 0) & (index > lost[burst]) & (index <= hole_end[burst])
    is_lost = lost[burst] == index
    last = index == segments[burst] - 1
    rtt = rtt_us[bursts["conn"]]
    first_gap = bursts["think_us"] + np.where(bursts["from_client"], 0, rtt)
    data = rows(
        burst,
        index,
        0,
        seq=edge(burst, index),
        ack=bursts["peer_bytes"][burst],
        payload=edge(burst, index + 1) - edge(burst, index),
        flags=np.where(last, PSH | ACK, ACK),
        gap_us=np.where(index == 0, first_gap[burst], np.where(index % 10 == 0, rtt[burst], 12)),
        delivered=~is_lost & ~in_hole,
    )
    data = {name: values[~(is_lost & bursts["lost_unseen"][burst])] for name, values in data.items()}

    # A request of one segment is acknowledged by its response.
    every_second = ((index % 2 == 1) | last) & ~((segments == 1) & bursts["from_client"])[burst]
    acked = (every_second & ~is_lost) | in_hole
    burst, index, in_hole = burst[acked], index[acked], in_hole[acked]
    hole = lost[burst]
    acks = rows(
        burst,
        index,
        1,
        from_client=~bursts["from_client"][burst],
        seq=bursts["peer_bytes"][burst],
        ack=np.where(in_hole, edge(burst, hole), edge(burst, index + 1)),
        left=np.where(in_hole, edge(burst, hole + 1), 0),
        right=np.where(in_hole, edge(burst, index + 1), 0),
        gap_us=np.where(bursts["from_client"][burst], rtt[burst], 15),
    )

    burst = np.flatnonzero(lost >= 0)
    hole, index = lost[burst], hole_end[burst]
    resent = rows(
        burst,
        index,
        2,
        seq=edge(burst, hole),
        ack=bursts["peer_bytes"][burst],
        payload=edge(burst, hole + 1) - edge(burst, hole),
        flags=np.where(hole == segments[burst] - 1, PSH | ACK, ACK),
        gap_us=np.where(index - hole >= 3, rtt[burst], 200_000 + 2 * rtt[burst]),
    )
    repaired = rows(
        burst,
        index,
        3,
        from_client=~bursts["from_client"][burst],
        seq=bursts["peer_bytes"][burst],
        ack=edge(burst, index + 1),
        gap_us=np.where(bursts["from_client"][burst], rtt[burst], 15),
    )
    return [data, acks, resent, repaired]


def step_packets(
    connections: Columns,
    conn: np.ndarray,
    steps: dict[str, tuple[float, list[Step]]],
    which: np.ndarray,
    number: int,
    sent: np.ndarray,
) -> Columns:
    """Spread handshakes or closes into packets; ``sent`` holds the bytes of (client, server) before them."""
    table = [step for _, packets in steps.values() for step in packets]
    counts = np.array([len(packets) for _, packets in steps.values()])
    row_conn = np.repeat(conn, counts[which])
    index = positions(counts[which])
    entry = np.repeat((np.cumsum(counts) - counts)[which], counts[which]) + index
    from_client, flags, seq, ack = (np.array([step[k] for step in table])[entry] for k in range(4))
    fixed_gap = np.array([-1.0 if step[4] == "rtt" else float(step[4]) for step in table])[entry]
    side = np.where(from_client, 0, 1)
    nothing = np.zeros(len(row_conn), int)
    return {
        "conn": row_conn,
        "number": np.full(len(row_conn), number),
        "from_client": from_client,
        "step": index,
        "flags": flags,
        "seq": seq + sent[row_conn, side],
        "ack": np.where(flags & ACK, ack + sent[row_conn, 1 - side], 0),
        "payload": nothing,
        "left": nothing,
        "right": nothing,
        "gap_us": np.where(fixed_gap < 0, connections["rtt_us"][row_conn], fixed_gap * 1e6).astype(int),
        "delivered": np.ones(len(row_conn), bool),
    }


def draw_packets(rng: np.random.Generator, connections: Columns, size: float) -> Columns:
    """Draw all packets, connection by connection, with the columns that do not depend on time."""
    bursts = draw_bursts(rng, connections, size)
    count = len(connections["client"])
    nothing = np.zeros((count, 2), int)
    sent = nothing.copy()
    np.add.at(sent, (bursts["conn"], np.where(bursts["from_client"], 0, 1)), bursts["sent"])
    established = np.flatnonzero(np.isin(connections["handshake"], ESTABLISHED))
    everyone = np.arange(count)
    parts = [
        step_packets(connections, everyone, HANDSHAKES, connections["handshake"], -1, nothing),
        *burst_packets(bursts, connections["rtt_us"]),
        step_packets(connections, established, CLOSES, connections["close"][established], 1 << 30, sent),
    ]
    packets = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((packets["step"], packets["number"], packets["conn"]))
    return {name: values[order] for name, values in packets.items()}


def fill_packets(packets: Columns, connections: Columns) -> None:
    """Add times, absolute sequence numbers, IP ids and timestamp options, in connection order."""
    conn, from_client = packets["conn"], packets["from_client"]
    side = np.where(from_client, 0, 1)
    rows = np.arange(len(conn))
    first = rows - within(np.ones(len(conn), int), conn)
    gap = packets.pop("gap_us")
    packets["time_us"] = connections["start_us"][conn] + within(gap, conn) + gap
    isn, peer_isn = connections["isn"][conn, side], connections["isn"][conn, 1 - side]
    has_ack = (packets["flags"] & ACK) > 0
    packets["seq"] += isn
    packets["ack"] = np.where(has_ack, packets["ack"] + peer_isn, 0)
    for name in ("left", "right"):
        packets[name] = np.where(packets[name] > 0, packets[name] + peer_isn, 0)

    nth = np.where(from_client, within(from_client * 1, conn), within(~from_client * 1, conn))
    # As Linux does: its SYN-ACK and RST belong to no socket yet and carry 0.
    no_id = ((packets["flags"] & RST) > 0) | ((packets["flags"] & (SYN | ACK)) == (SYN | ACK))
    packets["ip_id"] = np.where(no_id, 0, connections["ip_id"][conn, side] + nth)

    packets["tsval"] = (connections["clock_ms"][conn, side] + packets["time_us"] // 1000) % (1 << 32)
    packets["tsecr"] = np.zeros(len(conn), int)
    for client in (True, False):
        # A receiver echoes the last timestamp that came in order.
        heard = np.maximum.accumulate(np.where((from_client != client) & packets["delivered"], rows, -1))
        echo = (from_client == client) & (heard >= first)
        packets["tsecr"][echo] = packets["tsval"][heard[echo]]


def put(headers: np.ndarray, offset: int, values: np.ndarray | int, width: int) -> None:
    """Write big-endian integers into a column of header bytes."""
    numbers = np.broadcast_to(np.asarray(values) % (1 << 8 * width), len(headers))
    headers[:, offset : offset + width] = numbers.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - width :]


def folded(words: np.ndarray) -> np.ndarray:
    """Turn sums of 16-bit words into Internet checksums."""
    for _ in range(3):
        words = (words & 0xFFFF) + (words >> 16)
    return ~words & 0xFFFF


def word_sums(headers: np.ndarray) -> np.ndarray:
    """Sum each row's bytes as 16-bit big-endian words."""
    return headers[:, ::2].sum(1, dtype=np.int64) * 256 + headers[:, 1::2].sum(1, dtype=np.int64)


@dataclass
class Payload:
    """The bytes of every stream: a pattern of letters, so that a resent segment carries the same bytes."""

    pattern: np.ndarray
    even: np.ndarray
    odd: np.ndarray

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Payload":
        """Draw the pattern and the running sums from which checksums follow."""
        pattern = rng.integers(ord("a"), ord("z") + 1, PATTERN_BYTES + 2048).astype(np.uint8)
        even, odd = pattern.astype(np.int64), pattern.astype(np.int64)
        even[1::2] = 0
        odd[::2] = 0
        return cls(pattern, np.r_[0, np.cumsum(even)], np.r_[0, np.cumsum(odd)])

    def word_sums(self, start: np.ndarray, length: np.ndarray) -> np.ndarray:
        """Sum each slice as 16-bit big-endian words."""
        even = self.even[start + length] - self.even[start]
        odd = self.odd[start + length] - self.odd[start]
        return np.where(start % 2 == 0, 256 * even + odd, 256 * odd + even)


def address(kind: str, number: np.ndarray, version6: bool) -> np.ndarray:
    """Give address bytes from the ranges set aside for benchmarks and documentation."""
    if version6:
        prefix = bytes.fromhex("20010db8" + ("00010000" if kind == "client" else "00020000")) + bytes(4)
    else:
        prefix = b""
        number = number + (0xC6120001 if kind == "client" else 0xC0000201)  # 198.18.0.1, 192.0.2.1
    out = np.zeros((len(number), len(prefix) + 4), np.uint8)
    out[:, : len(prefix)] = np.frombuffer(prefix, np.uint8)
    put(out, len(prefix), number + version6, 4)
    return out


def options(packets: Columns, kind: str) -> np.ndarray:
    """Build the TCP options of packets that carry the same kinds."""
    layouts = {
        "": "",
        "ts": "0101 080a 00000000 00000000",
        "ts+sack": "0101 080a 00000000 00000000 0101 050a 00000000 00000000",
        "sack": "0101 050a 00000000 00000000",
        "syn": "0204 0000 01 030307 0101 0402",
        "syn+ts": "0204 0000 0402 080a 00000000 00000000 01 030307",
    }
    layout = np.frombuffer(bytes.fromhex(layouts[kind]), np.uint8)
    out = np.tile(layout, (len(packets["conn"]), 1))
    if kind.startswith("syn"):
        put(out, 2, np.where(packets["version6"], 1440, 1460), 2)
    if "ts" in kind:
        at = 8 if kind == "syn+ts" else 4
        put(out, at, packets["tsval"], 4)
        put(out, at + 4, packets["tsecr"], 4)
    if "sack" in kind:
        put(out, len(layout) - 8, packets["left"], 4)
        put(out, len(layout) - 4, packets["right"], 4)
    return out


def headers(packets: Columns, kind: str, version6: bool, payload: Payload) -> np.ndarray:
    """Build record, Ethernet, IP and TCP headers of packets that share one layout."""
    extra = options(packets, kind)
    ip_bytes = 40 if version6 else 20
    tcp_bytes = 20 + extra.shape[1]
    out = np.zeros((len(extra), 16 + 14 + ip_bytes + tcp_bytes), np.uint8)
    from_client = packets["from_client"]
    for offset, values in enumerate((packets["time_us"] // 1_000_000 + 1_700_000_000, packets["time_us"] % 1_000_000)):
        put(out, 4 * offset, values, 4)
    for offset in (8, 12):
        put(out, offset, 14 + ip_bytes + tcp_bytes + packets["payload"], 4)

    ethernet, ip, tcp = out[:, 16:30], out[:, 30 : 30 + ip_bytes], out[:, 30 + ip_bytes :]
    put(ethernet, 0, np.where(from_client, 0x020000000001, 0x020000000002), 6)
    put(ethernet, 6, np.where(from_client, 0x020000000002, 0x020000000001), 6)
    put(ethernet, 12, 0x86DD if version6 else 0x0800, 2)

    client = address("client", packets["client"], version6)
    server = address("server", packets["server"], version6)
    half = client.shape[1]
    ip[:, -2 * half : -half] = np.where(from_client[:, None], client, server)
    ip[:, -half:] = np.where(from_client[:, None], server, client)
    hops = np.where(from_client, 64, 64 - packets["server"])
    if version6:
        put(ip, 0, 0x60000000, 4)
        put(ip, 4, tcp_bytes + packets["payload"], 2)
        put(ip, 6, 6, 1)
        put(ip, 7, hops, 1)
    else:
        put(ip, 0, 0x4500, 2)
        put(ip, 2, ip_bytes + tcp_bytes + packets["payload"], 2)
        put(ip, 4, packets["ip_id"], 2)
        put(ip, 6, 0x4000, 2)
        put(ip, 8, hops, 1)
        put(ip, 9, 6, 1)
        put(ip, 10, folded(word_sums(ip)), 2)

    server_port = SERVER_PORTS[packets["server"] % len(SERVER_PORTS)]
    put(tcp, 0, np.where(from_client, packets["port"], server_port), 2)
    put(tcp, 2, np.where(from_client, server_port, packets["port"]), 2)
    put(tcp, 4, packets["seq"], 4)
    put(tcp, 8, packets["ack"], 4)
    put(tcp, 12, tcp_bytes // 4 << 4, 1)
    put(tcp, 13, packets["flags"], 1)
    window = np.where((packets["flags"] & SYN) > 0, 64240, 501)
    put(tcp, 14, np.where((packets["flags"] & RST) > 0, 0, window), 2)
    tcp[:, 20:] = extra
    pseudo = word_sums(ip[:, -2 * half :]) + 6 + tcp_bytes + packets["payload"]
    data = payload.word_sums(packets["pattern"], packets["payload"])
    put(tcp, 16, folded(pseudo + word_sums(tcp) + data), 2)
    return out


def records(packets: Columns, payload: Payload) -> np.ndarray:
    """Build the pcap records of packets in file order, as one array of bytes."""
    syn = (packets["flags"] & SYN) > 0
    reset = (packets["flags"] & RST) > 0
    timestamps = packets["timestamps"] & ~reset
    sack = packets["left"] > 0
    kinds = np.array(["", "ts", "sack", "ts+sack", "syn", "syn+ts"])
    kind = np.where(syn, 4, np.where(sack, 2, 0)) + timestamps
    header_bytes = 50 + np.array([0, 12, 12, 24, 12, 20])[kind] + np.where(packets["version6"], 40, 20)
    ends = np.cumsum(header_bytes + packets["payload"])
    starts = ends - header_bytes - packets["payload"]
    out = np.zeros(ends[-1], np.uint8)

    for layout in np.unique(kind * 2 + packets["version6"]):
        chosen = np.flatnonzero(kind * 2 + packets["version6"] == layout)
        rows = {name: values[chosen] for name, values in packets.items()}
        made = headers(rows, str(kinds[layout // 2]), bool(layout % 2), payload)
        sliding_window_view(out, made.shape[1], writeable=True)[starts[chosen]] = made

    for length in np.unique(packets["payload"][packets["payload"] > 0]):
        chosen = np.flatnonzero(packets["payload"] == length)
        data = sliding_window_view(payload.pattern, length)[packets["pattern"][chosen]]
        sliding_window_view(out, length, writeable=True)[ends[chosen] - length] = data
    return out


def make_capture(path: Path, *, packets: int = 1_200_000, seed: int = 1) -> None:
    """Write a capture of exactly ``packets`` packets; it stops while the last connections are still open."""
    rng = np.random.default_rng(seed)
    count = max(1, packets // PACKETS_PER_CONNECTION)
    connections = draw_connections(rng, count, seconds=max(60, packets / 4000))
    table: Columns = {"conn": np.empty(0)}
    size = 18.0
    while not packets <= len(table["conn"]) <= 1.01 * packets:
        # The same draws each time, so that the number of packets follows the size.
        table = draw_packets(np.random.default_rng([seed, count]), connections, size)
        size *= 1.005 * packets / len(table["conn"])
    fill_packets(table, connections)
    order = np.argsort(table["time_us"], kind="stable")[:packets]
    table = {name: values[order] for name, values in table.items()}

    payload = Payload.draw(rng)
    shared = ("client", "server", "port", "version6", "timestamps")
    header = np.array([0xA1B2C3D4, 2 << 16 | 4, 0, 0, 262144, 1], ">u4")
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(header.tobytes())
        for start in range(0, packets, WRITE_CHUNK):
            rows = {name: values[start : start + WRITE_CHUNK] for name, values in table.items()}
            rows |= {name: connections[name][rows["conn"]] for name in shared}
            side = np.where(rows["from_client"], 0, 1)
            relative = rows["seq"] - connections["isn"][rows["conn"], side]
            rows["pattern"] = (relative + rows["conn"] * 8191 + side * 4099) % PATTERN_BYTES
            file.write(records(rows, payload).data)
    unfinished.rename(path)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--packets", type=int, default=1_200_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    make_capture(arguments.path, packets=arguments.packets, seed=arguments.seed)


if __name__ == "__main__":
    main()
