"""Conversations of every kind that the rules of this folder must hold for alike."""

from collections.abc import Callable

import pytest

from tests.builders import Conversation

Begin = Callable[[], Conversation]

KINDS: dict[str, dict[str, object]] = {
    "ipv4": {},
    "ipv6": {"client": "2001:db8::1", "server": "2001:db8::2"},
    "no timestamps": {"timestamps": False},
    "numbers wrap": {"client_isn": 2**32 - 300, "server_isn": 2**32 - 1},
    "sides swapped": {"client": "198.51.100.9", "client_port": 80, "server": "192.0.2.1", "server_port": 40000},
    "begins mid-stream": {},
}


def _begin(kind: str) -> Conversation:
    talk = Conversation(**KINDS[kind]).handshake(drop=kind == "begins mid-stream")  # type: ignore[arg-type]
    return talk.data("client", 200).data("server", 300).ack("client")


every_kind = pytest.mark.parametrize("begin", [pytest.param(lambda kind=kind: _begin(kind), id=kind) for kind in KINDS])
"""Runs a test once for each kind; ``begin()`` gives a conversation in which both sides have sent and acknowledged."""
