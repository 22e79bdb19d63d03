"""How many of the frames that matter the first answers over MCP name, and whether all that they name show it.

No model asks: the first call is analyze_tcp_anomalies, the next two are the first two of its ``next_steps``. A frame is
named if its number stands in a list of evidence or in a row of packets. `mcp_truth` says which frames matter.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import HERE, heading, line
from mcp.client.client import Client
from mcp_truth import EVIDENCE, Frames, frames_that_matter, read_segments

__all__ = ["MOST_ANSWERS", "Named", "Scored", "name_frames", "score_capture", "show_naming"]

MOST_ANSWERS = 3
ANSWER_BAR, NAMED_BAR = 12_000, 0.98
# Patterns, labels and findings whose frames the lab's truth decides on.
BY_TRUTH = {
    "packet_retransmission": "resent",
    "simultaneous_retransmissions": "resent",
    "out_of_order_share": "reordered",
    "reordered": "reordered",
    "capture_duplicate": "capture_duplicate",
    "capture_duplicates": "capture_duplicate",
    "rst_ignored": "rst_ignored",
}
ROOT = HERE.parent
FOLDERS = (ROOT / "data", ROOT / "tests/lab/captures")


@dataclass
class Named:
    """Frames that answers name, by what they are named for, and the sizes of the answers."""

    frames: dict[str, Frames] = field(default_factory=lambda: defaultdict(set))
    sizes: list[int] = field(default_factory=list)

    @property
    def all(self) -> Frames:
        """All of them."""
        return set().union(*self.frames.values())


@dataclass
class Scored:
    """One capture: frames that matter and those missed by kind, and frames named that show nothing of it."""

    capture: Path
    matter: Counter[str]
    missed: dict[str, list[int]]
    wrong: dict[str, list[int]]
    checked: int
    unchecked: Counter[str]
    sizes: list[int]


async def name_frames(client: Client, capture: str) -> Named:
    """Ask at most three times, and collect the frames that the answers name."""
    named = Named()
    result = await client.call_tool("analyze_tcp_anomalies", {"pcap_file": capture})
    named.sizes.append(len(result.content[0].text))
    answer = result.structured_content
    _collect(named, answer)
    for step in answer.get("next_steps", [])[: MOST_ANSWERS - 1]:
        asked = {key: value for key, value in step.items() if key not in ("tool", "shows")}
        result = await client.call_tool(step["tool"], {"pcap_file": capture, **asked})
        named.sizes.append(len(result.content[0].text))
        rows = [row["frame"] for row in result.structured_content["packets"]]
        named.frames[step["pattern"]] |= {*rows, *result.structured_content["more_frames"]}
    return named


def _collect(named: Named, answer: dict[str, Any]) -> None:
    for standout in answer["standouts"]:
        named.frames[standout["pattern"] or standout["kind"]] |= {*standout["frames"]}
    for pattern in answer.get("patterns", []):
        named.frames[pattern["pattern"]] |= {*pattern["evidence"]["frames"]}
    for kind, listed in answer.get("kinds", {}).items():
        named.frames[kind] |= {*listed["frames"]}
    for finding in answer["health"].get("findings", []):
        named.frames[finding["name"]] |= {*finding["evidence"]["frames"]}


async def score_capture(client: Client, path: Path, name: str, truth: dict[str, Frames]) -> Scored:
    """Compare what answers name with what matters.

    Parameters
    ----------
    client : Client
        Of a server that may read the capture.
    path : Path
        The capture.
    name : str
        As the server knows it.
    truth : dict of str to set of int
        Of the lab: ``resent``, ``traced`` and the other kinds; empty where there is none.
    """
    segments = read_segments(path)
    matter = frames_that_matter(segments)
    matter |= {kind: frames for kind, frames in truth.items() if kind not in ("resent", "traced")}
    if truth:
        matter["resent"] = truth["resent"] & truth["traced"]
        tcp = {segment.frame for segment in segments}
        matter["capture_duplicate"] = truth["capture_duplicate"] & tcp
    named = await name_frames(client, name)
    every = named.all
    by_frame = {segment.frame: segment for segment in segments}
    wrong, checked, unchecked = {}, 0, Counter[str]()
    for what, frames in named.frames.items():
        if what in BY_TRUTH and truth:
            bad = sorted(frames - truth[BY_TRUTH[what]])
        elif what in EVIDENCE:
            bad = sorted(frame for frame in frames if not (frame in by_frame and EVIDENCE[what](by_frame[frame])))
        else:
            unchecked[what] += len(frames)
            continue
        checked += len(frames)
        if bad:
            wrong[what] = bad
    missed = {kind: sorted(frames - every) for kind, frames in matter.items() if frames - every}
    counts = Counter({kind: len(frames) for kind, frames in matter.items() if frames})
    return Scored(path, counts, missed, wrong, checked, unchecked, named.sizes)


def recorded(folders: Sequence[Path]) -> Iterator[tuple[Path, dict[str, Frames]]]:
    """Find captures, with the lab's truth where it lies beside them."""
    sys.path.insert(0, str(ROOT / "data"))
    from lab.scoring import recordings

    for folder in folders:
        with_truth = {found.capture: found.truth for each in _with_folders(folder) for found in recordings(each)}
        for path in sorted(path for path in folder.rglob("*.pcap*") if path.is_file()):
            truth = with_truth.get(path)
            kinds = () if truth is None else [name for name in truth.columns if truth[name].dtype == bool]
            sets = {} if truth is None else {kind: {*truth.index[truth[kind]].tolist()} for kind in kinds}
            yield path, {kind: frames for kind, frames in sets.items() if kind != "needless"}


def _with_folders(folder: Path) -> list[Path]:
    return sorted({path.parent for path in folder.rglob("*.truth.json.gz")})


async def show_naming(folders: Sequence[Path], *, listed: int = 20) -> bool:
    """Print how many of the frames that matter are named, by kind; return whether the bars are reached."""
    from pcapframe.errors import CaptureWarning
    from pcapframe.mcp_server.server import CaptureServer
    from pcapframe.mcp_server.settings import Settings

    warnings.simplefilter("ignore", CaptureWarning)
    scored = []
    async with Client(CaptureServer(Settings(roots=tuple(folders)))) as client:
        for path, truth in recorded(folders):
            scored.append(await score_capture(client, path, str(path), truth))
    matter, missed, unchecked = Counter[str](), Counter[str](), Counter[str]()
    for one in scored:
        matter += one.matter
        missed += Counter({kind: len(frames) for kind, frames in one.missed.items()})
        unchecked += one.unchecked
    heading(f"frames that matter, in at most {MOST_ANSWERS} answers on each of {len(scored)} captures")
    for kind in sorted(matter):
        line(kind, f"{matter[kind] - missed[kind]:,} of {matter[kind]:,} named")
    share = 1 - missed.total() / max(matter.total(), 1)
    reached = [share >= NAMED_BAR]
    figure = f"{100 * share:.2f} %   ({matter.total() - missed.total():,} of {matter.total():,})"
    line("named, of all", figure, f"≥ {100 * NAMED_BAR:g} %", reached[0])
    wrong = sum(len(frames) for one in scored for frames in one.wrong.values())
    reached.append(wrong == 0)
    checked = sum(one.checked for one in scored)
    line("named as evidence, and show nothing of it", f"{wrong:,} of {checked:,}", "0", wrong == 0)
    largest = max((size for one in scored for size in one.sizes), default=0)
    reached.append(largest <= ANSWER_BAR)
    line("largest answer", f"{largest:,} bytes", f"≤ {ANSWER_BAR:,}", reached[-1])
    line("not checked, since no truth is known", ", ".join(sorted(unchecked)))
    for one in [one for one in scored if one.missed or one.wrong][:listed]:
        print(f"  {one.capture.parent.name}/{one.capture.name}: missed {one.missed}, wrong {one.wrong}")
    return all(reached)


if __name__ == "__main__":
    import anyio

    sys.exit(not anyio.run(show_naming, [Path(each).resolve() for each in sys.argv[1:]] or list(FOLDERS)))
