"""From segments to connections: one row each.

``identity``, ``volume``, ``establishment``, ``termination``, ``lifecycle``, ``reliability`` and ``round_trips`` are one
compiled pass each, which gives the columns of its name; ``vantage`` judges where a connection was captured.
``registry`` lists them, and ``table`` puts the frame together.
"""

from pcapframe.connections.table import build_connections
from pcapframe.connections.vantage import measure_distances, vantage_evidence

__all__ = ["build_connections", "measure_distances", "vantage_evidence"]
