"""ICMP errors that quote packets of the capture's connections: what they are called, and how they stay with segments.

An ICMP error is no segment. So `label_segments` keeps what the errors quote in ``attrs["icmp_errors"]`` of the segments
frame, as text: pandas copies text for nothing, and files keep it.
"""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array

__all__ = ["ATTRIBUTE", "NO_QUOTES", "QUOTE", "Quotes", "error_name", "read_quotes", "written_quotes"]

ATTRIBUTE = "icmp_errors"  # in attrs
# One error that quotes a packet of a connection.
QUOTE = np.dtype(
    [
        ("frame", np.uint32),
        ("conn_id", np.int32),
        ("kind", np.int32),
        ("source", np.int32),
        ("mtu", np.int64),  # of the next hop, -1 for none [bytes]
    ]
)

# As Wireshark names types and codes; RFC 792, 1122, 1812 and 4443.
TYPES = {
    "ICMP": {
        3: "Destination unreachable",
        4: "Source quench",
        5: "Redirect",
        11: "Time-to-live exceeded",
        12: "Parameter problem",
    },
    "ICMPv6": {1: "Destination Unreachable", 2: "Packet Too Big", 3: "Time Exceeded", 4: "Parameter Problem"},
}
CODES = {
    ("ICMP", 3): (
        "Network unreachable", "Host unreachable", "Protocol unreachable", "Port unreachable", "Fragmentation needed",
        "Source route failed", "Destination network unknown", "Destination host unknown", "Source host isolated",
        "Network administratively prohibited", "Host administratively prohibited", "Network unreachable for TOS",
        "Host unreachable for TOS", "Communication administratively filtered", "Host precedence violation",
        "Precedence cutoff in effect",
    ),
    ("ICMP", 5): (
        "Redirect for network", "Redirect for host", "Redirect for TOS and network", "Redirect for TOS and host",
    ),
    ("ICMP", 11): ("Time to live exceeded in transit", "Fragment reassembly time exceeded"),
    ("ICMP", 12): ("Pointer indicates the error", "Required option missing", "Bad length"),
    ("ICMPv6", 1): (
        "no route to destination", "Administratively prohibited", "Beyond scope of source address",
        "Address unreachable", "Port unreachable", "Source address failed ingress/egress policy",
        "Reject route to destination", "Error in Source Routing Header",
    ),
    ("ICMPv6", 3): ("hop limit exceeded in transit", "fragment reassembly time exceeded"),
    ("ICMPv6", 4): (
        "erroneous header field encountered", "unrecognized Next Header type encountered",
        "unrecognized IPv6 option encountered", "IPv6 First Fragment has incomplete IPv6 Header Chain",
    ),
}  # fmt: skip
WITHOUT_CODES = (("ICMP", 4), ("ICMPv6", 2))  # whose only code is 0


def error_name(protocol: str, kind: int, code: int) -> str:
    """Name an ICMP error by its type and code, as Wireshark does.

    Parameters
    ----------
    protocol : str
        ``ICMP`` or ``ICMPv6``.
    kind, code : int
        Its type and code.

    Returns
    -------
    str
        Codes without a name are numbered.

    Examples
    --------
    >>> error_name("ICMP", 3, 4), error_name("ICMPv6", 2, 0), error_name("ICMP", 3, 99)
    ('Destination unreachable (Fragmentation needed)', 'Packet Too Big', 'Destination unreachable (code 99)')
    """
    name = TYPES[protocol].get(kind, f"{protocol} type {kind}")
    codes = CODES.get((protocol, kind), ())
    if code < len(codes):
        return f"{name} ({codes[code]})"
    return name if code == 0 and (protocol, kind) in WITHOUT_CODES else f"{name} (code {code})"


class Quotes(NamedTuple):
    """Which ICMP errors quote packets of connections, by frame.

    Parameters
    ----------
    errors : ndarray of QUOTE
        One row per error that quotes a packet of a connection; `kind` and `source` are places in the two lists.
    kinds : sequence of str
        Names of the errors.
    sources : sequence of str
        Addresses that sent them.
    quoting_tcp : int
        How many errors quote TCP at all, those that fit no connection included.
    """

    errors: Array
    kinds: Sequence[str]
    sources: Sequence[str]
    quoting_tcp: int


NO_QUOTES = Quotes(np.zeros(0, QUOTE), (), (), 0)


def written_quotes(quotes: Quotes) -> str:
    """Write quotes as the text that ``attrs`` hold.

    Parameters
    ----------
    quotes : Quotes
        To keep.

    Returns
    -------
    str
        For `read_quotes`.
    """
    errors = base64.b64encode(zlib.compress(quotes.errors.tobytes(), 1)).decode()
    return json.dumps([list(quotes.kinds), list(quotes.sources), quotes.quoting_tcp, errors])


def read_quotes(attrs: Mapping[Any, Any]) -> Quotes | None:
    """Return the quotes that a frame's ``attrs`` hold.

    Parameters
    ----------
    attrs : mapping
        Of segments, as from `label_segments`, or of connections that were made of them.

    Returns
    -------
    Quotes or None
        None where they are not there, so that nothing is known of ICMP errors.

    Examples
    --------
    >>> read_quotes({"icmp_errors": written_quotes(NO_QUOTES)}).quoting_tcp, read_quotes({})
    (0, None)
    """
    if ATTRIBUTE not in attrs:
        return None
    kinds, sources, quoting_tcp, errors = json.loads(attrs[ATTRIBUTE])
    return Quotes(np.frombuffer(zlib.decompress(base64.b64decode(errors)), QUOTE), kinds, sources, quoting_tcp)
