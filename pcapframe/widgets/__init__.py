"""The explorer of a capture in a notebook: filter, look, select, down to the packet.

``_filters`` finds the connections that match, ``_selection`` holds them with code and filters for the same selection,
``_state`` keeps the user's choices; none of these knows a widget. ``_parts`` are custom widgets, ``_views`` and
``_table`` are the tabs, ``_rows`` is a table whose headers sort, ``_chips`` are the filters that are set, ``_export``
copies and writes the selection, ``_explorer`` joins them. ``_join`` is the explorer of a join of captures.

The widgets are an extra: ``pip install "pcapframe[explore]"``.
"""

from pcapframe.errors import needs_extra

with needs_extra("the explorer needs", "explore"):
    import anywidget as _a  # noqa: F401
    import ipywidgets as _w  # noqa: F401
    import itables as _i  # noqa: F401
    import matplotlib as _m  # noqa: F401

from pcapframe.widgets._explorer import Explorer, explore
from pcapframe.widgets._filters import Filters
from pcapframe.widgets._join import JoinExplorer
from pcapframe.widgets._live import LiveChart, live_chart
from pcapframe.widgets._selection import ExplorerSelection
from pcapframe.widgets._state import ExplorerState

__all__ = [
    "Explorer",
    "ExplorerSelection",
    "ExplorerState",
    "Filters",
    "JoinExplorer",
    "LiveChart",
    "explore",
    "live_chart",
]
