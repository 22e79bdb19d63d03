"""Columns of connections."""

from pcapframe.schema._column import NEVER, Column
from pcapframe.schema._conversation import NO_SERVICE, OF_TURNS

NO_SENDER = "NaN where the capture cannot show it, see connections.sending"
UNSEEN_PEER = "null where this side acknowledges packets of the peer and the capture has none"


def _each_way(*columns: Column) -> tuple[Column, ...]:
    """Return each column twice, for the two senders, named client_… and server_…."""
    return tuple(
        column._replace(name=f"{side}_{column.name}", doc=f"{side}: {column.doc}")
        for column in columns
        for side in ("client", "server")
    )


def _spread(prefix: str, what: str) -> tuple[Column, ...]:
    """Return columns for the minimum, median, 95th percentile and maximum of `what`."""
    return tuple(
        Column(f"{prefix}_{name}_s", "float64", "s", "NaN without a sample", f"{text} of {what}")
        for name, text in (("min", "minimum"), ("median", "median"), ("p95", "95th percentile"), ("max", "maximum"))
    )


CONNECTIONS = (
    Column("client", "category", "address", NEVER, "the client's address, see roles"),
    Column("client_port", "uint16", "", NEVER, "the client's port"),
    Column("server", "category", "address", NEVER, "the server's address, see roles"),
    Column("server_port", "uint16", "", NEVER, "the server's port"),
    Column("server_name", "category", "", "null where the payload that was captured names none",
           "name that the client asks for: the server name of TLS (SNI), else the HTTP/1 Host, without a port"),
    *_each_way(
        Column("names", "category", "", "null where the address was given none before the connection",
               "names that DNS gave to its address before the connection, in order, with commas; names from a file or "
               "from the capture's own list come first"),
    ),
    Column("alpn", "category", "", "null without ALPN in a ClientHello",
           "protocols that the client offers in TLS, as the ClientHello lists them, with commas"),
    Column("application", "category", "", "null where the first payload of neither side identifies one",
           "what is spoken, by the first payload of each side, never by a port"),
    Column("roles", "category", "", NEVER, "what shows the roles: a SYN, a SYN-ACK, or neither (inferred)"),
    Column("start", "datetime64[ns, UTC]", "UTC", "null without a time", "time of the first packet"),
    Column("end", "datetime64[ns, UTC]", "UTC", "null without a time", "time of the last packet"),
    Column("duration_s", "float64", "s", "NaN without a time", "end - start"),
    *_each_way(
        Column("packets", "uint32", "", NEVER, "packets sent"),
        Column("wire_bytes", "uint64", "bytes", NEVER, "length on the wire of the packets sent"),
        Column("payload_bytes", "uint64", "bytes", NEVER, "payload sent, every copy counted"),
        Column("data_packets", "uint32", "", NEVER, "packets with payload sent"),
        Column("ack_packets", "uint32", "", NEVER, "packets with ACK sent"),
        Column("ttl_min", "UInt8", "hops", "null without a packet of this side",
               "smallest time to live (IPv6 hop limit) of its packets"),
        Column("ttl_max", "UInt8", "hops", "null without a packet of this side",
               "largest time to live (IPv6 hop limit) of its packets"),
    ),
    Column("same_as", "Int64", "", "null unless an earlier connection is the same one under other addresses",
           "conn_id of the same connection captured before a NAT rewrote it, or after; totals leave this row out"),
    Column("handshake", "category", "", NEVER, "how the three-way handshake went"),
    Column("syn_count", "uint32", "", NEVER, "SYNs without ACK, repeats counted"),
    Column("syn_ack_count", "uint32", "", NEVER, "SYN-ACKs of either side, repeats counted"),
    Column("handshake_rtt_s", "float64", "s", "NaN unless both were captured",
           "first SYN to the server's first SYN-ACK"),
    Column("initial_rtt_s", "float64", "s", "NaN unless both were captured",
           "latest SYN to the first ACK after it, even on a RST (Wireshark tcp.analysis.initial_rtt)"),
    Column("ending", "category", "", NEVER, "how the connection ended, as far as the capture shows"),
    Column("reset_by", "category", "", NEVER, "which side sent a RST that ended it, see ending"),
    Column("first_fin_by", "category", "", "null where the capture has the packets of one side only",
           "which side sent its FIN first; both where neither FIN acknowledges the other"),
    *_each_way(
        Column("fins", "uint32", "", NEVER, "packets with FIN sent, repeats counted"),
        Column("rsts", "uint32", "", NEVER, "packets with RST sent"),
    ),
    Column("conn_state", "str", "", NEVER, "Zeek's conn_state, over the whole connection"),
    Column("history", "str", "", NEVER, "Zeek's history letters, over the whole connection"),
    Column("completeness", "uint8", "bits", NEVER, "Wireshark's tcp.completeness"),
    Column("icmp_errors", "UInt32", "", "null where ``attrs`` of the segments do not tell",
           "ICMP and ICMPv6 errors that quote one of its packets"),
    Column("icmp_error", "category", "", "null without one",
           "the most frequent of these errors: type and code, as Wireshark names them"),
    *_each_way(
        Column("resent_segments", "uint32", "", NEVER, "retransmitted segments"),
        Column("resent_bytes", "uint64", "bytes", NEVER, "retransmitted payload"),
        Column("reordered_segments", "uint32", "", NEVER, "segments that arrived after one sent later"),
        Column("gap_bytes", "uint64", "bytes", NEVER, "payload that the peer acknowledged and that was not captured"),
        Column("duplicate_acks_sent", "uint32", "", NEVER, "duplicate ACKs sent"),
        Column("zero_windows_sent", "uint32", "", NEVER, "packets that advertised a window of zero"),
        Column("resend_rate", "float64", "0 to 1", "NaN without segments with payload, SYN or FIN",
               "retransmitted segments / segments with payload, SYN or FIN"),
        Column("most_copies", "uint32", "", NEVER,
               "most transmissions of one segment: 1 if none was retransmitted, 0 if none was sent"),
        Column("stalled_s", "float64", "s",
               "NaN without a packet of this side, and for two retransmissions without the peer's packets",
               "time during which something retransmitted at least twice was not acknowledged"),
        Column("keep_alives", "UInt32", "", UNSEEN_PEER, "keep-alives sent"),
        Column("keep_alives_unanswered", "UInt32", "", UNSEEN_PEER, "keep-alives without an answer in the capture"),
        Column("window_probes", "UInt32", "", UNSEEN_PEER, "zero-window probes sent"),
        Column("window_probes_unanswered", "UInt32", "", UNSEEN_PEER,
               "zero-window probes without an answer in the capture"),
        Column("rsts_ignored", "uint32", "", NEVER, "RSTs sent that ended nothing"),
        *_spread("ack_rtt", "the time from a segment to its acknowledgement, without retransmissions (Karn)"),
        *_spread("ts_rtt", "the time from the first use of a timestamp to its echo"),
        Column("vantage", "category", "", NEVER, "where this direction was captured, as far as the packets show"),
    ),
    Column("turns", "uint32", "", NEVER, "requests of the client, each with the server's response"),
    Column("unanswered_turns", "uint32", "", NEVER,
           "turns without a response in the capture, and without bytes that it lacks"),
    Column("service_turns", "uint32", "", NEVER, "turns with service_s that do not overlap"),
    Column("service_median_s", "float64", "s", NO_SERVICE, f"median of service_s {OF_TURNS}"),
    Column("service_p95_s", "float64", "s", NO_SERVICE, f"95th percentile of service_s {OF_TURNS}"),
    Column("service_max_s", "float64", "s", NO_SERVICE, f"maximum of service_s {OF_TURNS}"),
    Column("first_response_s", "float64", "s", "NaN without a SYN or without a response",
           "first SYN to the first segment of the first response"),
    Column("greeting_s", "float64", "s", "NaN without a handshake, or where the server said nothing before a request",
           "from the packet that completed the handshake to the last segment that the server sent before any request"),
    Column("greeting_bytes", "Int64", "bytes", "null where the beginning was not captured",
           "payload that the server sent before any request"),
    Column("handshake_s", "float64", "s", "NaN unless both were captured",
           "first SYN to the packet that completed the handshake"),
    Column("client_wait_s", "float64", "s", "NaN without a wait", f"sum of wait_s {OF_TURNS}"),
    Column("service_total_s", "float64", "s", NO_SERVICE, f"sum of service_s {OF_TURNS}"),
    Column("transfer_s", "float64", "s", "NaN without a turn", f"sum of request_s and response_s {OF_TURNS}"),
    Column("other_s", "float64", "s", "NaN without a time",
           "duration_s - handshake_s - client_wait_s - service_total_s - transfer_s, where null parts count as 0"),
    *_each_way(
        Column("busy_s", "float64", "s", NO_SENDER,
               "time with bytes or a FIN not acknowledged, or held back by the peer's window"),
        Column("window_limited_s", "float64", "s", f"{NO_SENDER}, or without the scale of the peer's window",
               "of busy_s: less than one segment fits into the peer's window, and more is sent once it opens"),
        Column("repairing_s", "float64", "s", NO_SENDER,
               "of busy_s: from a resend until what was outstanding then is acknowledged, unless window_limited_s"),
        Column("idle_s", "float64", "s", NO_SENDER,
               "the rest of the time from the handshake (or the first packet, without it) to the last packet"),
        Column("window_scale_bounded", "boolean", "", "null where window_limited_s is",
               "the scale of the peer's window is unknown: the smallest one is taken that all outstanding bytes need"),
    ),
)  # fmt: skip
