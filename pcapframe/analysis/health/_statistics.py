"""What can be unreliable, how far, and what each pattern rests on."""

from typing import Literal, TypeAlias

__all__ = ["AT_LEAST", "LACKS_PACKETS", "PATTERNS", "STATISTICS", "UNKNOWN", "Qualifier"]

Qualifier: TypeAlias = Literal["at least", "unknown"]

AT_LEAST: Qualifier = "at least"
UNKNOWN: Qualifier = "unknown"

# As readers call it.
STATISTICS = {
    "connections": "connections",
    "packets": "packets",
    "bytes": "bytes",
    "flags": "SYN/FIN/RST flags",
    "handshakes": "complete and refused handshakes",
    "unanswered": "unanswered and half-open handshakes",
    "endings": "connections ended by FIN or RST",
    "open_endings": "connections still open",
    "retransmissions": "segments sent again",
    "reordering": "segments out of order",
    "duplicate_acks": "duplicate ACKs",
    "missing_bytes": "bytes not captured",
    "rates": "shares of connections and segments",
    "retransmission_rate": "rate of retransmission",
    "packet_ratio": "ratio of packets each way",
    "resend_reasons": "reasons of resends",
    "round_trips": "round-trip times",
    "durations": "durations",
    "directions": "client and server",
}
# What each pattern rests on.
PATTERNS = {
    "rst_directional_asymmetry": ("flags",),
    "packet_retransmission": ("retransmissions", "retransmission_rate"),
    "handshake_completion": ("handshakes", "unanswered", "rates"),
    "abnormal_termination": ("endings", "rates"),
    "syn_response_imbalance": ("flags", "unanswered", "rates"),
    "refused_connections": ("handshakes", "rates"),
    "unanswered_syns": ("unanswered",),
    "half_open_handshakes": ("unanswered",),
    "repeated_syn": ("flags",),
    "handshake_time_outliers": ("round_trips",),
    "rst_after_fin": ("flags",),
    "rst_at_same_idle_time": ("flags", "durations"),
    "rst_unlike_ttl": ("flags",),
    "out_of_order_share": ("reordering", "rates"),
    "duplicate_ack_share": ("duplicate_acks", "rates"),
    "capture_gaps": ("missing_bytes",),
    "zero_window": ("flags",),
    "simultaneous_retransmissions": ("retransmissions",),
    "port_reuse": ("connections",),
    "long_idle_gaps": ("open_endings",),
    "open_at_edges": ("open_endings",),
    "state_transitions": ("handshakes", "unanswered", "endings", "open_endings"),
}
_COUNTS = ("packets", "bytes", "flags", "handshakes", "endings", "retransmissions", "reordering", "duplicate_acks")
# By a capture that lacks packets of its connections.
LACKS_PACKETS: dict[str, Qualifier] = {
    **dict.fromkeys((*_COUNTS, "missing_bytes"), AT_LEAST),
    **dict.fromkeys(("unanswered", "open_endings", "rates", "retransmission_rate", "packet_ratio"), UNKNOWN),
}
