"""The scenarios behind the captures: what client and server do, and what the link does meanwhile.

Each is a function of a `Lab`, registered under its name by `scenario`; its docstring is its description in
the README. The note of each connection says what was meant to happen and goes into ``captures.json``.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from lab.hosts import finish
from lab.link import Plan, Rule
from lab.network import Lab
from lab.sockets import abort, close_in_turn, set_options, transfer

CURL_REFUSED, CURL_TIMEOUT = 7, 28
SEGMENT = 1448  # payload of a full segment with timestamps, IPv4 [bytes]
SMALL = 600  # file for short answers [bytes]
MORE_THAN_BUFFERED = 60_000  # more than the client that stops reading has room for [bytes]


@dataclass(frozen=True)
class Scenario:
    """A capture that can be made again.

    Parameters
    ----------
    name : str
        Name on the command line.
    file : str
        The capture shipped: ``.pcap`` or ``.pcapng``, with ``.gz`` if compressed.
    vantage : str
        Host at which the shipped file is captured.
    plan : Plan
        What the link does.
    run : callable
        Makes the traffic.
    snaplen : int
        Bytes kept of each packet; 0 for all. [bytes]
    ipv6 : bool
        IPv6 addresses in place of IPv4.
    """

    name: str
    file: str
    vantage: str
    plan: Plan
    run: Callable[[Lab], None]
    snaplen: int = 0
    ipv6: bool = False


SCENARIOS: dict[str, Scenario] = {}


def scenario(
    file: str,
    *,
    vantage: str,
    plan: Plan,
    snaplen: int = 0,
    ipv6: bool = False,
    among: dict[str, Scenario] = SCENARIOS,
) -> Callable[[Callable[[Lab], None]], Callable[[Lab], None]]:
    """Register a function as the scenario of its name; the other parameters are those of `Scenario`."""

    def register(run: Callable[[Lab], None]) -> Callable[[Lab], None]:
        among[run.__name__] = Scenario(run.__name__, file, vantage, plan, run, snaplen, ipv6)
        return run

    return register


@scenario("clean.pcap", vantage="client", plan=Plan(seed=11, delay_s=0.008))
def clean(lab: Lab) -> None:
    """HTTP exchanges of curl with nginx: one or several requests a connection, in turn and at the same time.

    Nothing is lost. Every connection has its handshake and a FIN from each side; in one the server closes
    first.
    """
    lab.nginx(small=SMALL, page=9_000, picture=40_000)
    with lab.capture():
        for client in range(3):
            finish(lab.curl("small", note="one request", client=client))
            finish(lab.curl("page", "small", "page", note="three requests", client=client, server=client))
        finish(*[lab.curl("picture", note="one of three at a time", client=client) for client in range(3)])
        finish(lab.curl("missing", note="one request, answered with 404"))
        finish(lab.curl("page", note="one request, header only", options=("--head",)))
        finish(lab.curl("page", note="server closes first", options=("--header", "Connection: close")))
        _request_idle_request(lab)


def _request_idle_request(lab: Lab) -> None:
    sock = lab.connect(80, note="two requests, 1.5 s between them", client=1)
    for pause in (1.5, 0.0):
        sock.sendall(b"GET /small HTTP/1.1\r\nHost: 198.51.100.20\r\n\r\n")
        answer = b""
        while len(answer.partition(b"\r\n\r\n")[2]) < SMALL:
            answer += sock.recv(4096)
        time.sleep(pause)
    sock.close()


LOSSES = Plan(
    seed=24,
    delay_s=0.02,
    bits_per_s=20e6,
    rules=(
        Rule("drop", to="client", kinds=("syn_ack",), port=8001, last=1),
        Rule("drop", to="client", kinds=("data",), port=8001, probability=0.01, burst=5),
        # A flight of five segments, then the probe and the first timeout's resend.
        Rule("drop", to="client", kinds=("data",), port=8002, first=11, last=17),
        # The only segment of an answer, and the probe that repeats it.
        Rule("drop", to="client", kinds=("data",), port=8003, first=4, last=5),
        Rule("drop", to="client", kinds=("data", "fin"), port=80, probability=0.025),
        Rule("drop", to="client", kinds=("data",), port=8005, probability=0.03),
        Rule("drop", to="server", kinds=("ack",), port=80, probability=0.1),
        Rule("drop", to="server", kinds=("data", "fin"), probability=0.03),
    ),
)


@scenario("losses.pcap", vantage="server", plan=LOSSES, snaplen=128)
def losses(lab: Lab) -> None:
    """Download, upload, and do both at once, over a link of 20 Mbit/s and 40 ms that drops frames at random.

    Downloads (port 80 with curl and nginx; 8001 with bursts of loss; 8002 and 8003 with whole flights lost,
    so that timeouts occur) are captured at their sender's side: the lost originals are in the file, and their
    resends. Uploads (8004) are captured at their receiver's side: what was lost is not in the file, only the
    resends are. On port 8005 both sides send at once.
    """
    lab.nginx(small=SMALL, file=180_000)
    listeners = {port: lab.server.listen(lab.servers[0], port) for port in range(8001, 8006)}
    with lab.capture():
        for client in range(3):
            finish(lab.curl("file", note="download, random loss", client=client))
        finish(*[lab.curl("file", note="download, random loss, two at a time", client=n) for n in range(2)])
        ours, theirs = lab.pair(listeners[8001], note="download, bursts of loss; first SYN-ACK lost")
        transfer((theirs, ours, 200_000))
        _read_and_close(lab, theirs, ours)
        for port, size in ((8002, 5 * SEGMENT), (8003, 1_000)):
            ours, theirs = lab.pair(listeners[port], note="answers, a flight and its first resends lost")
            for _ in range(6):
                transfer((ours, theirs, 80))
                transfer((theirs, ours, size))
            _read_and_close(lab, ours, theirs)
        pairs = [lab.pair(listeners[8004], note="upload, random loss") for _ in range(2)]
        transfer(*[(ours, theirs, 180_000) for ours, theirs in pairs])
        for ours, theirs in pairs:
            _read_and_close(lab, ours, theirs)
        ours, theirs = lab.pair(listeners[8005], note="download and upload at once, random loss")
        transfer((ours, theirs, 120_000), (theirs, ours, 120_000))
        _read_and_close(lab, ours, theirs)


def _read_and_close(lab: Lab, first: socket.socket, second: socket.socket) -> None:
    lab.read_info(first, second)
    close_in_turn(first, second)


RESETS = Plan(
    seed=33,
    delay_s=0.012,
    bits_per_s=20e6,
    rules=(Rule("drop", kinds=("data",), port=9000, probability=0.03),),
)


@scenario("resets.pcap", vantage="client", plan=RESETS, snaplen=256)
def resets(lab: Lab) -> None:
    """End connections in many ways, among ordinary HTTP exchanges of three clients and three servers.

    SYNs that a closed port refuses (8080 of one server, until a program listens there), SYNs without an
    answer (nftables drops them at the server), SYNs answered by ICMP, SYN-ACKs that the client never
    acknowledges (nftables drops them at the client, behind the capture), resets from either side: at once,
    during a transfer, with data unread, after idle time, and from a server that no longer knows the
    connection. Two transfers on port 9000 lose some segments on the link, and one connection is open at the
    end.
    """
    lab.nginx(small=SMALL, page=9_000, file=400_000)
    lab.server.filter("tcp dport 4443 drop", "tcp dport 2222 reject with icmpx type admin-prohibited")
    lab.client.filter("tcp sport 8443 drop")
    program = lab.server.listen(lab.servers[2], 7000)
    half_open = lab.server.listen(lab.servers[1], 8443)
    with lab.capture():
        waiting = _without_answer(lab)
        _ordinary(lab, 3)
        _refused(lab)
        _ordinary(lab, 2)
        _resets_at_once(lab, program)
        _ordinary(lab, 2)
        _resets_in_transfer(lab, program)
        still_open = _transfers_with_loss(lab)
        _resets_after_idle(lab, program)
        _ordinary(lab, 3)
        finish(*waiting, allowed=(CURL_TIMEOUT,))
    for sock in (half_open, *still_open):
        sock.close()


def _ordinary(lab: Lab, count: int) -> None:
    for n in range(count):
        finish(lab.curl("page", "small", note="ordinary exchange", client=n, server=n))
        time.sleep(0.15)


def _without_answer(lab: Lab) -> list[subprocess.Popen[bytes]]:
    processes = [
        lab.curl(
            "",
            note="no answer to SYN",
            server=1,
            client=client,
            port=4443,
            options=("--connect-timeout", limit),
        )
        for client, limit in ((0, "2.5"), (1, "4.5"), (2, "9"))
    ]
    for client in range(2):
        note, options = "SYN-ACK not acknowledged", ("--connect-timeout", "5")
        processes.append(lab.curl("", note=note, client=client, server=1, port=8443, options=options))
    return processes


def _refused(lab: Lab) -> None:
    for n in range(6):
        finish(lab.curl("", note="refused", client=n % 2, port=8080), allowed=(CURL_REFUSED,))
        time.sleep(0.2)
    for client in range(2):
        finish(
            lab.curl("", note="SYN answered by ICMP", client=client, server=1, port=2222),
            allowed=(CURL_REFUSED,),
        )
    listener = lab.server.listen(lab.servers[0], 8080)
    for _ in range(2):
        ours, theirs = lab.pair(listener, note="ordinary, on the port that refused before")
        transfer((ours, theirs, 300), (theirs, ours, 3_000))
        close_in_turn(theirs, ours)
    listener.close()


def _resets_at_once(lab: Lab, program: socket.socket) -> None:
    for _ in range(2):
        ours, theirs = lab.pair(program, note="client resets after the handshake")
        abort(ours)
        time.sleep(0.2)
        theirs.close()
    for _ in range(3):
        ours, theirs = lab.pair(program, note="server resets after the request")
        transfer((ours, theirs, 200))
        abort(theirs)
        time.sleep(0.2)
        ours.close()
    ours, theirs = lab.pair(program, note="server closes with the request unread")
    ours.sendall(b"request" * 100)
    time.sleep(0.2)
    theirs.close()
    time.sleep(0.2)
    ours.close()


def _resets_in_transfer(lab: Lab, program: socket.socket) -> None:
    for client in range(2):
        options = ("--limit-rate", "60k", "--max-time", "0.8")
        note = "client gives up during a download"
        finish(lab.curl("file", note=note, client=client, options=options), allowed=(CURL_TIMEOUT,))
    ours, theirs = lab.pair(program, note="server resets during its answer")
    transfer((ours, theirs, 200), (theirs, ours, 20_000))
    theirs.sendall(b"x" * 5_000)
    abort(theirs)
    time.sleep(0.2)
    ours.close()
    ours, theirs = lab.pair(program, note="client closes, then data reaches its closed socket")
    transfer((ours, theirs, 200), (theirs, ours, 2_000))
    ours.close()
    time.sleep(0.2)
    theirs.sendall(b"x" * 500)
    time.sleep(0.2)
    theirs.close()


def _transfers_with_loss(lab: Lab) -> tuple[socket.socket, socket.socket]:
    listener = lab.server.listen(lab.servers[1], 9000)
    for upload in (False, True):
        ours, theirs = lab.pair(listener, note=f"{'upload' if upload else 'download'}, random loss")
        transfer((ours, theirs, 100_000) if upload else (theirs, ours, 100_000))
        _read_and_close(lab, ours, theirs)
    ours, theirs = lab.pair(listener, note="open at the end")
    transfer((ours, theirs, 500), (theirs, ours, 500))
    return ours, theirs


def _resets_after_idle(lab: Lab, program: socket.socket) -> None:
    by_server = lab.pair(program, note="server resets after 2.5 s idle")
    by_client = lab.pair(program, note="client resets after 2.5 s idle")
    forgotten = lab.pair(program, note="server has lost the connection, answers data after 3 s with a reset")
    slow = lab.connect(80, note="header not finished: server ends it after 2 s")
    for ours, theirs in (by_server, by_client, forgotten):
        transfer((ours, theirs, 200), (theirs, ours, 2_000))
    lab.server.filter("tcp sport 7000 tcp flags rst drop", hook="output")
    abort(forgotten[1])  # its reset does not leave the server
    lab.server.filter(hook="output")
    slow.sendall(b"GET /small HTTP/1.1\r\nHost:")
    time.sleep(2.5)
    abort(by_server[1])
    abort(by_client[0])
    time.sleep(0.5)
    forgotten[0].sendall(b"more")
    time.sleep(0.2)
    for sock in (by_server[0], by_client[1], forgotten[0], slow):
        sock.close()


IPV6 = Plan(
    seed=44,
    delay_s=0.015,
    bits_per_s=20e6,
    rules=(
        Rule("drop", to="client", kinds=("data",), port=80, probability=0.03),
        Rule("delay", to="client", kinds=("data",), port=8001, probability=0.1, seconds=0.004),
        Rule("duplicate", to="client", kinds=("data",), port=8002, probability=0.1, seconds=0.001),
        Rule("hold", to="client", kinds=("data",), port=8004, first=30, last=30, seconds=0.9),
    ),
)


@scenario("ipv6.pcapng", vantage="client", plan=IPV6, snaplen=140, ipv6=True)
def ipv6(lab: Lab) -> None:
    """IPv6: HTTP with some loss, and one connection each of several kinds.

    The link makes some segments late so that others overtake them (port 8001), doubles some (8002) and once
    holds the direction for 0.9 s (8004). On 8003 the client stops reading until its window is zero, then
    reads on. Also refused connections, and a reset by the server. pcapng, with neighbor discovery.
    """
    lab.nginx(small=SMALL, file=120_000)
    listeners = {port: lab.server.listen(lab.servers[0], port) for port in range(8001, 8006)}
    with lab.capture():
        for client in range(2):
            finish(lab.curl("small", "small", note="two requests", client=client, server=client))
            finish(lab.curl("file", note="download, random loss", client=client))
        for port, what in (
            (8001, "some segments overtaken"),
            (8002, "some segments doubled"),
            (8004, "0.9 s pause"),
        ):
            ours, theirs = lab.pair(listeners[port], note=f"download, {what} on the link")
            transfer((theirs, ours, 100_000))
            _read_and_close(lab, theirs, ours)
        _zero_window(lab, listeners[8003])
        for _ in range(2):
            finish(lab.curl("", note="refused", port=8080), allowed=(CURL_REFUSED,))
        ours, theirs = lab.pair(listeners[8005], note="server resets after the request")
        transfer((ours, theirs, 200))
        abort(theirs)
        time.sleep(0.2)
        ours.close()


def _zero_window(lab: Lab, listener: socket.socket) -> None:
    ours, theirs = lab.pair(listener, note="client stops reading for 2.5 s", SO_RCVBUF=8_000)
    theirs.setblocking(False)
    sent = 0
    with suppress(BlockingIOError):
        while sent < MORE_THAN_BUFFERED:
            sent += theirs.send(b"x" * 4_000)
    time.sleep(2.5)
    theirs.settimeout(30)
    got = 0
    while got < sent:
        got += len(ours.recv(4_000))
    _read_and_close(lab, theirs, ours)


MIDSTREAM = Plan(
    seed=55,
    delay_s=0.01,
    bits_per_s=20e6,
    rules=(Rule("drop", to="client", kinds=("data",), port=8001, first=40, probability=0.03),),
)


@scenario("midstream.pcap", vantage="client", plan=MIDSTREAM, snaplen=128)
def midstream(lab: Lab) -> None:
    """Begin the capture when connections are under way, and end it while some are open.

    Of eight older connections two end with FINs (one of them a download with loss), one with a reset, one is
    closed by the client only, one is silent but for keep-alives, one becomes so, and two go on. Two
    connections begin in the capture: one is complete, one still open at the end.
    """
    listener, lossy = (lab.server.listen(lab.servers[0], port) for port in (8000, 8001))
    notes = "ends with FINs", "ends with a reset", "closed by the client only", "goes on"
    older = [lab.pair(listener, note=f"older, {note}") for note in notes]
    download = lab.pair(lossy, note="older, download with loss, ends with FINs")
    silent = lab.pair(listener, note="older, keep-alives only")
    falls_silent = lab.pair(listener, note="older, a few bytes, then keep-alives only")
    upload = lab.pair(listener, note="older, upload that goes on")
    for ours, theirs in (*older, download, silent, falls_silent, upload):
        transfer((ours, theirs, 3_000), (theirs, ours, 30_000))
    fin, reset, half, on = older
    time.sleep(0.5)
    with lab.capture():
        for sock in (silent[0], falls_silent[0]):
            set_options(sock, SO_KEEPALIVE=1, TCP_KEEPIDLE=1, TCP_KEEPINTVL=1)
        transfer((fin[1], fin[0], 30_000), (reset[1], reset[0], 30_000), (download[1], download[0], 150_000))
        transfer((half[0], half[1], 5_000), (on[1], on[0], 60_000), (upload[0], upload[1], 60_000))
        transfer((falls_silent[0], falls_silent[1], 200))
        close_in_turn(*fin)
        abort(reset[0])
        _read_and_close(lab, *reversed(download))
        new = lab.pair(listener, note="new, complete")
        still_open = lab.pair(listener, note="new, open at the end")
        transfer((new[0], new[1], 4_000), (new[1], new[0], 20_000), (still_open[1], still_open[0], 20_000))
        close_in_turn(*new)
        half[0].shutdown(socket.SHUT_WR)
        time.sleep(1.5)
        transfer((on[1], on[0], 10_000), (on[0], on[1], 1_000))
        time.sleep(1.0)
    for sock in (reset[1], *half, *on, *silent, *falls_silent, *upload, *still_open):
        sock.close()


MIRRORED = Plan(
    seed=66,
    delay_s=0.01,
    bits_per_s=20e6,
    mirror_copies=2,
    rules=(Rule("drop", kinds=("data",), probability=0.03),),
)


@scenario("mirrored.pcap.gz", vantage="monitor", plan=MIRRORED, snaplen=128)
def mirrored(lab: Lab) -> None:
    """Every frame twice, as from a mirror port that copies what enters and what leaves a switch.

    The link writes each frame two times to a third interface, before it may drop it; the capture is made
    there. Among the copies are a few real resends, a refused connection and a reset.
    """
    lab.nginx(small=SMALL, file=120_000)
    listener = lab.server.listen(lab.servers[0], 8001)
    with lab.capture():
        for client in range(3):
            finish(lab.curl("file", note="download, random loss", client=client))
        ours, theirs = lab.pair(listener, note="upload, random loss")
        transfer((ours, theirs, 120_000))
        _read_and_close(lab, ours, theirs)
        finish(lab.curl("", note="refused", port=8080), allowed=(CURL_REFUSED,))
        ours, theirs = lab.pair(listener, note="server resets after the request")
        transfer((ours, theirs, 200))
        abort(theirs)
        time.sleep(0.2)
        ours.close()


NEAR_S, FAR_S = 0.01, 0.44  # delay of the link each way [s]
ASK_AFTER_S, ANSWER_AFTER_S = 1.35, 0.98


@scenario("waits_none.pcap", vantage="client", plan=Plan(seed=71, delay_s=NEAR_S))
def waits_none(lab: Lab) -> None:
    """Three requests and their responses, each at once: nobody waits longer than the path of 20 ms takes.

    This capture and the next three differ only in who waits for whom.
    """
    _three_requests(lab)


@scenario("waits_path.pcap", vantage="client", plan=Plan(seed=72, delay_s=FAR_S))
def waits_path(lab: Lab) -> None:
    """The same requests over a path that takes 0.88 s there and back: everybody waits for the path."""
    _three_requests(lab)


@scenario("waits_client.pcap", vantage="client", plan=Plan(seed=73, delay_s=NEAR_S))
def waits_client(lab: Lab) -> None:
    """The same requests from a client that takes 1.35 s before each of them: the server waits for the client."""
    _three_requests(lab, ask_after_s=ASK_AFTER_S)


@scenario("waits_server.pcap", vantage="client", plan=Plan(seed=74, delay_s=NEAR_S))
def waits_server(lab: Lab) -> None:
    """The same requests to a server that takes 0.98 s before each response: the client waits for the server."""
    _three_requests(lab, answer_after_s=ANSWER_AFTER_S)


def _three_requests(lab: Lab, *, ask_after_s: float = 0.0, answer_after_s: float = 0.0) -> None:
    listener = lab.server.listen(lab.servers[0], 7000)
    with lab.capture():
        ours, theirs = lab.pair(listener, note="three requests and responses")
        for _ in range(3):
            time.sleep(ask_after_s)
            transfer((ours, theirs, 300))
            time.sleep(answer_after_s)
            transfer((theirs, ours, 4_000))
        close_in_turn(ours, theirs)
    listener.close()
