"""The facts about several captures read as one."""

import pandas as pd
import pytest

from pcapframe.capture.pcapng import MOST_INTERFACES
from pcapframe.facts import capture_info, count_by_interface, interface_of
from pcapframe.packets import read_pcap
from tests.builders import Pcapng, packet, pcap

NG = Pcapng()


def test_interfaces_of_merged_captures_are_those_of_the_info():
    one = NG.section() + NG.interface(name="a") + NG.interface(name="b") + NG.enhanced(1, packet(), interface=1)
    two = NG.section() + NG.interface(name="c") + NG.enhanced(2, packet())
    found = read_pcap([one, pcap([(3, packet())]), two])
    interfaces = capture_info(found).interfaces
    assert [interface["name"] for interface in interfaces] == ["a", "b", "c"]
    told = dict(zip(found["source"], found["interface"], strict=True))
    assert told == {0: 1, 1: pd.NA, 2: 2}
    assert count_by_interface(found) == [0, 1, 1]
    assert count_by_interface(read_pcap(pcap([(3, packet())]))) == []


@pytest.mark.filterwarnings("ignore:.*the first 1,000 are listed:pcapframe.errors.CaptureWarning")
def test_interfaces_of_merged_captures_stand_at_their_numbers_or_not_at_all():
    many = NG.section() + NG.interface(link_type=101) * 1200 + NG.enhanced(1, packet()[14:], interface=1150)
    one = NG.section() + NG.interface(name="c", link_type=113) + NG.interface(name="d") + NG.enhanced(2, packet())
    found = read_pcap([many, one])
    info = capture_info(found)
    assert (len(info.interfaces), info.interfaces_total) == (MOST_INTERFACES, 1202)
    assert {interface["name"] for interface in info.interfaces} == {""}
    assert found["interface"].tolist() == [1150, 1200]
    assert len(count_by_interface(found)) == MOST_INTERFACES
    assert interface_of(info, 0, 1150)["link_type_number"] == 101
    assert interface_of(info, 1, 1200)["name"] == "c"


def test_sums_and_edges_of_several():
    info = capture_info(read_pcap([pcap([(5, packet())]), pcap([(2, packet())])]))
    assert (info.packets, info.first_time, info.last_time) == (
        2,
        "1970-01-01T00:00:02+00:00",
        "1970-01-01T00:00:05+00:00",
    )
    assert [one["packets"] for one in info.captures] == [1, 1]
