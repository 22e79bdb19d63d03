"""Run the stages on a cluster: decode, shuffle, analyse by part, and gather."""

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from pcapframe.arrays import Array
from pcapframe.capture.parts import Part as CapturePart
from pcapframe.capture.parts import Seam, agree
from pcapframe.cluster._aside import Into, keep_segments
from pcapframe.cluster._cutting import Cut, cut, join_decoded, joined_rests, part_bytes
from pcapframe.cluster._decoding import Decoded, decode
from pcapframe.cluster._parts import Part, Some, analyze_part, segments_of
from pcapframe.cluster._shuffling import Tell, frame_of_pieces, gathered, keys_for, moved, pieces_in
from pcapframe.cluster._sources import Source
from pcapframe.cluster._thinning import all_of
from pcapframe.cluster._whole import Everything, Fetch
from pcapframe.events import Floors

__all__ = ["Found", "run", "segments_file"]


def _decoded(
    source: Source, number: int, keys: Sequence[float], decode_as: Sequence[str], names: bool, into: Into | None
) -> Any:
    """Decode a capture: its pieces as a frame for the shuffle, what else it says, and all packets."""
    pieces, *said = decode(source, number, len(keys), decode_as, names, into=into)
    return frame_of_pieces(list(keys)[: len(pieces)], pieces), *said


def _decoded_part(
    source: Source,
    number: int,
    keys: Sequence[float],
    decode_as: Sequence[str],
    names: bool,
    into: Into | None,
    part: CapturePart,
) -> Any:
    """Decode a part of a capture: its pieces, what else it says, all packets, and what it may share with others."""
    pieces, said, rest = decode(source, number, len(keys), decode_as, names, part, into)
    return frame_of_pieces(list(keys)[: len(pieces)], pieces), said, rest, said.seam


def _settled(decoded: Any, seams: Sequence[Seam | None], is_first: bool, arguments: Sequence[Any]) -> Any:
    """Return what was decoded of a part, or decode the whole in the place of the first part."""
    known = [seam for seam in seams if seam is not None]
    if len(known) == len(seams) and agree(known):
        return decoded[:3]
    return _decoded(*arguments) if is_first else (frame_of_pieces([], []), None, None)


def _part(pieces: pd.DataFrame, names: bool, floors: Floors, whole: bool, into: Into | None, number: int) -> Part:
    keep = partial(keep_segments, into, segments_file(number)) if into else None
    return analyze_part(pieces_in(pieces), names, floors, whole=whole, keep=keep)


def _some(pieces: pd.DataFrame, conn_ids: Array) -> Some:
    return segments_of(pieces_in(pieces), conn_ids)


def segments_file(number: int) -> str:
    """Return the name of the file with the segments of a part of the connections."""
    return f"segments-{number}"


class Found(NamedTuple):
    """What the workers found."""

    decoded: list[Decoded]  # what each capture says, in their order
    parts: list[Part]  # of the connections
    fetch: Fetch
    everything: Everything


def run(
    client: Any,
    sources: Sequence[Source],
    *,
    partitions: int,
    decode_as: Sequence[str],
    names: bool,
    floors: Floors,
    whole: bool,
    tell: Tell,
    size: int | None = None,
    into: Into | None = None,
) -> Found:
    """Decode captures and analyse their connections on a cluster.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    sources : sequence of Source
        The captures.
    partitions : int
        How many parts the connections are distributed to.
    decode_as : sequence of str
        As for `read_pcap`.
    names : bool
        Whether to read payload for names.
    floors, whole
        As for `analyze_part`.
    tell : callable
        Called with how many tasks are done, and how many there are.
    size : int, optional
        Of a part of a capture, at least. [bytes]
    into : Into, optional
        Where packets and segments are kept.

    Returns
    -------
    Found
        Rows of packets stay on the workers as long as it is there.
    """
    from dask.delayed import delayed

    token, keys = uuid.uuid4().hex[:8], keys_for(partitions)
    threads = sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
    cuts = _cut(client, sources, size or part_bytes(sources, threads), tell)
    tasks, owners = [], []
    for number, source in enumerate(sources):
        found = _tasks(f"{token}-{number}", (source, number, keys, decode_as, names, into), cuts.get(number))
        tasks += found
        owners += [number] * len(found)
    pieces = moved([task[0] for task in tasks], partitions)
    parts = [
        delayed(_part, pure=False)(one, names, floors, whole, into, number, dask_key_name=f"analyze-{token}-{number}")
        for number, one in enumerate(pieces)
    ]
    count = len(tasks) + len(parts)
    futures = client.compute([*(task[1] for task in tasks), *parts, *pieces, *(task[2] for task in tasks)])
    held = futures[count:]
    results = gathered(client, futures[:count], tell, held)
    said: list[list[Decoded]] = [[] for _ in sources]
    for number, one in zip(owners, results[: len(tasks)], strict=True):
        if one is not None:
            said[number].append(one)
    decoded = [each[0] if len(each) == 1 else join_decoded(each, cuts[number]) for number, each in enumerate(said)]

    def fetch(wanted: Mapping[int, Array]) -> dict[int, Some]:
        some = [client.submit(_some, held[number], conn_ids, pure=False) for number, conn_ids in wanted.items()]
        return dict(zip(wanted, client.gather(some), strict=True))

    def everything() -> list[tuple[pd.DataFrame, Array]]:
        found: list[list[tuple[pd.DataFrame, Array]]] = [[] for _ in sources]
        for number, rest in zip(owners, client.gather(held[len(parts) :]), strict=True):
            if rest is not None:
                found[number].append(all_of(rest))
        return [joined_rests(each) for each in found]

    return Found(decoded, results[len(tasks) :], fetch, everything)


def _tasks(name: str, arguments: Sequence[Any], cut_at: Cut | None) -> list[Any]:
    """Return the tasks that decode a capture: each gives pieces, and what else is said."""
    from dask.delayed import delayed

    if cut_at is None:
        return [delayed(_decoded, pure=False)(*arguments, dask_key_name=f"decode-{name}")]
    parts = [
        delayed(_decoded_part, pure=False)(*arguments, part, dask_key_name=f"decode-{name}-{which}")
        for which, part in enumerate(cut_at.parts)
    ]
    seams = [part[3] for part in parts]
    return [
        delayed(_settled, pure=False)(part, seams, which == 0, arguments, dask_key_name=f"settle-{name}-{which}")
        for which, part in enumerate(parts)
    ]


def _cut(client: Any, sources: Sequence[Source], size: int, tell: Tell) -> dict[int, Cut]:
    """Cut the captures that are longer than two parts."""
    large = [number for number, source in enumerate(sources) if (source.size or 0) >= 2 * size]
    futures = [client.submit(cut, sources[number], size, pure=False) for number in large]
    found = gathered(client, futures, tell)
    return {number: one for number, one in zip(large, found, strict=True) if one is not None}
