"""What is said of a packet."""

import numpy as np
import pytest

from pcapframe.browser.packets import describe
from tests.builders import Conversation
from tests.plots.made import example, made


def test_flags_payload_and_labels() -> None:
    talk = Conversation().handshake().data("server", 100).data("server", 200, lost=True).data("server", 300)
    talk.ack("client").retransmit("server", 101, after=0.2)
    said = describe(made(talk).segments, np.array([8, 1, 6]))
    assert said.payload.tolist() == [200, 0, 300]
    assert [said.flag_texts[flags] for flags in said.flags.tolist()] == ["PSH, ACK", "SYN", "PSH, ACK"]
    words = [[name for bit, name in enumerate(said.names) if labels >> bit & 1] for labels in said.labels.tolist()]
    assert "retransmission" in words[0]
    assert "resent" in words[0]
    assert any(word.startswith("reason ") for word in words[0])
    assert words[1:] == [[], []]


def test_there_is_room_for_every_label() -> None:
    segments, _ = example("losses.pcap")
    said = describe(segments, segments.index.to_numpy()[:1])
    assert len(said.names) <= 32


@pytest.mark.parametrize("name", ["losses.pcap", "ipv6.pcapng", "midstream.pcap"])
def test_they_are_those_of_the_columns(name: str) -> None:
    segments, _ = example(name)
    said = describe(segments, segments.index.to_numpy()[::-1])
    backward = segments.iloc[::-1]
    for column in ("duplicate_ack", "zero_window", "resent", "needless"):
        bit = said.names.index(column.replace("_", " "))
        assert (((said.labels >> bit) & 1) == backward[column].fillna(False).to_numpy(bool)).all()
    assert said.payload.tolist() == backward["payload_bytes"].tolist()


def test_no_packets() -> None:
    segments, _ = example("clean.pcap")
    said = describe(segments, np.empty(0, np.int64))
    assert said.flags.size == said.labels.size == 0
