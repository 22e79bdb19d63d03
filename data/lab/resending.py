"""How well the labels ``needless`` and ``resend_reason`` meet the truth and the kernel's own reasons.

Needs pcapframe; knows nothing of how the captures were made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pcapframe as pf
from pcapframe.segments import label_segments

from .scoring import Recording, Score

__all__ = ["Needs", "Resends", "needs_table", "own_reasons_table", "reason_score", "reasons_table", "score_resends"]


@dataclass(frozen=True)
class Needs:
    """Resends of a point and direction by what ``needless`` says (true, false, null) and by what they were."""

    right_true: int = 0
    wrong_true: int = 0
    right_false: int = 0
    wrong_false: int = 0
    null_needless: int = 0
    null_needed: int = 0

    def __add__(self, other: Needs) -> Needs:
        return Needs(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Resends:
    """What is said of the resends of a recording beyond that they are ones.

    Parameters
    ----------
    scenario : str
        What ran.
    needs : dict of Needs
        By vantage: ``sender``, ``middle`` or ``receiver``; empty where the truth does not say.
    reasons : dict of int or None
        Segments that the hosts at this point sent again, by ``resend_reason``, counted as the kernel does; None in the
        middle.
    kernel : dict of int
        The kernel's counters of these hosts; empty where they were not recorded.
    against : dict of int or None
        Segments that these hosts sent again, SYNs aside, by ``resend_reason`` and the kernel's own reason; None where
        that was not recorded.
    """

    scenario: str
    needs: dict[str, Needs]
    reasons: dict[str, int] | None
    kernel: dict[str, int]
    against: dict[tuple[str, str], int] | None = None


def score_resends(recording: Recording) -> Resends:
    """Compare ``needless`` with the truth, and put ``resend_reason`` beside the kernel's counters."""
    segments = label_segments(pf.read_pcap(recording.capture))
    truth = recording.truth.reindex(segments.index)
    near = segments["src"].astype(str).isin(recording.senders)
    is_middle = recording.point == "middle"
    parts = {"middle": near | True} if is_middle else {"sender": near, "receiver": ~near}
    resent = segments["resent"] & truth["resent"]
    needs = {}
    if "needless" in truth:
        for vantage, part in parts.items():
            said, true = segments["needless"][resent & part], truth["needless"][resent & part].to_numpy(bool)
            unknown = said.isna().to_numpy()
            yes = said.fillna(False).to_numpy(bool)
            kinds = (yes & true, yes & ~true, ~yes & ~true, ~yes & true, unknown & true, unknown & ~true)
            needs[vantage] = Needs(
                *(int((kind & ~unknown).sum()) for kind in kinds[:4]), *(int(kind.sum()) for kind in kinds[4:])
            )
    reasons = against = None
    if not is_middle:
        own = segments[segments["resent"] & near]
        reasons = own["resend_reason"].value_counts().to_dict()
    if recording.reasons is not None:
        said = own["resend_reason"].astype(str).reindex(recording.reasons.index, fill_value="not resent")
        pairs = zip(said, recording.reasons, strict=True)
        against = dict(Counter((str(ours), str(kernel)) for ours, kernel in pairs))
    return Resends(recording.scenario, needs, reasons, recording.kernel, against)


def reason_score(found: Iterable[Resends], reason: str) -> Score:
    """How often a reason is the kernel's own, at the senders' side.

    What has another reason, or one that the trace did not tell (``other``), is neither right nor wrong, and counted as
    untraced. Of a resend that acknowledgements brought about while the sender made up for a timeout
    (``after_timeout``) any reason said is a false alarm, and none is missed: packets do not show which it is, so
    ``unknown`` is right.
    """
    made = Score()
    for one in found:
        for (ours, kernel), count in (one.against or {}).items():
            said, true, untold = ours == reason, kernel == reason, kernel == "other"
            made += Score(
                hits=count * (said and true),
                false=count * (said and not true and not untold),
                missed=count * (true and not said),
                untraced=count * (said and untold),
            )
    return made


def own_reasons_table(found: list[Resends], *, say: Callable[[str], None] = print) -> None:
    """Print how well reasons meet the kernel's own, and what else was said."""
    pairs = Counter[tuple[str, str]]()
    for one in found:
        pairs.update(one.against or {})
    if not pairs:
        say("reasons against the kernel's own: not recorded")
        return
    kernels = sorted({kernel for _, kernel in pairs})
    columns = "".join(f"{kernel:>15}" for kernel in kernels)
    say("ours, kernel's own".ljust(20) + columns + "   precision  recall  (without other)")
    for ours in sorted({ours for ours, _ in pairs}):
        scored = reason_score(found, ours)
        share = f"{scored.precision:12.4f}{scored.recall:8.4f}" if ours in kernels else ""
        say(ours.ljust(20) + "".join(f"{pairs[ours, kernel]:15}" for kernel in kernels) + share)


REASONS = ("timeout", "fast", "tail_probe", "syn_retry", "unknown")
COUNTERS = {  # the kernel's counters that come nearest to each reason
    "timeout": ("TCPSlowStartRetrans",),
    "fast": ("TCPFastRetrans",),
    "tail_probe": ("TCPLossProbes",),
    "syn_retry": ("TCPSynRetrans",),
}


def needs_table(found: Iterable[Resends], *, say: Callable[[str], None] = print) -> None:
    """Print how well ``needless`` meets the truth, by vantage."""
    totals_: dict[str, Needs] = {}
    for one in found:
        for vantage, needs in one.needs.items():
            totals_[vantage] = totals_.get(vantage, Needs()) + needs
    heads = (("true: right", 13), ("wrong", 7), ("false: right", 14), ("wrong", 7), ("null: needless", 16), ("not", 6))
    say("needless".ljust(10) + "".join(head.rjust(width) for head, width in heads))
    for vantage, n in sorted(totals_.items()):
        say(
            f"{vantage:10}{n.right_true:13}{n.wrong_true:7}{n.right_false:14}{n.wrong_false:7}"
            f"{n.null_needless:16}{n.null_needed:6}"
        )
    if not totals_:
        say("not recorded")


def reasons_table(found: Iterable[Resends], *, say: Callable[[str], None] = print) -> None:
    """Print resends by reason at their sender's side beside the kernel's counters, by scenario.

    The kernel counts resends of the head of the queue by a timeout with ``TCPTimeouts`` alone: the second figure.
    """
    by_scenario: dict[str, list[Resends]] = {}
    for one in found:
        if one.reasons is not None:
            by_scenario.setdefault(one.scenario, []).append(one)
    say("ours/kernel's".ljust(20) + "".join(f"{name:>14}" for name in REASONS) + f"{'RetransSegs':>14}{'Timeouts':>10}")
    for scenario, ones in by_scenario.items():
        ours = {name: sum(one.reasons.get(name, 0) for one in ones if one.reasons) for name in REASONS}
        if not all(one.kernel for one in ones):
            say(scenario.ljust(20) + "".join(f"{ours[name]:>14}" for name in REASONS) + "  kernel's not recorded")
            continue
        kernel = {key: sum(one.kernel[key] for one in ones) for key in ones[0].kernel}
        cells = [
            f"{ours[name]}/{sum(kernel[key] for key in COUNTERS[name])}" if name in COUNTERS else str(ours[name])
            for name in REASONS
        ]
        say(
            scenario.ljust(20)
            + "".join(f"{cell:>14}" for cell in cells)
            + f"{kernel['RetransSegs']:>14}{kernel['TCPTimeouts']:>10}"
        )
