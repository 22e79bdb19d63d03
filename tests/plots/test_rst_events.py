import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcapframe as pf
from pcapframe.plots import rst_events
from tests.builders import Conversation
from tests.conftest import examples
from tests.plots.made import example, made

PHASES = {
    "handshake": Conversation().syn().rst("server"),
    "no_data": Conversation().handshake().rst("client"),
    "data": Conversation().handshake().data("client", 10).rst("server"),
    "idle": Conversation().handshake().data("client", 10).wait(2).rst("server", after=0),
    "fin": Conversation().handshake().data("client", 10).fin("client").wait(2).rst("server", after=0),
    "unknown": Conversation().rst("client"),
}


@pytest.mark.parametrize("phase", PHASES)
def test_phase_is_what_came_before(phase: str) -> None:
    assert rst_events(*made(PHASES[phase]))["phase"].tolist() == [phase]


def test_the_rst_after_a_rst_has_a_phase_of_its_own() -> None:
    events = rst_events(*made(Conversation().handshake().rst("server").rst("server", after=0.5).rst("client")))
    assert events["phase"].tolist() == ["no_data", "rst", "rst"]
    assert events["direction"].tolist() == ["from_server", "from_server", "to_server"]
    assert events["source"].tolist() == ["198.51.100.1", "198.51.100.1", "192.0.2.1"]
    assert events.index.tolist() == [4, 5, 6]
    assert events["silent_s"].tolist() == pytest.approx([0.02, 0.5, 0.0001])


def test_silence_is_by_the_threshold() -> None:
    frames = made(PHASES["idle"])
    assert rst_events(*frames, idle_s=2.0)["phase"].tolist() == ["idle"]
    assert rst_events(*frames, idle_s=2.1)["phase"].tolist() == ["data"]


def test_a_syn_with_data_is_still_the_handshake() -> None:
    assert rst_events(*made(Conversation().send("client", "S", 10, seq=0).rst("server")))["phase"].tolist() == [
        "handshake"
    ]


def test_direction_is_unknown_where_roles_are_inferred() -> None:
    frames = made(PHASES["unknown"])
    assert rst_events(*frames)["direction"].tolist() == ["unknown"]
    assert rst_events(*frames, server_given=True)["direction"].tolist() == ["to_server"]


def test_a_copy_is_no_rst() -> None:
    assert len(rst_events(*made(Conversation().handshake().rst("server").duplicate()))) == 1


def test_only_connections_asked_for() -> None:
    segments, connections = made(PHASES["data"], Conversation(client_port=5000).syn().rst("server"))
    events = rst_events(segments, connections.iloc[1:])
    assert events["conn_id"].tolist() == [1]


def test_first_packet_has_no_silence_before_it() -> None:
    assert np.isnan(rst_events(*made(PHASES["unknown"]))["silent_s"].item())


@pytest.mark.parametrize("name", ["resets.pcap", "losses.pcap", "midstream.pcap", "mirrored.pcap.gz"])
def test_counts_are_those_of_the_analysis(name: str) -> None:
    statistics = pf.analyze(pf.example(name)).statistics
    events = rst_events(*example(name))
    assert len(events) == statistics["flags"]["rst"]
    counts = events["direction"].value_counts().to_dict()
    assert counts == statistics["rst_distribution"]["by_direction"]


@settings(max_examples=examples(20))
@given(st.lists(st.sampled_from([*PHASES]), max_size=5))
def test_every_rst_has_its_row_whatever_is_interleaved(phases: list[str]) -> None:
    talks = []
    for number, phase in enumerate(phases):
        talk = Conversation(client_port=40000 + number, start=number / 1000)
        {
            "handshake": lambda t: t.syn().rst("server"),
            "no_data": lambda t: t.handshake().rst("client"),
            "data": lambda t: t.handshake().data("client", 10).rst("server"),
            "idle": lambda t: t.handshake().data("client", 10).wait(2).rst("server", after=0),
            "fin": lambda t: t.handshake().fin("client").rst("server"),
            "unknown": lambda t: t.rst("client"),
        }[phase](talk)
        talks.append(talk)
    events = rst_events(*made(*talks))
    assert sorted(events["phase"]) == sorted(phases)
    assert events.index.is_monotonic_increasing


def test_phases_are_what_was_meant_to_happen() -> None:
    """captures.json says of each connection what the lab did, whatever the packets show."""
    meant = {
        "refused": "handshake",
        "client resets after the handshake": "no_data",
        "server resets after the request": "data",
        "client gives up during a download": "data",
        "client closes, then data reaches its closed socket": "fin",
        "server resets after 2.5 s idle": "idle",
        "client resets after 2.5 s idle": "idle",
        "header not finished: server ends it after 2 s": "idle",
    }
    segments, connections = example("resets.pcap")
    events = rst_events(segments, connections)
    captures = json.loads((pf.example("resets.pcap").parent / "captures.json").read_text(encoding="utf-8"))
    connections_made = captures["resets"]["connections"]
    notes = {tuple(connection["endpoints"]): connection["note"] for connection in connections_made}
    ends = connections[["client", "client_port", "server", "server_port"]].astype(object)
    rows = zip(events["conn_id"], events["phase"], strict=True)
    found = {(notes[tuple(ends.loc[conn_id])], phase) for conn_id, phase in rows}
    assert {(note, phase) for note, phase in found if note in meant} == set(meant.items())
