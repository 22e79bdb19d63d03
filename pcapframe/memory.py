"""Memory for many columns at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["one_block"]

ALIGNED = 64  # to which each column is filled up, so that the next is aligned for any type [bytes]


def one_block(rows: int, dtypes: Sequence[npt.DTypeLike]) -> list[npt.NDArray[Any]]:
    """Return uninitialised columns that lie one after another in one piece of memory.

    NumPy asks the operating system for huge pages for pieces of 4 MiB and more. Most columns of a long capture are
    shorter than that: one by one, touching their small pages first takes longer than filling them.

    Parameters
    ----------
    rows : int
        Of each column.
    dtypes : sequence of dtype
        One a column.

    Returns
    -------
    list of ndarray, shape (rows,)
        In the order of `dtypes`; the piece is freed with the last of them.

    Examples
    --------
    >>> [column.dtype.name for column in one_block(3, ["uint8", "int64"])]
    ['uint8', 'int64']
    """
    sizes = [-(-rows * np.dtype(dtype).itemsize // ALIGNED) * ALIGNED for dtype in dtypes]
    block = np.empty(sum(sizes), np.uint8)
    ends = np.cumsum(sizes, dtype=np.int64).tolist()
    return [block[end - size : end].view(dtype)[:rows] for dtype, size, end in zip(dtypes, sizes, ends, strict=True)]
