"""What a capture can and cannot support: findings, and the statistics that each makes unreliable.

A finding is an observation about the capture itself, with its numbers and the packets that show it. It names the
statistics that cannot be taken as they are: such a number is *at least* what is counted, or it is *unknown*, and
every text and answer says so beside it. What no finding names holds for the traffic at the capture point.

What concerns the file, its interfaces and its clock is judged for the whole capture; the rest for the connections
asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.analysis.clock import find_clock_steps
from pcapframe.capture.link import LINK_NAMES
from pcapframe.measures import frame_filter, values, without_attrs
from pcapframe.packets import CaptureInfo
from pcapframe.patterns import Evidence, Pattern
from pcapframe.schema import FLAG_BITS

__all__ = ["READ", "STATISTICS", "CaptureHealth", "Finding", "Qualifier", "examine_capture"]

Qualifier: TypeAlias = Literal["at least", "unknown"]
Array: TypeAlias = npt.NDArray[Any]
Mask: TypeAlias = npt.NDArray[np.bool_]

AT_LEAST: Qualifier = "at least"
UNKNOWN: Qualifier = "unknown"
LISTED = 100  # connections and frames of a finding, beside their exact total
NOTES = 5  # of the reader, in the sentence
READ = (  # columns of the segments asked for
    "tcp_flags", "conn_id", "from_client", "payload_bytes", "mss", "options_malformed", "capture_gap",
    "capture_duplicate",
)  # fmt: skip
NO_CONNECTIONS = np.empty(0, np.int64)
NO_TIME = np.iinfo(np.int64).min
SMALLEST_MSS = 536  # every host takes segments of this size (RFC 9293 section 3.7.1) [bytes]
LARGEST_PAYLOAD = 9_176  # of one frame where no MSS is known: a jumbo frame of 9,216 bytes less headers [bytes]
STEP_S = 1.0  # back in time by as much or more is a step of the clock; packets change places by less [s]

# What can be unreliable, as readers call it.
STATISTICS = {
    "connections": "connections",
    "packets": "packets",
    "bytes": "bytes",
    "flags": "SYN, FIN and RST",
    "handshakes": "complete and refused handshakes",
    "unanswered": "unanswered and half-open handshakes",
    "endings": "connections ended by FIN or RST",
    "open_endings": "connections still open",
    "retransmissions": "segments sent again",
    "reordering": "segments out of order",
    "duplicate_acks": "duplicate ACKs",
    "missing_bytes": "bytes not captured",
    "rates": "shares of connections and segments",
    "retransmission_rate": "rate of retransmission",
    "packet_ratio": "ratio of packets each way",
    "resend_reasons": "reasons of resends",
    "round_trips": "round-trip times",
    "durations": "durations",
    "directions": "client and server",
}
# What each pattern rests on.
PATTERNS = {
    "rst_directional_asymmetry": ("flags",),
    "packet_retransmission": ("retransmissions", "retransmission_rate"),
    "handshake_completion": ("handshakes", "unanswered", "rates"),
    "abnormal_termination": ("endings", "rates"),
    "syn_response_imbalance": ("flags", "unanswered", "rates"),
    "refused_connections": ("handshakes", "rates"),
    "unanswered_syns": ("unanswered",),
    "half_open_handshakes": ("unanswered",),
    "repeated_syn": ("flags",),
    "handshake_time_outliers": ("round_trips",),
    "rst_after_fin": ("flags",),
    "rst_at_same_idle_time": ("flags", "durations"),
    "rst_unlike_ttl": ("flags",),
    "out_of_order_share": ("reordering", "rates"),
    "duplicate_ack_share": ("duplicate_acks", "rates"),
    "capture_gaps": ("missing_bytes",),
    "zero_window": ("flags",),
    "simultaneous_retransmissions": ("retransmissions",),
    "port_reuse": ("connections",),
    "long_idle_gaps": ("open_endings",),
    "open_at_edges": ("open_endings",),
    "state_transitions": ("handshakes", "unanswered", "endings", "open_endings"),
}
_COUNTS = ("packets", "bytes", "flags", "handshakes", "endings", "retransmissions", "reordering", "duplicate_acks")
_LACKS_PACKETS: dict[str, Qualifier] = {
    **dict.fromkeys((*_COUNTS, "missing_bytes"), AT_LEAST),
    **dict.fromkeys(("unanswered", "open_endings", "rates", "retransmission_rate", "packet_ratio"), UNKNOWN),
}


@dataclass(frozen=True)
class Finding:
    """One thing about a capture that limits what it can support.

    Parameters
    ----------
    name : str
        What kind of thing.
    sentence : str
        What is observed, with its main numbers.
    figures : dict
        The numbers by name, counts with what they are of. None where unknown.
    affects : dict
        Names of the statistics that it makes unreliable (keys of ``STATISTICS``): ``at least`` or ``unknown``.
    evidence : Evidence
        Connections and frames that show it; ``display_filter_all`` selects all such frames, where one filter does.
    """

    name: str
    sentence: str
    figures: Mapping[str, Any]
    affects: Mapping[str, Qualifier]
    evidence: Evidence

    def limits(self) -> dict[Qualifier, list[str]]:
        """Name the statistics that it makes unreliable, as a reader calls them.

        Returns
        -------
        dict
            Those that are ``at least`` what is counted, and those that are ``unknown``; empty for none.
        """
        return _named(self.affects)

    def __str__(self) -> str:
        limits = _limits(self.affects)
        return f"{self.sentence} ({limits})" if limits else self.sentence

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as what ``json.dumps`` takes.

        Returns
        -------
        dict
            ``name``, ``sentence``, ``figures``, ``affects`` and ``evidence``.
        """
        return {
            "name": self.name,
            "sentence": self.sentence,
            "figures": dict(self.figures),
            "affects": dict(self.affects),
            "evidence": self.evidence.to_dict(),
        }


@dataclass(frozen=True)
class CaptureHealth:
    """What a capture can and cannot support.

    Parameters
    ----------
    findings : tuple of Finding
        What limits it; empty for a capture without known limits.
    sentence : str
        In short.
    """

    findings: tuple[Finding, ...]
    sentence: str

    @cached_property
    def qualifiers(self) -> dict[str, Qualifier]:
        """Unreliable statistics (keys of ``STATISTICS``): ``at least`` or ``unknown``, the worst that was found."""
        found: dict[str, Qualifier] = {}
        for name in STATISTICS:
            said = {finding.affects[name] for finding in self.findings if name in finding.affects}
            if said:
                found[name] = UNKNOWN if UNKNOWN in said else AT_LEAST
        return found

    def qualifier(self, *statistics: str) -> Qualifier | None:
        """Return how far a number that rests on some statistics can be taken.

        Parameters
        ----------
        *statistics : str
            Keys of ``STATISTICS``.

        Returns
        -------
        str or None
            ``at least``, ``unknown``, or None where it can be taken as it is.
        """
        said = [self.qualifiers[name] for name in statistics if name in self.qualifiers]
        return None if not said else UNKNOWN if UNKNOWN in said else AT_LEAST

    def qualify(self, number: int | str, *statistics: str) -> str:
        """Write a number as far as it can be taken.

        Parameters
        ----------
        number : int or str
            The number, or its text.
        *statistics : str
            What it rests on, keys of ``STATISTICS``.

        Returns
        -------
        str
            The same; ``at least …``; or ``unknown (… as captured)``.

        Examples
        --------
        >>> finding = Finding("dropped_packets", "", {}, {"packets": "at least", "rates": "unknown"}, Evidence())
        >>> health = CaptureHealth((finding,), "")
        >>> health.qualify(1200, "packets"), health.qualify("3 %", "rates"), health.qualify(5, "connections")
        ('at least 1,200', 'unknown (3 % as captured)', '5')
        """
        text = f"{number:,}" if isinstance(number, int) else number
        said = self.qualifier(*statistics)
        if said == UNKNOWN:
            return f"unknown ({text} as captured)"
        return f"{said} {text}" if said else text

    def of_pattern(self, name: str) -> dict[str, Qualifier]:
        """Return how far the statistics can be taken that a pattern rests on.

        Parameters
        ----------
        name : str
            Of the pattern.

        Returns
        -------
        dict
            Those that are unreliable, keys of ``STATISTICS``.
        """
        return self._unreliable(PATTERNS.get(name, ()))

    def qualify_sentence(self, sentence: str, *statistics: str) -> str:
        """Write a sentence as far as it can be taken.

        Parameters
        ----------
        sentence : str
            With several numbers.
        *statistics : str
            What they rest on, keys of ``STATISTICS``.

        Returns
        -------
        str
            The same, or after ``As captured (…)``.
        """
        limits = _limits(self._unreliable(statistics))
        return f"As captured ({limits}): {sentence}" if limits else sentence

    def qualify_observation(self, sentence: str, pattern: str) -> str:
        """Write what a pattern observes as far as it can be taken.

        Parameters
        ----------
        sentence : str
            The observation.
        pattern : str
            Name of the pattern.

        Returns
        -------
        str
            As from `qualify_sentence`.
        """
        return self.qualify_sentence(sentence, *PATTERNS.get(pattern, ()))

    def _unreliable(self, statistics: Iterable[str]) -> dict[str, Qualifier]:
        return {name: self.qualifiers[name] for name in statistics if name in self.qualifiers}

    def qualify_pattern(self, seen: Pattern) -> Pattern:
        """Return a pattern whose description says how far it can be taken.

        Parameters
        ----------
        seen : Pattern
            As from `find_patterns`.

        Returns
        -------
        Pattern
            The same one where nothing limits it.
        """
        description = self.qualify_observation(seen.description, seen.pattern)
        return seen if description == seen.description else replace(seen, description=description)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as what ``json.dumps`` takes.

        Returns
        -------
        dict
            ``sentence``, ``findings`` and ``qualifiers``.
        """
        return {
            "sentence": self.sentence,
            "findings": [finding.to_dict() for finding in self.findings],
            "qualifiers": dict(self.qualifiers),
        }

    def __str__(self) -> str:
        return "\n".join([self.sentence, *(f"- {finding}" for finding in self.findings)])


def examine_capture(
    packets: pd.DataFrame,
    segments: pd.DataFrame,
    connections: pd.DataFrame,
    *,
    capture: CaptureInfo,
    asked: pd.DataFrame | None = None,
    known: CaptureHealth | None = None,
    server_given: bool = False,
) -> CaptureHealth:
    """Find what limits the statistics of a capture.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``, the whole capture; not modified.
    segments : DataFrame
        Columns of ``schema.SEGMENTS``, the whole capture; not modified.
    connections : DataFrame
        Those asked for, columns of ``schema.CONNECTIONS``; not modified.
    capture : CaptureInfo
        What the file says of itself.
    asked : DataFrame, optional
        The segments of these connections, with the columns ``READ`` at least; all by default.
    known : CaptureHealth, optional
        Of the same capture, whatever was asked for then: what it found about the whole capture holds.
    server_given : bool, default False
        The user named the server, so that the roles are known.

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
    view = _View(capture, *(without_attrs(frame) for frame in (packets, segments, asked, connections)))
    whole = {finding.name: finding for finding in known.findings} if known else {}
    file, clock = (
        [whole.get(name) if known else find(view) for name, find in of.items()] for of in (OF_FILE, OF_CLOCK)
    )
    found = [
        *file, _malformed(view), _one_directional(view), _gaps(view), _merged(view), _copies(view), *clock,
        _open_at_start(view), _open_at_end(view), None if server_given else _inferred(view),
    ]  # fmt: skip
    findings = tuple(finding for finding in found if finding is not None)
    return CaptureHealth(findings, _sentence(view, findings))


class _View(NamedTuple):
    """What the findings are made from."""

    capture: CaptureInfo
    packets: pd.DataFrame
    all_segments: pd.DataFrame
    segments: pd.DataFrame  # those of the connections
    connections: pd.DataFrame

    def of_rows(self, rows: Array) -> Evidence:
        """Name segments and their connections."""
        places = np.unique(self.segments["conn_id"].to_numpy()[rows])
        return _evidence(self.segments.index.to_numpy()[rows], places)

    def of_connections(self, mask: Mask) -> Evidence:
        """Name connections and the first packet of each."""
        conn_ids = self.connections.index.to_numpy()[mask]
        rows = self.rows_of(conn_ids[:LISTED])
        _, first = np.unique(self.segments["conn_id"].to_numpy()[rows], return_index=True)
        frames = np.sort(self.segments.index.to_numpy()[rows[first]])
        return replace(_evidence(frames, conn_ids), frame_count=conn_ids.size)

    def rows_of(self, conn_ids: Array) -> Array:
        """Rows of the segments of some connections."""
        conn_id = self.segments["conn_id"].to_numpy()
        wanted = np.zeros(int(conn_id.max(initial=-1)) + 1, np.bool_)
        wanted[conn_ids] = True
        return np.flatnonzero(wanted.take(conn_id))

    def sum(self, column: str) -> int:
        """Sum of a column over both senders."""
        return sum(int(self.connections[f"{side}_{column}"].sum()) for side in ("client", "server"))


def _of_packets(packets: pd.DataFrame, rows: Array) -> Evidence:
    return _evidence(packets.index.to_numpy()[rows], NO_CONNECTIONS)


def _evidence(frames: Array, conn_ids: Array) -> Evidence:
    listed = tuple(frames[:LISTED].tolist())
    return Evidence(
        connections=tuple(conn_ids[:LISTED].tolist()),
        connection_count=conn_ids.size,
        frames=listed,
        frame_count=frames.size,
        display_filter=frame_filter(listed),
    )


# The file.


def _cut_off(view: _View) -> Finding | None:
    capture = view.capture
    if not capture.truncated:
        return None
    return Finding(
        "file_cut_off",
        f"The file ends early or is damaged: {_counted(capture.packets, 'packet')} before that are read, and how many "
        "there were is not known.",
        {"packets_read": capture.packets, "packets": None, "bytes_read": capture.bytes},
        {**_LACKS_PACKETS, "connections": AT_LEAST, "durations": AT_LEAST},
        Evidence(),
    )


def _notes(view: _View) -> Finding | None:
    capture = view.capture
    if not capture.notes:
        return None
    known = set(LINK_NAMES.values())
    undecoded = [name for name in capture.link_types if name not in known]
    affects = {**_LACKS_PACKETS, "connections": AT_LEAST} if undecoded else {}
    said = "; ".join(capture.notes[:NOTES])
    more = f"; and {len(capture.notes) - NOTES:,} more" if len(capture.notes) > NOTES else ""
    return Finding(
        "reader_notes",
        f"The reader noted: {said}{more}.",
        {"notes": len(capture.notes), "undecoded_link_types": undecoded},
        affects,
        Evidence(),
    )


def _drops(view: _View) -> Finding | None:
    counters = [(each.get("received"), each.get("dropped")) for each in view.capture.interfaces]
    dropped = sum(count or 0 for _, count in counters)
    if not dropped:
        return None
    known = [count for count, lost in counters if count is not None and lost is not None]
    received = sum(known) if len(known) == sum(lost is not None for _, lost in counters) else None
    beside = "" if received is None else f" and {received:,} received"
    return Finding(
        "dropped_packets",
        f"By its own counters, {_counted(dropped, 'packet')} {_were(dropped)} dropped where this was captured{beside}; "
        f"{view.capture.packets:,} {'is' if view.capture.packets == 1 else 'are'} in the file.",
        {"dropped": dropped, "received": received, "packets": view.capture.packets},
        {**_LACKS_PACKETS, "connections": AT_LEAST},
        Evidence(),
    )


def _cut_packets(view: _View) -> Finding | None:
    packets = view.packets
    cut = packets["captured_bytes"].to_numpy() < packets["wire_bytes"].to_numpy()
    count = int(np.count_nonzero(cut))
    if not count:
        return None
    rows = np.flatnonzero(cut)
    shorter = packets.take(rows)
    without = (shorter["protocol"] == "TCP").to_numpy() & (
        shorter["seq"].isna() | shorter["options_malformed"].isna() | shorter["payload_bytes"].isna()
    ).to_numpy(bool)
    headers = rows[without]
    tail = f", {headers.size:,} of them within the TCP header" if headers.size else ", none within the TCP header"
    snaplen = view.capture.snaplen
    shown = f" (the file declares {snaplen:,} bytes at most)" if snaplen is not None else ""
    affects = {**_LACKS_PACKETS, "resend_reasons": UNKNOWN, "round_trips": UNKNOWN} if headers.size else {}
    return Finding(
        "cut_packets",
        f"{count:,} of {_counted(len(packets), 'packet')} {_were(count)} captured in part{shown}{tail}.",
        {"cut_packets": count, "packets": len(packets), "cut_tcp_headers": headers.size, "snaplen": snaplen},
        affects,
        replace(_of_packets(packets, headers), display_filter_all="frame.cap_len < frame.len"),
    )


def _malformed(view: _View) -> Finding | None:
    rows = np.flatnonzero(values(view.segments["options_malformed"], np.bool_, null=False))
    if not rows.size:
        return None
    return Finding(
        "malformed_options",
        f"The TCP options of {rows.size:,} of {_counted(len(view.segments), 'segment')} do not parse.",
        {"segments": len(view.segments), "malformed": rows.size},
        {"resend_reasons": UNKNOWN},
        view.of_rows(rows),
    )


# What passed the capture point, and what is in the capture.


def _one_directional(view: _View) -> Finding | None:
    connections = view.connections
    silent = np.stack([connections[f"{side}_packets"].to_numpy() == 0 for side in ("client", "server")])
    one_way: Mask = np.asarray(silent.any(axis=0), np.bool_)
    if one_way.any():  # an acknowledgement shows that the other side did send
        rows = view.rows_of(connections.index.to_numpy()[one_way])
        flags = view.segments["tcp_flags"].to_numpy()[rows]
        acks = rows[(flags & (FLAG_BITS["ACK"] | FLAG_BITS["RST"])) == FLAG_BITS["ACK"]]
        one_way &= np.isin(connections.index.to_numpy(), view.segments["conn_id"].to_numpy()[acks])
    count = int(one_way.sum())
    if not count:
        return None
    return Finding(
        "one_directional",
        f"In {count:,} of {_counted(len(connections), 'connection')} the packets of one side only are in the capture, "
        "and they acknowledge packets of the other side.",
        {
            "connections": count,
            "total_connections": len(connections),
            "without_client": int((one_way & silent[0]).sum()),
            "without_server": int((one_way & silent[1]).sum()),
        },
        {**_LACKS_PACKETS, "round_trips": UNKNOWN},
        view.of_connections(one_way),
    )


def _gaps(view: _View) -> Finding | None:
    missing, captured = view.sum("gap_bytes"), view.sum("payload_bytes")
    if not missing:
        return None
    rows = np.flatnonzero(view.segments["capture_gap"].to_numpy() != 0)
    return Finding(
        "bytes_not_captured",
        f"{_counted(missing, 'byte')} {_were(missing)} acknowledged and {'is' if missing == 1 else 'are'} not in the "
        f"capture, beside {_counted(captured, 'byte')} of payload that {'is' if captured == 1 else 'are'}.",
        {"missing_bytes": missing, "payload_bytes": captured, "acknowledgements": rows.size},
        _LACKS_PACKETS,
        view.of_rows(rows),
    )


def _merged(view: _View) -> Finding | None:
    segments = view.segments
    payload = values(segments["payload_bytes"], np.uint32)
    mss = segments["mss"]
    limit = np.zeros((int(segments["conn_id"].max() if len(segments) else -1) + 1, 2), np.int64)
    offers = np.flatnonzero(mss.notna().to_numpy() & ((segments["tcp_flags"].to_numpy() & FLAG_BITS["SYN"]) != 0))
    conn_id, from_client = segments["conn_id"].to_numpy(), segments["from_client"].to_numpy()
    # What one side offers limits the other.
    np.maximum.at(limit, (conn_id[offers], from_client[offers].astype(np.int64)), values(mss.iloc[offers], np.int64))
    limit = np.where(limit == 0, LARGEST_PAYLOAD, np.maximum(limit, SMALLEST_MSS)).astype(np.uint32)
    if int(payload.max(initial=0)) <= int(limit.min(initial=LARGEST_PAYLOAD)):
        return None
    rows = np.flatnonzero(payload > limit.reshape(-1).take(2 * conn_id + ~from_client))
    if not rows.size:
        return None
    data, largest = view.sum("data_packets"), int(payload[rows].max())
    return Finding(
        "offload_sized_segments",
        f"{rows.size:,} of {_counted(data, 'segment')} with payload, up to {largest:,} bytes, carry more than one "
        "packet on the wire may: each stands for several.",
        {"segments": rows.size, "data_segments": data, "largest_payload_bytes": largest},
        {
            **dict.fromkeys(("packets", "retransmissions", "reordering"), AT_LEAST),
            **dict.fromkeys(("rates", "retransmission_rate", "packet_ratio"), UNKNOWN),
        },
        view.of_rows(rows),
    )


def _copies(view: _View) -> Finding | None:
    rows = np.flatnonzero(view.segments["capture_duplicate"].to_numpy())
    if not rows.size:
        return None
    return Finding(
        "capture_duplicates",
        f"{rows.size:,} of {_counted(len(view.segments), 'TCP packet')} {'is a' if rows.size == 1 else 'are'} further "
        f"{'copy' if rows.size == 1 else 'copies'} of a packet already captured: they count in packets and bytes only.",
        {"copies": rows.size, "tcp_packets": len(view.segments)},
        # The rate is that among packets with their copies.
        {
            **dict.fromkeys(("packets", "bytes", "duplicate_acks", "packet_ratio"), UNKNOWN),
            "retransmission_rate": AT_LEAST,
        },
        view.of_rows(rows),
    )


# The clock.


def _times(view: _View) -> Array:
    return view.packets["time"].to_numpy("datetime64[ns]").view(np.int64)


def _without_time(view: _View) -> Finding | None:
    rows = np.flatnonzero(_times(view) == NO_TIME)
    if not rows.size:
        return None
    return Finding(
        "packets_without_time",
        f"{rows.size:,} of {_counted(len(view.packets), 'packet')} have no time.",
        {"packets_without_time": rows.size, "packets": len(view.packets)},
        {"durations": UNKNOWN, "round_trips": UNKNOWN, "resend_reasons": UNKNOWN},
        _of_packets(view.packets, rows),
    )


def _backwards(view: _View) -> Finding | None:
    times = _times(view)
    if not (times[1:] < times[:-1]).any():
        return None
    timed = np.flatnonzero(times != NO_TIME)
    steps = np.diff(times[timed])
    back = np.flatnonzero(steps < 0)
    if not back.size:
        return None
    largest = float(-steps.min() / 1e9)
    affects: dict[str, Qualifier] = {"round_trips": UNKNOWN}
    if largest >= STEP_S:
        affects |= {"durations": UNKNOWN, "resend_reasons": UNKNOWN}
    return Finding(
        "time_backwards",
        f"{back.size:,} of {_counted(len(times), 'packet')} {'is' if back.size == 1 else 'are'} earlier than the one "
        f"before, by up to {_seconds(largest)}.",
        {"packets_backwards": back.size, "packets": len(times), "largest_step_s": largest},
        affects,
        _of_packets(view.packets, timed[back + 1]),
    )


def _steps(view: _View) -> Finding | None:
    steps = find_clock_steps(view.all_segments)
    if not steps:
        return None
    frames = np.array([step.frame for step in steps])
    largest = max(steps, key=lambda step: abs(step.seconds))
    way = "forward" if largest.seconds > 0 else "back"
    return Finding(
        "clock_steps",
        f"The clock of the capture steps {_counted(len(steps), 'time')} against the timestamps in the packets, by up "
        f"to {_seconds(abs(largest.seconds))} {way}.",
        {
            "steps": len(steps),
            "tcp_packets": len(view.all_segments),
            "largest_step_s": largest.seconds,
            "directions": max(step.directions for step in steps),
        },
        {"durations": UNKNOWN, "round_trips": UNKNOWN, "resend_reasons": UNKNOWN},
        _evidence(frames, NO_CONNECTIONS),
    )


# What is of the whole capture, whatever is asked for.
OF_FILE = {
    "file_cut_off": _cut_off,
    "reader_notes": _notes,
    "dropped_packets": _drops,
    "cut_packets": _cut_packets,
}
OF_CLOCK = {"packets_without_time": _without_time, "time_backwards": _backwards, "clock_steps": _steps}


# Where the capture begins and ends.


def _open_at_start(view: _View) -> Finding | None:
    mask = (view.connections["handshake"] == "not_captured").to_numpy()
    count = int(mask.sum())
    if not count:
        return None
    return Finding(
        "open_at_start",
        f"The beginning of {count:,} of {_counted(len(view.connections), 'connection')} is not in the capture.",
        {"connections": count, "total_connections": len(mask)},
        {"handshakes": AT_LEAST, "durations": AT_LEAST},
        view.of_connections(mask),
    )


def _open_at_end(view: _View) -> Finding | None:
    ending, handshake = view.connections["ending"], view.connections["handshake"]
    mask: Mask = (ending.isin(["open", "half_closed"]) & handshake.isin(["complete", "not_captured"])).to_numpy(bool)
    count = int(mask.sum())
    if not count:
        return None
    half = int(np.count_nonzero(mask & (ending == "half_closed").to_numpy()))
    closed = f", {half:,} of them closed by one side" if half else ""
    return Finding(
        "open_at_end",
        f"The end of {count:,} of {_counted(len(view.connections), 'connection')} is not in the capture{closed}.",
        {"connections": count, "half_closed": half, "total_connections": len(mask)},
        {"endings": AT_LEAST, "durations": AT_LEAST},
        view.of_connections(mask),
    )


def _inferred(view: _View) -> Finding | None:
    mask = (view.connections["roles"] == "inferred").to_numpy()
    count = int(mask.sum())
    if not count:
        return None
    return Finding(
        "inferred_roles",
        f"No packet shows the roles in {count:,} of {_counted(len(view.connections), 'connection')}: there, client and "
        "server are inferred from ports.",
        {"connections": count, "total_connections": len(mask)},
        {"directions": UNKNOWN},
        view.of_connections(mask),
    )


# In words.


def _sentence(view: _View, findings: tuple[Finding, ...]) -> str:
    """Say in short what the capture supports."""
    if not len(view.segments):
        if not len(view.all_segments):
            return "There is no TCP in this capture, so it supports no statistics of connections."
        return "Nothing is selected, so there are no statistics to support."
    named = [finding for finding in findings if finding.affects]
    counters = any(each.get("dropped") is not None for each in view.capture.interfaces)
    unstated = "" if counters else " Whether packets were dropped where it was captured, the file does not say."
    if not named:
        return (
            "Statistics can be taken as they are: both directions were captured, no acknowledged byte is missing, "
            f"connections begin and end in the capture, and time runs forward.{unstated}"
        )
    found = CaptureHealth(findings, "").qualifiers
    limited = [text for name, text in STATISTICS.items() if name in found]
    if len(limited) == len(STATISTICS):
        return f"No statistic of this capture can be taken as it is.{unstated}"
    return f"Statistics can be taken as they are but these: {', '.join(limited)}.{unstated}"


def _named(affects: Mapping[str, Qualifier]) -> dict[Qualifier, list[str]]:
    """Name statistics by how far they can be taken."""
    named = {
        qualifier: [text for name, text in STATISTICS.items() if affects.get(name) == qualifier]
        for qualifier in (AT_LEAST, UNKNOWN)
    }
    return {qualifier: texts for qualifier, texts in named.items() if texts}


def _limits(affects: Mapping[str, Qualifier]) -> str:
    return "; ".join(f"{qualifier}: {', '.join(texts)}" for qualifier, texts in _named(affects).items())


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _seconds(duration: float) -> str:
    return f"{1000 * duration:,.3g} ms" if duration < 1 else f"{duration:,.4g} s"
