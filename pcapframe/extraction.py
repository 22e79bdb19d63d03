"""Write a selection of packets to a new capture, with their bytes as captured."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.arrays import NO_TIME
from pcapframe.capture.folders import captures_in
from pcapframe.capture.link_types import LINK_ETHERNET, link_name
from pcapframe.capture.source import CaptureSource, CaptureStream, open_capture
from pcapframe.capture.writer import Described, Records, copy_packets, pcap_header, pcapng_header, record_bytes, records
from pcapframe.errors import CaptureError, CaptureFormatError, CaptureNotFoundError, ParameterError
from pcapframe.facts import CaptureInfo, capture_info, interface_of, stores_lengths
from pcapframe.files import written_aside
from pcapframe.measures import without_attrs
from pcapframe.wording import agreeing, counted

__all__ = ["write_pcap"]

Array = npt.NDArray[Any]

NEEDED = ("time", "wire_bytes", "captured_bytes", "interface", "source", "offset")
FORMATS = {".pcap": False, ".cap": False, ".pcapng": True, ".ntar": True}  # whether it is pcapng
BATCH_BYTES = 16 << 20  # written at a time
SPAN_BYTES = 4 << 20  # read at a time
GAP_BYTES = 1 << 16  # a shorter gap between two packets is read rather than skipped
BEFORE = 16  # bytes before a packet that identify it


def write_pcap(packets: Any, path: str | os.PathLike[str], *, source: Any = None) -> int:
    """Write packets to a new capture, with their bytes and times as captured.

    Parameters
    ----------
    packets : DataFrame or Analysis
        Any rows of what `read_pcap` or `label_segments` returned; not modified. For an `Analysis`, all packets.
    path : path
        The new capture: pcapng if the name ends in ``.pcapng``, pcap with nanoseconds if it ends in ``.pcap`` or
        ``.cap``. It appears when it is complete and replaces a file of this name.
    source : capture or list of captures, optional
        The captures that the packets are in, as given to `read_pcap`; by default the files that it read.

    Returns
    -------
    int
        How many captured packets were written: each once, in the order of their frame numbers.

    Raises
    ------
    ParameterError
        The name has another ending, the path is the capture itself, or pcap cannot hold these packets: several link
        types, or a time before 1970 or after 2106. Packets without a time cannot be written in either format.
    CaptureError
        The capture was moved or changed since it was read.

    Notes
    -----
    Interfaces are described as in the capture they come from; comments are left out. A compressed capture is
    decompressed up to the last of the packets.

    Examples
    --------
    >>> import tempfile
    >>> import pcapframe as pf
    >>> packets = pf.read_pcap(pf.example("resets.pcap"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     count = write_pcap(packets[packets["src_port"] == 8080], f"{folder}/few.pcap")
    ...     again = pf.read_pcap(f"{folder}/few.pcap")
    >>> count == len(again)
    True
    """
    target = os.fspath(path)
    suffix = Path(target).suffix.lower()
    if suffix not in FORMATS:
        raise ParameterError(f"{target}: expected a name that ends in .pcap or .pcapng")
    pcapng = FORMATS[suffix]
    frame = packets if isinstance(packets, pd.DataFrame) else packets.packets
    facts = frame.attrs.get("capture")
    missing = [name for name in NEEDED if name not in frame]
    if facts is None or missing:
        lacks = f"the columns {', '.join(missing)}" if missing else 'attrs["capture"]'
        raise ParameterError(f"the frame lacks {lacks}: expected rows of what read_pcap returned")
    rows = without_attrs(frame)[list(NEEDED)]
    rows = rows[~rows.index.duplicated()].sort_index()
    if facts.get("rows", 0) > facts.get("packets", 0):  # frames that hold several packets
        rows = rows[~rows.duplicated(["source", "offset"])]
    captures = facts["captures"] or [facts]
    sources = _sources(packets, captures, source)
    for one in sources:
        if isinstance(one, str | os.PathLike) and os.path.exists(target) and os.path.exists(one):
            if os.path.samefile(one, target):
                raise ParameterError(f"{target} is the capture itself: write to another file")
    link_types, interfaces, number = _interfaces(rows, capture_info(frame))
    time_ns = rows["time"].to_numpy("datetime64[ns]").view(np.int64)
    offset_s = _check(time_ns, link_types, pcapng)
    with ExitStack() as stack:
        used, counts = np.unique(rows["source"].to_numpy(), return_counts=True)
        opened = _Captures(sources, captures, dict(zip(used.tolist(), counts.tolist(), strict=True)))
        stack.callback(opened.close)
        file = stack.enter_context(written_aside(target))
        longest = int(rows["captured_bytes"].max()) if len(rows) else 0
        header = pcapng_header(interfaces, offset_s) if pcapng else pcap_header(next(iter(link_types), 1), longest)
        file.write(header)
        _write(file, rows, time_ns, number, opened, pcapng=pcapng, offset_s=offset_s)
    return len(rows)


def _sources(packets: Any, captures: Sequence[dict[str, Any]], given: Any) -> list[CaptureSource]:
    """Return where each capture can be read again."""
    if given is not None:
        found = captures_in(given).captures
    else:
        files = [] if isinstance(packets, pd.DataFrame) else [file.path for file in packets.provenance.files]
        found = files if len(files) == len(captures) else [capture["name"] for capture in captures]
    if len(found) != len(captures):
        raise ParameterError(f"the packets were read from {len(captures)} captures, source names {len(found)}")
    for one in found:
        if given is None and not os.path.isfile(one):
            raise CaptureNotFoundError(
                str(one), "cannot be read again: it was moved since, or was no file; name the capture as source"
            )
    return found


def _interfaces(rows: pd.DataFrame, info: CaptureInfo) -> tuple[list[int], list[Described], Array]:
    """Return the link types, the interfaces to describe, and the number of each packet's."""
    interface = rows["interface"].to_numpy(np.int64, na_value=-1)
    source = rows["source"].to_numpy().astype(np.int64)
    keys, first, number = np.unique(
        np.where(interface >= 0, interface, -1 - source), return_index=True, return_inverse=True
    )
    described = []
    for key, capture in zip(keys.tolist(), source[first].tolist(), strict=True):
        one = interface_of(info, capture, None if key < 0 else key)
        described.append(Described(one["link_type_number"], one["snaplen"] or 0, one["name"], one["description"]))
    if not described:  # no packets: an empty capture of the same link type
        described = [Described((info.link_type_numbers or [LINK_ETHERNET])[0])]
    return list(dict.fromkeys(one.link_type for one in described)), described, number


def _check(time_ns: Array, link_types: Sequence[int], pcapng: bool) -> int:
    """Refuse what the format cannot hold; return the second that time stamps count from."""
    timeless = int((time_ns == NO_TIME).sum())
    if timeless:
        what = agreeing(timeless, "has no time: leave it", "have no time: leave them")
        raise ParameterError(f"{timeless:,} of {counted(time_ns.size, 'packet')} {what} out to write the rest")
    first, last = (int(time_ns.min()) // 10**9, int(time_ns.max()) // 10**9) if time_ns.size else (0, 0)
    if not pcapng and (first < 0 or last >= 2**32):
        raise ParameterError("pcap has no times before 1970 and after 2106: write a .pcapng")
    if not pcapng and len(link_types) > 1:
        names = ", ".join(link_name(number) for number in link_types)
        raise ParameterError(f"the packets have several link types ({names}), pcap has one: write a .pcapng")
    return min(first, 0)


class _Opened:
    """A capture that packets are read from, forwards."""

    def __init__(self, stream: CaptureStream, capture: dict[str, Any]) -> None:
        self._stream = stream
        self._at = 0
        self._has_lengths = stores_lengths(capture["format"])
        self._unit_ns = {"pcap (microseconds)": 1000, "pcap (nanoseconds)": 1}.get(capture["format"])
        stored = stream.compression is None and stream.size is not None and not capture["truncated"]
        if stored and stream.size != capture["bytes"]:
            raise CaptureError(
                stream.name, f"has changed since it was read: {stream.size:,} bytes, not {capture['bytes']:,}"
            )

    def copy(self, rows: pd.DataFrame, time_ns: Array, target: Array, places: Array) -> None:
        """Copy the bytes of packets to their places."""
        begins = rows["offset"].to_numpy() - BEFORE
        ends = rows["offset"].to_numpy() + rows["captured_bytes"].to_numpy()
        for part in _spans(begins, ends):
            base = int(begins[part.start])
            data = self._read(base, int(ends[part.stop - 1]) - base)
            at = begins[part] - base
            there = ends[part] - base <= data.size
            heads = np.zeros((at.size, BEFORE), np.uint8)
            heads[there] = data[at[there][:, None] + np.arange(BEFORE)]
            there &= self._is_it(heads, rows.iloc[part], time_ns[part])
            if not there.all():
                row = part.start + int(np.argmin(there))
                raise CaptureFormatError(
                    self._stream.name,
                    f"frame {rows.index[row]} is not there: the capture has changed since it was read",
                    int(rows["offset"].iloc[row]),
                )
            copy_packets(data, at + BEFORE, (ends - begins)[part] - BEFORE, target, places[part])

    def _read(self, begin: int, count: int) -> Array:
        self._stream.skip(begin - self._at)
        data = np.empty(count, np.uint8)
        view = memoryview(data)  # type: ignore[arg-type]
        done = 0
        while done < count and (read := self._stream.read_into(view[done:])):
            done += read
        self._at = begin + done
        return data[:done]

    def _is_it(self, heads: Array, rows: pd.DataFrame, time_ns: Array) -> Array:
        """Tell where the header before a packet has its lengths and, in pcap, its time."""
        if not self._has_lengths:
            return np.ones(len(rows), np.bool_)
        same = np.zeros(len(rows), np.bool_)
        captured, wire = rows["captured_bytes"].to_numpy(np.int64), rows["wire_bytes"].to_numpy(np.int64)
        for order in "<>":
            words = heads.view(f"{order}u4").astype(np.int64)
            first, second = words[:, 2], words[:, 3]
            # The wire length may be below the captured one, which then stands for it; old versions have it first.
            found = (first == captured) & ((second == wire) | ((second < captured) & (wire == captured)))
            found |= (first == wire) & (second == captured)
            if self._unit_ns is not None:
                found &= words[:, 0] * 10**9 + words[:, 1] * self._unit_ns == time_ns
            same |= found
        return same


class _Captures:
    """Captures that packets are read from, each open from its first packet to its last."""

    def __init__(
        self, sources: Sequence[CaptureSource], captures: Sequence[dict[str, Any]], left: dict[int, int]
    ) -> None:
        self._sources, self._captures = sources, captures
        self._left = left  # packets of each that are still to be read
        self._open: dict[int, tuple[ExitStack, _Opened]] = {}

    def copy(self, number: int, rows: pd.DataFrame, time_ns: Array, target: Array, places: Array) -> None:
        """Copy the bytes of a capture's next packets to their places."""
        if number not in self._open:
            stack = ExitStack()
            stream = stack.enter_context(open_capture(self._sources[number]))
            self._open[number] = stack, _Opened(stream, self._captures[number])
        stack, capture = self._open[number]
        capture.copy(rows, time_ns, target, places)
        self._left[number] -= len(rows)
        if not self._left[number]:
            stack.close()
            del self._open[number]

    def close(self) -> None:
        """Close those that are still open."""
        for stack, _ in self._open.values():
            stack.close()


def _spans(begins: Array, ends: Array) -> Iterator[slice]:
    """Cut packets, ascending in their capture, into stretches that are read at once."""
    if not begins.size:
        return
    if (begins[1:] + BEFORE < ends[:-1]).any():
        raise ParameterError("the frames are not in the order of their capture: expected frames numbered by read_pcap")
    apart = (begins[1:] - ends[:-1] > GAP_BYTES) | (begins[1:] // SPAN_BYTES != begins[:-1] // SPAN_BYTES)
    cuts = [0, *(np.flatnonzero(apart) + 1).tolist(), begins.size]
    for start, stop in pairwise(cuts):
        yield slice(start, stop)


def _write(
    file: IO[bytes], rows: pd.DataFrame, time_ns: Array, number: Array, opened: _Captures,
    *, pcapng: bool, offset_s: int,
) -> None:  # fmt: skip
    """Write the records, a batch at a time."""
    captured, wire = rows["captured_bytes"].to_numpy(), rows["wire_bytes"].to_numpy()
    source = rows["source"].to_numpy()
    ends = np.cumsum(record_bytes(captured, pcapng=pcapng))
    cuts = np.flatnonzero(np.diff(ends // BATCH_BYTES)) + 1
    for part in np.split(np.arange(len(rows)), cuts):
        laid = records(
            Records(time_ns[part], captured[part], wire[part], number[part]), pcapng=pcapng, offset_s=offset_s
        )
        for each in np.unique(source[part]).tolist():
            mine = part[source[part] == each]
            opened.copy(each, rows.iloc[mine], time_ns[mine], laid.data, laid.places[mine - part[0]])
        file.write(memoryview(laid.data))  # type: ignore[arg-type]
