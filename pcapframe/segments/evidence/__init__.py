"""What was sent again and what the network changed, by what the packets themselves show.

Wireshark judges by the clock and the highest sequence number. Here the bytes already seen, IPv4 identifications,
timestamps (RFC 7323), SACK and DSACK (RFC 2018, 2883) decide:

* a copy made on the way (``duplicates``: ``capture_duplicate``) changes no state, unless it shows only later that it is
  one;
* bytes that were seen before were sent again (``resent``), keep-alives and window probes excepted, unless they are
  the first copy, which its resend overtook (``order``: ``reordered``);
* bytes that fill a gap (``gaps``) were sent before the segment that opened the gap (``reordered``) or after it
  (``resent``, the first copy was lost before the capture point);
* bytes that the peer acknowledges and that were never seen are missing from the capture (``capture_gap``);
* of a resend, ``reasons`` says what brought it about, and ``needs`` whether the receiver had its bytes.

Limits. A resend whose first copy passed unseen, without later bytes before it, looks like an original (a lost tail
or SYN). Whether bytes below a forgotten gap's end were seen is not known: by identification or timestamp such a segment
is ``resent`` if it was sent after the highest byte and ``reordered`` if before; without either it is ``resent`` a round
trip after that, and else nothing is said of it. What a forgotten gap lacks is not in ``capture_gap``. Each rule's own
limits are in its module.
"""

from pcapframe.segments.evidence.directions import IS_COPY, IS_NEEDED, IS_NEEDLESS, IS_REORDERED, IS_RESENT
from pcapframe.segments.evidence.judging import RULE_BIT, Evidence, EvidencePass

__all__ = [
    "IS_COPY", "IS_NEEDED", "IS_NEEDLESS", "IS_REORDERED", "IS_RESENT", "RULE_BIT", "Evidence", "EvidencePass",
]  # fmt: skip
