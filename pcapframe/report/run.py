"""Write a report for each capture, and on request the notebook that papermill executed for it."""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from pcapframe.errors import MissingExtraError, ParameterError, needs_extra
from pcapframe.files import written_aside
from pcapframe.joining import Joined
from pcapframe.patterns import Thresholds
from pcapframe.report.joins import JoinReport, write_join_report
from pcapframe.report.pages import index_page, page_of, report_page
from pcapframe.report.sections import RESULT_TYPE, SECTIONS, CaptureReport

__all__ = ["NOTEBOOK", "ReportResult", "write_report", "write_reports"]

PACKAGE = Path(__file__).parent.parent
NOTEBOOK = "report.ipynb"
STEM = (
    200  # of a page's name: file systems take 255, with an ending and what tells files that are being written [bytes]
)
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
        Also execute the report's notebook with papermill and write it, ``NAME.ipynb``.
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
    capture: Capture | Joined,
    folder: Capture = ".",
    *,
    parameters: Mapping[str, Any] | None = None,
    keep_notebook: bool = False,
) -> ReportResult:
    """Write the report of one capture.

    Parameters
    ----------
    capture : path or Joined
        The capture, or what `join_captures` found in several.
    folder : path, default "."
        Where the report goes, named after the capture or the points; created if it does not exist.
    parameters, keep_notebook
        As for `write_reports`; a join takes ``title`` alone, and has no notebook.

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
    if isinstance(capture, Joined):
        return _of_join(capture, Path(folder), dict(parameters or {}), keep_notebook=keep_notebook)
    return write_reports([capture], folder, parameters=parameters, keep_notebook=keep_notebook)[0]


def _of_join(joined: Joined, folder: Path, parameters: dict[str, Any], *, keep_notebook: bool) -> ReportResult:
    """Write the report of a join, named after its points."""
    if keep_notebook or set(parameters) - {"title"}:
        raise ParameterError("the report of a join takes a title alone, and has no notebook")
    folder.mkdir(parents=True, exist_ok=True)
    report = JoinReport(joined, parameters.get("title"))
    page = write_join_report(joined, folder / f"{'-'.join(joined.names)}.html", title=report.title)
    seen = report.standouts
    return ReportResult(
        name=", ".join(joined.names), title=report.title, page=page, readable=True,
        packets=sum(analysis.capture.packets for analysis in joined.analyses.values()),
        connections=int(joined.connections["matched_by"].notna().sum()),
        problem=joined.notes[0] if joined.notes and not len(joined.segments) else None,
        standout=seen[0].sentence.removesuffix(".") if seen else "Nothing stands out",
    )  # fmt: skip


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
    """Write the page of one capture, and the executed notebook if it is kept."""
    executed = None
    try:
        if keep_notebook:
            html, result, executed = _executed(capture, parameters)
        else:
            report = CaptureReport(capture, **parameters)
            html = page_of([getattr(report, name)().text for name in SECTIONS], report.title)
            result = report.result()
    except MissingExtraError:
        raise
    except Exception as error:  # whatever it is, the other captures have their reports
        name = os.path.basename(capture)
        return ReportResult(name, name, None, f"the report failed: {type(error).__name__}: {error}")
    page = folder / f"{stem}.html"
    _write_whole(page, html)
    if executed is not None:
        _write_whole(folder / f"{stem}.ipynb", executed)
    return ReportResult(page=page, **result)


def _executed(capture: str, parameters: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
    """Execute the notebook for one capture; return its page, its result for the index, and itself."""
    with needs_extra("executed notebooks need", "report"):
        import ipykernel as _  # noqa: F401, PLC0415  # runs the notebook
        import nbformat  # noqa: PLC0415  # takes seconds to load, as papermill
        import papermill  # noqa: PLC0415
    with tempfile.TemporaryDirectory(prefix="pcapframe-") as scratch:
        executed = Path(scratch) / NOTEBOOK
        failed: Exception | None = None
        try:
            papermill.execute_notebook(
                str(notebook_path()),
                str(executed),
                {**parameters, "capture": capture},
                kernel_name="python3",
                progress_bar=False,
                extra_arguments=["--log-level=CRITICAL"],  # the kernel otherwise logs its ports and its exit
            )
        except papermill.PapermillExecutionError as error:
            failed = error
        notebook = nbformat.read(executed, as_version=4)  # type: ignore[no-untyped-call]
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    found = [output["data"][RESULT_TYPE] for output in outputs if RESULT_TYPE in output.get("data", {})]
    if failed is not None and (not found or found[-1]["readable"]):  # of an unreadable capture it fails on purpose
        raise failed
    result = dict(found[-1])
    return report_page(notebook, result["title"]), result, nbformat.writes(notebook)  # type: ignore[no-untyped-call]


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
        stem = stem.encode()[:STEM].decode(errors="ignore")
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
