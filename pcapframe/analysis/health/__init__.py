"""What a capture can and cannot support: findings, and the statistics that each makes unreliable.

A finding is an observation about the capture itself, with its numbers and the packets that show it. It names the
statistics that are not reliable as counted: such a number is *at least* what is counted, or it is *unknown*, and
every text and answer says so beside it. What no finding names holds for the traffic at the capture point.

One file a group of findings, each with what is observed and its limits in the module's docstring: ``capture_file``,
``captured_segments``, ``capture_clock`` and ``capture_edges``; ``no_segments`` says what is seen of TCP where nothing
can be followed. `_registry` lists them and says in short what they come to, `_api` is what a finding is, `_statistics`
what can be unreliable, `_view` the frames that they share.
"""

from pcapframe.analysis.health._api import CaptureHealth, Finding
from pcapframe.analysis.health._registry import examine_capture
from pcapframe.analysis.health._statistics import STATISTICS, Qualifier
from pcapframe.analysis.health._view import READ
from pcapframe.analysis.health.no_segments import explain_no_segments

__all__ = [
    "READ",
    "STATISTICS",
    "CaptureHealth",
    "Finding",
    "Qualifier",
    "examine_capture",
    "explain_no_segments",
]
