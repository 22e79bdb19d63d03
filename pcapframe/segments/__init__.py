"""From the packets frame to TCP segments, each with its connection, direction, labels and evidence.

``tracking`` finds the connection, ``sequence`` sets Wireshark's labels, ``evidence`` says what was retransmitted. Each
is a compiled pass that is fed in chunks and keeps its state between them. ``labels`` runs them over a frame. ``times``
finds the times that cannot be. ``copies`` finds what came before each retransmission, ``rsts`` what surrounds each RST.
In the code and in names of columns, a *resend* is a retransmitted segment.
"""

from pcapframe.segments.copies import NO_ROW, Anatomy, Followed, follow
from pcapframe.segments.labels import label_segments
from pcapframe.segments.roles import receivers_that_serve
from pcapframe.segments.rsts import RstRows, Rsts, follow_rsts
from pcapframe.segments.times import ASTRAY, are_alike, find_jumps, stand_still, times_that_cannot_be

__all__ = [
    "ASTRAY",
    "NO_ROW",
    "Anatomy",
    "Followed",
    "RstRows",
    "Rsts",
    "are_alike",
    "find_jumps",
    "follow",
    "follow_rsts",
    "label_segments",
    "receivers_that_serve",
    "stand_still",
    "times_that_cannot_be",
]
