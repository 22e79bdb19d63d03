"""Charts to touch, for the gallery: a script each, which works from a file and without a network."""

import json
from pathlib import Path

from pcapframe import browser

__all__ = ["block", "write_scripts"]

MOUNT = """(() => {
  const place = document.createElement("div"), script = document.currentScript, {header, body} = %s;
  place.className = "live";
  script.before(place);
  pcapframe.mount(place, {header, body: Uint8Array.from(atob(body), (one) => one.charCodeAt(0)).buffer});
})();
"""


def write_scripts(folder: Path, scenes: dict[str, browser.Scene]) -> None:
    """Write what draws charts where they stand, and the script and the style that they share.

    Parameters
    ----------
    folder : Path
        Of static files.
    scenes : dict
        What is shown, by the name of the chart.
    """
    (folder / "charts.js").write_text(browser.SCRIPT, encoding="utf-8")
    (folder / "charts.css").write_text(browser.STYLE, encoding="utf-8")
    for name, scene in scenes.items():
        packed = json.dumps(scene.picture().to_json())
        (folder / f"chart_{name}.js").write_text(MOUNT % packed, encoding="utf-8")


def block(name: str) -> str:
    """Return the text of a gallery's script that shows a chart to touch.

    Parameters
    ----------
    name : str
        Of the chart.

    Returns
    -------
    str
        Comments, as Sphinx-Gallery reads them.
    """
    return f'''
# %%
# To touch
# --------
#
# ``pf.live_chart(analysis, "{name}")`` shows it in a notebook so that it answers: hovering names the packet or the bin,
# wheel and drag zoom, a double click shows everything. Here it is, without a notebook:
#
# .. raw:: html
#
#     <link rel="stylesheet" href="../_static/charts.css"><script src="../_static/charts.js"></script>
#     <script src="../_static/chart_{name}.js"></script>
#     <noscript>It needs JavaScript; the picture above shows the same.</noscript>
'''
