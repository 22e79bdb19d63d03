"""Columns of packets and of segments."""

from pcapframe.schema._column import NEVER, Column

NO_TCP = "null unless TCP, or where the capture cut the header off before this field"
NO_TCP_HEADER = "null unless TCP, or where the capture cut the TCP header off"
NO_OPTION = "null where the option is absent"
NO_TUNNEL = "null unless the packet is in a tunnel"
NO_OUTER = "null unless the packet is in a tunnel over IP"
NO_ERROR = "null unless the packet is an ICMP or ICMPv6 error"
NO_QUOTE = "null unless an error quotes an IP header"
NO_PORTS_QUOTED = "null unless an error quotes TCP or UDP"

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
