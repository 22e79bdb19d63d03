"""Write captures: headers of pcap and pcapng, and records with the bytes of another capture.

No bytes of a packet pass through Python: a batch of records is laid out as an array, then filled.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.jit import jit

__all__ = ["Described", "Layout", "Records", "copy_packets", "pcap_header", "pcapng_header", "records"]

Array = npt.NDArray[Any]

PCAP_MAGIC_NS, PCAPNG_PACKET = 0xA1B23C4D, 6
LONGEST_PACKET = 262144  # snaplen in the header, unless a packet is longer [bytes]
PCAP_RECORD = np.dtype([("s", "<u4"), ("ns", "<u4"), ("captured", "<u4"), ("wire", "<u4")])
PCAPNG_RECORD = np.dtype(
    [("kind", "<u4"), ("length", "<u4"), ("interface", "<u4"), ("high", "<u4"), ("low", "<u4"), ("captured", "<u4"),
     ("wire", "<u4")]
)  # fmt: skip


@dataclass(frozen=True)
class Described:
    """An interface, for an interface description block."""

    link_type: int
    snaplen: int = 0
    name: str = ""
    description: str = ""


class Records(NamedTuple):
    """Packets to write, in order: one value for each."""

    time_ns: Array  # int64
    captured: Array  # [bytes]
    wire: Array  # [bytes]
    interface: Array  # index in the interfaces described


class Layout(NamedTuple):
    """Laid-out records, with gaps for the packets' bytes."""

    data: Array  # uint8
    places: Array  # int64, where each packet's bytes go in `data`


def pcap_header(link_type: int, longest: int) -> bytes:
    """Header of a pcap capture with nanoseconds.

    Parameters
    ----------
    link_type : int
        As in the registry.
    longest : int
        Of the packets to come. [bytes]

    Returns
    -------
    bytes
        24 of them, little-endian.
    """
    return struct.pack("<IHHiIII", PCAP_MAGIC_NS, 2, 4, 0, 0, max(longest, LONGEST_PACKET), link_type)


def pcapng_header(interfaces: Sequence[Described], offset_s: int) -> bytes:
    """Section header and interfaces, with nanoseconds, of a pcapng capture.

    Parameters
    ----------
    interfaces : sequence of Described
        What the packets to come are of.
    offset_s : int
        Moment that time stamps count from, since 1970. [s]

    Returns
    -------
    bytes
        Whole blocks, little-endian.
    """
    section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
    blocks = [_block(0x0A0D0D0A, section + _options([(4, b"pcapframe")]))]
    for one in interfaces:
        texts = [(code, text.encode()) for code, text in ((2, one.name), (3, one.description)) if text]
        moment = [(14, struct.pack("<q", offset_s))] if offset_s else []
        described = struct.pack("<HHI", one.link_type, 0, one.snaplen)
        blocks.append(_block(1, described + _options([*texts, (9, b"\x09"), *moment])))
    return b"".join(blocks)


def _options(options: Sequence[tuple[int, bytes]]) -> bytes:
    written = [struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4) for code, value in options]
    return b"".join(written) + b"\0" * 4


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def record_bytes(captured: Array, *, pcapng: bool) -> Array:
    """Return the length of each record, in bytes.

    Parameters
    ----------
    captured : ndarray of int
        Length of each packet. [bytes]
    pcapng : bool
        As blocks of pcapng.

    Returns
    -------
    ndarray of int64
        One value per packet.
    """
    captured = captured.astype(np.int64)
    return (captured + 3) // 4 * 4 + PCAPNG_RECORD.itemsize + 4 if pcapng else captured + PCAP_RECORD.itemsize


def records(packets: Records, *, pcapng: bool, offset_s: int = 0) -> Layout:
    """Lay out records with gaps for the packets' bytes.

    Parameters
    ----------
    packets : Records
        What they are of.
    pcapng : bool
        Enhanced packet blocks of pcapng, not records of pcap.
    offset_s : int, default 0
        As in the header. [s]

    Returns
    -------
    Layout
        The bytes of all records, and where the packets' own go.
    """
    length = record_bytes(packets.captured, pcapng=pcapng)
    ends = np.cumsum(length)
    starts = ends - length
    data = np.zeros(int(ends[-1]) if ends.size else 0, np.uint8)
    header = np.empty(length.size, PCAPNG_RECORD if pcapng else PCAP_RECORD)
    header["captured"], header["wire"] = packets.captured, packets.wire
    if pcapng:
        ticks = (packets.time_ns - offset_s * 10**9).astype(np.uint64)
        header["kind"], header["length"], header["interface"] = PCAPNG_PACKET, length, packets.interface
        header["high"], header["low"] = ticks >> np.uint64(32), ticks & np.uint64(0xFFFFFFFF)
        trailer = header["length"].copy().view(np.uint8).reshape(-1, 4)
        data[(ends - 4)[:, None] + np.arange(4)] = trailer
    else:
        header["s"], header["ns"] = packets.time_ns // 10**9, packets.time_ns % 10**9
    data[starts[:, None] + np.arange(header.itemsize)] = header.view(np.uint8).reshape(-1, header.itemsize)
    return Layout(data, starts + header.itemsize)


@jit
def copy_packets(source: Any, begins: Any, lengths: Any, target: Any, places: Any) -> None:
    """Copy stretches of `source` to their places in `target`."""
    for i in range(begins.size):
        begin, length, place = begins[i], lengths[i], places[i]
        target[place : place + length] = source[begin : begin + length]
