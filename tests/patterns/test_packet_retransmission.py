import pytest

from pcapframe.patterns.packet_retransmission import PacketRetransmissionLimits, notable, observe
from tests.builders import Conversation
from tests.patterns.views import healthy, view

LIMITS = PacketRetransmissionLimits()


def lossy(number: int = 1, times: int = 1) -> Conversation:
    """Six packets, then the first data is sent again (frame 7, each 0.3 s later)."""
    talk = Conversation(client_port=number, start=number).handshake()
    talk.data("client", 100, lost=True).data("client", 100).ack("server")
    for _ in range(times):
        talk.retransmit("client", 1, after=0.3)
    return talk


def test_one_resent_segment() -> None:
    seen = observe(view(lossy()), LIMITS)
    assert seen is not None
    found = seen.observations
    assert found["total_retransmissions"] == 1
    assert found["total_packets"] == 7
    assert found["rate"] == pytest.approx(1 / 7)
    assert found["rate_low"] < 1 / 7 < found["rate_high"]
    assert found["threshold"] == 0.02
    assert found["exceeds_threshold"] is True
    assert found["by_connection"] == {"192.0.2.1:1 <-> 198.51.100.1:80": 1}
    assert (found["by_connection_total"], found["connections"]) == (1, 1)
    assert (found["from_client"], found["from_server"]) == (1, 0)
    assert found["resent_bytes"] == 100
    assert sum(found["by_reason"].values()) == 1
    assert (found["wireshark_total"], found["only_wireshark"], found["only_evidence"]) == (1, 0, 0)
    assert seen.evidence.frames == (7,)


def test_rate_below_the_threshold_is_still_reported() -> None:
    seen = observe(view(lossy(), *healthy(10, start=5)), LIMITS)
    assert seen is not None
    assert seen.observations["rate"] == pytest.approx(1 / 107)
    assert seen.observations["exceeds_threshold"] is False
    lower = observe(view(lossy(), *healthy(10, start=5)), PacketRetransmissionLimits(rate=0.005))
    assert lower is not None
    assert lower.observations["exceeds_threshold"] is True


def test_connections_that_reuse_endpoints_are_summed() -> None:
    again = Conversation(client_port=1, start=100, client_isn=70_000, server_isn=90_000).handshake()
    again.data("client", 100, lost=True).data("client", 100).ack("server").retransmit("client", 1, after=0.3)
    seen = observe(view(lossy(times=2), lossy(2), again), LIMITS)
    assert seen is not None
    assert seen.observations["by_connection"] == {
        "192.0.2.1:1 <-> 198.51.100.1:80": 3,
        "192.0.2.1:2 <-> 198.51.100.1:80": 1,
    }
    assert (seen.observations["by_connection_total"], seen.observations["connections"]) == (2, 3)


def test_notable_is_data_whose_interval_is_above_the_threshold() -> None:
    one = observe(view(lossy()), LIMITS)  # 1 of 3 segments with payload: 6.1 to 79.2 %
    assert one is not None
    assert (one.observations["data_retransmissions"], one.observations["data_packets"]) == (1, 3)
    assert one.observations["data_rate_low"] == pytest.approx(0.0615, abs=1e-4)
    stated = notable(one.observations)
    assert stated is not None
    assert stated.type == "high_retransmission"
    assert stated.detail == (
        "1 of 3 segments with payload (33.3 %, 95 % interval 6.1 % to 79.2 %) was retransmitted; the interval is above "
        "the threshold of 2.0 %"
    )
    few = observe(view(lossy(), *healthy(10, start=5)), LIMITS)  # 1 of 23, 4.3 %: the interval begins at 0.8 %
    assert few is not None
    assert few.observations["data_rate"] > 0.02
    assert notable(few.observations) is None


def test_retries_of_syns_and_fins_are_stated_apart() -> None:
    talk = Conversation().syn().syn(after=1).syn(after=2).syn_ack().ack().fin("client").retransmit("client", after=1)
    seen = observe(view(talk), LIMITS)
    assert seen is not None
    names = ("total_retransmissions", "data_retransmissions", "data_packets", "syn_retries", "fin_retries")
    assert [seen.observations[name] for name in names] == [3, 0, 0, 2, 1]
    assert seen.observations["exceeds_threshold"] is True
    assert notable(seen.observations) is None
    both = observe(view(talk, lossy(number=7)), LIMITS)
    assert both is not None
    stated = notable(both.observations)
    assert stated is not None
    assert stated.detail.endswith("the threshold of 2.0 %; apart from these, 2 SYN retries and 1 FIN retry")


def test_copies_and_keep_alives_are_none() -> None:
    talk = Conversation().handshake().data("client", 100).duplicate().ack("server").keep_alive("client", 1, after=30)
    assert observe(view(talk), LIMITS) is None


def test_nothing_resent() -> None:
    assert observe(view(*healthy(3)), LIMITS) is None
