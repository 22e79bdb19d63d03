"""Join captures: `join_captures`, and the frozen `Joined` that it returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.analysis import Analysis, analyze
from pcapframe.arrays import NO_TIME, Array
from pcapframe.errors import ParameterError
from pcapframe.joining.clocks import Clock, compare_clocks
from pcapframe.joining.facts import NONE, Capture
from pcapframe.joining.fates import Fates, judge_fates
from pcapframe.joining.notes import notes_on
from pcapframe.joining.order import order_points
from pcapframe.joining.pairing import Identities, pair_connections
from pcapframe.joining.rows import Rows, join_items
from pcapframe.joining.transmissions import Paths, cut_offloaded, items_of, shifts
from pcapframe.packets import CaptureSource
from pcapframe.schema import FATE_RULES, FATES, MATCHED_BY
from pcapframe.wording import counted

__all__ = ["Joined", "join_captures"]

FEWEST = 2
PPM = 1e6


@dataclass(frozen=True, eq=False, repr=False)
class Joined:
    """Captures of the same traffic at several points, and what became of each packet between them.

    Parameters
    ----------
    analyses : dict of Analysis
        By name of the point, as given.
    points : DataFrame
        Columns of ``schema.POINTS``, index ``name``: where each point is on the path, and how its clock differs.
    connections : DataFrame
        Columns of ``schema.PATHS``, index ``path_id``: every connection of every capture.
    segments : DataFrame
        Columns of ``schema.TRANSMISSIONS``, index ``transmission``: what was sent in the connections that more than one
        capture has, in order of time.
    notes : tuple of str
        Sentences on what was found and what was not, where that limits the rest.
    """

    analyses: dict[str, Analysis]
    points: pd.DataFrame
    connections: pd.DataFrame
    segments: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        both = int(self.connections["matched_by"].notna().sum())
        numbered = counted(len(self.segments), "transmission")
        return f"<Joined {', '.join(self.analyses)}: {counted(both, 'common connection')}, {numbered}>"

    @property
    def names(self) -> list[str]:
        """Names of the points, as given."""
        return list(self.analyses)


def join_captures(captures: Mapping[str, CaptureSource | Analysis]) -> Joined:
    """Join captures of the same traffic at two or more points: which packets passed, and which were lost or added.

    Nothing has to be said of clocks, addresses or the order of the points. Connections are matched by their sequence
    numbers and timestamps, also across address translation; offsets and drift of the clocks come from the packets that
    both have, as ranges, since an asymmetric path cannot be seen. Of three and more points, each connection passes
    those whose captures have it, and each loss is said with the two points that it is between.

    Parameters
    ----------
    captures : mapping of str to capture or Analysis
        Two or more, by the name of the point, such as ``{"client": "a.pcap", "server": "b.pcap"}``. Of an Analysis, the
        whole capture is joined, whatever its filter.

    Returns
    -------
    Joined
        Points, connections and transmissions. Without a common connection the notes say what was found.

    Raises
    ------
    ParameterError
        Fewer than two captures, or a name that is no word.
    CaptureError
        A capture cannot be read.

    Examples
    --------
    >>> import pcapframe as pf
    >>> joined = join_captures({"here": pf.example("losses.pcap"), "there": pf.example("losses.pcap")})
    >>> joined.segments["fate"].unique().tolist()
    ['passed']
    >>> joined.notes[0]
    'here and there have the same packets at the same times: it is one capture, so nothing can be said of a path.'
    """
    _check(captures)
    analyses = {
        name: one if isinstance(one, Analysis) else analyze(one, progress=False) for name, one in captures.items()
    }
    taken = [Capture(name, analysis) for name, analysis in analyses.items()]
    paths, connections = _connections(taken)
    common = np.flatnonzero((paths.conn != NONE).sum(axis=1) > 1)
    shared = _only(paths, common)
    shift = shifts(taken, shared)
    items = [items_of(capture, shared, point, shift[point]) for point, capture in enumerate(taken)]
    rows = join_items(cut_offloaded(items, taken, shared), taken)
    clocks = [None, *(compare_clocks(*rows.common(0, point)) for point in range(1, len(taken)))]
    order = order_points(clocks, rows)
    times = [_corrected(one.time, one.row, clock)[0] for one, clock in zip(rows.items, clocks, strict=True)]
    spans = []
    for capture, clock in zip(taken, clocks, strict=True):
        spans.append(_span(capture, clock))
    fates = judge_fates(rows, times, taken, order, spans, shared.conn != NONE)
    connections = _rewritten(connections, rows, taken, shared)
    return Joined(
        analyses=analyses,
        points=_points(taken, clocks, order),
        connections=connections,
        segments=_segments(rows, fates, times, clocks, taken),
        notes=notes_on(taken, paths, clocks, order, rows),
    )


def _check(captures: Mapping[str, Any]) -> None:
    """Refuse what cannot be joined."""
    if not isinstance(captures, Mapping):
        raise ParameterError("join_captures takes a mapping from names of points to captures, such as {'client': …}")
    if len(captures) < FEWEST:
        raise ParameterError(f"join_captures needs two captures or more, and {len(captures)} was given")
    for name in captures:
        if not isinstance(name, str) or not name.isidentifier():
            raise ParameterError(f"{name!r} does not name a point: expected a word of letters, digits and underscores")


def _only(paths: Paths, which: Array) -> Paths:
    """Return some of the paths."""
    return Paths(paths.conn[which], paths.is_turned[which])


def _connections(captures: list[Capture]) -> tuple[Paths, pd.DataFrame]:
    """Match the connections of each capture with those of the captures before it: common ones first."""
    addresses: dict[str, int] = {}
    known = Identities.of(captures[0], addresses, 0)
    points, size = len(captures), len(known)
    conn, turned = np.full((size, points), NONE, np.int64), np.zeros((size, points), np.bool_)
    conn[:, 0] = np.arange(size)
    rule, ambiguous, translated = np.full(size, NONE), np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    for point, capture in enumerate(captures[1:], 1):
        own = Identities.of(capture, addresses, point)
        pairing = pair_connections(known, own, captures)
        there = np.flatnonzero(pairing.partner != NONE)
        at = pairing.partner[there]
        conn[at, point], turned[at, point] = there, pairing.is_turned[there]
        rule[at] = np.maximum(rule[at], pairing.rule[there])
        ends = np.where(pairing.is_turned[there, None], own.turned[there], own.ends[there])
        translated[at] |= (ends != known.ends[at]).any(axis=1)
        ambiguous |= pairing.known_ambiguous
        fresh = np.flatnonzero(pairing.partner == NONE)
        known = known + own.take(fresh)
        more = np.full((fresh.size, points), NONE, np.int64)
        more[:, point] = fresh
        conn, turned = np.concatenate([conn, more]), np.concatenate([turned, np.zeros(more.shape, np.bool_)])
        rule, translated = np.append(rule, np.full(fresh.size, NONE)), np.append(translated, np.zeros(fresh.size, bool))
        ambiguous = np.append(ambiguous, pairing.is_ambiguous[fresh])
    common = rule != NONE
    order = np.argsort(~common, kind="stable")
    conn, turned, rule = conn[order], turned[order], rule[order]
    columns: dict[str, Any] = {
        f"conn_id_{capture.name}": _nullable(conn[:, point], "Int64") for point, capture in enumerate(captures)
    }
    columns["matched_by"] = _category(rule, MATCHED_BY)
    columns["translated"] = _boolean(translated[order], common[order])
    columns["rewritten"] = pd.array([pd.NA] * len(conn), "boolean")
    columns["ambiguous"] = ambiguous[order]
    return Paths(conn, turned), pd.DataFrame(columns, index=pd.RangeIndex(len(conn), name="path_id"))


def _rewritten(connections: pd.DataFrame, rows: Rows, captures: list[Capture], shared: Paths) -> pd.DataFrame:
    """Say where sequence numbers or timestamps differ between captures."""
    count = len(shared.conn)
    differs, known = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    for kept in rows.kept.values():
        size = kept.tsval_shift.size // 2 * 2
        shift = kept.tsval_shift[:size].reshape(-1, 2)
        differs[: size // 2] |= (shift > 0).any(axis=1)
        known[: size // 2] |= (shift != NONE).any(axis=1)
    numbers = np.full((*shared.conn.shape, 2), NONE, np.int64)
    for point, capture in enumerate(captures):
        there = np.flatnonzero(shared.conn[:, point] != NONE)
        own = capture.initial[shared.conn[there, point]]
        numbers[there, point] = np.where(shared.is_turned[there, point, None], own[:, ::-1], own)
    for point in range(1, len(captures)):
        for before in range(point):
            both = (numbers[:, point] != NONE) & (numbers[:, before] != NONE)
            differs |= (both & (numbers[:, point] != numbers[:, before])).any(axis=1)
            known |= both.any(axis=1)
    column = connections["rewritten"].copy()
    column.iloc[:count] = _boolean(differs, known)
    return connections.assign(rewritten=column)


def _corrected(time: Array, row: Array, clock: Clock | None) -> tuple[Array, Array, Array]:
    """Return times by the first point's clock, and by how much they may be earlier and later. [ns]."""
    if clock is None:
        nothing = np.broadcast_to(np.zeros(1), time.shape)
        return time, nothing, nothing
    rough = np.where(time == NO_TIME, NO_TIME, time - clock.base)
    if not clock.pieces:
        unknown = np.broadcast_to(np.full(1, np.nan), time.shape)
        return rough, unknown, unknown
    offset, low, high = clock.offset_at(time, row)
    made = np.where(time == NO_TIME, NO_TIME, rough - np.rint(offset).astype(np.int64))
    return made, high - offset, offset - low


def _span(capture: Capture, clock: Clock | None) -> tuple[int, int]:
    """Return the time of the first and the last packet of a capture, by the first point's clock."""
    every = known_times(capture.analysis.packets["time"].to_numpy("datetime64[ns]").view(np.int64))
    ends = np.asarray([every[0], every[-1]] if every.size else [NO_TIME, NO_TIME])  # as captured, whatever clocks do
    first, last = _corrected(ends, np.asarray([0, capture.plain["time"].size]), clock)[0].tolist()
    return (first, last) if every.size else (NO_TIME, np.iinfo(np.int64).max)


def known_times(time: Array) -> Array:
    """Return the times that are known."""
    return np.asarray(time[time != NO_TIME])


def _points(captures: list[Capture], clocks: list[Clock | None], order: list[int]) -> pd.DataFrame:
    """Make the frame of the points."""
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


def _segments(
    rows: Rows, fates: Fates, times: list[Array], clocks: list[Clock | None], captures: list[Capture]
) -> pd.DataFrame:
    """Make the frame of the transmissions, in order of time by the first point's clock."""
    count = len(rows.place)
    at = np.concatenate([time[fresh] for time, fresh in zip(times, rows.fresh, strict=True)])
    order = np.argsort(at, kind="stable")
    stream = rows.column("stream")[order]
    columns: dict[str, Any] = {"path_id": (stream >> 1).astype(np.int32), "from_client": (stream & 1) == 0}
    flags = np.zeros(count, np.uint16)
    for point in reversed(range(len(captures))):
        capture, items = captures[point], rows.items[point]
        place = rows.place[order, point]
        there = np.flatnonzero(place != NONE)
        segment = items.row[place[there]]
        frame = np.full(count, NONE, np.int64)
        frame[there] = capture.analysis.segments.index.to_numpy()[segment]
        columns[f"frame_{capture.name}"] = _nullable(frame, "UInt32")
        flags[there] = capture.plain["tcp_flags"][segment]
    names = [f"frame_{capture.name}" for capture in captures]
    columns = {"path_id": columns["path_id"], "from_client": columns["from_client"]} | {n: columns[n] for n in names}
    columns["rel_seq"] = pd.array(rows.column("start")[order], "Int64")
    columns["rel_end"] = pd.array(rows.column("end")[order], "Int64")
    columns["tcp_flags"] = flags
    columns["fate"] = _category(fates.fate[order], FATES)
    columns["fate_rule"] = _category(fates.rule[order], FATE_RULES)
    points = [capture.name for capture in captures]
    missing = fates.first_missing[order]
    columns["last_seen"] = _category(np.where(missing == NONE, NONE, fates.last_seen[order]), points)
    columns["first_missing"] = _category(missing, points)
    columns |= dict(zip(("delay_s", "delay_low_s", "delay_high_s"), _delays(rows, fates, clocks, order), strict=True))
    return pd.DataFrame(columns, index=pd.RangeIndex(count, name="transmission"))


def _delays(rows: Rows, fates: Fates, clocks: list[Clock | None], order: Array) -> list[Array]:
    """Return the time from the first to the last point of each row, and its range. [s]."""
    count = order.size
    made = [np.full(count, np.nan) for _ in range(3)]
    for first in range(len(clocks)):
        for last in range(len(clocks)):
            which = np.flatnonzero((fates.first_seen[order] == first) & (fates.last_seen[order] == last))
            if first == last or not which.size:
                continue
            ends = []
            for point in (first, last):
                items, place = rows.items[point], rows.place[order[which], point]
                time = items.time[place]
                lacks = (time == NO_TIME) | (point > 0 and clocks[point] is None)
                ends.append((lacks, *_corrected(time, items.row[place], clocks[point])))
            (lacks, begin, early, late), (gone, end, end_early, end_late) = ends
            known = ~(lacks | gone)
            delay = np.where(known, end - begin, 0) / 1e9
            delay[~known] = np.nan
            low, high = delay - (end_early + late) / 1e9, delay + (end_late + early) / 1e9
            unknown = np.isnan(low)
            for column, values in zip(made, (delay, low, high), strict=True):
                column[which] = np.where(unknown, np.nan, values)
    return made


def _nullable(values: Array, dtype: str) -> Any:
    """Return a nullable column; -1 is null."""
    is_null = values == NONE
    made = np.where(is_null, 0, values).astype(dtype.lower())
    return pd.arrays.IntegerArray(made, is_null)


def _category(codes: Array, categories: Sequence[str]) -> Any:
    """Return a column of categories; -1 is null."""
    return pd.Categorical.from_codes(codes.astype(np.int64), pd.Index(categories))


def _boolean(values: Array, known: Array) -> Any:
    """Return a nullable column of bool."""
    return pd.arrays.BooleanArray(np.asarray(values, np.bool_), ~np.asarray(known, np.bool_))
