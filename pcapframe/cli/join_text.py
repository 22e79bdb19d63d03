"""What a join found, for a person: what stands out, the points, and the fates by direction."""

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pcapframe.analysis.display import note_line, table
from pcapframe.joining import Joined
from pcapframe.joining.summary import summarise_join
from pcapframe.wording import counted, printable, seconds

__all__ = ["join_text"]

DIRECTIONS = {"to_server": "to the server", "to_client": "to the client"}


def join_text(joined: Joined) -> RenderableType:
    """Write a join: sentences first, then the points, then how many packets had which fate.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.

    Returns
    -------
    RenderableType
        For `show`.
    """
    summary = summarise_join(joined)
    common = summary["connections"]["common"]
    lines: list[RenderableType] = [Text(f"{counted(common, 'common connection')}", style="bold")]
    lines += [note_line(note) for note in joined.notes]
    lines += [_item(sentence) for sentence in summary["stands_out"]]
    lines += [Text(), _points(summary["points"])]
    if len(joined.segments):
        lines += [Text(), _fates(summary["fates"])]
    return Group(*lines)


def _item(sentence: str) -> RenderableType:
    """Write a sentence of a list, its further lines below its first word."""
    line = Table.grid(padding=(0, 1))
    line.add_row("-", Text(sentence))
    return line


def _points(points: list[dict[str, object]]) -> RenderableType:
    """Write the points, from the client on where that is known."""
    rows = table(("point", "capture", "clock ahead by", "between", "drift"), texts=2)
    for point in sorted(points, key=lambda point: (point["order"] is None, point["order"])):
        low, high = point["offset_low_s"], point["offset_high_s"]
        drift = point["drift_low_ppm"], point["drift_high_ppm"]
        offset = point["offset_s"]
        known = isinstance(offset, float)
        rows.add_row(
            "",
            str(point["name"]),
            printable(Path(str(point["capture"])).name),
            _signed(offset) if known else "unknown",
            f"{_signed(low)} and {_signed(high)}" if known and low != high else "",
            f"{_ppm(drift[0])} to {_ppm(drift[1])} ppm" if known and low != high else "",
        )
    return rows


def _ppm(value: object) -> str:
    """Write a drift with its sign."""
    return f"{round(float(str(value)), 1) + 0.0:+.1f}"


def _signed(value: object) -> str:
    """Write a time with its sign."""
    number = float(str(value))
    return f"-{seconds(-number)}" if number < 0 else seconds(number)


def _fates(fates: dict[str, dict[str, int]]) -> RenderableType:
    """Write the fates of packets by direction."""
    names = [name for name in next(iter(fates.values())) if any(each[name] for each in fates.values())]
    rows = table(("", *(name.replace("_", " ") for name in names)), texts=1)
    for direction, counts in fates.items():
        rows.add_row("", DIRECTIONS[direction], *(f"{counts[name]:,}" for name in names))
    return rows
