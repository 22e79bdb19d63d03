"""Compare names with those that tshark finds in captures of others.

Run as ``python -m benchmarks.names_of_others [FOLDER]`` from the root of the project; the folder is ../shared/corpus by
default. Prints the connections that differ, and how many were compared.
"""

import sys
from pathlib import Path

import pcapframe as pf
from tests.names.test_watching import compared


def main() -> None:
    """Compare all captures of a folder."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent.parent / "shared" / "corpus"
    total, differing = 0, 0
    for capture in sorted(path for path in folder.rglob("*.pcap*") if path.is_file()):
        try:
            count, wrong = compared(capture)
        except pf.PcapframeError:
            continue
        total += count
        differing += len(wrong)
        for one in wrong:
            print(*one)
    print(f"{total - differing:,} of {total:,} connections have the names and protocols that tshark finds")


if __name__ == "__main__":
    main()
