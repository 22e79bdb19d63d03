"""What was retransmitted and what the network changed, as the packets themselves show.

Wireshark judges by the clock and the highest sequence number. The evidence here is the bytes already seen, IPv4
identifications, timestamps (RFC 7323), SACK and DSACK (RFC 2018, 2883):

* a copy made on the way (``duplicates``: ``capture_duplicate``) changes no state, unless only later packets show that
  it is a copy;
* bytes that were seen before were retransmitted (``resent``), unless the segment is a keep-alive or window probe, or is
  the first copy and was overtaken by its retransmission (``order``: ``reordered``);
* bytes that fill a gap (``gaps``) were sent before the segment that opened the gap (``reordered``) or after it
  (``resent``: the first copy was lost before the capture point);
* bytes that the peer acknowledges and that were never seen are missing from the capture (``capture_gap``), unless they
  were captured late (``lateness``);
* for each retransmission, ``reasons`` says why it was sent, and ``needs`` whether the receiver already had its bytes.

Where a capture begins within a connection, bytes below the first ones of a direction were not seen there. Such a
segment is judged against the first one with bytes (``order``). Round trips and the use of SACK that later packets show
hold from the beginning on.

Limits. A retransmission looks like an original if its first copy was not captured and no later bytes were captured
before it (a lost tail or SYN). Below the end of a forgotten gap it is unknown which bytes were seen. There the IP ID or
the timestamp decides: ``resent`` if the segment was sent after the highest byte, ``reordered`` if before. Without
either, the segment is ``resent`` if it came a round trip after the highest byte; otherwise nothing is said. Bytes of a
forgotten gap are not in ``capture_gap``. The limits of each rule are in its module.
"""

from pcapframe.segments.evidence.directions import IS_COPY, IS_NEEDED, IS_NEEDLESS, IS_REORDERED, IS_RESENT
from pcapframe.segments.evidence.judging import RULE_BIT, Evidence, EvidencePass

__all__ = [
    "IS_COPY", "IS_NEEDED", "IS_NEEDLESS", "IS_REORDERED", "IS_RESENT", "RULE_BIT", "Evidence", "EvidencePass",
]  # fmt: skip
