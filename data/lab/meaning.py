"""How well RSTs that ended nothing and probes meet the truth: what the kernels that got or sent them did."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pcapframe as pf
from pcapframe.segments import label_segments

from .scoring import Recording, Score

__all__ = ["COUNTERS", "Meaning", "meaning_table", "score_meaning"]

COUNTERS = {"keep_alive": "TCPKeepAlive", "zero_window": "TCPWinProbe"}  # the kernel's, of each kind of probe


@dataclass(frozen=True)
class Meaning:
    """What is said of a recording's RSTs and probes.

    Parameters
    ----------
    scenario, point : str
        What ran, and where it was captured.
    ignored : Score
        ``rst_ignored``: the kernel that got the RST kept the connection.
    probes : dict
        By kind of ``COUNTERS``: how many the hosts at this point sent by ``probe``, and by their kernels' count; empty
        where that was not recorded.
    """

    scenario: str
    point: str
    ignored: Score
    probes: dict[str, tuple[int, int]]


def score_meaning(recording: Recording) -> Meaning:
    """Compare ``rst_ignored`` and ``probe`` with the truth."""
    segments = label_segments(pf.read_pcap(recording.capture, progress=False))
    ignored = Score()
    if "rst_ignored" in recording.truth:
        true = recording.truth["rst_ignored"].reindex(segments.index)
        said = segments["rst_ignored"]
        ignored = Score(int((said & true).sum()), int((said & ~true).sum()), int((true & ~said).sum()))
    near = segments["src"].astype(str).isin(recording.senders)
    sent = segments["probe"][near & ~segments["capture_duplicate"]]
    counted = {kind: name for kind, name in COUNTERS.items() if name in recording.kernel}
    probes = {kind: (int((sent == kind).sum()), recording.kernel[name]) for kind, name in counted.items()}
    return Meaning(recording.scenario, recording.point, ignored, probes)


def meaning_table(found: Iterable[Meaning], *, say: Callable[[str], None] = print) -> None:
    """Print how RSTs and probes meet the truth, in sum and where they do not."""
    rows = list(found)
    made = sum((row.ignored for row in rows), Score())
    say(f"RSTs that ended nothing: {made.hits} found, {made.false} false, {made.missed} missed")
    for kind in COUNTERS:
        pairs = [row.probes[kind] for row in rows if kind in row.probes]
        same = sum(ours == kernel for ours, kernel in pairs)
        total = f"{sum(ours for ours, _ in pairs)} by us, {sum(kernel for _, kernel in pairs)} by the kernel"
        say(f"probes, {kind}: {total}; equal at {same} of {len(pairs)} hosts")
    for row in rows:
        unlike = [f"{kind} {ours}/{kernel}" for kind, (ours, kernel) in row.probes.items() if ours != kernel]
        unlike += [f"RSTs {row.ignored}"] if row.ignored.errors else []
        if unlike:
            say(f"  {row.scenario}.{row.point}: {', '.join(unlike)}")
