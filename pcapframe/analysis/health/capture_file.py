"""What the file and its interfaces state, whatever the filter.

- ``file_cut_off``: the file ends early or is damaged, or one of several cannot be read; what is missing is unknown.
- ``reader_notes``: what the reader could not read or left out.
- ``not_decoded``: packets that may be TCP and were not decoded, by kind (``packets["undecoded"]``).
- ``dropped_packets``: drops reported by the interfaces' own counters. Only pcapng has these, and not every writer
  stores them.
- ``cut_packets``: packets captured in part: by the capture (snaplen), or cut off before it recorded them (``sliced``).
  It limits statistics only if the TCP header is cut: payload is counted by the IP length.
"""

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from pcapframe.analysis.health._api import Finding
from pcapframe.analysis.health._packets import cut_in_header
from pcapframe.analysis.health._statistics import AT_LEAST, LACKS_PACKETS, UNKNOWN
from pcapframe.analysis.health._view import FinderOfWhole, Recorded
from pcapframe.analysis.health.no_segments import say_undecoded
from pcapframe.arrays import column_of
from pcapframe.capture.link_types import is_undecoded
from pcapframe.capture.other_links import is_without_ip
from pcapframe.memory import rows_where
from pcapframe.patterns import LISTED, Evidence
from pcapframe.wording import agreeing, counted, printable, shortened

__all__ = ["FINDINGS"]

NOTES, NOTE = 5, 1_000  # of the reader in the sentence, and the longest of them [characters]
NAMED = 3  # files, in a sentence
NAME = 100  # of a file [characters]


def _cut_off(view: Recorded) -> Finding | None:
    capture = view.capture
    if not capture.truncated:
        return None
    sentences = []
    if ends := [file for file in capture.files if file["truncated"] and file["format"]]:
        named, read = _names(ends), sum(file["packets"] for file in ends)
        which = agreeing(len(ends), f"{named} ends early or is damaged", f"{named} end early or are damaged")
        sentences.append(
            f"{which if capture.captures else 'The file ends early or is damaged'}: {counted(read, 'packet')} before "
            f"that {agreeing(read, 'was', 'were')} read; how many are missing is unknown."
        )
    if unread := [file for file in capture.files if file["truncated"] and not file["format"]]:
        sentences.append(f"{_names(unread)} could not be read and {agreeing(len(unread), 'is', 'are')} left out.")
    return Finding(
        "file_cut_off",
        " ".join(sentences),
        {"packets_read": capture.packets, "packets": None, "bytes_read": capture.bytes},
        {**LACKS_PACKETS, "connections": AT_LEAST, "durations": AT_LEAST},
        Evidence(),
    )


def _notes(view: Recorded) -> Finding | None:
    capture = view.capture
    if not capture.notes:
        return None
    undecoded = [name for name in capture.link_types if is_undecoded(name) or is_without_ip(name)]
    said = "; ".join(shortened(printable(note), NOTE) for note in capture.notes[:NOTES])
    more = f"; and {len(capture.notes) - NOTES:,} more" if len(capture.notes) > NOTES else ""
    undecoded_total = len(undecoded) + max(capture.link_types_total - len(capture.link_types), 0)
    return Finding(
        "reader_notes",
        f"Notes while reading: {said}{more}.",
        {
            "notes": len(capture.notes),
            "undecoded_link_types": undecoded[:LISTED],
            **({"undecoded_link_types_total": undecoded_total} if undecoded_total > LISTED else {}),
        },
        {},
        Evidence(),
    )


def _not_decoded(view: Recorded) -> Finding | None:
    counts = view.counts.undecoded
    if not counts:
        return None
    sentence = say_undecoded(counts, more=bool(len(view.segments)))
    codes, total = column_of(view.packets, "undecoded").codes, sum(counts.values())
    rows = rows_where(codes.size, lambda some: codes[some] >= 0)
    kinds = dict(islice(counts.items(), LISTED))
    return Finding(
        "not_decoded",
        f"{sentence[0].upper()}{sentence[1:]}; the capture has {counted(view.counts.packets, 'packet')}.",
        {
            "packets_not_decoded": total,
            "packets": view.counts.packets,
            "kinds": kinds,
            **({"kinds_total": len(counts)} if len(counts) > len(kinds) else {}),
        },
        {**LACKS_PACKETS, "connections": AT_LEAST},
        view.of_packets(rows, total),
    )


def _drops(view: Recorded) -> Finding | None:
    counters = [(each.get("received"), each.get("dropped")) for each in view.capture.interfaces]
    dropped = sum(count or 0 for _, count in counters)
    if not dropped:
        return None
    held = view.capture.packets
    known = [count for count, lost in counters if count is not None and lost is not None]
    received = sum(known) if len(known) == sum(lost is not None for _, lost in counters) else None
    beside = "" if received is None else f" and {received:,} received"
    return Finding(
        "dropped_packets",
        f"The capture's own counters report {counted(dropped, 'packet')} dropped{beside}; the file has {held:,}.",
        {"dropped": dropped, "received": received, "packets": held},
        {**LACKS_PACKETS, "connections": AT_LEAST},
        Evidence(),
    )


def _names(files: list[dict[str, Any]]) -> str:
    """Name the first of some files, and count the rest."""
    more = f" and {counted(len(files) - NAMED, 'more file')}" if len(files) > NAMED else ""
    return ", ".join(_name(file) for file in files[:NAMED]) + more


def _name(file: dict[str, Any]) -> str:
    return shortened(printable(file["name"]), NAME)


def _cut_packets(view: Recorded) -> Finding | None:
    counts = view.counts
    count, within_header, before = counts.cut, counts.cut_headers, counts.sliced
    if not count:
        return None
    headers = cut_in_header(view.packets) if within_header else np.empty(0, np.intp)
    if count == 1:
        within = "within" if within_header else "not within"
    else:
        within = f"{within_header:,} of them within" if within_header else "none within"
    affects = {**LACKS_PACKETS, "resend_reasons": UNKNOWN, "round_trips": UNKNOWN} if within_header else {}
    recorded = f"; {before:,} {agreeing(before, 'was', 'were')} cut off before the capture (sliced)" if before else ""
    return Finding(
        "cut_packets",
        f"{count:,} of {counted(counts.packets, 'packet')} {agreeing(count, 'was', 'were')} captured in part"
        f"{_declared(view)}, {within} the TCP header{recorded}.",
        {
            "cut_packets": count,
            "packets": counts.packets,
            "cut_tcp_headers": within_header,
            "sliced": before,
            **({} if view.capture.captures else {"snaplen": view.capture.snaplen}),  # each file has its own
        },
        affects,
        replace(
            view.of_packets(headers, within_header),
            display_filter_all=None if before else "frame.cap_len < frame.len",
        ),
    )


def _declared(view: Recorded) -> str:
    """Write the snaplens that the files with packets that were cut by them declare, in parentheses."""
    files = view.capture.files
    found = []
    for number in view.counts.cut_sources:
        limits = [each["snaplen"] for each in files[number]["interfaces"] if each["snaplen"] is not None]
        limits = sorted({*limits} or {files[number]["snaplen"]} - {None})
        if limits:
            most = f"{limits[0]:,} to " if len(limits) > 1 else ""
            found.append((_name(files[number]), f"{most}{counted(limits[-1], 'byte')} at most"))
    if not found:
        return ""
    if len(files) == 1:
        return f" (the file declares {found[0][1]})"
    said = [f"{name} declares {text}" for name, text in found[:NAMED]]
    more = f", and {counted(len(found) - NAMED, 'more file')}" if len(found) > NAMED else ""
    return f" ({', '.join(said)}{more})"


FINDINGS: dict[str, FinderOfWhole] = {
    "file_cut_off": _cut_off,
    "reader_notes": _notes,
    "not_decoded": _not_decoded,
    "dropped_packets": _drops,
    "cut_packets": _cut_packets,
}
