"""What patterns, standouts and health need of all segments, beyond events and connections."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.arrays import Array
from pcapframe.events.witnesses import IDLE, RESET, SHOWN, SIDE_TOTAL
from pcapframe.measures import without_attrs

__all__ = ["EARLY", "REPEATED", "SHIFTED", "TABLES", "Floors", "Totals", "merge_totals"]

SHIFTED = np.dtype([("conn_id", np.int32), ("frame", np.int64), ("by", np.int64)], align=True)
EARLY = np.dtype([("conn_id", np.int32), ("frame", np.int64), ("late_s", np.float64)], align=True)
REPEATED = np.dtype(
    [("conn_id", np.int32), ("from_client", np.bool_), ("largest_bytes", np.int64)], align=True
)  # fmt: skip


@dataclass(frozen=True)
class Floors:
    """Thresholds below which totals have nothing: with lower ones they have to be made again.

    Parameters
    ----------
    idle_s : float, default 1.0
        Shortest idle time that is kept. [s]
    resends : int, default 3
        Fewest copies of a segment of which it is kept what arrived after it. [packets]
    """

    idle_s: float = 1.0
    resends: int = 3


@dataclass(frozen=True, eq=False)
class Totals:
    """What remains of the segments of whole connections that are no events.

    Totals of parts of a capture that hold whole connections each can be put together (`merge_totals`).

    Parameters
    ----------
    sides : ndarray of SIDE_TOTAL
        By side of each ``conn_id`` from 0: 2 * conn_id + 1 for the client, 2 * conn_id for the server.
    moved, back : ndarray of SHIFTED
        Segments that moved the right edge of their sender's window back [bytes], and those with a timestamp before an
        earlier one of their sender's [ticks].
    idle : ndarray of IDLE
        Packets after an idle time.
    resets : ndarray of RESET
        RSTs and the packets before them.
    copied : ndarray of SHOWN
        RSTs with identification and window of a packet of the other side's, far from the identifications of their own.
    repeated : ndarray of REPEATED
        Sides whose most retransmitted segment was sent often: the largest later segment of theirs that arrived.
    early : ndarray of EARLY
        Acknowledgements captured before what they acknowledge, and how late that was captured (NaN where unknown). [s]
    oversized : ndarray of SHOWN
        The first segments of each connection that are larger than one packet can be, copies too.
    delayed : ndarray of SHOWN
        Packets without payload that answer data with nothing else outstanding, as late as `BANDS` say.
    turns : DataFrame
        Columns of ``schema.TURNS`` of all connections.
    floors : Floors
        From where on idle times and repeated segments are here.
    """

    sides: Array
    moved: Array
    back: Array
    idle: Array
    resets: Array
    copied: Array
    repeated: Array
    early: Array
    oversized: Array
    delayed: Array
    turns: pd.DataFrame
    floors: Floors = Floors()

    @property
    def tables(self) -> dict[str, Array]:
        """All tables but sides and turns."""
        return {name: getattr(self, name) for name in TABLES}


TABLES: dict[str, Any] = {
    "moved": SHIFTED,
    "back": SHIFTED,
    "idle": IDLE,
    "resets": RESET,
    "copied": SHOWN,
    "repeated": REPEATED,
    "early": EARLY,
    "oversized": SHOWN,
    "delayed": SHOWN,
}


def merge_totals(parts: list[Totals], numbers: list[Array]) -> Totals:
    """Put the totals of parts of a capture together, each of whole connections.

    Parameters
    ----------
    parts : list of Totals
        At least one; frames are those of the whole capture.
    numbers : list of ndarray of int
        The ``conn_id`` in the whole of each one in a part; together each number once.

    Returns
    -------
    Totals
        As of the whole capture, with the highest floors of any part.
    """
    connections = sum(number.size for number in numbers)
    sides = np.zeros(2 * connections, SIDE_TOTAL)
    for part, number in zip(parts, numbers, strict=True):
        for side in range(2):
            sides[2 * number + side] = part.sides[side::2][: number.size]
    made: dict[str, Any] = {}
    for name in TABLES:
        found = []
        for part, number in zip(parts, numbers, strict=True):
            table = getattr(part, name).copy()
            table["conn_id"] = number[table["conn_id"]]
            found.append(table)
        table = np.concatenate(found)
        order = "conn_id" if name == "repeated" else "frame"
        made[name] = table[np.argsort(table[order], kind="stable")]
    frames = [
        without_attrs(part.turns).assign(conn_id=number[part.turns["conn_id"].to_numpy()].astype(np.int32))
        for part, number in zip(parts, numbers, strict=True)
    ]
    turns = pd.concat(frames, ignore_index=True).sort_values("request_frame", kind="stable", ignore_index=True)
    floors = Floors(*(max(getattr(part.floors, field.name) for part in parts) for field in fields(Floors)))
    return Totals(sides=sides, turns=turns, floors=floors, **made)


assert {*TABLES, "sides", "turns", "floors"} == {field.name for field in fields(Totals)}
