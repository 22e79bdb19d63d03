"""Make a capture of one long transfer with retransmissions: what a chart of one connection has to draw."""

import argparse
from pathlib import Path

import numpy as np

BEGAN_US = 1_700_000_000_000_000
STEP_US = 17  # from segment to segment
REPAIRED_US = 600  # a lost segment is sent again so much later
LOST = 500  # one segment of so many
SIZE = 1448
HEADERS = 14 + 20 + 32  # Ethernet, IPv4, TCP with timestamps; the payload was not kept
RECORD = np.dtype(
    [
        ("seconds", "<u4"), ("micros", "<u4"), ("kept", "<u4"), ("length", "<u4"),
        ("macs", "V12"), ("ethertype", ">u2"),
        ("version", "u1"), ("service", "u1"), ("total", ">u2"), ("id", ">u2"), ("fragment", ">u2"), ("ttl", "u1"),
        ("protocol", "u1"), ("checksum", ">u2"), ("source", ">u4"), ("destination", ">u4"),
        ("source_port", ">u2"), ("destination_port", ">u2"), ("seq", ">u4"), ("ack", ">u4"), ("offset", "u1"),
        ("flags", "u1"), ("window", ">u2"), ("tcp_checksum", ">u2"), ("urgent", ">u2"),
        ("padding", ">u2"), ("option", ">u2"), ("sent_at", ">u4"), ("echoed", ">u4"),
    ]
)  # fmt: skip
PCAP = np.array([0xA1B2C3D4, 0x00040002, 0, 0, HEADERS, 1], "<u4")
CLIENT, SERVER = (0xC0000201, 50_000), (0xC6336401, 443)
SYN, ACK = 0x02, 0x10


def make_transfer(path: Path, *, packets: int = 1_200_000) -> None:
    """Write a transfer: two segments for an ACK, every 500th segment twice.

    Parameters
    ----------
    path : Path
        Where to.
    packets : int
        About so many.
    """
    count = packets * 2 // 3
    number = np.arange(count)
    sent = number * STEP_US
    lost = number[LOST // 2 :: LOST]
    answered = number[1::2]
    parts = [
        ([-2_000], [0], [SYN], [0], [True]),
        ([-1_000], [0], [SYN | ACK], [1], [False]),
        ([-900], [1], [ACK], [1], [True]),
        (sent, 1 + number * SIZE, ACK, 1, True),
        (sent[lost] + REPAIRED_US, 1 + lost * SIZE, ACK, 1, True),
        (sent[answered] + 200, 1, ACK, 1 + SIZE * acknowledged(answered + 1, lost, sent), False),
    ]
    columns = [np.concatenate(one) for one in zip(*(np.broadcast_arrays(*part) for part in parts), strict=True)]
    order = np.argsort(columns[0], kind="stable")
    time, seq, flags, ack, is_client = (column[order] for column in columns)
    rows = np.zeros(time.size, RECORD)
    data = (flags == ACK) & is_client & (time >= 0)
    size = np.where(data, SIZE, 0)
    rows["seconds"], rows["micros"] = np.divmod(BEGAN_US + time, 1_000_000)
    rows["kept"], rows["length"] = HEADERS, HEADERS + size
    rows["ethertype"], rows["version"], rows["total"], rows["ttl"], rows["protocol"] = 0x0800, 0x45, 52 + size, 64, 6
    rows["id"] = np.arange(time.size)
    for name, own, other in zip(("", "_port"), CLIENT, SERVER, strict=True):
        rows[f"source{name}"] = np.where(is_client, own, other)
        rows[f"destination{name}"] = np.where(is_client, other, own)
    rows["seq"], rows["ack"], rows["flags"] = seq, np.where(flags == SYN, 0, ack), flags
    rows["offset"], rows["window"], rows["padding"], rows["option"] = 0x80, 65_000, 0x0101, 0x080A
    rows["sent_at"], rows["echoed"] = 1_000 + (time + 2_000) // 1_000, 1_000
    with path.open("wb") as file:
        file.write(PCAP.tobytes())
        file.write(rows.tobytes())


def main() -> None:
    """Read the command line and write the capture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--packets", type=int, default=1_200_000)
    arguments = parser.parse_args()
    make_transfer(arguments.path, packets=arguments.packets)


def acknowledged(upto: np.ndarray, lost: np.ndarray, sent: np.ndarray) -> np.ndarray:
    """Return how many segments an ACK covers: up to the first that is lost and not yet repaired."""
    waits = np.ceil(REPAIRED_US / STEP_US)
    before = lost[np.clip(np.searchsorted(lost, upto - waits), 0, lost.size - 1)]
    return np.where((before < upto) & (before >= upto - waits), before, upto)


if __name__ == "__main__":
    main()
