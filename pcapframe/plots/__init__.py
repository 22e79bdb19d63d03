"""Charts: frames in, matplotlib axes out.

Each chart is a file with two functions: ``NAME_data`` returns the numbers, as a frame, and ``NAME`` draws exactly
these. A chart takes an `Analysis` or the frames it needs, and ``ax=None``; it returns the axes, shows nothing, saves
nothing and leaves ``rcParams`` and its input as they are. Without ``ax`` it makes a figure of its own with pyplot,
since only those show themselves in a notebook. Times are UTC. However long the capture, a chart has a bounded number of
marks: how its numbers are binned is said in its docstring.

matplotlib is an extra: ``pip install "pcapframe[plots]"``.
"""

from pcapframe.errors import needs_extra

with needs_extra("charts need", "plots"):
    import matplotlib as _  # noqa: F401

from pcapframe.plots.bytes_in_flight import bytes_in_flight, bytes_in_flight_data
from pcapframe.plots.handshakes import handshakes, handshakes_data
from pcapframe.plots.overview import overview, overview_data
from pcapframe.plots.resend_raster import resend_raster, resend_raster_data
from pcapframe.plots.retransmission_timeline import retransmission_timeline, retransmission_timeline_data
from pcapframe.plots.rst_distribution import rst_distribution, rst_distribution_data
from pcapframe.plots.rst_events import rst_events
from pcapframe.plots.rst_timeline import rst_timeline, rst_timeline_data
from pcapframe.plots.rtt import rtt, rtt_data, rtt_distribution_data, rtt_samples
from pcapframe.plots.state_transitions import state_transitions, state_transitions_data
from pcapframe.plots.swimlanes import open_connections_data, swimlanes, swimlanes_data
from pcapframe.plots.throughput import throughput, throughput_data
from pcapframe.plots.time_sequence import time_sequence, time_sequence_data

__all__ = [
    "bytes_in_flight",
    "bytes_in_flight_data",
    "handshakes",
    "handshakes_data",
    "open_connections_data",
    "overview",
    "overview_data",
    "resend_raster",
    "resend_raster_data",
    "retransmission_timeline",
    "retransmission_timeline_data",
    "rst_distribution",
    "rst_distribution_data",
    "rst_events",
    "rst_timeline",
    "rst_timeline_data",
    "rtt",
    "rtt_data",
    "rtt_distribution_data",
    "rtt_samples",
    "state_transitions",
    "state_transitions_data",
    "swimlanes",
    "swimlanes_data",
    "throughput",
    "throughput_data",
    "time_sequence",
    "time_sequence_data",
]
