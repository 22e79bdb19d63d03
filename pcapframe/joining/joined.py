"""Join captures: `join_captures`, and the frozen `Joined` that it returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.analysis import Analysis, analyze
from pcapframe.analysis.kept import KeptAnalysis, kept_of
from pcapframe.arrays import NO_TIME, Array
from pcapframe.disk import disk_may_be_used, expect_memory
from pcapframe.errors import ParameterError
from pcapframe.joining.clocks import Clock, compare_clocks
from pcapframe.joining.facts import NONE, Capture
from pcapframe.joining.fates import judge_fates
from pcapframe.joining.frames import boolean, category, frame_of_points, frame_of_transmissions, nullable
from pcapframe.joining.notes import notes_on
from pcapframe.joining.order import order_points
from pcapframe.joining.pairing import Identities, pair_connections
from pcapframe.joining.rows import Rows, join_items
from pcapframe.joining.transmissions import Items, Paths, cut_offloaded, items_of, shifts
from pcapframe.keeping import Keep, check_keep
from pcapframe.memory import new_column, stretches
from pcapframe.packets import CaptureSource
from pcapframe.schema import MATCHED_BY
from pcapframe.wording import counted

__all__ = ["Joined", "join_captures"]

FEWEST = 2
ROW_BYTES = 60  # of a join for each segment of a capture, measured and rounded up
IN_MEMORY = 1 << 27  # of a join; more goes to the disk, so that it takes no more than the analyses [bytes]


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


def join_captures(captures: Mapping[str, CaptureSource | Analysis], *, keep: Keep | None = None) -> Joined:
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
    keep : {"packets", "segments", "events", "connections"}, optional
        What ``analyses`` keep, as for `analyze`; everything by default. Joined are whole captures anyway. What needs
        single packets of the captures, as what stands out and the ladder do, raises a `ParameterError` without them.

    Returns
    -------
    Joined
        Points, connections and transmissions. Without a common connection the notes say what was found.

    Raises
    ------
    ParameterError
        Fewer than two captures, a name that is no word, an Analysis that keeps no segments, or no such `keep`.
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
    check_keep(keep)
    analyses = {
        name: one if isinstance(one, Analysis) else analyze(one, progress=False) for name, one in captures.items()
    }
    with disk_may_be_used(IN_MEMORY):
        expect_memory(ROW_BYTES * sum(len(analysis.segments) for analysis in analyses.values()))
        return _join(analyses, keep)


def _join(analyses: dict[str, Analysis], keep: Keep | None) -> Joined:
    """Join the captures of some analyses."""
    taken = [Capture(name, analysis) for name, analysis in analyses.items()]
    paths, connections = _connections(taken)
    common = np.flatnonzero((paths.conn != NONE).sum(axis=1) > 1)
    shared = _only(paths, common)
    shift = shifts(taken, shared)
    rows = join_items(
        cut_offloaded(
            [items_of(capture, shared, point, shift[point]) for point, capture in enumerate(taken)], taken, shared
        ),
        taken,
    )
    clocks = [None, *(compare_clocks(*rows.common(0, point)) for point in range(1, len(taken)))]
    order = order_points(clocks, rows)
    times = [_corrected(one, clock) for one, clock in zip(rows.items, clocks, strict=True)]
    spans = [_span(capture, clock) for capture, clock in zip(taken, clocks, strict=True)]
    fates = judge_fates(rows, times, taken, order, spans, shared.conn != NONE, _others(taken, paths, shared, clocks))
    connections = _rewritten(connections, rows, taken, shared)
    notes = notes_on(taken, paths, clocks, order, rows, fates)
    segments = frame_of_transmissions(rows, fates, times, clocks, taken)
    if keep not in (None, "packets"):
        analyses = {
            name: one if isinstance(one, KeptAnalysis) else kept_of(one, keep) for name, one in analyses.items()
        }
    return Joined(
        analyses=analyses,
        points=frame_of_points(taken, clocks, order),
        connections=connections,
        segments=segments,
        notes=notes,
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


def _others(captures: list[Capture], paths: Paths, shared: Paths, clocks: list[Clock | None]) -> Array:
    """Return by shared path and point from when to when the capture has others of the same ends that are not matched.

    One capture may hold two connections as one, where it lacks the SYN of the second. By the first point's clock, the
    end before the start where there are none. [ns]
    """
    alone, found = (paths.conn != NONE).sum(axis=1) == 1, np.zeros((*shared.conn.shape, 2), np.int64)
    found[:, :, 1] = -1
    for point, (capture, clock) in enumerate(zip(captures, clocks, strict=True)):
        names = ["client", "client_port", "server", "server_port"]
        ends = capture.connections[names].groupby(names, observed=True, sort=False).ngroup().to_numpy()
        others, own = paths.conn[alone, point], shared.conn[:, point]
        others, has = others[(others != NONE)], np.flatnonzero(own != NONE)
        has = has[np.isin(ends[own[has]], ends[others])]
        if not has.size:
            continue
        began = capture.starts[others]
        ended = began + np.nan_to_num(capture.connections["duration_s"].to_numpy()[others] * 1e9).astype(np.int64)
        if clock is not None:
            rows = np.searchsorted(capture.plain["time"], began)
            began, ended = (clock.corrected(times, rows)[0] for times in (began, ended))
        spans = pd.DataFrame({"began": began, "ended": ended}).groupby(ends[others])
        for column, edge in enumerate((spans["began"].min(), spans["ended"].max())):
            found[has, point, column] = edge.reindex(ends[own[has]]).to_numpy()
    return found


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
        f"conn_id_{capture.name}": nullable(conn[:, point], "Int64") for point, capture in enumerate(captures)
    }
    columns["matched_by"] = category(rule, MATCHED_BY)
    columns["translated"] = boolean(translated[order], common[order])
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
    column.iloc[:count] = boolean(differs, known)
    return connections.assign(rewritten=column)


def _corrected(items: Items, clock: Clock | None) -> Array:
    """Return when transmissions were captured, by the first point's clock. [ns]."""
    if clock is None:
        return items.time
    made = new_column(len(items), np.int64)
    for some in stretches(len(items)):
        made[some] = clock.corrected(items.time[some], items.row[some])[0]
    return made


def _span(capture: Capture, clock: Clock | None) -> tuple[int, int]:
    """Return the time of the first and the last packet of a capture, by the first point's clock."""
    every = known_times(capture.all_times)
    ends = np.asarray([every[0], every[-1]] if every.size else [NO_TIME, NO_TIME])  # as captured, whatever clocks do
    if clock is not None:
        ends = clock.corrected(ends, np.asarray([0, capture.plain["time"].size]))[0]
    first, last = ends.tolist()
    return (first, last) if every.size else (NO_TIME, np.iinfo(np.int64).max)


def known_times(time: Array) -> Array:
    """Return the times that are known."""
    return time if time.size and (time != NO_TIME).all() else np.asarray(time[time != NO_TIME])
