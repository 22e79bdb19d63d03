"""The numbers of an analysis: their names and nesting, and what limits them.

Counts use the evidence columns. Packets and bytes count every packet; flags, RSTs and retransmitted segments leave out
additional captured copies of a packet (``capture_duplicate``).
"""

import html
from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from pcapframe.wording import printable, value_text

__all__ = [
    "LISTED",
    "QUALIFIED",
    "ConnectionRetransmissions",
    "ConnectionStates",
    "Differences",
    "DifferingFrames",
    "Directions",
    "Flags",
    "Handshakes",
    "Reordering",
    "Retransmissions",
    "RstDistribution",
    "Shown",
    "Statistics",
]

LISTED = 100  # most entries of a list; the totals are exact

# Path of each number in the statistics that can be unreliable, with the keys of health.STATISTICS it depends on.
QUALIFIED = {
    "total_connections": ("connections",),
    "total_packets": ("packets",),
    "total_bytes": ("bytes",),
    "capture_gap_bytes": ("missing_bytes",),
    "handshake.successful": ("handshakes",),
    "handshake.refused": ("handshakes",),
    "handshake.failed": ("handshakes", "unanswered"),
    "handshake.unanswered": ("unanswered",),
    "handshake.half_open": ("unanswered",),
    "handshake.aborted": ("handshakes",),
    **dict.fromkeys((f"flags.{name}" for name in ("syn", "syn_ack", "rst", "fin")), ("flags",)),
    "flags.ack": ("flags", "packets"),
    "rst_distribution.by_source": ("flags",),
    "rst_distribution.by_direction": ("flags",),
    "rst_distribution.connections_with_rst": ("flags",),
    **dict.fromkeys(
        (
            f"retransmissions.{name}"
            for name in ("total", "bytes", "by_connection", "connections", "connections_total", "wireshark_total")
        ),
        ("retransmissions",),
    ),
    **dict.fromkeys(
        (f"retransmissions.{name}" for name in ("rate", "rate_low", "rate_high")), ("retransmission_rate",)
    ),
    "reordering.total": ("reordering",),
    "reordering.wireshark_total": ("reordering",),
    "endings.fin": ("endings",),
    "endings.reset": ("endings",),
    "endings.open": ("open_endings",),
    "endings.half_closed": ("open_endings",),
    "connection_states.closed": ("endings",),
    "connection_states.reset": ("endings",),
    "connection_states.established": ("open_endings",),
}


class Handshakes(TypedDict):
    """Connections by how their handshake went: the first three sum to the total, and so do the rest."""

    successful: int
    failed: int
    incomplete: int
    refused: int
    unanswered: int
    half_open: int
    aborted: int
    not_captured: int


class Flags(TypedDict):
    """Packets by flag; ``syn`` is SYN without ACK."""

    syn: int
    syn_ack: int
    rst: int
    fin: int
    ack: int


class Directions(TypedDict):
    """RSTs by direction; ``unknown`` where neither a packet nor the filter determines the roles."""

    to_server: int
    from_server: int
    unknown: int


class RstDistribution(TypedDict):
    """RSTs by source, direction and connection."""

    by_source: dict[str, int]
    by_source_total: int
    by_direction: Directions
    connections_with_rst: list[str]
    connections_with_rst_total: int


class ConnectionRetransmissions(TypedDict):
    """Retransmitted segments of one connection."""

    conn_id: int
    client: str
    server: str
    retransmissions: int
    packets: int
    wireshark: int


class DifferingFrames(TypedDict):
    """Frames that only one of two counts includes: the first ones, how many in all, a display filter for the first."""

    frames: list[int]
    frame_count: int
    display_filter: str | None


class Differences(TypedDict):
    """Frames that only Wireshark's rules label, and frames that only the evidence shows."""

    only_wireshark: DifferingFrames
    only_evidence: DifferingFrames


class Retransmissions(TypedDict):
    """Retransmitted segments by the evidence; `wireshark_total` counts retransmissions by Wireshark's rules."""

    total: int
    by_connection: dict[str, int]
    by_connection_total: int
    rate: float
    rate_low: float | None
    rate_high: float | None
    bytes: int
    wireshark_total: int
    differences: Differences
    connections: list[ConnectionRetransmissions]
    connections_total: int


class Reordering(TypedDict):
    """Segments that arrived after one sent later, by the evidence; beside them Wireshark's ``out_of_order``."""

    total: int
    wireshark_total: int
    differences: Differences


class ConnectionStates(TypedDict):
    """Connections by their state at the end of the capture."""

    established: int
    reset: int
    closed: int
    unknown: int


class Shown(dict[str, Any]):
    """Statistics that a notebook shows as a table; for everything else a dict."""

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td style='text-align:left'>{html.escape(printable(name))}</td>"
            f"<td style='text-align:right'>{html.escape(value_text(value))}</td></tr>"
            for name, value in _flat(self)
        )
        return f"<table><tbody>{rows}</tbody></table>"


def _flat(counts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the numbers of nested dicts with the names that lead to them; of a list, how many it has."""
    for key, value in counts.items():
        name = f"{before}{key.replace('_', ' ')}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}: ")
        elif isinstance(value, list | tuple):
            yield name, f"{len(value):,} listed"
        else:
            yield name, value


class Statistics(TypedDict):
    """The ``statistics`` of the tool's answer."""

    total_connections: int
    total_packets: int
    handshake: Handshakes
    flags: Flags
    rst_distribution: RstDistribution
    retransmissions: Retransmissions
    reordering: Reordering
    connection_states: ConnectionStates
    endings: dict[str, int]
    open_never_established: int
    roles: dict[str, int]
    total_bytes: int
    capture_duplicates: int
    capture_gap_bytes: int
