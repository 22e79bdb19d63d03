"""Run the stages on a cluster: decode, shuffle, analyse by part, and gather."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from pcapframe.arrays import Array
from pcapframe.capture.parts import Part as CapturePart
from pcapframe.capture.parts import Seam, agree
from pcapframe.cluster._cutting import Cut, cut, join_decoded, part_bytes
from pcapframe.cluster._decoding import Decoded, decode
from pcapframe.cluster._parts import Part, Some, analyze_part, segments_of
from pcapframe.cluster._sources import Source
from pcapframe.cluster._whole import Fetch
from pcapframe.events import Floors

__all__ = ["run"]

Tell: TypeAlias = Callable[[int, int], object]
PARTITION, PIECE = "partition", "piece"
BYTES = pd.ArrowDtype(pa.large_binary())


def _decoded(source: Source, number: int, keys: Sequence[int], decode_as: Sequence[str], names: bool) -> Any:
    """Decode a capture: its pieces as a frame for the shuffle, and what else it says."""
    pieces, said = decode(source, number, len(keys), decode_as, names)
    return _frame(list(keys)[: len(pieces)], pieces), said


def _decoded_part(
    source: Source, number: int, keys: Sequence[int], decode_as: Sequence[str], names: bool, part: CapturePart
) -> Any:
    """Decode a part of a capture: its pieces, what else it says, and what it may share with other parts."""
    pieces, said = decode(source, number, len(keys), decode_as, names, part)
    return _frame(list(keys)[: len(pieces)], pieces), said, said.seam


def _settled(decoded: Any, seams: Sequence[Seam | None], is_first: bool, arguments: Sequence[Any]) -> Any:
    """Return what was decoded of a part, or decode the whole in the place of the first part."""
    known = [seam for seam in seams if seam is not None]
    if len(known) == len(seams) and agree(known):
        return decoded[:2]
    return _decoded(*arguments) if is_first else (_frame([], []), None)


def _frame(keys: Sequence[int], pieces: Sequence[bytes]) -> pd.DataFrame:
    values: Any = pd.array(pa.array(pieces, pa.large_binary()), dtype=BYTES)
    return pd.DataFrame({PARTITION: np.array(keys, np.int64), PIECE: values}, copy=False)


def _part(pieces: pd.DataFrame, names: bool, floors: Floors, whole: bool) -> Part:
    return analyze_part(pieces[PIECE].array.__arrow_array__().to_pylist(), names, floors, whole=whole)


def _some(pieces: pd.DataFrame, conn_ids: Array) -> Some:
    return segments_of(pieces[PIECE].array.__arrow_array__().to_pylist(), conn_ids)


def _keys(partitions: int) -> list[int]:
    """Return a number for each part, so that Dask's shuffle puts each of them into a partition of its own."""
    from dask.dataframe.shuffle import partitioning_index

    tried = pd.DataFrame({PARTITION: np.arange(64 * partitions, dtype=np.int64)})
    to = np.asarray(partitioning_index(tried, partitions))
    found, first = np.unique(to, return_index=True)
    spare = np.setdiff1d(np.arange(partitions), found)  # as good as never any
    return [*first.tolist(), *(tried[PARTITION].iloc[-1 - at] for at in range(spare.size))]


class Found(NamedTuple):
    """What the workers found."""

    decoded: list[Decoded]  # what each capture says, in their order
    parts: list[Part]  # of the connections
    fetch: Fetch


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

    Returns
    -------
    Found
        Rows of packets stay on the workers as long as it is there.
    """
    import dask.dataframe as dd
    from dask.delayed import delayed

    token, keys = uuid.uuid4().hex[:8], _keys(partitions)
    threads = sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())
    cuts = _cut(client, sources, size or part_bytes(sources, threads), tell)
    tasks, owners = [], []
    for number, source in enumerate(sources):
        found = _tasks(f"{token}-{number}", (source, number, keys, decode_as, names), cuts.get(number))
        tasks += found
        owners += [number] * len(found)
    meta = _frame([], [])
    moved = dd.from_delayed([task[0] for task in tasks], meta=meta, verify_meta=False).shuffle(
        PARTITION, npartitions=partitions, shuffle_method="p2p"
    )
    pieces = list(moved.to_delayed())
    parts = [
        delayed(_part, pure=False)(one, names, floors, whole, dask_key_name=f"analyze-{token}-{number}")
        for number, one in enumerate(pieces)
    ]
    futures = client.compute([*(task[1] for task in tasks), *parts, *pieces])
    count = len(tasks) + len(parts)
    held = futures[count:]
    gathered = _gathered(client, futures[:count], tell, held)
    said: list[list[Decoded]] = [[] for _ in sources]
    for number, one in zip(owners, gathered[: len(tasks)], strict=True):
        if one is not None:
            said[number].append(one)
    decoded = [each[0] if len(each) == 1 else join_decoded(each, cuts[number]) for number, each in enumerate(said)]

    def fetch(wanted: Mapping[int, Array]) -> dict[int, Some]:
        some = [client.submit(_some, held[number], conn_ids, pure=False) for number, conn_ids in wanted.items()]
        return dict(zip(wanted, client.gather(some), strict=True))

    return Found(decoded, gathered[len(tasks) :], fetch)


def _tasks(name: str, arguments: Sequence[Any], cut_at: Cut | None) -> list[Any]:
    """Return the tasks that decode a capture: each gives pieces, and what else is said."""
    from dask.delayed import delayed

    if cut_at is None:
        return [delayed(_decoded, pure=False)(*arguments, dask_key_name=f"decode-{name}")]
    parts = [
        delayed(_decoded_part, pure=False)(*arguments, part, dask_key_name=f"decode-{name}-{which}")
        for which, part in enumerate(cut_at.parts)
    ]
    seams = [part[2] for part in parts]
    return [
        delayed(_settled, pure=False)(part, seams, which == 0, arguments, dask_key_name=f"settle-{name}-{which}")
        for which, part in enumerate(parts)
    ]


def _cut(client: Any, sources: Sequence[Source], size: int, tell: Tell) -> dict[int, Cut]:
    """Cut the captures that are longer than two parts."""
    large = [number for number, source in enumerate(sources) if (source.size or 0) >= 2 * size]
    futures = [client.submit(cut, sources[number], size, pure=False) for number in large]
    found = _gathered(client, futures, tell)
    return {number: one for number, one in zip(large, found, strict=True) if one is not None}


def _gathered(client: Any, futures: Sequence[Any], tell: Tell, others: Sequence[Any] = ()) -> list[Any]:
    """Wait for tasks and return their results; whatever ends this cancels them, and others."""
    from distributed import as_completed

    try:
        for done, _ in enumerate(as_completed(futures), 1):
            tell(done, len(futures))
        results: list[Any] = client.gather(futures)
    except BaseException:
        client.cancel([*futures, *others], force=True)
        raise
    return results
