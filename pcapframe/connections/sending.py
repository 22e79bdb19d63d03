"""What each sender was doing: sums over what ``conversation.sender`` finds.

``busy_s`` and ``idle_s`` add up to the time from the packet that completed the handshake to the last packet, in whole
nanoseconds. Where the capture began later, the first packet takes the place of the handshake.

Everything is null where the handshake failed, where the capture lacks the packets of a side, where the sender was never
seen to answer (so that its distance from the capture point is unknown), where it was idle when bytes were sent that the
capture lacks, and where the clock was set back. ``window_limited_s`` is null where the scale of the window is unknown,
unless more was outstanding than the window without a scale allows. Then the smallest scale that allows it is taken, and
``window_scale_bounded`` says so.
"""

from typing import Any

import numpy as np
import pandas as pd

from pcapframe.connections.rows import SIDES, Rows, seconds, unpacked
from pcapframe.conversation import Senders, known_senders

__all__ = ["Sending"]

UNKNOWN = -1
OF_SENDER = ("lacks_scale", "is_bounded", "sent_any", "busy_ns", "limited_ns", "repairing_ns")


class Sending:
    """The columns of what senders were doing."""

    def __init__(self, connections: int) -> None:
        self._senders = Senders(connections)

    def feed(self, rows: Rows) -> None:
        """Follow the senders through the next chunk."""
        self._senders.feed(rows)

    def columns(self) -> dict[str, Any]:
        """Return the computed columns."""
        self._senders.finish()
        made: dict[str, Any] = {}
        links = unpacked(self._senders.links, "last_at", "begun_at")
        senders = unpacked(self._senders.senders.reshape(-1, 2), *OF_SENDER)
        whole_ns = links["last_at"] - links["begun_at"]
        all_known = known_senders(self._senders)
        for i, side in enumerate(SIDES):
            own, known = {name: column[:, i] for name, column in senders.items()}, all_known[i::2]
            has_window = known & (~own["lacks_scale"] | own["is_bounded"] | ~own["sent_any"])
            made[f"{side}_busy_s"] = seconds(np.where(known, own["busy_ns"], UNKNOWN))
            made[f"{side}_window_limited_s"] = seconds(np.where(has_window, own["limited_ns"], UNKNOWN))
            made[f"{side}_repairing_s"] = seconds(np.where(known, own["repairing_ns"], UNKNOWN))
            made[f"{side}_idle_s"] = seconds(np.where(known, whole_ns - own["busy_ns"], UNKNOWN))
            made[f"{side}_window_scale_bounded"] = pd.arrays.BooleanArray(own["is_bounded"], ~has_window)
        return made
