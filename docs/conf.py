"""How the documentation is built: ``make docs``."""

import re
import sys
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from pages import write_pages  # noqa: E402  # the pages that the registries of the project give

project = "pcapframe"
author = "The pcapframe developers"
project_copyright = f"{datetime.now(UTC).year}, {author}"
release = version = version_of("pcapframe")

write_pages(HERE / "made")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["made/gallery/**", "made/static/**", "build", "requirements.txt"]
templates_path = ["templates"]
smartquotes = False  # options begin with two hyphens
suppress_warnings = ["config.cache"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"  # numpydoc's sections have them
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
default_role = "py:obj"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
intersphinx_mapping: dict[str, tuple[str, str | None]] = {}  # nothing is fetched: the site is built without a network

sphinx_gallery_conf = {
    "examples_dirs": [str(HERE / "made" / "gallery")],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "min_reported_time": 1_000_000,
    "within_subsection_order": "FileNameSortKey",
    "plot_gallery": True,
    "abort_on_example_error": True,
    "show_signature": False,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "pcapframe"
html_static_path = ["static", "made/static"]
html_css_files = ["pcapframe.css"]
html_show_sourcelink = False
html_theme_options = {
    "show_toc_level": 2,
    "navbar_align": "left",
    "navigation_with_keys": False,
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "start": []}


def as_plain_text(_app: Any, _context: Any, lines: list[str]) -> None:
    """Keep the texts of commands from being read as markup: they have names such as ``client_…``."""
    lines[:] = [re.sub(r"([*_`])", r"\\\1", line) for line in lines]


def options_as_plain_text(_app: Any, _context: Any, lines: list[str]) -> None:
    """The same for the texts of options, between the directives that name them."""
    lines[:] = [line if line.lstrip().startswith((".. ", ":")) else line.replace("*", r"\*") for line in lines]


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("sphinx-click-process-description", as_plain_text)
    app.connect("sphinx-click-process-options", options_as_plain_text)
