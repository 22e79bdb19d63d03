"""Read one capture: from its bytes to rows of ``PacketColumns`` and facts about the file."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pcapframe.capture import pcap, pcapng
from pcapframe.capture.buffer import Buffer
from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.facts import CaptureFacts, shortened
from pcapframe.capture.link_types import link_name
from pcapframe.capture.records import BATCH_RECORDS, new_batch
from pcapframe.capture.source import CaptureStream
from pcapframe.errors import CaptureFormatError
from pcapframe.memory import bytes_to_read

__all__ = ["Progress", "read_capture"]

TICK_BYTES = 1 << 21  # from one call of `progress` to the next, at least
SHARE_TO_EXPECT_BY = 0.02  # of a file, read before its number of packets is estimated

Progress = Callable[[int, int | None], object]
"""Called with how much of a file has been read and how long it is (None where unknown). [bytes]"""

KNOWN_OTHERS = {
    b"snoop\0\0\0": "a Solaris snoop file",
    b"GMBU": "a Microsoft Network Monitor file",
    b"RTSS": "a Microsoft Network Monitor file",
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a ZIP archive",
    b"%PDF": "a PDF document",
}


def read_capture(stream: CaptureStream, into: PacketColumns, progress: Progress) -> CaptureFacts:
    """Read a capture to its end, or to where it is damaged.

    Parameters
    ----------
    stream : CaptureStream
        The capture's bytes.
    into : PacketColumns
        Receives one row per packet.
    progress : callable
        Called with how much of the file has been read and how long it is. [bytes]

    Returns
    -------
    CaptureFacts
        What the file says of itself, and what could not be read.

    Raises
    ------
    CaptureFormatError
        The bytes do not begin as a pcap or pcapng capture does.
    """
    first_row = into.count
    next_tick = 0

    def tick() -> None:
        nonlocal next_tick
        done = buffer.offset
        if done < next_tick:
            return
        next_tick = done + TICK_BYTES
        if stream.size and not stream.compression and done > stream.size * SHARE_TO_EXPECT_BY:
            # Extrapolated from what was read; a record has at least 16 bytes.
            rows = (into.count - first_row) * stream.size // done
            into.expected_rows = first_row + min(rows, stream.size // 16)
        stream.give_back()  # the callback may take long, or write the file
        progress(stream.done() or 0, stream.size)

    buffer = Buffer(stream)
    try:
        facts = _read(stream, buffer, into, tick)
    finally:
        buffer.close()
    into.finish_capture()
    if stream.cut is not None and facts.truncated:
        facts.damage += f" ({stream.cut})"
    elif stream.cut is not None:
        facts.damaged(stream.cut, buffer.base + buffer.end)
    facts.packets = into.count - first_row
    facts.bytes = buffer.offset if facts.truncated else buffer.base + buffer.end
    if stream.size and not stream.compression and facts.bytes < stream.size and not facts.truncated:
        facts.damaged(f"the file ends here and had {stream.size} bytes before", facts.bytes)
    progress(stream.done() or 0, stream.size)
    return facts


def _read(stream: CaptureStream, buffer: Buffer, into: PacketColumns, tick: Callable[[], None]) -> CaptureFacts:
    """Read a capture of either format."""
    buffer.need(pcap.HEADER_BYTES)
    magic = buffer.peek(4)
    if magic not in pcap.MAGICS and magic != pcapng.SECTION_MAGIC:
        raise CaptureFormatError(stream.name, _not_a_capture(stream, buffer), 0)
    try:
        return (_read_pcap if magic in pcap.MAGICS else _read_pcapng)(stream, buffer, into, tick)
    except CaptureFormatError as error:
        if stream.cut is None:
            raise
        raise CaptureFormatError(stream.name, f"{error.problem} ({stream.cut})", error.offset) from None


def _decode(stream: CaptureStream, buffer: Buffer, into: PacketColumns, batch: Any, count: int) -> None:
    """Add rows, as long as they take no more memory than is allowed."""
    into.decode(buffer.bytes, buffer.base, batch, count)
    if stream.claim is not None:
        stream.claim(bytes_to_read(into.nbytes), into.count)


def _not_a_capture(stream: CaptureStream, buffer: Buffer) -> str:
    """Describe what is there instead of a capture."""
    head = buffer.peek(8)
    if stream.cut is not None:
        return f"{stream.cut}, before any capture began in it"
    if not head:
        return "is empty, expected a pcap or pcapng capture"
    if len(head) < 4:
        return f"has {len(head)} bytes, expected a pcap or pcapng capture"
    for start, what in KNOWN_OTHERS.items():
        if head.startswith(start):
            return f"is {what}, expected a pcap or pcapng capture"
    return f"is not a capture: begins with {head[:4].hex(' ')}, expected the magic number of pcap or pcapng"


def _read_pcap(stream: CaptureStream, buffer: Buffer, into: PacketColumns, tick: Callable[[], None]) -> CaptureFacts:
    """Read the rest of a pcap capture."""
    if not buffer.need(pcap.HEADER_BYTES):
        raise CaptureFormatError(stream.name, f"cut off in the pcap header, {buffer.unread} of 24 bytes are there", 0)
    header = pcap.parse_header(buffer.peek(pcap.HEADER_BYTES))
    resolution = "nanoseconds" if header.unit_ns == 1 else "microseconds"
    facts = CaptureFacts(stream.name, f"pcap ({resolution})", stream.compression)
    facts.link_types, facts.snaplen = [header.link_type], header.snaplen or None
    buffer.start += pcap.HEADER_BYTES
    longest = pcap.longest_packet(header.link_type)
    batch = new_batch()
    while True:
        count, at, why = pcap.walk(
            buffer.bytes, buffer.start, buffer.end, header.big_endian, header.unit_ns, header.link_type, longest, batch
        )
        if count:
            _decode(stream, buffer, into, batch, count)
        buffer.start = at
        if why == pcap.TOO_LONG:
            length = int.from_bytes(buffer.peek(12)[8:], "big" if header.big_endian else "little")
            facts.damaged(f"a record claims {length} captured bytes, expected at most {longest}", buffer.offset)
            break
        if count < BATCH_RECORDS:
            if buffer.at_end:
                break
            tick()
            buffer.fill()
    if buffer.unread and not facts.truncated:
        facts.damaged(_cut_record(buffer, header.big_endian), buffer.offset)
    return facts


def _cut_record(buffer: Buffer, big_endian: bool) -> str:
    """Say what is missing of the last record."""
    if buffer.unread < pcap.RECORD_HEADER_BYTES:
        return f"cut off in a record header, {buffer.unread} of 16 bytes are there"
    length = int.from_bytes(buffer.peek(12)[8:], "big" if big_endian else "little")
    return f"cut off in a record, {buffer.unread - 16} of {length} captured bytes are there"


def _read_pcapng(stream: CaptureStream, buffer: Buffer, into: PacketColumns, tick: Callable[[], None]) -> CaptureFacts:
    """Read the rest of a pcapng capture."""
    facts = CaptureFacts(stream.name, "pcapng", stream.compression)
    first_row = into.count
    walked = pcapng.new_walked()
    batch = new_batch()
    names: dict[tuple[int, int], str] = {}
    while True:
        first_frame = into.count - first_row + 1
        count, at, why = pcapng.walk(
            buffer.bytes, buffer.start, buffer.end, walked, into.interfaces, first_frame, batch
        )
        if count:
            _decode(stream, buffer, into, batch, count)
        for kind, subject, place, length in walked.texts[: walked.numbers[pcapng.TEXTS]].tolist():
            text = buffer.bytes[place : place + length].tobytes()
            if kind == pcapng.COMMENT:
                facts.keep_comment(None if subject < 0 else subject, text)
            else:
                names[subject, kind] = shortened(text)
        buffer.start = at
        if why == pcapng.NEED_ROOM:
            walked = pcapng.with_interface_room(walked)
        elif why != pcapng.NEED_MORE:
            if walked.numbers[pcapng.IN_SECTION]:
                facts.damaged(_bad_block(buffer, walked, why), buffer.offset)
            break
        elif count < BATCH_RECORDS:
            if buffer.at_end:
                break
            tick()
            buffer.fill()
    if not walked.numbers[pcapng.IN_SECTION]:
        raise CaptureFormatError(stream.name, "cut off in the pcapng section header, or its length is not possible", 0)
    if buffer.unread and not facts.truncated:
        facts.damaged(f"cut off in a pcapng block, {buffer.unread} bytes of it are there", buffer.offset)
    facts.link_types = pcapng.link_types(walked)
    facts.snaplen = int(walked.numbers[pcapng.SNAPLEN]) or None
    facts.comments_total = int(walked.numbers[pcapng.COMMENTS])
    facts.interfaces_total = pcapng.interfaces_so_far(walked)
    facts.interfaces = _interfaces(walked, facts.interfaces_total, names)
    into.interfaces += facts.interfaces_total
    return facts


def _bad_block(buffer: Buffer, walked: pcapng.Walked, why: int) -> str:
    """Say what is wrong with the block that comes next."""
    if why == pcapng.BAD_CLAIM:
        length, least = pcapng.claimed_length(walked, buffer.peek(12))
        return f"a block claims {length} bytes, expected {least} to {pcapng.LARGEST_BLOCK}"
    return f"{pcapng.PROBLEMS[why]}, expected a whole pcapng block"


def _interfaces(walked: pcapng.Walked, total: int, names: dict[tuple[int, int], str]) -> list[dict[str, Any]]:
    """Return what the file says of its first interfaces."""
    kept = walked.kept[: min(total, pcapng.MOST_INTERFACES)]
    counters = kept[:, pcapng.KEPT_COUNTER : pcapng.HAS_COUNTER].astype(np.uint64).tolist()
    return [
        {
            "name": names.get((number, pcapng.NAME), ""),
            "description": names.get((number, pcapng.DESCRIPTION), ""),
            "link_type": link_name(link_type),
            "link_type_number": link_type,
            "snaplen": snaplen or None,
            "received": counters[number][0] if has_received else None,
            "dropped": counters[number][1] if has_dropped else None,
        }
        for number, (link_type, snaplen, _, _, has_received, has_dropped) in enumerate(kept.tolist())
    ]
