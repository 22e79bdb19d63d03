import pandas as pd
import pytest

import pcapframe as pf


@pytest.mark.parametrize("name", ["losses.pcap", "mirrored.pcap.gz"])
def test_segments_are_counted_without_them(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    assert analysis.segment_count == len(analysis.segments)
    assert analysis.packet_count == len(analysis.packets)
    assert analysis.keep == "packets"


def test_columns_of_events_are_those_of_their_segments() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"), server_port=80)
    events = analysis.filtered_events("tcp_flags")
    assert 0 < len(events) < len(analysis.filtered_segments)
    pd.testing.assert_frame_equal(events, analysis.filtered_segments.loc[events.index, ["tcp_flags"]], check_like=True)
