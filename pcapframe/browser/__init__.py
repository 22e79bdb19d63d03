"""Charts that answer in a browser: what `plots` declares and computes, packed for a script.

``picture`` packs a chart: a header of plain values, and one block of bytes that has its columns. ``script`` is what
draws it: uPlot, and ``static/chart.js`` with our marks. Nothing here knows a notebook or a page: `widgets` shows a
chart below a cell and brings the rows of a zoom, `report` writes one into its page.

The files of uPlot are fetched by ``make browser``, which has their version and checksum.
"""

from pcapframe.errors import needs_extra

with needs_extra("charts need", "plots"):
    import matplotlib as _  # noqa: F401  # of which `plots` declares its charts

from pcapframe.browser.picture import Picture, Scene
from pcapframe.browser.script import SCRIPT, STYLE

__all__ = ["SCRIPT", "STYLE", "Picture", "Scene"]
