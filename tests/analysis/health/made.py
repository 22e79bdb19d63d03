"""A connection that nothing limits, a capture that lacks bytes, and their findings by name."""

from typing import Any

import pcapframe as pf
from tests.builders import Conversation, pcap

SERVER = "198.51.100.1"


def whole(start: float = 0.0, **options: Any) -> Conversation:
    """A connection that is there from SYN to FIN."""
    talk = Conversation(start=start, **options).handshake()
    return talk.data("client", 100).ack("server").data("server", 1000).ack("client").close()


def broken() -> pf.Analysis:
    """A capture that lacks bytes, with a resend in it."""
    talk = Conversation().handshake().data("client", 700, drop=True).ack("server")
    talk.data("client", 100, lost=True).retransmit("client", after=0.4).ack("server").rst("server")
    return pf.analyze(pcap(talk))


def finding(source: Any, name: str) -> pf.Finding:
    (found,) = [found for found in pf.analyze(source).health.findings if found.name == name]
    return found


def names(source: Any) -> list[str]:
    return [found.name for found in pf.analyze(source).health.findings]
