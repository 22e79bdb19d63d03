"""The selected connections and packets, and what selects the same in Wireshark, Python and the report."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.analysis import Analysis
from pcapframe.analysis.provenance import files_of
from pcapframe.analysis.selection import select_connections
from pcapframe.display_filters import captured_frames, endpoint_filter, frame_filter
from pcapframe.errors import CaptureError
from pcapframe.extraction import write_pcap
from pcapframe.patterns import Thresholds
from pcapframe.widgets._filters import INSIDE, Filters, Found, code_lines, selection_of
from pcapframe.wording import counted

__all__ = ["ExplorerSelection", "check_unchanged"]

Mask = npt.NDArray[np.bool_]
FEW_PAIRS = 5  # of endpoints, in one display filter
TAKEN = ("server", "port", "client", "start", "end")  # filters that are a Selection
ICMP = ("ICMP", "ICMPv6")  # messages that quote a TCP header match a filter by endpoints too


@dataclass(frozen=True, eq=False)
class ExplorerSelection:
    """The connections that filters select, with their packets and what selects the same elsewhere.

    Parameters
    ----------
    analysis : Analysis
        The explored analysis.
    filters : Filters
        The filters.
    found : Found
        The connections that match.
    """

    analysis: Analysis
    filters: Filters
    found: Found

    def __repr__(self) -> str:
        whole = len(self.analysis.connections)
        return f"<ExplorerSelection of {len(self.connections):,} of {counted(whole, 'connection')}: {self.filters}>"

    @cached_property
    def connections(self) -> pd.DataFrame:
        """The selected connections, with client and server as the filters imply: columns of ``schema.CONNECTIONS``."""
        connections, mask = self.found.analysis.connections, self.found.mask
        return connections if mask.all() else connections[mask]

    def analysis_of(self, conn_id: int) -> Analysis:
        """Return the analysis that has a connection with client and server as the filters imply.

        Parameters
        ----------
        conn_id : int
            A connection of the explored analysis, selected or not.

        Returns
        -------
        Analysis
            That of `found` if it has the connection, else the explored one.
        """
        return self.found.analysis if conn_id in self.found.analysis.connections.index else self.analysis

    @cached_property
    def _span(self) -> tuple[pd.Timestamp | None, pd.Timestamp | None] | None:
        """First and last time of packets, where only those inside the time are selected."""
        if self.filters.packets != INSIDE:
            return None
        wanted = selection_of(self.filters, self.analysis.selection)
        return None if wanted.start is None and wanted.end is None else (wanted.start, wanted.end)

    @property
    def is_inside(self) -> bool:
        """Whether only packets inside the time are selected."""
        return self._span is not None

    def _inside(self, segments: pd.DataFrame) -> Mask:
        """Tell which segments are inside the time; all of them where whole connections are selected."""
        inside = np.ones(len(segments), np.bool_)
        if self._span is None:
            return inside
        first, last = self._span
        inside &= segments["time"].notna().to_numpy()
        if first is not None:
            inside &= (segments["time"] >= first).to_numpy()
        if last is not None:
            inside &= (segments["time"] <= last).to_numpy()
        return inside

    @cached_property
    def packet_count(self) -> int:
        """Number of selected packets."""
        if self._span is not None:
            return int(np.count_nonzero(self.rows))
        return sum(int(self.connections[f"{side}_packets"].sum()) for side in ("client", "server"))

    @cached_property
    def rows(self) -> Mask:
        """Which segments of the capture are selected."""
        conn_id = self.analysis.segments["conn_id"].to_numpy()
        chosen = np.zeros(len(self.analysis.whole_connections), np.bool_)
        chosen[self.connections.index.to_numpy()] = True
        return chosen.take(conn_id) & self._inside(self.analysis.segments)

    @cached_property
    def segments(self) -> pd.DataFrame:
        """The selected segments: columns of ``schema.SEGMENTS``."""
        view = self.found.analysis.filtered_segments
        if self._span is None and self.found.mask.all() and len(self.connections) == len(self.analysis.connections):
            return view
        part = view[view["conn_id"].isin(self.connections.index).to_numpy() & self._inside(view)]
        part.attrs = view.attrs
        return part

    @cached_property
    def packets(self) -> pd.DataFrame:
        """The selected packets: columns of ``schema.PACKETS``."""
        packets = self.analysis.packets
        part = packets.loc[self.frames]
        part.attrs = packets.attrs
        return part

    @cached_property
    def frames(self) -> npt.NDArray[np.int64]:
        """Frame numbers of the selected packets."""
        return np.asarray(self.analysis.segments.index.to_numpy()[self.rows], np.int64)

    @cached_property
    def ranges(self) -> int:
        """Number of ranges of consecutive frame numbers."""
        return int(np.count_nonzero(np.diff(self.frames) != 1)) + 1 if self.frames.size else 0

    @cached_property
    def short_filter(self) -> str | None:
        """A display filter by endpoints that selects exactly these packets; None if there is no short one."""
        if self._span is not None:
            return None
        packets, segments = self.analysis.packets, self.analysis.segments
        protocols = packets["protocol"].value_counts()
        if int(protocols.get("TCP", 0)) != len(segments):  # cut headers, which Wireshark takes for TCP too
            return None
        without = " && !icmp && !icmpv6" if any(protocols.get(name, 0) for name in ICMP) else ""
        whole = self.analysis.whole_connections
        wanted = np.zeros(len(whole), np.bool_)
        wanted[self.connections.index.to_numpy()] = True
        if not wanted.any():
            return None
        if wanted.all():
            return f"tcp{without}"
        for text, found in _candidates(whole, wanted):
            if (found == wanted).all():
                return f"({text}){without}" if without and " || " in text else f"{text}{without}"
        return None

    @cached_property
    def display_filter(self) -> str | None:
        """Wireshark display filter that selects exactly these packets; None if there are none.

        By endpoints if a short one exists, else by frame number (in the merged capture, for several files).
        """
        return self.short_filter or frame_filter(captured_frames(self.analysis.packets, self.frames))

    @property
    def _thresholds(self) -> dict[str, Any]:
        """The thresholds of the explored analysis that differ from the defaults."""
        default = Thresholds().to_dict()
        return {name: value for name, value in self.analysis.thresholds.to_dict().items() if value != default[name]}

    @cached_property
    def code(self) -> str:
        """Python that makes the same selection of the same capture."""
        analysis = self.analysis
        files = [file.path for file in analysis.provenance.files]
        source = repr(files[0] if len(files) == 1 else files) if files else "capture"
        thresholds = f"pf.Thresholds().with_values({self._thresholds!r})" if self._thresholds else ""
        body = code_lines(self.filters, source, analysis.selection, thresholds)
        imports = ["import pandas as pd"] if any("pd." in line for line in body) else []
        imports.append("import pcapframe as pf")
        if any("connection_text" in line for line in body):
            imports.append("from pcapframe.measures import connection_text")
        note = [] if files else ["# capture: the frame or bytes that were explored"]
        lines = [
            *imports, "", *note, *body,
            "segments = analysis.filtered_segments",
            'segments = segments[segments["conn_id"].isin(connections.index)]',
            *self._inside_lines,
            "packets = analysis.packets.loc[segments.index]",
        ]  # fmt: skip
        return "\n".join(lines)

    @property
    def _inside_lines(self) -> list[str]:
        first, last = self._span or (None, None)
        ends = ((">=", first), ("<=", last))
        return [f'segments = segments[segments["time"] {sign} {str(end)!r}]' for sign, end in ends if end is not None]

    @cached_property
    def parameters(self) -> str:
        """Parameters of the report notebook as YAML, for ``papermill -f``; a comment says what they cannot express."""
        wanted = selection_of(self.filters, self.analysis.selection)
        given = {name: value for name, value in wanted.to_dict().items() if value is not None}
        client = given.pop("client_ip", None)
        if self._thresholds:
            given["thresholds"] = self._thresholds
        files = [file.path for file in self.analysis.provenance.files]
        lines = [] if files else ["# add a line: capture: PATH (the explored capture is not a file)"]
        values: dict[str, Any] = {"capture": files[0] if len(files) == 1 else files, **given} if files else given
        lines += [f"{name}: {_yaml(value)}" for name, value in values.items()]
        whole = self.analysis.whole_connections
        taken = whole.index[select_connections(whole, replace(wanted, client_ip=None)).keep]
        if not taken.equals(self.connections.index):
            rest = [f"client {client}"] if client else []
            rest += [] if (other := replace(self.filters, **dict.fromkeys(TAKEN, ""))) == Filters() else [str(other)]
            lines.append(f"# the report filters by server and time only: {counted(len(taken), 'connection')}")
            lines.append(f"# selected here: {len(self.connections):,}" + (f", with {', '.join(rest)}" if rest else ""))
        return "\n".join(lines)

    def write(self, path: str | os.PathLike[str]) -> int:
        """Write the packets as a capture; see `write_pcap`.

        Parameters
        ----------
        path : path
            Ends in ``.pcap`` or ``.pcapng``.

        Returns
        -------
        int
            How many packets were written.

        Raises
        ------
        CaptureError
            The capture was moved or has changed since it was read.
        ParameterError
            The path is not valid, or the format cannot hold the packets.
        """
        check_unchanged(self.analysis)
        files = [file.path for file in self.analysis.provenance.files]
        return write_pcap(self.packets, path, source=files or None)


def check_unchanged(analysis: Analysis) -> None:
    """Refuse a capture that has changed since it was read.

    Parameters
    ----------
    analysis : Analysis
        Its files are checked, if it has any.

    Raises
    ------
    CaptureError
        A file was moved or has changed.
    """
    for file in analysis.provenance.files:
        now = files_of(file.path)
        if not now:
            raise CaptureError(file.path, "is not there any more: it was moved or deleted since it was read")
        if now[0] != file:
            raise CaptureError(file.path, "has changed since it was read, so its bytes are not those of this analysis")


def _candidates(whole: pd.DataFrame, wanted: Mask) -> Iterator[tuple[str, Mask]]:
    """Yield display filters by endpoints, the shortest first, each with the connections that Wireshark selects."""
    ends = {
        side: (whole[side].astype(object).to_numpy(), whole[f"{side}_port"].to_numpy()) for side in ("client", "server")
    }

    def has(address: str | None, port: int | None) -> Mask:
        found = np.ones(len(whole), np.bool_)
        if address is not None:
            found &= (ends["client"][0] == address) | (ends["server"][0] == address)
        if port is not None:
            found &= (ends["client"][1] == port) | (ends["server"][1] == port)
        return found

    first = int(np.argmax(wanted))
    (clients, client_ports), (servers, ports) = ends["client"], ends["server"]
    client, server, port = str(clients[first]), str(servers[first]), int(ports[first])
    yield f"tcp.port == {port}", has(None, port)
    yield endpoint_filter(server), has(server, None)
    yield endpoint_filter(client), has(client, None)
    yield endpoint_filter(server, port), has(server, port)
    yield f"{endpoint_filter(client)} && tcp.port == {port}", has(client, port)
    yield f"{endpoint_filter(client)} && {endpoint_filter(server)}", has(client, None) & has(server, None)
    both = f"{endpoint_filter(client)} && {endpoint_filter(server, port)}"
    yield both, has(client, None) & has(server, port)
    places = np.flatnonzero(wanted)
    if places.size > 20 * FEW_PAIRS:
        return
    pairs = {(clients[i], int(client_ports[i]), servers[i], int(ports[i])) for i in places.tolist()}
    if len(pairs) > FEW_PAIRS:
        return
    texts, found = [], np.zeros(len(whole), np.bool_)
    for one, one_port, other, other_port in sorted(pairs):
        texts.append(f"{endpoint_filter(one, one_port)} && {endpoint_filter(other, other_port)}")
        found |= has(one, one_port) & has(other, other_port)
    yield texts[0] if len(texts) == 1 else " || ".join(f"({text})" for text in texts), found


def _yaml(value: object) -> str:
    """Write a value as YAML, of which JSON is a subset."""
    return json.dumps(value)
