"""Reports: one HTML file for each capture, and a notebook of the same sections that papermill runs.

``sections`` has what the page and the notebook's cells show, made with ``parts``, ``tables``, ``markup`` and
``figures``; ``run`` writes the files, ``pages`` makes HTML. papermill, which takes seconds to load, is loaded only to
keep the executed notebook.

Reports are an extra: ``pip install "pcapframe[report]"``.
"""

from pcapframe.errors import needs_extra

with needs_extra("reports need", "report"):
    import jinja2 as _jinja2  # noqa: F401
    import matplotlib as _matplotlib  # noqa: F401

from pcapframe.report.joins import JoinReport, write_join_report
from pcapframe.report.run import ReportResult, write_report, write_reports
from pcapframe.report.sections import CaptureReport

__all__ = ["CaptureReport", "JoinReport", "ReportResult", "write_join_report", "write_report", "write_reports"]
