"""Tables of turns and waits, fitted to the width of the terminal."""

import math
from collections.abc import Iterable

import pandas as pd
from rich.console import Group, RenderableType
from rich.text import Text

from pcapframe.analysis import Analysis
from pcapframe.cli.terminal import TEXTS, head, leave_out, terminal_width, write_rows
from pcapframe.naming import LONGEST_NAME, beside, names_by_end, server_name_text
from pcapframe.wording import counted, percent, printable, seconds, shortened

__all__ = ["turns_text", "waits_text"]


def turns_text(analysis: Analysis, turns: pd.DataFrame, *, limit: int, width: int | None = None) -> RenderableType:
    """Write turns as a table; less important columns only where there is room.

    Parameters
    ----------
    analysis : Analysis
        Where they come from.
    turns : DataFrame
        Columns of ``schema.TURNS``.
    limit : int
        Most rows to write.
    width : int, optional
        Characters in a line; those of the terminal by default.

    Returns
    -------
    RenderableType
        For `show`.
    """
    shown = turns.iloc[:limit]
    responses = zip(shown["response_frame"], shown["response_end_frame"], strict=True)
    requests = zip(shown["request_frame"], shown["request_end_frame"], strict=True)
    called = server_name_text(analysis.connections.loc[shown["conn_id"], ["server_name", "server_names"]]).tolist()
    columns = {
        "id": [str(conn_id) for conn_id in shown["conn_id"]],
        **({"name": called} if any(called) else {}),
        "turn": [f"{turn:,}" for turn in shown["turn"]],
        "request": [_frames(*ends) for ends in requests],
        "response": ["none" if pd.isna(ends[0]) else _frames(*ends) for ends in responses],
        "sent": [f"{count:,}" for count in shown["request_bytes"]],
        "received": ["" if pd.isna(count) else f"{count:,}" for count in shown["response_bytes"]],
        "waited": _times(shown["wait_s"]),
        "asked": _times(shown["request_s"]),
        "service": _times(shown["service_s"]),
        "answered": _times(shown["response_s"]),
        "round trip": _times(shown["round_trip_s"]),
        "overlaps": ["yes" if overlaps else "" for overlaps in shown["overlapping"]],
    }
    dispensable = ("sent", "received", "asked", "round trip", "turn", "answered", "overlaps", "name")
    return _fitted(analysis, columns, dispensable, len(turns), "turn", limit, width)


def waits_text(
    analysis: Analysis, waits: pd.DataFrame, *, by: str, limit: int, width: int | None = None
) -> RenderableType:
    """Write where the time went as a table; less important columns only where there is room.

    Parameters
    ----------
    analysis : Analysis
        Where they come from.
    waits : DataFrame
        Columns of ``schema.WAITS``.
    by : {'server', 'client', 'name'}
        What its rows are.
    limit : int
        Most rows to write.
    width : int, optional
        Characters in a line; those of the terminal by default.

    Returns
    -------
    RenderableType
        For `show`.
    """
    shown = waits.iloc[:limit]
    columns = {
        by: _named_ends(analysis, shown["endpoint"], by),
        "connections": [f"{count:,}" for count in shown["connections"]],
        "turns": [f"{count:,}" for count in shown["turns"]],
        "unanswered": [f"{count:,}" for count in shown["unanswered_turns"]],
        "service": _times(shown["service_median_s"]),
        "95 %": _times(shown["service_p95_s"]),
        "longest": _times(shown["service_max_s"]),
        "round trip": _times(shown["round_trip_s"]),
        "handshakes": _times(shown["handshake_s"]),
        "client waits": _times(shown["client_wait_s"]),
        "all service": _times(shown["service_total_s"]),
        "transfer": _times(shown["transfer_s"]),
        "other": _times(shown["other_s"]),
    }
    dispensable = ("other", "transfer", "handshakes", "unanswered", "longest", "connections", "95 %", "all service")
    width = terminal_width() if width is None else width
    return Group(
        _fitted(analysis, columns, dispensable, len(waits), by, limit, width), *_senders(columns, shown, width)
    )


def _senders(columns: dict[str, list[str]], shown: pd.DataFrame, width: int) -> list[RenderableType]:
    """Write what clients and servers were doing as senders, in shares of their busy time; nothing where none is known.

    Each row of the table of waits has up to two here.
    """
    (title, ends), *_ = columns.items()
    cells: dict[str, list[str]] = {
        name: [] for name in (title, "sender", "busy", "sending", "repairing", "window limited", "not split", "idle")
    }
    for end, row in zip(ends, shown.to_dict("records"), strict=True):
        for side in ("client", "server"):
            busy, limited, repairing, unsplit, idle = (
                float(row[f"{side}_{name}_s"]) for name in ("busy", "window_limited", "repairing", "unsplit", "idle")
            )
            if not busy > 0:
                continue
            known = 0.0 if math.isnan(limited) else limited
            parts = {
                "sending": max(busy - known - repairing - unsplit, 0.0),
                "repairing": repairing,
                "window limited": known if unsplit < busy else math.nan,
                "not split": unsplit,
            }
            cells[title].append("" if cells[title] and side == "server" and row["client_busy_s"] > 0 else end)
            cells["sender"].append(side)
            cells["busy"].append(seconds(busy))
            for name, part in parts.items():
                cells[name].append("unknown" if math.isnan(part) else percent(part / busy))
            cells["idle"].append(seconds(idle))
    if not cells["sender"]:
        return []
    if set(cells["not split"]) == {percent(0)}:
        del cells["not split"]
    words = {name: " ".join(texts).split() if name in TEXTS else texts for name, texts in cells.items()}
    left_out = leave_out(words, [name for name in ("idle", "not split") if name in words], width)
    note = "  shares of the time in which a sender had something under way, where the capture shows it"
    heading = Text("\nWhat senders were doing", style="bold")
    return [
        heading,
        write_rows({name: cells[name] for name in words}, folded=TEXTS),
        Text(note, style="dim"),
        *left_out,
    ]


def _named_ends(analysis: Analysis, ends: Iterable[str], by: str) -> list[str]:
    """Write endpoints with what they are called beside them.

    Parameters
    ----------
    analysis : Analysis
        Where they come from.
    ends : iterable of str
        Servers with ports, addresses of clients, or names.
    by : {'server', 'client', 'name'}
        Which of these.

    Returns
    -------
    list of str
        One text each; names alone are escaped and cut.
    """
    if by == "name":
        return [shortened(printable(text), LONGEST_NAME) for text in ends]
    names = names_by_end(analysis.connections, by)
    return [beside(text, names.get(text, "")) for text in ends]


def _fitted(
    analysis: Analysis,
    columns: dict[str, list[str]],
    dispensable: tuple[str, ...],
    total: int,
    noun: str,
    limit: int,
    width: int | None,
) -> RenderableType:
    """Put a table together."""
    if analysis.message is not None:
        return Group(*head(analysis))
    count = counted(total, noun)
    if not total:
        return Group(*head(analysis), Text(f"  {count}", style="dim"))
    words = {name: " ".join(cells).split() if name in TEXTS else cells for name, cells in columns.items()}
    left_out = leave_out(words, dispensable, terminal_width() if width is None else width)
    columns = {name: columns[name] for name in words}
    more = count if total <= limit else f"{limit:,} of {count}, see --limit"
    return Group(*head(analysis), write_rows(columns, folded=TEXTS), Text(f"  {more}", style="dim"), *left_out)


def _frames(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def _times(column: pd.Series) -> list[str]:
    return ["" if pd.isna(time) else seconds(float(time)) for time in column]
