"""The endpoints of each connection by role, and what shows the roles."""

from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np

from pcapframe.arrays import Array
from pcapframe.connections.rows import Rows, category
from pcapframe.jit import jit
from pcapframe.schema import ACK, ROLES, SYN

__all__ = ["Identity"]

BY_SYN, BY_SYN_ACK, INFERRED = (ROLES.index(name) for name in ("syn", "syn_ack", "inferred"))
NOT_SEEN = -1


class Endpoints(NamedTuple):
    """By connection."""

    client: Array  # int32, place of the address
    client_port: Array
    server: Array
    server_port: Array
    roles: Array  # int8, place in ROLES


Read = namedtuple("Read", "place from_client tcp_flags src dst src_port dst_port")


@jit
def _identify(rows: Any, out: Any) -> None:
    """Fill `out`."""
    place, from_client, tcp_flags = rows.place, rows.from_client, rows.tcp_flags
    src, dst, src_port, dst_port = rows.src, rows.dst, rows.src_port, rows.dst_port
    client, client_port, server, server_port, roles = out
    for i in range(place.size):
        at = place[i]
        if roles[at] == NOT_SEEN:
            roles[at] = INFERRED
            if from_client[i]:
                client[at], client_port[at], server[at], server_port[at] = src[i], src_port[i], dst[i], dst_port[i]
            else:
                client[at], client_port[at], server[at], server_port[at] = dst[i], dst_port[i], src[i], src_port[i]
        flags = tcp_flags[i]
        if flags & SYN:
            if not flags & ACK:
                roles[at] = BY_SYN
            elif roles[at] == INFERRED:
                roles[at] = BY_SYN_ACK


class Identity:
    """The columns of endpoints and roles."""

    def __init__(self, connections: int) -> None:
        addresses = [np.zeros(connections, np.int32) for _ in range(2)]
        ports = [np.zeros(connections, np.uint16) for _ in range(2)]
        self._out = Endpoints(
            addresses[0], ports[0], addresses[1], ports[1], np.full(connections, NOT_SEEN, np.int8)
        )  # fmt: skip

    def feed(self, rows: Rows) -> None:
        """Process the next chunk."""
        _identify(rows.pick(Read), self._out)

    def columns(self) -> dict[str, Any]:
        """Return the computed columns; addresses by their places."""
        return self._out._asdict() | {"roles": category(self._out.roles, ROLES)}
