import pandas as pd
import pytest

import pcapframe as pf


@pytest.mark.parametrize("name", ["losses.pcap", "mirrored.pcap.gz"])
def test_segments_are_counted_without_them(name: str) -> None:
    analysis = pf.analyze(pf.example(name))
    assert analysis.segment_count == len(analysis.segments)
    assert analysis.packet_count == len(analysis.packets)
    assert analysis.keep == "packets"


def test_columns_of_events_are_those_of_all_where_all_are_kept() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"), server_port=80)
    pd.testing.assert_frame_equal(
        analysis.filtered_events("tcp_flags"), analysis.filtered_segments[["tcp_flags"]], check_like=True
    )
