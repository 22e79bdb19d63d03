"""The state of senders: what is unknown at the beginning is so in every field."""

from pcapframe.arrays import NO_TIME
from pcapframe.conversation.sender import Senders
from pcapframe.conversation.sender_state import SENDER, UNKNOWN


def test_times_are_unknown_at_first() -> None:
    senders = Senders(3).senders
    assert senders.size == 6
    for name in SENDER.names or ():
        first = NO_TIME if name.endswith(("_since", "_at")) else UNKNOWN if name == "answer_ns" else 0
        assert (senders[name] == first).all(), name
