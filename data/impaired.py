"""Scenarios with known truth: real kernel TCP over an impaired link, recorded at both ends and in the middle.

Each is a function of a `Lab`, registered under its name by `impaired`; ``ground_truth.py`` runs them. They are meant
to be hard for a program that recognises retransmissions, not to be examples.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from lab.hosts import wait_until
from lab.link import Plan, Rule
from lab.network import Lab
from lab.sockets import abort, set_options, tcp_info, transfer

ROUNDS = 3  # of each set of connections
CLOSED = 7  # TCP_CLOSE in tcpi_state
PORTS = range(9000, 9010)
EITHER = ("data", "fin")


@dataclass(frozen=True)
class Impaired:
    """A scenario.

    Parameters
    ----------
    plan : Plan
        What the link does.
    run : callable
        Makes the traffic.
    ipv6 : bool
        IPv6 addresses in place of IPv4.
    settings : tuple
        Kernel parameters of both hosts, below ``net/ipv4``: names and values.
    """

    plan: Plan
    run: Callable[[Lab], None]
    ipv6: bool = False
    settings: tuple[tuple[str, int], ...] = ()


IMPAIRED: dict[str, Impaired] = {}
BASE = Plan(seed=7, delay_s=0.012, bits_per_s=20e6, record=True)
FAST = replace(BASE, delay_s=0.0006, bits_per_s=60e6)
WITHOUT_SACK = (("tcp_sack", 0),)
WITHOUT_TIMESTAMPS = (("tcp_timestamps", 0),)


def loss(probability: float, **more: Any) -> tuple[Rule, Rule]:
    """Loss of data in either half of the link."""
    rule = Rule("drop", kinds=EITHER, probability=probability / 2, **more)
    return rule, replace(rule, beyond=True)


def late(probability: float, seconds: float, **more: Any) -> tuple[Rule, Rule]:
    """Data that others overtake in either half of the link."""
    rule = Rule("delay", kinds=EITHER, probability=probability / 2, seconds=seconds, **more)
    return rule, replace(rule, beyond=True)


def twice(probability: float, seconds: float) -> tuple[Rule, Rule]:
    """Frames of every kind that arrive twice."""
    rule = Rule("duplicate", probability=probability / 2, seconds=seconds)
    return rule, replace(rule, beyond=True)


class Pair:
    """Both ends of a connection, and the kernel's final counters of them."""

    def __init__(self, lab: Lab, listener: socket.socket, note: str, **options: int) -> None:
        self.ours, self.theirs = lab.pair(listener, note=note, **options)
        self._lab = lab
        self._names = self.ours.getsockname()[:2], self.ours.getpeername()[:2]

    def note_info(self) -> None:
        """Keep the kernel's counters of both sockets."""
        for sock, names in ((self.ours, self._names), (self.theirs, self._names[::-1])):
            self._lab.sockets.append({"local": names[0], "remote": names[1]} | tcp_info(sock))

    def close(self) -> None:
        """Close from both sides, the server first; the counters are read when every FIN is acknowledged."""
        for sock, other in ((self.theirs, self.ours), (self.ours, self.theirs)):
            sock.shutdown(socket.SHUT_WR)
            while other.recv(65536):
                pass
        wait_until(lambda: all(tcp_info(sock)["state"] == CLOSED for sock in (self.ours, self.theirs)), "closing")
        self.note_info()
        self.ours.close()
        self.theirs.close()


def impaired(
    plan: Plan, *, ipv6: bool = False, settings: tuple[tuple[str, int], ...] = ()
) -> Callable[[Callable[[Lab], None]], Callable[[Lab], None]]:
    """Register a function as the scenario of its name; the parameters are those of `Impaired`."""

    def register(run: Callable[[Lab], None]) -> Callable[[Lab], None]:
        IMPAIRED[run.__name__] = Impaired(plan, run, ipv6, settings)
        return run

    return register


def traffic(
    name: str,
    plan: Plan,
    *,
    down: int = 220_000,
    up: int = 120_000,
    ipv6: bool = False,
    settings: tuple[tuple[str, int], ...] = (),
) -> None:
    """Register a scenario of two downloads, an upload and a connection in which both sides send."""

    def run(lab: Lab) -> None:
        listener = lab.server.listen(lab.servers[0], PORTS[0])
        for _ in range(ROUNDS):
            pairs = [Pair(lab, listener, note) for note in ("download", "upload", "both")]
            download, upload, both = ((pair.ours, pair.theirs) for pair in pairs)
            transfer(
                (*download[::-1], down), (*upload, up), (*both, up // 2), (*both[::-1], down // 2)
            )  # fmt: skip
            for pair in pairs:
                pair.close()

    IMPAIRED[name] = Impaired(plan, run, ipv6, settings)


traffic("clean", BASE, down=100_000, up=60_000)
traffic("random_loss", replace(BASE, seed=11, rules=loss(0.03)))
traffic("heavy_loss", replace(BASE, seed=12, rules=loss(0.1)), down=60_000, up=40_000)
traffic("burst_loss", replace(BASE, seed=13, rules=loss(0.01, burst=6)))
traffic("long_path", replace(BASE, seed=14, delay_s=0.06, rules=loss(0.03)), down=120_000, up=80_000)
traffic("short_path", replace(FAST, seed=15, rules=(*loss(0.02), *late(0.02, 0.0004))))
traffic("full_queue", replace(BASE, seed=16, bits_per_s=8e6, queue_s=0.02))
traffic("reordering", replace(BASE, seed=17, rules=(*late(0.04, 0.004), *late(0.02, 0.009))))
traffic("jitter", replace(BASE, seed=18, rules=(*late(0.3, 0.001), *late(0.3, 0.002))))
traffic("late_originals", replace(BASE, seed=19, rules=late(0.02, 0.09)))
traffic("duplication", replace(BASE, seed=20, rules=(*twice(0.06, 0.0), *twice(0.06, 0.003))))
traffic(
    "delay_spikes",
    replace(BASE, seed=21, rules=(Rule("hold", kinds=EITHER, first=40, last=40, seconds=0.45),
                                  Rule("hold", kinds=EITHER, first=60, last=60, seconds=0.3, beyond=True))),
)  # fmt: skip
traffic(
    "ack_loss",
    replace(BASE, seed=22, rules=(Rule("drop", kinds=("ack",), probability=0.3), *loss(0.02))),
)
traffic(
    "ack_reordering",
    replace(BASE, seed=23, rules=(Rule("delay", kinds=("ack",), probability=0.2, seconds=0.006), *loss(0.02))),
)
traffic("mixed", replace(BASE, seed=24, rules=(*loss(0.02), *late(0.04, 0.005), *twice(0.02, 0.002))))
traffic("without_sack", replace(BASE, seed=25, rules=(*loss(0.02), *late(0.02, 0.003))), settings=WITHOUT_SACK)
traffic(
    "without_timestamps",
    replace(BASE, seed=26, rules=(*loss(0.02), *late(0.03, 0.004), *twice(0.01, 0.001))),
    settings=WITHOUT_TIMESTAMPS,
)
traffic(
    "without_options",
    replace(BASE, seed=27, rules=(*loss(0.02), *late(0.02, 0.004))),
    settings=WITHOUT_SACK + WITHOUT_TIMESTAMPS,
    down=120_000,
    up=80_000,
)
traffic("ipv6", replace(BASE, seed=28, rules=(*loss(0.02), *late(0.03, 0.005), *twice(0.01, 0.001))), ipv6=True)
traffic("offload", replace(BASE, seed=29, offload=True, rules=loss(0.03)))
traffic("offload_reordering", replace(BASE, seed=30, offload=True, rules=(*loss(0.01), *late(0.03, 0.005))))
traffic("offload_ipv6", replace(BASE, seed=31, offload=True, rules=loss(0.02)), ipv6=True, down=120_000)

traffic("satellite", replace(BASE, seed=32, delay_s=0.14, rules=loss(0.03)), down=60_000, up=40_000)
traffic("blackouts", replace(BASE, seed=33, rules=loss(0.008, burst=8)), down=100_000, up=60_000)
traffic(
    "blackouts_without_sack",
    replace(BASE, seed=34, rules=loss(0.01, burst=5)),
    settings=WITHOUT_SACK,
    down=100_000,
    up=60_000,
)


@impaired(replace(BASE, seed=40, rules=(*loss(0.12), *late(0.03, 0.003))))
def short_connections(lab: Lab) -> None:
    """Many short exchanges, whose tails, SYNs and FINs are lost as well."""
    listener = lab.server.listen(lab.servers[0], PORTS[0])
    for n in range(25):
        pair = Pair(lab, listener, "exchange")
        transfer((pair.ours, pair.theirs, 300))
        transfer((pair.theirs, pair.ours, 1_000 + 700 * n))
        pair.close()


@impaired(
    replace(
        BASE,
        seed=41,
        rules=(
            Rule("drop", to="client", kinds=("data",), port=PORTS[0], first=10, last=12),
            Rule("drop", to="client", kinds=("data",), port=PORTS[0], first=24, last=24, beyond=True),
            Rule("drop", to="client", kinds=("data",), port=PORTS[1], first=9, last=9),
            Rule("drop", kinds=("fin",), last=1),
        ),
    )
)
def tail_loss(lab: Lab) -> None:
    """Answers whose last segments are lost, with their probes and first timeouts in part; lost FINs."""
    for port in PORTS[:2]:
        listener = lab.server.listen(lab.servers[0], port)
        for _ in range(2):
            pair = Pair(lab, listener, "answers")
            for _ in range(8):
                transfer((pair.ours, pair.theirs, 80))
                transfer((pair.theirs, pair.ours, 4_000))
            pair.close()


@impaired(replace(BASE, seed=42, rules=(*loss(0.02), Rule("drop", kinds=("ack",), probability=0.05))))
def zero_window(lab: Lab) -> None:
    """A receiver that stops reading, until the window is zero and probes are sent, then reads on."""
    listener = lab.server.listen(lab.servers[0], PORTS[0])
    for _ in range(2):
        pair = Pair(lab, listener, "stops reading", SO_RCVBUF=9_000)
        pair.theirs.setblocking(False)
        sent = 0
        with suppress(BlockingIOError):
            while sent < 60_000:
                sent += pair.theirs.send(b"x" * 4_000)
        time.sleep(1.5)
        pair.theirs.settimeout(30)
        while sent:
            sent -= len(pair.ours.recv(2_000))
        pair.close()


@impaired(replace(BASE, seed=43, rules=(Rule("drop", kinds=("ack",), probability=0.2, first=12),)))
def keep_alive(lab: Lab) -> None:
    """Idle connections with keep-alives, some of whose answers are lost."""
    listener = lab.server.listen(lab.servers[0], PORTS[0])
    pairs = [Pair(lab, listener, "keep-alives") for _ in range(3)]
    for pair in pairs:
        transfer((pair.ours, pair.theirs, 200), (pair.theirs, pair.ours, 3_000))
        set_options(pair.ours, SO_KEEPALIVE=1, TCP_KEEPIDLE=1, TCP_KEEPINTVL=1)
    time.sleep(4)
    for pair in pairs:
        transfer((pair.ours, pair.theirs, 200))
        pair.close()


@impaired(
    replace(
        BASE,
        seed=44,
        rules=(
            Rule("drop", kinds=("syn",), port=PORTS[1], last=1),
            Rule("drop", kinds=("syn",), port=PORTS[2], last=1, beyond=True),
            Rule("drop", kinds=("syn_ack",), port=PORTS[3], last=1),
            Rule("drop", kinds=("syn_ack",), port=PORTS[4], last=2, beyond=True),
            Rule("drop", kinds=("syn",), port=PORTS[5]),
            *loss(0.03, port=PORTS[0]),
        ),
    )
)
def endings(lab: Lab) -> None:
    """SYNs and SYN-ACKs lost, no answer, refused, aborted, and ports used again."""
    for port in PORTS[1:5]:
        listener = lab.server.listen(lab.servers[0], port)
        pair = Pair(lab, listener, "handshake with loss")
        transfer((pair.ours, pair.theirs, 500), (pair.theirs, pair.ours, 5_000))
        pair.close()
    for port, timeout_s in ((PORTS[5], 3.2), (PORTS[6], 5)):
        with suppress(OSError):
            lab.connect(port, note="no answer or refused", timeout_s=timeout_s)
    listener = lab.server.listen(lab.servers[0], PORTS[0])
    for n in range(6):
        if n % 2:
            lab.same_port_again()
        pair = Pair(lab, listener, "aborted; every second on the port of the one before")
        transfer((pair.theirs, pair.ours, 40_000))
        pair.theirs.sendall(b"x" * 3_000)
        time.sleep(0.4)
        pair.note_info()
        abort(pair.ours)
        time.sleep(0.1)
        pair.theirs.close()
