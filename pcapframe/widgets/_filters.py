"""Filters: the connections that match, and the Python code that selects them."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from urllib.parse import parse_qsl, urlencode

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.analysis import Analysis, Selection
from pcapframe.analysis.pipeline import select_endpoints
from pcapframe.analysis.selection import parse_address, select_connections
from pcapframe.errors import ParameterError
from pcapframe.measures import connection_text
from pcapframe.plots.rst_events import PHASES, rst_events
from pcapframe.schema import ENDINGS, HANDSHAKES
from pcapframe.zones import typed_time

__all__ = ["INSIDE", "Filters", "Found", "Searched", "code_lines", "selection_of"]

Mask = npt.NDArray[np.bool_]
INSIDE = "inside"  # the value of ``packets``
COUNTED = ("server", "port", "client", "handshake", "ending", "pattern", "rst_phase")
COLUMNS = {"port": "server_port"}  # of a filter, where it has another name
MOST_COUNTED = 200  # addresses or ports
KEPT = 6  # endpoints whose connections are kept


@dataclass(frozen=True)
class Filters:
    """Filters as text; an empty one matches everything.

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
        The connection overlaps this time, both ends included: ISO 8601, in the chosen time zone where none is given.
    packets : str
        ``inside``: of the connections, only packets within the time; otherwise all of them.
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
    packets: str = ""
    text: str = ""

    @property
    def link(self) -> str:
        """The filters as the query of a link: ``handshake=refused&port=8080``; empty for none."""
        return urlencode({name: value for name, value in vars(self).items() if value})

    @classmethod
    def of_link(cls, link: str) -> "Filters":
        """Read what `link` writes.

        Parameters
        ----------
        link : str
            The query; what stands before a ``?`` is ignored.

        Returns
        -------
        Filters
            Its values are not checked.

        Raises
        ------
        ParameterError
            It names something that is no filter, or nothing at all.
        """
        given = dict(parse_qsl(link.strip().rpartition("?")[2], keep_blank_values=True))
        known = [field.name for field in fields(cls)]
        unknown = [name for name in given if name not in known]
        if unknown or (link.strip() and not given):
            what = ", ".join(unknown) or repr(link)
            raise ParameterError(f"there is no filter {what}: expected some of {', '.join(known)}, as in port=443")
        return cls(**given)

    def __str__(self) -> str:
        given = [f"{name.replace('_', ' ')} {value}" for name, value in vars(self).items() if value]
        return ", ".join(given) or "all connections"


def selection_of(filters: Filters, before: Selection) -> Selection:
    """Return the filters that `analyze` has as a `Selection`.

    Parameters
    ----------
    filters : Filters
        Server, port, client, start and end are used.
    before : Selection
        Used where a filter is empty.

    Returns
    -------
    Selection
        Addresses as captures have them.

    Raises
    ------
    ParameterError
        Not an address, a port or a time, or an end before the start.
    """
    port, start, end = (text.strip() for text in (filters.port, filters.start, filters.end))
    chosen = {
        "server_ip": _address("server", filters.server),
        "server_port": _port(port) if port else None,
        "client_ip": _address("client", filters.client),
        "start": typed_time(start) or None,
        "end": typed_time(end) or None,
    }
    return Selection.parse(**{**vars(before), **{name: value for name, value in chosen.items() if value is not None}})


@dataclass(frozen=True, eq=False)
class Found:
    """Connections that match filters.

    Parameters
    ----------
    analysis : Analysis
        Has the connections of the given endpoints, with client and server as these imply.
    mask : ndarray of bool
        Which of its connections match the other filters too.
    notes : tuple of str
        Remarks about endpoints and time.
    message : str or None
        Why no connection has these endpoints and this time; None if some do.
    """

    analysis: Analysis
    mask: Mask
    notes: tuple[str, ...] = ()
    message: str | None = None


class Searched:
    """The connections of an analysis, with cached lookups.

    Parameters
    ----------
    analysis : Analysis
        Whose ``connections`` are filtered.
    """

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._whole = _Narrowed(analysis)
        self._narrowed: dict[Selection, _Narrowed] = {}
        self._shown: dict[str, npt.NDArray[np.int64]] = {}

    def find(self, filters: Filters) -> Found:
        """Find the connections that match every filter.

        Parameters
        ----------
        filters : Filters
            The filters.

        Returns
        -------
        Found
            Endpoints and time select what `analyze` selects, within the explored analysis.

        Raises
        ------
        ParameterError
            A filter is not valid.
        """
        wanted = selection_of(filters, self.analysis.selection)
        for name, known in (("handshake", HANDSHAKES), ("ending", ENDINGS)):
            if (value := getattr(filters, name)) and value not in known:
                raise ParameterError(f"{name} {value!r} is not one of {', '.join(known)}")
        if filters.packets not in ("", INSIDE):
            raise ParameterError(f"packets {filters.packets!r} is not {INSIDE}")
        narrowed = self._narrow(wanted)
        connections = narrowed.analysis.connections
        in_time = select_connections(connections, Selection(start=wanted.start, end=wanted.end))
        found = in_time.keep
        message = None if found.any() else select_connections(self.analysis.connections, wanted).message
        for name in ("handshake", "ending"):
            if value := getattr(filters, name):
                found &= (connections[name] == value).to_numpy()
        if filters.pattern:
            found &= connections.index.isin(self._of_pattern(filters.pattern))
        if filters.rst_phase:
            found &= connections.index.isin(narrowed.of_phase(filters.rst_phase))
        if needle := filters.text.strip().lower():
            found &= np.fromiter((needle in text for text in narrowed.texts), np.bool_, len(narrowed.texts))
        return Found(narrowed.analysis, found, (*narrowed.analysis.notes, *in_time.notes), message)

    def counts(self, filters: Filters) -> dict[str, dict[str, int]]:
        """Count what each value of a picker would select beside the other filters.

        Parameters
        ----------
        filters : Filters
            Valid filters.

        Returns
        -------
        dict of dict of int
            Connections by value, for ``server``, ``port``, ``client``, ``handshake``, ``ending``, ``pattern`` and
            ``rst_phase``; of the first three, the 200 values with the most.
        """
        made: dict[str, dict[str, int]] = {}
        known: dict[Filters, Found] = {}  # filters that are not set leave the same connections
        for name in COUNTED:
            others = replace(filters, **{name: ""})
            if others not in known:
                known[others] = self.find(others)
            left = known[others].analysis.connections[known[others].mask]
            if (column := COLUMNS.get(name, name)) in left:
                counts = left[column].value_counts()
                counts = counts[counts > 0][:MOST_COUNTED]
                turned = _turned(left, column, selection_of(others, self.analysis.selection))
                counts = counts.add(turned[turned.index.isin(counts.index)], fill_value=0)[counts.index]
                made[name] = {str(value): int(count) for value, count in counts.items()}
                continue
            chosen = np.zeros(len(self.analysis.whole_connections), np.bool_)
            chosen[left.index.to_numpy()] = True
            narrowed = self._narrow(selection_of(others, self.analysis.selection))  # phases rest on who is the server
            of = self._of_pattern if name == "pattern" else narrowed.of_phase
            values = [one.pattern for one in self.analysis.patterns] if name == "pattern" else PHASES
            made[name] = {value: int(chosen[of(value)].sum()) for value in values}
        return made

    def _narrow(self, wanted: Selection) -> "_Narrowed":
        """Return the connections of the given endpoints; those of the last few are kept."""
        endpoints = replace(wanted, start=None, end=None)
        if endpoints == replace(self.analysis.selection, start=None, end=None):
            return self._whole
        if endpoints not in self._narrowed:
            if len(self._narrowed) >= KEPT:
                del self._narrowed[next(iter(self._narrowed))]
            self._narrowed[endpoints] = _Narrowed(select_endpoints(self.analysis, endpoints))
        return self._narrowed[endpoints]

    def _of_pattern(self, name: str) -> npt.NDArray[np.int64]:
        if name not in self._shown:
            evidence = self.analysis.find_evidence(name, limit=len(self.analysis.segments))
            self._shown[name] = np.unique(np.array(evidence.connections, np.int64))
        return self._shown[name]


def _turned(connections: pd.DataFrame, column: str, others: Selection) -> pd.Series:
    """Count connections whose roles are inferred and that a filter of the other side would select too, by its value."""
    other = column.replace("server", "client") if "server" in column else "server"
    own, across = (connections[name].astype(object) for name in (column, other))
    could = (connections["roles"] == "inferred") & (own != across)
    told = others.client_ip is not None or (others.server_ip is not None and column != "server")
    if told:  # then roles are known
        could &= False
    if others.server_port is not None and column != "server_port":
        could &= connections["client_port"] == others.server_port
    return across[could].value_counts()


class _Narrowed:
    """The connections of the given endpoints, with cached lookups."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._phases: dict[str, npt.NDArray[np.int64]] = {}

    @cached_property
    def texts(self) -> list[str]:
        return [str(text).lower() for text in connection_text(self.analysis.connections)]

    @cached_property
    def _rsts(self) -> pd.DataFrame:
        return rst_events(self.analysis.filtered_segments, self.analysis.connections)

    def of_phase(self, name: str) -> npt.NDArray[np.int64]:
        known = self._rsts["phase"].cat.categories
        if name not in known:
            raise ParameterError(f"rst_phase {name!r} is not one of {', '.join(known)}")
        if name not in self._phases:
            conn_ids = self._rsts.loc[self._rsts["phase"] == name, "conn_id"]
            self._phases[name] = np.unique(conn_ids.to_numpy(np.int64))
        return self._phases[name]


def _address(side: str, text: str) -> str | None:
    return str(parse_address(text.strip(), side)) if text.strip() else None


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ParameterError(f"port {text!r} is not a port: expected a number from 0 to 65535")
    return int(text)


def code_lines(filters: Filters, source: str, before: Selection, thresholds: str = "") -> list[str]:
    """Write code that analyses the same capture and applies the filters.

    Parameters
    ----------
    filters : Filters
        Valid filters.
    source : str
        The capture, as code.
    before : Selection
        The filter of the explored analysis.
    thresholds : str
        Those of the explored analysis, as code; empty for the defaults.

    Returns
    -------
    list of str
        Lines that leave an `Analysis` named ``analysis`` and a frame named ``connections``.
    """
    wanted = selection_of(filters, before)
    fields = before.to_dict()
    replaced = any(fields.get(name) not in (None, value) for name, value in wanted.to_dict().items())
    evidence_of = "analysis"
    if wanted != before and (replaced or filters.pattern):
        evidence_of = "whole"
        lines = [
            f"whole = {_analyze_call(source, before, thresholds)}",
            f"analysis = {_analyze_call('whole', wanted, 'whole.thresholds' if thresholds else '')}",
        ]
    else:
        lines = [f"analysis = {_analyze_call(source, wanted, thresholds)}"]
    lines.append("connections = analysis.connections")

    def keep(condition: str) -> None:
        lines.append(f"connections = connections[{condition}]")

    if replaced:
        keep("connections.index.isin(whole.connections.index)")
    for name in ("handshake", "ending"):
        if value := getattr(filters, name):
            keep(f'connections["{name}"] == {value!r}')
    if filters.pattern:
        lines.append(f"evidence = {evidence_of}.find_evidence({filters.pattern!r}, limit=len(analysis.segments))")
        keep("connections.index.isin(evidence.connections)")
    if filters.rst_phase:
        lines.append("rsts = pf.plots.rst_events(analysis.filtered_segments, analysis.connections)")
        keep(f'connections.index.isin(rsts.loc[rsts["phase"] == {filters.rst_phase!r}, "conn_id"])')
    if needle := filters.text.strip().lower():
        lines.append("texts = pd.Series(connection_text(connections), connections.index, dtype=object)")
        keep(f"texts.str.lower().str.contains({needle!r}, regex=False).astype(bool)")
    return lines


def _analyze_call(source: str, wanted: Selection, thresholds: str) -> str:
    given = [f"{name}={value!r}" for name, value in wanted.to_dict().items() if value is not None]
    return f"pf.analyze({', '.join([source, *given, *([f'thresholds={thresholds}'] if thresholds else [])])})"
