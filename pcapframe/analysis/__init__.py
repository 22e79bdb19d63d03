"""From a capture to one frozen `Analysis`: all stages together.

``result`` is the analysis, ``pipeline`` runs the stages, ``selection`` applies the filter, ``counting`` computes the
numbers that ``statistics`` declares, ``standouts`` says what stands out, ``health`` says what the capture can and
cannot support (``clock`` finds steps of its clock), ``provenance`` records version, parameters and files, and
``display`` writes the analysis for a terminal, as plain text or in a notebook. ``anatomy`` gives details of every
retransmission, ``rsts`` of every RST, ``conversations`` of every request and its response. ``kept`` leaves out what is
not to be kept, ``events`` finds the segments that anything can be said of, and ``stored`` keeps an analysis in a folder
and opens it again.
"""

from pcapframe.analysis.anatomy import resends
from pcapframe.analysis.conversations import sum_senders, sum_waits, turns
from pcapframe.analysis.counted import counted_once
from pcapframe.analysis.counting import count_label
from pcapframe.analysis.health import CaptureHealth, Finding, Qualifier, examine_capture
from pcapframe.analysis.pipeline import analyze
from pcapframe.analysis.provenance import CaptureFile, Provenance
from pcapframe.analysis.result import Analysis
from pcapframe.analysis.rsts import rst_evidence
from pcapframe.analysis.selection import Address, Selection, Time
from pcapframe.analysis.standouts import Standout
from pcapframe.analysis.statistics import LISTED, QUALIFIED, Differences, Reordering, Statistics
from pcapframe.analysis.stored import open_store, write_store
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
    "Standout",
    "Statistics",
    "Summary",
    "Time",
    "analyze",
    "count_label",
    "counted_once",
    "examine_capture",
    "open_store",
    "resends",
    "rst_evidence",
    "sum_senders",
    "sum_waits",
    "turns",
    "write_store",
]
