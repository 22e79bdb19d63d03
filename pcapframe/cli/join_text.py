"""What a join found, for a person: what stands out, the path, the points with their clocks, fates by direction."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rich.console import RenderableType, group
from rich.table import Table
from rich.text import Text

from pcapframe.analysis.display import note_line, table
from pcapframe.display_filters import frame_filter
from pcapframe.joining import Joined
from pcapframe.joining.standouts import TOWARDS, JoinStandout, by_direction, find_join_standouts
from pcapframe.joining.summary import describe_path
from pcapframe.schema import FATES
from pcapframe.wording import counted, printable, seconds

__all__ = ["join_text"]

SHOWN = 5  # standouts
FRAMES, FILTER = 8, 48  # of a filter, and its characters: more do not fit in a line
LEAST_WIDTH = 1e-6  # [s]
NAME = 24  # of a capture, in the table of points [characters]


@group()
def join_text(joined: Joined, *, full: bool = False) -> Iterator[RenderableType]:
    """Write a join: what stands out first, then the path, the points, and how many packets had which fate.

    Parameters
    ----------
    joined : Joined
        From `join_captures`.
    full : bool, default False
        All that stands out, not only the first five, with all frames of evidence.

    Yields
    ------
    RenderableType
        For `show`.
    """
    common = int(joined.connections["matched_by"].notna().sum())
    names = f"{', '.join(joined.names[:-1])} and {joined.names[-1]}"
    yield Text.assemble((counted(common, "common connection"), "bold"), f"  {names}")
    for note in joined.notes:
        yield note_line(note)
    seen = find_join_standouts(joined)
    if seen:
        yield Text()
        yield Text("What stands out", style="bold")
        yield _listed(seen if full else seen[:SHOWN], None if full else FRAMES)
        if not full and len(seen) > SHOWN:
            yield Text(f"    {len(seen) - SHOWN:,} more (--full)", style="dim")
    elif len(joined.segments):
        yield Text.assemble(("Nothing stands out", "bold"), "  Looked at: losses, RSTs, copies, addresses and clocks")
    sentences = list(describe_path(joined, clocks=False))
    if sentences:
        yield Text()
        yield Text(" ".join(sentences))
    yield Text()
    yield _points(joined)
    if len(joined.segments):
        yield Text()
        yield _fates(joined)


def _listed(seen: Sequence[JoinStandout], most: int | None) -> RenderableType:
    """Write what stands out, each with a filter for its packets at the point that has most of them."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(justify="right", style="dim", no_wrap=True, min_width=3)
    grid.add_column(overflow="fold")
    for number, one in enumerate(seen, 1):
        grid.add_row(f"{number}", Text(printable(one.sentence)))
        for name, evidence in sorted(one.evidence.items(), key=lambda item: -item[1].frame_count)[
            : 1 if most else None
        ]:
            frames = evidence.frames[:most]
            while most and len(frames) > 1 and len(str(frame_filter(frames))) > FILTER:
                frames = frames[:-1]
            whole = evidence.frame_count == len(frames)
            which = counted(len(frames), "packet") if whole else f"first {len(frames)} of {evidence.frame_count:,}"
            text = f"{which} at {name}  ", "dim"
            grid.add_row("", Text.assemble(text, (str(frame_filter(frames)), "cyan")))
    return grid


def _points(joined: Joined) -> RenderableType:
    """Write the points, from the client on where that is known."""
    rows = table(("point", "capture", "clock ahead", "give or take", "drift [ppm]"), texts=2)
    points = joined.points
    for name in (points.sort_values("order") if points["order"].notna().all() else points).index:
        point = points.loc[name]
        low, high, offset = (float(point[f"offset_{end}s"]) for end in ("low_", "high_", ""))
        measured = low != high  # else it is the clock that the others are held against
        drift = f"{_ppm(point['drift_low_ppm'])} to {_ppm(point['drift_high_ppm'])}"
        known = not np.isnan(offset)
        rows.add_row(
            "",
            str(name),
            _short_name(joined.analyses[str(name)].capture.name),
            seconds(round(offset, 6) + 0.0) if known else "unknown",
            *((_width(max(high - offset, offset - low)), drift) if known and measured else ("", "")),
        )
    return rows


def _width(duration: float) -> str:
    """Write by how much a clock may be off."""
    return seconds(duration) if duration >= LEAST_WIDTH else "0.001 ms"


def _short_name(capture: str) -> str:
    """Return the name of a file, its end left out where it is long."""
    name = printable(Path(capture).name)
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"


def _ppm(value: float) -> str:
    """Write a drift with its sign."""
    return f"{round(value, 1) + 0.0:+.1f}"


def _fates(joined: Joined) -> RenderableType:
    """Write the fates of packets by direction."""
    fate = joined.segments["fate"].to_numpy()
    counts = {
        forward: [int((fate[mask] == name).sum()) for name in FATES]
        for forward, mask in by_direction(joined.segments).items()
    }
    shown = [place for place in range(len(FATES)) if any(each[place] for each in counts.values())]
    rows = table(("", *(FATES[place].replace("_", " ") for place in shown)), texts=1)
    for forward, each in counts.items():
        rows.add_row("", TOWARDS[forward], *(f"{each[place]:,}" for place in shown))
    return rows
