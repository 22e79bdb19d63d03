"""The connections frame as a whole."""

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.connections import table
from pcapframe.schema import CONNECTIONS, names
from tests.builders import Conversation
from tests.connections.made import connections, segments


def check_columns(frame: pd.DataFrame) -> None:
    assert list(frame.columns) == names(CONNECTIONS)
    for column in CONNECTIONS:
        assert str(frame[column.name].dtype) == column.dtype, column.name


def test_columns_and_dtypes() -> None:
    made = connections(
        Conversation().handshake().close(), Conversation(client="2001:db8::1", server="2001:db8::2").syn()
    )
    check_columns(made)
    assert made.index.name == "conn_id"
    assert made.index.tolist() == [0, 1]


def test_nothing_gives_the_same_columns() -> None:
    made = connections()
    assert len(made) == 0
    check_columns(made)


def test_identity_and_roles() -> None:
    made = connections(
        Conversation(client_port=40001).handshake(),
        Conversation(client_port=40002, start=1.0).syn(drop=True).syn_ack().ack(),
        Conversation(client_port=40003, start=2.0).syn(drop=True).syn_ack(drop=True).ack().data("client", 9),
    )
    assert made["roles"].tolist() == ["syn", "syn_ack", "inferred"]
    assert made["client"].tolist() == ["192.0.2.1"] * 3
    assert made["client_port"].tolist() == [40001, 40002, 40003]
    assert set(made["server_port"]) == {80}
    assert made["client"].dtype == made["server"].dtype


@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap"])
def test_fed_together_or_some_at_a_time_the_measures_find_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = pf.label_segments(pf.read_pcap(pf.example(name)))
    monkeypatch.setattr(table, "FEW_SEGMENTS", 0)
    together = pf.build_connections(found)
    monkeypatch.setattr(table, "FEW_SEGMENTS", len(found) + 1)
    pd.testing.assert_frame_equal(pf.build_connections(found), together)


def test_a_selection_gives_the_connections_in_it() -> None:
    whole = segments(*(Conversation(client_port=40000 + i, start=float(i)).handshake() for i in range(5)))
    some = pf.build_connections(whole[whole["conn_id"].isin([1, 3])])
    assert some.index.tolist() == [1, 3]
    pd.testing.assert_frame_equal(some, pf.build_connections(whole).loc[[1, 3]])


def test_a_missing_column_is_named() -> None:
    with pytest.raises(pf.ParameterError, match="conn_id"):
        pf.build_connections(segments(Conversation().syn()).drop(columns="conn_id"))


@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap", "ipv6.pcapng", "midstream.pcap", "mirrored.pcap.gz"])
def test_counts_sum_to_the_segments(name: str) -> None:
    segments = pf.label_segments(pf.read_pcap(pf.example(name), progress=False))
    made = pf.build_connections(segments)

    def total(column: str) -> int:
        return int(made[f"client_{column}"].sum() + made[f"server_{column}"].sum())

    assert total("packets") == len(segments)
    assert total("payload_bytes") == segments["payload_bytes"].sum()
    assert total("resent_segments") == segments["resent"].sum()
    assert total("gap_bytes") == segments["capture_gap"].sum()
    assert total("reordered_segments") == segments["reordered"].sum()
    assert np.array_equal(made.index, np.arange(segments["conn_id"].max() + 1))
