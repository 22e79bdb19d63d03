"""What a packet means to the two hosts: can its ACK be believed, did its RST end anything, does it probe the peer.

Some of this is known only from later packets, so this pass reads every segment before ``evidence`` judges any.
``acknowledgements`` finds those of what was never sent, and those captured before what they acknowledge; ``probes``
tells keep-alives from window probes and finds their answers; ``resets`` finds the RSTs that ended nothing. Of two
SYN-ACKs with different numbers the one counts that the peer acknowledges, or that data follows.
"""

from pcapframe.segments.exchange.following import Exchange, ExchangePass
from pcapframe.segments.exchange.hosts import ACK_EARLY, ACKS_UNSENT, KEEP_ALIVE, RST_IGNORED, WINDOW_PROBE

__all__ = ["ACKS_UNSENT", "ACK_EARLY", "KEEP_ALIVE", "RST_IGNORED", "WINDOW_PROBE", "Exchange", "ExchangePass"]
