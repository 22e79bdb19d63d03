"""Charts drawn into the HTML of a report, for light, dark and printed pages of any width."""

import base64
import io
import json
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pcapframe.analysis import Analysis
from pcapframe.browser import Scene
from pcapframe.browser.picture import Sides
from pcapframe.plots import CHARTS
from pcapframe.plots._api import Chart, Options
from pcapframe.plots._captions import caption
from pcapframe.report.markup import escaped

__all__ = ["draw_figure", "draw_most_resent", "drawn_by"]

SIZE = (8.4, 4.2)  # [inches]
MARKS = 1_000  # of a kind, in a chart that answers
# Colours that no chart uses otherwise: the page gives text and background their own.
INK, PAPER = "#030201", "#fcfdfe"
OF_PAGE = {INK: "currentColor", PAPER: "var(--card, transparent)"}
STYLE: dict[Any, str] = {
    **{f"{part}.color": INK for part in ("text", "xtick", "ytick")},
    **{f"axes.{part}color": INK for part in ("edge", "label")},
    **{f"{part}.facecolor": PAPER for part in ("axes", "figure", "savefig")},
    "svg.fonttype": "none",  # text stays text
}
# Left out of a drawing: what an SVG file needs and a page does not, names that several charts share and none refers to,
# and the font, which the page has.
LEFT_OUT = (
    (re.compile(r"^.*?(?=<svg)|<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL), ""),
    (re.compile(r'(?<=<g) id="[^"]*"|(?<=")\s*font-family: [^;"]*;|(?<=;) font-family: [^;"]*;'), ""),
    (re.compile(r'(<svg [^>]*?)width="[\d.]+pt" height="[\d.]+pt"'), r"\1"),
    (re.compile(r"\s*\n\s*"), "\n"),
)
PLACES = re.compile(r' (?:d|x|y|transform)="[^"]*"')
TAG, DECIMALS = re.compile(r"<[^>]*>"), re.compile(r"(\.\d\d)\d+")
SHOWN = re.compile(r"\.0\d*|(\.\d)\d*|\n(?=[CLQz])|(?<=[CLMQ]) ")


def draw_figure(chart: Chart, analysis: Analysis, options: Options) -> str:
    """Draw a chart that takes its colours from the page.

    Parameters
    ----------
    chart : Chart
        One of ``plots.CHARTS``.
    analysis : Analysis
        What it shows.
    options : mapping
        Passed to the function that draws it.

    Returns
    -------
    str
        As `drawn_by`. A chart that declares its marks has them too, for the page's script: where it runs, it draws a
        chart that answers instead.
    """
    marks = _marks(chart, analysis) if not options else ""
    return drawn_by(lambda axes: chart.draw(analysis, ax=axes, **options), marks=marks)


def drawn_by(draw: Callable[[Axes], object], size: tuple[float, float] = SIZE, *, marks: str = "") -> str:
    """Let a function draw, in the colours of the page.

    Parameters
    ----------
    draw : callable
        Draws on the axes that it is given.
    size : (float, float)
        Width and height. [inches]
    marks : str, default ""
        HTML to put beside the drawing.

    Returns
    -------
    str
        HTML: the drawing as SVG, with its title as alternative text, and a caption with the numbers.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        text = caption(figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    drawn = file.getvalue()
    for pattern, left in LEFT_OUT:
        drawn = pattern.sub(left, drawn)
    drawn = TAG.sub(_shortened, drawn)  # texts keep their decimals: think of addresses
    for color, of_page in OF_PAGE.items():
        drawn = drawn.replace(color, of_page)
    label = f"<svg role='img' aria-label='{escaped(text.partition(':')[0])}' "
    drawn = drawn.replace("<svg ", label, 1)
    return _figure(drawn, text, marks)


def _shortened(tag: re.Match[str]) -> str:
    """Leave out what no screen shows of a tag: hundredths of a point in places, and spaces between them."""
    return PLACES.sub(lambda places: SHOWN.sub(r"\1", places[0]), DECIMALS.sub(r"\1", tag[0]))


def draw_most_resent(analysis: Analysis) -> str:
    """Draw the time–sequence graph of the connection, and the side, with the most retransmitted segments.

    Parameters
    ----------
    analysis : Analysis
        What it shows.

    Returns
    -------
    str
        HTML as of `draw_figure`, but a picture of pixels, since it can have thousands of marks; empty where nothing
        was retransmitted.
    """
    connections = analysis.connections
    counts = {side: connections[f"{side}_resent_segments"] for side in ("client", "server")}
    total = counts["client"] + counts["server"]
    if not len(total) or not total.max():
        return ""
    conn_id = int(connections.index[int(total.to_numpy().argmax())])
    sides: Sides = "client" if counts["client"][conn_id] >= counts["server"][conn_id] else "server"
    chart = CHARTS["time_sequence"]
    figure = Figure(figsize=SIZE, layout="constrained")
    chart.draw(analysis, conn_id=conn_id, from_client=sides == "client", ax=figure.subplots())
    text = caption(figure)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=120)
    pixels = base64.b64encode(file.getvalue()).decode("ascii")
    drawn = f"<img alt='{escaped(text.partition(':')[0])}' src='data:image/png;base64,{pixels}'/>"
    return _figure(drawn, text, _marks(chart, analysis, conn_id=conn_id, sides=sides))


def _figure(drawn: str, text: str, marks: str) -> str:
    return f"<figure><div class='scroll'>{drawn}</div>{marks}<figcaption>{escaped(text)}</figcaption></figure>"


def _marks(chart: Chart, analysis: Analysis, **options: Any) -> str:
    """Return the marks of a chart as data for the page's script; empty for a chart that only matplotlib draws."""
    if chart.graph is None or (scene := Scene(chart, analysis, **options)).empty:
        return ""
    packed = json.dumps(scene.picture(most=MARKS).to_json(), separators=(",", ":"))
    for letter in "<>&":
        packed = packed.replace(letter, f"\\u{ord(letter):04x}")
    return f"<script type='application/json' class='live'>{packed}</script>"
