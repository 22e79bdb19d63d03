import numpy as np
import pytest
from matplotlib.figure import Figure

from pcapframe.plots import retransmission_timeline, retransmission_timeline_data
from pcapframe.schema import RESEND_REASONS
from tests.builders import Conversation
from tests.plots.made import areas, example, made, seconds_of, title_of


def lossy() -> Conversation:
    """25 segments of data from the server; the client's SYN and the server's last segment are sent again."""
    talk = Conversation(start=10).syn(lost=True).retransmit("client", after=1.0).syn_ack().ack()
    talk.data("server", 25_000, segment=1000, lost=True)
    return talk.retransmit("server", after=0.5)


def test_resends_and_what_they_are_a_share_of() -> None:
    data = retransmission_timeline_data(*made(lossy()))
    assert data.attrs["resent"] == {"client": 1, "server": 1}
    assert data.attrs["sent"] == {"client": 2, "server": 27}  # SYNs; SYN-ACK, 25 segments, one of them again
    assert data["resent"].sum() == 2
    assert data["sent"].sum() == 29
    assert data["syn_retry"].sum() == 1
    by_side = data.groupby(level="side")["resent"].sum()
    assert by_side.to_dict() == {"client": 1, "server": 1}


def test_a_rate_has_its_interval_and_enough_to_be_one() -> None:
    data = retransmission_timeline_data(*made(lossy()))
    has_rate = data["rate"].notna()
    assert (has_rate == ((data["sent"] >= 20) | (data["resent"] > 0))).all()
    rates = data[has_rate]
    assert len(rates) >= 2  # the SYN that is sent again is alone in its time
    assert (rates["rate"] == rates["resent"] / rates["sent"]).all()
    assert (rates["rate_low"] <= rates["rate"] + 1e-12).all()
    assert (rates["rate"] <= rates["rate_high"] + 1e-12).all()


@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap"])
def test_rates_and_their_intervals_are_within_the_scale(name: str) -> None:
    frames = example(name)
    data = retransmission_timeline_data(*frames)
    _, rate, _ = retransmission_timeline(*frames, ax=Figure().subplots()).figure.axes
    some = data[data["resent"] > 0]
    assert rate.get_ylim()[1] >= some["rate_high"].max()
    shown = np.concatenate([line.get_ydata() for line in rate.lines])
    assert np.count_nonzero(shown > 0) == len(some)


def test_copies_count_neither_way() -> None:
    talk = Conversation().handshake().data("client", 10).duplicate()
    assert retransmission_timeline_data(*made(talk)).attrs["sent"] == {"client": 2, "server": 1}


@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap", "mirrored.pcap.gz", "midstream.pcap"])
def test_counts_are_those_of_the_connections(name: str) -> None:
    segments, connections = example(name)
    data = retransmission_timeline_data(segments, connections)
    for side in ("client", "server"):
        of_side = data.xs(side, level="side")
        assert of_side["resent"].sum() == connections[f"{side}_resent_segments"].sum() == data.attrs["resent"][side]
        assert of_side["sent"].sum() == data.attrs["sent"][side]
        rates = connections[f"{side}_resend_rate"]
        sent = (connections[f"{side}_resent_segments"] / rates).where(rates > 0)
        assert data.attrs["sent"][side] >= np.nansum(sent.round())
    reasons = data[list(RESEND_REASONS)]
    assert (reasons.sum(axis="columns") == data["resent"]).all()


def test_panels_show_the_rate_and_its_denominator() -> None:
    frames = example("losses.pcap")
    data = retransmission_timeline_data(*frames)
    figure = Figure(layout="constrained")
    ax = retransmission_timeline(*frames, ax=figure.subplots())
    main, rate, sent = figure.axes
    assert main is ax
    drawn = [patch.get_data() for patch in ax.patches]
    assert sum(abs(float((step.values - step.baseline).sum())) for step in drawn) == data["resent"].sum()
    for line, side in zip(rate.lines, ("client", "server"), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), data.xs(side, level="side")["rate"])
    assert sum(float(patch.get_data().values.sum()) for patch in sent.patches) == data["sent"].sum()
    assert "15 of 380" in ax.get_title(loc="left")


def test_areas_and_lines_stand_where_and_when_segments_were_sent() -> None:
    """SYNs at 10 and 11 s, SYN-ACK at 11.02, 25 segments until 11.043, the last of them again half a second later."""
    ax = retransmission_timeline(*made(lossy()), ax=Figure(figsize=(8, 5)).subplots())
    _, rate, sent = ax.figure.axes
    assert areas(ax) == [("SYN retry", {11: 1}), ("tail probe", {11.54: -1})]
    assert [heights for _, heights in areas(sent)] == [{10: 1, 11: 1}, {11.02: 1, 11.04: 25, 11.54: 1}]
    lines = {}
    for line in rate.lines:
        places = zip(seconds_of(line.get_xdata()), np.asarray(line.get_ydata(), float), strict=True)
        lines[line.get_label()] = {x: y for x, y in places if y >= 0}
    assert lines == {"from clients": {11.01: 1}, "from servers": {11.05: 0, 11.55: 1}}
    # Wilson's interval of 0 of 25 ends at z²/(25 + z²), that of 1 of 1 begins at 1/(1 + z²); z = 1.96.
    (_, client), (_, server) = areas(rate)
    assert client[11] == server[11.54] == pytest.approx(1 - 1 / (1 + 1.96**2), abs=1e-4)
    assert server[11.04] == pytest.approx(1.96**2 / (25 + 1.96**2), abs=1e-4)
    assert title_of(ax) == ("Retransmitted segments clients 1 of 2 segments with payload, SYN or FIN, servers 1 of 27")
    assert (ax.get_ylabel(), sent.get_ylabel()) == ("retransmitted\nin 20 ms", "segments")
