"""Which connections the pickers ask for: a mask over the connections of an analysis, and the pandas code for it."""

import ipaddress
import socket
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.analysis import Analysis, Selection
from pcapframe.errors import ParameterError
from pcapframe.measures import connection_text
from pcapframe.plots import rst_events
from pcapframe.schema import ENDINGS, HANDSHAKES

__all__ = ["Filters", "Searched"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Filters:
    """What is asked for, as text; an empty one asks for anything.

    Parameters
    ----------
    server, client : str
        Address, in any spelling.
    port : str
        Port of the server.
    handshake, ending : str
        As in the connections frame.
    pattern : str
        Name of a pattern whose evidence names the connection.
    rst_phase : str
        The connection has a RST in this phase, one of those of `plots.rst_events`.
    start, end : str
        The connection overlaps this time, both ends included: ISO 8601, UTC where no zone is given.
    text : str
        Part of ``client:port <-> server:port``, in any case.
    """

    server: str = ""
    port: str = ""
    client: str = ""
    handshake: str = ""
    ending: str = ""
    pattern: str = ""
    rst_phase: str = ""
    start: str = ""
    end: str = ""
    text: str = ""

    def __str__(self) -> str:
        given = [f"{name.replace('_', ' ')} {value}" for name, value in vars(self).items() if value]
        return ", ".join(given) or "all connections"


class Searched:
    """The connections of an analysis, with what is looked up in them again and again.

    Parameters
    ----------
    analysis : Analysis
        Whose ``connections`` are filtered.
    """

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._connections = analysis.connections
        self._shown: dict[str, npt.NDArray[np.int64]] = {}

    def keep(self, filters: Filters) -> Mask:
        """Find the connections that every filter asks for.

        Parameters
        ----------
        filters : Filters
            What is asked for.

        Returns
        -------
        ndarray of bool
            One value a connection.

        Raises
        ------
        ParameterError
            A filter is not valid.
        """
        found = np.ones(len(self._connections), np.bool_)
        for side in ("server", "client"):
            if address := getattr(filters, side).strip():
                column = self._connections[side].cat
                found &= (
                    column.codes.to_numpy() == column.categories.get_indexer(pd.Index([_address(side, address)]))[0]
                )
                found &= column.codes.to_numpy() >= 0
        if port := filters.port.strip():
            found &= self._connections["server_port"].to_numpy() == _port(port)
        for name, known in (("handshake", HANDSHAKES), ("ending", ENDINGS)):
            if value := getattr(filters, name):
                if value not in known:
                    raise ParameterError(f"{name} {value!r} is not one of {', '.join(known)}")
                found &= (self._connections[name] == value).to_numpy()
        if filters.pattern:
            found &= self._is_in(self._of_pattern(filters.pattern))
        if filters.rst_phase:
            found &= self._is_in(self._of_phase(filters.rst_phase))
        times = _times(filters)
        if times.start is not None:
            found &= (self._connections["end"] >= times.start).to_numpy()
        if times.end is not None:
            found &= (self._connections["start"] <= times.end).to_numpy()
        if needle := filters.text.strip().lower():
            found &= np.fromiter((needle in text for text in self._texts), np.bool_, len(self._texts))
        return found

    @cached_property
    def _texts(self) -> list[str]:
        return [str(text).lower() for text in connection_text(self._connections)]

    @cached_property
    def _rsts(self) -> pd.DataFrame:
        return rst_events(self.analysis.filtered_segments, self._connections)

    def _is_in(self, conn_ids: npt.NDArray[np.int64]) -> Mask:
        return np.isin(self._connections.index.to_numpy(), conn_ids)

    def _of_pattern(self, name: str) -> npt.NDArray[np.int64]:
        if name not in self._shown:
            evidence = self.analysis.find_evidence(name, limit=len(self.analysis.segments))
            self._shown[name] = np.array(evidence.connections, np.int64)
        return self._shown[name]

    def _of_phase(self, name: str) -> npt.NDArray[np.int64]:
        known = self._rsts["phase"].cat.categories
        if name not in known:
            raise ParameterError(f"rst_phase {name!r} is not one of {', '.join(known)}")
        return self._rsts.loc[self._rsts["phase"] == name, "conn_id"].to_numpy(np.int64)


def _address(side: str, text: str) -> str:
    """Return an address as captures have it."""
    try:
        parsed = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        raise ParameterError(f"{side} {text!r} is not an address: expected IPv4 or IPv6") from None
    family = socket.AF_INET if parsed.version == 4 else socket.AF_INET6
    return socket.inet_ntop(family, parsed.packed)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ParameterError(f"port {text!r} is not a port: expected a number from 0 to 65535")
    return int(text)


def _times(filters: Filters) -> Selection:
    return Selection.parse(None, None, filters.start.strip() or None, filters.end.strip() or None)


def code_lines(filters: Filters) -> list[str]:
    """Write the filters as pandas code.

    Parameters
    ----------
    filters : Filters
        What is asked for; it is valid.

    Returns
    -------
    list of str
        Lines that take an `Analysis` named ``analysis`` and leave a frame named ``connections``.
    """
    lines = ["connections = analysis.connections"]

    def keep(condition: str) -> None:
        lines.append(f"connections = connections[{condition}]")

    if filters.server.strip():
        keep(f'connections["server"] == {_address("server", filters.server.strip())!r}')
    if filters.port.strip():
        keep(f'connections["server_port"] == {_port(filters.port.strip())}')
    if filters.client.strip():
        keep(f'connections["client"] == {_address("client", filters.client.strip())!r}')
    for name in ("handshake", "ending"):
        if value := getattr(filters, name):
            keep(f'connections["{name}"] == {value!r}')
    if filters.pattern:
        lines.append(f"evidence = analysis.find_evidence({filters.pattern!r}, limit=len(analysis.segments))")
        keep("connections.index.isin(evidence.connections)")
    if filters.rst_phase:
        lines.append("rsts = pf.plots.rst_events(analysis.filtered_segments, analysis.connections)")
        keep(f'connections.index.isin(rsts.loc[rsts["phase"] == {filters.rst_phase!r}, "conn_id"])')
    times = _times(filters)
    if times.start is not None:
        keep(f'connections["end"] >= pd.Timestamp({times.start.isoformat()!r})')
    if times.end is not None:
        keep(f'connections["start"] <= pd.Timestamp({times.end.isoformat()!r})')
    if needle := filters.text.strip().lower():
        lines.append("texts = pd.Series(connection_text(connections), connections.index, dtype=object)")
        keep(f"texts.str.lower().str.contains({needle!r}, regex=False).astype(bool)")
    return lines


def report_parameters(filters: Filters) -> dict[str, Any]:
    """Return what the report's notebook can take of the filters.

    Parameters
    ----------
    filters : Filters
        What is asked for; it is valid.

    Returns
    -------
    dict
        ``server_ip``, ``server_port``, ``start`` and ``end``, those that are asked for.
    """
    made: dict[str, Any] = {}
    if filters.server.strip():
        made["server_ip"] = _address("server", filters.server.strip())
    if filters.port.strip():
        made["server_port"] = _port(filters.port.strip())
    times = _times(filters)
    return made | {name: time.isoformat() for name in ("start", "end") if (time := getattr(times, name)) is not None}
