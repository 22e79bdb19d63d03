"""The second point of the benchmark has what its docstring says, and the join finds it."""

from pathlib import Path

import pytest

import pcapframe as pf
from benchmarks.clock_bounds import QUEUES, one_path
from benchmarks.make_capture import make_capture
from benchmarks.make_transfer import make_transfer
from benchmarks.second_point import points


@pytest.mark.parametrize("make", [make_capture, make_transfer])  # of either byte order
def test_what_is_sent_again_was_lost_before(make, tmp_path: Path):
    make(tmp_path / "first.pcap", packets=3_000)
    made = pf.join_captures(points(tmp_path, tmp_path / "first.pcap"))
    first = made.analyses["client"].segments
    alike = first.duplicated(["conn_id", "from_client", "rel_seq"], keep="last") & first["from_client"]
    lost = first.index[alike & (first["payload_bytes"] > 0)]
    rows = made.segments.set_index("frame_client")
    assert lost.size
    assert (rows.loc[lost, "fate"] == "lost_between").all()
    assert (rows["fate"] == "passed").mean() > 0.99
    assert made.points.loc["server", "offset_s"] == pytest.approx(37, abs=0.001)


def test_bounds_of_clocks_stand_in_order():
    """What is stated without the drift is no narrower than with it, and no wider than all lines."""
    found = one_path(QUEUES["exponential"], 1)
    assert 0 < found.known_width <= found.width <= found.all_width
    assert found.holds
