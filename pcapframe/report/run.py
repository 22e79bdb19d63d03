"""Run the report's notebook for each capture and write its output."""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import nbformat
import papermill

from pcapframe.errors import ParameterError
from pcapframe.files import written_aside
from pcapframe.patterns import Thresholds
from pcapframe.report.pages import index_page, report_page
from pcapframe.report.sections import RESULT_TYPE

__all__ = ["NOTEBOOK", "ReportResult", "write_report", "write_reports"]

PACKAGE = Path(__file__).parent.parent
NOTEBOOK = "report.ipynb"
# In an installed package and in a checkout.
FOLDERS = (PACKAGE / "notebooks", PACKAGE.parent / "notebooks")

Capture: TypeAlias = str | os.PathLike[str]


@dataclass(frozen=True)
class ReportResult:
    """The outcome of one capture's report.

    Parameters
    ----------
    name, title : str
        The capture's name, unique in the run, and the report's heading.
    page : Path or None
        The HTML file; None where none could be written.
    problem : str or None
        Why there are no results, in a sentence.
    damage : str or None
        What is missing from a capture that is cut off or damaged, in a sentence.
    readable : bool
        Whether the capture could be read.
    packets, connections : int
        Number of packets, and of connections that the filter selects.
    patterns : dict
        By name: how many ``connections`` and ``frames`` show it.
    limits : str or None
        Which statistics the capture limits; None where all are reliable.
    standout : str or None
        What stands out first, as a sentence without its full stop; None without results.
    """

    name: str
    title: str
    page: Path | None
    problem: str | None = None
    readable: bool = False
    packets: int = 0
    connections: int = 0
    patterns: dict[str, dict[str, int]] = field(default_factory=dict)
    damage: str | None = None
    limits: str | None = None
    standout: str | None = None


def write_reports(
    captures: Sequence[Capture],
    folder: Capture,
    *,
    parameters: Mapping[str, Any] | None = None,
    keep_notebook: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[ReportResult]:
    """Write one report per capture, and an index page if there are several.

    Parameters
    ----------
    captures : sequence of path
        Each gets its own report.
    folder : path
        Receives ``NAME.html`` for each capture and ``index.html``; created if missing. Files of the same name are
        replaced atomically.
    parameters : mapping, optional
        Values for the notebook's parameters cell, except the capture: ``server_ip``, ``server_port``, ``start``,
        ``end``, ``thresholds`` (by flat name), ``decode_as``, ``server_name``, ``names`` (a file) and ``title``.
    keep_notebook : bool, default False
        Also write the executed notebook, ``NAME.ipynb``.
    progress : callable, optional
        Called with the number of reports done, the total, and the name of the current capture.

    Returns
    -------
    list of ReportResult
        One per capture, in the same order. A capture that cannot be read has a report that says so.

    Raises
    ------
    ParameterError
        No capture was given, or a parameter is unknown.
    OSError
        A file cannot be written.
    """
    given = dict(parameters or {})
    if not captures:
        raise ParameterError("no capture to report on")
    known = ("server_ip", "server_port", "start", "end", "thresholds", "decode_as", "server_name", "names", "title")
    if unknown := sorted(set(given) - set(known)):
        raise ParameterError(f"the report has no parameter {', '.join(unknown)}: there are {', '.join(known)}")
    Thresholds().with_values(given.get("thresholds") or {})  # fails on an unknown parameter before anything is run
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    results = []
    paths = [os.fspath(capture) for capture in captures]
    for number, (path, stem, name) in enumerate(zip(paths, _stems(paths), _names(paths), strict=True)):
        if progress is not None:
            progress(number, len(captures), name)
        result = _write_report(path, target, stem, given, keep_notebook=keep_notebook)
        results.append(replace(result, name=name))
    if len(captures) > 1:
        _write_whole(target / "index.html", index_page(str(given.get("title") or "Capture reports"), results))
    if progress is not None:
        progress(len(captures), len(captures), "")
    return results


def write_report(
    capture: Capture,
    folder: Capture = ".",
    *,
    parameters: Mapping[str, Any] | None = None,
    keep_notebook: bool = False,
) -> ReportResult:
    """Write the report of one capture.

    Parameters
    ----------
    capture : path
        The capture.
    folder : path, default "."
        Where the report goes, named after the capture; created if it does not exist.
    parameters, keep_notebook
        As for `write_reports`.

    Returns
    -------
    ReportResult
        The page, and what the report shows or why there is none.

    Raises
    ------
    ParameterError
        As for `write_reports`.

    Examples
    --------
    >>> import pcapframe as pf
    >>> pf.write_report(pf.example("resets.pcap"), "reports").page.name  # doctest: +SKIP
    'resets.html'
    """
    return write_reports([capture], folder, parameters=parameters, keep_notebook=keep_notebook)[0]


def notebook_path() -> Path:
    """Return the path of the report's notebook.

    Returns
    -------
    Path
        In the installed package, or in the checkout.
    """
    return next(folder / NOTEBOOK for folder in FOLDERS if (folder / NOTEBOOK).is_file())


def _write_report(
    capture: str, folder: Path, stem: str, parameters: dict[str, Any], *, keep_notebook: bool
) -> ReportResult:
    """Execute the notebook for one capture and write its output."""
    with tempfile.TemporaryDirectory(prefix="pcapframe-") as scratch:
        executed = Path(scratch) / NOTEBOOK
        try:
            papermill.execute_notebook(
                str(notebook_path()),
                str(executed),
                {**parameters, "capture": capture},
                kernel_name="python3",
                progress_bar=False,
                extra_arguments=["--log-level=CRITICAL"],  # the kernel otherwise logs its ports and its exit
            )
            problem = None
        except papermill.PapermillExecutionError as error:
            problem = f"the notebook failed: {error.ename}: {error.evalue}"
        notebook = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]
    result = _result(notebook)
    if problem is not None and result.get("readable", True):  # for an unreadable capture the last cell fails on purpose
        name = os.path.basename(capture)
        return ReportResult(name, name, None, problem)
    page = folder / f"{stem}.html"
    _write_whole(page, report_page(notebook, result["title"]))
    if keep_notebook:
        _write_whole(folder / f"{stem}.ipynb", nbformat.writes(notebook))  # type: ignore[no-untyped-call]
    return ReportResult(page=page, **result)


def _result(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    """Return the result that the notebook leaves for the index."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    found = [output["data"][RESULT_TYPE] for output in outputs if RESULT_TYPE in output.get("data", {})]
    return dict(found[-1]) if found else {}


def _names(captures: list[str]) -> list[str]:
    """Return the names of the files, or their paths as given where several have the same name."""
    names = [os.path.basename(capture) for capture in captures]
    often = Counter(names)
    return [capture if often[name] > 1 else name for capture, name in zip(captures, names, strict=True)]


def _stems(captures: list[str]) -> list[str]:
    """Return unique file names after the captures; ``index`` is reserved."""
    taken = {"index"}
    stems = []
    for capture in captures:
        stem = re.sub(r"[^\w.+-]", "_", os.path.basename(capture)).strip(".") or "capture"
        stem = re.sub(r"\.(pcap|pcapng|cap)(\.(gz|zst|lz4|xz|bz2))?$", "", stem) or stem
        unique, number = stem, 2
        while unique.lower() in taken:
            unique, number = f"{stem}-{number}", number + 1
        taken.add(unique.lower())
        stems.append(unique)
    return stems


def _write_whole(path: Path, text: str) -> None:
    """Write a page atomically."""
    with written_aside(path) as file:
        file.write(text.encode("utf-8"))
