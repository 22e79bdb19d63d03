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

from dataclasses import replace

import numpy as np

from pcapframe.analysis.health._api import Finding
from pcapframe.analysis.health._statistics import AT_LEAST, LACKS_PACKETS, UNKNOWN
from pcapframe.analysis.health._view import Finder, View, name_evidence
from pcapframe.arrays import Mask
from pcapframe.measures import values
from pcapframe.rows import first_rows, frames_at, rows_at
from pcapframe.schema import FLAG_BITS
from pcapframe.wording import agreeing, counted, of_all, percent, seconds

__all__ = ["FINDINGS"]


def _malformed(view: View) -> Finding | None:
    rows = np.flatnonzero(values(view.events["options_malformed"], np.bool_, null=False))
    if not rows.size:
        return None
    return Finding(
        "malformed_options",
        f"The TCP options of {rows.size:,} of {counted(view.segments, 'segment')} do not parse.",
        {"segments": view.segments, "malformed": rows.size},
        {"resend_reasons": UNKNOWN},
        view.of_events(rows),
    )


def _one_directional(view: View) -> Finding | None:
    connections = view.connections
    silent = np.stack([connections[f"{side}_packets"].to_numpy() == 0 for side in ("client", "server")])
    one_way: Mask = np.asarray(silent.any(axis=0), np.bool_)
    for side, silent_peer in zip(("client", "server"), silent[::-1], strict=True):
        one_way &= ~silent_peer | (connections[f"{side}_ack_packets"].to_numpy() > 0)
    if one_way.any():  # an acknowledgement shows that the other side did send
        conn_ids, conn_id = connections.index.to_numpy(), view.events["conn_id"].to_numpy()
        rows = view.rows_of(conn_ids[one_way])
        flags = view.events["tcp_flags"].to_numpy()[rows]
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
    rows = np.flatnonzero(view.events["capture_gap"].to_numpy() != 0)
    return Finding(
        "bytes_not_captured",
        f"{counted(missing, 'byte')} {agreeing(missing, 'was', 'were')} acknowledged and "
        f"{agreeing(missing, 'is', 'are')} not in the capture, beside {counted(captured, 'byte')} of payload that "
        f"{agreeing(captured, 'is', 'are')}: of both together, {percent(missing / (missing + captured))} is missing.",
        {"missing_bytes": missing, "payload_bytes": captured, "acknowledgements": rows.size},
        LACKS_PACKETS,
        view.of_events(rows),
    )


def _merged(view: View) -> Finding | None:
    listed = view.noted(view.totals.oversized)  # the first of each connection
    if not listed.size:
        return None
    conn_ids, frames = view.connections.index.to_numpy(), listed["frame"]
    sides = view.totals.sides.reshape(-1, 2)[conn_ids]
    counts = sides["oversized"].sum(axis=1, dtype=np.int64)
    rows = int(counts.sum())
    data, largest = view.sum("data_packets"), int(sides["largest_oversized"].max())
    return Finding(
        "offload_sized_segments",
        f"{rows:,} of {counted(data, 'segment')} with payload, up to {largest:,} bytes, "
        f"{agreeing(rows, 'carries', 'carry')} more than one packet on the wire can: "
        f"{agreeing(rows, 'it', 'each')} stands for several.",
        {"segments": rows, "data_segments": data, "largest_payload_bytes": largest},
        {
            **dict.fromkeys(("packets", "retransmissions", "reordering"), AT_LEAST),
            **dict.fromkeys(("rates", "retransmission_rate", "packet_ratio"), UNKNOWN),
        },
        replace(name_evidence(frames, conn_ids[counts > 0], of=view.events), frame_count=rows),
    )


def _copies(view: View) -> Finding | None:
    rows = np.flatnonzero(view.events["capture_duplicate"].to_numpy())
    if not rows.size:
        return None
    return Finding(
        "capture_duplicates",
        f"{rows.size:,} of {counted(view.segments, 'TCP packet')} {agreeing(rows.size, 'is a', 'are')} further "
        f"{agreeing(rows.size, 'copy', 'copies')} of a packet already captured: "
        f"{agreeing(rows.size, 'it counts', 'they count')} in packets and bytes only.",
        {"copies": rows.size, "tcp_packets": view.segments},
        # The rate is that among packets with their copies.
        {
            **dict.fromkeys(("packets", "bytes", "duplicate_acks", "packet_ratio"), UNKNOWN),
            "retransmission_rate": AT_LEAST,
        },
        view.of_events(rows),
    )


def _seen_twice(view: View) -> Finding | None:
    views = view.second_views
    if not len(views):
        return None
    packets = sum(int(views[f"{side}_packets"].sum()) for side in ("client", "server"))
    conn_id = view.all_events["conn_id"].to_numpy()
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
            np.sort(frames_at(view.all_events, first[views.index])), views.index.to_numpy(), of=view.all_events
        ),
    )


def _late(view: View) -> Finding | None:
    noted = view.noted(view.totals.early)
    if not noted.size:
        return None
    early, late = rows_at(view.events, noted["frame"]), noted["late_s"]
    from_client = view.events["from_client"].to_numpy()[early]
    timed = late[~np.isnan(late)]
    median = largest = None
    how_late = ""
    if timed.size:
        median, largest = float(np.median(timed)), float(timed.max())
        how_late = f", by {seconds(median)} (median) and at most {seconds(largest)}"
    connections = np.unique(noted["conn_id"]).size
    acks = view.sum("ack_packets")
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
        view.of_events(early),
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
