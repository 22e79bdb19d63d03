"""From segments to connections: one row each.

``volume``, ``establishment``, ``termination``, ``lifecycle`` and ``reliability`` are one compiled pass each, which
gives the columns of its name; ``table`` puts them together.
"""

from pcapframe.connections.table import build_connections

__all__ = ["build_connections"]
