"""Parts of a capture that were analysed apart."""

import numpy as np
import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.analysis.parts import Part, merge_parts
from pcapframe.events import gather_events
from pcapframe.patterns import Traffic, columns_read, observed_in


def part_of(packets: pd.DataFrame) -> Part:
    segments = pf.label_segments(packets)
    connections = pf.build_connections(segments)
    rows, totals = gather_events(segments, connections)
    return Part(connections, segments.iloc[rows], totals)


def key(packets: pd.DataFrame) -> np.ndarray:
    """The same number for both directions of a connection."""
    ends = [packets[side].astype(str) + "/" + packets[f"{side}_port"].astype(str) for side in ("src", "dst")]
    hashes = [pd.util.hash_array(end.to_numpy(object)) for end in ends]
    return hashes[0] ^ hashes[1]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", ["losses.pcap", "resets.pcap"])
def test_parts_say_what_the_whole_says(name: str, count: int) -> None:
    packets = pf.read_pcap(pf.example(name))
    packets = packets[packets["protocol"] == "TCP"]  # ICMP errors are put together apart
    number = key(packets) % np.uint64(count)

    merged = merge_parts([part_of(packets[number == one]) for one in range(count)])

    whole = part_of(packets)
    assert merged.events.index.tolist() == whole.events.index.tolist()
    assert merged.events["conn_id"].tolist() == whole.events["conn_id"].tolist()
    pd.testing.assert_frame_equal(merged.connections, whole.connections, check_categorical=False)
    seen = [
        observed_in(Traffic(part.events, part.connections, totals=part.totals, reads=columns_read()))
        for part in (merged, whole)
    ]
    assert seen[0] == seen[1]
    assert seen[0]
