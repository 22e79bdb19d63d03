"""What the link's log says of the connections: resends, drops, flags. Independent of any capture."""

from __future__ import annotations

from collections import Counter
from typing import Any

from lab.link import FIN, RST, SYN

Log = list[dict[str, Any]]
Window = tuple[int, int]
_HALF, _FULL = 1 << 31, 1 << 32


class _Sender:
    """Sequence space that one direction of a connection has sent."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.seen: list[tuple[int, int]] = []

    def send(self, seq: int, length: int) -> bool:
        """Add a segment; True when part of it was sent before."""
        start = (seq - self.first + _HALF) % _FULL - _HALF
        stop = start + length
        before = any(start < right and left < stop for left, right in self.seen)
        touching = [(left, right) for left, right in self.seen if start <= right and left <= stop]
        apart = [pair for pair in self.seen if pair not in touching]
        self.seen = [
            *apart,
            (min([start, *(p[0] for p in touching)]), max([stop, *(p[1] for p in touching)])),
        ]
        return before


def connections(log: Log, window: Window, notes: dict[tuple[str, int, str, int], str]) -> list[dict[str, Any]]:
    """Tally the frames of each connection.

    Parameters
    ----------
    log : list of dict
        Frames of the link, from its start.
    window : tuple of int
        Only frames that reached the link within are counted, whatever became of them; whether one is a resend
        is judged by all frames before it. [Unix time, ns]
    notes : dict
        What the scenario says of a connection.

    Returns
    -------
    list of dict
        In order of the first frame. A SYN with a new sequence number on ports in use begins a new connection.
        ``resent_segments`` are segments with payload, SYN or FIN that repeat sequence numbers which the same
        side had sent (keep-alives and window probes of Linux carry none and do not count).
    """
    found: dict[tuple[str, int, str, int], list[dict[str, Any]]] = {}
    senders: dict[tuple[int, str], _Sender] = {}
    in_order: list[dict[str, Any]] = []
    for frame in log:
        if frame["kind"] == "other":
            continue
        source, target = (frame["src"], frame["src_port"]), (frame["dst"], frame["dst_port"])
        side = "client" if frame["to"] == "server" else "server"
        key = (*source, *target) if side == "client" else (*target, *source)
        rows = found.setdefault(key, [])
        if not rows or (frame["kind"] == "syn" and _is_new(senders.get((id(rows[-1]), side)), frame["seq"])):
            rows.append(_row(key, notes.get(key, "")))
            in_order.append(rows[-1])
        row = rows[-1]
        length = frame["payload_bytes"] + bool(frame["flags"] & SYN) + bool(frame["flags"] & FIN)
        sender = senders.setdefault((id(row), side), _Sender(frame["seq"]))
        resent = length > 0 and sender.send(frame["seq"], length)
        if frame["at"] < window[0]:
            row["frames_before_capture"] += 1
        elif frame["at"] <= window[1]:
            _count(row[side], frame, resent)
    return [row for row in in_order if row["client"]["frames"] or row["server"]["frames"]]


def _is_new(sender: _Sender | None, seq: int) -> bool:
    return sender is not None and seq != sender.first


def _row(key: tuple[str, int, str, int], note: str) -> dict[str, Any]:
    counts = "frames payload_bytes syns fins rsts resent_segments resent_syns dropped_frames".split()
    return {
        "endpoints": list(key),
        "note": note,
        "frames_before_capture": 0,
        "client": dict.fromkeys(counts, 0),
        "server": dict.fromkeys(counts, 0),
    }


def _count(counts: dict[str, int], frame: dict[str, Any], resent: bool) -> None:
    flags = frame["flags"]
    counts["frames"] += 1
    counts["payload_bytes"] += frame["payload_bytes"]
    counts["syns"] += bool(flags & SYN)
    counts["fins"] += bool(flags & FIN)
    counts["rsts"] += bool(flags & RST)
    counts["resent_segments"] += resent
    counts["resent_syns"] += resent and bool(flags & SYN)
    counts["dropped_frames"] += not frame["out"]


def fates(log: Log, window: Window) -> dict[str, dict[str, int]]:
    """Frames that reached the link in the window, by where they travelled to and what became of them."""
    counted = Counter((frame["to"], frame["fate"]) for frame in log if window[0] <= frame["at"] <= window[1])
    return {to: {fate: n for (t, fate), n in sorted(counted.items()) if t == to} for to in ("server", "client")}


def frames_at(role: str, log: Log, window: Window, mirror_copies: int) -> int:
    """How many frames a capture at this host has when it lacks none: what it sent and what reached it."""

    def inside(moments: list[int]) -> int:
        return sum(window[0] <= moment <= window[1] for moment in moments)

    if role == "monitor":
        return mirror_copies * inside([frame["at"] for frame in log])
    return sum(inside(frame["out"] if frame["to"] == role else [frame["at"]]) for frame in log)


def resends_in_all(log: Log) -> dict[str, int]:
    """Resent segments of each side over the whole log, to be held against the kernel's own counters."""
    rows = connections(log, (0, 1 << 63), {})
    return {side: sum(row[side]["resent_segments"] for row in rows) for side in ("client", "server")}
