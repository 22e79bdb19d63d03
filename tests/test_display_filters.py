"""Display filters; tests/analysis and tests/mcp_server hold them against tshark."""

import numpy as np
import pandas as pd
import pytest

from pcapframe.display_filters import captured_frames, endpoint_filter, frame_filter
from pcapframe.measures import without_attrs


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([], None),
        ([7], "frame.number in {7}"),
        ([7, 8], "frame.number in {7, 8}"),
        ([1, 2, 3, 9, 11, 12, 13, 14], "frame.number in {1..3, 9, 11..14}"),
    ],
)
def test_frame_filter(frames: list[int], expected: str | None) -> None:
    assert frame_filter(frames) == expected


def test_frames_that_hold_several_packets_have_the_numbers_of_the_capture() -> None:
    packets = pd.DataFrame({"source_frame": [1, 2, 2, 2, 3, 4]}, pd.RangeIndex(1, 7, name="frame"))
    packets.attrs["capture"] = {"captures": [], "packets": 4, "rows": 6}
    for frame in (packets, without_attrs(packets), without_attrs(packets).iloc[1:]):
        frames = captured_frames(frame, np.array([3, 4, 6]))
        assert frames == [3, 4, 6]
        assert frame_filter(frames) == "frame.number in {2, 4}"
        assert frame_filter(frames[1:]) == "frame.number in {2, 4}"
    packets.attrs["capture"] |= {"captures": [{}, {}]}  # merged: the numbers of the merged capture
    assert frame_filter(captured_frames(packets, [3, 4])) == "frame.number in {3, 4}"
    packets.attrs["capture"] = {"captures": [], "packets": 6, "rows": 6}
    assert frame_filter(captured_frames(packets, [3, 4])) == "frame.number in {3, 4}"


def test_endpoint_filter() -> None:
    assert endpoint_filter("192.0.2.1", 80) == "ip.addr == 192.0.2.1 && tcp.port == 80"
    assert endpoint_filter("2001:db8::1") == "ipv6.addr == 2001:db8::1 && tcp"
