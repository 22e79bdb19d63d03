"""Every column of every frame, declared once: name, dtype, unit, what null means, one line about it.

Documentation, empty frames, validation and exports derive from these tables; no other module lists columns.
The TCP flag bits and the categories of the categorical columns are defined here too.
"""

from pcapframe.schema._categories import (
    ACK,
    ENDINGS,
    FIN,
    FIRST_FIN_BY,
    FLAG_BITS,
    HANDSHAKES,
    LIKELY_SERVER_PORTS,
    PROBES,
    RESEND_REASONS,
    RESEND_RULES,
    RESET_BY,
    ROLES,
    RST,
    RST_FITS,
    RST_PHASES,
    SYN,
    VANTAGES,
    WIRESHARK_LABELS,
)
from pcapframe.schema._column import NEVER, NO_NUMBER, PLAIN, Column, names
from pcapframe.schema._connections import CONNECTIONS
from pcapframe.schema._conversation import TURNS, WAITS
from pcapframe.schema._evidence import RESENDS, RST_EVIDENCE, VANTAGE_EVIDENCE
from pcapframe.schema._joining import FATE_RULES, FATES, MATCHED_BY, PATHS, POINTS, TRANSMISSIONS, for_points
from pcapframe.schema._packets import COMMON, ICMP_QUOTES, LABELS, PACKETS, SEGMENTS, UNDECODED

__all__ = [
    "ACK",
    "COMMON",
    "CONNECTIONS",
    "ENDINGS",
    "FATES",
    "FATE_RULES",
    "FIN",
    "FIRST_FIN_BY",
    "FLAG_BITS",
    "HANDSHAKES",
    "ICMP_QUOTES",
    "LABELS",
    "LIKELY_SERVER_PORTS",
    "MATCHED_BY",
    "NEVER",
    "NO_NUMBER",
    "PACKETS",
    "PATHS",
    "PLAIN",
    "POINTS",
    "PROBES",
    "RESENDS",
    "RESEND_REASONS",
    "RESEND_RULES",
    "RESET_BY",
    "ROLES",
    "RST",
    "RST_EVIDENCE",
    "RST_FITS",
    "RST_PHASES",
    "SEGMENTS",
    "SYN",
    "TRANSMISSIONS",
    "TURNS",
    "UNDECODED",
    "VANTAGES",
    "VANTAGE_EVIDENCE",
    "WAITS",
    "WIRESHARK_LABELS",
    "Column",
    "for_points",
    "names",
]
