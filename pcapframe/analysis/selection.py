"""Select connections by server, client and time.

A connection is selected whole or not at all. Where its roles are only inferred and the filter's endpoint matches the
other side, that side becomes the server: the user knows better than a guess by ports.
"""

import ipaddress
import socket
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.errors import ParameterError
from pcapframe.measures import endpoint_text
from pcapframe.names import SEPARATOR
from pcapframe.wording import agreeing, counted, printable

__all__ = ["Address", "Selected", "Selection", "Time", "parse_address", "select_connections"]

Mask: TypeAlias = npt.NDArray[np.bool_]
Address: TypeAlias = str | IPv4Address | IPv6Address
Time: TypeAlias = str | datetime


@dataclass(frozen=True)
class Selection:
    """The filter; None matches anything.

    Parameters
    ----------
    server_ip : str, optional
        Address of the server, in any spelling; an IPv4-mapped IPv6 address stands for the IPv4 address too.
    server_port : int, optional
        Port of the server.
    start, end : Timestamp, optional
        The connection overlaps this time, both ends included.
    client_ip : str, optional
        Address of the client, compared like that of the server.
    server_name : str, optional
        Name that the client asks for, or that the server's address was given; ``*.`` before it for all names below it.
    """

    server_ip: str | None = None
    server_port: int | None = None
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    client_ip: str | None = None
    server_name: str | None = None

    @classmethod
    def parse(
        cls,
        server_ip: Address | None,
        server_port: int | None,
        start: Time | None,
        end: Time | None,
        client_ip: Address | None = None,
        server_name: str | None = None,
    ) -> "Selection":
        """Check a user's filter.

        Parameters
        ----------
        server_ip, server_port, start, end, client_ip, server_name : optional
            As for `analyze`.

        Returns
        -------
        Selection
            The checked filter.

        Raises
        ------
        ParameterError
            Not an address, not a port, not a time, an end before the start, or an empty name.
        """
        for name, address in (("server_ip", server_ip), ("client_ip", client_ip)):
            if address is not None:
                parse_address(address, name)
        if server_port is not None and (
            isinstance(server_port, bool)
            or not isinstance(server_port, int | np.integer)
            or not 0 <= server_port <= 65535
        ):
            raise ParameterError(f"server_port {server_port!r} is not a port: expected an integer from 0 to 65535")
        begins, ends = _parsed_time("start", start), _parsed_time("end", end)
        if begins is not None and ends is not None and ends < begins:
            raise ParameterError(f"end {ends.isoformat()} is before start {begins.isoformat()}")
        ip, client = (None if address is None else str(address) for address in (server_ip, client_ip))
        if server_name is not None and not (isinstance(server_name, str) and plain_name(server_name)):
            raise ParameterError(f"server_name is {server_name!r}: expected a name, such as www.example.com")
        return cls(ip, None if server_port is None else int(server_port), begins, ends, client, server_name)

    @property
    def names_server(self) -> bool:
        """Whether the filter names a server."""
        return self.server_ip is not None or self.server_port is not None

    @property
    def tells_roles(self) -> bool:
        """Whether it has an address, a port or a name, which may tell who is client and who is server."""
        return self.names_server or self.client_ip is not None or self.server_name is not None

    def tells_server(self, connections: pd.DataFrame) -> Mask:
        """Tell whose client and server the endpoints determine: only one of the two assignments matches.

        Parameters
        ----------
        connections : DataFrame
            Columns of ``schema.CONNECTIONS``; not modified.

        Returns
        -------
        ndarray of bool
            One value per connection; False where the filter has no endpoint, or both assignments match.
        """
        as_they_are, exchanged = _fits(connections, self)
        return as_they_are ^ exchanged

    @property
    def server(self) -> str:
        """The filter's server as ``address:port``, IPv6 in brackets; ``any`` for an address or port not given."""
        ip = "any" if self.server_ip is None else str(parse_address(self.server_ip))
        port = "any" if self.server_port is None else str(self.server_port)
        return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"

    def to_dict(self) -> dict[str, Any]:
        """Return the filter as a dict, ready for ``json.dumps``.

        Returns
        -------
        dict
            The fields by name, times as ISO 8601; ``client_ip`` and ``server_name`` only if they are given.
        """
        times = {name: getattr(self, name) for name in ("start", "end")}
        written = {name: None if time is None else time.isoformat() for name, time in times.items()}
        rare = {name: getattr(self, name) for name in ("client_ip", "server_name")}
        given = {name: value for name, value in rare.items() if value is not None}
        return {"server_ip": self.server_ip, "server_port": self.server_port, **written, **given}

    def __str__(self) -> str:
        parts = []
        if self.names_server:
            parts.append(f"server {self.server}")
        if self.server_name is not None:
            parts.append(f"server name {printable(self.server_name)}")
        if self.client_ip is not None:
            parts.append(f"client {parse_address(self.client_ip)}")
        if self.start is not None:
            parts.append(f"from {self.start.isoformat()}")
        if self.end is not None:
            parts.append(f"to {self.end.isoformat()}")
        return ", ".join(parts) or "all connections"


@dataclass(frozen=True)
class Selected:
    """The connections that a filter selects, by row of the connections frame.

    Parameters
    ----------
    keep : ndarray of bool
        Selected.
    flip : ndarray of bool
        Selected, with the inferred roles swapped.
    notes : tuple of str
        What a reader should know about the selection.
    message : str or None
        Why nothing is selected; None otherwise.
    """

    keep: Mask
    flip: Mask
    notes: tuple[str, ...]
    message: str | None


def select_connections(connections: pd.DataFrame, wanted: Selection) -> Selected:
    """Find the connections that match a filter.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``; not modified.
    wanted : Selection
        The filter.

    Returns
    -------
    Selected
        Masks with one value per connection, notes and a message.
    """
    keep, flip = _at_endpoints(connections, wanted)
    notes = []
    if wanted.start is not None or wanted.end is not None:
        timeless = connections["start"].isna().to_numpy()
        if timeless.any():
            count = int(timeless.sum())
            left = agreeing(count, "has no time and is", "have no time and are")
            notes.append(f"{counted(count, 'connection')} {left} left out by the filter on time.")
        keep &= ~timeless
        if wanted.start is not None:
            keep &= (connections["end"] >= wanted.start).to_numpy()
        if wanted.end is not None:
            keep &= (connections["start"] <= wanted.end).to_numpy()
        flip &= keep
    told = keep & (connections["roles"] == "inferred").to_numpy() & wanted.tells_server(connections)
    if told.any():
        side = "server" if wanted.names_server or wanted.server_name is not None else "client"
        notes.append(_roles_told(int(told.sum()), int(flip.sum()), side))
    message = None if keep.any() or not keep.size else _nothing(connections, wanted)
    return Selected(keep, flip, tuple(notes), message)


def _at_endpoints(connections: pd.DataFrame, wanted: Selection) -> tuple[Mask, Mask]:
    """Return which connections match the filter's endpoints, and which of them match only with roles swapped."""
    as_they_are, exchanged = _fits(connections, wanted)
    flip = ~as_they_are & exchanged & (connections["roles"] == "inferred").to_numpy()
    return as_they_are | flip, flip


def _fits(connections: pd.DataFrame, wanted: Selection) -> tuple[Mask, Mask]:
    """Return which connections match the filter's endpoints: with the roles as they are, and with roles swapped."""
    as_they_are, exchanged = (
        _at_side(connections, server, wanted.server_ip, wanted.server_port)
        & _at_side(connections, client, wanted.client_ip)
        & _has_name(connections, server, wanted.server_name)
        for server, client in (("server", "client"), ("client", "server"))
    )
    return as_they_are, exchanged


def plain_name(name: str) -> str:
    """Return a name in lower case, without the dot at its end."""
    return name.strip().rstrip(".").lower()


def _has_name(connections: pd.DataFrame, side: str, name: str | None) -> Mask:
    """Tell which connections ask for a name, or have one at this side whose address was given it."""
    found = np.ones(len(connections), np.bool_)
    if name is None:
        return found
    wanted = plain_name(name)

    def fits(text: str) -> bool:
        plain = plain_name(text)
        return plain.endswith(wanted[1:]) if wanted.startswith("*.") else plain == wanted

    found[:] = False
    for column in ("server_name", f"{side}_names"):
        texts = connections[column].cat
        matching = [any(map(fits, category.split(SEPARATOR))) for category in texts.categories]
        found |= np.append(np.array(matching, np.bool_), False)[texts.codes.to_numpy()]
    return found


def _at_side(connections: pd.DataFrame, side: str, ip: str | None, port: int | None = None) -> Mask:
    found = np.ones(len(connections), np.bool_)
    if ip is not None:
        addresses = connections[side].cat
        texts = addresses.categories.isin(_spellings(parse_address(ip)))
        found &= np.append(texts, False)[addresses.codes.to_numpy()]
    if port is not None:
        found &= connections[f"{side}_port"].to_numpy() == port
    return found


def parse_address(address: Address, name: str = "server_ip") -> IPv4Address | IPv6Address:
    """Read an address in any spelling.

    Parameters
    ----------
    address : str, IPv4Address or IPv6Address
        With or without brackets and zone.
    name : str
        Name of the parameter, for the error message.

    Returns
    -------
    IPv4Address or IPv6Address
        Without a zone; an IPv4-mapped address as IPv4.

    Raises
    ------
    ParameterError
        Not an address.

    Examples
    --------
    >>> parse_address("[2001:DB8:0::1]"), parse_address("::ffff:192.0.2.1")
    (IPv6Address('2001:db8::1'), IPv4Address('192.0.2.1'))
    """
    text = str(address).strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        raise ParameterError(f"{name} {str(address)!r} is not an address: expected IPv4 or IPv6") from None
    if isinstance(parsed, IPv4Address):
        return parsed
    return parsed.ipv4_mapped or IPv6Address(parsed.packed)


def _spellings(address: IPv4Address | IPv6Address) -> list[str]:
    """Return every text that a capture can have for an address."""
    if isinstance(address, IPv6Address):
        return [str(address), socket.inet_ntop(socket.AF_INET6, address.packed)]
    mapped = IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    return [str(address), f"::ffff:{address}", str(mapped)]


def _parsed_time(name: str, time: Time | None) -> pd.Timestamp | None:
    """Return a time in UTC; a time without a zone is read as UTC."""
    if time is None:
        return None
    try:
        if isinstance(time, str):
            datetime.fromisoformat(time)  # requires a date: pandas reads "12:00" as today
        elif not isinstance(time, datetime):
            raise TypeError
        parsed = pd.Timestamp(time)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"{name} {time!r} is not a time: expected ISO 8601, such as 2026-01-31T12:00:00Z"
        ) from error
    if pd.isna(parsed):
        raise ParameterError(f"{name} is not a time: expected ISO 8601, such as 2026-01-31T12:00:00Z")
    return parsed.tz_localize("UTC") if parsed.tz is None else parsed.tz_convert("UTC")


def _roles_told(told: int, turned: int, side: str) -> str:
    """Say in how many connections the filter determines the roles, and in how many of them it swaps them."""
    other = "client" if side == "server" else "server"
    note = (
        f"In {counted(told, 'connection')} no packet shows the roles: the endpoint of the filter is taken as the {side}"
    )
    if turned:
        note += f"; without the filter it is the {other}{'' if turned == told else f' in {turned:,} of them'}"
    return f"{note}."


def _nothing(connections: pd.DataFrame, wanted: Selection) -> str:
    """Say that nothing matches, and what is there instead."""
    total = counted(len(connections), "connection")
    sentences = [f"Nothing matches the filter ({wanted}); the capture has {total}."]
    if wanted.names_server:
        at_client = int(_at_side(connections, "client", wanted.server_ip, wanted.server_port).sum())
        if at_client and wanted.client_ip is None:
            sentences.append(f"It is the client of {counted(at_client, 'connection')}.")
        elif not _at_endpoints(connections, replace(wanted, client_ip=None))[0].any():
            servers = pd.Series(endpoint_text(connections["server"], connections["server_port"])).value_counts()
            texts = [f"{server} ({count:,})" for server, count in servers.iloc[:3].items()]
            sentences.append(f"The servers with most connections: {', '.join(texts)}.")
    if wanted.start is not None or wanted.end is not None:
        first, last = connections["start"].min(), connections["end"].max()
        if not pd.isna(first):
            sentences.append(f"Its connections are from {first.isoformat()} to {last.isoformat()}.")
    return " ".join(sentences)
