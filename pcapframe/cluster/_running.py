"""Run the stages on a cluster: decode, shuffle, analyse by part, and gather."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pcapframe.cluster._decoding import Decoded, decode
from pcapframe.cluster._parts import Part, analyze_part
from pcapframe.cluster._sources import Source

__all__ = ["run"]

PARTITION, PIECE = "partition", "piece"
BYTES = pd.ArrowDtype(pa.large_binary())


def _decoded(source: Source, number: int, keys: Sequence[int], decode_as: Sequence[str], names: bool) -> Any:
    """Decode a capture: its pieces as a frame for the shuffle, and what else it says."""
    pieces, said = decode(source, number, len(keys), decode_as, names)
    return _frame(list(keys)[: len(pieces)], pieces), said


def _frame(keys: Sequence[int], pieces: Sequence[bytes]) -> pd.DataFrame:
    values: Any = pd.array(pa.array(pieces, pa.large_binary()), dtype=BYTES)
    return pd.DataFrame({PARTITION: np.array(keys, np.int64), PIECE: values}, copy=False)


def _part(pieces: pd.DataFrame, names: bool) -> Part:
    return analyze_part(pieces[PIECE].array.__arrow_array__().to_pylist(), names)


def _keys(partitions: int) -> list[int]:
    """Return a number for each part, so that Dask's shuffle puts each of them into a partition of its own."""
    from dask.dataframe.shuffle import partitioning_index

    tried = pd.DataFrame({PARTITION: np.arange(64 * partitions, dtype=np.int64)})
    to = np.asarray(partitioning_index(tried, partitions))
    found, first = np.unique(to, return_index=True)
    spare = np.setdiff1d(np.arange(partitions), found)  # as good as never any
    return [*first.tolist(), *(tried[PARTITION].iloc[-1 - at] for at in range(spare.size))]


def run(
    client: Any,
    sources: Sequence[Source],
    *,
    partitions: int,
    decode_as: Sequence[str],
    names: bool,
    tell: Callable[[int, int], object],
) -> tuple[list[Decoded], list[Part]]:
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
    tell : callable
        Called with how many tasks are done, and how many there are.

    Returns
    -------
    list of Decoded
        What each capture says, in their order.
    list of Part
        The parts of the connections.
    """
    import dask.dataframe as dd
    from dask.delayed import delayed
    from distributed import as_completed

    token, keys = uuid.uuid4().hex[:8], _keys(partitions)
    tasks = [
        delayed(_decoded, pure=False)(source, number, keys, decode_as, names, dask_key_name=f"decode-{token}-{number}")
        for number, source in enumerate(sources)
    ]
    meta = _frame([], [])
    moved = dd.from_delayed([task[0] for task in tasks], meta=meta, verify_meta=False).shuffle(
        PARTITION, npartitions=partitions, shuffle_method="p2p"
    )
    parts = [
        delayed(_part, pure=False)(one, names, dask_key_name=f"analyze-{token}-{number}")
        for number, one in enumerate(moved.to_delayed())
    ]
    futures = client.compute([*(task[1] for task in tasks), *parts])
    try:
        for done, _ in enumerate(as_completed(futures), 1):
            tell(done, len(futures))
        gathered = client.gather(futures)
    except BaseException:
        client.cancel(futures, force=True)
        raise
    return gathered[: len(sources)], gathered[len(sources) :]
