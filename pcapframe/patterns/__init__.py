"""Patterns: what segments and connections show together, with the packets that show it.

Each pattern is one small file: what is observed, the rule and its limits in the docstring, then its category, the
statistics it depends on, the columns it reads, its thresholds, and ``observe``. `_registry` lists the files; a new
pattern needs no other change. `Traffic` is the view of the frames that patterns and charts share.
"""

from pcapframe.patterns._api import CATEGORIES, LISTED, OF_ENDPOINTS, Evidence, Notable, Pattern, Rows, native
from pcapframe.patterns._endpoints import Endpoints
from pcapframe.patterns._find import evidence_in, find_evidence, find_patterns, floors_of, observed_in
from pcapframe.patterns._found import Patterns
from pcapframe.patterns._registry import PATTERNS, columns_read, find_notable, rests_on
from pcapframe.patterns._thresholds import Thresholds, threshold_meanings
from pcapframe.patterns._traffic import Traffic

__all__ = [
    "CATEGORIES",
    "LISTED",
    "OF_ENDPOINTS",
    "PATTERNS",
    "Endpoints",
    "Evidence",
    "Notable",
    "Pattern",
    "Patterns",
    "Rows",
    "Thresholds",
    "Traffic",
    "columns_read",
    "evidence_in",
    "find_evidence",
    "find_notable",
    "find_patterns",
    "floors_of",
    "native",
    "observed_in",
    "rests_on",
    "threshold_meanings",
]
