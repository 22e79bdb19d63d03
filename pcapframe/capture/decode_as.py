"""``decode_as``: which UDP ports of one's own carry a tunnel, as ``udp.port=14789,vxlan``."""

import re
from collections.abc import Iterable

from pcapframe.capture.udp_tunnels import UDP_TUNNELS
from pcapframe.errors import ParameterError

__all__ = ["decoded_ports", "listed"]

FORM = re.compile(r"\s*(?P<field>[a-z]+\.[a-z]+)\s*==?\s*(?P<value>\S*?)\s*,\s*(?P<name>.+?)\s*", re.IGNORECASE)
FIELD, TCP_FIELD = "udp.port", "tcp.port"
EXPECTED = f"expected {FIELD}=PORT,TUNNEL, as in {FIELD}=14789,vxlan"


def listed(decode_as: str | Iterable[str] | None) -> list[str]:
    """Return `decode_as` as a list.

    Parameters
    ----------
    decode_as : str, iterable of str, or None
        ``udp.port=PORT,TUNNEL`` each.

    Returns
    -------
    list of str
        Empty for None.

    Raises
    ------
    ParameterError
        It is neither text nor several of them.
    """
    if decode_as is None or isinstance(decode_as, str):
        return [] if decode_as is None else [decode_as]
    if not isinstance(decode_as, Iterable):
        raise ParameterError(f"decode_as is {decode_as!r}: {EXPECTED}")
    return list(decode_as)


def decoded_ports(texts: Iterable[str]) -> dict[int, int]:
    """Parse the texts of `decode_as`.

    Parameters
    ----------
    texts : iterable of str
        ``udp.port=PORT,TUNNEL`` each, with one equals sign or two; the name of the tunnel in any letter case.

    Returns
    -------
    dict of int to int
        For each port, the port of the row of ``UDP_TUNNELS`` with that name.

    Raises
    ------
    ParameterError
        One of them has another form, a port that does not exist, or an unknown name.

    Examples
    --------
    >>> decoded_ports(["udp.port=14789,vxlan"])
    {14789: 4789}
    """
    return dict(_decoded_port(text) for text in texts)


def _decoded_port(text: str) -> tuple[int, int]:
    """Parse one of them."""
    rows = {row.name.lower(): port for port, row in reversed(UDP_TUNNELS.items())}
    found = FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ParameterError(f"decode_as is {text!r}: {EXPECTED}")
    field, value, name = found["field"].lower(), found["value"], found["name"].lower().replace("_", "-")
    if field == TCP_FIELD:
        raise ParameterError(f"decode_as is {text!r}: no tunnel over TCP is followed, {EXPECTED}")
    if field != FIELD:
        raise ParameterError(f"decode_as is {text!r}: the field {field} is not known, {EXPECTED}")
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 0xFFFF:
        raise ParameterError(f"decode_as is {text!r}: the port is {value!r}, expected a number from 1 to 65535")
    if name not in rows:
        raise ParameterError(f"decode_as is {text!r}: no tunnel over UDP is named {name!r}, expected one of "
                             f"{', '.join(sorted(rows))}")  # fmt: skip
    return int(value), rows[name]
