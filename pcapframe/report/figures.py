"""Charts drawn into the HTML of a report, for light, dark and printed pages of any width."""

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pcapframe.analysis import Analysis
from pcapframe.plots._api import Chart, Options
from pcapframe.plots._captions import caption
from pcapframe.report.markup import escaped

__all__ = ["draw_figure", "drawn_by"]

SIZE = (8.4, 4.2)  # [inches]
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
TAG, DECIMALS = re.compile(r"<[^>]*>"), re.compile(r"(\.\d\d)\d+")  # decimals of places, that no screen shows


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
        As `drawn_by`.
    """
    return drawn_by(lambda axes: chart.draw(analysis, ax=axes, **options))


def drawn_by(draw: Callable[[Axes], object], size: tuple[float, float] = SIZE) -> str:
    """Let a function draw, in the colours of the page.

    Parameters
    ----------
    draw : callable
        Draws on the axes that it is given.
    size : (float, float)
        Width and height. [inches]

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
    drawn = TAG.sub(lambda tag: DECIMALS.sub(r"\1", tag[0]), drawn)  # texts keep theirs: think of addresses
    for color, of_page in OF_PAGE.items():
        drawn = drawn.replace(color, of_page)
    label = f"<svg role='img' aria-label='{escaped(text.partition(':')[0])}' "
    drawn = drawn.replace("<svg ", label, 1)
    return f"<figure><div class='scroll'>{drawn}</div><figcaption>{escaped(text)}</figcaption></figure>"
