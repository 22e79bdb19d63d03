"""Charts: frames in, matplotlib axes out.

Each chart is a file with two functions: ``NAME_data`` returns the numbers, as a frame, and ``NAME`` draws exactly
these. The file declares the chart once, for all that show it; `CHARTS` has these declarations by name. A chart takes
an `Analysis` or the frames it needs, and ``ax=None``; it returns the axes, shows nothing, saves nothing and leaves
``rcParams`` and its input unchanged. Without ``ax`` it makes a new figure with pyplot, since notebooks show only pyplot
figures automatically. Times are UTC. A chart has a bounded number of marks for captures of any length; its
docstring says how its numbers are binned.

matplotlib is an extra: ``pip install "pcapframe[plots]"``.
"""

from pcapframe.errors import needs_extra

with needs_extra("charts need", "plots"):
    import matplotlib as _  # noqa: F401

from pcapframe.plots._registry import *  # noqa: F403
from pcapframe.plots._registry import CHARTS as CHARTS
from pcapframe.plots._registry import FUNCTIONS

__all__ = list(FUNCTIONS)
