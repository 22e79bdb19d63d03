"""All findings, and their summary in a sentence."""

import pandas as pd

from pcapframe.analysis.health import capture_clock, capture_edges, capture_file, captured_segments
from pcapframe.analysis.health._api import CaptureHealth, Finding
from pcapframe.analysis.health._statistics import STATISTICS
from pcapframe.analysis.health._view import READ, Finder, View
from pcapframe.analysis.health.no_segments import explain_no_segments
from pcapframe.arrays import Mask
from pcapframe.disk import give_back
from pcapframe.measures import without_attrs
from pcapframe.packets import CaptureInfo
from pcapframe.wording import agreeing, counted

__all__ = ["FINDINGS", "OF_WHOLE_CAPTURE", "examine_capture"]

FINDINGS: dict[str, Finder] = {
    **capture_file.FINDINGS, **captured_segments.FINDINGS, **capture_clock.FINDINGS, **capture_edges.FINDINGS,
}  # fmt: skip
OF_WHOLE_CAPTURE = {*capture_file.FINDINGS, *capture_clock.FINDINGS}  # the others depend on the filter


def examine_capture(
    packets: pd.DataFrame,
    segments: pd.DataFrame,
    connections: pd.DataFrame,
    *,
    capture: CaptureInfo,
    asked: pd.DataFrame | None = None,
    known: CaptureHealth | None = None,
    server_given: bool | Mask = False,
    second_views: pd.DataFrame | None = None,
) -> CaptureHealth:
    """Find what limits the statistics of a capture.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``, the whole capture; not modified.
    segments : DataFrame
        Columns of ``schema.SEGMENTS``, the whole capture; not modified.
    connections : DataFrame
        The selected connections, columns of ``schema.CONNECTIONS``; not modified.
    capture : CaptureInfo
        What the file says of itself.
    asked : DataFrame, optional
        The segments of these connections, with at least the columns ``READ``; all by default.
    known : CaptureHealth, optional
        Earlier result for the same capture, with any filter: its findings about the whole capture are reused.
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
    asked = segments if asked is None else asked
    view = View(
        capture=capture,
        packets=without_attrs(packets),
        all_segments=without_attrs(segments),
        segments=without_attrs(asked)[list(READ)],  # others are left out by a filter; no copy is made
        connections=without_attrs(connections),
        server_given=server_given,
        second_views=without_attrs(connections.iloc[:0] if second_views is None else second_views),
    )
    whole = {finding.name: finding for finding in known.findings} if known else {}
    found = []
    for name, find in FINDINGS.items():
        found.append(whole.get(name) if known and name in OF_WHOLE_CAPTURE else find(view))
        give_back()
    findings = tuple(finding for finding in found if finding is not None)
    return CaptureHealth(findings, _sentence(view, findings))


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


def _supports(view: View) -> str:
    """Say what is reliable about a capture without findings, as far as it has the packets for that."""
    both = (view.connections["client_packets"].to_numpy() > 0) & (view.connections["server_packets"].to_numpy() > 0)
    established = (view.connections["handshake"] == "complete").to_numpy()
    holds = {
        "both directions were captured": bool(both.all()),
        "no acknowledged byte is missing": True,
        "established connections begin and end in the capture": bool(established.any()),
        "time runs forward": len(view.packets) > 1,
    }
    *texts, last = (text for text, is_so in holds.items() if is_so)
    return f"{', '.join(texts)}{',' if len(texts) > 1 else ''} and {last}" if texts else last


def _sentence(view: View, findings: tuple[Finding, ...]) -> str:
    """Say in a sentence what the capture supports."""
    if not len(view.segments):
        if not len(view.all_segments):
            why = explain_no_segments(view.packets, view.capture)
            return f"{why}. It supports no statistics of connections."
        return "Nothing is selected, so there are no statistics to support."
    named = [finding for finding in findings if finding.affects]
    unstated = _unstated(view.capture)
    if not named:
        return f"All statistics are reliable: {_supports(view)}.{unstated}"
    found = CaptureHealth(findings, "").qualifiers
    limited = [text for name, text in STATISTICS.items() if name in found]
    if len(limited) == len(STATISTICS):
        return f"No statistic of this capture is reliable as counted.{unstated}"
    return f"All statistics are reliable except {', '.join(limited)}.{unstated}"
