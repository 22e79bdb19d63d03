"""Turns out of conversations, for the tests of this folder."""

from collections.abc import Iterable

import pandas as pd

import pcapframe as pf
from tests.builders import Conversation, Frame, merge, pcap


def turns(*conversations: Iterable[Frame]) -> pd.DataFrame:
    """Turns of some conversations, captured together."""
    return pf.turns(pf.analyze(pf.read_pcap(pcap(merge(*conversations)), progress=False)))


def talk(**options: object) -> Conversation:
    """A handshake with 20 ms from the capture point to the server and back: frames 1 to 3."""
    return Conversation(rtt=0.02, **options).handshake()  # type: ignore[arg-type]
