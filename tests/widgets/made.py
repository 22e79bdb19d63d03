"""Analyses that the tests of the explorer share."""

from functools import cache
from pathlib import Path

import pcapframe as pf
from pcapframe.widgets import ExplorerState

CAPTURES = Path(__file__).parent.parent.parent / "data"


@cache
def analysis(name: str = "resets.pcap") -> pf.Analysis:
    """Analyse a capture of data/, once."""
    return pf.analyze(CAPTURES / name)


def state(name: str = "resets.pcap") -> ExplorerState:
    return ExplorerState(analysis(name))
