"""First RSTs that come after the same time on many connections: the two patterns about them share this."""

from typing import Any, NamedTuple, Protocol

import numpy as np

from pcapframe.arrays import Array
from pcapframe.patterns._api import each_direction
from pcapframe.patterns._traffic import Traffic
from pcapframe.wording import agreeing

__all__ = ["Group", "Limits", "largest_group"]


class Limits(Protocol):
    """Thresholds of both patterns."""

    @property
    def tolerance(self) -> float: ...
    @property
    def min_connections(self) -> int: ...
    @property
    def min_share(self) -> float: ...


class Group(NamedTuple):
    """The most first RSTs that come after the same time.

    Parameters
    ----------
    resets : ndarray of int
        Their rows, ascending.
    times : ndarray of float64
        After which they come, ascending [s].
    considered : int
        How many first RSTs there are in all.
    """

    resets: Array
    times: Array
    considered: int

    def when(self, time: str) -> dict[str, Any]:
        """Return the numbers about times that both patterns have.

        Parameters
        ----------
        time : str
            What the time is called in the names.

        Returns
        -------
        dict
            ``share`` [0 to 1], and the median, smallest and largest time [s].
        """
        return {
            "share": self.resets.size / self.considered,
            f"{time}_median_s": np.median(self.times),
            f"{time}_min_s": self.times.min(),
            f"{time}_max_s": self.times.max(),
        }

    def where(self, traffic: Traffic) -> dict[str, Any]:
        """Return the numbers about endpoints that both patterns have.

        Parameters
        ----------
        traffic : Traffic
            Segments and connections.

        Returns
        -------
        dict
            Which way the RSTs went, and connections by server.
        """
        to_server, from_server, _ = traffic.count_directions(self.resets)
        by_server, servers = traffic.endpoints.count_servers(traffic.places(self.resets).astype(np.int64))
        return {
            "rst_to_server": to_server,
            "rst_from_server": from_server,
            "by_server": by_server,
            "by_server_total": servers,
        }

    def directions(self, traffic: Traffic) -> str:
        """Write which way the RSTs go.

        Parameters
        ----------
        traffic : Traffic
            Segments and connections.

        Returns
        -------
        str
            The end of a sentence.
        """
        whose = agreeing(self.resets.size, "its RST", "their RSTs")
        return f"{whose}: {each_direction(*traffic.count_directions(self.resets))}."


def largest_group(rows: Array, times: Array, limits: Limits) -> Group | None:
    """Find the most first RSTs whose times lie within a tolerance of the shortest of them.

    Parameters
    ----------
    rows : ndarray of int
        First RST of each connection that is considered.
    times : ndarray of float64
        After which it comes. [s]
    limits : Limits
        Those of the pattern.

    Returns
    -------
    Group or None
        None where they are too few, or too small a share.
    """
    if not rows.size:
        return None
    order = np.argsort(times, kind="stable")
    ascending = times[order]
    stops = np.searchsorted(ascending, ascending * (1 + limits.tolerance), side="right")
    start = int(np.argmax(stops - np.arange(ascending.size)))
    group = order[start : int(stops[start])]
    if group.size < max(limits.min_connections, 1) or group.size < limits.min_share * rows.size:
        return None
    return Group(np.sort(rows[group]), times[group], rows.size)
