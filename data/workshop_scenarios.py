"""The scenarios behind the captures of the incident reviews in ``notebooks/workshops``.

They work like the ones in ``scenarios.py``. If you want to take part in a review, do not read on: this file gives away
what happens. The link's tally of each capture goes to ``tests/workshop/truth.json``, which is not installed, so that
the reviews' answers are tested against it and not against an analysis.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from functools import partial

from lab.hosts import finish
from lab.link import Plan, Rule
from lab.network import Lab
from lab.sockets import abort, close_in_turn, transfer
from scenarios import CURL_REFUSED, CURL_TIMEOUT, Scenario, scenario

WORKSHOPS: dict[str, Scenario] = {}
review = partial(scenario, snaplen=96, among=WORKSHOPS)

IDLE_LIMIT_S = 4.0


@review("web_shop.pcap.gz", vantage="client", plan=Plan(seed=101, delay_s=0.009, bits_per_s=50e6))
def web_shop(lab: Lab) -> None:
    """Three servers answer on port 80; port 8080 of one of them is closed for a part of the time.

    To tell apart: clients that give up during a download (a reset after data), and two SYNs to a port where nothing
    answers.
    """
    lab.nginx(page=9_000, small=600, file=400_000)
    lab.server.filter("tcp dport 9100 drop")
    listener = lab.server.listen(lab.servers[1], 8080)
    with lab.capture():
        waiting = lab.curl("", note="no answer to SYN", server=2, port=9100, options=("--connect-timeout", "2.5"))
        for n in range(5):
            finish(lab.curl("page", "small", note="ordinary", client=n % 3, server=n % 3))
            _order(lab, listener, n % 3)
        listener.close()
        for n in range(11):
            finish(lab.curl("order", note="refused", client=n % 3, server=1, port=8080), allowed=(CURL_REFUSED,))
            if n % 2:
                finish(lab.curl("page", note="ordinary", client=n % 3, server=n % 3))
            time.sleep(0.15)
        for client in range(2):
            note, options = "client gives up during a download", ("--limit-rate", "60k", "--max-time", "0.6")
            finish(lab.curl("file", note=note, client=client, server=1, options=options), allowed=(CURL_TIMEOUT,))
        listener = lab.server.listen(lab.servers[1], 8080)
        for n in range(8):
            _order(lab, listener, n % 3)
            finish(lab.curl("page", note="ordinary", client=n % 3, server=n % 3))
        finish(waiting, allowed=(CURL_TIMEOUT,))
    listener.close()


def _order(lab: Lab, listener: socket.socket, client: int) -> None:
    ours = lab.connect(8080, note="order", client=client, server=1)
    theirs = listener.accept()[0]
    transfer((ours, theirs, 700), (theirs, ours, 2_500))
    close_in_turn(theirs, ours)
    time.sleep(0.1)


@review("tills.pcap.gz", vantage="client", plan=Plan(seed=102, delay_s=0.006))
def tills(lab: Lab) -> None:
    """Connections that stay open; the server resets those that carried nothing for 4.0 s.

    Requests come at intervals of up to 3.2 s; seven connections go idle. Others are closed with FINs, two of
    them by the client after an idle gap of 2 s.
    """
    listener = lab.server.listen(lab.servers[0], 7000)
    with lab.capture():
        busy = [lab.pair(listener, note="requests all the time") for _ in range(2)]
        slow = [lab.pair(listener, note="requests with pauses of 3.2 s, closed with FINs") for _ in range(2)]
        silent = [lab.pair(listener, note="silent, reset by the server") for _ in range(7)]
        short = [lab.pair(listener, note="silent for 2 s, closed with FINs") for _ in range(2)]
        # (when to ask, connection): the last question of each decides when it has been idle for too long.
        asked = [(0.4 * n, pair) for n in range(45) for pair in busy]
        asked += [(3.2 * n + 0.1 * k, pair) for n in range(6) for k, pair in enumerate(slow)]
        asked += [(0.5 + 1.1 * n, pair) for k, pair in enumerate(silent) for n in range(k + 1)]
        asked += [(0.2 + 1.7 * n, silent[6]) for n in range(6)]
        asked += [(0.3, pair) for pair in short]
        last = {id(pair): max(at for at, p in asked if p is pair) for pair in (*silent, *short)}
        events = [(at, "ask", pair) for at, pair in asked]
        events += [(last[id(pair)] + IDLE_LIMIT_S, "reset", pair) for pair in silent]
        events += [(last[id(pair)] + 2.0, "close", pair) for pair in short]
        began = time.monotonic()
        for at, what, (ours, theirs) in sorted(events, key=lambda event: event[0]):
            time.sleep(max(0.0, began + at - time.monotonic()))
            if what == "ask":
                transfer((ours, theirs, 180))
                transfer((theirs, ours, 900))
            elif what == "reset":
                abort(theirs)
            else:
                close_in_turn(ours, theirs)
        for pair in (*busy, *slow):
            close_in_turn(*pair)
        time.sleep(0.1)
    for ours, _ in silent:
        ours.close()


BRANCH = Plan(
    seed=103,
    delay_s=0.02,
    bits_per_s=50e6,
    rules=(Rule("drop", to="server", kinds=("data", "ack"), port=8010, probability=0.06),),
)


@review("branch_office.pcap.gz", vantage="client", plan=BRANCH)
def branch_office(lab: Lab) -> None:
    """Uploads and downloads of the same size; the link drops 6 % of the frames to the server and none to the client.

    Acknowledgements of the downloads are dropped too: the next one covers their bytes.
    """
    listener = lab.server.listen(lab.servers[0], 8010)
    with lab.capture():
        for _ in range(3):
            ours, theirs = lab.pair(listener, note="upload")
            transfer((ours, theirs, 300_000))
            lab.read_info(ours, theirs)
            close_in_turn(ours, theirs)
            ours, theirs = lab.pair(listener, note="download")
            transfer((ours, theirs, 90))
            transfer((theirs, ours, 300_000))
            lab.read_info(ours, theirs)
            close_in_turn(theirs, ours)


@review("nightly_copy.pcap.gz", vantage="server", plan=Plan(seed=104, delay_s=0.01, bits_per_s=50e6))
def nightly_copy(lab: Lab) -> None:
    """Four copies from the server to clients; one client stops reading for 5.5 s, and one server pauses for 4 s.

    While the client does not read, its window is closed and the server sends probes. While the server pauses, the
    window is open and nothing is sent.
    """
    listener = lab.server.listen(lab.servers[0], 8020)
    with lab.capture():
        for note in ("copy", "copy, server pauses for 4 s"):
            ours, theirs = lab.pair(listener, note=note)
            transfer((ours, theirs, 120))
            transfer((theirs, ours, 120_000))
            if "pauses" in note:
                time.sleep(4)
            transfer((theirs, ours, 120_000))
            lab.read_info(theirs, ours)
            close_in_turn(theirs, ours)
        _stops_reading(lab, listener)
        ours, theirs = lab.pair(listener, note="copy")
        transfer((ours, theirs, 120))
        transfer((theirs, ours, 240_000))
        close_in_turn(theirs, ours)


def _stops_reading(lab: Lab, listener: socket.socket) -> None:
    ours, theirs = lab.pair(listener, note="copy, client stops reading for 5.5 s", SO_RCVBUF=30_000)
    transfer((ours, theirs, 120))
    transfer((theirs, ours, 90_000))
    theirs.setblocking(False)
    sent, deadline = 0, time.monotonic() + 5.5
    while time.monotonic() < deadline:
        with suppress(BlockingIOError):
            sent += theirs.send(b"x" * min(4_000, 150_000 - sent)) if sent < 150_000 else 0
        time.sleep(0.02)
    theirs.settimeout(30)
    got = 0
    while got < 150_000:
        if sent < 150_000:
            sent += theirs.send(b"x" * min(4_000, 150_000 - sent))
        got += len(ours.recv(65536))
    lab.read_info(theirs, ours)
    close_in_turn(theirs, ours)


SECOND_OPINION = Plan(
    seed=105,
    delay_s=0.012,
    bits_per_s=20e6,
    mirror_copies=2,
    rules=(Rule("drop", to="client", kinds=("data",), port=8030, probability=0.02),),
)


@review("second_opinion.pcap.gz", vantage="monitor", plan=SECOND_OPINION)
def second_opinion(lab: Lab) -> None:
    """Every frame twice, and a capture that begins when five connections are under way.

    Among the copies are the resends of downloads with some loss. Of the connections that begin in the capture one is
    refused, and the others have their handshake.
    """
    older_listener, lossy = (lab.server.listen(lab.servers[0], port) for port in (8000, 8030))
    older = [lab.pair(older_listener, note="older than the capture") for _ in range(5)]
    for ours, theirs in older:
        transfer((ours, theirs, 800), (theirs, ours, 4_000))
    time.sleep(0.4)
    with lab.capture():
        for ours, theirs in older:
            transfer((ours, theirs, 700), (theirs, ours, 9_000))
        for _ in range(3):
            ours, theirs = lab.pair(lossy, note="download, random loss")
            transfer((theirs, ours, 150_000))
            lab.read_info(theirs, ours)
            close_in_turn(theirs, ours)
        finish(lab.curl("", note="refused", port=8080), allowed=(CURL_REFUSED,))
        for pair in older[:3]:
            close_in_turn(*pair)
        time.sleep(0.3)
        abort(older[3][1])
        time.sleep(0.2)
    older[3][0].close()
    for sock in older[4]:
        sock.close()


# Who waits in each office: delay of the link each way, time before a request, time before a response [s].
OFFICES = {"a": (0.012, 0.0, 0.7), "b": (0.012, 0.0, 0.0), "c": (0.3, 0.0, 0.0), "d": (0.012, 0.9, 0.0)}


def _office(lab: Lab, letter: str) -> None:
    _, ask_after_s, answer_after_s = OFFICES[letter]
    listener = lab.server.listen(lab.servers[0], 7100)
    with lab.capture():
        for _ in range(2):
            ours, theirs = lab.pair(listener, note="four requests and responses")
            for _ in range(4):
                time.sleep(ask_after_s)
                transfer((ours, theirs, 250))
                time.sleep(answer_after_s)
                transfer((theirs, ours, 3_000))
            close_in_turn(ours, theirs)
    listener.close()


@review("office_a.pcap.gz", vantage="client", plan=Plan(seed=106, delay_s=OFFICES["a"][0]))
def office_a(lab: Lab) -> None:
    """Two connections of four requests; the server takes 0.7 s before each response."""
    _office(lab, "a")


@review("office_b.pcap.gz", vantage="client", plan=Plan(seed=107, delay_s=OFFICES["b"][0]))
def office_b(lab: Lab) -> None:
    """The same, where nobody waits."""
    _office(lab, "b")


@review("office_c.pcap.gz", vantage="client", plan=Plan(seed=108, delay_s=OFFICES["c"][0]))
def office_c(lab: Lab) -> None:
    """The same over a path of 0.6 s there and back."""
    _office(lab, "c")


@review("office_d.pcap.gz", vantage="client", plan=Plan(seed=109, delay_s=OFFICES["d"][0]))
def office_d(lab: Lab) -> None:
    """The same, where the client takes 0.9 s before each request."""
    _office(lab, "d")
