"""Decode one capture, and sort its rows by where they are analysed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pcapframe.analysis.health import add_counts
from pcapframe.arrays import NO_TIME, Array
from pcapframe.capture.facts import CaptureFacts
from pcapframe.capture.parts import Part, PartReader, Seam
from pcapframe.capture.reader import read_capture
from pcapframe.cluster._aside import Into, keep_packets
from pcapframe.cluster._sources import Source, opened
from pcapframe.cluster._thinning import Rest, Thinned, rest_of, thinned
from pcapframe.cluster._wire import pack
from pcapframe.errors import CaptureError
from pcapframe.facts import CaptureInfo
from pcapframe.measures import values
from pcapframe.names.beginnings import HEARD
from pcapframe.names.dns import ANSWER
from pcapframe.packets import read_alone
from pcapframe.segments import ASTRAY, times_that_cannot_be
from pcapframe.stated import info_of

__all__ = ["FLAGS", "Decoded", "decode", "partition_of"]

FLAGS = "quoted_flags"  # one more than these, so that 0 stands for none
NO_PACKETS = add_counts([], [])
MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)  # odd multipliers that mix the bits of a hash
SHIFT = np.uint64(29)


@dataclass
class Decoded:
    """What a capture says beside the rows that go to other workers."""

    number: int  # of the capture among all
    info: CaptureInfo
    link_types: Sequence[int]
    passed_over: CaptureError | None  # why it could not be read
    thin: Thinned  # of its packets
    addresses: Sequence[str]  # by number
    inner_addresses: int  # how many of these are in src or dst: they come first
    size: int  # how many packets it has
    ends: tuple[int, int] | None  # the latest time so far, of the first and the last row; ``NO_TIME`` for none [ns]
    name_blocks: Sequence[tuple[bytes, bool]]  # of pcapng
    names: Sequence[str]  # by number
    answers: Array  # ANSWER: which address has which of the names, from which row on
    seam: Seam | None = None  # of a part
    heard: Array | None = None  # HEARD: what payload said in which row, where packets are kept
    kept: Sequence[tuple[str, int]] = ()  # files of packets that are kept, and how many each has


def decode(
    source: Source,
    number: int,
    partitions: int,
    decode_as: Sequence[str],
    names: bool,
    part: Part | None = None,
    into: Into | None = None,
) -> tuple[Any, Decoded, Rest | None]:
    """Decode one capture, or a part of it.

    Parameters
    ----------
    source : Source
        The capture.
    number : int
        Which of all captures it is.
    partitions : int
        How many parts the connections are distributed to.
    decode_as : sequence of str
        As for `read_pcap`.
    names : bool
        Whether to read payload for names.
    part : Part, optional
        Which part of it.
    into : Into, optional
        Where its packets are kept.

    Returns
    -------
    list of bytes
        For each part of the connections the rows that belong to it.
    Decoded
        What else is said of the capture.
    Rest or None
        All of its packets, for those that come at the same time as others.
    """
    reader = PartReader(part) if part else None
    try:
        with opened(source) as stream:
            read = read_alone(stream, decode_as=decode_as, names=names, read=reader or read_capture)
    except CaptureError as error:
        return [], _nothing(source, number, error), None
    frame, flags = read.frame, read.quoted_flags
    heard, entries, answers = read.watcher.raw if read.watcher else ([], np.zeros(0, HEARD), np.zeros(0, ANSWER))
    first, before = 0, NO_TIME
    if part:
        rows = slice(part.before, part.before + part.records)
        first, before = part.first.records, part.first.latest
        frame, flags = _of_part(frame, part, rows), flags[rows]
        entries, answers = _within(entries, rows), _within(answers, rows)
    time = frame["time"].to_numpy("datetime64[ns]").view(np.int64)
    latest = np.maximum(np.maximum.accumulate(time), before) if time.size else time
    more: dict[str, Array] = {
        "row": first + np.arange(time.size, dtype=np.uint32),
        "ahead": latest - time,
        FLAGS: flags + 1,
    }
    astray = None if part else times_that_cannot_be(frame)
    if astray is not None and not astray.all():  # of one whose clock stood still, the whole must tell
        more[ASTRAY] = astray
    places = _places(frame, partitions)
    known = {"capture": number, "times": [int(time.min()), int(time.max()), time.size] if time.size else None}
    pieces = pack(frame, places, more=more, said=[known | _heard_in(rows, first, heard, entries) for rows in places])
    kept = []
    if into:
        kept = [(f"packets-{number}-{first if part else 'all'}", len(frame))]
        keep_packets(into, kept[0][0], frame)
    said = Decoded(
        number=number,
        info=read.info,
        link_types=read.facts.link_types,
        passed_over=None,
        thin=thinned(frame),
        addresses=frame["src"].cat.categories.tolist(),
        inner_addresses=read.addresses,
        size=time.size,
        ends=(int(latest[0]), int(latest[-1])) if time.size else None,
        name_blocks=read.facts.name_blocks,
        names=heard,
        answers=answers,
        seam=reader.seam if reader else None,
        heard=entries if into else None,
        kept=kept,
    )
    return pieces, said, rest_of(frame, latest)


def _places(frame: pd.DataFrame, partitions: int) -> list[Array]:
    """Return the rows that go to each part of the connections."""
    sent = np.flatnonzero((frame["seq"].notna() | frame["quoted_seq"].notna()).to_numpy())
    to = partition_of(frame.iloc[sent], partitions)
    ends = np.cumsum(np.bincount(to, minlength=partitions))
    return np.split(sent[np.argsort(to, kind="stable")], ends[:-1])


def _of_part(frame: pd.DataFrame, part: Part, rows: slice) -> pd.DataFrame:
    """Return the packets of a part, without those beside it."""
    own = frame.iloc[rows].assign(source_frame=frame["source_frame"].to_numpy()[rows] + np.uint32(part.begin.records))
    own.index = pd.RangeIndex(1, len(own) + 1, name="frame")
    return own


def _within(entries: Array, rows: slice) -> Array:
    """Return what is said of some rows, which are counted from the first of them."""
    own: Array = entries[(entries["row"] >= rows.start) & (entries["row"] < rows.stop)].copy()
    own["row"] -= rows.start
    return own


def _nothing(source: Source, number: int, error: CaptureError) -> Decoded:
    """Return what is said of a capture that cannot be read."""
    facts = CaptureFacts(source.name, "", None)
    facts.passed_over(error.problem, is_empty=source.size == 0)
    none = np.empty(0, np.int64)
    thin = Thinned(pd.DataFrame(), none, none, 0, NO_PACKETS)
    return Decoded(number, info_of([facts], none), [], error, thin, [], 0, 0, None, [], [], np.empty(0))


def _heard_in(rows: Array, first: int, names: Sequence[str], entries: Array) -> dict[str, Any]:
    """Return what was heard in some rows of a capture."""
    if not entries.size:
        return {}
    here = entries[np.isin(entries["row"], rows)]
    heard = [
        (first + row, application, names[name] if name >= 0 else None, names[alpn] if alpn >= 0 else None)
        for row, application, name, alpn in here.tolist()
    ]
    return {"heard": heard}


def partition_of(packets: pd.DataFrame, partitions: int) -> Array:
    """Return the part that each packet belongs to, by the endpoints of its connection, whichever of them sent it.

    Parameters
    ----------
    packets : DataFrame
        Columns of ``schema.PACKETS``, segments and ICMP errors that quote TCP; not modified.
    partitions : int
        How many parts there are.

    Returns
    -------
    ndarray of int
        Below `partitions`; of an ICMP error, the part of the connection that it quotes.
    """
    is_error = packets["seq"].isna().to_numpy()
    ends = []
    for side in ("src", "dst"):
        own = _endpoint(packets, side)
        if is_error.any():
            own = np.where(is_error, _endpoint(packets, f"quoted_{side}"), own)
        ends.append(own)
    mixed = (ends[0] + ends[1]) ^ (ends[0] * ends[1])
    mixed = (mixed ^ mixed >> SHIFT) * MIX[1]
    return np.asarray((mixed >> SHIFT) % np.uint64(partitions), np.int64)


def _endpoint(packets: pd.DataFrame, side: str) -> Array:
    """Return a hash of an address and a port; the same on every worker."""
    addresses, port = packets[side].cat, values(packets[f"{side}_port"], np.uint64)
    texts = addresses.categories
    hashes = pd.util.hash_array(texts.to_numpy(object), categorize=False) if len(texts) else np.empty(0, np.uint64)
    own: Array = np.append(hashes, np.uint64(0))[addresses.codes.to_numpy()]
    own = (own ^ port * MIX[0]) * MIX[1]
    return np.asarray(own ^ own >> SHIFT | np.uint64(1))
