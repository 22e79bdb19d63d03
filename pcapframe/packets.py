"""From a capture to the packets frame: one row a captured packet."""

import html
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from pcapframe.arrays import NO_TIME
from pcapframe.capture import transport
from pcapframe.capture.reader import CaptureFacts, Progress, read_capture
from pcapframe.capture.records import Columns, PacketColumns
from pcapframe.capture.source import CaptureSource, open_capture, source_name
from pcapframe.errors import CaptureWarning, ParameterError
from pcapframe.schema import PACKETS, names
from pcapframe.wording import counted, printable

__all__ = ["CaptureInfo", "CaptureSource", "Progress", "capture_info", "count_by_interface", "read_pcap"]

SHOW_PROGRESS_AFTER_S = 1.0
SHOWN = 5  # comments of a capture, for a reader


@dataclass(frozen=True)
class CaptureInfo:
    """Facts about a capture, whole, whatever has been selected of it.

    Attributes
    ----------
    name : str
        The capture, as its user called it.
    format : str
        ``pcap (microseconds)``, ``pcap (nanoseconds)`` or ``pcapng``.
    compression : str or None
        ``gzip``, ``zstd``, ``lz4``, ``xz`` or ``bz2``.
    link_types : list of str
        Names of the link types in it.
    packets : int
        How many packets were read.
    bytes : int
        Length of the capture, decompressed; of a damaged one, as far as it could be read. [bytes]
    first_time, last_time : str or None
        Earliest and latest time of a packet: ISO 8601, UTC. None where no packet has a time.
    snaplen : int or None
        Most bytes that were captured of a packet, as declared, the largest of several; None where nothing was. [bytes]
    interfaces : list of dict
        pcapng interfaces: ``name description link_type snaplen received dropped`` (None where not stated).
    comments : list of dict
        pcapng comments: ``frame`` (None for the capture as a whole) and ``text``.
    truncated : bool
        The capture ends early or is damaged: packets after some point are missing.
    notes : list of str
        What could not be read, each with its place.
    captures : list of dict
        For several captures read as one: these facts of each. Empty for one.
    """

    name: str
    format: str
    compression: str | None
    link_types: list[str]
    packets: int
    bytes: int
    first_time: str | None
    last_time: str | None
    snaplen: int | None
    interfaces: list[dict[str, Any]]
    comments: list[dict[str, Any]]
    truncated: bool
    notes: list[str]
    captures: list[dict[str, Any]] = field(default_factory=list)

    def facts(self) -> dict[str, str]:
        """Return the facts as a reader wants them.

        Returns
        -------
        dict
            Texts by label, in order; as they stand in the capture, so not escaped.

        Examples
        --------
        >>> import pcapframe as pf
        >>> capture_info(pf.read_pcap(pf.example("clean.pcap"))).facts()["link types"]
        'Ethernet'
        """
        drops = [each["dropped"] for each in self.interfaces if each.get("dropped") is not None]
        facts = {
            "format": ", ".join([self.format, *([self.compression] if self.compression else [])]),
            "link types": ", ".join(self.link_types) or "none",
            "packets": f"{self.packets:,}",
            "length": counted(self.bytes, "byte"),
            "first packet": self.first_time or "not known",
            "last packet": self.last_time or "not known",
            "snapshot length": self._snapshot_lengths(),
            "dropped there": "not stated" if not drops else counted(sum(drops), "packet"),
            "cut off": "yes: packets after some point are missing" if self.truncated else "no",
        }
        facts |= {f"comment on {_place(each['frame'])}": each["text"] for each in self.comments[:SHOWN]}
        if len(self.comments) > SHOWN:
            facts["comments"] = f"{len(self.comments):,} in all"
        return facts | {f"note {number}": note for number, note in enumerate(self.notes, 1)}

    @property
    def files(self) -> list[dict[str, Any]]:
        """These facts of each capture: of those read as one, or of the only one."""
        return self.captures or [vars(self)]

    def _snapshot_lengths(self) -> str:
        texts = ["not stated" if one["snaplen"] is None else counted(one["snaplen"], "byte") for one in self.files]
        if len(set(texts)) == 1:
            return texts[0]
        return ", ".join(f"{one['name']}: {text}" for one, text in zip(self.files, texts, strict=True))

    def __str__(self) -> str:
        facts = self.facts()
        width = max(len(label) for label in facts)
        lines = [self.name, *(f"  {label:{width}}  {text}" for label, text in facts.items())]
        return "\n".join(printable(line) for line in lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th>"
            f"<td style='text-align:left;white-space:normal'>{html.escape(text)}</td></tr>"
            for label, text in self.facts().items()
        )
        return f"<div><b>{html.escape(self.name)}</b><table>{rows}</table></div>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the facts in IPython's terminal."""
        printer.text("…" if cycle else str(self))


def _place(frame: int | None) -> str:
    return "the capture" if frame is None else f"frame {frame}"


def capture_info(packets: pd.DataFrame) -> CaptureInfo:
    """Return the facts about the capture that a frame was read from.

    Parameters
    ----------
    packets : DataFrame
        What `read_pcap` returned, or a selection of it.

    Returns
    -------
    CaptureInfo
        Facts about the whole capture.

    Raises
    ------
    ParameterError
        The frame does not come from `read_pcap` (pandas drops ``attrs`` in some operations, such as ``concat``).

    Examples
    --------
    >>> import pcapframe as pf
    >>> capture_info(pf.read_pcap(pf.example("clean.pcap"))).format
    'pcap (microseconds)'
    """
    facts = packets.attrs.get("capture")
    if facts is None:
        raise ParameterError('the frame carries no attrs["capture"]: expected what read_pcap returned')
    return CaptureInfo(**{f.name: facts[f.name] for f in fields(CaptureInfo)})


def count_by_interface(packets: pd.DataFrame) -> list[int]:
    """Count packets by the interface that they were captured at.

    Parameters
    ----------
    packets : DataFrame
        What `read_pcap` returned; not modified.

    Returns
    -------
    list of int
        One count for each of ``capture_info(packets).interfaces``.

    Examples
    --------
    >>> import pcapframe as pf
    >>> count_by_interface(pf.read_pcap(pf.example("ipv6.pcapng")))
    [899]
    """
    numbers = packets["interface"].dropna().to_numpy(np.int64)
    counts: list[int] = np.bincount(numbers, minlength=len(capture_info(packets).interfaces)).tolist()
    return counts


def read_pcap(
    source: CaptureSource | Sequence[CaptureSource], *, progress: Progress | Literal[False] | None = None
) -> pd.DataFrame:
    """Read a packet capture into a frame: one row a packet.

    Parameters
    ----------
    source : path, URL, bytes, binary file, or a list of these
        pcap or pcapng; gzip, zstd, lz4, xz and bz2 are recognised by content. ``"-"`` is standard input. A URL is
        text or a `RemoteCapture`, which says what is allowed. Several captures are merged by time, as mergecap
        does: the packets of one are never reordered.
    progress : callable or False, optional
        Called with how much has been read and how much there is [bytes; None where unknown], before that with how
        much of a URL has been fetched; what it raises ends the reading. By default a bar appears when this takes
        more than a second; False shows none.

    Returns
    -------
    DataFrame
        Columns and dtypes of ``schema.PACKETS``, index ``frame`` from 1. Empty for a capture without packets.
        ``attrs["capture"]`` holds what `capture_info` returns. The nullable columns share their masks, which are
        therefore read-only: copy the frame (``packets.copy()``) before you write into it.

    Raises
    ------
    CaptureNotFoundError
        A source is not there or cannot be opened.
    CaptureFormatError
        A source is not a capture.
    RemoteCaptureError
        A URL may not be fetched, cannot be, or is too large or too slow.

    Warns
    -----
    CaptureWarning
        A capture is cut off, damaged or of a link type that is not decoded: every whole packet before is there.

    Notes
    -----
    Header fields are those of the innermost IP header; lengths follow the headers (RFC 9293 section 3.1) and not
    what was captured. Fragments are put together at the frame that completes the datagram. On Linux a local file of
    one's own that nobody is writing is looked at in place, piece by piece under a read lease (fcntl(2)): who wants to
    write it meanwhile waits some milliseconds.

    Examples
    --------
    >>> import pcapframe as pf
    >>> packets = pf.read_pcap(pf.example("clean.pcap"))
    >>> packets.loc[3, "protocol"]
    'TCP'
    """
    sources: list[Any] = list(source) if isinstance(source, list | tuple) else [source]
    if not sources:
        raise ParameterError("no capture was given: expected one or more")
    columns = PacketColumns()
    facts: list[CaptureFacts] = []
    for one in sources:
        with _progress(progress, source_name(one)) as report, open_capture(one, report) as stream:
            facts.append(read_capture(stream, columns, report))
    for fact in facts:
        for note in fact.notes:
            warnings.warn(f"{fact.name}: {note}", CaptureWarning, stacklevel=2)
    rows = columns.filled()
    frame = _frame(columns, rows, [fact.packets for fact in facts])
    frame.attrs["capture"] = dict(vars(_info(facts, rows.time)))
    return frame


@contextmanager
def _progress(progress: Progress | Literal[False] | None, name: str) -> Iterator[Progress]:
    """Yield what to call with the progress: the user's function, nothing, or a bar that appears after a second."""
    if progress is not None:
        yield progress or (lambda _done, _size: None)
        return
    bars: list[Any] = []
    start = time.monotonic()

    def report(done: int, size: int | None) -> None:
        if not bars and time.monotonic() - start >= SHOW_PROGRESS_AFTER_S:
            from tqdm.auto import tqdm  # noqa: PLC0415  # most captures are read before it would be loaded

            bars.append(tqdm(total=size, desc=f"reading {printable(name)}", unit="B", unit_scale=True, leave=False))
        for bar in bars:
            bar.update(done - bar.n)

    try:
        yield report
    finally:
        for bar in bars:
            bar.close()


def _time_text(nanoseconds: int) -> str:
    return pd.Timestamp(nanoseconds, unit="ns", tz="UTC").isoformat()


def _info(facts: list[CaptureFacts], time: npt.NDArray[np.int64]) -> CaptureInfo:
    """Facts of one capture, or of several merged."""
    parts = []
    row = 0
    for fact in facts:
        times = time[row : row + fact.packets]
        row += fact.packets
        has_time = times.size > 0 and int(times.max()) != NO_TIME
        first = int(times.min()) if has_time else 0
        if has_time and first == NO_TIME:
            first = int(times[times != NO_TIME].min())
        last = int(times.max()) if has_time else 0
        parts.append(
            CaptureInfo(
                **vars(fact),
                first_time=_time_text(first) if has_time else None,
                last_time=_time_text(last) if has_time else None,
            )
        )
    if len(parts) == 1:
        return parts[0]

    def union(values: Iterator[str | None]) -> list[str]:
        return list(dict.fromkeys(value for value in values if value is not None))

    firsts, lasts = union(p.first_time for p in parts), union(p.last_time for p in parts)
    return CaptureInfo(
        name=", ".join(p.name for p in parts),
        format=", ".join(union(p.format for p in parts)),
        compression=", ".join(union(p.compression for p in parts)) or None,
        link_types=union(name for p in parts for name in p.link_types),
        packets=sum(p.packets for p in parts),
        bytes=sum(p.bytes for p in parts),
        first_time=min(firsts, key=pd.Timestamp, default=None),
        last_time=max(lasts, key=pd.Timestamp, default=None),
        snaplen=max((p.snaplen for p in parts if p.snaplen), default=None),
        interfaces=[interface for p in parts for interface in p.interfaces],
        comments=[{**comment, "capture": p.name} for p in parts for comment in p.comments],
        truncated=any(p.truncated for p in parts),
        notes=[f"{p.name}: {note}" for p in parts for note in p.notes],
        captures=[dict(vars(p)) for p in parts],
    )


def merge_order(time: npt.NDArray[np.int64], counts: Sequence[int]) -> npt.NDArray[np.intp]:
    """Order that merges captures by time and keeps each one's own order.

    A merge always takes the capture whose next packet is the earliest (one without a time at once), which is a
    stable sort by the latest time so far in each capture. On a tie mergecap takes the last capture, but the first
    one among packets without a time.
    """
    parts = np.split(np.arange(time.size), np.cumsum(counts)[:-1])
    backward = np.concatenate(parts[::-1])
    latest = np.concatenate([np.maximum.accumulate(time[part]) for part in parts[::-1]])
    order = backward[np.argsort(latest, kind="stable")]
    timeless = np.count_nonzero(latest == NO_TIME)
    order[:timeless].sort()
    return order


def _frame(columns: PacketColumns, rows: Columns, counts: list[int]) -> pd.DataFrame:
    """Build the packets frame, in the schema's order."""
    total = columns.count
    source = np.repeat(np.arange(len(counts), dtype=np.uint16), counts)
    source_frame = np.concatenate([np.arange(1, count + 1, dtype=np.uint32) for count in counts])
    sack_at = np.concatenate([np.zeros(1, np.int32), rows.sack_end])
    sack_values = np.concatenate(columns.sack) if columns.sack else np.empty(0, np.uint32)
    if len(counts) > 1:
        order = merge_order(rows.time, counts)
        starts, edges = sack_at[:-1][order], np.diff(sack_at)[order]
        sack_at[1:] = np.cumsum(edges)
        sack_values = sack_values[np.repeat(starts - sack_at[:-1], edges) + np.arange(sack_values.size)]
        rows = Columns(*(column[order] for column in rows))
        source, source_frame = source[order], source_frame[order]

    everywhere, somewhere = np.bitwise_and.reduce(rows.has), np.bitwise_or.reduce(rows.has)
    masks: dict[int, npt.NDArray[np.bool_]] = {}

    def mask(bit: int) -> npt.NDArray[np.bool_]:
        some, every = somewhere & bit, everywhere & bit
        key = bit if some and not every else -1 if every else 0  # most columns share one of two masks
        if key not in masks:
            masks[key] = (rows.has & bit) == 0
            masks[key].flags.writeable = False
        return masks[key]

    def integers(values: npt.NDArray[Any], bit: int) -> Any:
        return pd.arrays.IntegerArray(values, mask(bit))

    is_cut = (rows.has & transport.HEADER_CUT) != 0

    def flags(bit: int) -> Any:
        found, unknown = (rows.has & bit) != 0, mask(transport.IS_TCP)
        if is_cut.any():
            unknown = unknown | (is_cut & ~found)
        return pd.arrays.BooleanArray(found, unknown)

    addresses = pd.CategoricalDtype(pd.Index(columns.address_texts(), dtype="str"))
    tcp, ports = transport.HAS_TCP, transport.HAS_PORTS
    made: dict[str, Any] = {
        "time": pd.array(rows.time, dtype=pd.DatetimeTZDtype("ns", "UTC"), copy=False),
        "wire_bytes": rows.wire_bytes,
        "captured_bytes": rows.captured_bytes,
        "src": pd.Categorical.from_codes(rows.src, dtype=addresses, validate=False),
        "dst": pd.Categorical.from_codes(rows.dst, dtype=addresses, validate=False),
        "protocol": _protocols(columns, rows),
        "src_port": integers(rows.src_port, ports),
        "dst_port": integers(rows.dst_port, ports),
        "ttl": integers(rows.ttl, transport.HAS_IP),
        "ip_id": integers(rows.ip_id, transport.HAS_IP_ID),
        **{
            name: integers(getattr(rows, name), tcp)
            for name in ("tcp_flags", "seq", "ack", "window", "tcp_header_bytes")
        },
        "tcp_checksum": integers(rows.tcp_checksum, transport.HAS_CHECKSUM),
        "payload_bytes": integers(rows.payload_bytes, transport.HAS_PAYLOAD),
        "mss": integers(rows.mss, transport.HAS_MSS),
        "window_scale": integers(rows.window_scale, transport.HAS_SCALE),
        "sack_permitted": flags(transport.HAS_SACK_PERMITTED),
        "tsval": integers(rows.tsval, transport.HAS_TIMESTAMPS),
        "tsecr": integers(rows.tsecr, transport.HAS_TIMESTAMPS),
        "sack": _sack(sack_at, sack_values),
        "options_malformed": flags(transport.IS_MALFORMED),
        "vlan": integers(rows.vlan, transport.HAS_VLAN),
        "interface": integers(rows.interface, transport.HAS_INTERFACE),
        "source": source,
        "source_frame": source_frame,
        "offset": rows.offset,
    }
    index = pd.RangeIndex(1, total + 1, name="frame")
    return pd.DataFrame({name: made[name] for name in names(PACKETS)}, index=index, copy=False)


def _protocols(columns: PacketColumns, rows: Columns) -> Any:
    """Return the protocol column; several codes may share a name."""
    texts = columns.protocol_names()
    unique = sorted(set(texts))
    codes = np.array([unique.index(text) for text in texts], np.min_scalar_type(-len(unique) - 1))
    names_dtype = pd.CategoricalDtype(pd.Index(unique, dtype="str"))
    return pd.Categorical.from_codes(codes.take(rows.protocol), dtype=names_dtype, validate=False)


def _sack(starts: npt.NDArray[np.int32], edges: npt.NDArray[np.uint32]) -> Any:
    """Return the SACK column: an Arrow list a row, null without the option; one more of `starts` than rows."""
    missing = pa.array(starts[1:] == starts[:-1])
    lists = pa.ListArray.from_arrays(pa.array(starts), pa.array(edges), mask=missing)
    return pd.arrays.ArrowExtensionArray(lists)
