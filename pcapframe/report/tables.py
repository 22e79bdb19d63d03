"""Tables of the report: servers, retransmissions, waits, and every connection."""

from typing import Any

import pandas as pd

from pcapframe.analysis import Analysis, sum_waits
from pcapframe.measures import host_text
from pcapframe.naming import clipped_name, names_by_end
from pcapframe.report.markup import Cell, write_facts, write_filter, write_table
from pcapframe.wording import counted, seconds
from pcapframe.zones import local, zone_name

__all__ = ["by_server", "by_waits", "by_wireshark", "every_connection", "most_resent"]

ROWS = 15  # of a table
CONNECTIONS = 500  # rows of the table of connections
NAMED = 2  # names of an address that are shown
WAITS = {
    "round_trip_s": "Round trip",
    "service_median_s": "Service",
    "service_p95_s": "95 %",
    "service_total_s": "All service",
    "client_wait_s": "Client waits",
    "transfer_s": "Transfer",
}  # columns of `sum_waits`


def by_server(analysis: Analysis) -> str:
    """Write handshakes by server, sorted by number of connections.

    Parameters
    ----------
    analysis : Analysis
        With connections.

    Returns
    -------
    str
        HTML; empty where there is nothing to show.
    """
    counts = pd.crosstab(
        [analysis.connections["server"], analysis.connections["server_port"]], analysis.connections["handshake"]
    )
    counts = counts.loc[counts.sum(axis="columns").sort_values(ascending=False, kind="stable").index]
    counts = counts.loc[:, counts.sum() > 0]
    named = analysis.connections.groupby(["server", "server_port"], observed=True)[
        ["server_name", "server_names"]
    ].first()
    rows: list[list[str | Cell]] = [
        [
            Cell(f"{server}, port {port}", note=_names(str(server), *named.loc[(server, port)])),
            *(f"{int(count):,}" for count in row),
            f"{int(row.sum()):,}",
        ]
        for (server, port), row in zip(counts.index[:ROWS], counts.to_numpy()[:ROWS], strict=True)
    ]
    names = [str(name).replace("_", " ") for name in counts.columns]
    return write_table("Handshakes by server", ["Server", *names, "Connections"], rows, len(counts))


def by_wireshark(analysis: Analysis) -> str:
    """Write Wireshark's counts beside ours, and filters for the packets that differ.

    Parameters
    ----------
    analysis : Analysis
        With connections.

    Returns
    -------
    str
        HTML; empty where there is nothing to show.
    """
    health, statistics = analysis.health, analysis.statistics
    facts: dict[str, str] = {}
    filters = ""
    for name, key, seen in (
        ("Retransmitted", "retransmissions", statistics["retransmissions"]),
        ("Reordered", "reordering", statistics["reordering"]),
    ):
        facts[name] = health.qualify(seen["total"], key)
        facts[f"{name} by Wireshark's rules"] = health.qualify(seen["wireshark_total"], key)
        for who, side in (("Wireshark", "only_wireshark"), ("the evidence", "only_evidence")):
            frames: Any = seen["differences"][side]  # type: ignore[literal-required]
            if frames["frame_count"]:
                facts[f"{name}, only by {who}"] = f"{frames['frame_count']:,}"
                filters += write_filter(f"{name}, only by {who}", frames["display_filter"])
    if not any(statistics[key][of] for key in ("retransmissions", "reordering") for of in ("total", "wireshark_total")):
        return ""
    return write_facts(facts) + filters


def most_resent(analysis: Analysis) -> str:
    """Write the connections with the most retransmitted segments.

    Parameters
    ----------
    analysis : Analysis
        With connections.

    Returns
    -------
    str
        HTML; empty where there is nothing to show.
    """
    connections = analysis.connections
    resent = connections["client_resent_segments"] + connections["server_resent_segments"]
    most = resent[resent > 0].sort_values(ascending=False, kind="stable")
    rows: list[list[str | Cell]] = []
    for conn_id in most.index[:ROWS]:
        one = connections.loc[conn_id]
        rows.append(
            [
                str(conn_id),
                _endpoint(one, "client"),
                _endpoint(one, "server"),
                f"{one['client_resent_segments']:,}",
                f"{one['server_resent_segments']:,}",
                f"{one['client_resent_bytes'] + one['server_resent_bytes']:,}",
            ]
        )
    if not rows:
        return ""
    head = [
        "Connection",
        "Client",
        "Server",
        "Retransmitted by client",
        "Retransmitted by server",
        "Bytes retransmitted",
    ]
    return write_table("Connections with the most retransmitted segments", head, rows, len(most))


def by_waits(analysis: Analysis) -> str:
    """Write where the time of each server's connections went.

    Parameters
    ----------
    analysis : Analysis
        With connections.

    Returns
    -------
    str
        HTML; empty where there is nothing to show.
    """
    waits = sum_waits(analysis)
    waits = waits[waits["turns"] > 0]
    if waits.empty:
        return ""
    counts, times = ("connections", "turns", "unanswered_turns"), tuple(WAITS)
    names = names_by_end(analysis.connections)
    rows: list[list[str | Cell]] = [
        [
            Cell(row["endpoint"], note=names.get(row["endpoint"], "")),
            *(f"{row[name]:,}" for name in counts),
            *(_time(row[name]) for name in times),
        ]
        for row in waits.iloc[:ROWS].to_dict("records")
    ]
    head = ["Server", "Connections", "Turns", "Unanswered", *WAITS.values()]
    return write_table("Where the time went, by server", head, rows, len(waits))


def _time(value: float) -> str:
    return "" if pd.isna(value) else seconds(value)


def every_connection(analysis: Analysis) -> str:
    """Write the first connections as a table that can be sorted and searched, with their exact number.

    Parameters
    ----------
    analysis : Analysis
        With connections.

    Returns
    -------
    str
        HTML.
    """
    connections = analysis.connections
    rows: list[list[str | Cell]] = []
    for conn_id, one in zip(connections.index, connections.head(CONNECTIONS).to_dict("records"), strict=False):
        resent = int(one["client_resent_segments"] + one["server_resent_segments"])
        payload = int(one["client_payload_bytes"] + one["server_payload_bytes"])
        start, lasted = one["start"], one["duration_s"]
        rows.append(
            [
                Cell(f"{conn_id:,}", int(conn_id)),
                _endpoint(one, "client"),
                _endpoint(one, "server"),
                Cell("", -1) if pd.isna(start) else _moment(start),
                Cell("", -1) if pd.isna(lasted) else Cell(seconds(lasted), float(lasted)),
                str(one["handshake"]).replace("_", " "),
                str(one["ending"]).replace("_", " "),
                Cell(f"{payload:,}", payload),
                Cell(f"{resent:,}", resent),
                Cell("", -1)
                if pd.isna(one["service_max_s"])
                else Cell(_time(one["service_max_s"]), one["service_max_s"]),
            ]
        )
    head = ["No.", "Client", "Server", f"Start ({zone_name()})", "Duration", "Handshake", "Ending", "Payload [bytes]",
            "Retransmitted", "Longest service"]  # fmt: skip
    return write_table(counted(len(connections), "connection"), head, rows, len(connections), tools=True)


def _moment(start: pd.Timestamp) -> Cell:
    """Return a time of day in the chosen zone, to the millisecond, with the day below it."""
    time = local(start.to_pydatetime(warn=False))
    return Cell(f"{time:%H:%M:%S.%f}"[:12], start.value, f"{time:%Y-%m-%d}")


def _endpoint(connection: Any, side: str) -> Cell:
    """Return an endpoint, with its names below the address."""
    address = str(connection[side])
    asked = connection["server_name"] if side == "server" else None
    return Cell(
        f"{address}, port {connection[f'{side}_port']}", note=_names(address, asked, connection[f"{side}_names"])
    )


def _names(address: str, asked: Any, given: Any) -> str:
    """Return the name that clients ask for and the first names of the address, without its address itself."""
    listed = [] if pd.isna(given) else str(given).split(",")
    found = [str(name).strip() for name in ([] if pd.isna(asked) else [asked]) + listed]
    names = [name for name in dict.fromkeys(found) if name and name not in (address, host_text(address))]
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(map(clipped_name, names[:NAMED])) + more
