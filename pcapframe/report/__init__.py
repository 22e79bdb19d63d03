"""Reports: a parameterised notebook that papermill runs for each capture, written as one HTML file each.

``sections`` has what the notebook's cells show, made with ``markup`` and ``figures``; ``run`` executes it and writes
the files, ``pages`` makes HTML.

papermill is an extra: ``pip install "pcapframe[report]"``.
"""

from pcapframe.errors import needs_extra

with needs_extra("reports need", "report"):
    import ipykernel as _ipykernel  # noqa: F401  # runs the notebook
    import jinja2 as _jinja2  # noqa: F401
    import matplotlib as _matplotlib  # noqa: F401
    import papermill as _papermill  # noqa: F401

from pcapframe.report.run import ReportResult, write_report, write_reports
from pcapframe.report.sections import CaptureReport

__all__ = ["CaptureReport", "ReportResult", "write_report", "write_reports"]
