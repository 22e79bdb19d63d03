"""What was sent again and what the capture lacks: by hand; tests/lab has real kernels."""

import pytest

from tests.builders import Conversation, packet
from tests.segments.evidence.talks import over_ipv6
from tests.segments.made import segments, where


@pytest.mark.parametrize("offset", [0, 2**32 - 1050])
def test_wrapping_numbers_change_nothing(offset: int) -> None:
    conversation = Conversation(client_isn=offset).handshake().data("client", 3000, segment=1000, lost=True)
    made = segments(conversation.retransmit("client", seq=1, after=0.4).ack("server"))
    assert where(made, "resent") == [7]
    assert made["resent_bytes"].sum() == 1000


def test_the_later_syn_ack_still_tells_the_round_trip() -> None:
    # At the server: its SYN-ACK is answered 20 ms later, so 5 ms are too soon for a resend.
    conversation = over_ipv6().syn().syn_ack(after=0.0001).syn_ack(after=0.001).ack(after=0.02)
    conversation.data("client", 100, seq=101, ts=(10_021, 70_000)).ack("server", after=0.0001, sack=[(101, 201)])
    made = segments(conversation.data("client", 100, seq=1, after=0.005, ts=(10_021, 70_000)))
    assert where(made, "resent") == [3]
    assert where(made, "reordered") == [7]


def test_what_only_later_turns_out_to_be_a_copy_has_no_resent_bytes() -> None:
    client = {"src": "192.0.2.1", "dst": "198.51.100.1", "sport": 40000, "dport": 80}
    server = {"src": "198.51.100.1", "dst": "192.0.2.1", "sport": 80, "dport": 40000}
    sent = [  # TCP Fast Open, each packet captured twice
        packet(**client, flags="S", seq=0, payload=50),
        packet(**server, flags="SA", seq=0, ack=51, payload=100),
        packet(**client, flags="PA", seq=51, ack=101, payload=10),
        packet(**server, flags="PA", seq=101, ack=61, payload=10),
        packet(**client, flags="PA", seq=61, ack=111, payload=10),
    ]
    twice = [(1 + number / 100 + after, data) for number, data in enumerate(sent) for after in (0, 20e-6)]
    made = segments(twice)
    assert where(made, "capture_duplicate") == [2, 4, 6, 8, 10]
    assert made["resent_bytes"].sum() == 0
