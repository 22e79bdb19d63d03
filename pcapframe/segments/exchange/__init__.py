"""What a packet means to the two hosts: can its ACK be believed, did its RST end anything, does it probe the peer.

Some of this is known only from later packets, so this pass reads every segment before ``evidence`` judges any.
``acknowledgements`` finds those of what was never sent, and those captured before what they acknowledge; ``probes``
tells keep-alives from window probes and finds their answers; ``resets`` and ``fins`` find the RSTs and FINs that ended
nothing. Of two SYN-ACKs with different numbers the one counts that the peer acknowledges, or that data follows;
``numbering`` counts bytes and windows by that one.
"""

from pcapframe.segments.exchange.fins import find_ignored_fins
from pcapframe.segments.exchange.following import Exchange, ExchangePass
from pcapframe.segments.exchange.hosts import (
    ACK_EARLY,
    ACKS_UNSENT,
    FIN_IGNORED,
    KEEP_ALIVE,
    RST_IGNORED,
    WINDOW_PROBE,
)  # fmt: skip
from pcapframe.segments.exchange.numbering import number_by_taken_syn_acks

__all__ = [
    "ACKS_UNSENT", "ACK_EARLY", "FIN_IGNORED", "KEEP_ALIVE", "RST_IGNORED", "WINDOW_PROBE", "Exchange", "ExchangePass",
    "find_ignored_fins", "number_by_taken_syn_acks",
]  # fmt: skip
