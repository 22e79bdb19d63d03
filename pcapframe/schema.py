"""Every column of every frame, declared once: name, dtype, unit, what null means, one line about it.

Documentation, empty frames, validation and exports derive from these tables; no other module lists columns.
The TCP flag bits and the categories of the categorical columns are defined here too.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.arrays import NO_TIME

__all__ = [
    "COMMON",
    "CONNECTIONS",
    "ENDINGS",
    "FIRST_FIN_BY",
    "FLAG_BITS",
    "HANDSHAKES",
    "ICMP_QUOTES",
    "LABELS",
    "LIKELY_SERVER_PORTS",
    "NO_NUMBER",
    "PACKETS",
    "PROBES",
    "RESENDS",
    "RESEND_REASONS",
    "RESEND_RULES",
    "RESET_BY",
    "ROLES",
    "RST_EVIDENCE",
    "RST_FITS",
    "RST_PHASES",
    "SEGMENTS",
    "TURNS",
    "VANTAGES",
    "VANTAGE_EVIDENCE",
    "WAITS",
    "WIRESHARK_LABELS",
    "Column",
    "names",
]


NEVER = "never null"
NO_NUMBER = -1  # stands for null in plain arrays, where the column has no negative values

# By a column's dtype: the type of its plain array, and the value that stands for null there, which no row can have.
PLAIN: dict[str, tuple[npt.DTypeLike, Any]] = {
    "datetime64[ns, UTC]": (np.int64, NO_TIME),
    "category": (np.int32, NO_NUMBER),  # index of the category
    "boolean": (np.int8, NO_NUMBER),
    "UInt8": (np.int16, NO_NUMBER),
    "UInt16": (np.int32, NO_NUMBER),
    "UInt32": (np.int64, NO_NUMBER),
    "Int64": (np.int64, np.iinfo(np.int64).min),
    "float64": (np.float64, np.nan),
    "list<item: uint32>[pyarrow]": (np.uint32, ()),  # type of the elements
}


class Column(NamedTuple):
    """One column of a frame: its name, dtype, unit, what null means in it, and one line about it."""

    name: str
    dtype: str
    unit: str
    null: str
    doc: str

    @property
    def plain_dtype(self) -> np.dtype[Any]:
        """Type of the column in plain arrays: it can hold every value, and `null_value`."""
        return np.dtype(PLAIN[self.dtype][0] if self.dtype in PLAIN else self.dtype)

    @property
    def null_value(self) -> Any:
        """What plain arrays hold where the column is null; None for a column that is never null."""
        return None if self.null == NEVER else PLAIN[self.dtype][1]


def names(columns: Iterable[Column]) -> list[str]:
    """Return the names of `columns`, in order."""
    return [column.name for column in columns]


# The twelve bits of the flags field (RFC 9293 section 3.1, RFC 3168 for ECE and CWR, RFC 9768 for AE).
FLAG_BITS = {
    "FIN": 0x001,
    "SYN": 0x002,
    "RST": 0x004,
    "PSH": 0x008,
    "ACK": 0x010,
    "URG": 0x020,
    "ECE": 0x040,
    "CWR": 0x080,
    "AE": 0x100,
}
FIN, SYN, RST, ACK = FLAG_BITS["FIN"], FLAG_BITS["SYN"], FLAG_BITS["RST"], FLAG_BITS["ACK"]

# Zeek's likely_server_ports for TCP, full default script load.
LIKELY_SERVER_PORTS = (
    21, 22, 25, 53, 79, 80, 81, 88, 135, 139, 143, 389, 443, 445, 465, 502, 514, 563, 585, 587, 614, 631, 636, 989,
    990, 992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222, 5223, 5269, 5432, 6379, 6666, 6667,
    6668, 6669, 8000, 8080, 8888, 20000,
)  # fmt: skip

HANDSHAKES = ("complete", "refused", "unanswered", "half_open", "aborted", "not_captured")
ENDINGS = ("fin", "half_closed", "reset", "open")
RESET_BY = ("client", "server", "both", "none")
FIRST_FIN_BY = ("client", "server", "both", "none")
RST_PHASES = ("handshake", "no_data", "data", "fin", "rst", "unknown")  # what precedes a RST in its connection
RST_FITS = ("exact", "in_window", "outside")  # a RST's sequence number beside the one that its receiver expects
ROLES = ("syn", "syn_ack", "inferred")
RESEND_REASONS = ("timeout", "fast", "tail_probe", "syn_retry", "unknown")
# What shows that a segment was retransmitted. "seen_before": its bytes were captured before. The next four: it fills a
# gap, and was sent after the segment that opened the gap, as shown by its IP ID, by its timestamp, by an ACK number or
# timestamp echo newer than any before, or by arriving a round trip later. "acknowledged_before" occurs in RESENDS only:
# "seen_before" without a copy in the capture.
RESEND_RULES = ("seen_before", "identification", "timestamp", "acknowledgement", "round_trip", "acknowledged_before")
PROBES = ("keep_alive", "zero_window")
# Wireshark's labels for segments that are not new data, the most specific first.
WIRESHARK_LABELS = (
    "spurious_retransmission", "fast_retransmission", "out_of_order", "retransmission", "keep_alive",
    "zero_window_probe",
)  # fmt: skip
VANTAGES = ("near_sender", "near_receiver", "middle", "unknown")

NO_TCP = "null unless TCP, or where the capture cut the header off before this field"
NO_TCP_HEADER = "null unless TCP, or where the capture cut the TCP header off"
NO_OPTION = "null where the option is absent"
NO_TUNNEL = "null unless the packet is in a tunnel"
NO_OUTER = "null unless the packet is in a tunnel over IP"
NO_ERROR = "null unless the packet is an ICMP or ICMPv6 error"
NO_QUOTE = "null unless an error quotes an IP header"
NO_PORTS_QUOTED = "null unless an error quotes TCP or UDP"
NO_SERVICE = "NaN without a turn that has a response and does not overlap"
OF_TURNS = "over turns that do not overlap"
UNSEEN_PEER = "null where this side acknowledges packets of the peer and the capture has none"

COMMON = (
    Column("time", "datetime64[ns, UTC]", "UTC", "null where the capture's time is out of range or absent",
           "when the packet was captured, from integer nanoseconds"),
    Column("wire_bytes", "uint32", "bytes", NEVER, "length on the wire"),
    Column("captured_bytes", "uint32", "bytes", NEVER, "length in the capture"),
    Column("src", "category", "address", "null without an IP header", "source of the innermost IP header"),
    Column("dst", "category", "address", "null without an IP header", "destination of the innermost IP header"),
    Column("protocol", "category", "", NEVER,
           "protocol above the innermost IP header; the link layer's name for packets without IP"),
    Column("src_port", "UInt16", "", "null unless TCP or UDP", "source port"),
    Column("dst_port", "UInt16", "", "null unless TCP or UDP", "destination port"),
    Column("ttl", "UInt8", "hops", "null without an IP header", "time to live; hop limit for IPv6"),
    Column("ip_id", "UInt16", "", "null without an IPv4 header", "IPv4 identification"),
    Column("tcp_flags", "UInt16", "bits", NO_TCP, "the twelve flag bits, see schema.FLAG_BITS"),
    Column("seq", "UInt32", "", NO_TCP, "sequence number as in the header"),
    Column("ack", "UInt32", "", NO_TCP, "acknowledgement number as in the header, whether or not ACK is set"),
    Column("window", "UInt16", "", NO_TCP, "window as in the header, not scaled"),
    Column("tcp_header_bytes", "UInt8", "bytes", NO_TCP, "length of the TCP header, by its data offset"),
    Column("tcp_checksum", "UInt16", "", NO_TCP, "checksum as in the header, not verified"),
    Column("payload_bytes", "UInt32", "bytes", "null unless TCP, or where the headers do not tell",
           "TCP payload by the IP length, whether or not it was captured; without padding"),
    Column("mss", "UInt16", "bytes", NO_OPTION, "maximum segment size option"),
    Column("window_scale", "UInt8", "", NO_OPTION, "window scale option, the shift as in the header"),
    Column("sack_permitted", "boolean", "", NO_TCP_HEADER, "whether the SACK-permitted option is present"),
    Column("tsval", "UInt32", "", NO_OPTION, "timestamp option, value"),
    Column("tsecr", "UInt32", "", NO_OPTION, "timestamp option, echo reply"),
    Column("sack", "list<item: uint32>[pyarrow]", "", NO_OPTION,
           "edges of the SACK blocks: left, right, left, right …"),
    Column("options_malformed", "boolean", "", NO_TCP_HEADER, "whether the TCP options are malformed"),
    Column("vlan", "UInt16", "", "null without a VLAN tag", "innermost VLAN id"),
    Column("interface", "UInt16", "", "null where the format has no interfaces",
           "pcapng interface: its index in CaptureInfo.interfaces"),
    Column("source", "uint16", "", NEVER, "which capture the packet is from, from 0"),
    Column("source_frame", "uint32", "", NEVER, "frame number in that capture, from 1"),
    Column("offset", "int64", "bytes", NEVER, "where the packet's bytes start in that capture, decompressed"),
    Column("outer_src", "category", "address", NO_OUTER, "source of the outermost IP header"),
    Column("outer_dst", "category", "address", NO_OUTER, "destination of the outermost IP header"),
    Column("tunnel", "category", "", NO_TUNNEL,
           "the tunnels down to the innermost IP header, from outside to inside: VXLAN, GRE/ERSPAN, MPLS …"),
    Column("sliced", "bool", "", NEVER,
           "cut off before it was recorded: an IP header says more than the frame had (packet broker, mirror port)"),
)  # fmt: skip
UNDECODED = Column(
    "undecoded", "category", "", "null where decoding shows whether it is TCP",
    "what may hold TCP and was not decoded: an unknown type, a tunnel not followed, encrypted data",
)  # fmt: skip

# ICMP and ICMPv6 errors (RFC 792, RFC 4443), which quote a packet.
ICMP_QUOTES = (
    Column("icmp_type", "UInt8", "", NO_ERROR, "type of an ICMP or ICMPv6 error"),
    Column("icmp_code", "UInt8", "", NO_ERROR, "code of an ICMP or ICMPv6 error"),
    Column("icmp_mtu", "UInt32", "bytes", "null unless the error says that a packet was too big",
           "MTU of the next hop by the error; 0 where a router does not tell it (RFC 1191)"),
    Column("quoted_src", "category", "address", NO_QUOTE, "source of the packet that the error quotes"),
    Column("quoted_dst", "category", "address", NO_QUOTE, "destination of the packet that the error quotes"),
    Column("quoted_src_port", "UInt16", "", NO_PORTS_QUOTED, "source port of the packet that the error quotes"),
    Column("quoted_dst_port", "UInt16", "", NO_PORTS_QUOTED, "destination port of the packet that the error quotes"),
    Column("quoted_seq", "UInt32", "", "null unless the error quotes TCP so far",
           "sequence number of the packet that the error quotes"),
)  # fmt: skip

PACKETS = (*COMMON, UNDECODED, *ICMP_QUOTES)

LABELS = (
    Column("retransmission", "bool", "", NEVER, "begins below the highest byte sent; fast and spurious ones too"),
    Column("fast_retransmission", "bool", "", NEVER, "within 20 ms of two or more duplicate ACKs for it"),
    Column("spurious_retransmission", "bool", "", NEVER, "all of its bytes were acknowledged before"),
    Column("out_of_order", "bool", "", NEVER, "begins below the highest byte sent, within the initial RTT of it"),
    Column("lost_segment", "bool", "", NEVER, "begins above the highest byte seen: earlier bytes are missing"),
    Column("ack_lost_segment", "bool", "", NEVER, "acknowledges bytes that were not seen"),
    Column("duplicate_ack", "bool", "", NEVER, "repeats the last acknowledgement, window unchanged, no data"),
    Column("keep_alive", "bool", "", NEVER, "at most one byte, one below the next sequence number"),
    Column("keep_alive_ack", "bool", "", NEVER, "answers a keep-alive"),
    Column("zero_window", "bool", "", NEVER, "advertises a window of zero"),
    Column("zero_window_probe", "bool", "", NEVER, "one byte sent against a window of zero"),
    Column("zero_window_probe_ack", "bool", "", NEVER, "answers a zero-window probe"),
    Column("window_update", "bool", "", NEVER, "changes nothing but the window"),
    Column("window_full", "bool", "", NEVER, "fills the window that the receiver advertised"),
    Column("reused_ports", "bool", "", NEVER, "a SYN with a new sequence number on endpoints used before"),
)  # fmt: skip

# Every segment has these fields, so their columns are plain there; in the packets frame they are nullable.
_PLAIN = {
    "src_port": "uint16", "dst_port": "uint16", "tcp_flags": "uint16", "seq": "uint32", "ack": "uint32",
    "window": "uint16", "tcp_header_bytes": "uint8", "ttl": "uint8",
}  # fmt: skip

SEGMENTS = (
    *(c._replace(dtype=_PLAIN[c.name], null=NEVER) if c.name in _PLAIN else c for c in COMMON),
    Column("conn_id", "int32", "", NEVER, "connection, numbered from 0 in order of the first packet"),
    Column("from_client", "bool", "", NEVER, "sent by the client"),
    Column("rel_seq", "Int64", "bytes", NEVER, "sequence number counted from the SYN, unwrapped"),
    Column("rel_ack", "Int64", "bytes", "null without ACK", "acknowledgement counted from the peer's SYN, unwrapped"),
    Column("window_bytes", "UInt32", "bytes", "null where the scale is unknown", "window, scaled"),
    Column("ack_rtt_s", "float64", "s", "NaN where no segment is acknowledged for the first time",
           "time since the oldest segment that ends at this ACK number (Wireshark tcp.analysis.ack_rtt)"),
    Column("bytes_in_flight", "UInt32", "bytes", "null where Wireshark shows none",
           "sent and not yet acknowledged, this segment included (Wireshark tcp.analysis.bytes_in_flight)"),
    Column("duplicate_ack_num", "UInt32", "", "null unless duplicate_ack", "how many in a row, this one included"),
    *LABELS,
    Column("capture_duplicate", "bool", "", NEVER, "a second copy of a captured packet, not a retransmission"),
    Column("resent", "bool", "", NEVER,
           "retransmitted by the sender; includes repeated SYNs and FINs, but not keep-alives and window probes"),
    Column("resent_bytes", "uint32", "bytes", NEVER, "how many of its payload bytes were sent before"),
    Column("reordered", "bool", "", NEVER, "arrived after a segment that was sent later; not a retransmission"),
    Column("resend_reason", "category", "", "null unless resent", "why it was retransmitted, as far as packets show"),
    Column("resend_rule", "category", "", "null unless resent", "what shows that it was retransmitted"),
    Column("needless", "boolean", "", "null where it cannot be known, or unless resent",
           "the receiver had these bytes before: an acknowledgement, a DSACK or a timestamp echo shows it"),
    Column("capture_gap", "uint32", "bytes", NEVER,
           "bytes that this ACK covers and that were not captured"),
    Column("acks_unsent", "bool", "", NEVER, "its ACK number covers bytes that were never sent: it is not believed"),
    Column("ack_early", "bool", "", NEVER, "captured before the bytes that it acknowledges"),
    Column("rst_ignored", "bool", "", NEVER, "a RST that ended nothing: later packets show that both sides went on"),
    Column("fin_ignored", "bool", "", NEVER, "a FIN that ended nothing: its sender's later bytes are acknowledged"),
    Column("probe", "category", "", "null unless it is a keep-alive or a zero-window probe",
           "keep-alive or zero-window probe, by the window that the peer advertised"),
    Column("answered_by", "UInt32", "", "null unless a probe, or where no answer was captured before the next one",
           "frame of the packet that answers the probe"),
)  # fmt: skip


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
)  # fmt: skip

NO_RESPONSE = "null where the capture has no response"

TURNS = (
    Column("conn_id", "int32", "", NEVER, "connection"),
    Column("turn", "uint32", "", NEVER, "number within its connection, from 1"),
    Column("request_frame", "uint32", "", NEVER, "frame of the first request segment"),
    Column("request_end_frame", "uint32", "", NEVER, "frame of the last request segment"),
    Column("response_frame", "UInt32", "", NO_RESPONSE, "frame of the first response segment"),
    Column("response_end_frame", "UInt32", "", NO_RESPONSE, "frame of the last response segment"),
    Column("request_bytes", "uint64", "bytes", NEVER, "payload of the request that was captured, every byte once"),
    Column("response_bytes", "Int64", "bytes", NO_RESPONSE,
           "payload of the response that was captured, every byte once"),
    Column("wait_s", "float64", "s",
           "NaN where neither the end of the response before nor the handshake was captured, or without a time",
           "before the request: since the last segment of the response before, or since the packet that completed the "
           "handshake"),
    Column("request_s", "float64", "s", "NaN without a time", "first to last request segment"),
    Column("service_s", "float64", "s", "NaN without a response, or without a time",
           "last request segment to first response segment"),
    Column("response_s", "float64", "s", "NaN without a response, or without a time",
           "first to last response segment"),
    Column("round_trip_s", "float64", "s", "NaN without a timed answer of the server",
           "smallest time of the connection from the capture point to the server and back: "
           "what the path adds to service_s at least"),
    Column("resent_segments", "uint32", "", NEVER, "segments with payload of both sides retransmitted within it"),
    Column("zero_window_s", "float64", "s", NEVER, "time within it during which a side advertised a window of zero"),
    Column("gap_bytes", "uint64", "bytes", NEVER, "payload of both sides that the capture lacks"),
    Column("overlapping", "bool", "", NEVER,
           "the server had more to say about an earlier request: it sent bytes after this request that answer no byte "
           "of it"),
)  # fmt: skip

WAITS = (
    Column("endpoint", "str", "", NEVER, "server with its port, or client"),
    Column("connections", "uint32", "", NEVER, "how many connections it has"),
    Column("turns", "uint32", "", NEVER, "how many turns they have"),
    Column("service_turns", "uint32", "", NEVER, "turns with service_s that do not overlap"),
    Column("unanswered_turns", "uint32", "", NEVER,
           "turns without a response in the capture, and without bytes that it lacks"),
    Column("round_trip_s", "float64", "s", "NaN without a timed answer of a server",
           "smallest time from the capture point to a server and back"),
    Column("handshake_median_s", "float64", "s", "NaN without a handshake", "median of handshake_s"),
    Column("service_median_s", "float64", "s", NO_SERVICE, f"median of service_s {OF_TURNS}"),
    Column("service_p95_s", "float64", "s", NO_SERVICE, f"95th percentile of service_s {OF_TURNS}"),
    Column("service_max_s", "float64", "s", NO_SERVICE, f"maximum of service_s {OF_TURNS}"),
    Column("handshake_s", "float64", "s", NEVER, "sum of handshake_s"),
    Column("client_wait_s", "float64", "s", NEVER, "sum of client_wait_s"),
    Column("service_total_s", "float64", "s", NEVER, "sum of service_total_s"),
    Column("transfer_s", "float64", "s", NEVER, "sum of transfer_s"),
    Column("other_s", "float64", "s", NEVER, "sum of other_s"),
    Column("duration_s", "float64", "s", NEVER, "sum of duration_s: of the five sums before it"),
)  # fmt: skip

VANTAGE_EVIDENCE = (
    Column("to_client_rtt_s", "float64", "s", "NaN without a timed answer of the client",
           "smallest time from the capture point to the client and back"),
    Column("to_server_rtt_s", "float64", "s", "NaN without a timed answer of the server",
           "smallest time from the capture point to the server and back"),
    Column("to_client_share", "float64", "0 to 1", "NaN unless both are known",
           "to_client_rtt_s / (to_client_rtt_s + to_server_rtt_s): near 0 at the client, near 1 at the server"),
    Column("client_vantage", "category", "", NEVER, "where the client's packets were captured"),
    Column("server_vantage", "category", "", NEVER, "where the server's packets were captured"),
)  # fmt: skip

RESENDS = (
    Column("conn_id", "int32", "", NEVER, "connection"),
    Column("from_client", "bool", "", NEVER, "sent by the client"),
    Column("time", "datetime64[ns, UTC]", "UTC", "null without a time", "when the retransmission was captured"),
    Column("rel_seq", "Int64", "bytes", NEVER, "sequence number counted from the SYN, unwrapped"),
    Column("resent_bytes", "uint32", "bytes", NEVER, "how many of its payload bytes were sent before"),
    Column("first_copy", "UInt32", "", "null where no copy was captured before", "frame of the first copy"),
    Column("delay_s", "float64", "s", "NaN without a first copy", "time since the first copy"),
    Column("delay_round_trips", "float64", "round trips", "NaN without a first copy, or without a round-trip time",
           "delay_s / the smallest round-trip time of the connection"),
    Column("previous_copy", "UInt32", "", "null where no copy was captured before",
           "frame of the copy before this one"),
    Column("since_previous_s", "float64", "s", "NaN without a copy before", "time since the copy before this one"),
    Column("duplicate_acks", "uint32", "", NEVER, "duplicate ACKs of the peer since its acknowledgement last moved"),
    Column("sacked_bytes", "uint64", "bytes", NEVER, "bytes above the ACK number that the peer had SACKed"),
    Column("reason", "category", "", NEVER, "why it was retransmitted, as far as packets show"),
    Column("needless", "boolean", "", "null where it cannot be known", "whether the receiver already had these bytes"),
    Column("wireshark_label", "category", "", "null where Wireshark gives none", "Wireshark's most specific label"),
    Column("rule", "category", "", NEVER, "what shows that it was retransmitted"),
)  # fmt: skip

RST_EVIDENCE = (
    Column("conn_id", "int32", "", NEVER, "connection"),
    Column("from_client", "bool", "", NEVER, "sent by the client"),
    Column("time", "datetime64[ns, UTC]", "UTC", "null without a time", "when it was captured"),
    Column("phase", "category", "", NEVER, "what precedes it in its connection"),
    Column("idle_s", "float64", "s", "NaN for a first packet, or without a time",
           "time since the packet before it in its connection"),
    Column("rel_seq", "Int64", "bytes", NEVER, "its sequence number counted from the SYN, unwrapped"),
    Column("expected_seq", "Int64", "bytes", "null where nothing of this side was sent or acknowledged before",
           "next sequence number of its side: the highest that it had sent up to, or that the peer had acknowledged"),
    Column("seq_fit", "category", "", "null where the number that the peer expects, or its window, is unknown",
           "how its sequence number compares with the expected one: exact, in_window or outside"),
    Column("rel_ack", "Int64", "bytes", "null without ACK", "its ACK number, counted from the peer's SYN"),
    Column("ack_offset_bytes", "Int64", "bytes", "null without ACK, or where nothing of the peer was captured before",
           "its ACK number - the end of what the peer had sent: 0 for all of it, above 0 for more than it sent"),
    Column("answers", "UInt32", "", "null where it answers no captured packet", "frame of the packet that it answers"),
    Column("answer_delay_s", "float64", "s", "NaN without that packet", "time since that packet"),
    Column("smallest_rtt_s", "float64", "s", "NaN without a timed answer of its side",
           "smallest time from the capture point to its side and back, without RSTs"),
    Column("delay_round_trips", "float64", "round trips", "NaN where either is unknown",
           "answer_delay_s / smallest_rtt_s: hardly below 1 for a RST that this host sent"),
    Column("ttl", "uint8", "hops", NEVER, "its time to live (IPv6 hop limit)"),
    Column("others_ttl_min", "UInt8", "hops", "null where its side sent nothing but RSTs",
           "smallest time to live of the other packets of its side"),
    Column("others_ttl_max", "UInt8", "hops", "null where its side sent nothing but RSTs", "largest one"),
    Column("ip_id", "UInt16", "", "null without an IPv4 header", "its IPv4 identification"),
    Column("ip_id_step", "UInt16", "", "null without two identifications, or where one is 0 (it says nothing)",
           "its identification - that of its side's previous packet, modulo 65,536"),
    Column("window", "uint16", "", NEVER, "its window as in the header"),
    Column("same_id_and_window", "UInt32", "", "null for none, without an IPv4 header, and for identification 0",
           "frame of the first other packet of the connection, RSTs excepted, with its identification and window"),
    Column("took_effect", "boolean", "", "null where it cannot be known",
           "whether it ended the connection; False if both sides went on"),
    Column("challenge_ack", "UInt32", "", "null for none",
           "frame of the peer's ACK that answers a RST that is not exact"),
)  # fmt: skip
