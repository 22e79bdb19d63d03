"""HTML pages: an executed report as one self-contained file, and the index of several."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader

from pcapframe import browser
from pcapframe.wording import printable

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["index_page", "page_of", "report_page"]


def _visible(value: Any) -> Any:
    """Return text from outside with its control characters and overrides of direction made visible; HTML as it is."""
    return printable(value, keep="\n\t") if type(value) is str else value


TEMPLATES = Path(__file__).parent / "templates"
STYLE = f"{browser.STYLE}\n{(TEMPLATES / 'style.css').read_text('utf-8')}"
SCRIPT = f"{browser.SCRIPT}\n{(TEMPLATES / 'page.js').read_text('utf-8')}"
DIGEST = f"sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode('utf-8')).digest()).decode('ascii')}"
"""Of the only script that a report runs, whatever a capture puts into it."""
PAGES = Environment(
    loader=PackageLoader("pcapframe.report", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
    finalize=_visible,
)  # fmt: skip


def report_page(notebook: "NotebookNode", title: str) -> str:
    """Return an executed report as a standalone page, without the code.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.
    title : str
        Of the page; escaped here.

    Returns
    -------
    str
        HTML that loads nothing from elsewhere.
    """
    shown = [_html(output) for cell in notebook.cells for output in cell.get("outputs", [])]
    return page_of(shown, title)


def page_of(parts: Sequence[str], title: str) -> str:
    """Return a standalone page of parts that are HTML.

    Parameters
    ----------
    parts : sequence of str
        Escaped already; empty ones are left out.
    title : str
        Of the page; escaped here.

    Returns
    -------
    str
        HTML that loads nothing and runs only the page's own script.
    """
    return PAGES.get_template("report.html.j2").render(
        title=title, style=STYLE, script=SCRIPT, digest=DIGEST, parts=[part for part in parts if part]
    )


def index_page(title: str, results: Sequence[Any]) -> str:
    """Return the page that lists several reports, with a matrix of captures and patterns.

    Parameters
    ----------
    title : str
        Of the page; escaped here.
    results : sequence of ReportResult
        One per capture.

    Returns
    -------
    str
        HTML that loads nothing from elsewhere.
    """
    patterns = sorted({name for result in results for name in result.patterns})
    return PAGES.get_template("index.html.j2").render(title=title, style=STYLE, results=results, patterns=patterns)


def _html(output: "NotebookNode") -> str:
    """Return the HTML that a cell showed; it is escaped already."""
    data = output.get("data", {})
    return str(data["text/html"]) if "text/html" in data else ""
