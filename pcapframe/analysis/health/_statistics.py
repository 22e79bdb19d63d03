"""The statistics that a capture can make unreliable, and in which way."""

from typing import Literal, TypeAlias

__all__ = ["AT_LEAST", "LACKS_PACKETS", "STATISTICS", "UNKNOWN", "Qualifier"]

Qualifier: TypeAlias = Literal["at least", "unknown"]

AT_LEAST: Qualifier = "at least"
UNKNOWN: Qualifier = "unknown"

# By key, as texts name them.
STATISTICS = {
    "connections": "connections",
    "packets": "packets",
    "bytes": "bytes",
    "flags": "SYN/FIN/RST flags",
    "handshakes": "complete and refused handshakes",
    "unanswered": "unanswered and half-open handshakes",
    "endings": "connections ended by FIN or RST",
    "open_endings": "connections still open",
    "retransmissions": "retransmitted segments",
    "reordering": "out-of-order segments",
    "duplicate_acks": "duplicate ACKs",
    "missing_bytes": "bytes not captured",
    "rates": "shares of connections and segments",
    "retransmission_rate": "retransmission rate",
    "packet_ratio": "ratio of packets in each direction",
    "resend_reasons": "reasons for retransmissions",
    "round_trips": "round-trip times",
    "durations": "durations",
    "directions": "client and server roles",
}
_COUNTS = ("packets", "bytes", "flags", "handshakes", "endings", "retransmissions", "reordering", "duplicate_acks")
# What becomes unreliable if packets of connections are missing from the capture.
LACKS_PACKETS: dict[str, Qualifier] = {
    **dict.fromkeys((*_COUNTS, "missing_bytes"), AT_LEAST),
    **dict.fromkeys(("unanswered", "open_endings", "rates", "retransmission_rate", "packet_ratio"), UNKNOWN),
}
