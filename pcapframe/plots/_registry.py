"""Every chart, in the order of the docs. A new chart is one new file, which declares ``CHART``, and one line here."""
# ruff: noqa: F403

import inspect
import sys

from pcapframe.plots._api import Chart

# isort: off
from pcapframe.plots.overview import *
from pcapframe.plots.rst_distribution import *
from pcapframe.plots.rst_timeline import *
from pcapframe.plots.rst_events import *  # no chart: the rows that both count
from pcapframe.plots.retransmission_timeline import *
from pcapframe.plots.resend_raster import *
from pcapframe.plots.handshakes import *
from pcapframe.plots.swimlanes import *
from pcapframe.plots.state_transitions import *
from pcapframe.plots.rtt import *
from pcapframe.plots.waits import *
from pcapframe.plots.sender_time import *
from pcapframe.plots.throughput import *
from pcapframe.plots.time_sequence import *
from pcapframe.plots.bytes_in_flight import *
from pcapframe.plots.ladder import *  # of a join, not of an Analysis: no CHART
from pcapframe.plots.one_way_delay import *  # of a join
from pcapframe.plots.losses_by_leg import *  # of a join
from pcapframe.plots.turns import *
# isort: on

FUNCTIONS = {name: value for name, value in tuple(globals().items()) if inspect.isfunction(value)}
"""What the files above offer, by name."""

_FILES = dict.fromkeys(function.__module__ for function in FUNCTIONS.values())
CHARTS: dict[str, Chart] = {
    chart.name: chart for chart in (getattr(sys.modules[file], "CHART", None) for file in _FILES) if chart is not None
}
"""Every chart, by name."""
