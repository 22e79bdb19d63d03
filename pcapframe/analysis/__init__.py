"""The stages joined: from a capture to one frozen `Analysis`.

``pipeline`` runs the stages, ``selection`` finds the connections asked for, ``statistics`` counts,
``provenance`` says where it all comes from, ``display`` writes it for a terminal, plain text or a notebook.
"""

from pcapframe.analysis.pipeline import Analysis, analyze
from pcapframe.analysis.provenance import CaptureFile, Provenance
from pcapframe.analysis.selection import Address, Selection, Time
from pcapframe.analysis.statistics import LISTED, Statistics, Summary

__all__ = [
    "LISTED",
    "Address",
    "Analysis",
    "CaptureFile",
    "Provenance",
    "Selection",
    "Statistics",
    "Summary",
    "Time",
    "analyze",
]
