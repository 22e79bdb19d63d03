"""Conversations of three turns that differ only in who waits for whom, at either end of the path."""

from typing import Literal

from tests.builders import Conversation

At = Literal["client", "server"]


def talk(
    *, rtt: float = 0.02, wait: float = 0.0, service: float = 0.0, at: At = "client", turns: int = 3,
    close: bool = True, **options: object,
) -> Conversation:  # fmt: skip
    """Handshake, turns, FINs; captured at one end."""
    to_server, to_client = (rtt, 0.0) if at == "client" else (0.0, rtt)
    made = Conversation(**options)  # type: ignore[arg-type]
    made.syn().syn_ack(after=to_server + 0.0001).ack(after=to_client + 0.0001)
    for turn in range(turns):
        # At the server, the next request comes a round trip after the response.
        made.data("client", 200, after=wait + 0.0001 + (to_client if turn else 0))
        made.ack("server", after=to_server + 0.0001)
        made.data("server", 1000, after=service + 0.0001).ack(after=to_client + 0.0001)
    if close:
        made.fin("client").fin("server", after=to_server + 0.0001).ack(after=to_client + 0.0001)
    return made


FOUR = {
    "none": {},
    "path": {"rtt": 0.88},
    "client": {"wait": 1.35},
    "server": {"service": 0.98},
}
