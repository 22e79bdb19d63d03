"""What the rules read: connections and segments, grouped by server, and what a rule found in them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.analysis.health import CaptureHealth
from pcapframe.arrays import Array, Mask
from pcapframe.patterns import Pattern, Traffic
from pcapframe.wording import counted, of_all, seconds

__all__ = ["MOST_LINES", "Found", "Group", "Seen", "clients_of", "in_all"]

ABOVE = 4  # times the median number of connections, where a server has a line of its own beside others
MOST_LINES = 3  # servers with a line of their own; where more show the same, one line sums them up


class Found(NamedTuple):
    """What a rule found: one event.

    Parameters
    ----------
    sentence : str
        What is seen.
    mask : ndarray of bool
        Connections that show it, by place.
    rows : ndarray of int
        Segments that show it, by row.
    among : ndarray of bool
        Connections that could have shown it: those of the same servers.
    flags : str, optional
        Display filter of the packets within their connections, a name of ``_filters.PACKETS``.
    kind : str, optional
        Where it is not that of the rule.
    weight : float, optional
        Where it is not that of the rule. [0 to 1]
    """

    sentence: str
    mask: Mask
    rows: Array
    among: Mask
    flags: str = ""
    kind: str = ""
    weight: float | None = None


class Group(NamedTuple):
    """Connections of one server, or of several that are summed up.

    Where only one client shows it, `among` is of that client, and `others` are the connections of other clients.
    """

    name: str
    mask: Mask
    among: Mask
    others: Mask


class Seen:
    """Connections, segments and patterns of an analysis.

    Parameters
    ----------
    traffic : Traffic
        The counted segments and connections.
    patterns : tuple of Pattern
        What was found in them.
    health : CaptureHealth
        What limits them.
    """

    def __init__(self, traffic: Traffic, patterns: tuple[Pattern, ...], health: CaptureHealth) -> None:
        self.traffic, self.health = traffic, health
        self.patterns = {seen.pattern: seen for seen in patterns}
        self.size = traffic.size
        self.number, self.each_way, self.is_in = traffic.number, traffic.each_way, traffic.is_in

    def observed(self, pattern: str) -> dict[str, Any]:
        """Return the numbers of a pattern; empty where it is not observed."""
        found = self.patterns.get(pattern)
        return found.observations if found else {}

    def places_of(self, pattern: str) -> Mask:
        """Tell which connections show a pattern: the listed ones."""
        found, mask = self.patterns.get(pattern), np.zeros(self.size, np.bool_)
        if found:
            mask[self.traffic.connections.index.get_indexer(pd.Index(found.evidence.connections))] = True
        return mask

    def rows_of(self, pattern: str) -> Array:
        """Return the rows of the frames that a pattern lists; without those that are no segment, as ICMP errors."""
        found = self.patterns.get(pattern)
        if not found:
            return np.empty(0, np.intp)
        frames = np.unique(np.asarray(found.evidence.frames, np.int64))
        rows = self.traffic.rows_of_frames(frames)
        return np.asarray(rows[self.traffic.frames(rows) == frames])

    def is_cut(self, pattern: str) -> bool:
        """Tell whether a pattern has more packets than it lists."""
        found = self.patterns.get(pattern)
        return found is not None and found.evidence.frame_count > len(found.evidence.frames)

    def is_unknown(self, *statistics: str) -> bool:
        """Tell whether the capture's health makes one of some statistics unknown."""
        return self.health.qualifier(*statistics) == "unknown"

    def at_least(self, count: int, text: str = "") -> str:
        """Write a count of retransmissions, after "at least" where the capture may lack some of them."""
        least = "at least " if self.health.qualifier("retransmissions") else ""
        return f"{least}{text or f'{count:,}'}"

    def seconds(self, column: str) -> Array:
        """Return a column of the connections in seconds; NaN where unknown."""
        return self.traffic.connections[column].to_numpy(np.float64)

    @property
    def _by_server(self) -> tuple[Array, Array]:
        """Number of each connection's server from 0, and how many connections each has."""
        return self.traffic.endpoints.by_server

    @property
    def server_sizes(self) -> Array:
        """How many connections the server of each connection has."""
        number, sizes = self._by_server
        return np.asarray(sizes[number])

    @property
    def server_number(self) -> Array:
        """A number for the server of each connection, from 0."""
        return self._by_server[0]

    @property
    def server_count(self) -> int:
        """How many servers there are: addresses with ports."""
        return int(self._by_server[1].size)

    def groups(self, mask: Mask, *, most: int = MOST_LINES) -> Iterator[Group]:
        """Group connections by server, those with the most first.

        Where there are more than `most` servers, those that stand above the others have a group of their own, and the
        others one together.
        """
        if not mask.any():
            return
        number, _ = self._by_server
        counts = np.bincount(number[mask], minlength=self.server_count)
        servers = np.flatnonzero(counts)
        servers = servers[np.argsort(-counts[servers], kind="stable")]
        single = most
        if servers.size > most:
            above = counts[servers] >= ABOVE * max(np.median(counts[servers]), 1)
            single = min(int(above.sum()), most - 1)
        for server in servers[:single].tolist():
            yield self._group(self._server_text(server), mask, number == server)
        others = servers[single:]
        if others.size:
            name = f"{self._server_text(int(others[0]))} and {counted(int(others.size - 1), 'other server')}"
            yield self._group(name, mask, np.isin(number, others))

    def _group(self, name: str, mask: Mask, among: Mask) -> Group:
        """Tell the connections of some servers that show something from those that could have."""
        mask = mask & among
        own = self._of_client(mask, among)
        return Group(name, mask, own, among & ~own)

    def among(self, mask: Mask) -> Mask:
        """Return the connections that could have shown it too: of the same servers, and of the client if only one."""
        return self._of_client(mask, np.isin(self.server_number, np.unique(self.server_number[mask])))

    def _of_client(self, mask: Mask, among: Mask) -> Mask:
        """Narrow connections to those of one client, where all of `mask` are."""
        hosts = self.traffic.endpoints.client >> 16
        own = among & (hosts == hosts[np.argmax(mask)])
        return among if (mask & ~own).any() else own

    def which(self, mask: Mask, among: Mask) -> str:
        """Write how many of how many connections as `of_all`, and whether these are the first or the last of them."""
        count, total = int(np.count_nonzero(mask)), int(np.count_nonzero(among))
        others = among & ~mask
        if count > 1 and others.any():
            begin = self.traffic.start_ns
            first, last = begin[mask].min(), begin[mask].max()
            if first > begin[others].max():
                return f"the last {count:,} of {counted(total, 'connection')}"
            if last < begin[others].min():
                return f"the first {count:,} of {counted(total, 'connection')}"
        return of_all(count, total)

    def _server_text(self, server: int) -> str:
        return self.traffic.endpoints.server_text(int(np.argmax(self.server_number == server)))

    def client_text(self, mask: Mask) -> str:
        """Name the client address of connections, or how many clients they have."""
        hosts = np.unique(self.traffic.endpoints.client[mask] >> 16)
        if hosts.size == 1:
            return self.traffic.endpoints.client_text(int(np.argmax(mask)))
        return counted(int(hosts.size), "client")

    def beside(self, others: Mask) -> str:
        """Write how many connections of other clients a handshake completed, after a semicolon; nothing without any."""
        if not others.any():
            return ""
        complete = int(np.count_nonzero(others & self.is_in("handshake", "complete")))
        return f"; {complete:,} of {counted(int(others.sum()), 'connection')} from {self.client_text(others)} completed"

    def span_text(self, rows: Array) -> str:
        """Write the time from the first to the last of some segments as ``in 21 s`` after a space."""
        if rows.size < 2:
            return ""
        span = float(self.traffic.seconds_between(rows.min()[None], rows.max()[None])[0])
        return f" in {seconds(span)}" if span > 0 else ""

    def syns(self, mask: Mask) -> Array:
        """Return the rows of the SYNs of connections, without SYN-ACKs."""
        rows = self.traffic.flagged("SYN", within=mask).rows
        return rows[~self.traffic.has_flag(rows, "ACK")]


def clients_of(seen: Seen, mask: Mask) -> str:
    """Write ``from`` and the client of connections, after a space."""
    return f" from {seen.client_text(mask)}"


def in_all(count: int, total: int, *, listed: bool = True) -> str:
    """Write in how many of how many connections, after a comma; nothing where there is only one.

    "at least" where not all of them are listed.

    Examples
    --------
    >>> in_all(1, 1), in_all(3, 9)
    ('', ', in 3 of 9 connections')
    """
    if not listed:
        return f", in at least {count:,} of {counted(total, 'connection')}"
    return "" if count == total == 1 else f", in {of_all(count, total)}"
