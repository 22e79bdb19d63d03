"""What client and server said to each other: requests of the client, responses of the server, one turn each.

``unseen`` finds the bytes of a segment that were not captured before, ``following`` is the compiled pass over the
segments that finds the turns, and ``frame`` makes a frame of them.
"""

from pcapframe.conversation.following import (
    CLIENT,
    NOT_KNOWN,
    TALK,
    TURN,
    Following,
    Spoken,
    since,
)
from pcapframe.conversation.frame import NEEDED, READ, make_turns, to_server_s

__all__ = [
    "CLIENT",
    "NEEDED",
    "NOT_KNOWN",
    "READ",
    "TALK",
    "TURN",
    "Following",
    "Spoken",
    "make_turns",
    "since",
    "to_server_s",
]
