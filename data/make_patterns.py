"""Write captures that show one pattern each, packet by packet: ``python data/make_patterns.py [FOLDER]``.

No recorded capture of this folder shows these patterns, so their packets are written out here, beside a few ordinary
connections. Payload is a counter. The rule of each pattern is in its file in ``pcapframe/patterns``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # the checkout, from which the next line imports

from tests.builders import Conversation, Frame, merge, pcap  # noqa: E402  # the path is set above

BEGIN = 1_795_910_400  # 2026-11-29, 00:00 UTC [s]
SNAPLEN = 128
Talks = list[Iterable[Frame]]


def ordinary(count: int = 2, *, port: int = 50000, start: float = 0.0) -> Talks:
    """Return connections with a request, an answer and FINs, one a second."""
    return [
        Conversation(client_port=port + i, start=start + i).handshake().data("client", 100).data("server", 1000).close()
        for i in range(count)
    ]


def syn_response_imbalance() -> Talks:
    """Six servers that do not answer, two that do."""
    return [Conversation(server=f"198.51.100.{n}", start=n).syn().syn(after=1).syn(after=2) for n in range(10, 16)]


def aborted_handshakes() -> Talks:
    """Checks that end with a RST as soon as the port answers."""
    return [Conversation(client_port=n, start=n).syn().syn_ack().rst("client") for n in (1, 2, 3)]


def differing_syn_acks() -> Talks:
    """Two answers to one SYN, with other sequence numbers."""
    return [Conversation().syn().syn_ack().syn_ack(seq=9000, after=1).ack()]


def handshake_time_outliers() -> Talks:
    """Twelve handshakes of 0.2 s, one of 0.5 s and one of 10 ms."""
    times = [*[0.2, 0.21] * 6, 0.5, 0.01]
    return [Conversation(client_port=1 + n, start=n, rtt=rtt).handshake() for n, rtt in enumerate(times)]


def rst_at_same_age() -> Talks:
    """Five busy connections that a RST ends after one minute each."""
    talks: Talks = []
    for number in range(1, 6):
        talk = Conversation(client_port=number, start=100.0 * number).handshake()
        for _ in range(3):
            talk.data("client", 10, after=12).ack("server")
        talks.append(talk.rst("server", after=100 * number + 60 + number / 10 - talk.now))
    return talks


def rst_unlike_ttl() -> Talks:
    """A RST with 120 hops left, from a server whose packets have 57."""
    return [Conversation().handshake().data("client", 10).rst("server", ttl=120)]


def rst_unlike_peer() -> Talks:
    """A RST 7 ms after the request, from a server that is 300 ms away."""
    return [Conversation(rtt=0.3).handshake().data("client", 100, after=1).rst("server", after=0.007, ttl=40)]


def out_of_order_share() -> Talks:
    """Six pairs of segments of which the second overtakes the first."""
    talk = Conversation(ip_ids={}).handshake().data("client", 400, segment=100)
    for _ in range(6):
        seq, ip_id = talk.hosts["client"].next, talk.ip_ids["192.0.2.1"]
        talk.send("client", "A", 100, seq=seq + 100, ip_id=ip_id + 1)
        talk.send("client", "A", 100, seq=seq, ip_id=ip_id)
        talk.ip_ids["192.0.2.1"] = ip_id + 2
        talk.ack("server")
    return [talk]


def sack_beyond_sent() -> Talks:
    """SACK blocks a million bytes beyond what was sent."""
    talk = Conversation().handshake().data("client", 1000, lost=True).data("client", 2000, segment=1000)
    return [talk.ack("server", sack=[(1_000_000, 1_500_000)])]


def peer_falls_silent() -> Talks:
    """Data that was acknowledged twenty times, then four retransmissions without an answer."""
    talk = Conversation().handshake()
    for _ in range(20):
        talk.data("client", 100).ack("server")
    talk.data("client", 100)
    for i in range(4):
        talk.retransmit("client", after=0.3 * 2**i, lost=True)
    return [talk]


def largest_segment_repeated() -> Talks:
    """Segments of 1,400 bytes that never arrive, and a shorter one that does."""
    talk = Conversation().handshake().data("client", 1400, lost=True).data("client", 1400, lost=True)
    talk.data("client", 300).ack("server", sack=[(2801, 3101)])
    for i in range(4):
        talk.retransmit("client", 1, after=0.3 * 2**i, lost=True)
    return [talk.ack("server", sack=[(2801, 3101)])]


def capture_gaps() -> Talks:
    """Bytes that are acknowledged and not in the capture, in both directions."""
    talk = Conversation().handshake().data("client", 300).data("client", 100, drop=True).ack("server")
    return [talk.data("server", 500, drop=True).ack("client").close()]


def window_probes_unanswered() -> Talks:
    """A closed window, and four probes of it without an answer."""
    talk = Conversation().handshake().data("server", 1000).ack(window=0)
    for i in range(5):
        talk.keep_alive("server", after=0.3 * 2**i)
        if i == 0:
            talk.ack(window=0)
    return [talk]


def small_window() -> Talks:
    """A receiver that offers ten bytes at a time."""
    talk = Conversation(window_scale=None).handshake().data("server", 1000).ack(window=10)
    for _ in range(8):
        talk.data("server", 10, after=0.5).ack(window=10)
    return [talk]


def window_moved_back() -> Talks:
    """Windows whose right edge moves back by thousands of bytes, twice."""
    talk = Conversation().handshake().data("server", 1000).ack(window=400).data("server", 1000)
    return [talk.ack(window=392).data("server", 10).ack(window=100)]


def delayed_answers() -> Talks:
    """Small segments that are acknowledged 40 or 200 ms after the round trip, without data."""
    talk = Conversation().handshake()
    for wait in [*[0.06] * 4, *[0.22] * 2, *[0.02] * 3, 0.1]:
        talk.data("client", 10, after=0.5).ack("server", after=wait)
    return [talk]


def simultaneous_retransmissions() -> Talks:
    """Seven connections that retransmit in the same second."""
    talks: Talks = []
    for number, at in [*((n, 30.2) for n in range(1, 8)), (20, 10.5), (21, 40.5)]:
        talk = Conversation(client_port=number, start=number / 100).handshake().data("client", 100, lost=True)
        talks.append(talk.retransmit("client", 1, after=at - talk.now).retransmit("client", 1, after=0.05))
    return talks


def port_reuse() -> Talks:
    """A client that uses the port of a closed connection again, seconds later."""
    first = Conversation(client_port=1).handshake().close()
    second = Conversation(client_port=1, start=10, client_isn=70_000).refused()
    third = Conversation(client_port=1, start=40.02, client_isn=900_000, server_isn=800_000).handshake()
    return [first, second, third]


def long_idle_gaps() -> Talks:
    """Minutes of silence, ended by data, a keep-alive and a RST."""
    talk = Conversation().handshake().data("client", 10, after=60).ack("server")
    return [talk.keep_alive("client", 0, after=100).ack("server").rst("server", after=200)]


def first_after_idle() -> Talks:
    """The first packet after 300 s of silence gets no answer, three times."""
    talk = Conversation().handshake().data("client", 10).data("server", 10)
    talk.data("client", 10, after=300, lost=True).retransmit("client", after=60).retransmit("client", after=120)
    other = Conversation(client_port=2, start=100).handshake().data("client", 10).data("server", 10)
    return [talk, other.data("client", 10, after=400).rst("server")]


def keep_alives_unanswered() -> Talks:
    """An idle connection whose last three keep-alives get no answer, and the RST that ends it."""
    talk = Conversation().handshake().data("client", 10).data("server", 10).ack()
    talk.keep_alive("client", after=10).ack("server")
    for _ in range(3):
        talk.keep_alive("client", after=10)
    return [talk.rst("client", after=10)]


def tsval_back() -> Talks:
    """A time stamp that is a second before those of the same host."""
    talk = Conversation().handshake().data("client", 100).ack("server")
    return [talk.data("client", 100, ts=(9_000, 70_040))]


MADE: tuple[Callable[[], Talks], ...] = (
    syn_response_imbalance, aborted_handshakes, differing_syn_acks, handshake_time_outliers, rst_at_same_age,
    rst_unlike_ttl, rst_unlike_peer, out_of_order_share, sack_beyond_sent, peer_falls_silent, largest_segment_repeated,
    capture_gaps, window_probes_unanswered, small_window, window_moved_back, delayed_answers,
    simultaneous_retransmissions, port_reuse, long_idle_gaps, first_after_idle, keep_alives_unanswered, tsval_back,
)  # fmt: skip


def write_captures(folder: Path) -> None:
    """Write all of them, each under the name of its pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for made in MADE:
        talks = made()
        end = max(float(time) for talk in talks for time, _ in talk)
        frames = merge(*talks, *ordinary(start=end + 5))
        shifted = [(Fraction(time) + BEGIN, data) for time, data in frames]
        (folder / f"{made.__name__}.pcap").write_bytes(pcap(shifted, snaplen=SNAPLEN))


if __name__ == "__main__":
    write_captures(Path(sys.argv[1]) if sys.argv[1:] else HERE / "patterns")
