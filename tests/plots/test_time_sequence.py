import numpy as np
import pytest
from matplotlib.figure import Figure

from pcapframe.plots import sender_ribbon_data, time_sequence, time_sequence_data
from tests.builders import Conversation
from tests.plots.made import example, made, title_of


def talk(isn: int = 2**32 - 50) -> Conversation:
    """The server sends 300 bytes of which the second hundred is lost, SACKed around and sent again."""
    made_ = Conversation(start=5, server_isn=isn, window_scale=0, window=1000).handshake()
    made_.data("server", 100).data("server", 100, lost=True).data("server", 100)
    made_.ack("client", sack=[(201, 301)]).retransmit("server", 101).ack("client").fin("server").rst("client")
    return made_


@pytest.mark.parametrize("isn", [5000, 2**32 - 50])
def test_marks_of_both_sides(isn: int) -> None:
    data = time_sequence_data(made(talk(isn)).segments)
    spans = {
        kind: list(zip(rows["low"], rows["high"], strict=True)) for kind, rows in data.groupby("kind", observed=True)
    }
    assert spans["segment"] == [(0, 1), (1, 101), (101, 201), (201, 301), (301, 302)]  # SYN, data, FIN
    assert spans["resent"] == [(101, 201)]
    assert spans["sack"] == [(201, 301)]
    assert [low for low, _ in spans["ack"]] == [1, 101, 301]
    assert [high for _, high in spans["window"]] == [1001, 1101, 1301]
    assert spans["fin"] == [(302, 302)]
    assert len(spans["rst"]) == 1
    assert data.attrs["connection"] == "198.51.100.1:80 → 192.0.2.1:40000"
    assert data.attrs["from_client"] is False
    assert data["marks"].sum() == len(data)


def test_the_other_side_may_be_asked_for() -> None:
    data = time_sequence_data(made(talk()).segments, 0, from_client=True)
    assert data.loc[data["kind"] == "segment", "high"].tolist() == [1]
    assert (data["kind"] == "sack").sum() == 0


@pytest.mark.parametrize("name", ["losses.pcap", "clean.pcap", "midstream.pcap", "resets.pcap"])
def test_every_segment_with_payload_has_its_mark(name: str) -> None:
    segments, connections = example(name)
    for conn_id in connections.index[:6]:
        for from_client in (True, False):
            data = time_sequence_data(segments, conn_id=int(conn_id), from_client=from_client)
            counts = data.groupby("kind", observed=False)["marks"].sum()
            side = "client" if from_client else "server"
            assert counts["resent"] == connections.loc[conn_id, f"{side}_resent_segments"]
            assert (data["high"] >= data["low"]).all()
            assert (data["time_s"] >= 0).all()
            sent = segments[(segments["conn_id"] == conn_id) & (segments["from_client"] == from_client)]
            carrying = (sent["payload_bytes"] > 0) | ((sent["tcp_flags"] & 3) > 0)
            assert counts["segment"] + counts["resent"] == carrying.sum()


def test_lines_are_the_numbers() -> None:
    segments = made(talk()).segments
    data = time_sequence_data(segments)
    ax = time_sequence(segments, ax=Figure().subplots())
    drawn = [line.get_xydata().reshape(-1, 3, 2) for line in ax.lines if np.isnan(line.get_ydata()).any()]
    places = np.concatenate(drawn)
    wanted = data[data["kind"].isin(["segment", "resent", "sack"])]
    assert sorted(places[:, 0].tolist()) == sorted(wanted[["time_s", "low"]].to_numpy().tolist())
    assert sorted(places[:, 1].tolist()) == sorted(wanted[["time_s", "high"]].to_numpy().tolist())
    assert np.isnan(places[:, 2, 1]).all()
    assert "seconds since 1970-01-01 00:00:05.000000 UTC" in ax.figure.axes[-1].get_xlabel()


def test_lines_and_marks_stand_at_their_time_and_number() -> None:
    """The SYN-ACK comes at 20 ms, each further packet of a side 0.1 ms after the last; the other side's 20 ms later."""
    ax = time_sequence(made(talk()).segments, ax=Figure(figsize=(8, 5)).subplots())
    lines = {line.get_label(): np.round(np.asarray(line.get_xydata(), float), 6).tolist() for line in ax.lines}
    assert lines["acknowledged (3)"] == [[0.0201, 1], [0.0404, 101], [0.0605, 301]]
    assert lines["window (3)"] == [[0.0201, 1001], [0.0404, 1101], [0.0605, 1301]]
    assert lines["segment (5)"] == [[0.02, 0], [0.0401, 1], [0.0402, 101], [0.0403, 201], [0.0805, 301]]
    assert lines["retransmitted (1)"] == [[0.0604, 101]]
    assert lines["SACK (1)"] == [[0.0404, 201]]
    marks = {drawn.get_label(): np.round(np.asarray(drawn.get_offsets()), 6).tolist() for drawn in ax.collections}
    assert marks == {"FIN (1)": [[0.0805, 302]], "RST (1)": [[0.0806, 302]]}
    assert title_of(ax) == (
        "Time–sequence graph connection 0: 198.51.100.1:80 → 192.0.2.1:40000, 11 segments both ways"
    )


def repairing() -> Conversation:
    """The client is idle for 1 s, busy for 0.3 s before it resends, and repairing for a round trip of 20 ms."""
    made_ = Conversation(rtt=0.02, timestamps=False).handshake().data("client", 300).ack("server")
    return made_.data("client", 300, lost=True, after=1).retransmit("client", after=0.3).ack("server")


def test_the_ribbon_says_what_the_sender_was_doing() -> None:
    segments = made(repairing()).segments
    ribbon = sender_ribbon_data(segments, 0, from_client=True)
    assert ribbon["state"].tolist() == ["idle", "sending", "idle", "sending", "repairing"]
    lasted = ribbon["end_s"] - ribbon["start_s"]
    assert lasted.tolist() == pytest.approx([0.0001, 0.02, 1, 0.3, 0.02])
    assert ribbon["start_s"].iloc[0] == pytest.approx(0.0201)  # the handshake was complete
    ax = time_sequence(segments, ax=Figure(figsize=(8, 5)).subplots())
    below = ax.figure.axes[1]
    spans = {
        str(bars.get_label()): [(path.vertices[:, 0].min(), path.vertices[:, 0].max()) for path in bars.get_paths()]
        for bars in below.collections
    }
    assert list(spans) == ["sending (23.9 %)", "repairing (1.5 %)", "idle (74.6 %)"]
    assert spans["repairing (1.5 %)"] == [pytest.approx((1.3402, 1.3602), abs=1e-3)]
    assert below.get_xlabel().startswith("seconds since")


def test_no_ribbon_where_it_is_not_known() -> None:
    segments = made(Conversation().syn().retransmit("client", after=1)).segments
    assert sender_ribbon_data(segments, 0, from_client=True).empty
    ax = time_sequence(segments, ax=Figure(figsize=(8, 5)).subplots())
    assert len(ax.figure.axes) == 1


def test_a_long_ribbon_is_joined() -> None:
    talk_ = Conversation(timestamps=False).handshake()
    for _ in range(1500):
        talk_.data("client", 10, after=0.05).ack("server")
    segments = made(talk_).segments
    ribbon = sender_ribbon_data(segments, 0, from_client=True)
    assert 1000 < len(ribbon) <= 2001
    assert ribbon["start_s"].iloc[1:].to_numpy() == pytest.approx(ribbon["end_s"].iloc[:-1].to_numpy())
