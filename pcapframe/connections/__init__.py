"""From segments to connections: one row each.

``identity``, ``volume``, ``establishment``, ``termination``, ``lifecycle``, ``reliability`` and ``round_trips`` are one
compiled pass each, named after the columns that it computes; ``vantage`` judges where a connection was captured.
``registry`` lists them, and ``table`` assembles the frame.
"""

from pcapframe.connections.table import build_connections, connections_and_turns
from pcapframe.connections.vantage import measure_distances, vantage_evidence

__all__ = ["build_connections", "connections_and_turns", "measure_distances", "vantage_evidence"]
