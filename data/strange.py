"""Scenarios of what is strange on real paths: packets that neither host sent, and paths that pass only some.

Registered beside those of ``impaired.py``. Forged packets are sent from the network namespace of the host that they
name as their sender, and are in ``Lab.forged`` with what the kernel that got them made of them.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

from impaired import BASE, IMPAIRED, PORTS, Pair, impaired
from lab.link import ACK, RST, SYN, Rule
from lab.network import Lab
from lab.sockets import ESTABLISHED, abort, next_numbers, set_options, tcp_info, transfer

__all__ = ["IMPAIRED"]  # with the scenarios of both modules

WINDOW = 1_000  # bytes beyond the expected number, in any window of these connections
FAR = 1 << 29  # outside any window


def talk(pair: Pair) -> None:
    """Send a little both ways."""
    transfer((pair.ours, pair.theirs, 500), (pair.theirs, pair.ours, 4_000))


@impaired(replace(BASE, seed=60))
def forged_rsts(lab: Lab) -> None:
    """RSTs in the client's name: in the window, outside it on both sides, and exact; then data and FINs if it lives."""
    listener = lab.server.listen(lab.servers[0], PORTS[0])
    for offset in (WINDOW, FAR, -WINDOW, -FAR, WINDOW, 0):
        pair = Pair(lab, listener, f"forged RST {offset} beyond the next number")
        talk(pair)
        time.sleep(0.1)
        following, acked = next_numbers(pair.ours)
        forged = lab.forge(lab.client, pair.ours, RST, following + offset, acked)
        time.sleep(0.2)
        forged["ignored"] = tcp_info(pair.theirs)["state"] == ESTABLISHED
        if forged["ignored"]:
            talk(pair)
            pair.close()
        else:
            pair.note_info()
            with suppress(OSError):
                pair.ours.sendall(b"x" * 100)
            time.sleep(0.2)
            pair.ours.close()
            pair.theirs.close()


@impaired(replace(BASE, seed=61))
def second_syn_acks(lab: Lab) -> None:
    """SYN-ACKs with other numbers after the handshake, as of a second server; the first one's connection goes on."""
    listener = lab.server.listen(lab.servers[0], PORTS[0])
    for offset in (1 << 30, 77_777, -(1 << 29)):
        pair = Pair(lab, listener, "second SYN-ACK")
        following, acked = next_numbers(pair.theirs)
        lab.forge(lab.server, pair.theirs, SYN | ACK, following - 1 + offset, acked)
        time.sleep(0.1)
        talk(pair)
        pair.close()


@impaired(replace(BASE, seed=62, rules=(Rule("drop", to="server", kinds=("ack", "data"), port=PORTS[0], first=6),)))
def keep_alives_unanswered(lab: Lab) -> None:
    """A path that stops passing what the client sends; its keep-alives are unanswered until it gives up."""
    listener = lab.server.listen(lab.servers[0], PORTS[0])
    pairs = [Pair(lab, listener, "keep-alives", TCP_KEEPCNT=4, TCP_KEEPIDLE=1, TCP_KEEPINTVL=1) for _ in range(2)]
    for pair in pairs:
        transfer((pair.ours, pair.theirs, 200))
        transfer((pair.theirs, pair.ours, 300))
        set_options(pair.ours, SO_KEEPALIVE=1)
    time.sleep(7)
    for pair in pairs:
        pair.note_info()
        pair.ours.close()
        abort(pair.theirs)


@impaired(replace(BASE, seed=63, rules=(Rule("drop", to="client", over_bytes=1_200),)))
def mtu_black_hole(lab: Lab) -> None:
    """A path that drops large packets and says nothing."""
    listener = lab.server.listen(lab.servers[0], PORTS[0])
    pair = Pair(lab, listener, "large answers")
    transfer((pair.ours, pair.theirs, 300), (pair.theirs, pair.ours, 800))
    pair.theirs.sendall(b"x" * 6_000)
    time.sleep(4)
    pair.note_info()
    abort(pair.ours)
    time.sleep(0.1)
    pair.theirs.close()


@impaired(
    replace(BASE, seed=64, rules=(Rule("drop", to="server", kinds=("data", "fin", "rst"), port=PORTS[0], first=2),))
)
def idle_timer(lab: Lab) -> None:
    """A path that forgets idle connections: what comes after a pause is dropped, or answered by a RST of its own."""
    listener = lab.server.listen(lab.servers[0], PORTS[0])
    for answered in (False, True):
        pair = Pair(lab, listener, "idle")
        transfer((pair.ours, pair.theirs, 300))
        transfer((pair.theirs, pair.ours, 3_000))
        time.sleep(1.2)
        following, _ = next_numbers(pair.theirs)
        pair.ours.sendall(b"y" * 300)
        time.sleep(0.05 if answered else 2.5)
        if answered:
            forged = lab.forge(lab.server, pair.theirs, RST, following, 0)
            time.sleep(0.1)
            forged["ignored"] = tcp_info(pair.ours)["state"] == ESTABLISHED
        pair.note_info()
        with suppress(OSError):
            abort(pair.ours)
        pair.theirs.settimeout(None)
        abort(pair.theirs)
