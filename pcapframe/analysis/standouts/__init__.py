"""What stands out in a capture, ranked, each event once.

``_rules`` is the table to argue with: what each kind rests on, what it leaves to more specific kinds, and how much it
weighs. ``_establishing``, ``_ending``, ``_carrying`` and ``_observed`` write the sentences, ``_seen`` is what they
read, and ``_filters`` finds the short display filter that selects the packets.
"""

from pcapframe.analysis.standouts._filters import Filters
from pcapframe.analysis.standouts._rules import RULES, Rule, find_standouts
from pcapframe.analysis.standouts._standout import Standout, looked_at

__all__ = ["RULES", "Filters", "Rule", "Standout", "find_standouts", "looked_at"]
