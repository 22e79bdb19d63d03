"""What client and server said to each other: requests of the client, responses of the server, one turn each.

``unseen`` finds the bytes of a segment that were not captured before, ``following`` is the compiled pass over the
segments that finds the turns, and ``frame`` makes a frame of them. ``sender`` is the compiled pass that finds what each
sender was doing, and ``spans`` lists it for one connection.
"""

from pcapframe.conversation.following import (
    CLIENT,
    NOT_KNOWN,
    TALK,
    TURN,
    TURN_ROWS,
    Following,
    Spoken,
    since,
)
from pcapframe.conversation.frame import NEEDED, READ, find_turns, make_turns, to_server_s, turns_frame
from pcapframe.conversation.sender import Senders
from pcapframe.conversation.spans import known_senders, sender_spans

__all__ = [
    "CLIENT",
    "NEEDED",
    "NOT_KNOWN",
    "READ",
    "TALK",
    "TURN",
    "TURN_ROWS",
    "Following",
    "Senders",
    "Spoken",
    "find_turns",
    "known_senders",
    "make_turns",
    "sender_spans",
    "since",
    "to_server_s",
    "turns_frame",
]
