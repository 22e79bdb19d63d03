"""Charts that answer when they are touched: a zoom brings the rows in sight, a click names its packet."""

import base64
import hashlib
import inspect
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from matplotlib.figure import Figure

from pcapframe.analysis import Analysis
from pcapframe.browser import SCRIPT, STYLE, Scene
from pcapframe.browser.picture import Sides
from pcapframe.errors import ParameterError
from pcapframe.plots import CHARTS

__all__ = ["LiveChart", "live_chart"]

STATIC = Path(__file__).parent / "static"
HEIGHT = 420  # [CSS pixels]
HEIGHTS = {"overview": 560}  # of charts with many panels
SIZE = (8.4, 4.8)  # of the picture where there is no JavaScript [inches]


class LiveChart(anywidget.AnyWidget):
    """A chart in a notebook that names what the pointer is on, and zooms; made by `live_chart`.

    Parameters
    ----------
    height : int, optional
        Of the chart. [CSS pixels]
    picked : callable, optional
        Called with what was clicked: ``{"frame": 173}`` or ``{"conn_id": 5}``; ``{"from": …, "to": …}`` of a bin or of
        a time dragged over, in nanoseconds since 1970 as text; ``{"row": 2, "filters": {…}}`` of a chart of rows, with
        what selects the same in the explorer.
    group : str, optional
        Charts of one group share the axis of time: what one zooms to, all show that have it.
    selects : bool, optional
        A drag selects a time, which `picked` is told, until the user lets it zoom.
    hint : str, optional
        What a click does, shown above the chart as long as a kernel answers.

    Attributes
    ----------
    frame : int or None
        The packet that is marked in a chart of packets: the one clicked last.
    """

    _esm = f"{SCRIPT}\n{(STATIC / 'live.js').read_text('utf-8')}"
    _css = STYLE
    picture = traitlets.Dict().tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)  # in place of a chart without marks
    height = traitlets.Int(HEIGHT).tag(sync=True)
    frame = traitlets.Int(None, allow_none=True).tag(sync=True)
    brush = traitlets.Dict().tag(sync=True)  # the selected time: ``from`` and ``to`` as in what is picked
    selects = traitlets.Bool(False).tag(sync=True)
    picks = traitlets.Bool(False).tag(sync=True)  # a click does something
    hint = traitlets.Unicode("").tag(sync=True)
    group = traitlets.Unicode("").tag(sync=True)  # charts of one group on a page share the axis of time

    def __init__(
        self, *, height: int = HEIGHT, picked: Callable[[dict[str, Any]], None] | None = None, group: str = "",
        selects: bool = False, hint: str = "",
    ) -> None:  # fmt: skip
        super().__init__(height=height, group=group, selects=selects, picks=picked is not None, hint=hint)
        self._scene: Scene | None = None
        self._picked = picked
        self._static: Callable[[Figure], object] | None = None
        self.on_msg(self._hear)

    def show(self, scene: Scene, static: Callable[[Figure], object] | None = None) -> None:
        """Show a chart.

        Parameters
        ----------
        scene : Scene
            The chart.
        static : callable, optional
            Draws it with matplotlib, for a page without JavaScript.
        """
        self._scene, self._static = scene, static
        made = {} if scene.empty else {"header": (whole := scene.picture()).header, "body": whole.body}
        with self.hold_sync():
            self.message = f"{scene.title}: there is nothing to draw." if scene.empty else ""
            self.frame = None
            self.picture = made

    def _hear(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if "zoom" in content:
            self.zoom(content)
        elif "picked" in content:
            self.pick(content["picked"])

    def zoom(self, content: dict[str, Any]) -> None:
        """Send the rows of a part of the chart: ``zoom`` has its ends, the rest goes back as it came. [s]."""
        low, high = (float(end) for end in content["zoom"])
        if self._scene is None or self._scene.empty or not (math.isfinite(low) and math.isfinite(high) and low < high):
            return
        part = self._scene.picture(low, high)
        self.send({"header": part.header, "asked": content["asked"], "by": content["by"]}, [part.body])

    def pick(self, found: dict[str, Any]) -> None:
        """Handle what was clicked."""
        if "frame" in found:
            self.frame = int(found["frame"])
        if "row" in found:
            rows = [] if self._scene is None else self._scene.filters
            found = {**found, "filters": dict(rows[found["row"]]) if 0 <= found["row"] < len(rows) else {}}
        if self._picked is not None:
            self._picked(found)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """Show the widget, and where there is no JavaScript the picture that matplotlib draws."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data, *rest = bundle if isinstance(bundle, tuple) else (bundle,)
        if data is None or self._static is None:
            return bundle
        figure = Figure(figsize=SIZE, layout="constrained")
        self._static(figure)
        file = io.BytesIO()
        figure.savefig(file, format="png")
        data = {**data, "image/png": base64.b64encode(file.getvalue()).decode("ascii")}
        return (data, *rest) if rest else data


def group_of(analysis: Analysis) -> str:
    """Name the charts of a capture, so that they share the axis of time wherever they are on a page."""
    files = analysis.provenance.files
    return hashlib.sha256(repr(files).encode()).hexdigest()[:16] if files else f"capture {id(analysis.packets)}"


def live_chart(
    analysis: Analysis, chart: str = "time_sequence", *, conn_id: int | None = None, sides: Sides | None = None
) -> LiveChart:
    """Show a chart in a notebook that answers when it is touched.

    Hovering names the packet or the bin. Wheel and drag zoom, a double click shows everything; arrows, plus and minus
    do the same by keys. Charts of the same capture on a page show the same time. A zoom brings the rows in sight, so
    that no packet is lost however long the capture is.

    Parameters
    ----------
    analysis : Analysis
        What it shows; the selected connections of it.
    chart : str, default "time_sequence"
        A chart of ``plots`` that declares its marks.
    conn_id : int, optional
        Of a chart of one connection: which; by default that with the most payload.
    sides : {"client", "server", "both"}, optional
        Of a chart of one connection: whose data; by default that of the side with more payload.

    Returns
    -------
    LiveChart
        A widget. Its ``frame`` is the packet clicked last.

    Raises
    ------
    ParameterError
        There is no such chart, it is drawn by matplotlib only, or there is no such connection.

    Examples
    --------
    >>> import pcapframe as pf
    >>> shown = pf.live_chart(pf.analyze(pf.example("losses.pcap")))
    >>> shown.picture["header"]["title"]
    'Time–sequence graph'
    """
    live = [name for name, one in CHARTS.items() if one.graph is not None]
    if chart not in live:
        raise ParameterError(f"there is no live chart {chart!r}: expected one of {', '.join(live)}")
    if sides not in (None, "client", "server", "both"):
        raise ParameterError(f"sides is {sides!r}: expected client, server or both")
    declared = CHARTS[chart]
    made = LiveChart(height=HEIGHTS.get(chart, HEIGHT), group=group_of(analysis))
    options: dict[str, Any] = {}
    scene = Scene(declared, analysis, conn_id=conn_id, sides=sides)
    if declared.of == "connection":
        chosen = {"conn_id": scene.conn_id, "from_client": {"client": True, "server": False}.get(sides or "")}
        options = {name: chosen[name] for name in inspect.signature(declared.draw).parameters if name in chosen}
    made.show(scene, lambda figure: declared.draw(analysis, ax=figure.subplots(), **options))
    return made
