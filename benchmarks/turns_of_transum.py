"""Compare turns with those that Wireshark's TRANSUM finds in captures of others.

Run as ``python -m benchmarks.turns_of_transum [FOLDER]`` from the root of the project; the folder is ../shared/corpus
by default. Needs tshark. Prints turns that differ, and the share of those with equal frames and equal service time
beside the limit. What TRANSUM is known to do otherwise is left out: see the Notes of `pcapframe.turns`. Exits with 1 if
a share is below the limit, or if there was nothing to compare.
"""

import sys
import warnings
from pathlib import Path

import pcapframe as pf
from tests.conversation.transum import compared

BAR = 0.995
MOST_BYTES = 30_000_000  # of a capture: tshark takes minutes for larger ones


def main() -> bool:
    """Compare all captures of a folder; return whether the limit is met."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent.parent / "shared" / "corpus"
    turns = frames = times = 0
    warnings.simplefilter("ignore", pf.CaptureWarning)
    for capture in sorted(path for path in folder.rglob("*.*cap*") if path.is_file()):
        if capture.stat().st_size > MOST_BYTES:
            continue
        try:
            found = compared(capture)
        except pf.PcapframeError:
            continue
        turns += found.turns
        frames += len(found.other_frames)
        times += len(found.other_service)
        if found.unequal:
            print(f"{capture.name}: frames {found.other_frames}, service time {found.other_service}")
    for what, count in (("frames", turns - frames), ("frames and service time", turns - frames - times)):
        print(f"equal {what}: {count:,} of {turns:,} ({count / max(turns, 1):.2%}, limit {BAR:.1%})")
    return turns > 0 and turns - frames - times >= BAR * turns


if __name__ == "__main__":
    sys.exit(not main())
