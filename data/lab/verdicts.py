"""What each packet of a recording is, by the link's log: resent, overtaken, a further copy.

A frame is *resent* if it carries bytes, SYN or FIN that its sender's host had put on the link before. At a point of
capture an original is *reordered* if later bytes passed there before it. A *capture duplicate* is a further copy of
one frame. A resend is *traced* at a point if it begins below the highest byte that had passed there: either a copy
was seen before, or it fills a hole. Without that nothing there can tell it from an original. It is *needless* if all of
its bytes had reached the receiver's host when it did, in frames sent before it; one that was lost, if they ever did.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

TRUTH = ("emitted", "resent", "reordered", "capture_duplicate", "traced", "needless")
_HALF, _FULL = 1 << 31, 1 << 32
_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10


@dataclass
class _Stream:
    """What one direction of a connection has sent, and when it reached the receiver's host."""

    first: int
    seen: list[tuple[int, int]] = field(default_factory=list)
    arrived: list[tuple[int, int, int]] = field(default_factory=list)

    def send(self, start: int, stop: int, out: list[int]) -> tuple[bool, bool]:
        """Add a range; whether part of it was sent before, and whether all of it was at the receiver before it."""
        resent = any(start < right and left < stop for left, right in self.seen)
        needless = False
        if resent:
            there: list[tuple[int, int]] = []
            for moment, left, right in self.arrived:
                if not out or moment < min(out):
                    there = _joined(there, left, right)
            needless = any(left <= start and stop <= right for left, right in there)
        self.seen = _joined(self.seen, start, stop)
        if out:
            self.arrived.append((min(out), start, stop))
        return resent, needless


def _joined(ranges: list[tuple[int, int]], start: int, stop: int) -> list[tuple[int, int]]:
    """Add a range to disjoint ones."""
    touching = [pair for pair in ranges if start <= pair[1] and pair[0] <= stop]
    apart = [pair for pair in ranges if pair not in touching]
    return [*apart, (min([start, *(p[0] for p in touching)]), max([stop, *(p[1] for p in touching)]))]


@dataclass(frozen=True)
class Emission:
    """A frame as its sender's host put it on the link.

    Parameters
    ----------
    stream : tuple or None
        Sender, receiver and which connection of theirs; None unless TCP.
    start, stop : int
        Bytes that it carries, relative to the stream's first; SYN and FIN count as one.
    resent : bool
        Whether some of them were sent before.
    needless : bool
        Whether all of them were at the receiver's host before.
    """

    stream: tuple[Any, ...] | None
    start: int = 0
    stop: int = 0
    resent: bool = False
    needless: bool = False


def emissions(log: list[dict[str, Any]]) -> list[Emission]:
    """Judge every frame of the link's log, in order of emission."""
    made: list[Emission] = []
    streams: dict[tuple[Any, ...], _Stream] = {}
    uses: dict[tuple[Any, ...], int] = {}
    for frame in log:
        if frame["kind"] == "other" or frame.get("forged"):
            made.append(Emission(None))
            continue
        ends = (frame["src"], frame["src_port"]), (frame["dst"], frame["dst_port"])
        pair = tuple(sorted(ends))
        stream = (*ends, uses.setdefault(pair, 0))
        if frame["kind"] == "syn" and stream in streams and streams[stream].first != frame["seq"]:
            uses[pair] += 1
            stream = (*ends, uses[pair])
        state = streams.setdefault(stream, _Stream(frame["seq"]))
        start = (frame["seq"] - state.first + _HALF) % _FULL - _HALF
        stop = start
        if not frame["flags"] & _RST:
            stop += frame["payload_bytes"] + bool(frame["flags"] & _SYN) + bool(frame["flags"] & _FIN)
        told = state.send(start, stop, frame["out"]) if start < stop else (False, False)
        made.append(Emission(stream, start, stop, *told))
    return made


def verdicts(made: list[Emission], records: list[tuple[int, int]]) -> dict[str, list[int]]:
    """Say what each packet of one capture is.

    Parameters
    ----------
    made : list of Emission
        From `emissions`.
    records : list of tuple
        For each packet of the capture the first frame of the log that it is, and how many.

    Returns
    -------
    dict
        Columns of `TRUTH`: the number of the frame, and 0 or 1.
    """
    columns: dict[str, list[int]] = {name: [] for name in TRUTH}
    passed: set[int] = set()
    highest: dict[tuple[Any, ...], int] = {}
    for number, segments in records:
        parts = made[number : number + segments]
        stream, start, stop = parts[0].stream, parts[0].start, parts[-1].stop
        resent = any(part.resent for part in parts)
        copy = number in passed
        passed.add(number)
        below = stream is not None and start < stop and start < highest.get(stream, start)
        if stream is not None and start < stop:
            highest[stream] = max(stop, highest.get(stream, stop))
        needless = all(part.needless for part in parts if part.resent)
        again = resent and not copy
        row = (number, again, below and not resent and not copy, copy, again and below, again and needless)
        for name, value in zip(TRUTH, row, strict=True):
            columns[name].append(int(value))
    return columns


def mark_forged(log: list[dict[str, Any]], forged: list[dict[str, Any]]) -> None:
    """Mark frames of the log that no host's TCP sent (``forged``), and RSTs that ended nothing (``ignored``).

    Parameters
    ----------
    log : list of dict
        The link's; it is changed.
    forged : list of dict
        Endpoints, ``seq`` and ``flags`` of each, perhaps ``ignored``.
    """
    keys = ("src", "src_port", "dst", "dst_port", "seq", "flags")
    known = {tuple(one[key] for key in keys): one for one in forged}
    for frame in log:
        found = known.get(tuple(frame.get(key) for key in keys))
        if found is not None:
            frame |= {"forged": True, "ignored": bool(found.get("ignored"))}


def resent_by(
    made: list[Emission], log: list[dict[str, Any]], records: list[tuple[int, int]], addresses: tuple[str, ...]
) -> list[tuple[int, int]]:
    """Packets of a capture that these hosts sent again, SYNs aside: frame, and its first frame in the link's log."""
    found, passed = [], set()
    for frame, (number, segments) in enumerate(records, 1):
        again = any(part.resent for part in made[number : number + segments]) and number not in passed
        passed.add(number)
        if again and log[number]["src"] in addresses and not log[number]["flags"] & _SYN:
            found.append((frame, number))
    return found


def kernel_counts(made: list[Emission], sockets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the kernel's counters of each socket beside the log's.

    Parameters
    ----------
    made : list of Emission
        From `emissions`.
    sockets : list of dict
        TCP_INFO with ``local`` and ``remote``, in order of the connections.

    Returns
    -------
    list of dict
        The counters, ``logged_resends``, and ``first_frame``: a frame of the sender by which to find the connection.
    """
    streams: dict[tuple[Any, ...], list[int]] = {}
    for number, emission in enumerate(made):
        if emission.stream is not None:
            streams.setdefault(emission.stream, []).append(number)
    found: dict[tuple[Any, ...], int] = {}
    rows = []
    for info in sockets:
        ends = tuple(info["local"]), tuple(info["remote"])
        use = found[ends] = found.get(ends, -1) + 1
        frames = streams[(*ends, use)]
        resent = sum(made[number].resent for number in frames)
        rows.append(info | {"logged_resends": resent, "first_frame": frames[0]})
    return rows
