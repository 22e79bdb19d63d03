"""Endpoints of connections: as numbers to group by, as text, as Wireshark display filters."""

from functools import cached_property

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, column_of, sum_by
from pcapframe.display_filters import endpoint_filter
from pcapframe.measures import host_text
from pcapframe.memory import stretches
from pcapframe.patterns._api import LISTED

__all__ = ["Endpoints"]

FEW_PAIRS = 3  # of endpoints, in one display filter


class Endpoints:
    """Clients and servers of connections.

    Parameters
    ----------
    connections : DataFrame
        Columns ``client``, ``client_port``, ``server`` and ``server_port``; not modified.
    """

    def __init__(self, connections: pd.DataFrame) -> None:
        self._connections = connections

    @cached_property
    def client(self) -> Array:
        """A number for each connection's client: the same for the same address and port, servers' too."""
        return self._numbers("client")

    @cached_property
    def server(self) -> Array:
        """A number for each connection's server: the same for the same address and port, clients' too."""
        return self._numbers("server")

    @cached_property
    def server_host(self) -> Array:
        """A number for each connection's server address."""
        return self.server >> 16

    @cached_property
    def by_server(self) -> tuple[Array, Array]:
        """A number for each connection's server, address and port, from 0, and how many connections each has."""
        _, number, sizes = np.unique(self.server, return_inverse=True, return_counts=True)
        return number, sizes

    def texts(self, places: Array) -> list[str]:
        """Write some connections as ``client:port <-> server:port``."""
        pairs = zip(self.client[places].tolist(), self.server[places].tolist(), strict=True)
        return [f"{self._text(client)} <-> {self._text(server)}" for client, server in pairs]

    def count_pairs(self, counts: Array) -> tuple[dict[str, int], int]:
        """Sum counts over the connections between the same endpoints.

        Parameters
        ----------
        counts : ndarray of int
            By connection.

        Returns
        -------
        dict
            The largest 100 sums by ``client:port <-> server:port``, without zeros, descending.
        int
            How many there are in all.
        """
        places = np.flatnonzero(counts)
        first, sums = sum_by(counts[places], self.client[places], self.server[places])
        texts = self.texts(places[first[:LISTED]])
        return dict(zip(texts, sums[:LISTED].tolist(), strict=True)), sums.size

    def count_servers(self, counts: Array) -> tuple[dict[str, int], int]:
        """Sum counts over the connections with the same server; otherwise as `count_pairs`."""
        places = np.flatnonzero(counts)
        first, sums = sum_by(counts[places], self.server[places])
        texts = [self._text(end) for end in self.server[places[first[:LISTED]]].tolist()]
        return dict(zip(texts, sums[:LISTED].tolist(), strict=True)), sums.size

    def display_filter(self, places: Array) -> str | None:
        """Return one short filter for all packets of some connections.

        Parameters
        ----------
        places : ndarray of int
            Which connections.

        Returns
        -------
        str or None
            By up to three pairs of endpoints; else by the server, server address or client address that all
            share; else None.
        """
        if not places.size:
            return None
        client, server = (int(ends[places[0]]) for ends in (self.client, self.server))
        if places.size <= LISTED:
            pairs = dict.fromkeys(zip(self.client[places].tolist(), self.server[places].tolist(), strict=True))
            if len(pairs) <= FEW_PAIRS:
                parts = [f"{self._filter(one)} && {self._filter(other)}" for one, other in pairs]
                return parts[0] if len(parts) == 1 else " || ".join(f"({part})" for part in parts)
        # Piece by piece, since most often the first one shows that they differ.
        if all((self.server[places[rows]] == server).all() for rows in stretches(places.size)):
            return self._filter(server)
        for ends, host in ((self.server, server >> 16), (self.client, client >> 16)):
            if all((ends[places[rows]] >> 16 == host).all() for rows in stretches(places.size)):
                return endpoint_filter(self._addresses[host])
        return None

    def server_text(self, place: int) -> str:
        """Write the server of a connection, with its port."""
        return self._text(int(self.server[place]))

    def client_text(self, place: int) -> str:
        """Write the client address of a connection."""
        return str(self._addresses[int(self.client[place]) >> 16])

    def server_host_text(self, place: int) -> str:
        """Write the server address of a connection."""
        return str(self._addresses[int(self.server[place]) >> 16])

    def _text(self, endpoint: int) -> str:
        return f"{host_text(self._addresses[endpoint >> 16])}:{endpoint & 0xFFFF}"

    def _filter(self, endpoint: int) -> str:
        return endpoint_filter(self._addresses[endpoint >> 16], endpoint & 0xFFFF)

    @cached_property
    def _addresses(self) -> Array:
        """Addresses as text, by their number."""
        return self._categories.to_numpy(object)

    @cached_property
    def _categories(self) -> pd.Index:
        """Addresses of clients and servers alike."""
        client: pd.Index
        client, server = (column_of(self._connections, side).categories for side in ("client", "server"))
        return client if client.equals(server) else client.union(server)

    def _numbers(self, side: str) -> Array:
        column = column_of(self._connections, side)
        if not column.categories.equals(self._categories):
            column = column.set_categories(self._categories)
        numbers = column.codes.astype(np.int64)
        numbers <<= 16
        numbers |= np.asarray(column_of(self._connections, f"{side}_port"))
        return np.asarray(numbers)
