"""What a capture can and cannot support: findings, and the statistics that each makes unreliable.

A finding is an observation about the capture itself, with its numbers and the packets that show it. It names the
statistics that are not reliable as counted: the number is either a lower bound (*at least*) or *unknown*, and every
text and answer says so beside it. Statistics that no finding names are reliable for the traffic at the capture point.

Each file has a group of findings; its docstring says what is observed and the limits: ``capture_file``,
``captured_segments``, ``capture_clock`` and ``capture_edges``. ``no_segments`` says what is seen of TCP in a capture
without segments. `_registry` lists and summarises the findings, `_api` defines a finding, `_statistics` what can be
unreliable, `_packets` counts packets, `_view` the frames that they share.
"""

from pcapframe.analysis.health._api import CaptureHealth, Finding
from pcapframe.analysis.health._packets import PacketCounts, add_counts, count_packets, cut_in_header
from pcapframe.analysis.health._registry import OF_WHOLE_CAPTURE, examine_capture, examine_packets
from pcapframe.analysis.health._statistics import STATISTICS, Qualifier
from pcapframe.analysis.health._view import READ
from pcapframe.analysis.health.no_segments import explain_no_segments

__all__ = [
    "OF_WHOLE_CAPTURE",
    "READ",
    "STATISTICS",
    "CaptureHealth",
    "Finding",
    "PacketCounts",
    "Qualifier",
    "add_counts",
    "count_packets",
    "cut_in_header",
    "examine_capture",
    "examine_packets",
    "explain_no_segments",
]
