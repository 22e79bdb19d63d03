"""Traffic that is missing from the capture, or that the capture shows differently from the wire.

- ``malformed_options``: TCP options that do not parse.
- ``one_directional``: connections with packets of one side only. Reported only if an acknowledgement shows that the
  other side did send, so not for an unanswered SYN.
- ``bytes_not_captured``: acknowledged bytes that no captured packet carries (``capture_gap``).
- ``offload_sized_segments``: segments with more payload than the receiver's MSS allows in one packet: the host merged
  or had not yet split them when they were captured (segmentation offload). Without an MSS in the capture, only segments
  larger than a jumbo frame are recognised.
- ``capture_duplicates``: additional copies of a packet (``capture_duplicate``), as a mirror port creates them.
- ``connections_seen_twice``: connections whose packets were captured before and after a NAT rewrote their addresses
  (``same_as``); only one view counts.
- ``captured_late``: what one side sent appears after its acknowledgement (``ack_early``), as where two directions are
  captured by two queues or cards, or merged. How late is at least the time from the acknowledgement to the last of the
  bytes that it covers; it is known only of packets that were late enough to be overtaken.

RFC 9293 section 3.7.1 (maximum segment size).
"""

import numpy as np

from pcapframe.analysis.health._api import Finding
from pcapframe.analysis.health._statistics import AT_LEAST, LACKS_PACKETS, UNKNOWN
from pcapframe.analysis.health._view import Finder, View, name_evidence
from pcapframe.arrays import Array, Mask, seconds_from
from pcapframe.disk import give_back
from pcapframe.measures import values
from pcapframe.memory import stretches
from pcapframe.rows import first_rows, frames_at
from pcapframe.schema import FLAG_BITS
from pcapframe.wording import agreeing, counted, of_all, percent, seconds

__all__ = ["FINDINGS"]

SMALLEST_MSS = 536  # every host takes segments of this size [bytes]
FARTHEST = 1 << 41  # beyond any sequence number counted from the SYN [bytes]
LARGEST_PAYLOAD = 9_176  # of one frame where no MSS is known: a jumbo frame of 9,216 bytes less headers [bytes]


def _malformed(view: View) -> Finding | None:
    rows = np.flatnonzero(values(view.segments["options_malformed"], np.bool_, null=False))
    if not rows.size:
        return None
    return Finding(
        "malformed_options",
        f"The TCP options of {rows.size:,} of {counted(len(view.segments), 'segment')} do not parse.",
        {"segments": len(view.segments), "malformed": rows.size},
        {"resend_reasons": UNKNOWN},
        view.of_segments(rows),
    )


def _one_directional(view: View) -> Finding | None:
    connections = view.connections
    silent = np.stack([connections[f"{side}_packets"].to_numpy() == 0 for side in ("client", "server")])
    one_way: Mask = np.asarray(silent.any(axis=0), np.bool_)
    for side, silent_peer in zip(("client", "server"), silent[::-1], strict=True):
        one_way &= ~silent_peer | (connections[f"{side}_ack_packets"].to_numpy() > 0)
    if one_way.any():  # an acknowledgement shows that the other side did send
        conn_ids, conn_id = connections.index.to_numpy(), view.segments["conn_id"].to_numpy()
        rows = view.rows_of(conn_ids[one_way])
        flags = view.segments["tcp_flags"].to_numpy()[rows]
        acks = rows[(flags & (FLAG_BITS["ACK"] | FLAG_BITS["RST"])) == FLAG_BITS["ACK"]]
        acknowledge = np.zeros(int(max(conn_id.max(initial=-1), conn_ids.max(initial=-1))) + 1, np.bool_)
        acknowledge[conn_id[acks]] = True
        one_way &= acknowledge[conn_ids]
    count = int(one_way.sum())
    if not count:
        return None
    return Finding(
        "one_directional",
        f"In {of_all(count, len(connections))} the packets of one side only are in the capture, "
        "and they acknowledge packets of the other side.",
        {
            "connections": count,
            "total_connections": len(connections),
            "without_client": int((one_way & silent[0]).sum()),
            "without_server": int((one_way & silent[1]).sum()),
        },
        {**LACKS_PACKETS, "round_trips": UNKNOWN},
        view.of_connections(one_way),
    )


def _gaps(view: View) -> Finding | None:
    missing, captured = view.sum("gap_bytes"), view.sum("payload_bytes")
    if not missing:
        return None
    rows = np.flatnonzero(view.segments["capture_gap"].to_numpy() != 0)
    return Finding(
        "bytes_not_captured",
        f"{counted(missing, 'byte')} {agreeing(missing, 'was', 'were')} acknowledged and "
        f"{agreeing(missing, 'is', 'are')} not in the capture, beside {counted(captured, 'byte')} of payload that "
        f"{agreeing(captured, 'is', 'are')}: of both together, {percent(missing / (missing + captured))} is missing.",
        {"missing_bytes": missing, "payload_bytes": captured, "acknowledgements": rows.size},
        LACKS_PACKETS,
        view.of_segments(rows),
    )


def _merged(view: View) -> Finding | None:
    segments = view.segments
    payload = values(segments["payload_bytes"], np.uint32)
    if payload.max(initial=0) <= SMALLEST_MSS:
        return None
    mss = segments["mss"]
    limit = np.zeros((int(segments["conn_id"].max() if len(segments) else -1) + 1, 2), np.int64)
    offers = np.flatnonzero(mss.notna().to_numpy() & ((segments["tcp_flags"].to_numpy() & FLAG_BITS["SYN"]) != 0))
    conn_id, from_client = segments["conn_id"].to_numpy(), segments["from_client"].to_numpy()
    # The MSS that one side advertises limits the other side's segments.
    np.maximum.at(limit, (conn_id[offers], from_client[offers].astype(np.int64)), values(mss.iloc[offers], np.int64))
    limit = np.where(limit == 0, LARGEST_PAYLOAD, np.maximum(limit, SMALLEST_MSS)).astype(np.uint32)
    if not (limit < payload.max(initial=0)).any():
        return None
    give_back()
    least, found = limit.min(), []
    for some in stretches(payload.size):
        rows = some.start + np.flatnonzero(payload[some] > least)
        limits = limit.ravel().take(2 * conn_id.take(rows).astype(np.intp) + ~from_client.take(rows))
        found.append(rows[payload.take(rows) > limits])
    rows = np.concatenate(found)
    if not rows.size:
        return None
    data, largest = view.sum("data_packets"), int(payload[rows].max())
    return Finding(
        "offload_sized_segments",
        f"{rows.size:,} of {counted(data, 'segment')} with payload, up to {largest:,} bytes, "
        f"{agreeing(rows.size, 'carries', 'carry')} more than one packet on the wire can: "
        f"{agreeing(rows.size, 'it', 'each')} stands for several.",
        {"segments": rows.size, "data_segments": data, "largest_payload_bytes": largest},
        {
            **dict.fromkeys(("packets", "retransmissions", "reordering"), AT_LEAST),
            **dict.fromkeys(("rates", "retransmission_rate", "packet_ratio"), UNKNOWN),
        },
        view.of_segments(rows),
    )


def _copies(view: View) -> Finding | None:
    rows = np.flatnonzero(view.segments["capture_duplicate"].to_numpy())
    if not rows.size:
        return None
    return Finding(
        "capture_duplicates",
        f"{rows.size:,} of {counted(len(view.segments), 'TCP packet')} {agreeing(rows.size, 'is a', 'are')} further "
        f"{agreeing(rows.size, 'copy', 'copies')} of a packet already captured: "
        f"{agreeing(rows.size, 'it counts', 'they count')} in packets and bytes only.",
        {"copies": rows.size, "tcp_packets": len(view.segments)},
        # The rate is that among packets with their copies.
        {
            **dict.fromkeys(("packets", "bytes", "duplicate_acks", "packet_ratio"), UNKNOWN),
            "retransmission_rate": AT_LEAST,
        },
        view.of_segments(rows),
    )


def _seen_twice(view: View) -> Finding | None:
    views = view.second_views
    if not len(views):
        return None
    packets = sum(int(views[f"{side}_packets"].sum()) for side in ("client", "server"))
    conn_id = view.all_segments["conn_id"].to_numpy()
    first = first_rows(conn_id, int(conn_id.max(initial=-1)) + 1)
    connections = len(view.connections)
    return Finding(
        "connections_seen_twice",
        f"{counted(len(views), 'connection')} with {counted(packets, 'packet')} "
        f"{agreeing(len(views), 'is', 'are')} in the capture twice, under other addresses (NAT): "
        f"{agreeing(len(views), 'it is', 'they are')} left out of all totals, which count {connections:,}.",
        {"connections": len(views), "packets": packets, "counted_connections": connections},
        {},
        name_evidence(
            np.sort(frames_at(view.all_segments, first[views.index])), views.index.to_numpy(), of=view.packets
        ),
    )


def _lateness(view: View, early: Array) -> Array:
    """Time from each ACK captured early to the packet that brings the last byte it covers, or NaN [s].

    If that packet came before, the ACK covers bytes of a hole: then it is the time to its sender's next packet.
    """
    segments = view.segments
    conn_id, from_client = segments["conn_id"].to_numpy(), segments["from_client"].to_numpy()
    rows = view.rows_of(np.unique(conn_id[early]))
    senders, sender = np.unique(2 * conn_id[rows].astype(np.int64) + from_client[rows], return_inverse=True)
    rows = rows[order := np.argsort(sender, kind="stable")]
    sender = sender[order]
    flags = segments["tcp_flags"].to_numpy()[rows]
    end = values(segments["rel_seq"].iloc[rows], np.int64) + (flags & (FLAG_BITS["SYN"] | FLAG_BITS["FIN"]) != 0)
    end = end + values(segments["payload_bytes"].iloc[rows], np.int64)
    reached = np.maximum.accumulate(np.clip(end, 0, FARTHEST - 1) + sender * FARTHEST)
    peer = np.searchsorted(senders, 2 * conn_id[early].astype(np.int64) + ~from_client[early])
    ack = np.clip(values(segments["rel_ack"].iloc[early], np.int64), 0, FARTHEST - 1)
    place = np.searchsorted(reached, ack + peer * FARTHEST)
    following = np.searchsorted(rows + sender * len(segments), early + peer * len(segments))
    place = np.maximum(place, following)
    known = np.flatnonzero(place < rows.size)
    known = known[sender[place[known]] == peer[known]]
    times = segments["time"].to_numpy("datetime64[ns]").view(np.int64)
    late = np.full(early.size, np.nan)
    late[known] = seconds_from(times[early[known]], times[rows[place[known]]])
    return late


def _late(view: View) -> Finding | None:
    segments = view.segments
    early = np.flatnonzero(segments["ack_early"].to_numpy())
    if not early.size:
        return None
    late, from_client = _lateness(view, early), segments["from_client"].to_numpy()[early]
    timed = late[~np.isnan(late)]
    median = largest = None
    how_late = ""
    if timed.size:
        median, largest = float(np.median(timed)), float(timed.max())
        how_late = f", by {seconds(median)} (median) and at most {seconds(largest)}"
    connections = np.unique(segments["conn_id"].to_numpy()[early]).size
    acks = int(np.count_nonzero(segments["tcp_flags"].to_numpy() & FLAG_BITS["ACK"]))
    sides = [side for side, is_late in (("client", ~from_client), ("server", from_client)) if is_late.any()]
    return Finding(
        "captured_late",
        f"In {counted(connections, 'connection')}, what the {' and the '.join(sides)} sent was captured late: "
        f"{early.size:,} of {counted(acks, 'acknowledgement')} {agreeing(early.size, 'precedes', 'precede')} the bytes "
        f"acknowledged{how_late}.",
        {
            "acknowledgements_early": early.size,
            "acknowledgements": acks,
            "connections": connections,
            "median_s": median,
            "largest_s": largest,
            **{f"{side}_late": side in sides for side in ("client", "server")},
        },
        {"round_trips": UNKNOWN, "resend_reasons": UNKNOWN},
        view.of_segments(early),
    )


FINDINGS: dict[str, Finder] = {
    "malformed_options": _malformed,
    "one_directional": _one_directional,
    "bytes_not_captured": _gaps,
    "offload_sized_segments": _merged,
    "capture_duplicates": _copies,
    "connections_seen_twice": _seen_twice,
    "captured_late": _late,
}
