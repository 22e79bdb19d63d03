"""Memory: many columns in one block, in memory or on the disk, and how much an analysis takes."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pcapframe.disk import disk_in_use, give_back, give_back_after, has_blocks

__all__ = [
    "Claim", "block_of", "bytes_to_analyze", "bytes_to_read", "columns_in", "computed", "count_where", "extremes",
    "mib", "new_column", "one_block", "pieces", "rows_where", "stretches", "taken",
]  # fmt: skip

Part: TypeAlias = Callable[[slice], Any]
"""Returns what is computed of some rows: an array, or one value for all of them."""
Claim: TypeAlias = Callable[[int, int], None]
"""Called with an analysis's memory so far [bytes] and its number of packets; raises if that is too much."""

# Peak memory, measured and rounded up: frames and working memory of the stages. [bytes]
PACKET_BYTES, SEGMENT_BYTES, CONNECTION_BYTES = 130, 290, 1200
FRAME_SHARE = 1.4  # peak memory while a packets frame is built / memory of its rows
STRETCH_ROWS, PIECE_ROWS, FEW_ROWS = 1 << 16, 1 << 20, 1 << 8  # a few may all be apart
# What is taken of a column on the disk at once: the system maps up to a megabyte around each page that is touched.
MAPPED_BITS, MOST_MAPPED = 17, 1 << 6  # so many rows of 8 bytes, as a power of 2; and how many times as many
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


def taken(values: npt.NDArray[Any], places: npt.NDArray[Any], cuts: Sequence[slice] | None = None) -> npt.NDArray[Any]:
    """Take some values of a column into a new one, which goes where `one_block` would.

    Parameters
    ----------
    values : ndarray
        One dimension.
    places : ndarray of int
        Which ones, all of them within it.
    cuts : sequence of slice, optional
        As from `pieces` of these places, where several columns are taken.

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
    for some in pieces(places) if cuts is None else cuts:
        for start in range(some.start, some.stop, STRETCH_ROWS):
            rows = slice(start, min(start + STRETCH_ROWS, some.stop))
            np.take(values, places[rows], out=made[rows], mode="clip")
        give_back()
    return made


def pieces(places: npt.NDArray[Any]) -> list[slice]:
    """Cut places in a column into pieces, each of which touches little of it where it is on the disk.

    Parameters
    ----------
    places : ndarray of int
        From 0, in any order.

    Returns
    -------
    list of slice
        All of them at once where nothing is on the disk. Pages are to be given back after each.

    Examples
    --------
    >>> pieces(np.array([7, 0]))
    [slice(0, 2, None)]
    """
    if not has_blocks():
        return [slice(0, places.size)]
    cuts, mapped = [0], 0
    for rows in stretches(places.size):
        start, blocks = rows.start, places[rows] >> MAPPED_BITS
        more = int(np.count_nonzero(np.bincount(blocks)))
        if mapped + more > MOST_MAPPED or rows.stop - cuts[-1] > PIECE_ROWS:
            cuts.append(start)
            mapped = 0
        if more > MOST_MAPPED:
            moves = np.cumsum(np.diff(blocks) != 0)[FEW_ROWS - 1 :: FEW_ROWS] // MOST_MAPPED
            cuts += (start + FEW_ROWS * (1 + np.flatnonzero(np.diff(moves)))).tolist()
        mapped += more
    edges = dict.fromkeys((*cuts, places.size))
    return [slice(*each) for each in pairwise(edges)] or [slice(0, 0)]


def computed(rows: int, dtype: npt.DTypeLike, part: Part) -> npt.NDArray[Any]:
    """Compute a column stretch by stretch, so that nothing else of its length is made on the way.

    Parameters
    ----------
    rows : int
        How long it is.
    dtype : dtype
        Of its values.
    part : callable
        Takes a slice of rows, and returns their values, or one that all have.

    Returns
    -------
    ndarray
        Where `one_block` would have it.

    Examples
    --------
    >>> computed(3, np.bool_, lambda rows: np.arange(3)[rows] > 1).tolist()
    [False, False, True]
    """
    made = new_column(rows, dtype)
    for some in stretches(rows):
        made[some] = part(some)
    return made


def rows_where(rows: int, holds: Part) -> npt.NDArray[np.intp]:
    """Find rows stretch by stretch, so that no mask of all is made.

    Parameters
    ----------
    rows : int
        How many there are.
    holds : callable
        Takes a slice of rows, and returns which of them to find. It may be called twice.

    Returns
    -------
    ndarray of int
        Ascending; where `one_block` would have them.

    Examples
    --------
    >>> rows_where(3, lambda rows: np.arange(3)[rows] != 1).tolist()
    [0, 2]
    """
    if not disk_in_use():
        found = [some.start + np.flatnonzero(holds(some)) for some in stretches(rows)]
        return found[0] if len(found) == 1 else np.concatenate([np.empty(0, np.intp), *found])
    made, count = new_column(count_where(rows, holds), np.intp), 0
    for some in stretches(rows):
        places = np.flatnonzero(holds(some))
        np.add(places, some.start, out=made[count : count + places.size])
        count += places.size
    return made


def count_where(rows: int, holds: Part) -> int:
    """Count rows stretch by stretch.

    Parameters
    ----------
    rows, holds
        As for `rows_where`.

    Returns
    -------
    int
        How many it holds of.

    Examples
    --------
    >>> count_where(3, lambda rows: np.arange(3)[rows] != 1)
    2
    """
    return sum(int(np.count_nonzero(holds(some))) for some in stretches(rows))


def extremes(values: npt.NDArray[Any], null: int) -> tuple[int, int]:
    """Find the least and the greatest number of a column stretch by stretch.

    Parameters
    ----------
    values : ndarray of int
        One dimension.
    null : int
        Stands for no number.

    Returns
    -------
    tuple of int
        Both are `null` where there is no other number.

    Examples
    --------
    >>> extremes(np.array([7, -1, 9, 8]), -1), extremes(np.array([-1]), -1)
    ((7, 9), (-1, -1))
    """
    found: list[int] = []
    for rows in stretches(values.size):
        some = values[rows]
        ends = [int(some.min()), int(some.max())]
        if null in ends:
            some = some[some != null]
            ends = [int(some.min()), int(some.max())] if some.size else []
        found += ends
    return (min(found), max(found)) if found else (null, null)


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
