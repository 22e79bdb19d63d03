"""What to ask next: the calls that name the packets which an answer has no room for."""

from typing import Any, TypedDict

from pcapframe.analysis import Analysis
from pcapframe.analysis.standouts import RULES
from pcapframe.wording import counted

__all__ = ["NextStep", "next_steps"]

MOST = 4
# Patterns whose packets are all of one kind.
SAME = {"packet_retransmission": "resent", "unanswered_syns": "unanswered_syn", "zero_window": "zero_window"}
EVENTS = {rule.pattern for rule in RULES}  # patterns that can stand out


class NextStep(TypedDict):
    """One call: the tool, its argument besides the capture and the filter, and what it shows."""

    tool: str
    pattern: str
    shows: str


def next_steps(analysis: Analysis, answer: dict[str, Any]) -> list[NextStep]:
    """Say which calls show what an answer of analyze_tcp_anomalies does not.

    Parameters
    ----------
    analysis : Analysis
        That the answer is about.
    answer : dict
        One page.

    Returns
    -------
    list of dict
        Packets that the page does not name: those of kinds, of what stands out and of other patterns; then rows of what
        stands out.
    """
    shown = {each["pattern"]: len(each["evidence"]["frames"]) for each in answer.get("patterns", ())}
    kinds = {name: (each["frame_count"], len(each["frames"])) for name, each in answer.get("kinds", {}).items()}
    patterns = {
        each.pattern: (each.evidence.frame_count, shown.get(each.pattern, 0))
        for each in analysis.patterns
        if each.pattern in EVENTS and each.pattern not in kinds
    }
    counts = patterns | kinds
    first = [str(each.pattern) for each in analysis.standouts if each.pattern in counts]
    order = [*kinds, *first, *patterns]
    unnamed = [name for name in order if counts[name][1] < counts[name][0]]
    wanted = dict.fromkeys([*unnamed, *(name for name in first if counts[name][0])])
    for pattern, kind in SAME.items():
        if kind in wanted and pattern != kind:
            wanted.pop(pattern, None)
    return [
        NextStep(tool="get_packets", pattern=name, shows=counted(counts[name][0], "packet"))
        for name in list(wanted)[:MOST]
    ]
