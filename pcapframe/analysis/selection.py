"""Which connections are asked for: by their server, by time.

A connection is taken whole or not at all. Where its roles are only inferred and the asked endpoint is at the
other side, that side is taken as the server: its reader knows better than a guess by ports.
"""

import ipaddress
import socket
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.errors import ParameterError
from pcapframe.measures import endpoint_text
from pcapframe.wording import agreeing, counted

__all__ = ["Address", "Selected", "Selection", "Time", "select_connections"]

Mask: TypeAlias = npt.NDArray[np.bool_]
Address: TypeAlias = str | IPv4Address | IPv6Address
Time: TypeAlias = str | datetime


@dataclass(frozen=True)
class Selection:
    """What is asked for; None stands for any.

    Parameters
    ----------
    server_ip : str, optional
        Address of the server, in any spelling; an IPv4-mapped IPv6 address stands for the IPv4 address too.
    server_port : int, optional
        Port of the server.
    start, end : Timestamp, optional
        The connection overlaps this time, both ends included.
    """

    server_ip: str | None = None
    server_port: int | None = None
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None

    @classmethod
    def parse(
        cls, server_ip: Address | None, server_port: int | None, start: Time | None, end: Time | None
    ) -> "Selection":
        """Check what a user asks for.

        Parameters
        ----------
        server_ip, server_port, start, end : optional
            As for `analyze`.

        Returns
        -------
        Selection
            The same, checked.

        Raises
        ------
        ParameterError
            Not an address, not a port, not a time, or an end before the start.
        """
        if server_ip is not None:
            _parsed_address(server_ip)
        if server_port is not None and (
            isinstance(server_port, bool)
            or not isinstance(server_port, int | np.integer)
            or not 0 <= server_port <= 65535
        ):
            raise ParameterError(f"server_port {server_port!r} is not a port: expected an integer from 0 to 65535")
        begins, ends = _parsed_time("start", start), _parsed_time("end", end)
        if begins is not None and ends is not None and ends < begins:
            raise ParameterError(f"end {ends.isoformat()} is before start {begins.isoformat()}")
        ip = None if server_ip is None else str(server_ip)
        return cls(ip, None if server_port is None else int(server_port), begins, ends)

    @property
    def names_server(self) -> bool:
        """Whether a server is asked for."""
        return self.server_ip is not None or self.server_port is not None

    def tells_server(self, connections: pd.DataFrame) -> Mask:
        """Tell which connections have one endpoint that matches the server asked for, and one that does not.

        Parameters
        ----------
        connections : DataFrame
            Columns of ``schema.CONNECTIONS``; not modified.

        Returns
        -------
        ndarray of bool
            One value a connection; none where no server is asked for, or both endpoints match.
        """
        at_server, at_client = (_at_side(connections, side, self) for side in ("server", "client"))
        return at_server ^ at_client

    @property
    def server(self) -> str:
        """The server asked for, as ``address:port``, IPv6 in brackets; ``any`` for what is not asked for."""
        ip = "any" if self.server_ip is None else str(_parsed_address(self.server_ip))
        port = "any" if self.server_port is None else str(self.server_port)
        return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as what ``json.dumps`` takes.

        Returns
        -------
        dict
            The fields by name, times as ISO 8601.
        """
        times = {name: getattr(self, name) for name in ("start", "end")}
        written = {name: None if time is None else time.isoformat() for name, time in times.items()}
        return {"server_ip": self.server_ip, "server_port": self.server_port, **written}

    def __str__(self) -> str:
        parts = []
        if self.names_server:
            parts.append(f"server {self.server}")
        if self.start is not None:
            parts.append(f"from {self.start.isoformat()}")
        if self.end is not None:
            parts.append(f"to {self.end.isoformat()}")
        return ", ".join(parts) or "all connections"


@dataclass(frozen=True)
class Selected:
    """Connections found, by row of the connections frame.

    Parameters
    ----------
    keep : ndarray of bool
        Asked for.
    flip : ndarray of bool
        Asked for, with the roles the other way round than inferred.
    notes : tuple of str
        What a reader should know about the choice.
    message : str or None
        Why nothing was found; None where something was.
    """

    keep: Mask
    flip: Mask
    notes: tuple[str, ...]
    message: str | None


def select_connections(connections: pd.DataFrame, wanted: Selection) -> Selected:
    """Find the connections asked for.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``; not modified.
    wanted : Selection
        What is asked for.

    Returns
    -------
    Selected
        One value a connection, and what to say about it.
    """
    keep, flip = _at_server(connections, wanted)
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
        notes.append(_roles_told(int(told.sum()), int(flip.sum())))
    message = None if keep.any() or not keep.size else _nothing(connections, wanted)
    return Selected(keep, flip, tuple(notes), message)


def _at_server(connections: pd.DataFrame, wanted: Selection) -> tuple[Mask, Mask]:
    """Connections with the server asked for, and which of them have it at the side taken for the client."""
    at_server, at_client = (_at_side(connections, side, wanted) for side in ("server", "client"))
    flip = ~at_server & at_client & (connections["roles"] == "inferred").to_numpy()
    return at_server | flip, flip


def _at_side(connections: pd.DataFrame, side: str, wanted: Selection) -> Mask:
    found = np.ones(len(connections), np.bool_)
    if wanted.server_ip is not None:
        addresses = connections[side].cat
        texts = addresses.categories.isin(_spellings(_parsed_address(wanted.server_ip)))
        found &= np.append(texts, False)[addresses.codes.to_numpy()]
    if wanted.server_port is not None:
        found &= connections[f"{side}_port"].to_numpy() == wanted.server_port
    return found


def _parsed_address(address: Address) -> IPv4Address | IPv6Address:
    """Return an address without brackets and zone, an IPv4-mapped one as IPv4."""
    text = str(address).strip()
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        raise ParameterError(f"server_ip {str(address)!r} is not an address: expected IPv4 or IPv6") from None
    if isinstance(parsed, IPv4Address):
        return parsed
    return parsed.ipv4_mapped or IPv6Address(parsed.packed)


def _spellings(address: IPv4Address | IPv6Address) -> list[str]:
    """Every text that a capture may have for an address."""
    if isinstance(address, IPv6Address):
        return [str(address), socket.inet_ntop(socket.AF_INET6, address.packed)]
    mapped = IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
    return [str(address), f"::ffff:{address}", str(mapped)]


def _parsed_time(name: str, time: Time | None) -> pd.Timestamp | None:
    """Return a time in UTC; without a zone it is taken as UTC."""
    if time is None:
        return None
    try:
        if isinstance(time, str):
            datetime.fromisoformat(time)  # a date is needed: pandas alone takes "12:00" for today
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


def _roles_told(told: int, turned: int) -> str:
    """Say in how many connections the filter decides who the server is, and how many have it at the other side."""
    note = (
        f"In {counted(told, 'connection')} no packet shows the roles: the endpoint of the filter is taken as the server"
    )
    if turned:
        note += f"; without the filter it is the client{'' if turned == told else f' in {turned:,} of them'}"
    return f"{note}."


def _nothing(connections: pd.DataFrame, wanted: Selection) -> str:
    """Say that nothing matches, and what is there instead."""
    total = counted(len(connections), "connection")
    sentences = [f"Nothing matches the filter ({wanted}); the capture has {total}."]
    if wanted.names_server:
        at_client = int(_at_side(connections, "client", wanted).sum())
        if at_client:
            sentences.append(f"It is the client of {counted(at_client, 'connection')}.")
        elif not _at_server(connections, wanted)[0].any():
            servers = pd.Series(endpoint_text(connections["server"], connections["server_port"])).value_counts()
            texts = [f"{server} ({count:,})" for server, count in servers.iloc[:3].items()]
            sentences.append(f"The servers with most connections: {', '.join(texts)}.")
    if wanted.start is not None or wanted.end is not None:
        first, last = connections["start"].min(), connections["end"].max()
        if not pd.isna(first):
            sentences.append(f"Its connections are from {first.isoformat()} to {last.isoformat()}.")
    return " ".join(sentences)
