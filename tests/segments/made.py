"""Segments out of conversations, for the tests of this folder."""

from collections.abc import Iterable

import pandas as pd

import pcapframe as pf
from tests.builders import Frame, merge, pcap


def segments(*conversations: Iterable[Frame]) -> pd.DataFrame:
    """Segments frame of some conversations, captured together; frames count from 1 in order of time."""
    return pf.label_segments(pf.read_pcap(pcap(merge(*conversations)), progress=False))


def where(frame: pd.DataFrame, column: str) -> list[int]:
    """Frame numbers at which a column is set."""
    return [int(number) for number in frame.index[frame[column].fillna(False).astype(bool)]]
