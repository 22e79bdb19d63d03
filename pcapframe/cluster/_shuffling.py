"""Send pieces of bytes from tasks to others through Dask's own shuffle, and wait for tasks."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

__all__ = ["Tell", "frame_of_pieces", "gathered", "keys_for", "moved", "pieces_in"]

Tell: TypeAlias = Callable[[int, int], object]
PARTITION, PIECE = "partition", "piece"
KEY = np.float64  # the shuffle hashes numbers as such
BYTES = pd.ArrowDtype(pa.large_binary())


def keys_for(partitions: int) -> list[float]:
    """Return a number for each receiver, so that Dask's shuffle puts each of them into a partition of its own.

    Parameters
    ----------
    partitions : int
        How many receivers there are.

    Returns
    -------
    list of float
        For `frame_of_pieces`.
    """
    from dask.dataframe.shuffle import partitioning_index

    tried = pd.DataFrame({PARTITION: np.arange(64 * partitions, dtype=KEY)})
    to = np.asarray(partitioning_index(tried, partitions))
    found, first = np.unique(to, return_index=True)
    spare = np.setdiff1d(np.arange(partitions), found)  # as good as never any
    return [*first.tolist(), *(tried[PARTITION].iloc[-1 - at] for at in range(spare.size))]


def frame_of_pieces(keys: Sequence[float], pieces: Sequence[bytes]) -> pd.DataFrame:
    """Return what a task sends.

    Parameters
    ----------
    keys : sequence of float
        Of the receivers.
    pieces : sequence of bytes
        For each of them.

    Returns
    -------
    DataFrame
        For the shuffle.
    """
    values: Any = pd.array(pa.array(pieces, pa.large_binary()), dtype=BYTES)
    return pd.DataFrame({PARTITION: np.array(keys, KEY), PIECE: values}, copy=False)


def pieces_in(frame: pd.DataFrame) -> list[bytes]:
    """Return what a task receives.

    Parameters
    ----------
    frame : DataFrame
        A partition of the shuffle.

    Returns
    -------
    list of bytes
        The pieces from all senders.
    """
    pieces: list[bytes] = frame[PIECE].array.__arrow_array__().to_pylist()
    return pieces


def moved(sent: Sequence[Any], partitions: int) -> list[Any]:
    """Shuffle pieces.

    Parameters
    ----------
    sent : sequence of Delayed
        Each gives a frame of pieces.
    partitions : int
        How many receivers there are.

    Returns
    -------
    list of Delayed
        For each receiver, a frame of pieces.
    """
    import dask.dataframe as dd

    frame = dd.from_delayed(sent, meta=frame_of_pieces([], []), verify_meta=False)
    return list(frame.shuffle(PARTITION, npartitions=partitions, shuffle_method="p2p").to_delayed())


def gathered(client: Any, futures: Sequence[Any], tell: Tell, others: Sequence[Any] = ()) -> list[Any]:
    """Wait for tasks and return their results; whatever ends this cancels them, and others.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster.
    futures : sequence of Future
        Whose results are wanted.
    tell : callable
        Called with how many are done, and how many there are.
    others : sequence of Future, optional
        To be cancelled too.

    Returns
    -------
    list
        The results.
    """
    from distributed import as_completed

    try:
        for done, _ in enumerate(as_completed(futures), 1):
            tell(done, len(futures))
        results: list[Any] = client.gather(futures)
    except BaseException:
        client.cancel([*futures, *others], force=True)
        raise
    return results
