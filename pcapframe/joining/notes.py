"""Sentences on what a join found and what it did not, where that limits the rest."""

from collections.abc import Iterator

import numpy as np

from pcapframe.arrays import NO_TIME, YEAR_NS
from pcapframe.joining.clocks import Clock
from pcapframe.joining.facts import NONE, Capture
from pcapframe.joining.fates import Fates
from pcapframe.joining.rows import Rows
from pcapframe.joining.transmissions import Paths
from pcapframe.schema import FATE_RULES
from pcapframe.wording import counted

__all__ = ["notes_on"]

DAY_S = 86_400.0
BOTH = 2  # directions
BACKWARDS = 10  # a capture is out of order if one packet of so many is earlier than the one before
OUTSIDE = FATE_RULES.index("outside_capture")
SHOWN_OFFSET_S = 3600.0  # from here on a note says how far the clocks are apart


def notes_on(
    captures: list[Capture], paths: Paths, clocks: list[Clock | None], order: list[int], rows: Rows, fates: Fates
) -> tuple[str, ...]:
    """Say what limits a join.

    Parameters
    ----------
    captures : list of Capture
        By point.
    paths : Paths
        All connections.
    clocks : list of Clock or None
        By point, against the first.
    order : list of int
        Points from the client on, those whose place is known.
    rows, fates : Rows, Fates
        All transmissions, and what became of each.

    Returns
    -------
    tuple of str
        Sentences.
    """
    found = []
    first = captures[0]
    for point, capture in enumerate(captures[1:], 1):
        both = np.flatnonzero((paths.conn[:, 0] != NONE) & (paths.conn[:, point] != NONE))
        clock = clocks[point]
        if _same(first, capture):
            found.append(
                f"{first.name} and {capture.name} have the same packets at the same times: it is one capture, so "
                "nothing can be said of a path."
            )
        elif not both.size:
            found.append(_nothing_common(first, capture))
        elif clock is None or not clock.pieces:
            found.append(
                f"{first.name} and {capture.name} have {counted(both.size, 'connection')} in common, but "
                f"{_lacking(rows, point)}: how their clocks differ, and which of them is nearer to the clients, is "
                "unknown."
            )
        elif clock.is_beyond is None:
            found.append(
                f"Packets take no time between {first.name} and {capture.name}: which of them is nearer to the clients "
                "cannot be told. Perhaps it is one capture with another clock."
            )
        elif abs(clock.base / 1e9) >= SHOWN_OFFSET_S:
            ahead = "ahead of" if clock.base > 0 else "behind"
            found.append(f"The clock of {capture.name} is {_long(abs(clock.base) / 1e9)} {ahead} that of {first.name}.")
    if order and not any(_same(first, capture) for capture in captures[1:]):
        names = [captures[point].name for point in order]
        if "client" in names and "server" in names and names.index("server") < names.index("client"):
            found.append("Packets of the clients pass server before client: the names seem to be swapped.")
    return (*found, *(text for point, capture in enumerate(captures) for text in _gaps(point, capture, rows, fates)))


def _lacking(rows: Rows, point: int) -> str:
    """Say what two captures with a common connection lack to compare their clocks."""
    shared = np.flatnonzero((rows.place[:, 0] != NONE) & (rows.place[:, point] != NONE))
    if not shared.size:
        return "no packet of them"
    if np.unique(rows.column("stream")[shared] & 1).size < BOTH:
        return "no packets of both directions"
    timed = [rows.items[each].time[rows.place[shared, each]] != NO_TIME for each in (0, point)]
    return "no two clocks show the times of their packets" if (timed[0] & timed[1]).any() else "no times of both"


def _gaps(point: int, capture: Capture, rows: Rows, fates: Fates) -> Iterator[str]:
    """Say what a capture lacks of what passed it, whether it is in order, and what it has twice."""
    time = capture.plain["time"]
    earlier = int((time[1:] < time[:-1]).sum())
    if earlier * BACKWARDS > time.size:
        yield (
            f"The packets of {capture.name} are not in order of time ({earlier:,} of {time.size:,} are earlier than "
            "the one before): few can be matched. reordercap, which comes with Wireshark, sorts a capture."
        )
    again = int(capture.recorded_again.sum())
    if again:
        yield f"{capture.name} has {counted(again, 'packet')} twice, as a mirror port records them: each counts once."
    about = fates.first_missing == point
    outside = int((about & (fates.rule == OUTSIDE)).sum())
    is_cut = f"The file of {capture.name} is cut off. " if capture.analysis.capture.truncated else ""
    if outside:
        yield (
            f"{is_cut}Of {counted(outside, 'transmission')} the fate is unknown, since {capture.name} has no packets "
            "from before, or none from after."
        )
    elif is_cut:
        yield is_cut.strip()


def _long(seconds: float) -> str:
    """Word a long time."""
    return f"{seconds / DAY_S:,.1f} days" if seconds >= DAY_S else f"{seconds / 3600:,.1f} hours"


def _same(one: Capture, other: Capture) -> bool:
    """Tell whether two captures hold the same segments at the same times."""
    if one.plain["time"].size != other.plain["time"].size or not one.plain["time"].size:
        return False
    return all(np.array_equal(one.plain[name], other.plain[name]) for name in ("time", "seq", "tcp_flags"))


def _nothing_common(one: Capture, other: Capture) -> str:
    """Say what two captures without a common connection have."""
    without = [capture for capture in (one, other) if not len(capture.connections)]
    if without:
        return " ".join(_no_tcp(capture) for capture in without)
    sizes = [counted(len(capture.connections), "TCP connection") for capture in (one, other)]
    text = f"No connection of {one.name} ({sizes[0]}) was found in {other.name} ({sizes[1]})"
    hosts = [
        set(map(str, capture.connections["client"].dropna().unique()))
        | set(map(str, capture.connections["server"].dropna().unique()))
        for capture in (one, other)
    ]
    common = len(hosts[0] & hosts[1])
    text += f": {_addresses(common)} in both"
    times = [capture.plain["time"] for capture in (one, other)]
    times = [time[time != NO_TIME] for time in times]
    if all(time.size for time in times):
        apart = max(int(times[0].min()) - int(times[1].max()), int(times[1].min()) - int(times[0].max()))
        if apart > 0:
            text += f", and their times are {_apart(apart)} apart"
        else:
            text += ", and their times overlap"
    return f"{text}."


def _no_tcp(capture: Capture) -> str:
    """Say that a capture has nothing to join."""
    packets = capture.analysis.packet_count
    held = f"none of its {counted(packets, 'packet')} is of a TCP connection" if packets else "it has no packets"
    return f"Nothing of {capture.name} can be joined: {held}."


def _addresses(count: int) -> str:
    """Say how many addresses there are."""
    return f"{count:,} addresses are" if count > 1 else "one address is" if count else "no address is"


def _apart(nanoseconds: int) -> str:
    """Word the time between two captures."""
    if nanoseconds >= YEAR_NS:
        return "more than a year"
    seconds = nanoseconds / 1e9
    return _long(seconds) if seconds >= SHOWN_OFFSET_S else f"{seconds:,.1f} s"
