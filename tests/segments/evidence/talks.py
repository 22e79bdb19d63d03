"""Conversations that the tests of this folder begin with."""

from tests.builders import Conversation


def talk(**options: float) -> Conversation:
    return Conversation(**options).handshake()  # type: ignore[arg-type]


def known(count: int = 6, **options: float) -> Conversation:
    """A talk in which the sender counts its identifications up, and both round trips are known."""
    conversation = talk(rtt=0.02, **options)
    for _ in range(count):
        conversation.data("client", 100).ack("server")
    return conversation


def without_ids(count: int = 6) -> Conversation:
    """As over IPv6: no identification tells packets apart; the server has reported by SACK once."""
    conversation = Conversation(rtt=0.02).handshake(ip_id=0)
    for _ in range(count):
        conversation.data("client", 100, ip_id=0).ack("server", ip_id=0)
    conversation.data("client", 100, ip_id=0, lost=True).data("client", 100, ip_id=0)
    conversation.ack("server", ip_id=0, sack=[(701, 801)])
    return conversation.retransmit("client", seq=601, after=0.05, ip_id=0).ack("server", ip_id=0)


def over_ipv6(**options: object) -> Conversation:
    """Over IPv6 nothing numbers the packets."""
    return Conversation("2001:db8::1", server="2001:db8::2", **options)  # type: ignore[arg-type]
