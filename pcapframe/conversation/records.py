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
    made = np.empty((count, record.dtype.itemsize), np.uint8)
    made[:] = np.frombuffer(record.tobytes(), np.uint8)
    return made.reshape(-1).view(record.dtype)
