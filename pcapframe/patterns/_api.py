"""What a pattern is: an observation with its numbers, and the packets that show it."""

import html
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pcapframe.arrays import Array, Mask, changes
from pcapframe.measures import Differing, wilson_interval
from pcapframe.wording import counted, joined, value_text

__all__ = [
    "CATEGORIES",
    "LISTED",
    "OF_ENDPOINTS",
    "ByConnection",
    "Evidence",
    "Notable",
    "Pattern",
    "Rows",
    "beside",
    "each_direction",
    "native",
    "rate",
]

CATEGORIES = ("connection_establishment", "connection_termination", "reliability", "connection_lifecycle", "timing")

OF_ENDPOINTS = "all packets of these endpoints"  # what `Evidence.display_filter_all` of a pattern selects
LISTED = 100  # most connections, frames or entries in a list; the totals are exact


@dataclass(frozen=True)
class Evidence:
    """The connections and packets that show a pattern.

    Parameters
    ----------
    connections : tuple of int
        ``conn_id`` of the first 100.
    connection_count : int
        How many there are in all.
    frames : tuple of int
        Frame numbers of the first 100; of the merged list where several captures were read.
    frame_count : int
        How many there are in all.
    display_filter : str or None
        Wireshark display filter that selects exactly the listed frames; None where none are listed.
    display_filter_all : str or None
        Short filter that selects all TCP packets of these endpoints, in these connections and in others; None where
        no short filter can.
    """

    connections: tuple[int, ...] = ()
    connection_count: int = 0
    frames: tuple[int, ...] = ()
    frame_count: int = 0
    display_filter: str | None = None
    display_filter_all: str | None = None

    def __str__(self) -> str:
        connections = counted(self.connection_count, "connection")
        if not self.frame_count:
            return connections
        frames = joined([str(frame) for frame in self.frames], self.frame_count)
        return f"{counted(self.frame_count, 'frame')} in {connections}: {frames}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dict, ready for ``json.dumps``.

        Returns
        -------
        dict
            The fields by name, tuples as lists.
        """
        return {name: native(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class Pattern:
    """Something seen in the traffic, with the packets that show it; never why.

    Parameters
    ----------
    pattern : str
        Its name, also that of its module and of its parameters in `Thresholds`.
    category : str
        ``connection_establishment``, ``connection_termination``, ``reliability``, ``connection_lifecycle`` or
        ``timing``.
    description : str
        One or two sentences with the main numbers.
    observations : dict
        All numbers by name, as plain Python objects. What the capture cannot show is None.
    evidence : Evidence
        Connections and frames.

    Examples
    --------
    >>> seen = Pattern("zero_window", "reliability", "1 connection.", {"rate": np.float64("nan")}, Evidence())
    >>> seen.to_dict()["observations"]
    {'rate': None}
    """

    pattern: str
    category: str
    description: str
    observations: dict[str, Any]
    evidence: Evidence

    def __post_init__(self) -> None:
        object.__setattr__(self, "observations", native(self.observations))

    def __str__(self) -> str:
        lines = [f"{self.pattern} ({self.category})", f"  {self.description}"]
        lines += [f"  {name}: {value_text(value)}" for name, value in self.observations.items()]
        return "\n".join([*lines, f"  evidence: {self.evidence}"])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show it in IPython's terminal."""
        printer.text("…" if cycle else str(self))

    def _repr_html_(self) -> str:
        texts = {name: value_text(value) for name, value in self.observations.items()}
        texts["evidence"] = str(self.evidence)
        filters = {"display filter": self.evidence.display_filter, OF_ENDPOINTS: self.evidence.display_filter_all}
        texts |= {name: text for name, text in filters.items() if text is not None}
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for name, text in texts.items()
        )
        title = f"<b>{html.escape(self.pattern)}</b> ({html.escape(self.category)})"
        return f"<div>{title}<p>{html.escape(self.description)}</p><table>{rows}</table></div>"

    def to_dict(self) -> dict[str, Any]:
        """Return it as a dict, ready for ``json.dumps``.

        Returns
        -------
        dict
            Copies of ``pattern``, ``category``, ``description``, ``observations`` and ``evidence``.
        """
        return {
            "pattern": self.pattern,
            "category": self.category,
            "description": self.description,
            "observations": native(self.observations),
            "evidence": self.evidence.to_dict(),
        }


class Rows(NamedTuple):
    """Segments and the place of each one's connection, ascending by row."""

    rows: Array
    place: Array


class ByConnection(NamedTuple):
    """Segments of some connections, grouped by connection, each in capture order."""

    rows: Array
    place: Array

    @property
    def begins(self) -> Mask:
        """Where a connection's first row is."""
        return changes(self.place)


class Notable(NamedTuple):
    """What stands out in a pattern.

    Parameters
    ----------
    type : str
        Name of this kind of observation.
    detail : str
        What is seen, with its numbers.
    """

    type: str
    detail: str


def native(value: Any) -> Any:
    """Convert a value to types that JSON has.

    Parameters
    ----------
    value : object
        Numbers, text, times and nested dicts and sequences of them.

    Returns
    -------
    object
        Python's int, float, bool, str, list, dict or None; NaN, infinity and other nulls are None, times ISO
        8601.

    Examples
    --------
    >>> native({"rates": (np.float32(0.5), float("nan")), "frames": np.array([1, 2])})
    {'rates': [0.5, None], 'frames': [1, 2]}
    """
    if type(value) in (int, str, bool):
        return value
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, dict):
        return {str(key): native(item) for key, item in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, Iterable):
        return [native(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def rate(name: str, part: int, whole: int) -> dict[str, float]:
    """Return a share under its name, with its 95 % Wilson interval beside it.

    Parameters
    ----------
    name : str
        Name of the share.
    part, whole : int
        Its numerator and denominator.

    Returns
    -------
    dict
        ``name``, ``name_low`` and ``name_high`` [0 to 1], NaN where the whole is 0.

    Examples
    --------
    >>> {name: round(value, 3) for name, value in rate("reset_rate", 1, 10).items()}
    {'reset_rate': 0.1, 'reset_rate_low': 0.018, 'reset_rate_high': 0.404}
    """
    low, high = wilson_interval(part, whole)
    return {name: part / whole if whole else np.nan, f"{name}_low": low, f"{name}_high": high}


def beside(found: Differing, label: str) -> str:
    """Say how Wireshark's labels differ from the evidence.

    Parameters
    ----------
    found : Differing
        The comparison.
    label : str
        What Wireshark calls them.

    Returns
    -------
    str
        A sentence after a space, about the packets that the sentence before it counts; empty if they agree.

    Examples
    --------
    >>> import numpy as np
    >>> beside(Differing(7, np.array([3, 4]), np.array([9])), "retransmissions")
    " Wireshark's rules label 5 of these as retransmissions, and 2 other packets."
    """
    more, fewer = found.only_wireshark.size, found.only_evidence.size
    if not more and not fewer:
        return ""
    same = found.wireshark_total - more
    if not same and fewer:
        others = f"but {counted(more, 'other packet')}" if more else "nor any other packet"
        return f" Wireshark's rules label none of these as {label}, {others}."
    these = f"{same:,} of these" if fewer else "all of these"
    others = counted(more, "other packet") if more else "no other packet"
    return f" Wireshark's rules label {these} as {label}, and {others}."


def each_direction(to_server: int, from_server: int, unknown: int) -> str:
    """Write how many packets went each way, leaving out zeros.

    Parameters
    ----------
    to_server, from_server, unknown : int
        How many.

    Returns
    -------
    str
        Between commas.

    Examples
    --------
    >>> each_direction(3, 0, 1)
    '3 to the server, 1 of unknown direction'
    """
    ways = {"to the server": to_server, "from the server": from_server, "of unknown direction": unknown}
    return ", ".join(f"{count:,} {way}" for way, count in ways.items() if count) or "none"
