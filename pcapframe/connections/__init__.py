"""From segments to connections: one row each.

``volume``, ``establishment``, ``termination``, ``lifecycle`` and ``reliability`` are one compiled pass each, which
gives the columns of its name; ``vantage`` judges where a connection was captured; ``table`` puts them together.
"""

from pcapframe.connections.table import build_connections
from pcapframe.connections.vantage import measure_distances, vantage_evidence

__all__ = ["build_connections", "measure_distances", "vantage_evidence"]
