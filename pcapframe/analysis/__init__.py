"""The stages joined: from a capture to one frozen `Analysis`.

``pipeline`` runs the stages, ``selection`` finds the connections asked for, ``counting`` makes the numbers that
``statistics`` describes, ``summary`` says which patterns stand out, ``health`` what the capture can and cannot support
(``clock``: steps of its clock), ``provenance`` where it all comes from, ``display`` writes it for a terminal, plain
text or a notebook. ``anatomy`` looks at every resend.
"""

from pcapframe.analysis.anatomy import resends
from pcapframe.analysis.counting import count_label
from pcapframe.analysis.health import CaptureHealth, Finding, Qualifier, examine_capture
from pcapframe.analysis.pipeline import Analysis, analyze
from pcapframe.analysis.provenance import CaptureFile, Provenance
from pcapframe.analysis.selection import Address, Selection, Time
from pcapframe.analysis.statistics import LISTED, QUALIFIED, Differences, Reordering, Statistics
from pcapframe.analysis.summary import Summary

__all__ = [
    "LISTED",
    "QUALIFIED",
    "Address",
    "Analysis",
    "CaptureFile",
    "CaptureHealth",
    "Differences",
    "Finding",
    "Provenance",
    "Qualifier",
    "Reordering",
    "Selection",
    "Statistics",
    "Summary",
    "Time",
    "analyze",
    "count_label",
    "examine_capture",
    "resends",
]
