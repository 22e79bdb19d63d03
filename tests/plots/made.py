"""Captures in memory as the frames that charts take."""

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import pandas as pd

import pcapframe as pf
from tests.builders import Frame, merge, pcap


class Made(NamedTuple):
    """Segments and their connections."""

    segments: pd.DataFrame
    connections: pd.DataFrame


def made(*conversations: Iterable[Frame]) -> Made:
    """Frames of some conversations."""
    segments = pf.label_segments(pf.read_pcap(pcap(merge(*conversations), nanoseconds=True)))
    return Made(segments, pf.build_connections(segments))


@cache
def example(name: str) -> Made:
    """Frames of a capture that ships with the package; do not modify them."""
    analysis = pf.analyze(pf.example(name))
    return Made(analysis.segments, analysis.connections)
