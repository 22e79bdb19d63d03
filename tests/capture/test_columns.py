"""The columns while they fill: what they take of memory."""

import numpy as np

from pcapframe.capture import reader
from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.decoding import DTYPES
from pcapframe.capture.source import open_capture
from pcapframe.capture.strips import Strip
from tests.builders import packet, pcap


def test_bytes_held_grow_with_packets_addresses_sack_blocks_and_fragments() -> None:
    def held(frames: list[bytes]) -> int:
        columns = PacketColumns()
        seen: list[int] = []
        decode = columns.decode

        def watched(strip: Strip) -> None:
            decode(strip)
            seen.append(columns.nbytes)

        columns.decode = watched  # type: ignore[method-assign]
        with open_capture(pcap(list(enumerate(frames, 1)))) as stream:
            reader.read_capture(stream, columns, lambda _done, _size: None)
        return seen[-1]

    row = sum(np.dtype(dtype).itemsize for dtype in DTYPES.values())
    empty, plain_frame, sacked = held([b""]), packet(), packet(flags="A", sack=[(1, 2), (3, 4)])
    assert held([b""] * 101) == empty + 100 * row
    assert held([plain_frame] * 10) == empty + 9 * row + 2 * 24
    assert held([sacked] * 10) == held([plain_frame] * 10) + 10 * 4 * 4
    piece = bytearray(packet(payload=64))
    piece[20:22] = b"\x20\x00"  # more fragments follow
    assert held([bytes(piece)] * 10) > held([plain_frame] * 10) + 10 * 64
