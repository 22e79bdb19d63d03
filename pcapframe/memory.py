"""Memory: many columns in one block, in memory or on the disk, and how much an analysis takes."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pcapframe.disk import disk_in_use, give_back, give_back_after

__all__ = [
    "Claim", "block_of", "bytes_to_analyze", "bytes_to_read", "columns_in", "mib", "new_column", "one_block",
    "stretches", "taken",
]  # fmt: skip

Claim: TypeAlias = Callable[[int, int], None]
"""Called with an analysis's memory so far [bytes] and its number of packets; raises if that is too much."""

# Peak memory, measured and rounded up: frames and working memory of the stages. [bytes]
PACKET_BYTES, SEGMENT_BYTES, CONNECTION_BYTES = 130, 290, 1200
FRAME_SHARE = 1.4  # peak memory while a packets frame is built / memory of its rows
STRETCH_ROWS = 1 << 16
ALIGNED = 64  # each column is padded to a multiple of this, so that the next column is aligned for any type [bytes]


def one_block(rows: int, dtypes: Sequence[npt.DTypeLike], *, zeroed: bool = False) -> list[npt.NDArray[Any]]:
    """Allocate several columns as one contiguous block of memory.

    NumPy asks the operating system for huge pages for blocks of 4 MiB and more. Most columns, even of a long capture,
    are smaller: allocated separately, the page faults on their small pages take longer than filling them.

    Parameters
    ----------
    rows : int
        Of each column.
    dtypes : sequence of dtype
        One for each column.
    zeroed : bool, default False
        All values are 0, and pages that are never written take no memory. Otherwise they are anything.

    Returns
    -------
    list of ndarray, shape (rows,)
        In the order of `dtypes`; the block is freed when the last of them is.

    Examples
    --------
    >>> [column.dtype.name for column in one_block(3, ["uint8", "int64"])]
    ['uint8', 'int64']
    """
    block, begins = block_of(rows, dtypes, zeroed=zeroed)
    return columns_in(block, begins, rows, dtypes)


def block_of(
    rows: int, dtypes: Sequence[npt.DTypeLike], *, zeroed: bool = False
) -> tuple[npt.NDArray[np.uint8], list[int]]:
    """Allocate the memory of several columns; see `one_block`.

    Parameters
    ----------
    rows, dtypes, zeroed
        As for `one_block`.

    Returns
    -------
    ndarray of uint8
        The block.
    list of int
        Where each column begins in it. [bytes]

    Examples
    --------
    >>> block_of(3, ["uint8", "int64"])[1]
    [0, 64]
    """
    sizes = [-(-rows * np.dtype(dtype).itemsize // ALIGNED) * ALIGNED for dtype in dtypes]
    disk = disk_in_use()
    block = disk.block(sum(sizes)) if disk else (np.zeros if zeroed else np.empty)(sum(sizes), np.uint8)
    return block, list(accumulate(sizes, initial=0))[:-1]


def columns_in(
    block: npt.NDArray[np.uint8], begins: Sequence[int], rows: int, dtypes: Sequence[npt.DTypeLike]
) -> list[npt.NDArray[Any]]:
    """Return the columns of a block.

    Parameters
    ----------
    block, begins
        From `block_of`.
    rows : int
        Of each column.
    dtypes : sequence of dtype
        One for each column.

    Returns
    -------
    list of ndarray, shape (rows,)
        Views.

    Examples
    --------
    >>> [column.size for column in columns_in(*block_of(3, ["uint8", "int64"]), 3, ["uint8", "int64"])]
    [3, 3]
    """
    return [
        block[begin : begin + rows * np.dtype(dtype).itemsize].view(dtype)
        for begin, dtype in zip(begins, dtypes, strict=True)
    ]


def new_column(rows: int, dtype: npt.DTypeLike, *, zeroed: bool = False) -> npt.NDArray[Any]:
    """Allocate one column, where `one_block` would.

    Parameters
    ----------
    rows : int
        How many.
    dtype : dtype
        Of the values.
    zeroed : bool, default False
        All values are 0; otherwise they are anything.

    Returns
    -------
    ndarray, shape (rows,)
        Writable.

    Examples
    --------
    >>> new_column(3, "uint8", zeroed=True).tolist()
    [0, 0, 0]
    """
    return one_block(rows, [dtype], zeroed=zeroed)[0]


def taken(values: npt.NDArray[Any], places: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Take some values of a column into a new one, which goes where `one_block` would.

    Parameters
    ----------
    values : ndarray
        One dimension.
    places : ndarray of int
        Which ones, all of them within it.

    Returns
    -------
    ndarray
        As long as `places`.

    Examples
    --------
    >>> taken(np.array([7, 8, 9]), np.array([2, 0])).tolist()
    [9, 7]
    """
    made = new_column(places.size, values.dtype)
    for rows in stretches(places.size):
        np.take(values, places[rows], out=made[rows], mode="clip")
    give_back()  # places may be anywhere in the column
    return made


def stretches(rows: int) -> Iterator[slice]:
    """Cut rows into stretches, so that what a computation makes on the way stays small, whatever their number.

    Parameters
    ----------
    rows : int
        How many there are.

    Yields
    ------
    slice
        The next ones.

    Examples
    --------
    >>> list(stretches(5))
    [slice(0, 5, None)]
    """
    for start in range(0, rows, STRETCH_ROWS):
        stop = min(start + STRETCH_ROWS, rows)
        yield slice(start, stop)
        give_back_after(stop, stop - start)


def bytes_to_read(held: int) -> int:
    """Estimate the peak memory while a packets frame is built.

    Parameters
    ----------
    held : int
        Memory of its rows in ``PacketColumns``. [bytes]

    Returns
    -------
    int
        An upper bound. [bytes]
    """
    return int(FRAME_SHARE * held)


def bytes_to_analyze(packets: int, segments: int, connections: int) -> int:
    """Estimate the peak memory of an analysis.

    Parameters
    ----------
    packets, segments, connections : int
        How many there are; the segments are among the packets.

    Returns
    -------
    int
        An upper bound. [bytes]

    Examples
    --------
    >>> bytes_to_analyze(1_000_000, 1_000_000, 1) // 1_000_000
    420
    """
    return PACKET_BYTES * packets + SEGMENT_BYTES * segments + CONNECTION_BYTES * connections


def mib(nbytes: int) -> str:
    """Write an amount of memory in MiB, rounded up.

    Parameters
    ----------
    nbytes : int
        The amount. [bytes]

    Returns
    -------
    str
        With its unit.

    Examples
    --------
    >>> mib(2 << 30), mib(1)
    ('2,048 MiB', '1 MiB')
    """
    return f"{-(-nbytes >> 20):,} MiB"
