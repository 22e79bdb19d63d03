"""What a packet means to the two hosts: which probe it answers, and whether a RST ended anything.

Some of this is known only from later packets, so this pass reads every segment before ``evidence`` judges any.
``probes`` tells keep-alives from window probes and finds their answers; ``resets`` finds the RSTs that ended nothing.
"""

from pcapframe.segments.exchange.following import Exchange, ExchangePass
from pcapframe.segments.exchange.hosts import KEEP_ALIVE, RST_IGNORED, WINDOW_PROBE

__all__ = ["KEEP_ALIVE", "RST_IGNORED", "WINDOW_PROBE", "Exchange", "ExchangePass"]
