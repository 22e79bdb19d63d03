"""Only connections with an odd packet are judged; the evidence of the others would be the same."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.segments.exchange import ExchangePass
from tests.builders import Conversation, merge, pcap
from tests.segments.exchange.talks import KINDS
from tests.segments.traffic import random_capture

CAPTURES = sorted((Path(__file__).parents[2] / "lab" / "captures").glob("*.pcap.gz"))[::4]


def judged_both_ways(packets: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    made = pf.label_segments(packets)
    with monkeypatch.context() as patch:
        patch.setattr(ExchangePass, "odd_connections", lambda _self, count: np.ones(count, np.bool_))
        whole = pf.label_segments(packets)
    pd.testing.assert_frame_equal(made, whole)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.split(".")[0])
def test_captures_of_the_lab(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged_both_ways(pf.read_pcap(path, progress=False), monkeypatch)


@pytest.mark.parametrize("seed", range(4))
def test_random_traffic(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    judged_both_ways(pf.read_pcap(random_capture(seed, 2_000, damage=0.1), progress=False), monkeypatch)


@pytest.mark.parametrize("kind", KINDS)
def test_most_connections_are_not_odd(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """But those are that begin before the capture."""
    found = []
    real = ExchangePass.odd_connections
    monkeypatch.setattr(
        ExchangePass, "odd_connections", lambda self, count: found.append(real(self, count)) or found[-1]
    )
    talk = Conversation(**KINDS[kind]).handshake(drop=kind == "begins mid-stream").data("client", 100)  # type: ignore[arg-type]
    talk.data("server", 9_000, segment=1_000).ack("client").data("client", 50).ack("server").close().rst("client")
    pf.label_segments(pf.read_pcap(pcap(merge(talk)), progress=False))
    assert found[0].tolist() == [kind == "begins mid-stream"]
