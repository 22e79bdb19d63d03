"""Patterns: what segments and connections show together, with the packets that show it.

One small file a pattern: what is observed, the rule and its limits in the module's docstring, then its
parameters, then ``observe``. `_registry` lists them, `Traffic` is the view of the frames that they share, and that
charts take too.
"""

from pcapframe.patterns._api import LISTED, OF_ENDPOINTS, Evidence, Pattern
from pcapframe.patterns._endpoints import Endpoints
from pcapframe.patterns._registry import find_evidence, find_patterns
from pcapframe.patterns._thresholds import Thresholds
from pcapframe.patterns._traffic import READ, Traffic

__all__ = [
    "LISTED",
    "OF_ENDPOINTS",
    "READ",
    "Endpoints",
    "Evidence",
    "Pattern",
    "Thresholds",
    "Traffic",
    "find_evidence",
    "find_patterns",
]
