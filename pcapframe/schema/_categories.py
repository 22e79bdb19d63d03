"""The TCP flag bits, the ports of servers, and the categories of the categorical columns."""

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
