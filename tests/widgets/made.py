"""Analyses that the tests of the explorer share."""

from functools import cache

import pcapframe as pf
from pcapframe.widgets import ExplorerState


@cache
def analysis(name: str = "resets.pcap") -> pf.Analysis:
    return pf.analyze(pf.example(name))


def state(name: str = "resets.pcap") -> ExplorerState:
    return ExplorerState(analysis(name))
