"""The columns of a frame that the compiled passes over segments read."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pcapframe.arrays import Array, fixed
from pcapframe.memory import new_column, stretches
from pcapframe.plain import PlainColumns, parts_of
from pcapframe.schema import SEGMENTS
from pcapframe.segments.state import SHORTEST_HEADER, Segments

__all__ = ["SegmentColumns"]

CUT_OFF = ("options_malformed", "payload_bytes")  # null where the header is not whole


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
        headers, nulls = self["tcp_header_bytes"], [parts_of(frame[name]).mask for name in CUT_OFF]
        hidden = new_column(headers.size, np.bool_)
        for rows in stretches(hidden.size):
            np.less(headers[rows], SHORTEST_HEADER, out=hidden[rows])
            for null in nulls:
                if null is not None:
                    hidden[rows] |= null[rows]
        self.hidden = fixed(hidden, np.bool_)

    def __getitem__(self, name: str) -> Array:
        """Return a whole column by its name in the frame."""
        return self._plain[name]

    def at(self, name: str, rows: slice | Array) -> Array:
        """Return some rows of a column, without a copy of the whole.

        Parameters
        ----------
        name : str
            As in the frame.
        rows : slice or ndarray of int
            Places in it.

        Returns
        -------
        ndarray
            One value per row.
        """
        return self._plain.at(name, rows)

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
