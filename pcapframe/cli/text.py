"""What a person reads of each command but ``analyze``, whose text is that of the `Analysis`."""

from collections.abc import Mapping, Sequence

import pandas as pd
from rich.console import Console, Group, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.text import Text

from pcapframe.analysis import Analysis, count_label
from pcapframe.analysis.display import (
    capture_lines,
    difference_rows,
    facts,
    health_brief,
    health_lines,
    labelled_count,
    note_line,
    plain_text,
    seen_count,
    table,
)
from pcapframe.answers import FlowAnswer, NoTcpAnswer, RetransmissionsAnswer
from pcapframe.answers.flow import QUALIFIED_FLOW
from pcapframe.arrays import Mask
from pcapframe.cli.output import STDOUT, write
from pcapframe.measures import each_way, endpoint_text
from pcapframe.packets import count_by_interface
from pcapframe.wording import counted, percent, printable

__all__ = ["connections_text", "flow_text", "info_text", "resends_text", "retransmissions_text", "show"]

# What the columns of the table of connections rest on.
COLUMN_STATISTICS = {
    "seconds": "durations",
    "packets": "packets",
    "payload": "bytes",
    "resent": "retransmissions",
    "Wireshark": "retransmissions",
}
# Columns of the table of connections that need room, by those of the frame.
SORTED = {"start": "start", "duration_s": "seconds", "payload_bytes": "payload"}
FOLDED = ("first copy", "reason")  # columns of the table of resends that may take two lines
WIDTH = 100  # of a line where no terminal has one [characters]


def show(renderable: RenderableType, path: str = STDOUT) -> None:
    """Print something: with styles in a terminal, plain in a pipe, a file, and where NO_COLOR is set.

    Parameters
    ----------
    renderable : RenderableType
        What rich can print.
    path : str, default "-"
        A file, or standard output.
    """
    console = Console()
    if console.no_color:  # which alone would leave bold and underlined text
        console = Console(color_system=None)
    if path == STDOUT and console.is_terminal:
        console.print(renderable)
    else:
        write(plain_text(renderable, width=WIDTH), path)


def retransmissions_text(answer: RetransmissionsAnswer | NoTcpAnswer, analysis: Analysis) -> RenderableType:
    """Write the answer of ``analyze_tcp_retransmissions``.

    Parameters
    ----------
    answer : dict
        The answer.
    analysis : Analysis
        What it is made from.

    Returns
    -------
    RenderableType
        For `show`.
    """
    if "by_connection" not in answer or analysis.message is not None:
        return Group(*_head(analysis))
    health = analysis.health
    side = "above" if answer["exceeds_threshold"] else "not above"
    rate, threshold = (
        percent(answer["retransmission_rate"]),
        f"{side} the threshold of {percent(answer['threshold'])}",
    )
    rate = {
        None: f" ({rate}, {threshold})",
        "at least": f"; rate at least {rate} (as captured, {threshold})",
        "unknown": f"; rate unknown ({rate} as captured, {threshold})",
    }[health.qualifier("retransmission_rate")]
    above = seen_count(answer["summary"]["connections_above_threshold"], health, "retransmission_rate")
    among = counted(answer["total_packets"], "TCP packet")
    total = seen_count(answer["total_retransmissions"], health, "retransmissions", among=among)
    among = counted(answer["by_connection_total"], "connection")
    connections = seen_count(answer["connections_with_retransmissions"], health, "retransmissions", among=among)
    moved = answer["reordering"]
    rows = [
        (
            "resent",
            f"{total}{rate}",
        ),
        (
            "connections",
            f"with resends: {connections}; above the threshold: {above}",
        ),
        ("Wireshark", labelled_count(answer["wireshark_retransmissions"], health, "retransmissions")),
        *difference_rows(answer["differences"], "sent again", _width()),
        ("reordered", seen_count(moved["total"], health, "reordering", "arrived after a later segment")),
        ("Wireshark", labelled_count(moved["wireshark_total"], health, "reordering")),
        *difference_rows(moved["differences"], "reordered", _width()),
    ]
    worst = table(("connection", "resent", "Wireshark", "packets", "rate"))
    listed = [row for row in answer["by_connection"] if row["retrans_count"]]
    for row in listed:
        counts = (f"{row['retrans_count']:,}", f"{row['wireshark_count']:,}", f"{row['total_packets']:,}")
        worst.add_row("", row["connection"], *counts, percent(row["retrans_rate"]))
    blocks: list[RenderableType] = [Text(), worst] if listed else []
    if len(listed) < answer["connections_with_retransmissions"]:
        of = f"{len(listed):,} of {counted(answer['connections_with_retransmissions'], 'connection')}"
        blocks.append(Text(f"  {of} with resends, see --limit", style="dim"))
    return Group(*_head(analysis), facts(rows), *blocks)


def flow_text(answer: FlowAnswer | NoTcpAnswer, analysis: Analysis) -> RenderableType:
    """Write the answer of ``analyze_traffic_flow``.

    Parameters
    ----------
    answer : dict
        The answer.
    analysis : Analysis
        What it is made from.

    Returns
    -------
    RenderableType
        For `show`.
    """
    if "client_to_server" not in answer or analysis.message is not None:
        return Group(*_head(analysis))
    health = analysis.health
    ways = table(("", "client to server", "server to client"))
    names = {
        "packet_count": "packets",
        "byte_count": "bytes on the wire",
        "payload_bytes": "bytes of payload",
        "data_packets": "packets with payload",
        "syn_count": "SYN",
        "syn_ack_count": "SYN-ACK",
        "fin_count": "FIN",
        "rst_count": "RST",
        "retransmissions": "segments sent again",
        "wireshark_retransmissions": "retransmissions by Wireshark's rules",
    }
    for name, label in names.items():
        counts = (
            health.qualify(answer[way][name], *QUALIFIED_FLOW[f"{way}.{name}"])  # type: ignore[literal-required]
            for way in ("client_to_server", "server_to_client")
        )
        ways.add_row("", Text(label, style="dim"), *counts)
    compared = answer["analysis"]
    ratio = compared["asymmetry_ratio"]
    text = "unknown" if ratio is None else health.qualify(f"{ratio:.2f}", *QUALIFIED_FLOW["analysis.asymmetry_ratio"])
    connections = health.qualify_count(answer["total_connections"], "connection", "connections")
    rows = [
        ("server", f"{answer['server']}, {connections}"),
        ("ratio", text if ratio is None else f"{text} client packets per server packet"),
    ]
    said = Padding(Text(compared["interpretation"]), (1, 0, 0, 2))
    return Group(*_head(analysis), facts(rows), Text(), ways, said)


def connections_text(
    analysis: Analysis, connections: pd.DataFrame, *, limit: int, sort: str | None = None, width: int | None = None
) -> RenderableType:
    """Write connections as a table; less important columns only where there is room.

    Parameters
    ----------
    analysis : Analysis
        Where they come from.
    connections : DataFrame
        Its connections, in the order to be written.
    limit : int
        So many rows.
    sort : str, optional
        The column that they are sorted by, as the user named it; it is shown whatever room there is.
    width : int, optional
        Characters in a line; those of the terminal by default.

    Returns
    -------
    RenderableType
        For `show`.
    """
    if analysis.message is not None:
        return Group(*_head(analysis))
    shown = connections.iloc[:limit]
    columns = _connection_columns(analysis, shown)
    titles = {}
    for name in columns:
        said = analysis.health.qualifier(COLUMN_STATISTICS[name]) if name in COLUMN_STATISTICS else None
        titles[name] = name if said is None else f"{said}\n{name}"
    width = _width() if width is None else width
    dispensable = [name for name in ("payload", "start", "seconds", "Wireshark") if name != SORTED.get(sort or "")]
    left_out = _left_out(columns, dispensable, width)
    # States are folded first, between words; addresses only where that does not make room enough.
    words = {titles[name]: cells if name != "state" else " ".join(cells).split() for name, cells in columns.items()}
    folded = ("state", "client", "server") if _needed(words) > width else ("state",)
    rows = table((), texts=0)
    for name in columns:
        is_text = name in ("client", "server", "state")
        justify: JustifyMethod = "left" if is_text else "right"
        rows.add_column(titles[name], justify=justify, no_wrap=name not in folded, overflow="fold")
    for cells in zip(*columns.values(), strict=True):
        rows.add_row("", *cells)
    total = len(connections)
    more = analysis.health.qualify_count(total, "connection", "connections")
    more = more if total <= limit else f"{limit:,} of {more}, see --limit"
    return Group(*_head(analysis), rows, Text(f"  {more}", style="dim"), *left_out)


def _connection_columns(analysis: Analysis, connections: pd.DataFrame) -> dict[str, list[str]]:
    """Cells of the table of connections."""
    begin = analysis.whole_connections["start"].min()
    labelled = count_label(analysis.segments, "retransmission", connections.index)
    return {
        "id": [str(conn_id) for conn_id in connections.index],
        "client": endpoint_text(connections["client"], connections["client_port"]).tolist(),
        "server": endpoint_text(connections["server"], connections["server_port"]).tolist(),
        "start": _seconds((connections["start"] - begin).dt.total_seconds()),
        "seconds": _seconds(connections["duration_s"]),
        "packets": _both(connections, "packets"),
        "payload": _both(connections, "payload_bytes"),
        "resent": _both(connections, "resent_segments"),
        "Wireshark": [f"{count:,}" for count in labelled],
        "state": _states(connections, analysis.selection.tells_server(connections)),
    }


def _needed(columns: Mapping[str, list[str]]) -> int:
    """Width of a table with these columns, by title [characters]."""
    return 2 + sum(2 + max(len(text) for text in (*title.split("\n"), *cells)) for title, cells in columns.items())


def _left_out(columns: dict[str, list[str]], dispensable: Sequence[str], width: int) -> list[RenderableType]:
    """Take away columns, from the first, until the others fit; return a line that names them, if there are any."""
    gone = []
    for name in dispensable:
        if _needed(columns) > width:
            del columns[name]
            gone.append(name)
    return [Text(f"  not shown: {', '.join(gone)} (wider terminal, or --csv)", style="dim")] if gone else []


def resends_text(analysis: Analysis, resends: pd.DataFrame, *, limit: int, width: int | None = None) -> RenderableType:
    """Write resends as a table; less important columns only where there is room.

    Parameters
    ----------
    analysis : Analysis
        Where they come from.
    resends : DataFrame
        Columns of ``schema.RESENDS``.
    limit : int
        So many rows.
    width : int, optional
        Characters in a line; those of the terminal by default.

    Returns
    -------
    RenderableType
        For `show`.
    """
    head = _head(analysis)
    if analysis.message is not None:
        return Group(*head)
    columns = _resend_columns(resends.iloc[:limit])
    width = _width() if width is None else width
    left_out = _left_out(columns, ("SACKed", "dup ACKs", "in RTT", "needless", "id"), width)
    total = analysis.health.qualify_count(len(resends), "resend", "retransmissions")
    if not len(resends):
        return Group(*head, Text(f"  {total}", style="dim"))
    # Between words where that makes room enough.
    words = {name: cells for name, cells in columns.items() if name not in FOLDED}
    words |= {name.replace(" ", "\n"): " ".join(columns[name]).split() for name in FOLDED}
    folded = FOLDED if _needed(words) <= width else tuple(columns)
    rows = table((), texts=0)
    for name in columns:
        is_text = name in ("from", "reason", "needless", "Wireshark", "rule")
        rows.add_column(name, justify="left" if is_text else "right", no_wrap=name not in folded, overflow="fold")
    for cells in zip(*columns.values(), strict=True):
        rows.add_row("", *cells)
    more = total if len(resends) <= limit else f"{limit:,} of {total}, see --limit"
    return Group(*head, rows, Text(f"  {more}", style="dim"), *left_out)


def _resend_columns(resends: pd.DataFrame) -> dict[str, list[str]]:
    """Cells of the table of resends."""
    needless = resends["needless"].map({True: "yes", False: "no"}).astype(object)
    first = resends["first_copy"].astype(object).where(resends["first_copy"].notna(), "not captured")
    return {
        "frame": [str(frame) for frame in resends.index],
        "id": [str(conn_id) for conn_id in resends["conn_id"]],
        "from": ["client" if from_client else "server" for from_client in resends["from_client"]],
        "first copy": [str(frame) for frame in first],
        "delay [ms]": ["" if pd.isna(delay) else f"{1000 * delay:,.2f}" for delay in resends["delay_s"]],
        "in RTT": ["" if pd.isna(trips) else f"{trips:,.1f}" for trips in resends["delay_round_trips"]],
        "dup ACKs": [f"{count:,}" for count in resends["duplicate_acks"]],
        "SACKed": [f"{count:,}" for count in resends["sacked_bytes"]],
        "reason": [reason.replace("_", " ") for reason in resends["reason"].astype(str)],
        "needless": needless.where(needless.notna(), "unknown").tolist(),
        "Wireshark": ["none" if pd.isna(label) else _label(label) for label in resends["wireshark_label"]],
        "rule": [rule.replace("_", " ") for rule in resends["rule"].astype(str)],
    }


def _label(name: str) -> str:
    """Write one of Wireshark's labels in short."""
    kind = name.removesuffix("_retransmission")
    return kind.replace("_", " ")


def info_text(analysis: Analysis, protocols: dict[str, int]) -> RenderableType:
    """Write what a capture can and cannot support, and the facts about it.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.
    protocols : dict
        Packets by protocol.

    Returns
    -------
    RenderableType
        For `show`.
    """
    capture = analysis.capture
    rows = [("protocols", ", ".join(f"{name} {count:,}" for name, count in protocols.items()) or "none")]
    if capture.snaplen is not None:
        rows.append(("snaplen", capture.facts()["snapshot length"]))
    for interface, packets in zip(capture.interfaces, count_by_interface(analysis.packets), strict=True):
        counters = {name: interface.get(name) for name in ("received", "dropped")}
        known = [f"{count:,} {name}" for name, count in counters.items() if count is not None]
        named = interface.get("name") or interface.get("description") or "without a name"
        rows.append(
            ("interface", ", ".join([str(named), str(interface.get("link_type")), counted(packets, "packet"), *known]))
        )
    for comment in capture.comments[:10]:
        of = "capture" if comment["frame"] is None else f"frame {comment['frame']}"
        rows.append(("comment", f"{of}: {comment['text']}"))
    if len(capture.comments) > 10:
        rows.append(("", f"and {counted(len(capture.comments) - 10, 'more comment')}"))
    health = health_lines(analysis.health, width=_width())
    return Group(*capture_lines(capture), Text(), health, Text(), facts(rows))


def _head(analysis: Analysis) -> list[RenderableType]:
    """The capture, what limits the answer, and what the capture supports; or why there is nothing more to show."""
    lines = [Text(printable(analysis.capture.name), style="bold"), *(note_line(note) for note in analysis.notes)]
    if analysis.message is not None and len(analysis.whole_connections):
        return [*lines, note_line(analysis.message)]
    lines.append(health_brief(analysis.health))
    return [*lines, Text()] if len(analysis.whole_connections) else lines


def _width() -> int:
    """Characters in a line of the terminal, or of the text that is written without one."""
    console = Console()
    return console.width if console.is_terminal else WIDTH


def _both(connections: pd.DataFrame, name: str) -> list[str]:
    """Sum of a column over both senders, by connection."""
    return [f"{count:,}" for count in each_way(connections, name).tolist()]


def _seconds(column: pd.Series) -> list[str]:
    return ["" if pd.isna(seconds) else f"{seconds:.3f}" for seconds in column]


def _states(connections: pd.DataFrame, server_given: Mask) -> list[str]:
    """How each connection began and ended; how it began alone where it got no further.

    Who reset it is said where the roles are known.
    """
    known = (connections["roles"] != "inferred").to_numpy() | server_given
    by = (" by " + connections["reset_by"].astype(str)).where(known, "")
    columns = (connections[name].astype(str) for name in ("handshake", "ending"))
    return [_state(*state) for state in zip(*columns, by, strict=True)]


def _state(handshake: str, ending: str, by: str) -> str:
    began = handshake.replace("_", " ")
    if handshake == "refused" or (handshake in ("unanswered", "half_open") and ending == "open"):
        return began
    ended = {"fin": "FIN", "half_closed": "half closed", "open": "open"}.get(ending, f"reset{by}")
    return f"{began}, {ended}"
