"""Evidence: the packets behind a pattern, a kind or a connection, as rows."""

from typing import Any, NotRequired, TypedDict, cast

import numpy as np
import pandas as pd

from pcapframe.analysis import Analysis
from pcapframe.answers import KINDS, Brief, brief_standouts, frames_of_kind
from pcapframe.display_filters import captured_frames, frame_filter
from pcapframe.errors import ParameterError
from pcapframe.icmp import NO_QUOTES, read_quotes
from pcapframe.measures import endpoint_text
from pcapframe.patterns import PATTERNS, Evidence
from pcapframe.schema import FLAG_BITS, LABELS, names

__all__ = ["Packets", "packets_behind"]

LABEL_NAMES = (*names(LABELS), "capture_duplicate", "resent", "reordered", "rst_ignored")
BRIEFLY = 5  # of what stands out
NAMED = 5  # connections that a message lists
MORE_FRAMES = 2_000  # numbers after the rows, at most
INTEGERS = ("rel_seq", "rel_ack", "payload_bytes", "wire_bytes", "window_bytes", "ttl")


class PacketRow(TypedDict):
    """One segment: addresses as ``address:port``, bytes counted from the SYN, null if unknown.

    `since_previous_s` is the time since the packet before it in the capture, `since_connection_s` since the one before
    it in its connection; null for the first, and without times.
    """

    frame: int
    time: str | None
    since_previous_s: float | None
    since_connection_s: float | None
    conn_id: int
    from_client: bool
    src: str
    dst: str
    flags: str
    rel_seq: int | None
    rel_ack: int | None
    payload_bytes: int | None
    wire_bytes: int
    window_bytes: int | None
    ttl: int
    labels: list[str]
    resend_reason: str | None


class Packets(TypedDict):
    """Packets behind a pattern, of a kind, or of a connection; `message` explains an empty list.

    `more_frames` are the numbers of those that follow the rows, as many as fit.
    """

    standouts: list[Brief]
    standouts_total: int
    file: str
    packets: list[PacketRow]
    more_frames: list[int]
    packets_total: int
    connections_total: int
    display_filter: str | None
    message: NotRequired[str]


def packets_behind(
    analysis: Analysis, *, pattern: str | None = None, conn_id: int | None = None, begin: int = 0, count: int = 20
) -> Packets:
    """List the packets that show a pattern or are of a kind, or those of a connection.

    Parameters
    ----------
    analysis : Analysis
        Of the capture.
    pattern, conn_id : optional
        One of the two. Instead of a pattern, a kind of packets (``answers.KINDS``).
    begin : int, default 0
        Number of packets to skip.
    count : int, default 20
        Number of packets to list.

    Returns
    -------
    Packets
        The packets, their exact total, and the display filter that selects them.

    Raises
    ------
    ParameterError
        Neither or both are given; or there is no such pattern or connection.

    Examples
    --------
    >>> import pcapframe as pf
    >>> shown = packets_behind(pf.analyze(pf.example("resets.pcap")), pattern="refused_connections", count=2)
    >>> [packet["flags"] for packet in shown["packets"]], shown["packets_total"]
    (['SYN', 'RST ACK'], 12)
    """
    if (pattern is None) == (conn_id is None):
        raise ParameterError("expected either pattern or conn_id")
    if pattern is not None:
        evidence = _evidence(analysis, pattern, begin + count + MORE_FRAMES)
    else:
        if conn_id not in analysis.connections.index:
            total = len(analysis.connections)
            raise ParameterError(f"there is no connection {conn_id}: expected the conn_id of one of {total:,}")
        all_frames = analysis.segments.index[analysis.segments["conn_id"].to_numpy() == conn_id]
        evidence = Evidence((), 1, tuple(all_frames[: begin + count + MORE_FRAMES].tolist()), len(all_frames))
    frames = list(evidence.frames[begin : begin + count])
    shown = Packets(
        standouts=brief_standouts(analysis, BRIEFLY),
        standouts_total=len(analysis.standouts),
        file=analysis.capture.name,
        packets=_packets(analysis, frames),
        more_frames=list(evidence.frames[begin + count :]),
        packets_total=evidence.frame_count,
        connections_total=evidence.connection_count,
        display_filter=frame_filter(captured_frames(analysis.segments, frames)),
    )
    if not evidence.frame_count:
        shown["message"] = analysis.message or _no_packets(str(pattern), evidence)
    return shown


def _evidence(analysis: Analysis, name: str, limit: int) -> Evidence:
    """Find the packets of a pattern or a kind."""
    if name in PATTERNS or name not in KINDS:
        return analysis.find_evidence(name, limit=limit)
    labelled = frames_of_kind(analysis, name)
    connections = labelled["conn_id"].unique()
    return Evidence(
        tuple(connections[:limit].tolist()), len(connections), tuple(labelled.index[:limit].tolist()), len(labelled)
    )


def _packets(analysis: Analysis, frames: list[int]) -> list[PacketRow]:
    """Write segments and ICMP errors, in the order of their frames."""
    segments = [frame for frame in frames if frame in analysis.segments.index]
    rows = _rows(analysis.segments_of(segments), analysis)
    if len(segments) < len(frames):
        rows += _error_rows(analysis, [frame for frame in frames if frame not in segments])
    return sorted(rows, key=lambda row: row["frame"])


def _error_rows(analysis: Analysis, frames: list[int]) -> list[PacketRow]:
    """Write ICMP errors; their connection is the one whose packet they quote, and their name is a label."""
    quotes = read_quotes(analysis.segments.attrs) or NO_QUOTES
    quoted = quotes.errors[np.isin(quotes.errors["frame"], frames)]
    found = analysis.packets.loc[quoted["frame"].tolist()]
    columns = zip(found["time"], found["src"], found["dst"], found["wire_bytes"], found["ttl"], strict=True)
    return [
        PacketRow(
            frame=int(error["frame"]),
            time=None if pd.isna(time) else time.isoformat(),
            since_previous_s=None,
            since_connection_s=None,
            conn_id=int(error["conn_id"]),
            from_client=False,
            src=str(src),
            dst=str(dst),
            flags="",
            rel_seq=None,
            rel_ack=None,
            payload_bytes=None,
            wire_bytes=int(wire_bytes),
            window_bytes=None,
            ttl=int(ttl),
            labels=[f"ICMP: {quotes.kinds[error['kind']]}"],
            resend_reason=None,
        )
        for error, (time, src, dst, wire_bytes, ttl) in zip(quoted, columns, strict=True)
    ]


def _no_packets(pattern: str, evidence: Evidence) -> str:
    """Explain why a pattern has no packets."""
    if not evidence.connection_count:
        what = "The pattern" if pattern in PATTERNS else "The kind"
        return f"{what} {pattern} is not observed in the selected connections."
    listed = ", ".join(map(str, evidence.connections[:NAMED]))
    more = ", …" if evidence.connection_count > NAMED else ""
    return f"Whole connections show {pattern}, not single packets: request one by its conn_id ({listed}{more})."


def _since(segments: pd.DataFrame, analysis: Analysis) -> tuple[list[float | None], list[float | None]]:
    """Return the time since the packet before each segment, in the capture and in its connection [s]."""
    times = analysis.packets["time"]
    before = times.shift(1).loc[segments.index]
    whole = analysis.segments
    asked, conn_id = segments["conn_id"].unique(), whole["conn_id"].to_numpy()
    frames = {each: whole.index[conn_id == each] for each in asked.tolist()}
    own = []
    for each, frame in zip(segments["conn_id"].tolist(), segments.index.tolist(), strict=True):
        place = int(frames[each].searchsorted(frame))
        own.append(times.loc[frames[each][place - 1]] if place else pd.NaT)
    in_connection = pd.Series(own, segments.index, dtype=times.dtype)
    return _gaps(segments["time"] - before), _gaps(segments["time"] - in_connection)


def _gaps(gaps: pd.Series) -> list[float | None]:
    return [None if pd.isna(gap) else float(gap.total_seconds()) for gap in gaps]


def _rows(segments: pd.DataFrame, analysis: Analysis) -> list[PacketRow]:
    """Write segments as plain objects."""
    labels, since = segments[list(LABEL_NAMES)].to_numpy(), _since(segments, analysis)
    columns: dict[str, list[Any]] = {
        "frame": segments.index.tolist(),
        "time": [None if pd.isna(time) else time.isoformat() for time in segments["time"]],
        "since_previous_s": since[0],
        "since_connection_s": since[1],
        "conn_id": segments["conn_id"].tolist(),
        "from_client": segments["from_client"].tolist(),
        "src": endpoint_text(segments["src"], segments["src_port"]).tolist(),
        "dst": endpoint_text(segments["dst"], segments["dst_port"]).tolist(),
        "flags": [_flag_text(int(bits)) for bits in segments["tcp_flags"]],
        **{name: [None if pd.isna(value) else int(value) for value in segments[name]] for name in INTEGERS},
        "labels": [[LABEL_NAMES[place] for place in np.flatnonzero(row)] for row in labels],
        "resend_reason": [None if pd.isna(reason) else str(reason) for reason in segments["resend_reason"]],
    }
    rows = zip(*(columns[name] for name in PacketRow.__annotations__), strict=True)
    return [cast(PacketRow, dict(zip(PacketRow.__annotations__, row, strict=True))) for row in rows]


def _flag_text(bits: int) -> str:
    return " ".join(name for name, bit in FLAG_BITS.items() if bits & bit)
