"""Cut large captures, so that several workers decode one, and put together what they say."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pcapframe.analysis.health import add_counts
from pcapframe.arrays import Array
from pcapframe.capture.parts import OVERLAP, Part, survey
from pcapframe.cluster._decoding import Decoded
from pcapframe.cluster._sources import Source, opened
from pcapframe.cluster._thinning import Thinned
from pcapframe.errors import CaptureError
from pcapframe.facts import CaptureInfo
from pcapframe.segments import times_that_cannot_be
from pcapframe.stated import info_of

__all__ = ["Cut", "cut", "join_decoded", "joined_rests", "part_bytes"]

LEAST_BYTES, MOST_BYTES = 32 << 20, 256 << 20  # of a part
TASKS_A_THREAD = 4  # so that no thread waits long for the last part


@dataclass
class Cut:
    """A capture that is decoded in parts."""

    info: CaptureInfo
    link_types: Sequence[int]
    name_blocks: Sequence[tuple[bytes, bool]]
    parts: Sequence[Part]


def part_bytes(sources: Sequence[Source], threads: int) -> int:
    """Return how long a part of a capture is.

    Parameters
    ----------
    sources : sequence of Source
        All captures.
    threads : int
        Of all workers.

    Returns
    -------
    int
        At least. [bytes]

    Examples
    --------
    >>> part_bytes([Source("/captures/week.pcap", "week.pcap", 1 << 40)], 8) >> 20
    256
    """
    total = sum(source.size or 0 for source in sources)
    return min(max(total // (TASKS_A_THREAD * threads), LEAST_BYTES), MOST_BYTES)


def cut(source: Source, size: int, overlap: int = OVERLAP) -> Cut | None:
    """Walk over a capture, and cut it.

    Parameters
    ----------
    source : Source
        The capture.
    size : int
        Of a part, at least. [bytes]
    overlap : int, optional
        See `survey`.

    Returns
    -------
    Cut or None
        None where it can only be read as one, or not at all.
    """
    try:
        with opened(source) as stream:
            found = survey(stream, size, overlap)
    except CaptureError:
        return None  # who decodes it says so
    if not found.parts:
        return None
    times = pd.DataFrame(
        {"time": pd.array(found.times, dtype=pd.DatetimeTZDtype("ns", "UTC"), copy=False), "source": np.uint16(0)}
    )
    if times_that_cannot_be(times) is not None:
        return None
    facts = found.facts
    return Cut(info_of([facts], found.times), facts.link_types, facts.name_blocks, found.parts)


def join_decoded(parts: Sequence[Decoded], whole: Cut) -> Decoded:
    """Put together what is said of the parts of a capture.

    Parameters
    ----------
    parts : sequence of Decoded
        In their order.
    whole : Cut
        What walking over the capture said.

    Returns
    -------
    Decoded
        As of the capture when it is decoded as one.
    """
    inner = list(dict.fromkeys(text for one in parts for text in one.addresses[: one.inner_addresses]))
    names: list[str] = []
    answers, heard, first = [], [], 0
    for one in parts:
        if one.heard is not None:
            own = one.heard.copy()
            own["row"] += first
            for field in ("name", "alpn"):
                own[field] = np.where(own[field] < 0, -1, own[field] + len(names))
            heard.append(own)
        if one.answers.size:
            own = one.answers.copy()
            own["row"] += first
            own["name"] += len(names)
            answers.append(own)
        names += one.names
        first += one.size
    ends = [one.ends for one in parts if one.ends]
    return replace(
        parts[0],
        info=replace(whole.info, foreign_streams=sum(one.info.foreign_streams for one in parts)),
        link_types=whole.link_types,
        thin=_joined_thin(parts),
        addresses=list(dict.fromkeys([*inner, *(text for one in parts for text in one.addresses)])),
        inner_addresses=len(inner),
        size=first,
        ends=(ends[0][0], ends[-1][1]) if ends else None,
        name_blocks=whole.name_blocks,
        names=names,
        answers=np.concatenate(answers) if answers else np.empty(0),
        heard=np.concatenate(heard) if heard else None,
        kept=[file for one in parts for file in one.kept],
    )


def _joined_thin(parts: Sequence[Decoded]) -> Thinned:
    """Put together what parts say of the health of a capture."""
    thin = [one.thin for one in parts]
    rows = np.cumsum([0, *(one.size for one in parts)])
    before = np.cumsum([0, *(one.segments for one in thin)])
    return Thinned(
        _joined_packets([one.packets for one in thin]),
        np.concatenate([one.rows + row for one, row in zip(thin, rows, strict=False)]),
        np.concatenate(
            [np.where(one.numbers < 0, -1, one.numbers + number) for one, number in zip(thin, before, strict=False)]
        ),
        int(before[-1]),
        add_counts([one.counts for one in thin], [0] * len(thin)),
    )


def joined_rests(rests: Sequence[tuple[pd.DataFrame, Array]]) -> tuple[pd.DataFrame, Array]:
    """Put all packets of the parts of a capture together.

    Parameters
    ----------
    rests : sequence of tuple
        As from `all_of`, in their order; none where the capture cannot be read.

    Returns
    -------
    DataFrame
        Columns `PACKET_COLUMNS`.
    ndarray of int64
        The latest time so far, by row. [ns]
    """
    if not rests:
        return pd.DataFrame(), np.empty(0, np.int64)
    packets, latest = zip(*rests, strict=True)
    return _joined_packets(packets), np.concatenate(latest)


def _joined_packets(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put packets one after another, each column of texts with all of them."""
    made = {}
    for name in frames[0]:
        columns = [frame[name] for frame in frames]
        if isinstance(columns[0].dtype, pd.CategoricalDtype):
            texts = dict.fromkeys(text for column in columns for text in column.cat.categories)
            categories = pd.Index(list(texts), dtype="str")
            columns = [column.cat.set_categories(categories) for column in columns]
        made[name] = pd.concat(columns, ignore_index=True)
    return pd.DataFrame(made, copy=False)
