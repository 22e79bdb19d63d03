"""Connections out of conversations, for the tests of this folder."""

from collections.abc import Iterable

import pandas as pd

import pcapframe as pf
from tests.builders import Frame, merge, pcap


def connections(*conversations: Iterable[Frame]) -> pd.DataFrame:
    """Connections frame of some conversations, captured together."""
    return pf.build_connections(segments(*conversations))


def connection(*conversations: Iterable[Frame]) -> pd.Series:
    """Row of the only connection."""
    made = connections(*conversations)
    assert len(made) == 1
    return made.iloc[0]


def segments(*conversations: Iterable[Frame]) -> pd.DataFrame:
    """Segments frame of some conversations, captured together."""
    return pf.label_segments(pf.read_pcap(pcap(merge(*conversations)), progress=False))
