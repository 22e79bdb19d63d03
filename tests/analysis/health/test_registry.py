"""All findings of a capture, and what they come to."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.analysis.health import STATISTICS
from pcapframe.analysis.health._registry import FINDINGS, OF_WHOLE_CAPTURE, ORDER
from pcapframe.analysis.health._view import View
from tests.analysis.health.made import SERVER, whole
from tests.builders import Conversation, Pcapng, merge, packet, pcap, pcapng


def test_a_whole_capture_says_what_it_supports() -> None:
    health = pf.analyze(pcap(whole())).health
    assert health.findings == ()
    assert health.qualifiers == {}
    assert health.sentence.startswith("All statistics are reliable: ")
    assert health.sentence.endswith("The file does not record capture drops.")  # pcap has no counters
    counted = pf.analyze(pcapng(whole(), received=9, dropped=0)).health
    assert counted.findings == ()
    assert "record" not in counted.sentence


def test_only_what_is_there_to_hold_is_said_to_hold() -> None:
    talk = Conversation().handshake().close()
    lone, answered = Conversation(client_port=1).syn(), Conversation(client_port=1, start=9).refused()
    said = {
        (lone,): "no acknowledged byte is missing.",
        (answered,): "both directions were captured, no acknowledged byte is missing, and time runs forward.",
        (talk, Conversation(client_port=1, start=9).syn()): "no acknowledged byte is missing, established connections "
        "begin and end in the capture, and time runs forward.",
    }
    for talks, holds in said.items():
        sentence = pf.analyze(pcap(merge(*talks))).health.sentence
        assert sentence.startswith(f"All statistics are reliable: {holds}")


def test_findings_are_named_and_ordered_as_they_are_registered() -> None:
    older = Conversation(client_port=1, start=1.0).handshake(drop=True).data("client", 100).ack("server").close()
    talk = Conversation(client_port=2, start=2.0).handshake().data("client", 5000).duplicate().ack("server")
    talk.data("client", 700, drop=True).ack("server")
    backwards = (0.5, packet(flags="A", options=b"\x05\x01\x00\x00"))
    with pytest.warns(pf.CaptureWarning):
        shown = pf.analyze(pcapng([*merge(older, talk), backwards], snaplen=60, received=9, dropped=2)[:-5]).health
    named = [found.name for found in shown.findings]
    assert named == [name for name in ORDER if name in named]
    assert len(named) >= 9


def test_what_is_known_of_the_whole_capture_is_not_looked_for_again() -> None:
    older = Conversation(client_port=1, start=1.0).handshake(drop=True).data("client", 100).ack("server").close()
    capture = pcapng([*older, (0.5, packet(flags="A"))], received=9, dropped=2)
    analysis = pf.analyze(capture)
    known = {found.name: found for found in analysis.health.findings}
    again = {found.name: found for found in pf.analyze(analysis, server_ip=SERVER).health.findings}
    assert [name for name in known if name in OF_WHOLE_CAPTURE] == ["dropped_packets", "time_backwards"]
    assert again["dropped_packets"] is known["dropped_packets"]
    assert again["time_backwards"] is known["time_backwards"]
    assert again["open_at_start"] is not known["open_at_start"]


def test_a_filter_leaves_out_what_concerns_others() -> None:
    older = Conversation(client_port=1).handshake(drop=True).data("client", 100).ack("server").close()
    other = whole(5.0, client_port=3, server="198.51.100.9")
    capture = pcapng(merge(older, other), received=9, dropped=2)
    analysis = pf.analyze(capture, server_ip="198.51.100.9")
    assert [found.name for found in analysis.health.findings] == ["dropped_packets"]
    assert [found.name for found in pf.analyze(capture, server_ip=SERVER).health.findings] == [
        "dropped_packets", "open_at_start",
    ]  # fmt: skip


@pytest.mark.parametrize("capture", [pcap([]), pcap([(0, bytes(60))])])
def test_a_capture_without_tcp(capture: bytes) -> None:
    assert "No TCP packets found in this capture." in pf.analyze(capture).health.sentence
    assert "No TCP packets found in this capture." in pf.analyze_tcp_anomalies(capture)["health"]["sentence"]


def test_a_filter_that_matches_nothing() -> None:
    assert pf.analyze(pcap(whole()), server_port=1).health.sentence.startswith("Nothing is selected")


@given(st.lists(st.sampled_from(range(6)), max_size=12), st.integers(0, 2**32))
def test_whatever_is_captured_gives_health(parts: list[int], seed: int) -> None:
    talk = Conversation(client_isn=seed % 2**32)
    steps = (
        talk.syn, lambda: talk.data("client", 3000), lambda: talk.ack("server", drop=True),
        lambda: talk.data("server", 10, drop=True), lambda: talk.ack("client"), talk.duplicate,
    )  # fmt: skip
    for part in parts:
        if part != 5 or talk.frames:
            steps[part]()
    health = pf.analyze(Pcapng().section() + pcapng(talk)[28:] if not talk.frames else pcapng(talk)).health
    assert health.sentence
    json.dumps(health.to_dict(), allow_nan=False)
    assert set(health.qualifiers) <= set(STATISTICS)


def toy(view: View) -> pf.Finding | None:
    """A finding about every capture."""
    count = view.segments
    return pf.Finding("toy", f"{count:,} segments.", {"segments": count}, {"packets": "at least"}, pf.Evidence())


def test_a_new_finding_is_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FINDINGS, "toy", toy)
    for asked in ({}, {"server_ip": SERVER}):
        analysis = pf.analyze(pcap(whole()), **asked)  # type: ignore[arg-type]
        assert [found.name for found in analysis.health.findings] == ["toy"]
        assert analysis.health.qualifiers == {"packets": "at least"}
        assert "! 10 segments." in str(analysis)
        assert "10 segments." in analysis._repr_html_()
        assert pf.analyze_tcp_anomalies(analysis)["health"]["findings"][0]["name"] == "toy"


def test_a_finding_cannot_read_what_is_not_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FINDINGS, "toy", lambda view: toy(view) if view.events["ttl"].any() else None)
    for asked in ({}, {"server_ip": SERVER}):
        with pytest.raises(KeyError, match="ttl"):
            pf.analyze(pcap(whole()), **asked)  # type: ignore[arg-type]
