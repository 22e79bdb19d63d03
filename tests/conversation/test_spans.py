"""Spans of one connection's senders: they are without gaps and sum up to the columns of the connection."""

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.conversation import spans as spans_module
from pcapframe.conversation.sender import Senders
from pcapframe.conversation.spans import known_senders, sender_spans
from pcapframe.errors import ParameterError
from tests.builders import Conversation, pcap
from tests.conversation.made import talk


def test_spans_by_hand() -> None:
    made = talk(timestamps=False).data("client", 300).ack("server").data("client", 300, lost=True, after=1)
    made.retransmit("client", after=0.3).ack("server")
    segments = pf.analyze(pf.read_pcap(pcap(made), progress=False)).segments
    spans = sender_spans(segments, 0)
    mine = spans[spans["sender"] == "client"]
    assert mine["state"].tolist() == ["idle", "sending", "idle", "sending", "repairing"]
    lasts = (mine["end"] - mine["start"]).dt.total_seconds()
    assert lasts.tolist() == pytest.approx([0.0001, 0.02, 1, 0.3, 0.02])
    assert spans.loc[spans["sender"] == "server"].empty  # not known: the client resends too many of its segments


@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap"])
def test_spans_sum_up_to_the_columns(name: str) -> None:
    analysis = pf.analyze(pf.example(name), progress=False)
    for conn_id, row in analysis.connections.iterrows():
        spans = sender_spans(analysis.segments, int(conn_id))
        for side in ("client", "server"):
            own = spans[spans["sender"] == side]
            if pd.isna(row[f"{side}_busy_s"]):
                continue
            assert (own["start"].iloc[1:].array == own["end"].iloc[:-1].array).all()
            sums = (own["end"] - own["start"]).dt.total_seconds().groupby(own["state"], observed=False).sum()
            assert sums["idle"] == pytest.approx(row[f"{side}_idle_s"], abs=1e-6)
            assert sums["repairing"] == pytest.approx(row[f"{side}_repairing_s"], abs=1e-6)
            assert sums["window_limited"] == pytest.approx(row[f"{side}_window_limited_s"], abs=1e-6)


def test_nothing_to_tell() -> None:
    segments = pf.analyze(pf.read_pcap(pcap(Conversation().refused()), progress=False)).segments
    assert sender_spans(segments, 0).empty
    with pytest.raises(ParameterError, match="no connection 5"):
        sender_spans(segments, 5)


def test_what_is_known_of_senders_is_the_same_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    senders = Senders(50)
    senders.senders["is_seen"], senders.links["is_unclear"] = rng.random(100) < 0.9, rng.random(50) < 0.2
    senders.senders["answer_ns"] = rng.integers(-1, 2, 100)
    whole = known_senders(senders)
    assert 0 < whole.sum() < whole.size
    monkeypatch.setattr(spans_module, "BLOCK_ROWS", 7)
    assert known_senders(senders).tolist() == whole.tolist()
