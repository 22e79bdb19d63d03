"""Where connections were captured, and what shows it; by hand and by captures of the lab."""

from pathlib import Path

import pandas as pd
import pytest

import pcapframe as pf
from data.lab.scoring import recordings
from pcapframe.schema import VANTAGE_EVIDENCE, names
from tests.builders import Conversation
from tests.connections.made import connections

CAPTURES = Path(__file__).parent.parent / "lab" / "captures"


def made(to_client: float, to_server: float) -> pd.DataFrame:
    talk = Conversation().syn().syn_ack(after=to_server).ack(after=to_client)
    talk.data("client", 10).ack("server", after=to_server).data("server", 10).ack("client", after=to_client)
    return connections(talk)


@pytest.mark.parametrize(
    ("to_client", "to_server", "client", "server"),
    [
        (0.0001, 0.02, "near_sender", "near_receiver"),
        (0.02, 0.0001, "near_receiver", "near_sender"),
        (0.01, 0.01, "middle", "middle"),
        (0.003, 0.02, "middle", "middle"),
        (0.00002, 0.00003, "unknown", "unknown"),  # as between programs of one host
    ],
)
def test_by_how_soon_each_side_answers(to_client: float, to_server: float, client: str, server: str) -> None:
    frame = made(to_client, to_server)
    seen = pf.vantage_evidence(frame).loc[0]
    assert (seen["client_vantage"], seen["server_vantage"]) == (client, server)
    assert (frame.loc[0, "client_vantage"], frame.loc[0, "server_vantage"]) == (client, server)
    assert seen["to_client_rtt_s"] == pytest.approx(to_client)
    assert seen["to_server_rtt_s"] == pytest.approx(to_server)
    assert seen["to_client_share"] == pytest.approx(to_client / (to_client + to_server))


def test_a_side_that_never_answers_leaves_it_unknown() -> None:
    seen = pf.vantage_evidence(connections(Conversation().syn(lost=True))).loc[0]
    assert seen["client_vantage"] == seen["server_vantage"] == "unknown"
    assert seen[["to_client_rtt_s", "to_server_rtt_s", "to_client_share"]].isna().all()
    one_way = Conversation().handshake(drop=True).data("client", 100).data("client", 100)
    assert pf.vantage_evidence(connections(one_way)).loc[0, "client_vantage"] == "unknown"


def test_columns_are_those_declared() -> None:
    for frame in (made(0.001, 0.02), made(0.001, 0.02).iloc[:0]):
        seen = pf.vantage_evidence(frame)
        assert list(seen.columns) == names(VANTAGE_EVIDENCE)
        assert seen.index.equals(frame.index)
        for column in VANTAGE_EVIDENCE:
            assert str(seen[column.name].dtype) == column.dtype


def test_a_frame_without_the_columns_is_refused() -> None:
    with pytest.raises(pf.ParameterError, match="handshake_rtt_s"):
        pf.vantage_evidence(pd.DataFrame())


def test_captures_of_the_lab_were_made_where_they_say() -> None:
    right = wrong = 0
    for recording in recordings(CAPTURES):
        frame = pf.analyze(recording.capture).connections
        for at_client, client, server in zip(
            frame["client"].isin(recording.senders), frame["client_vantage"], frame["server_vantage"], strict=True
        ):
            ends = ("near_sender", "near_receiver") if at_client else ("near_receiver", "near_sender")
            truth = ("middle", "middle") if recording.point == "middle" else ends
            found = (client, server)
            right += found == truth
            wrong += found not in (truth, ("unknown", "unknown"))
    assert right > 100
    assert wrong == 0
