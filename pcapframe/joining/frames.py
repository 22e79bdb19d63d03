"""The frames of a join: points, and transmissions with their fates and delays."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array
from pcapframe.jit import jit
from pcapframe.joining.clocks import Clock
from pcapframe.joining.facts import NONE, Capture
from pcapframe.joining.fates import Fates
from pcapframe.joining.rows import Rows
from pcapframe.schema import FATE_RULES, FATES

__all__ = ["Corrected", "boolean", "category", "frame_of_points", "frame_of_transmissions", "nullable"]

PPM = 1e6


class Corrected(NamedTuple):
    """Times by the first point's clock, and by how much they may be earlier and later: one for all, or each. [ns]."""

    time: Array
    early: Array
    late: Array


def frame_of_points(captures: list[Capture], clocks: list[Clock | None], order: list[int]) -> pd.DataFrame:
    """Make the frame of the points.

    Parameters
    ----------
    captures : list of Capture
        By point.
    clocks : list of Clock or None
        By point, against the first.
    order : list of int
        Points from the client on, those whose place is known.

    Returns
    -------
    DataFrame
        Columns of ``schema.POINTS``.
    """
    rows = []
    for point, clock in enumerate(clocks):
        row: dict[str, Any] = dict.fromkeys(
            ("offset_s", "offset_low_s", "offset_high_s", "drift_ppm", "drift_low_ppm", "drift_high_ppm"),
            np.nan if point else 0.0,
        )
        row["steps"] = []
        if clock is not None and clock.pieces:
            first = clock.pieces[0]
            base = clock.base / 1e9
            offset = first.offset - first.drift * first.begin
            row |= {
                "offset_s": base + offset, "offset_low_s": base + float(first.low[0]),
                "offset_high_s": base + float(first.high[0]), "drift_ppm": first.drift * PPM,
                "drift_low_ppm": first.drift_low * PPM, "drift_high_ppm": first.drift_high * PPM,
                "steps": [(_time(clock.origin - clock.base + round(at * 1e9)), size) for at, size in clock.steps],
            }  # fmt: skip
        row["order"] = order.index(point) if point in order else pd.NA
        rows.append(row)
    index = pd.Index([capture.name for capture in captures], name="name")
    return pd.DataFrame(rows, index=index).astype({"order": "UInt16"})


def _time(time: int) -> pd.Timestamp:
    return pd.Timestamp(time, unit="ns", tz="UTC")


def frame_of_transmissions(
    rows: Rows, fates: Fates, times: list[Corrected], clocks: list[Clock | None], captures: list[Capture]
) -> pd.DataFrame:
    """Make the frame of the transmissions, in order of time by the first point's clock.

    Parameters
    ----------
    rows, fates : Rows, Fates
        Transmissions, and what became of each.
    times : list of Corrected
        By point, of its items.
    clocks : list of Clock or None
        By point, against the first.
    captures : list of Capture
        By point.

    Returns
    -------
    DataFrame
        Columns of ``schema.TRANSMISSIONS``.
    """
    count = len(rows.place)
    order = np.argsort(
        np.concatenate([own.time[fresh] for own, fresh in zip(times, rows.fresh, strict=True)]), kind="stable"
    )
    path_id, from_client = np.empty(count, np.int32), np.empty(count, np.bool_)
    ranges = np.empty((2, count), np.int64)
    codes = np.empty((4, count), np.int8)
    _note_rows(order, rows.column("stream"), rows.column("start"), rows.column("end"), fates.fate, fates.rule,
               fates.last_seen, fates.first_missing, path_id, from_client, ranges, codes)  # fmt: skip
    flags = np.zeros(count, np.uint16)
    frames = {}
    for point in reversed(range(len(captures))):
        capture = captures[point]
        frame, is_null = np.zeros(count, np.uint32), np.zeros(count, np.bool_)
        index = capture.analysis.segments.index.to_numpy()
        _note_frames(rows.place, point, order, rows.items[point].row, index, capture.plain["tcp_flags"], frame, is_null,
                     flags)  # fmt: skip
        frames[f"frame_{capture.name}"] = pd.arrays.IntegerArray(frame, is_null)
    points = [capture.name for capture in captures]
    columns: dict[str, Any] = {"path_id": path_id, "from_client": from_client} | dict(reversed(frames.items()))
    for name, values in zip(("rel_seq", "rel_end"), ranges, strict=True):
        columns[name] = pd.arrays.IntegerArray(values, np.zeros(count, np.bool_))
    columns["tcp_flags"] = flags
    for name, own, known in zip(
        ("fate", "fate_rule", "last_seen", "first_missing"), codes, (FATES, FATE_RULES, points, points), strict=True
    ):
        columns[name] = pd.Categorical.from_codes(own, dtype=pd.CategoricalDtype(list(known)), validate=False)
    delays = _delays(rows, fates, times, clocks, order)
    columns |= dict(zip(("delay_s", "delay_low_s", "delay_high_s"), delays, strict=True))
    return pd.DataFrame(columns, index=pd.RangeIndex(count, name="transmission"), copy=False)


@jit
def _note_rows(order: Any, stream: Any, start: Any, end: Any, fate: Any, rule: Any, last_seen: Any, missing: Any,
               path_id: Any, from_client: Any, ranges: Any, codes: Any) -> None:  # fmt: skip
    """Write what rows are and what became of them, in order; the point seen last only where another lacks it."""
    for i in range(order.size):
        row = order[i]
        path_id[i], from_client[i] = stream[row] >> 1, (stream[row] & 1) == 0
        ranges[0, i], ranges[1, i] = start[row], end[row]
        codes[0, i], codes[1, i], codes[3, i] = fate[row], rule[row], missing[row]
        codes[2, i] = NONE if missing[row] == NONE else last_seen[row]


@jit
def _note_frames(place: Any, point: Any, order: Any, row: Any, index: Any, own_flags: Any, frame: Any, is_null: Any,
                 flags: Any) -> None:  # fmt: skip
    """Write the frame numbers of one point, and the flags of its packets."""
    for i in range(order.size):
        at = place[order[i], point]
        if at == NONE:
            is_null[i] = True
        else:
            frame[i], flags[i] = index[row[at]], own_flags[row[at]]


def _delays(rows: Rows, fates: Fates, times: list[Corrected], clocks: list[Clock | None], order: Array) -> list[Array]:
    """Return the time from the first to the last point of each row, and its range. [s]."""
    made = [np.full(order.size, np.nan) for _ in range(3)]
    timed = [point for point, clock in enumerate(clocks) if point == 0 or clock is not None]
    for first, last in permutations(timed, 2):
        _note_delays(rows.place, order, fates.first_seen, fates.last_seen, first, last, *times[first], *times[last],
                     *made)  # fmt: skip
    return made


@jit
def _note_delays(place: Any, order: Any, first_seen: Any, last_seen: Any, first: Any, last: Any, begin: Any,
                 begin_early: Any, begin_late: Any, end: Any, end_early: Any, end_late: Any, delay: Any, low: Any,
                 high: Any) -> None:  # fmt: skip
    """Write the delays of rows first seen at one point and last at another; an array of one holds for all."""
    for i in range(order.size):
        row = order[i]
        if first_seen[row] != first or last_seen[row] != last:
            continue
        a, b = place[row, first], place[row, last]
        early, late = begin_early[a % begin_early.size], begin_late[a % begin_late.size]
        early_end, late_end = end_early[b % end_early.size], end_late[b % end_late.size]
        if begin[a] == NO_TIME or end[b] == NO_TIME or np.isnan(early + early_end):
            continue
        delay[i] = (end[b] - begin[a]) / 1e9
        low[i], high[i] = delay[i] - (early_end + late) / 1e9, delay[i] + (late_end + early) / 1e9


def nullable(values: Array, dtype: str) -> Any:
    """Return a nullable column; -1 is null."""
    is_null = values == NONE
    made = np.where(is_null, 0, values).astype(dtype.lower())
    return pd.arrays.IntegerArray(made, is_null)


def category(codes: Array, categories: Sequence[str]) -> Any:
    """Return a column of categories; -1 is null."""
    return pd.Categorical.from_codes(codes, pd.Index(categories))


def boolean(values: Array, known: Array) -> Any:
    """Return a nullable column of bool."""
    return pd.arrays.BooleanArray(np.asarray(values, np.bool_), ~np.asarray(known, np.bool_))
