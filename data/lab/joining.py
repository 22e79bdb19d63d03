"""How well joins of two points meet the truth, as recorded and with clocks, addresses and packets altered.

Each packet of a recording is known by its number in the link's log, so the truth needs no matching: a frame of the log
that both points have passed; one that only the point nearer to its sender has was lost, unless the alteration took it
from the other capture. Alterations: another clock (offset, drift, a step), NAPT with shifted sequence numbers and
timestamps, identifications gone, packets missing in one capture, forged RSTs, further copies, and decoys: connections
of equal sizes at the second point that the first does not have.

Where a capture lacks packets, nothing tells of most bare ACKs whether they were lost or not captured: they are unknown,
which is counted apart from what is missed. An offloaded frame that was taken lacks all frames of the link it became.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

import pcapframe as pf

from .acks import AckScore, score_acks
from .alterations import ALTERATIONS, FORGED, RST, Alteration, altered, true_offset
from .scoring import Recording, Score

__all__ = ["JoinScore", "bars_table", "joins_table", "score_join", "score_joins"]


@dataclass(frozen=True)
class JoinScore:
    """What a join said of two recordings, against the truth.

    Parameters
    ----------
    paired : Score
        Connections.
    fates : dict of Score
        By fate; frames of both captures that belong to connections that both have.
    unknown : int
        Frames of unknown fate.
    rsts : Score
        Forged RSTs; untraced are those that come after the last packet of the capture that lacks them.
    acks : AckScore
        Lost bare ACKs.
    offsets : tuple of int
        Joins whose interval holds the true offset, and all.
    delays : tuple of int
        Packets whose interval holds the true delay, and all.
    half_width_us, drift_error_ppm : list of float
        Of the offset's interval, beyond half of the smallest time there and back; of the drift.
    outside : int
        Lost packets of unknown fate, due when the other capture had not begun or had ended. They count apart.
    """

    paired: Score = field(default_factory=Score)
    fates: dict[str, Score] = field(default_factory=dict)
    unknown: int = 0
    rsts: Score = field(default_factory=Score)
    acks: AckScore = field(default_factory=AckScore)
    offsets: tuple[int, int] = (0, 0)
    delays: tuple[int, int] = (0, 0)
    half_width_us: list[float] = field(default_factory=list)
    drift_error_ppm: list[float] = field(default_factory=list)
    outside: int = 0

    def __add__(self, other: JoinScore) -> JoinScore:
        kinds = [*self.fates, *(kind for kind in other.fates if kind not in self.fates)]
        return JoinScore(
            self.paired + other.paired,
            {kind: self.fates.get(kind, Score()) + other.fates.get(kind, Score()) for kind in kinds},
            self.unknown + other.unknown,
            self.rsts + other.rsts,
            self.acks + other.acks,
            (self.offsets[0] + other.offsets[0], self.offsets[1] + other.offsets[1]),
            (self.delays[0] + other.delays[0], self.delays[1] + other.delays[1]),
            self.half_width_us + other.half_width_us,
            self.drift_error_ppm + other.drift_error_ppm,
            self.outside + other.outside,
        )


def score_join(
    one: Recording, other: Recording, how: Alteration, *, seed: int = 1, analysis: pf.Analysis | None = None
) -> JoinScore:
    """Join the recordings of two points of one run, the second one altered, and compare with the truth.

    `analysis` is that of the first one, if it is known already.
    """
    analysis = analysis or pf.analyze(one.capture, progress=False)
    here = analysis.packets
    there = pf.read_pcap(other.capture, progress=False)
    numbers = [recording.truth["emitted"].reindex(packets.index, fill_value=FORGED).to_numpy()
               for recording, packets in ((one, here), (other, there))]  # fmt: skip
    times, whole = there["time"], numbers[1]
    there, numbers[1], taken = altered(there, numbers[1], how, one.senders, seed)
    from_there = ~here["src"].isin(one.senders).to_numpy()
    taken = np.append(taken, _pieces_of(taken, whole, numbers[0][from_there]))
    joined = pf.join_captures({one.point: analysis, other.point: pf.analyze(there, progress=False)})
    return _scored(joined, (one.point, other.point), numbers, taken, times, how, one.point == "client")


def score_joins(one: Recording, other: Recording, seed: int = 1) -> list[tuple[str, JoinScore]]:
    """Score all alterations of the recordings of two points of one run."""
    analysis = pf.analyze(one.capture, progress=False)
    return [(name, score_join(one, other, how, seed=seed, analysis=analysis)) for name, how in ALTERATIONS.items()]


def _scored(
    joined: pf.Joined, names: tuple[str, str], numbers: list[np.ndarray], taken: np.ndarray, times: pd.Series,
    how: Alteration, forward: bool,
) -> JoinScore:  # fmt: skip
    """Compare a join with the truth."""
    connections = joined.connections
    paired = _score_pairs(joined, names, numbers)
    frames = _by_frame(joined, names, numbers)
    true = _true_times(joined, names, frames, times, how)
    upstream = frames["from_client"].to_numpy(bool) == forward
    outside = _are_outside(true, upstream)
    fates, unknown, rsts, lost = _score_fates(frames, names, taken, upstream, outside)
    silent = lost & outside & (frames["fate"] == "unknown").to_numpy()
    carries = (frames["rel_end"] > frames["rel_seq"]).to_numpy(bool)
    resets = (frames["tcp_flags"].to_numpy() & RST) != 0
    acks = score_acks(frames, upstream, true, lost & ~carries & ~resets & ~silent)
    point = joined.points.loc[names[1]]
    offsets, delays, widths, drifts = (0, 0), (0, 0), [], []
    if not np.isnan(point["offset_s"]):
        offsets, delays, widths, drifts = _score_clock(joined, names, frames, true, times, how)
    assert len(connections)
    return JoinScore(paired, fates, unknown, rsts, acks, offsets, delays, widths, drifts, int(silent.sum()))


def _are_outside(true: tuple[np.ndarray, np.ndarray], upstream: np.ndarray) -> np.ndarray:
    """Tell which rows only one point has, and due at the other one before its first packet or after its last one."""
    outside = np.zeros(upstream.size, bool)
    for seen, other in (true, true[::-1]):
        if not (other >= 0).any():
            continue
        for side in (upstream, ~upstream):
            both, alone = side & (seen >= 0) & (other >= 0), side & (seen >= 0) & (other < 0)
            took = int(np.median((other - seen)[both])) if both.any() else 0
            due = seen + took
            outside |= alone & ((due < other[other >= 0].min()) | (due > other.max()))
    return outside


def _number_of(segments: pd.DataFrame, numbers: np.ndarray) -> pd.Series:
    """Return the log's number of each segment."""
    return pd.Series(numbers[segments.index.to_numpy() - 1], segments.index)


def _score_pairs(joined: pf.Joined, names: tuple[str, str], numbers: list[np.ndarray]) -> Score:
    """Compare the pairs of connections with those that share frames of the log."""
    shared = []
    for name, number in zip(names, numbers, strict=True):
        segments = joined.analyses[name].segments
        own = pd.DataFrame({"conn": segments["conn_id"].to_numpy(), "number": _number_of(segments, number).to_numpy()})
        shared.append(own[own["number"] >= 0].drop_duplicates())
    both = shared[0].merge(shared[1], on="number")
    true = set(zip(both["conn_x"], both["conn_y"], strict=True))
    found = joined.connections.dropna(subset=[f"conn_id_{name}" for name in names])
    told = set(zip(*(found[f"conn_id_{name}"].astype(int) for name in names), strict=True))
    return Score(len(told & true), len(told - true), len(true - told))


def _by_frame(joined: pf.Joined, names: tuple[str, str], numbers: list[np.ndarray]) -> pd.DataFrame:
    """Return each row with the log's numbers of its frames."""
    made = joined.segments.copy()
    for name, number in zip(names, numbers, strict=True):
        frame = made[f"frame_{name}"]
        of_frame = number[frame.fillna(1).to_numpy(np.int64) - 1]
        piece = (
            made.groupby(frame, dropna=False)["rel_seq"].rank().to_numpy(np.int64) - 1
        )  # offload: several of the log
        made[f"number_{name}"] = np.where(frame.isna(), -1, np.where(of_frame >= 0, of_frame + piece, of_frame))
    return made


def _pieces_of(taken: np.ndarray, whole: np.ndarray, arrived: np.ndarray) -> np.ndarray:
    """Return the frames of the link that belong to offloaded ones, which are known by the number of their first one."""
    known = np.unique(whole[whole >= 0])
    later = arrived[(arrived >= 0) & ~np.isin(arrived, known)]
    first = np.searchsorted(known, later) - 1
    return np.asarray(later[(first >= 0) & np.isin(known[np.maximum(first, 0)], taken)])


def _score_fates(
    rows: pd.DataFrame, names: tuple[str, str], taken: np.ndarray, upstream: np.ndarray, outside: np.ndarray
) -> tuple[dict[str, Score], int, Score, np.ndarray]:
    """Compare fates: of frames that one point has, and of pairs; tell which packets were lost.

    `upstream` are the rows whose sender is nearer to the first point.
    """
    one, other = (rows[f"number_{name}"].to_numpy() for name in names)
    seen = [rows[f"frame_{name}"].notna().to_numpy() for name in names]
    fate = rows["fate"].astype(str).to_numpy()
    size = int(max(one.max(initial=0), other.max(initial=0))) + 1
    counts = [np.bincount(each[each >= 0], minlength=size) for each in (one, other)]
    pairs = np.minimum(*counts)
    right = seen[0] & seen[1] & (one == other) & (one >= 0)
    got = np.bincount(one[right], minlength=size)
    number = np.where(seen[0], one, other)
    paired = (number >= 0) & (pairs[np.maximum(number, 0)] > 0)
    missed = int((pairs - got).sum())
    passed = fate == "passed"
    made = {"passed": Score(int((passed & right).sum()), int((passed & ~right).sum()), missed)}
    alone = seen[0] ^ seen[1]
    downstream_only = alone & (seen[1] == upstream)
    full = paired & (got == pairs)[np.maximum(number, 0)]
    is_taken = np.isin(number, taken)
    truths = {
        "lost_between": alone & ~downstream_only & ~paired & (number >= 0) & ~is_taken,
        "not_captured": alone & ~paired & is_taken,
        "added": downstream_only & (full | (number < 0)),
    }
    carries = (rows["rel_end"] > rows["rel_seq"]).to_numpy(bool)
    resets = (rows["tcp_flags"].to_numpy() & RST) != 0
    # Where a capture lacks others, nothing tells of a bare ACK; where it has not begun or has ended, of no packet.
    silent = ((~carries & ~resets) | outside) & (fate == "unknown")
    for name, true in truths.items():
        said = (fate == name) & ~(alone & paired & ~full)  # a wrong pair is counted once, as passed
        made[name] = Score(
            int((said & true).sum()), int((said & ~true).sum()), int((~said & true & ~silent).sum()),
            int((true & silent).sum()),
        )  # fmt: skip
    true, said = truths["lost_between"] & carries, (fate == "lost_between") & carries & ~(alone & paired & ~full)
    made["lost with data"] = Score(
        int((said & true).sum()), int((said & ~true).sum()), int((~said & true & ~silent).sum())
    )  # fmt: skip
    forged, said = alone & (number == FORGED) & resets, (fate == "added") & resets
    rsts = Score(
        int((said & forged).sum()), int((said & ~forged).sum()), int((~said & forged & ~outside).sum()),
        int((~said & forged & outside).sum()),
    )  # fmt: skip
    return made, int((fate == "unknown").sum()), rsts, truths["lost_between"]


def _true_times(
    joined: pf.Joined, names: tuple[str, str], rows: pd.DataFrame, times: pd.Series, how: Alteration
) -> tuple[np.ndarray, np.ndarray]:
    """Return when rows were captured at both points, by the first clock; -1 where they were not. [ns]."""
    frames = [rows[f"frame_{name}"].fillna(0).to_numpy(np.int64) for name in names]
    own = [
        joined.analyses[name].packets["time"].to_numpy("datetime64[ns]").view(np.int64)[np.maximum(frame, 1) - 1]
        for name, frame in zip(names, frames, strict=True)
    ]
    true = own[1]
    for _ in range(3):
        true = own[1] - np.rint(true_offset(true, times, how)).astype(np.int64)
    return np.where(frames[0] > 0, own[0], -1), np.where(frames[1] > 0, true, -1)


def _score_clock(
    joined: pf.Joined, names: tuple[str, str], rows: pd.DataFrame, true: tuple[np.ndarray, np.ndarray],
    times: pd.Series, how: Alteration,
) -> tuple[tuple[int, int], tuple[int, int], list[float], list[float]]:  # fmt: skip
    """Compare offset, drift and delays."""
    point = joined.points.loc[names[1]]
    is_sure = ((rows["fate"] == "passed") & (rows[f"number_{names[0]}"] == rows[f"number_{names[1]}"])).to_numpy(bool)
    sure, mine, theirs = rows[is_sure], true[0][is_sure], true[1][is_sure]
    if not mine.size:
        return (0, 0), (0, 0), [], []
    delay = np.abs(theirs - mine) / 1e9
    slack = 2e-9
    inside = (sure["delay_low_s"] <= delay + slack) & (delay - slack <= sure["delay_high_s"])
    offset = true_offset(np.asarray([mine.min()]), times, how)[0] / 1e9
    holds = point["offset_low_s"] - slack <= offset <= point["offset_high_s"] + slack
    sides = sure["from_client"].to_numpy(bool)
    least = sum(float(delay[side].min()) for side in (sides, ~sides) if side.any())
    half = (point["offset_high_s"] - point["offset_low_s"]) / 2 - least / 2
    return (int(holds), 1), (int(inside.sum()), len(sure)), [half * 1e6], [abs(point["drift_ppm"] - how.drift_ppm)]


def joins_table(found: Iterable[tuple[str, JoinScore]], *, say: Callable[[str], None] = print) -> None:
    """Print how joins meet the truth, by alteration."""
    rows = list(found)
    for name in dict.fromkeys(name for name, _ in rows):
        made = sum((score for each, score in rows if each == name), JoinScore())
        say(f"{name}: connections {_of(made.paired)}; " + ", ".join(f"{k} {_of(v)}" for k, v in made.fates.items())
            + f"; unknown {made.unknown:,}; forged RSTs {_of(made.rsts)}")  # fmt: skip
        widths, drifts = (np.asarray(values or [np.nan]) for values in (made.half_width_us, made.drift_error_ppm))
        say(f"  true offset inside {made.offsets[0]} of {made.offsets[1]}, true delay {made.delays[0]:,} of "
            f"{made.delays[1]:,}; half-width beyond the path's p95 {np.quantile(widths, 0.95):,.0f} us, "
            f"drift off by p95 {np.quantile(drifts, 0.95):,.1f} ppm")  # fmt: skip


def bars_table(found: Iterable[tuple[str, JoinScore]], *, say: Callable[[str], None] = print) -> bool:
    """Print each bar of a join beside its figure; return whether all are reached."""
    rows = list(found)

    def of(names: Iterable[str]) -> JoinScore:
        wanted = set(names)
        return sum((score for name, score in rows if name in wanted), JoinScore())

    every = of(ALTERATIONS)
    plain = of(name for name, how in ALTERATIONS.items() if not how.translates)
    moved, bare = (
        of(name for name, how in ALTERATIONS.items() if how.translates and not how.decoys and how.without_ids == gone)
        for gone in (False, True)
    )
    decoys = of(name for name, how in ALTERATIONS.items() if how.decoys)
    fates, acks = every.fates, every.acks
    told = {kind: fates.get(kind, Score()) for kind in ("passed", "lost_between")}
    data = fates.get("lost with data", Score())
    open_ = data.missed + acks.traced - acks.traced_told
    shares = [
        ("connections paired, precision", every.paired.precision, 1.0),
        ("connections paired, recall", plain.paired.recall, 0.999),
        ("  with NAPT and rewriting", moved.paired.recall, 0.995),
        ("  with identifications gone too", bare.paired.recall, 0.995),
        ("  beside decoys", decoys.paired.recall, 0.995),
        ("passed, precision", told["passed"].precision, 0.995),
        ("passed, recall", told["passed"].recall, 0.99),
        ("lost, precision", told["lost_between"].precision, 0.995),
        ("lost, recall", _every_loss(every), 0.99),
        ("  of what carries data", data.recall, 0.99),
        ("  and of bare ACKs that leave a trace", Score(data.hits + acks.traced_told, 0, open_).recall, 0.99),
        ("forged RSTs, precision", every.rsts.precision, 1.0),
        ("forged RSTs, recall", every.rsts.recall, 1.0),
        ("true offset inside", every.offsets[0] / max(every.offsets[1], 1), 1.0),
        ("true delay inside", every.delays[0] / max(every.delays[1], 1), 0.99),
    ]
    for name, share, bar in shares:
        say(f"{name:40}{share:8.4f}   bar {bar:5.3f}   {'reached' if share >= bar else 'MISSED'}")
    kinds = f"with data {data.hits:,} of {data.hits + data.missed:,}, bare ACKs {acks.told:,} of {acks.lost:,}"
    say(f"lost, told: {kinds}, of the {acks.traced:,} that leave a trace {acks.traced_told:,}")
    for name, some in (("nothing", False), ("2 %", True)):
        part = of(each for each, how in ALTERATIONS.items() if (how.missing > 0) == some)
        lost = part.fates.get("lost_between", Score())
        say(f"  where a capture lacks {name}: lost, precision {lost.precision:.4f}, recall {_every_loss(part):.4f}")
    say(f"not in these shares: {every.outside} lost packets and {every.rsts.untraced} forged RSTs, due when the other "
        f"capture had not begun or had ended and said to be unknown")  # fmt: skip
    say("half-width and drift of clocks: python -m benchmarks.clock_bounds; time and memory: benchmarks.bench_join")
    return all(share >= bar for _, share, bar in shares)


def _every_loss(found: JoinScore) -> float:
    """Return the recall of all packets that were lost, also of bare ACKs that nothing tells of."""
    lost = found.fates.get("lost_between", Score())
    return Score(lost.hits, 0, lost.missed + lost.untraced - found.outside).recall


def _of(score: Score) -> str:
    silent = f", {score.untraced} that nothing tells of" if score.untraced else ""
    return (
        f"{score.precision:.4f}/{score.recall:.4f} ({score.hits:,} hits, {score.false} false, {score.missed} missed"
        f"{silent})"
    )
