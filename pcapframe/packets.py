"""Read captures into the packets frame: one row for each captured packet."""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.arrays import NO_TIME
from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.decode_as import decoded_ports, listed
from pcapframe.capture.facts import CaptureFacts
from pcapframe.capture.folders import captures_in
from pcapframe.capture.reader import Progress, read_capture
from pcapframe.capture.source import CaptureSource, CaptureStream
from pcapframe.capture.streams import foreign_streams
from pcapframe.capture.undecoded import is_readable
from pcapframe.disk import disk_may_be_used
from pcapframe.errors import CaptureWarning, ParameterError
from pcapframe.facts import CaptureInfo, capture_info, count_by_interface
from pcapframe.framed import in_order, make_frame
from pcapframe.names import HEARD_IN, Watcher, names_of_block, read_hosts, written_heard
from pcapframe.reading import read_all
from pcapframe.stated import info_of
from pcapframe.store import Store, is_store

__all__ = [
    "DECODE_AS",
    "CaptureInfo",
    "CaptureSource",
    "DecodeAs",
    "Progress",
    "Read",
    "capture_info",
    "count_by_interface",
    "read_alone",
    "read_pcap",
]

Names: TypeAlias = bool | str | os.PathLike[str]
"""Whether to read payload for names, or a file of names."""

Reader: TypeAlias = Callable[[CaptureStream, PacketColumns, Progress], CaptureFacts]
DECODE_AS = "decode_as"  # in the attrs of a frame that was read with it
DecodeAs: TypeAlias = str | Iterable[str]


@disk_may_be_used()
def read_pcap(
    source: CaptureSource | Sequence[CaptureSource],
    *,
    decode_as: DecodeAs | None = None,
    names: Names = True,
    progress: Progress | Literal[False] | None = None,
) -> pd.DataFrame:
    """Read a packet capture into a frame: one row per packet.

    Parameters
    ----------
    source : path, URL, bytes, binary file, or a list of these
        pcap of any dialect, pcapng, snoop or ERF; gzip, zstd, lz4, xz and bz2 are recognised by content. ``"-"`` is
        standard input. A URL is text or a `RemoteCapture`, which sets the limits. A folder stands for the captures
        directly in it, a pattern such as ``"ring/*.pcap"`` for the files that it matches: one of these that cannot be
        read is passed over with a warning. Several captures are merged by time, as mergecap does: the packets of one
        capture are never reordered. The folder of a store (`write_store`) is opened, alone.
    decode_as : str or iterable of str, optional
        UDP ports of your own that carry a tunnel, as ``"udp.port=14789,vxlan"``: those of the table that
        ``tunnel`` names, in any letter case.
    names : bool or path, default True
        Whether to read payload for names: the first of each connection (``connections.server_name`` and others), and
        DNS answers (``client_names``, ``server_names``). Only the names are kept. A path is a file of names too, in the
        format of hosts(5).
    progress : callable or False, optional
        Called with the bytes read and their total [None if unknown], of all files together; for a URL, first with the
        bytes fetched. An exception from it ends the reading. By default a bar appears after a second; False shows none.

    Returns
    -------
    DataFrame
        Columns and dtypes of ``schema.PACKETS``, index ``frame`` from 1. Empty for a capture without packets.
        ``attrs["capture"]`` holds what `capture_info` returns. The nullable columns share their masks, which are
        therefore read-only: copy the frame (``packets.copy()``) before you write into it.

    Raises
    ------
    CaptureNotFoundError
        A source does not exist or cannot be opened.
    CaptureFormatError
        A source is not a capture.
    ParameterError
        `decode_as` has another form, or names no tunnel over UDP; or `names` is a file that cannot be read.
    RemoteCaptureError
        A URL is not allowed, cannot be fetched, or is too large or too slow.
    TemporarySpaceError
        The capture is too long for memory, and for the folder of temporary files.

    Warns
    -----
    CaptureWarning
        A capture is cut off or damaged, and only the whole packets before that are read; one of a folder or a pattern
        cannot be read at all; or a link type is not decoded.

    Notes
    -----
    Header fields are those of the innermost IP header. Lengths come from the headers (RFC 9293 section 3.1), not from
    what was captured. Fragments, also of packets that carry a tunnel, are reassembled at the frame that completes the
    datagram. On Linux, a local file that the user owns and nobody is writing is mapped, piece by piece under a read
    lease (fcntl(2)): a program that opens it for writing meanwhile waits some hundredths of a second.

    Examples
    --------
    >>> import pcapframe as pf
    >>> packets = pf.read_pcap(pf.example("clean.pcap"))
    >>> packets.loc[3, "protocol"]
    'TCP'
    """
    sources: list[Any] = list(source) if isinstance(source, list | tuple) else [source]
    if any(is_store(one) for one in sources):
        if len(sources) > 1 or decode_as is not None:
            raise ParameterError("a store is opened alone, as it was written: expected captures, or one store")
        return Store.opened(sources[0]).packets()
    captures = captures_in(source)
    texts = listed(decode_as)
    given = [] if isinstance(names, bool) else read_hosts(names)
    watcher = Watcher() if names else None
    columns = PacketColumns(decoded_ports(texts), watcher)
    facts = read_all(captures, columns, progress)
    for fact in facts:
        for note in fact.notes:
            warnings.warn(f"{fact.name}: {note}", CaptureWarning, stacklevel=3)
    rows = columns.filled()
    for fact, end in zip(facts, np.cumsum([fact.rows for fact in facts]).tolist(), strict=True):
        if fact.has_no_times:
            rows.time[end - fact.rows : end] = NO_TIME
    info = info_of(facts, rows.time, captures.name)
    ordered = in_order(columns, rows, [fact.rows for fact in facts])
    frame = make_frame(columns, ordered)
    foreign = foreign_streams(ordered.rows, ordered.quotes) + _followed_elsewhere(frame["undecoded"])
    frame.attrs["capture"] = dict(vars(replace(info, foreign_streams=foreign)))
    if texts:
        frame.attrs[DECODE_AS] = texts
    if watcher:
        given += [named for fact in facts for block in fact.name_blocks for named in names_of_block(*block)]
        frame.attrs[HEARD_IN] = written_heard(
            watcher.heard_by_frame(ordered.places, columns.address_texts.to_pylist, given)
        )
    return frame


class Read(NamedTuple):
    """One capture of several that are read in different places, and what they need of it to be read as one."""

    frame: pd.DataFrame  # as from `read_pcap`, without names
    info: CaptureInfo
    facts: CaptureFacts
    addresses: int  # how many of the categories are in ``src`` or ``dst``: they come first
    quoted_flags: npt.NDArray[np.int16]  # of the TCP header that an ICMP error quotes, by row; -1 for none
    watcher: Watcher | None


def read_alone(
    stream: CaptureStream, *, decode_as: Iterable[str] = (), names: bool = True, read: Reader = read_capture
) -> Read:
    """Read one of several captures.

    Parameters
    ----------
    stream : CaptureStream
        Its bytes.
    decode_as : iterable of str
        As for `read_pcap`.
    names : bool, default True
        Whether to read payload for names.
    read : callable, default `read_capture`
        Reads the bytes.

    Returns
    -------
    Read
        Its packets, and what is to be said of it.

    Raises
    ------
    CaptureError
        It cannot be read.
    """
    watcher = Watcher() if names else None
    columns = PacketColumns(decoded_ports(decode_as), watcher)
    facts = read(stream, columns, lambda _done, _size: None)
    rows = columns.filled()
    if facts.has_no_times:
        rows.time[:] = NO_TIME
    ordered = in_order(columns, rows, [facts.rows])
    frame = make_frame(columns, ordered)
    # Without the streams that only all captures together show: see `foreign_streams`.
    info = replace(info_of([facts], rows.time), foreign_streams=_followed_elsewhere(frame["undecoded"]))
    flags = np.full(facts.rows, -1, np.int16)
    flags[ordered.quotes["row"]] = ordered.quotes["quoted_flags"]
    inner = 1 + max(int(rows.src.max(initial=-1)), int(rows.dst.max(initial=-1)))
    return Read(frame, info, facts, inner, flags, watcher)


def _followed_elsewhere(undecoded: pd.Series) -> int:
    """Count the packets that are not decoded and that Wireshark may decode."""
    readable = [number for number, text in enumerate(undecoded.cat.categories) if is_readable(text)]
    return int(np.isin(undecoded.cat.codes.to_numpy(), readable).sum()) if readable else 0
