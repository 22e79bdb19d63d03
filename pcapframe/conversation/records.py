"""State of many connections that begins the same for all."""

import numpy as np

from pcapframe.arrays import Array

__all__ = ["copies"]


def copies(record: Array, count: int) -> Array:
    """Return an array of copies of one record.

    Parameters
    ----------
    record : ndarray, shape ()
        Of a structured dtype.
    count : int
        How many.

    Returns
    -------
    ndarray, shape (count,)
        Of the same dtype. Copied as bytes: NumPy would copy each record field by field.

    Examples
    --------
    >>> copies(np.zeros((), [("at", np.int64), ("open", np.bool_)]), 2).tolist()
    [(0, False), (0, False)]
    """
    made = np.empty(count, record.dtype)
    made[:1] = record
    bits, filled = made.view(np.uint8), record.dtype.itemsize
    while filled < bits.size:  # twice as much each time: a row at a time takes twice as long
        bits[filled : 2 * filled] = bits[: min(filled, bits.size - filled)]
        filled *= 2
    return made
