"""Score patterns and labels on the recordings of the lab that ship with the tests: ``python docs/scores.py``.

Prints the tables and writes ``docs/scores.json``, which the documentation shows. Wireshark's column needs tshark. The
recordings in ``tests/lab/captures`` have the lab's truth beside them; ``make lab`` makes and scores hundreds more.
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(ROOT / "data")]  # of the checkout: what follows is imported from there

from lab.scoring import CLASSES, WIRESHARK, Recording, Score, recordings, score_recording, totals  # noqa: E402

import pcapframe as pf  # noqa: E402  # the path is set above
from benchmarks.mcp_truth import EVIDENCE, frames_that_matter, read_segments  # noqa: E402  # the path is set above
from pcapframe.patterns._registry import NAMES  # noqa: E402  # the path is set above

RECORDINGS = ROOT / "tests/lab/captures"
SCORES = HERE / "scores.json"
EVERY = 1_000_000
# What the lab or the headers call the frames that a pattern names; what is not here is checked by `EVIDENCE` or not.
KINDS = {
    "packet_retransmission": "resent",
    "simultaneous_retransmissions": "resent",
    "out_of_order_share": "reordered",
    "abnormal_termination": "rst",
    "zero_window": "zero_window",
    "keep_alives_unanswered": "silent_probe",
    "window_probes_unanswered": "silent_probe",
}


def score_patterns(recorded: list[Recording]) -> dict[str, dict[str, int]]:
    """Count the frames that patterns name, and those of them that show what is named.

    Parameters
    ----------
    recorded : list of Recording
        Captures with their truth.

    Returns
    -------
    dict of str to dict
        By pattern: ``reported`` in how many ``recordings``, ``named`` frames, ``right`` ones where the truth is known.
    """
    found: dict[str, Counter[str]] = {name: Counter(recordings=len(recorded), reported=0) for name in NAMES}
    for recording in recorded:
        segments = read_segments(recording.capture)
        by_frame = {segment.frame: segment for segment in segments}
        truth = recording.truth
        kinds = {kind: {*truth.index[truth[kind]].tolist()} for kind in truth.columns if truth[kind].dtype == bool}
        kinds |= frames_that_matter(segments)
        analysis = pf.analyze(recording.capture, progress=False)
        for seen in analysis.patterns:
            name = seen.pattern
            found[name]["reported"] += 1
            frames = analysis.find_evidence(name, limit=EVERY).frames
            found[name]["named"] += len(frames)
            if name in KINDS:
                found[name]["right"] += len(kinds.get(KINDS[name], set()) & {*frames})
            elif name in EVIDENCE:
                found[name]["right"] += sum(frame in by_frame and EVIDENCE[name](by_frame[frame]) for frame in frames)
    known = {*KINDS, *EVIDENCE}
    return {
        name: {key: int(value) for key, value in counts.items() if key != "right" or name in known}
        for name, counts in found.items()
    }


def score_labels(recorded: list[Recording], *, tshark: bool = True) -> list[dict[str, Any]]:
    """Score the labels of pcapframe and of Wireshark.

    Parameters
    ----------
    recorded : list of Recording
        Captures with their truth.
    tshark : bool
        Also score Wireshark's.

    Returns
    -------
    list of dict
        ``name vantage reader hits false missed``, one each.
    """
    rows: list[dict[str, Any]] = []
    for recording in recorded:
        rows += score_recording(recording, ("kernel",), tshark=tshark)[0]
    sums: dict[tuple[str, ...], Score] = totals(rows, "name", "vantage", "reader")
    return [
        {"name": name, "vantage": vantage, "reader": reader, "hits": s.hits, "false": s.false, "missed": s.missed}
        for (name, vantage, reader), s in sorted(sums.items())
        if reader != "tshark" or name in WIRESHARK
    ]


def label_table(labels: list[dict[str, Any]]) -> str:
    """Return a table in Markdown: precision and recall of both by class and point of capture."""
    cells: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in labels:
        named, true = row["hits"] + row["false"], row["hits"] + row["missed"]
        said = f"{_share(row['hits'], named)} | {_share(row['hits'], true)}"
        cells[row["name"], row["vantage"]][row["reader"]] = said
    lines = [
        "| class | captured at | pcapframe: precision | recall | Wireshark: precision | recall |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for name in CLASSES:
        for vantage in ("sender", "middle", "receiver"):
            if (name, vantage) in cells:
                both = cells[name, vantage]
                lines.append(f"| `{name}` | {vantage} | {both['kernel']} | {both.get('tshark', '– | –')} |")
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part:,} of {whole:,})" if whole else "–"


def pattern_score(scores: dict[str, int]) -> str:
    """Return a sentence with the score of one pattern."""
    said = f"On the lab's {scores['recordings']} recordings that ship with the tests: "
    if not scores["reported"]:
        return said + "not reported in any of them."
    said += f"reported in {scores['reported']}"
    if not scores.get("named"):
        return said + "."
    if "right" not in scores:
        return said + f", with {scores['named']:,} frames; the lab has no truth of its own for them."
    return said + f"; {scores['right']:,} of the {scores['named']:,} frames that it names show it."


if __name__ == "__main__":
    every = recordings(RECORDINGS)
    made = {"recordings": len(every), "patterns": score_patterns(every), "labels": score_labels(every)}
    SCORES.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(label_table(made["labels"]))
    for pattern, score in made["patterns"].items():
        print(f"{pattern}: {pattern_score(score)}")
