"""The facts about a capture, or about several read as one, from what each file states."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from pcapframe.arrays import NO_TIME
from pcapframe.capture.facts import CaptureFacts
from pcapframe.capture.link_types import LINK_TYPES, link_name
from pcapframe.capture.pcapng import MOST_COMMENTS, MOST_INTERFACES
from pcapframe.facts import CaptureInfo
from pcapframe.memory import extremes

__all__ = ["info_of", "info_of_several"]

MOST_LINK_TYPES = 100  # listed
MOST_NOTES = 100  # listed, of several captures read as one


def info_of(facts: Sequence[CaptureFacts], time: npt.NDArray[np.int64], name: str | None = None) -> CaptureInfo:
    """Return the facts about one capture, or about several read as one.

    Parameters
    ----------
    facts : sequence of CaptureFacts
        What each file states; at least one.
    time : ndarray of int64
        Times of all packets, capture by capture. [ns since 1970, ``NO_TIME`` for null]
    name : str, optional
        Of all of them; by default the names of all.

    Returns
    -------
    CaptureInfo
        Of the only one, or of all.
    """
    ends = np.cumsum([fact.rows for fact in facts])
    parts = [_one(fact, time[end - fact.rows : end]) for fact, end in zip(facts, ends, strict=True)]
    return info_of_several([fact.link_types for fact in facts], parts, name)


def info_of_several(link_types: Sequence[Sequence[int]], parts: Sequence[CaptureInfo], name: str | None) -> CaptureInfo:
    """Return the facts about one capture, or about several read as one.

    Parameters
    ----------
    link_types : sequence of sequence of int
        All link types of each.
    parts : sequence of CaptureInfo
        The facts of each; at least one.
    name : str or None
        Of all of them; None for the names of all.

    Returns
    -------
    CaptureInfo
        Of the only one, or of all.
    """
    return parts[0] if len(parts) == 1 else _several(link_types, parts, name)


def _one(fact: CaptureFacts, time: npt.NDArray[np.int64]) -> CaptureInfo:
    """Facts about one capture."""
    earliest, latest = extremes(time, NO_TIME)
    return CaptureInfo(
        name=fact.name,
        format=fact.format,
        compression=fact.compression,
        packets=fact.packets,
        bytes=fact.bytes,
        first_time=None if latest == NO_TIME else _time_text(earliest),
        last_time=None if latest == NO_TIME else _time_text(latest),
        snaplen=fact.snaplen,
        interfaces=fact.interfaces,
        interfaces_total=fact.interfaces_total,
        comments=fact.comments,
        comments_total=fact.comments_total,
        truncated=fact.truncated,
        notes=fact.notes,
        notes_total=fact.notes_total,
        rows=fact.rows,
        **_link_types(fact.link_types),
    )


def _link_types(numbers: Sequence[int]) -> dict[str, Any]:
    """Return the fields about link types."""
    listed = [number for place, number in enumerate(numbers) if place < MOST_LINK_TYPES or number in LINK_TYPES]
    return {
        "link_types": [link_name(number) for number in listed],
        "link_type_numbers": listed,
        "link_types_total": len(numbers),
    }


def _several(link_types: Sequence[Sequence[int]], parts: Sequence[CaptureInfo], name: str | None) -> CaptureInfo:
    """Facts about several captures read as one."""

    def union(values: Iterable[Any]) -> list[Any]:
        return list(dict.fromkeys(value for value in values if value is not None))

    interfaces: list[dict[str, Any]] = []
    numbered = 0
    for part in parts:  # the list index is the interface number, so the list must end at the first one left out
        if len(interfaces) == numbered:
            interfaces += part.interfaces[: MOST_INTERFACES - numbered]
        numbered += part.interfaces_total
    comments = [{**comment, "capture": part.name} for part in parts for comment in part.comments]
    return CaptureInfo(
        name=name or ", ".join(part.name for part in parts),
        format=", ".join(union(part.format or None for part in parts)),
        compression=", ".join(union(part.compression for part in parts)) or None,
        packets=sum(part.packets for part in parts),
        rows=sum(part.rows for part in parts),
        bytes=sum(part.bytes for part in parts),
        first_time=min(union(part.first_time for part in parts), key=pd.Timestamp, default=None),
        last_time=max(union(part.last_time for part in parts), key=pd.Timestamp, default=None),
        snaplen=max((part.snaplen for part in parts if part.snaplen), default=None),
        interfaces=interfaces,
        interfaces_total=numbered,
        comments=comments[:MOST_COMMENTS],
        comments_total=sum(part.comments_total for part in parts),
        truncated=any(part.truncated for part in parts),
        notes=[f"{part.name}: {note}" for part in parts for note in part.notes][:MOST_NOTES],
        notes_total=sum(part.notes_total for part in parts),
        captures=[dict(vars(part)) for part in parts],
        **_link_types(union(number for numbers in link_types for number in numbers)),
    )


def _time_text(nanoseconds: int) -> str:
    return pd.Timestamp(nanoseconds, unit="ns", tz="UTC").isoformat()
