"""Patterns: what segments and connections show together, with the packets that show it.

One small file a pattern: what is observed, the rule and its limits in the module's docstring, then its
parameters, then ``observe``. `_registry` lists them, `_traffic` is the view of the frames that they share.
"""

from pcapframe.patterns._api import Evidence, Pattern
from pcapframe.patterns._registry import find_evidence, find_patterns
from pcapframe.patterns._thresholds import Thresholds
from pcapframe.patterns._traffic import READ

__all__ = ["READ", "Evidence", "Pattern", "Thresholds", "find_evidence", "find_patterns"]
