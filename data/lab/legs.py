"""How well joins of three points meet the truth: on which leg packets were lost, what the middle lacks and adds.

The recordings of one run at both ends and in the middle; that of the middle is altered as in `alterations`. Only frames
of the link that arrive once are counted: `joining` counts copies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

import pcapframe as pf

from .alterations import FORGED, RST, Alteration, altered
from .scoring import Recording, Score

__all__ = ["ALTERED", "LegScore", "legs_table", "score_legs", "score_three"]

POINTS = ("client", "middle", "server")
ALTERED = {
    "as recorded": Alteration(),
    "clock of the middle": Alteration(offset_ns=37.2e9, drift_ppm=30.0),
    "2 % missing in the middle": Alteration(offset_ns=37.2e9, drift_ppm=30.0, missing=0.02),
    "forged RSTs in the middle": Alteration(offset_ns=37.2e9, drift_ppm=30.0, forged=True),
}


@dataclass(frozen=True)
class LegScore:
    """What a join of three points said, against the truth.

    Parameters
    ----------
    ordered : tuple of int
        Joins that have the points in order, and all.
    kinds : dict of Score
        Losses with their leg, of segments that carry data and of bare ACKs; packets missing in the middle; forged RSTs.
    """

    ordered: tuple[int, int] = (0, 0)
    kinds: dict[str, Score] = field(default_factory=dict)

    def __add__(self, other: LegScore) -> LegScore:
        kinds = dict.fromkeys([*self.kinds, *other.kinds])
        return LegScore(
            (self.ordered[0] + other.ordered[0], self.ordered[1] + other.ordered[1]),
            {kind: self.kinds.get(kind, Score()) + other.kinds.get(kind, Score()) for kind in kinds},
        )


def score_legs(recordings: Sequence[Recording], how: Alteration, *, seed: int = 1) -> LegScore:
    """Join the recordings of the client, the middle and the server of one run, the second altered.

    Parameters
    ----------
    recordings : sequence of Recording
        In this order.
    how : Alteration
        What is done to the middle.
    seed : int
        Of its random choices.
    """
    packets = [pf.read_pcap(recording.capture, progress=False) for recording in recordings]
    numbers = [
        recording.truth["emitted"].reindex(own.index, fill_value=FORGED).to_numpy()
        for recording, own in zip(recordings, packets, strict=True)
    ]
    whole = [*numbers]
    packets[1], numbers[1], taken = altered(packets[1], numbers[1], how, recordings[0].senders, seed)
    joined = pf.join_captures(
        {name: pf.analyze(own, progress=False) for name, own in zip(POINTS, packets, strict=True)}
    )
    ordered = joined.points["order"].tolist() == [0, 1, 2]
    return LegScore((int(ordered), 1), _kinds(joined.segments, numbers, whole, taken))


def score_three(*recordings: Recording) -> list[tuple[str, LegScore]]:
    """Score all alterations of the recordings of one run."""
    return [(name, score_legs(recordings, how)) for name, how in ALTERED.items()]


def _kinds(
    rows: pd.DataFrame, numbers: list[np.ndarray], whole: list[np.ndarray], taken: np.ndarray
) -> dict[str, Score]:
    """Compare the fates of rows with those of the frames of the link."""
    places = [rows[f"frame_{name}"].fillna(0).to_numpy(np.int64) for name in POINTS]
    own = np.stack(
        [np.where(at > 0, number[np.maximum(at, 1) - 1], -1) for at, number in zip(places, numbers, strict=True)]
    )
    number = own.max(axis=0)
    size = max(int(one.max(initial=0)) for one in whole) + 1
    counts = np.stack([np.bincount(one[one >= 0], minlength=size) for one in whole])
    cut = np.bincount(number[number >= 0], minlength=size) > np.maximum(counts.max(axis=0), 1)  # offload
    forward = rows["from_client"].to_numpy(bool)
    there = counts[:, np.maximum(number, 0)]
    there = np.where(forward, there, there[::-1]) > 0  # along the path of each
    single = (number >= 0) & (counts.max(axis=0)[np.maximum(number, 0)] == 1) & ~cut[np.maximum(number, 0)]
    last = there.shape[0] - 1 - np.argmax(there[::-1], axis=0)  # the last point that it reached
    gone = np.isin(number, taken)
    lost = single & (last < len(POINTS) - 1)
    fate, missing = (rows[name].astype(object).to_numpy() for name in ("fate", "first_missing"))
    names = np.where(forward[None], np.asarray(POINTS)[:, None], np.asarray(POINTS)[::-1, None])
    said = single & (fate == "lost_between")
    until = np.argmax(names == missing[None], axis=0)
    seen = (own >= 0)[:, np.arange(len(rows))]
    end = len(POINTS) - 1 - np.argmax(np.where(forward, seen, seen[::-1])[::-1], axis=0)
    right = lost & said & (end <= last) & (until > last)  # of a longer leg where the point between tells nothing
    carries = (rows["rel_end"] > rows["rel_seq"]).to_numpy(bool)
    made = {}
    for kind, mask in (("lost, data", carries), ("lost, bare ACKs", ~carries)):
        made[kind] = Score(
            int((right & mask).sum()), int((said & ~right & mask).sum()), int((lost & ~right & mask).sum())
        )
    passed = single & (last == len(POINTS) - 1)
    unseen, told = passed & gone, single & (fate == "not_captured")
    made["not captured"] = Score(int((told & unseen).sum()), int((told & ~gone).sum()), int((unseen & ~told).sum()))
    resets = (rows["tcp_flags"].to_numpy() & RST) != 0
    forged, added = (number == -1) & (own.min(axis=0) == FORGED) & resets, (fate == "added") & resets
    first = forged & added & (missing == np.where(forward, "client", "server"))
    made["forged RSTs"] = Score(int(first.sum()), int((added & single).sum()), int((forged & ~first).sum()))
    return made


def legs_table(found: Iterable[tuple[str, LegScore]], *, say: Callable[[str], None] = print) -> None:
    """Print how joins of three points meet the truth, by alteration."""
    rows = list(found)
    for name in dict.fromkeys(name for name, _ in rows):
        made = sum((score for each, score in rows if each == name), LegScore())
        say(f"three points, {name}: in order {made.ordered[0]} of {made.ordered[1]}")
        for kind, score in made.kinds.items():
            counts = f"({score.hits:,} hits, {score.false} false, {score.missed} missed)"
            say(f"  {kind}: {score.precision:.4f}/{score.recall:.4f} {counts}")
