"""The segments that anything can be said of, and totals of the others: all that is judged of a capture rests on these.

Of a part of a capture that holds whole connections they are the same as in the whole, so parts can be put together.
"""

from pcapframe.events.gathered import Gathered, gather_events
from pcapframe.events.plain import columns_of, totals_of
from pcapframe.events.repeats import Repeated, most_repeated
from pcapframe.events.totals import Floors, Totals, merge_totals
from pcapframe.events.witnesses import BANDS

__all__ = [
    "BANDS",
    "Floors",
    "Gathered",
    "Repeated",
    "Totals",
    "columns_of",
    "gather_events",
    "merge_totals",
    "most_repeated",
    "totals_of",
]
