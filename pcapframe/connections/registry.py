"""The measures that compute the columns of connections.

To add a column, declare it in ``schema.CONNECTIONS``, compute it in a measure (one module each), and list the measure
here. Frames, commands, exports and documentation read the declaration.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pcapframe.connections.establishment import Establishment
from pcapframe.connections.hop_limits import HopLimits
from pcapframe.connections.identity import Identity
from pcapframe.connections.lifecycle import Lifecycle
from pcapframe.connections.probes import Probes
from pcapframe.connections.reliability import Reliability
from pcapframe.connections.round_trips import RoundTrips
from pcapframe.connections.rows import Rows
from pcapframe.connections.sending import Sending
from pcapframe.connections.stalls import Stalls
from pcapframe.connections.termination import Termination
from pcapframe.connections.vantage import vantage_columns
from pcapframe.connections.volume import Volume
from pcapframe.connections.waits import Waits, rest_columns

__all__ = ["DERIVED", "MEASURES", "Derive", "Measure"]


class Measure(Protocol):
    """A pass over the segments, fed chunk by chunk in capture order, that computes some columns."""

    def __init__(self, connections: int) -> None: ...

    def feed(self, rows: Rows) -> None:
        """Process the next chunk of segments."""

    def columns(self) -> dict[str, Any]:
        """Return the computed columns by name, one row per connection."""


Derive = Callable[[Mapping[str, Any]], dict[str, Any]]

# Of neighbours in this list one at most remembers much of each connection: see `table`, which may feed them in pairs.
MEASURES: list[type[Measure]] = [
    Identity, Volume, Establishment, Termination, Lifecycle, Reliability, Probes, RoundTrips, Stalls, Waits, HopLimits,
    Sending,
]  # fmt: skip
# All columns of these are null where one side sent nothing.
OF_ANSWERED: tuple[type[Measure], ...] = (Sending,)
# These compute further columns from those of the measures, in this order.
DERIVED: list[Derive] = [vantage_columns, rest_columns]
