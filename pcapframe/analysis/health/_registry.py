"""All findings, and their summary in a sentence."""

from collections.abc import Sequence

import pandas as pd

from pcapframe.analysis.clock import find_clock_steps
from pcapframe.analysis.health import capture_clock, capture_edges, capture_file, captured_segments
from pcapframe.analysis.health._api import CaptureHealth, Finding
from pcapframe.analysis.health._packets import PacketCounts, count_packets
from pcapframe.analysis.health._statistics import STATISTICS
from pcapframe.analysis.health._view import READ, Finder, FinderOfWhole, FindSteps, Recorded, View
from pcapframe.arrays import Mask
from pcapframe.disk import give_back
from pcapframe.events import Totals
from pcapframe.measures import without_attrs
from pcapframe.packets import CaptureInfo
from pcapframe.wording import agreeing, counted

__all__ = ["FINDINGS", "OF_WHOLE_CAPTURE", "ORDER", "examine_capture", "examine_packets"]

OF_WHOLE_CAPTURE: dict[str, FinderOfWhole] = {**capture_file.FINDINGS, **capture_clock.FINDINGS}
FINDINGS: dict[str, Finder] = {**captured_segments.FINDINGS, **capture_edges.FINDINGS}  # they depend on the filter
ORDER = (*capture_file.FINDINGS, *captured_segments.FINDINGS, *capture_clock.FINDINGS, *capture_edges.FINDINGS)


def examine_packets(
    packets: pd.DataFrame,
    segments: pd.DataFrame,
    *,
    capture: CaptureInfo,
    known: CaptureHealth | None = None,
    counts: PacketCounts | None = None,
    clock_steps: FindSteps = find_clock_steps,
) -> tuple[Finding, ...]:
    """Find what limits a capture, whatever the filter.

    Parameters
    ----------
    packets, segments : DataFrame
        Columns of ``schema.PACKETS`` and ``schema.SEGMENTS``, the whole capture; not modified.
    capture : CaptureInfo
        What the file says of itself.
    known : CaptureHealth, optional
        Earlier result for the same capture, with any filter: its findings are returned again.
    counts : PacketCounts, optional
        Of all packets, where these are not all.
    clock_steps : callable, optional
        Finds the steps of the capture's clock in the segments.

    Returns
    -------
    tuple of Finding
        What the file and its interfaces state, then irregular times.
    """
    if known is not None:
        return tuple(finding for finding in known.findings if finding.name in OF_WHOLE_CAPTURE)
    bare = without_attrs(packets)
    recorded = Recorded(capture, bare, without_attrs(segments), counts or count_packets(bare), clock_steps)
    found = []
    for find in OF_WHOLE_CAPTURE.values():
        found.append(find(recorded))
        give_back()
    return tuple(finding for finding in found if finding is not None)


def examine_capture(
    whole: Sequence[Finding],
    events: pd.DataFrame,
    connections: pd.DataFrame,
    *,
    totals: Totals,
    capture: CaptureInfo,
    packets: int,
    message: str | None = None,
    asked: pd.DataFrame | None = None,
    server_given: bool | Mask = False,
    second_views: pd.DataFrame | None = None,
) -> CaptureHealth:
    """Find what limits the statistics of connections of a capture.

    Parameters
    ----------
    whole : sequence of Finding
        Those of the whole capture, as from `examine_packets`.
    events : DataFrame
        The segments of the whole capture that anything can be said of, columns of ``schema.SEGMENTS``; not modified.
    connections : DataFrame
        The selected connections, columns of ``schema.CONNECTIONS``; not modified.
    totals : Totals
        What remains of the other segments.
    capture : CaptureInfo
        What the file says of itself.
    packets : int
        How many packets the capture has.
    message : str, optional
        What is seen of TCP where no segment is.
    asked : DataFrame, optional
        The events of these connections, with at least the columns ``READ``; all by default.
    server_given : bool or ndarray of bool, default False
        Whether the user's filter determines the server: everywhere, or by connection.
    second_views : DataFrame, optional
        Selected connections that are left out of `connections`, because they are other views of these (``same_as``).

    Returns
    -------
    CaptureHealth
        Findings, those about the file first.

    Examples
    --------
    >>> import pcapframe as pf
    >>> [finding.name for finding in pf.analyze(pf.example("midstream.pcap")).health.findings]
    ['cut_packets', 'open_at_start', 'open_at_end', 'inferred_roles']
    """
    view = View(
        all_events=without_attrs(events),
        events=without_attrs(events if asked is None else asked)[list(READ)],  # no copy is made
        connections=without_attrs(connections),
        totals=totals,
        server_given=server_given,
        second_views=without_attrs(connections.iloc[:0] if second_views is None else second_views),
    )
    found = {finding.name: finding for finding in whole}
    for name, find in FINDINGS.items():
        if (finding := find(view)) is not None:
            found[name] = finding
        give_back()
    findings = tuple(found[name] for name in dict.fromkeys((*ORDER, *found)) if name in found)
    return CaptureHealth(findings, _sentence(view, findings, capture, packets, message))


def _unstated(capture: CaptureInfo) -> str:
    """Say which files have no counters of dropped packets, after a space; an empty text if all have them."""
    files = capture.files
    silent = [file for file in files if all(each.get("dropped") is None for each in file["interfaces"])]
    if not silent:
        return ""
    if len(files) == 1:
        who = "The file does"
    elif len(silent) == len(files):
        who = "The files do"
    else:
        who = f"{len(silent):,} of {counted(len(files), 'file')} {agreeing(len(silent), 'does', 'do')}"
    return f" {who} not record capture drops."


def _supports(view: View, packets: int) -> str:
    """Say what is reliable about a capture without findings, as far as it has the packets for that."""
    both = (view.connections["client_packets"].to_numpy() > 0) & (view.connections["server_packets"].to_numpy() > 0)
    established = (view.connections["handshake"] == "complete").to_numpy()
    holds = {
        "both directions were captured": bool(both.all()),
        "no acknowledged byte is missing": True,
        "established connections begin and end in the capture": bool(established.any()),
        "time runs forward": packets > 1,
    }
    *texts, last = (text for text, is_so in holds.items() if is_so)
    return f"{', '.join(texts)}{',' if len(texts) > 1 else ''} and {last}" if texts else last


def _sentence(
    view: View, findings: tuple[Finding, ...], capture: CaptureInfo, packets: int, message: str | None
) -> str:
    """Say in a sentence what the capture supports."""
    if not view.segments:
        if message is not None:
            return f"{message}. It supports no statistics of connections."
        return "Nothing is selected, so there are no statistics to support."
    named = [finding for finding in findings if finding.affects]
    unstated = _unstated(capture)
    if not named:
        return f"All statistics are reliable: {_supports(view, packets)}.{unstated}"
    found = CaptureHealth(findings, "").qualifiers
    limited = [text for name, text in STATISTICS.items() if name in found]
    if len(limited) == len(STATISTICS):
        return f"No statistic of this capture is reliable as counted.{unstated}"
    return f"All statistics are reliable except {', '.join(limited)}.{unstated}"
