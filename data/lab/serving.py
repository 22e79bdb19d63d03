"""How well turns meet the truth: requests and responses of an application that knows its sizes and service times.

The application notes, by its own clock, when it had the whole request and when it gave the response to the kernel. The
link's log says when the last byte of the request reached the server's end, and when the first byte of the response left
it. A capture at the server's side should say the same within 100 us; at the client's side, with a round trip more.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

import pcapframe as pf

from .link import SYN
from .scoring import Recording

__all__ = ["Service", "note_packets", "score_services", "serve", "services_table"]

Log = list[dict[str, Any]]
NEAR_S = 0.0001
NEARLY = 0.95  # of a round trip: the kernel's contains what hosts take [0 to 1]
_HALF, _FULL = 1 << 31, 1 << 32


def serve(
    client: socket.socket, server: socket.socket, turns: Iterable[tuple[float, int, float, int]]
) -> list[dict[str, int]]:
    """Run turns, one after the other.

    Parameters
    ----------
    client, server : socket
        The two ends.
    turns : iterable of tuple
        The client's wait, bytes of the request, service time, bytes of the response. [s], [bytes], [s], [bytes]

    Returns
    -------
    list of dict
        ``request_bytes response_bytes service_ns`` of each, the last one by the application's clock.
    """
    made = []
    for wait_s, asked, service_s, answered in turns:
        time.sleep(wait_s)
        client.sendall(b"q" * asked)
        _read(server, asked)
        got = time.monotonic_ns()
        time.sleep(service_s)
        gave = time.monotonic_ns()
        server.sendall(b"a" * answered)
        _read(client, answered)
        made.append({"request_bytes": asked, "response_bytes": answered, "service_ns": gave - got})
    return made


def _read(sock: socket.socket, size: int) -> None:
    while size:
        size -= len(sock.recv(min(size, 65536)))


def note_packets(log: Log, sockets: list[dict[str, Any]]) -> None:
    """Add to turns of sockets what the log says of them: ``packets_ns``, the service time at the server's end."""
    for info in sockets:
        if "turns" not in info:
            continue
        server, client = tuple(info["local"]), tuple(info["remote"])
        asked, answered = 1, 1  # next relative numbers
        for turn in info["turns"]:
            asked, answered = asked + turn["request_bytes"], answered + turn["response_bytes"]
            arrived = max(_moments(log, client, server, (asked - turn["request_bytes"], asked), "out"))
            left = _moments(log, server, client, (answered - turn["response_bytes"],) * 2, "at")[0]
            turn["packets_ns"] = left - arrived


def _moments(
    log: Log, source: tuple[str, int], target: tuple[str, int], between: tuple[int, int], when: str
) -> list[int]:
    """Return when each segment that begins between two bytes first reached the link, or left it. [ns]."""
    ends = (*source, *target)
    frames = [one for one in log if one["kind"] != "other"]
    frames = [one for one in frames if (one["src"], one["src_port"], one["dst"], one["dst_port"]) == ends]
    first = next(frame["seq"] for frame in frames if frame["flags"] & SYN)
    found: dict[int, int] = {}
    for frame in frames:
        start = (frame["seq"] - first + _HALF) % _FULL - _HALF
        moments = frame["out"] if when == "out" else [frame["at"]]
        inside = between[0] <= start < max(between[1], between[0] + 1)
        if inside and frame["payload_bytes"] and moments:
            found[start] = min(found.get(start, moments[0]), *moments)
    return [found[start] for start in sorted(found)]


@dataclass(frozen=True)
class Service:
    """One turn at one point.

    Parameters
    ----------
    point : str
        ``client`` or ``server``.
    same_bytes : bool
        Whether the turn was found, with its bytes.
    ours_s, packets_s, application_s, round_trip_s : float
        Service time: ours, by the link's log, by the application; and the connection's round trip. [s]
    """

    point: str
    same_bytes: bool
    ours_s: float
    packets_s: float
    application_s: float
    round_trip_s: float

    @property
    def fits(self) -> bool:
        """Whether the service time is that of the packets; at the client with a round trip more, without losses."""
        off = self.ours_s - self.packets_s
        if self.point == "server":
            return self.same_bytes and abs(off) <= NEAR_S
        return self.same_bytes and NEARLY * self.round_trip_s <= off <= 2 * self.round_trip_s


def score_services(here: Recording, there: Recording) -> list[Service]:
    """Compare turns of a capture with those that the sockets of the server's recording, `there`, tell of."""
    told = [info for info in there.sockets if "turns" in info]
    if not told:
        return []
    analysis = pf.analyze(here.capture, progress=False)
    turns, found = pf.turns(analysis), []
    for info in told:
        port = info["remote"][1]
        (conn_id,) = analysis.connections.index[analysis.connections["client_port"] == port]
        own = turns[turns["conn_id"] == conn_id].to_dict("records")
        for number, turn in enumerate(info["turns"]):
            ours = own[number] if number < len(own) else None
            sizes = None if ours is None else (ours["request_bytes"], ours["response_bytes"])
            found.append(
                Service(
                    here.point,
                    len(own) == len(info["turns"]) and sizes == (turn["request_bytes"], turn["response_bytes"]),
                    np.nan if ours is None else float(ours["service_s"]),
                    turn["packets_ns"] / 1e9,
                    turn["service_ns"] / 1e9,
                    info["min_rtt"] / 1e6,
                )
            )
    return found


def services_table(scored: Iterable[list[Service]], *, say: Callable[[str], None] = print) -> None:
    """Print how many turns have the right bytes and service time, by point."""
    rows = [row for some in scored for row in some]
    for point in ("server", "client"):
        of = [row for row in rows if row.point == point]
        off = [abs(row.ours_s - row.packets_s) * 1e6 for row in of]
        more = [(row.packets_s - row.application_s) * 1e6 for row in of]
        say(
            f"turns at the {point}: {sum(row.same_bytes for row in of)} of {len(of)} with the same bytes, "
            f"{sum(row.fits for row in of)} with the service time of the packets (largest difference "
            f"{max(off, default=0):.0f} us); the application's is at most {max(more, default=0):.0f} us shorter"
        )
