"""Captures made from recordings, with their truth: begun later, and with one direction captured late.

A capture that begins anywhere lacks what came before. What happened stays true: a resend is one, and an overtaken
original was overtaken. What the capture can show changes: both can be missed only if later bytes of theirs come before
them in it. The others are left out, and counted as untraced. A further copy is the first one if
that was cut off. Where one direction is captured late, as by a
second queue or card, nothing was lost, sent again or overtaken in addition: the truth stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pandas as pd

import pcapframe as pf
from pcapframe.segments import label_segments

from .scoring import CLASSES, Recording, Score, score

__all__ = ["SKEWS", "begun_at", "cut_score", "cuts", "cuts_table", "skew_score", "skewed", "skews_table"]

SKEWS = (10e-6, 50e-6, 0.0002, 0.001, 0.005)  # [s]
MOST_CUTS = 3  # of each kind, of a recording
RECOVERY = pd.Timedelta(milliseconds=50)  # between two resends of one


def cuts(packets: pd.DataFrame, truth: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """Find frames to begin a capture with: after a SYN, in the middle of transfers, between two resends.

    Yields
    ------
    tuple
        ``handshake``, ``transfer`` or ``recovery``, and a frame.
    """
    flags = packets["tcp_flags"].fillna(0).astype(int)
    syns = packets.index[(flags & 0x02).astype(bool)]
    yield from (("handshake", int(frame) + 1) for frame in _some(syns[:-1]))
    carries = packets["payload_bytes"].fillna(0).astype(int) > 0
    yield from (("transfer", int(frame)) for frame in _some(packets.index[carries]))
    resent = truth.index[truth["resent"]].intersection(packets.index)
    times = packets["time"][resent]
    between = resent[1:][(times.diff() < RECOVERY).to_numpy()[1:]]
    yield from (("recovery", int(frame)) for frame in _some(between))


def _some(frames: pd.Index) -> pd.Index:
    """Some of them, evenly spread."""
    places = {len(frames) * (2 * n + 1) // (2 * MOST_CUTS) for n in range(MOST_CUTS)}
    return frames[sorted(places)] if len(frames) else frames


def begun_at(frame: int, segments: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Truth of a capture that begins with a frame.

    Parameters
    ----------
    frame : int
        The first that is kept.
    segments : DataFrame
        Of the whole capture; their sequence numbers are used, no labels.
    truth : DataFrame
        Of the whole capture.
    """
    kept = segments.loc[frame:]
    made = truth.reindex(kept.index)
    was_copy = made["capture_duplicate"].astype(bool)
    made["capture_duplicate"] = made["emitted"].duplicated()
    size = kept["payload_bytes"].fillna(0).astype(int) + ((kept["tcp_flags"].astype(int) & 0x03) != 0)
    size = size.where((kept["tcp_flags"].astype(int) & 0x04) == 0, 0)
    start = kept["rel_seq"].astype("Float64").astype(float)
    end = (start + size).where(size > 0)
    streams = [kept["conn_id"], kept["from_client"]]
    highest = end.groupby(streams).cummax().groupby(streams).shift().groupby(streams).ffill()
    below = (start < highest) & (size > 0)
    is_first = ~made["capture_duplicate"]
    made["resent"] = made["emitted"].isin(truth["emitted"][truth["resent"]]) & is_first
    made["traced"] = made["resent"] & below
    made["reordered"] = (made["reordered"] | (was_copy & below)) & is_first & ~made["resent"]
    made["order_shown"] = made["reordered"] & below
    return made


def skewed(
    packets: pd.DataFrame, truth: pd.DataFrame, late: pd.Series, seconds: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Capture some packets later, and number all anew; those on one side of a connection keep their order."""
    moved = packets.assign(time=packets["time"] + pd.to_timedelta(late * round(seconds * 1e9), unit="ns"))
    order = moved["time"].argsort(kind="stable").to_numpy()
    index = pd.RangeIndex(1, len(packets) + 1, name=packets.index.name)
    moved = moved.iloc[order].set_axis(index)
    return moved, truth.loc[packets.index[order]].set_axis(index)


def cut_score(recording: Recording) -> dict[tuple[str, str], Score]:
    """Score a recording as if the capture had begun later, by kind of beginning and class."""
    packets = pf.read_pcap(recording.capture, progress=False)
    whole = label_segments(packets)
    made: dict[tuple[str, str], Score] = {}
    for kind, frame in cuts(packets, recording.truth):
        truth = begun_at(frame, whole, recording.truth)
        segments = label_segments(packets.loc[frame:])
        for name in CLASSES:
            made[kind, name] = made.get((kind, name), Score()) + score(segments[name], truth, name)
    return made


def skew_score(recording: Recording, skews: Iterable[float] = SKEWS) -> dict[tuple[str, str], tuple[Score, int]]:
    """Score a recording with either direction captured late, by skew and class, and the bytes said to be missing."""
    packets = pf.read_pcap(recording.capture, progress=False)
    near = packets["src"].astype(str).isin(recording.senders)
    made: dict[tuple[str, str], tuple[Score, int]] = {}
    for seconds in skews:
        for late in (near, ~near):
            moved, truth = skewed(packets, recording.truth, late, seconds)
            segments = label_segments(moved)
            gap = int(segments["capture_gap"].sum())
            for name in CLASSES:
                key = f"{seconds * 1e6:g} us", name
                before, missing = made.get(key, (Score(), 0))
                made[key] = before + score(segments[name], truth, name), missing + gap
    return made


def cuts_table(found: Iterable[dict[tuple[str, str], Score]], *, say: Callable[[str], None] = print) -> None:
    """Print the scores of captures that begin anywhere."""
    totals: dict[tuple[str, str], Score] = {}
    for one in found:
        for key, scored in one.items():
            totals[key] = totals.get(key, Score()) + scored
    heads = f"{'true':>7}{'precision':>11}{'recall':>8}{'false':>7}{'missed':>8}{'untraced':>10}"
    say(f"{'begins in':11}{'class':18}{heads}")
    for (kind, name), made in sorted(totals.items()):
        say(
            f"{kind:11}{name:18}{made.hits + made.missed:7}{made.precision:11.4f}{made.recall:8.4f}"
            f"{made.false:7}{made.missed:8}{made.untraced:10}"
        )


def skews_table(
    found: Iterable[tuple[str, dict[tuple[str, str], tuple[Score, int]]]], *, say: Callable[[str], None] = print
) -> None:
    """Print, by scenario, the scores of captures with one direction late; no byte is missing from any."""
    totals: dict[tuple[str, str], tuple[Score, int]] = {}
    for scenario, scores in found:
        for (skew, name), (scored, missing) in scores.items():
            if name == "resent":
                before, bytes_before = totals.get((scenario, skew), (Score(), 0))
                totals[scenario, skew] = before + scored, bytes_before + missing
    heads = f"{'resent':>7}{'precision':>11}{'recall':>8}{'false':>7}{'missed':>8}{'said to be missing [B]':>24}"
    say(f"{'one direction late':20}{'by':>9}{heads}")
    for (scenario, skew), (made, missing) in totals.items():
        say(
            f"{scenario:20}{skew:>9}{made.hits + made.missed:7}{made.precision:11.4f}{made.recall:8.4f}"
            f"{made.false:7}{made.missed:8}{missing:24}"
        )
