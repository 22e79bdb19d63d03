"""The columns of a frame that the compiled passes over segments read."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pcapframe.arrays import Array, fixed
from pcapframe.plain import PlainColumns
from pcapframe.schema import SEGMENTS
from pcapframe.segments.state import SHORTEST_HEADER, Segments

__all__ = ["SegmentColumns"]


class SegmentColumns:
    """Columns of segments, and chunks of them for the passes.

    Parameters
    ----------
    frame : mapping
        Columns of ``schema.PACKETS`` by name, TCP rows only: arrays where these cannot be null on segments.

    Attributes
    ----------
    hidden : ndarray of bool
        Where Wireshark shows no analysis, since it stops dissecting if the header is not whole.
    """

    def __init__(self, frame: Mapping[str, Any]) -> None:
        self._plain = PlainColumns(frame, SEGMENTS, Segments._fields)
        cut = frame["options_malformed"].isna().to_numpy() | frame["payload_bytes"].isna().to_numpy()
        self.hidden = fixed(cut | (self["tcp_header_bytes"] < SHORTEST_HEADER), np.bool_)

    def __getitem__(self, name: str) -> Array:
        """Return a whole column by its name in the frame."""
        return self._plain[name]

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
        return Segments(**self._plain.chunk(start, stop), hidden=self.hidden[start:stop])
