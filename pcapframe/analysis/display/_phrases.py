"""Words for the numbers of an analysis: counts with their qualifiers, shares, sizes and times."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime

from pcapframe.analysis.health import CaptureHealth
from pcapframe.analysis.statistics import Differences, Reordering, Statistics
from pcapframe.display_filters import frame_filter
from pcapframe.wording import counted, percent, seconds
from pcapframe.zones import span_text as in_zone

__all__ = [
    "ENDING_STATISTICS",
    "FACT_WIDTH",
    "HANDSHAKE_STATISTICS",
    "RETRANSMITTED",
    "difference_rows",
    "fitting_frames",
    "labelled_count",
    "never_established",
    "reordering_rows",
    "retransmitted_text",
    "seen_count",
    "shares_text",
    "size_text",
    "spaced",
    "span_text",
    "totals_text",
    "wireshark_rows",
]

RETRANSMITTED = "retransmitted"  # by the evidence, beside retransmissions by Wireshark's rules
FACT_WIDTH = 13  # of a fact's label [characters]
LABELLED = {
    "retransmissions": "labelled as retransmissions by its rules",
    "reordering": "labelled as out of order by its rules",
}
HANDSHAKE_STATISTICS = {
    "complete": "handshakes", "refused": "handshakes", "unanswered": "unanswered", "half open": "unanswered",
    "aborted": "handshakes",
}  # fmt: skip
ENDING_STATISTICS = {
    "FIN": "endings", "reset": "endings", "half closed": "open_endings", "open": "open_endings",
}  # fmt: skip
NO_NOTES: Mapping[str, str] = {}


def seen_count(count: int, health: CaptureHealth, statistic: str, what: str = "", *, among: str = "") -> str:
    """Write a count with its qualifier; "none seen" if it is 0 and some may have been missed.

    Parameters
    ----------
    count : int
        How many.
    health : CaptureHealth
        Of the capture.
    statistic : str
        What the count depends on, a key of ``STATISTICS``.
    what, among : str, optional
        What is counted, and of how many.

    Returns
    -------
    str
        Such as ``at least 3 of 40 TCP packets``.

    Examples
    --------
    >>> import pcapframe as pf
    >>> health = pf.analyze(pf.example("midstream.pcap")).health
    >>> seen_count(0, health, "endings", among="8 connections"), seen_count(1, health, "endings", among="8 connections")
    ('none seen in 8 connections', 'at least 1 of 8 connections')
    """
    if not count and health.qualifier(statistic) == "at least":
        return f"none seen in {among}" if among else "none seen"
    return " ".join(part for part in (health.qualify(count, statistic), among and f"of {among}", what) if part)


def labelled_count(count: int, health: CaptureHealth, statistic: str) -> str:
    """Write how many packets Wireshark's rules label.

    Parameters
    ----------
    count : int
        How many.
    health : CaptureHealth
        Of the capture.
    statistic : {"retransmissions", "reordering"}
        What they are labelled as.

    Returns
    -------
    str
        Such as ``at least 3 labelled as retransmissions by its rules``.

    Examples
    --------
    >>> import pcapframe as pf
    >>> labelled_count(0, pf.analyze(pf.example("losses.pcap")).health, "retransmissions")
    'none labelled as retransmissions by its rules'
    """
    return f"{health.qualify(count, statistic) if count else 'none'} {LABELLED[statistic]}"


def difference_rows(differences: Differences, seen_as: str, width: int) -> list[tuple[str, str]]:
    """List the packets for which Wireshark's rules and the evidence differ.

    Parameters
    ----------
    differences : dict
        Of a count in the statistics.
    seen_as : str
        What the evidence calls them.
    width : int
        Characters in a line.

    Returns
    -------
    list of tuple of str
        Rows for `facts`; empty if both agree.
    """
    sides = (
        ("only Wireshark", f"labelled, not {seen_as}", differences["only_wireshark"]),
        ("only evidence", f"{seen_as}, not labelled", differences["only_evidence"]),
    )
    rows = []
    for label, what, differing in sides:
        frames, total = differing["frames"], differing["frame_count"]
        if not total:
            continue
        rows.append((label, f"{total:,} {what}"))
        shown = fitting_frames(frames, width - FACT_WIDTH - 5)
        if shown:
            which = "" if total == len(shown) else f"{len(shown):,} of these"
            rows.append((which, frame_filter(shown) or ""))
    return rows


def retransmitted_text(statistics: Statistics, health: CaptureHealth) -> str:
    """Say how much was retransmitted."""
    seen = statistics["retransmissions"]
    among = counted(statistics["total_packets"], "TCP packet")
    text = seen_count(seen["total"], health, "retransmissions", among=among)
    if not seen["total"]:
        return text
    low, high = percent(seen["rate_low"] or 0.0), percent(seen["rate_high"] or 0.0)
    rate = percent(seen["rate"])
    if health.qualifier("retransmission_rate") is None:
        return f"{text} ({rate}, 95 % interval {low.removesuffix(' %')} to {high})"
    return f"{text}; rate {health.qualify(rate, 'retransmission_rate')}"


def wireshark_rows(labelled: int, differences: Differences, health: CaptureHealth, width: int) -> list[tuple[str, str]]:
    """Say how many retransmissions Wireshark's rules find, and which packets differ.

    Parameters
    ----------
    labelled : int
        Packets that Wireshark's rules label.
    differences : dict
        From the statistics.
    health : CaptureHealth
        Of the capture.
    width : int
        Characters in a line.

    Returns
    -------
    list of tuple of str
        Rows for `facts`.
    """
    text = labelled_count(labelled, health, "retransmissions")
    return [("Wireshark", text), *difference_rows(differences, RETRANSMITTED, width)]


def reordering_rows(seen: Reordering, health: CaptureHealth, width: int) -> list[tuple[str, str]]:
    """Say how many segments were reordered, how many Wireshark's rules find, and which packets differ.

    Parameters
    ----------
    seen : dict
        From the statistics.
    health : CaptureHealth
        Of the capture.
    width : int
        Characters in a line.

    Returns
    -------
    list of tuple of str
        Rows for `facts`.
    """
    return [
        ("reordered", seen_count(seen["total"], health, "reordering", "arrived after a later segment")),
        ("Wireshark", labelled_count(seen["wireshark_total"], health, "reordering")),
        *difference_rows(seen["differences"], "reordered", width),
    ]


def totals_text(statistics: Statistics, health: CaptureHealth) -> str:
    connections = health.qualify_count(statistics["total_connections"], "connection", "connections")
    packets = health.qualify_count(statistics["total_packets"], "TCP packet", "packets")
    size = size_text(statistics["total_bytes"])
    whole = health.qualify(size, "bytes")
    if health.qualifier("bytes") == "unknown":
        whole = f"an unknown number of bytes ({size.partition(' byte')[0]} as captured)"
    return f"{connections}, {packets}, {whole}"


def never_established(count: int, never: int) -> str:
    """Say after a count of open connections how many of them were never established, if any."""
    if not never:
        return ""
    of = "" if count == 1 else "none of them established" if never == count else f"{never:,} of them never established"
    return f" ({of or 'never established'})"


def shares_text(
    counts: dict[str, int], health: CaptureHealth, rests_on: Mapping[str, str], notes: Mapping[str, str] = NO_NOTES
) -> str:
    """Write counts by name without zeros, the unknown ones together at the end; a note follows its count."""
    texts, unknown = [], []
    for name, count in counts.items():
        said = health.qualifier(rests_on.get(name, ""))
        text = f"{count:,} {spaced(name)}{notes.get(name, '')}"
        if count and said == "unknown":
            unknown.append(text)
        elif count:
            texts.append(text if said is None else f"{said} {text}")
    return ", ".join(texts + ([f"unknown ({', '.join(unknown)} as captured)"] if unknown else []))


def fitting_frames(frames: Sequence[int], width: int) -> Sequence[int]:
    """Return the first frames, as many as a display filter of this width names."""
    more = range(2, len(frames) + 1)  # a filter of more frames is never shorter
    return frames[: 1 + bisect_right(more, width, key=lambda count: len(frame_filter(frames[:count]) or ""))]


def spaced(name: str) -> str:
    return name.replace("_", " ")


def size_text(count: int) -> str:
    """Write a number of bytes in a unit that suits it."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return counted(count, "byte")


def span_text(first: str, last: str, digits: int | None = None) -> str:
    """Write a time range in the chosen zone, and how long it is."""
    duration = (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()
    return f"{in_zone(first, last, digits)} ({seconds(duration)})"
