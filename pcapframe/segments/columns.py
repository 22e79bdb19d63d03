"""What the compiled passes over segments read, out of a frame."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pcapframe.measures import fixed
from pcapframe.segments.state import NO_LENGTH, Array, Segments

__all__ = ["SegmentColumns"]

# Field of Segments, column of the frame, type, and what stands for null. Made chunk by chunk, since they are wider
# than the columns they come from.
NULLABLE = (
    ("payload", "payload_bytes", np.int64, NO_LENGTH),
    ("scale", "window_scale", np.int16, -1),
    ("ip_id", "ip_id", np.int32, -1),
    ("tsval", "tsval", np.int64, -1),
    ("tsecr", "tsecr", np.int64, -1),
    ("sack_permitted", "sack_permitted", np.bool_, False),
)
PLAIN = ("time", "src", "dst", "src_port", "dst_port", "tcp_flags", "seq", "ack", "window", "header", "hidden")


class SegmentColumns:
    """Columns of segments, and chunks of them as the passes take them.

    Parameters
    ----------
    frame : mapping
        Columns of ``schema.PACKETS`` by name, TCP rows only: arrays where these cannot be null on segments.
    """

    def __init__(self, frame: Mapping[str, Any]) -> None:
        self.time = fixed(frame["time"].to_numpy("datetime64[ns]").view(np.int64), np.int64)
        self.src = fixed(frame["src"].cat.codes, np.int32)
        self.dst = fixed(frame["dst"].cat.codes, np.int32)
        self.src_port = fixed(frame["src_port"], np.uint16)
        self.dst_port = fixed(frame["dst_port"], np.uint16)
        self.tcp_flags = fixed(frame["tcp_flags"], np.uint16)
        self.seq = fixed(frame["seq"], np.uint32)
        self.ack = fixed(frame["ack"], np.uint32)
        self.window = fixed(frame["window"], np.uint16)
        self.header = fixed(frame["tcp_header_bytes"], np.uint8)
        # Wireshark's dissection ends before it shows what it found where the header is not there as a whole.
        cut = frame["options_malformed"].isna().to_numpy() | frame["payload_bytes"].isna().to_numpy()
        self.hidden = fixed(cut | (self.header < 20), np.bool_)
        sack = pa.chunked_array(frame["sack"].array.__arrow_array__())
        self._sack = sack.chunk(0) if sack.num_chunks == 1 else sack.combine_chunks()
        self._nullable = [(field, frame[name].array, dtype, null) for field, name, dtype, null in NULLABLE]

    def chunk(self, start: int, stop: int) -> Segments:
        """Return rows `start` to `stop`.

        Parameters
        ----------
        start, stop : int
            Places in the frame.

        Returns
        -------
        Segments
            For the passes.
        """
        plain = {name: getattr(self, name)[start:stop] for name in PLAIN}
        nullable = {
            field: fixed(array[start:stop].to_numpy(dtype=dtype, na_value=null), dtype)
            for field, array, dtype, null in self._nullable
        }
        sack_at, sack = self._sack_edges(start, stop)
        return Segments(**plain, **nullable, sack_at=sack_at, sack=sack)

    def _sack_edges(self, start: int, stop: int) -> tuple[Array, Array]:
        """Where the SACK edges of each row begin, and the edges."""
        lists = self._sack.slice(start, stop - start)
        edges = lists.flatten().to_numpy()
        sack_at = lists.offsets.to_numpy()
        if sack_at[-1] - sack_at[0] != edges.size:  # lists that are null may hold something all the same
            sack_at = np.cumsum(np.append(0, pc.fill_null(pc.list_value_length(lists), 0).to_numpy()))
        return fixed(sack_at - sack_at[0], np.int64), fixed(edges, np.uint32)
