"""Join captures of the same traffic at two or more points.

`facts` reads what each capture shows of its connections, `pairing` says which of them are one, `transmissions` numbers
their packets alike, `matching` says which packets are one, `clocks` compares the clocks, `fates` says what became of
each packet, and `joined` runs them all; `contents` compares what carries other numbers, `notes` and `summary` put it in
words. It knows analyses only, never the bytes of captures.
"""

from pcapframe.joining.joined import Joined, join_captures

__all__ = ["Joined", "join_captures"]
