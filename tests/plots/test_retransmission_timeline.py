import numpy as np
import pytest
from matplotlib.figure import Figure

from pcapframe.plots import retransmission_timeline, retransmission_timeline_data
from pcapframe.schema import RESEND_REASONS
from tests.builders import Conversation
from tests.plots.made import example, made


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
