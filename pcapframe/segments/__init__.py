"""From the packets frame to TCP segments, each with its connection, direction, labels and evidence.

``tracking`` finds the connection, ``sequence`` sets Wireshark's labels, ``evidence`` says what was sent again; each
is a compiled pass that is fed in chunks and keeps its state between them. ``labels`` runs them over a frame.
"""

from pcapframe.segments.labels import label_segments

__all__ = ["label_segments"]
