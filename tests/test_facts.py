"""Facts about a capture: plain values, of several captures too, shown to a reader within bounds."""

import dataclasses
import json

import pandas as pd
import pytest

from pcapframe.errors import CaptureWarning, ParameterError
from pcapframe.facts import CaptureInfo, capture_info, interface_of
from pcapframe.packets import read_pcap
from tests.builders import ARP, Conversation, Pcapng, ethernet, packet, pcap, pcapng

NG = Pcapng()
MIXED = [(0.001, packet()), (0.002, packet("2001:db8::1", "2001:db8::2")), (0.005, ethernet(bytes(28), ARP))]


def test_capture_facts_are_plain_json():
    with pytest.warns(CaptureWarning, match="cut off"):
        found = read_pcap(pcapng(MIXED, comment="x", comments={1: "y"}, name="eth0", received=9, dropped=1)[:-2])
    facts = found.attrs["capture"]
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert CaptureInfo(**facts) == capture_info(found)
    assert capture_info(found[found["protocol"] == "ARP"]).packets == len(MIXED)


def test_facts_of_a_frame_from_elsewhere():
    with pytest.raises(ParameterError, match="expected what read_pcap returned"):
        capture_info(pd.DataFrame({"seq": [1]}))


def test_of_a_file_with_several_link_types_and_no_interfaces_nothing_is_known():
    with pytest.warns(CaptureWarning, match="2 captures"):
        packets = read_pcap(pcap([(1, packet())]) + pcap([(1, packet()[14:])], link_type=101))
    with pytest.raises(ParameterError, match="has several link types and no interfaces"):
        interface_of(capture_info(packets), 0, None)


def test_an_interface_that_is_not_listed_has_no_known_link_type_among_several():
    capture = NG.section() + NG.interface() * 1200 + NG.interface(link_type=101)
    with pytest.warns(CaptureWarning, match="the first 1,000 are listed"):
        info = capture_info(read_pcap(capture + NG.enhanced(1, packet(), interface=1200)))
    with pytest.raises(ParameterError, match="interface 1,200 is not among the first 1,000"):
        interface_of(info, 0, 1200)


def test_facts_of_an_older_version_are_read():
    found = read_pcap(pcap(MIXED))
    added = {"link_type_numbers", "link_types_total", "interfaces_total", "comments_total", "notes_total", "rows"}
    found.attrs["capture"] = {name: value for name, value in found.attrs["capture"].items() if name not in added}
    assert capture_info(found).link_types == ["Ethernet"]


def test_texts_of_any_length_are_shown_within_bounds():
    with pytest.warns(CaptureWarning, match="comments"):
        found = read_pcap(pcapng([(0, b"")] * 40, comments=dict.fromkeys(range(1, 41), "c" * 60_000)))
    info = capture_info(found)
    assert len(str(info)) < 5_000
    assert info.facts()["comment on frame 1"] == "c" * 500 + "… (60,000 characters)"
    assert info.facts()["comments"] == "40 in all"
    assert len(info._repr_html_()) < 5_000


def test_facts_of_a_capture_are_shown_escaped() -> None:
    hostile = "<script>alert(1)</script>\x1b[31m"
    info = dataclasses.replace(
        capture_info(read_pcap(pcapng(Conversation().handshake(), comments={1: hostile, 2: "second"}))),
        name=hostile,
        notes=[hostile],
    )
    shown = info._repr_html_()
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") == 3
    assert "\x1b" not in str(info)
    assert "comment on frame 2" in str(info)
    assert "comment on frame 1" in info.facts()


def test_only_some_comments_are_shown_with_how_many_there_are() -> None:
    talk = list(Conversation().handshake().data("client", 100).close())
    facts = capture_info(read_pcap(pcapng(talk, comments={n: f"number {n}" for n in range(1, 7)}))).facts()
    assert facts["comments"] == "6 in all"
    assert sum(label.startswith("comment on") for label in facts) == 5
