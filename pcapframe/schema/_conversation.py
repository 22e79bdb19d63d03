"""Columns of turns, and of the sums of waits."""

from pcapframe.schema._column import NEVER, Column

NO_SERVICE = "NaN without a turn that has a response and does not overlap"
OF_TURNS = "over turns that do not overlap"
NO_SENDERS = "NaN where it is known of no connection"
NO_WINDOWS = "NaN where it is known of no connection, as without the scale of the windows"
NO_RESPONSE = "null where the capture has no response"

TURNS = (
    Column("conn_id", "int32", "", NEVER, "connection"),
    Column("turn", "uint32", "", NEVER, "number within its connection, from 1"),
    Column("request_frame", "uint32", "", NEVER, "frame of the first request segment"),
    Column("request_end_frame", "uint32", "", NEVER, "frame of the last request segment"),
    Column("response_frame", "UInt32", "", NO_RESPONSE, "frame of the first response segment"),
    Column("response_end_frame", "UInt32", "", NO_RESPONSE, "frame of the last response segment"),
    Column("request_bytes", "uint64", "bytes", NEVER, "payload of the request that was captured, every byte once"),
    Column("response_bytes", "Int64", "bytes", NO_RESPONSE,
           "payload of the response that was captured, every byte once"),
    Column("wait_s", "float64", "s",
           "NaN where neither the end of the response before nor the handshake was captured, or without a time",
           "before the request: since the last segment of the response before, or since the packet that completed the "
           "handshake"),
    Column("request_s", "float64", "s", "NaN without a time", "first to last request segment"),
    Column("service_s", "float64", "s", "NaN without a response, or without a time",
           "last request segment to first response segment"),
    Column("response_s", "float64", "s", "NaN without a response, or without a time",
           "first to last response segment"),
    Column("round_trip_s", "float64", "s", "NaN without a timed answer of the server",
           "smallest time of the connection from the capture point to the server and back: "
           "what the path adds to service_s at least"),
    Column("resent_segments", "uint32", "", NEVER, "segments with payload of both sides retransmitted within it"),
    Column("zero_window_s", "float64", "s", NEVER, "time within it during which a side advertised a window of zero"),
    Column("gap_bytes", "uint64", "bytes", NEVER, "payload of both sides that the capture lacks"),
    Column("overlapping", "bool", "", NEVER,
           "the server had more to say about an earlier request: it sent bytes after this request that answer no byte "
           "of it"),
)  # fmt: skip

WAITS = (
    Column("endpoint", "str", "", NEVER, "server with its port, client, or name"),
    Column("connections", "uint32", "", NEVER, "how many connections it has"),
    Column("turns", "uint32", "", NEVER, "how many turns they have"),
    Column("service_turns", "uint32", "", NEVER, "turns with service_s that do not overlap"),
    Column("unanswered_turns", "uint32", "", NEVER,
           "turns without a response in the capture, and without bytes that it lacks"),
    Column("round_trip_s", "float64", "s", "NaN without a timed answer of a server",
           "smallest time from the capture point to a server and back"),
    Column("handshake_median_s", "float64", "s", "NaN without a handshake", "median of handshake_s"),
    Column("service_median_s", "float64", "s", NO_SERVICE, f"median of service_s {OF_TURNS}"),
    Column("service_p95_s", "float64", "s", NO_SERVICE, f"95th percentile of service_s {OF_TURNS}"),
    Column("service_max_s", "float64", "s", NO_SERVICE, f"maximum of service_s {OF_TURNS}"),
    Column("handshake_s", "float64", "s", NEVER, "sum of handshake_s"),
    Column("client_wait_s", "float64", "s", NEVER, "sum of client_wait_s"),
    Column("service_total_s", "float64", "s", NEVER, "sum of service_total_s"),
    Column("transfer_s", "float64", "s", NEVER, "sum of transfer_s"),
    Column("other_s", "float64", "s", NEVER, "sum of other_s"),
    Column("duration_s", "float64", "s", NEVER, "sum of duration_s: of the five sums before it"),
    *(
        Column(f"{side}_{name}", dtype, unit, null, meaning)
        for side, who in (("client", "clients"), ("server", "the servers"))
        for name, dtype, unit, null, meaning in (
            ("known", "uint32", "", NEVER, f"connections in which busy_s of {who} is known"),
            ("busy_s", "float64", "s", NO_SENDERS, f"sum of busy_s of {who}"),
            ("window_limited_s", "float64", "s", NO_WINDOWS, f"of it, sum of window_limited_s of {who}"),
            ("repairing_s", "float64", "s", NO_SENDERS, f"of it, sum of repairing_s of {who}"),
            ("unsplit_s", "float64", "s", NO_SENDERS,
             f"of it, busy_s but repairing_s where window_limited_s of {who} is not known"),
            ("idle_s", "float64", "s", NO_SENDERS, f"sum of idle_s of {who}"),
        )
    ),
)  # fmt: skip
