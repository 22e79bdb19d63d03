"""Charts embedded in the HTML of a report, for light and dark pages of any width."""

import base64
import io

from matplotlib import style
from matplotlib.figure import Figure

from pcapframe.analysis import Analysis
from pcapframe.plots._api import Chart, Options
from pcapframe.report.markup import escaped

__all__ = ["draw_figure"]

THEMES = {"light": "default", "dark": "dark_background"}
BACKGROUNDS = {"light": "#ffffff", "dark": "#16191d"}
# Width and height of a chart [inches] by media query of the page; the last one is for all other pages.
SIZES = {"(max-width: 600px)": (3.8, 4.6), "": (9.0, 4.5)}
DPI = 130


def draw_figure(chart: Chart, analysis: Analysis, options: Options) -> str:
    """Draw a chart, for narrow and wide, dark and light pages.

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
        HTML with embedded pictures; their alternative text is the chart's title.
    """
    sources, label = [], ""
    for room, size in SIZES.items():
        for theme in ("dark", "light"):
            page = {f"{part}.facecolor": BACKGROUNDS[theme] for part in ("axes", "figure", "savefig")}
            with style.context([THEMES[theme], page]):
                figure = Figure(figsize=size, dpi=DPI, layout="constrained")
                chart.draw(analysis, ax=figure.subplots(), **options)
                titles = (axes.get_title(loc) for axes in figure.axes for loc in ("center", "left"))
                label = next((" ".join(text.split()) for text in titles if text), "")
                file = io.BytesIO()
                figure.savefig(file, format="png")
            dark = "(prefers-color-scheme: dark)" if theme == "dark" else ""
            media = " and ".join(query for query in (room, dark) if query)
            sources.append((media, f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"))
    *others, (_, last) = sources
    narrower = "".join(f"<source srcset='{source}' media='{media}'>" for media, source in others)
    return f"<figure><picture>{narrower}<img src='{last}' alt='{escaped(label)}'></picture></figure>"
