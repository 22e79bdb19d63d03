"""Columns of a join of captures: points, connections, transmissions. ``<name>`` stands for the name of each point."""

from collections.abc import Iterable, Sequence

from pcapframe.schema._column import NEVER, Column

# What shows that connections of two captures are one. "ports_and_isn": the same addresses, ports and initial sequence
# numbers. "isn": the same sequence numbers, other addresses or ports. "timestamps": the same TCP timestamps.
# "sequence": the same payload lengths at the same times.
MATCHED_BY = ("ports_and_isn", "isn", "timestamps", "sequence")
FATES = ("passed", "lost_between", "not_captured", "added", "unknown")
# What decided on the fate. "seen": at every point. "acknowledged": the receiver had it, so the capture lacks it.
# "not_acknowledged": sent again, and not acknowledged before. "echoed": the receiver returned its timestamp.
# "not_echoed": the receiver went on returning an older one. "bytes_not_seen": the capture nearer to its sender lacks
# these bytes. "identification": a further copy with the same identification; or one missing in a row of them.
# "timestamp": the same with its timestamp. "copy": one capture has the packet once more than the other.
# "outside_capture": when that capture had not begun, or had ended. "sender_went_on": its sender did not stop, as one
# does after its RST. "hop_limit": unlike that of its sender's other packets. "nothing_else_missing": that capture has
# all else that can be checked. "more_than_missed": far more bare ACKs are missing than that capture lacks packets.
# "point_order": it is not known which point is nearer to the sender. "no_evidence": none of these.
FATE_RULES = (
    "seen", "acknowledged", "not_acknowledged", "echoed", "not_echoed", "bytes_not_seen", "identification",
    "timestamp", "copy", "outside_capture", "sender_went_on", "hop_limit", "nothing_else_missing", "more_than_missed",
    "point_order", "no_evidence",
)  # fmt: skip

ONE_WAY = "NaN where no packets of both directions are common"
NOT_THERE = "null where it is not in that capture"
NOT_SEEN = "null where it was not captured there"
ONE_POINT = "NaN unless captured at two points whose clocks can be compared"

POINTS = (
    Column("offset_s", "float64", "s", ONE_WAY, "its clock minus the first point's, at their first common packet"),
    Column("offset_low_s", "float64", "s", ONE_WAY, "the offset is no less than this"),
    Column("offset_high_s", "float64", "s", ONE_WAY, "the offset is no more than this"),
    Column("drift_ppm", "float64", "ppm", ONE_WAY, "how much faster its clock runs, over the first piece"),
    Column("drift_low_ppm", "float64", "ppm", ONE_WAY, "the drift is no less than this"),
    Column("drift_high_ppm", "float64", "ppm", ONE_WAY, "the drift is no more than this"),
    Column("steps", "object", "", NEVER,
           "list of (time, seconds): when the clock was set, by the first point's, and by how much"),
    Column("order", "UInt16", "", "null where it cannot be told", "place along the path: 0 is nearest to the clients"),
)  # fmt: skip

PATHS = (
    Column("conn_id_<name>", "Int64", "", NOT_THERE, "the connection in that capture"),
    Column("matched_by", "category", "", "null where it is in one capture only", "what shows that they are one"),
    Column("translated", "boolean", "", "null where it is in one capture only", "addresses or ports differ"),
    Column("rewritten", "boolean", "", "null where it is in one capture only, or cannot be compared",
           "sequence numbers or timestamps differ"),
    Column("ambiguous", "bool", "", NEVER, "more than one connection of another capture fits equally: not matched"),
)  # fmt: skip

TRANSMISSIONS = (
    Column("path_id", "int32", "", NEVER, "connection, as in the connections of the join"),
    Column("from_client", "bool", "", NEVER, "sent by the client"),
    Column("frame_<name>", "UInt32", "", NOT_SEEN, "its frame in that capture"),
    Column("rel_seq", "Int64", "bytes", NEVER, "first sequence number, counted from the SYN, unwrapped"),
    Column("rel_end", "Int64", "bytes", NEVER, "the sequence number after it; SYN and FIN count as one byte"),
    Column("tcp_flags", "uint16", "bits", NEVER, "flag bits of the frame, see schema.FLAG_BITS"),
    Column("fate", "category", "", NEVER, "what became of it between the points"),
    Column("fate_rule", "category", "", NEVER, "what decided on the fate"),
    Column("last_seen", "category", "", "null unless lost_between, not_captured or unknown",
           "the last point where it was captured, in the direction that it travelled"),
    Column("first_missing", "category", "", "null where it was captured at every point",
           "the point that the fate is about: the next one in its direction that lacks it, or a farther one where that "
           "capture tells nothing; of what was added, the last one before it"),
    Column("delay_s", "float64", "s", ONE_POINT,
           "between the first and the last point where it was captured, with clocks corrected"),
    Column("delay_low_s", "float64", "s", ONE_POINT, "the delay is no less than this"),
    Column("delay_high_s", "float64", "s", ONE_POINT, "the delay is no more than this"),
)  # fmt: skip


def for_points(columns: Iterable[Column], points: Sequence[str]) -> tuple[Column, ...]:
    """Return columns with one for each point in place of those that name one."""
    found: list[Column] = []
    for column in columns:
        if "<name>" in column.name:
            found += [column._replace(name=column.name.replace("<name>", point)) for point in points]
        else:
            found.append(column)
    return tuple(found)
