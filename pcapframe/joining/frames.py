"""The frames of a join: points, and transmissions with their fates and delays."""

from collections.abc import Iterable, Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array, fixed
from pcapframe.disk import give_back
from pcapframe.jit import jit
from pcapframe.joining.clocks import Clock
from pcapframe.joining.facts import NONE, Capture
from pcapframe.joining.fates import Fates
from pcapframe.joining.rows import Rows
from pcapframe.memory import one_block, stretches
from pcapframe.schema import FATE_RULES, FATES

__all__ = ["boolean", "category", "frame_of_points", "frame_of_transmissions", "nullable"]

PPM = 1e6
NO_INDEX = np.empty(0, np.int64)


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
    rows: Rows, fates: Fates, times: list[Array], clocks: list[Clock | None], captures: list[Capture]
) -> pd.DataFrame:
    """Make the frame of the transmissions, in order of time by the first point's clock; `rows` cannot be used again.

    Parameters
    ----------
    rows, fates : Rows, Fates
        Transmissions, and what became of each.
    times : list of ndarray of int64
        By point, when each item was captured, by the first point's clock. [ns]
    clocks : list of Clock or None
        By point, against the first.
    captures : list of Capture
        By point.

    Returns
    -------
    DataFrame
        Columns of ``schema.TRANSMISSIONS``.
    """
    count, points = len(rows.place), [capture.name for capture in captures]
    order = _in_order(rows, times)
    whole = one_block(count, ["int32", "bool", *["int64"] * 2, *["int8"] * 4, "uint16", *["uint32"] * len(points)])
    nulls = one_block(count, ["bool"] * (2 + len(points)), zeroed=True)
    path_id, from_client, low, high = whole[:4]
    codes, flags, frames = whole[4:8], whole[8], whole[9:]
    rows.forget("kind", "ack", "is_cut")
    names = ("stream", "start", "end")
    _note_rows(*[order, *(getattr(rows.items[0], name) for name in names), *(rows.later(name) for name in names),
                 fates.fate, fates.rule, fates.last_seen, fates.first_missing, path_id, from_client, low, high,
                 *codes])  # fmt: skip
    rows.forget(*names)
    give_back()
    columns: dict[str, Any] = {"path_id": path_id, "from_client": from_client}
    for point in reversed(range(len(captures))):
        capture, index = captures[point], captures[point].analysis.segments.index
        own = (index.start, index.step, NO_INDEX) if isinstance(index, pd.RangeIndex) else (0, 0, index.to_numpy())
        _note_frames(*[rows.place, point, order, rows.items[point].row, *own, capture.plain["tcp_flags"], frames[point],
                       nulls[point], flags])  # fmt: skip
    for name, frame, is_null in zip(points, frames, nulls[: len(points)], strict=True):
        columns[f"frame_{name}"] = pd.arrays.IntegerArray(frame, is_null)
    for name, values, is_null in zip(("rel_seq", "rel_end"), (low, high), nulls[-2:], strict=True):
        columns[name] = pd.arrays.IntegerArray(values, is_null)
    columns["tcp_flags"] = flags
    for name, code, known in zip(
        ("fate", "fate_rule", "last_seen", "first_missing"), codes, (FATES, FATE_RULES, points, points), strict=True
    ):
        columns[name] = pd.Categorical.from_codes(code, dtype=pd.CategoricalDtype(list(known)), validate=False)
    delays = _delays(rows, fates, times, clocks, order)
    columns |= dict(zip(("delay_s", "delay_low_s", "delay_high_s"), delays, strict=True))
    return pd.DataFrame(columns, index=pd.RangeIndex(count, name="transmission"), copy=False)


def _in_order(rows: Rows, times: list[Array]) -> Array:
    """Return the rows in order of time; where it is the same, in their order."""
    parts = [own if not point else own[rows.fresh[point]] for point, own in enumerate(times)]
    if len(parts) > 2 or any((part[1:] < part[:-1]).any() for part in parts):
        return np.argsort(np.concatenate(parts), kind="stable").astype(np.int32)
    order = np.empty(len(rows.place), np.int32)
    _merge(*[*(fixed(part, np.int64) for part in parts), order])
    return order


@jit
def _merge(time: Any, other: Any, order: Any) -> None:
    """Write the order of two rows of times that are in order themselves."""
    j = 0
    for i in range(time.size):
        while j < other.size and other[j] < time[i]:
            order[i + j] = time.size + j
            j += 1
        order[i + j] = i
    for k in range(j, other.size):
        order[time.size + k] = time.size + k


@jit
def _note_rows(order: Any, stream: Any, start: Any, end: Any, later_stream: Any, later_start: Any, later_end: Any,
               fate: Any, rule: Any, last_seen: Any, missing: Any, path_id: Any, from_client: Any, low: Any, high: Any,
               fates: Any, rules: Any, lasts: Any, missings: Any) -> None:  # fmt: skip
    """Write what rows are and what became of them, in order; the point seen last only where another lacks it."""
    for i in range(order.size):
        row = order[i]
        if row < stream.size:
            own, low[i], high[i] = stream[row], start[row], end[row]
        else:
            at = row - stream.size
            own, low[i], high[i] = later_stream[at], later_start[at], later_end[at]
        path_id[i], from_client[i] = own >> 1, (own & 1) == 0
        fates[i], rules[i], missings[i] = fate[row], rule[row], missing[row]
        lasts[i] = NONE if missing[row] == NONE else last_seen[row]


@jit
def _note_frames(place: Any, point: Any, order: Any, row: Any, first: Any, step: Any, index: Any, own_flags: Any,
                 frame: Any, is_null: Any, flags: Any) -> None:  # fmt: skip
    """Write the frame numbers of one point, and the flags of its packets; without `index` numbers go by `step`."""
    for i in range(order.size):
        at = place[order[i], point]
        if at == NONE:
            frame[i], is_null[i] = 0, True
        else:
            frame[i] = index[row[at]] if index.size else first + step * row[at]
            flags[i] = own_flags[row[at]]


def _delays(rows: Rows, fates: Fates, times: list[Array], clocks: list[Clock | None], order: Array) -> list[Array]:
    """Return the time from the first to the last point of each row, and its range: some rows at a time. [s]."""
    give_back()
    made = one_block(order.size, ["float64"] * 3)
    timed = [point for point, clock in enumerate(clocks) if point == 0 or clock is not None]
    for some in stretches(order.size):
        own = order[some]
        first, last, place = fates.first_seen[own], fates.last_seen[own], rows.place[own]
        parts = [column[some] for column in made]
        for part in parts:
            part[:] = np.nan
        for begin, end in permutations(timed, 2):
            which = np.flatnonzero((first == begin) & (last == end))
            if which.size:
                ends = [_around(rows, times, clocks, point, place[which, point]) for point in (begin, end)]
                _note_delays(which, *ends[0], *ends[1], *parts)
    return made


def _around(rows: Rows, times: list[Array], clocks: list[Clock | None], point: int, place: Array) -> Iterable[Array]:
    """Return times at a point by the first point's clock, and by how much they may be earlier and later. [ns]."""
    clock, items = clocks[point], rows.items[point]
    if clock is None:
        return times[point][place], np.zeros(place.size), np.zeros(place.size)
    return clock.corrected(items.time[place], items.row[place])


@jit
def _note_delays(which: Any, begin: Any, begin_early: Any, begin_late: Any, end: Any, end_early: Any, end_late: Any,
                 delay: Any, low: Any, high: Any) -> None:  # fmt: skip
    """Write the delays of some rows, and their range."""
    for i in range(which.size):
        if begin[i] == NO_TIME or end[i] == NO_TIME or np.isnan(begin_early[i] + end_early[i]):
            continue
        took = (end[i] - begin[i]) / 1e9
        delay[which[i]] = took
        low[which[i]] = took - (end_early[i] + begin_late[i]) / 1e9
        high[which[i]] = took + (end_late[i] + begin_early[i]) / 1e9


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
