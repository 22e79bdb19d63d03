"""The measures that make the columns of connections.

A new column is declared in ``schema.CONNECTIONS`` and given by a measure, in a module of its own; the measure is
listed here. Frames, commands, exports and documents read the declaration.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pcapframe.connections.establishment import Establishment
from pcapframe.connections.hop_limits import HopLimits
from pcapframe.connections.identity import Identity
from pcapframe.connections.lifecycle import Lifecycle
from pcapframe.connections.reliability import Reliability
from pcapframe.connections.round_trips import RoundTrips
from pcapframe.connections.rows import Rows
from pcapframe.connections.stalls import Stalls
from pcapframe.connections.termination import Termination
from pcapframe.connections.vantage import vantage_columns
from pcapframe.connections.volume import Volume

__all__ = ["DERIVED", "MEASURES", "Derive", "Measure"]


class Measure(Protocol):
    """A pass over the segments, fed chunk by chunk in capture order, that makes some columns."""

    def __init__(self, connections: int) -> None: ...

    def feed(self, rows: Rows) -> None:
        """Look at the next chunk of segments."""

    def columns(self) -> dict[str, Any]:
        """Return the columns made, by their names, one row per connection."""


Derive = Callable[[Mapping[str, Any]], dict[str, Any]]

MEASURES: list[type[Measure]] = [
    Identity, Volume, HopLimits, Establishment, Termination, Lifecycle, Reliability, Stalls, RoundTrips,
]  # fmt: skip
DERIVED: list[Derive] = [vantage_columns]  # make columns out of those of the measures, in this order
