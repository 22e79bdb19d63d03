"""Who waited for whom in each connection: sums and medians over its turns (``conversation``).

The duration of a connection is the sum of five parts, in whole nanoseconds: ``handshake_s``, ``client_wait_s``,
``service_total_s``, ``transfer_s`` and ``other_s``. The last one is the rest. It has what no turn covers: the time
after the last response, overlapping turns, and the time of parts that are null.

A client's wait begins with its handshake, or with the end of the response before. So it includes what the server says
before the first request: ``greeting_s`` is a part of it.

Medians and 95th percentiles come from a ``histogram`` whose bins are less than 1 % wide; maxima are exact.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, seconds_from
from pcapframe.connections.histogram import Histogram, keep
from pcapframe.connections.rows import Rows, seconds, unpacked
from pcapframe.conversation import NOT_KNOWN, Following
from pcapframe.jit import jit

__all__ = ["PARTS", "Waits", "rest_columns"]

PARTS = ("handshake_s", "client_wait_s", "service_total_s", "transfer_s")  # of the duration, besides other_s
SAID = (  # of ``conversation.TALK``
    "turns", "syn_at", "complete_at", "first_response_at", "greeting_end", "greeting_bytes", "has_syn", "is_answered",
)  # fmt: skip
QUANTILES = {"median": 0.5, "p95": 0.95, "max": 1}

# Sums over the turns of a connection that do not overlap.
SUMS = np.dtype(
    [
        ("wait_ns", np.int64),
        ("service_ns", np.int64),
        ("transfer_ns", np.int64),
        ("unanswered", np.uint32),  # overlapping turns too
        ("services", np.uint32),
        ("has_wait", np.bool_),
        ("has_transfer", np.bool_),
    ]
)


@jit
def _sum(turns: Any, sums: Any, services: Any) -> Any:
    """Add turns to `sums`; collect service times and return how many."""
    found = 0
    for i in range(turns.size):
        turn = turns[i]
        own = sums[turn.place]
        own.unanswered += turn.response_row < 0 and turn.gap_bytes == 0
        if turn.overlapping:
            continue
        if turn.wait_ns >= 0:
            own.wait_ns += turn.wait_ns
            own.has_wait = True
        if turn.service_ns >= 0:
            own.service_ns += turn.service_ns
            own.services += 1
            found = keep(services, found, turn.place, turn.service_ns)
        if turn.request_ns >= 0:
            own.transfer_ns += turn.request_ns + max(turn.response_ns, 0)
            own.has_transfer = True
    return found


class Waits:
    """The columns of turns and waits.

    Parameters
    ----------
    connections : int
        How many there are.
    found : list, optional
        Takes the turns, arrays of ``TURN``.
    """

    def __init__(self, connections: int, found: list[Array] | None = None) -> None:
        self._found = found
        self._following = Following(connections)
        self._sums = np.zeros(connections, SUMS)
        self._services = Histogram(connections)

    def feed(self, rows: Rows) -> None:
        """Follow the conversations through the next chunk."""
        self._add(self._following.feed(rows))

    def _add(self, turns: Array) -> None:
        if self._found is not None and turns.size:
            self._found.append(turns.copy())  # without the room for more of them
        services = self._services.room(turns.size)
        self._services.add(services, _sum(turns, self._sums, services))

    def columns(self) -> dict[str, Any]:
        """Return the computed columns."""
        for turns in self._following.finish():
            self._add(turns)
        talks, sums = unpacked(self._following.talks, *SAID), unpacked(self._sums, *(SUMS.names or ()))
        made: dict[str, Any] = {
            "turns": talks["turns"],
            "unanswered_turns": sums["unanswered"],
            "service_turns": sums["services"],
        }
        owners, found = self._services.quantiles(*QUANTILES.values())
        for name, values in zip(QUANTILES, found, strict=True):
            column = made[f"service_{name}_s"] = np.full(talks["turns"].size, np.nan)
            column[owners] = values
        for name, field, known in (
            ("client_wait_s", "wait_ns", sums["has_wait"]),
            ("service_total_s", "service_ns", sums["services"] > 0),
            ("transfer_s", "transfer_ns", sums["has_transfer"]),
        ):
            made[name] = seconds(np.where(known, sums[field], NOT_KNOWN))
        for name, (earlier, later) in {
            "handshake_s": ("syn_at", "complete_at"),
            "first_response_s": ("syn_at", "first_response_at"),
            "greeting_s": ("complete_at", "greeting_end"),
        }.items():
            between = seconds_from(talks[earlier], talks[later])
            between[between < 0] = np.nan
            made[name] = between
        begins = talks["has_syn"] | talks["is_answered"]
        made["greeting_bytes"] = pd.arrays.IntegerArray(talks["greeting_bytes"], ~begins)
        return made


def rest_columns(made: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of the duration that no other part has.

    Parameters
    ----------
    made : mapping
        Columns by name.

    Returns
    -------
    dict
        ``other_s``.

    Notes
    -----
    Seconds are whole nanoseconds divided by 1e9. So rounding restores the nanoseconds, for up to 100 days.
    """
    rest = np.rint(made["duration_s"] * 1e9)
    for name in PARTS:
        part = np.rint(made[name] * 1e9)
        part[np.isnan(part)] = 0
        rest -= part
    return {"other_s": rest / 1e9}
