"""Tables of the commands that list rows of a frame, fitted to the width of the terminal."""

import pandas as pd
from rich.console import Group, RenderableType
from rich.text import Text

from pcapframe.analysis import Analysis, count_label
from pcapframe.arrays import Mask
from pcapframe.cli.terminal import TEXTS, head, leave_out, needed_width, terminal_width, write_rows
from pcapframe.measures import each_way, endpoint_text
from pcapframe.naming import beside, names_by_end, server_name_text

__all__ = ["connections_text", "resends_text", "rsts_text"]

# The statistic that decides how reliable a column of the table of connections is.
COLUMN_STATISTICS = {
    "seconds": "durations",
    "packets": "packets",
    "payload": "bytes",
    "resent": "retransmissions",
    "Wireshark": "retransmissions",
}
# Columns of the table of connections that may be left out, by the column of the frame that they show.
SORTED = {"start": "start", "duration_s": "seconds", "payload_bytes": "payload"}
FOLDED = ("first copy", "reason")  # columns of the retransmissions table that may take two lines


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
        Most rows to write.
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
        return Group(*head(analysis))
    shown = connections.iloc[:limit]
    columns = _connection_columns(analysis, shown)
    titles = {}
    for name in columns:
        said = analysis.health.qualifier(COLUMN_STATISTICS[name]) if name in COLUMN_STATISTICS else None
        titles[name] = name if said is None else f"{said}\n{name}"
    width = terminal_width() if width is None else width
    dispensable = [
        name
        for name in ("payload", "Wireshark", "start", "name", "packets")
        if name in columns and name != SORTED.get(sort or "")
    ]
    left_out = leave_out(columns, dispensable, width)
    # States are wrapped first, between words; addresses only if that does not free enough room.
    words = {titles[name]: cells if name != "state" else " ".join(cells).split() for name, cells in columns.items()}
    folded = ("state", "name", "client", "server") if needed_width(words) > width else ("state", "name")
    rows = write_rows(columns, folded=folded, texts=TEXTS - {"Wireshark"}, titles=titles)
    total = len(connections)
    more = analysis.health.qualify_count(total, "connection", "connections")
    more = more if total <= limit else f"{limit:,} of {more}, see --limit"
    return Group(*head(analysis), rows, Text(f"  {more}", style="dim"), *left_out)


def _connection_columns(analysis: Analysis, connections: pd.DataFrame) -> dict[str, list[str]]:
    """Cells of the table of connections."""
    begin = analysis.whole_connections["start"].min()
    labelled = count_label(analysis.filtered_events("conn_id", "retransmission"), "retransmission", connections.index)
    called = server_name_text(connections).tolist()
    return {
        "id": [str(conn_id) for conn_id in connections.index],
        "client": endpoint_text(connections["client"], connections["client_port"]).tolist(),
        "server": endpoint_text(connections["server"], connections["server_port"]).tolist(),
        **({"name": called} if any(called) else {}),
        "start": _seconds((connections["start"] - begin).dt.total_seconds()),
        "seconds": _seconds(connections["duration_s"]),
        "packets": _both(connections, "packets"),
        "payload": _both(connections, "payload_bytes"),
        "resent": _both(connections, "resent_segments"),
        "Wireshark": [f"{count:,}" for count in labelled],
        "state": _states(connections, analysis.selection.tells_server(connections)),
    }


def resends_text(analysis: Analysis, resends: pd.DataFrame, *, limit: int, width: int | None = None) -> RenderableType:
    """Write retransmissions as a table; less important columns only where there is room.

    Parameters
    ----------
    analysis : Analysis
        Where they come from.
    resends : DataFrame
        Columns of ``schema.RESENDS``.
    limit : int
        Most rows to write.
    width : int, optional
        Characters in a line; those of the terminal by default.

    Returns
    -------
    RenderableType
        For `show`.
    """
    if analysis.message is not None:
        return Group(*head(analysis))
    columns = _resend_columns(analysis, resends.iloc[:limit])
    width = terminal_width() if width is None else width
    dispensable = ("server", "SACKed", "dup ACKs", "in RTT", "needless", "id")
    left_out = leave_out(columns, [name for name in dispensable if name in columns], width)
    total = analysis.health.qualify_count(len(resends), "retransmitted segment", "retransmissions")
    if not len(resends):
        return Group(*head(analysis), Text(f"  {total}", style="dim"))
    # Wrapped between words if that frees enough room.
    words = {name: cells for name, cells in columns.items() if name not in FOLDED}
    words |= {name.replace(" ", "\n"): " ".join(columns[name]).split() for name in FOLDED}
    folded = FOLDED if needed_width(words) <= width else tuple(columns)
    more = total if len(resends) <= limit else f"{limit:,} of {total}, see --limit"
    return Group(*head(analysis), write_rows(columns, folded=folded), Text(f"  {more}", style="dim"), *left_out)


def _resend_columns(analysis: Analysis, resends: pd.DataFrame) -> dict[str, list[str]]:
    """Cells of the retransmissions table."""
    of = analysis.connections.loc[resends["conn_id"]]
    ends = endpoint_text(of["server"], of["server_port"]).tolist()
    names = names_by_end(analysis.connections)
    needless = resends["needless"].map({True: "yes", False: "no"}).astype(object)
    first = resends["first_copy"].astype(object).where(resends["first_copy"].notna(), "not captured")
    return {
        "frame": [str(frame) for frame in resends.index],
        "id": [str(conn_id) for conn_id in resends["conn_id"]],
        **({"server": [beside(end, names.get(end, "")) for end in ends]} if names else {}),
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


def rsts_text(analysis: Analysis, rsts: pd.DataFrame, *, limit: int, width: int | None = None) -> RenderableType:
    """Write RSTs as a table; less important columns only where there is room.

    Parameters
    ----------
    analysis : Analysis
        Where they come from.
    rsts : DataFrame
        Columns of ``schema.RST_EVIDENCE``.
    limit : int
        So many rows.
    width : int, optional
        Characters in a line; those of the terminal by default.

    Returns
    -------
    RenderableType
        For `show`.
    """
    if analysis.message is not None:
        return Group(*head(analysis))
    columns = _rst_columns(rsts.iloc[:limit])
    width = terminal_width() if width is None else width
    left_out = leave_out(columns, ("idle [s]", "delay [ms]", "IP id step", "challenged", "id"), width)
    total = analysis.health.qualify_count(len(rsts), "RST", "flags")
    if not len(rsts):
        return Group(*head(analysis), Text(f"  {total}", style="dim"))
    words = {name: " ".join(cells).split() for name, cells in columns.items()}
    folded = tuple(columns) if needed_width(words) > width else ("sequence", "hop limit")
    more = total if len(rsts) <= limit else f"{limit:,} of {total}, see --limit"
    return Group(*head(analysis), write_rows(columns, folded=folded), Text(f"  {more}", style="dim"), *left_out)


def _rst_columns(rsts: pd.DataFrame) -> dict[str, list[str]]:
    """Cells of the table of RSTs."""
    took_effect = rsts["took_effect"].map({True: "yes", False: "no"}).astype(object)
    limits = zip(rsts["ttl"], rsts["others_ttl_min"], rsts["others_ttl_max"], strict=True)
    return {
        "frame": [str(frame) for frame in rsts.index],
        "id": [str(conn_id) for conn_id in rsts["conn_id"]],
        "from": ["client" if from_client else "server" for from_client in rsts["from_client"]],
        "phase": [phase.replace("_", " ") for phase in rsts["phase"].astype(str)],
        "idle [s]": _seconds(rsts["idle_s"]),
        "sequence": ["unknown" if pd.isna(fit) else fit.replace("_", " ") for fit in rsts["seq_fit"]],
        "answers": ["" if pd.isna(frame) else str(frame) for frame in rsts["answers"]],
        "delay [ms]": ["" if pd.isna(delay) else f"{1000 * delay:,.2f}" for delay in rsts["answer_delay_s"]],
        "in RTT": ["" if pd.isna(trips) else f"{trips:,.2f}" for trips in rsts["delay_round_trips"]],
        "hop limit": [_beside(*each) for each in limits],
        "IP id step": ["" if pd.isna(step) else f"{step:,}" for step in rsts["ip_id_step"]],
        "challenged": ["" if pd.isna(frame) else str(frame) for frame in rsts["challenge_ack"]],
        "ended it": took_effect.where(took_effect.notna(), "unknown").tolist(),
    }


def _beside(limit: int, least: int, most: int) -> str:
    """Write a hop limit beside those of the other packets of its side."""
    if pd.isna(least):
        return f"{limit}, no other"
    return f"{limit}, others {least}" + (f" to {most}" if most != least else "")


def _label(name: str) -> str:
    """Write one of Wireshark's labels in short."""
    kind = name.removesuffix("_retransmission")
    return kind.replace("_", " ")


def _both(connections: pd.DataFrame, name: str) -> list[str]:
    """Sum of a column over both senders, by connection."""
    return [f"{count:,}" for count in each_way(connections, name).tolist()]


def _seconds(column: pd.Series) -> list[str]:
    return ["" if pd.isna(seconds) else f"{seconds:.3f}" for seconds in column]


def _states(connections: pd.DataFrame, server_given: Mask) -> list[str]:
    """Write how each connection began and ended; only how it began if it was never established.

    Names the side that sent the RST where the roles are known.
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
