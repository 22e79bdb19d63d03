"""The turns of the connections of an analysis: what clients asked for, and what servers answered."""

from typing import Literal

import pandas as pd

from pcapframe.analysis.result import Analysis
from pcapframe.conversation import READ, make_turns, to_server_s
from pcapframe.errors import ParameterError
from pcapframe.measures import endpoint_text, without_attrs
from pcapframe.schema import WAITS, names

__all__ = ["sum_senders", "sum_waits", "turns"]

SUMS = (
    "turns", "service_turns", "unanswered_turns", "handshake_s", "client_wait_s", "service_total_s", "transfer_s",
    "other_s", "duration_s",
)  # fmt: skip
ADDRESS, NAME = "a", "n"
SENDING = ("busy_s", "window_limited_s", "repairing_s", "idle_s")


def turns(analysis: Analysis) -> pd.DataFrame:
    """List requests and responses: who waited for whom, and for how long.

    A request is payload of the client, its response the payload of the server after it, until the client's next
    payload, in the order of the capture.

    Parameters
    ----------
    analysis : Analysis
        Its selected connections are listed, with the roles that its filter determines.

    Returns
    -------
    DataFrame
        Columns and dtypes of ``schema.TURNS``, one row per turn, in order of ``request_frame``.

    Notes
    -----
    Only segments that bring bytes not captured before count. A retransmission whose first copy was captured belongs to
    nothing; one whose first copy was not captured counts as the first. Copies made on the way, keep-alives (RFC 9293
    section 3.8.4), window probes (section 3.8.6.1) and payload of a RST do not count. Payload of the server before the
    first request belongs to no turn: see ``greeting_bytes`` of the connection.

    Times are those of the capture point. At the client, ``service_s`` includes the path to the server and back, which
    takes at least ``round_trip_s``; at the server it does not. ``client_vantage`` of the connection says which it is.

    Where a client acknowledges bytes of the server that were not captured, its next payload begins another turn. Frames
    and times of a turn are those of what was captured, and ``gap_bytes`` says how much was not.

    ``overlapping`` turns tell little: the client did not wait for the end of the response before (pipelining, HTTP/2,
    streams). They have all columns, and are left out of the sums and medians of connections.

    Wireshark's TRANSUM (``tshark -2 --enable-protocol transum -o transum.capture_position:Intermediate -o
    transum.tcp_port_ranges:<ports that served>``) gives the same frames and ``service_s`` (``transum.st``), except that
    it

    * takes a segment to a listed port for a request and all others for responses, whatever the roles;
    * gives a turn to SYN and SYN-ACK, and passes over payload of a segment with FIN and TLS alerts;
    * counts retransmissions, copies and probes of the server as responses, and leaves out segments of the client that
      Wireshark labels as retransmissions, even where they fill a hole;
    * does not know of responses that were not captured, so that requests around them are one;
    * reads the payload on ports 135, 139 and 445 (SMB, DCE-RPC), where several requests may be under way;
    * knows no segment of 64 KiB or more (offloaded, IPv6 jumbograms), and no packet without a time.

    So the tests compare connections that have none of these: a client's port that also served, one of the three ports,
    a segment that is retransmitted, reordered, a copy or a probe, bytes that the capture lacks, a packet without a
    time, payload with FIN, a TLS alert, payload of 64 KiB or more, or a flag set that RFC 9293 section 3.1 reserves. Of
    their turns 99.5 % or more are equal.

    Memory: an analysis keeps no turns. It keeps their sums, at most 40 bytes a turn; this function finds the turns
    again and makes the frame, about 100 bytes a turn; making it takes about twice that.

    Examples
    --------
    >>> import pcapframe as pf
    >>> found = turns(pf.analyze(pf.example("clean.pcap")))
    >>> found.loc[0, ["conn_id", "turn", "request_frame", "response_frame"]].tolist()
    [0, 1, 6, 8]
    """
    segments = analysis.filtered_columns("conn_id", *READ)
    return make_turns(segments, without_attrs(analysis.connections))


def sum_waits(analysis: Analysis, *, by: Literal["server", "client", "name"] = "server") -> pd.DataFrame:
    """Sum up where the time went, by server, client or name.

    Parameters
    ----------
    analysis : Analysis
        Its selected connections are summed up.
    by : {'server', 'client', 'name'}
        One row per server (address and port), per client (address), or per name: the one that the client asks for, else
        those that DNS or a file gave to the server's address, else its address and port. A name is given as captured.

    Returns
    -------
    DataFrame
        Columns and dtypes of ``schema.WAITS``, the largest ``service_total_s`` first.

    Raises
    ------
    ParameterError
        `by` is something else.

    Notes
    -----
    Medians and 95th percentiles are those of all turns together, and are exact. Overlapping turns are left out; their
    time is in ``other_s``.

    Examples
    --------
    >>> import pcapframe as pf
    >>> seen = sum_waits(pf.analyze(pf.example("clean.pcap"))).iloc[0]
    >>> seen["endpoint"], int(seen["turns"])
    ('198.51.100.20:80', 14)
    """
    if by not in ("server", "client", "name"):
        raise ParameterError(f"by is {by!r}: expected 'server', 'client' or 'name'")
    connections = without_attrs(analysis.counted.connections)
    key = _keys(connections, by)
    trips = pd.Series(to_server_s(connections), index=connections.index)
    made = connections[list(SUMS)].groupby(key).sum()
    made["connections"] = key.groupby(key).size()
    made["round_trip_s"] = trips.groupby(key).min()
    made["handshake_median_s"] = connections["handshake_s"].groupby(key).median()
    made = made.join(sum_senders(connections, key))
    found = turns(analysis)
    found = found[found["conn_id"].isin(connections.index)]
    service = found.loc[~found["overlapping"]].set_index("conn_id")["service_s"].dropna()
    services = service.groupby(key.loc[service.index].to_numpy())
    made["service_median_s"], made["service_max_s"] = services.median(), services.max()
    made["service_p95_s"] = services.quantile(0.95)
    made["endpoint"] = made.index.astype("str").str[1:]
    made = made.sort_values(["service_total_s", "endpoint"], ascending=[False, True])
    made = made.astype({column.name: column.dtype for column in WAITS})
    return made[names(WAITS)].reset_index(drop=True)


def sum_senders(connections: pd.DataFrame, key: pd.Series) -> pd.DataFrame:
    """Sum up what the senders of connections were doing.

    Parameters
    ----------
    connections : DataFrame
        Columns of ``schema.CONNECTIONS``, each connection once; not modified.
    key : Series
        What each connection is summed up under.

    Returns
    -------
    DataFrame
        The last columns of ``schema.WAITS``, by key: sums over the connections in which they are known.
    """
    parts = {}
    for side in ("client", "server"):
        busy, limited, repairing, idle = (connections[f"{side}_{name}"] for name in SENDING)
        unsplit = (busy - repairing).clip(lower=0).where(limited.isna(), 0.0).where(busy.notna())
        columns = {"busy_s": busy, "window_limited_s": limited, "repairing_s": repairing, "unsplit_s": unsplit,
                   "idle_s": idle}  # fmt: skip
        parts[f"{side}_known"] = busy.notna().groupby(key).sum()
        for name, column in columns.items():
            parts[f"{side}_{name}"] = column.groupby(key).sum(min_count=1)
    return pd.DataFrame(parts)


def _keys(connections: pd.DataFrame, by: str) -> pd.Series:
    """What each connection is summed up under, after one character: a name may read like an address, and is none."""
    if by == "client":
        return ADDRESS + connections["client"].astype("str")
    servers = endpoint_text(connections["server"], connections["server_port"])
    keys = pd.Series(ADDRESS + servers, index=connections.index, dtype="str")
    if by == "name":
        for column in ("server_names", "server_name"):
            keys = keys.mask(connections[column].notna(), NAME + connections[column].astype("str"))
    return keys
