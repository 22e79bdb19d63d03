"""Columns, one after another in a block of bytes, for a script that reads them as typed arrays."""

from typing import Any

import numpy as np

__all__ = ["TYPES", "Columns"]

TYPES = {"f8": np.float64, "u4": np.uint32, "u2": np.uint16, "u1": np.uint8}
MOST = {"u1": 2**8 - 1, "u2": 2**16 - 1, "u4": 2**32 - 1}


class Columns:
    """Columns that are put into one block of bytes.

    Examples
    --------
    >>> columns = Columns()
    >>> columns.add([1, 300]), columns.add([0.5])
    (['u2', 0, 2], ['f8', 8, 1])
    >>> len(columns.joined())
    16
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def add(self, column: Any, kind: str = "") -> list[Any]:
        """Add a column.

        Parameters
        ----------
        column : array-like
            Numbers.
        kind : str
            One of `TYPES`; by default the shortest that has all of the numbers as they are.

        Returns
        -------
        list
            Type, where it begins [bytes], and how many numbers it has.
        """
        kind = kind or _shortest(np.asarray(column))
        part = np.ascontiguousarray(column, TYPES[kind]).tobytes()
        found = [kind, self._length, len(part) // np.dtype(TYPES[kind]).itemsize]
        part += bytes(-len(part) % 8)  # so that the next one begins where any type may
        self._parts.append(part)
        self._length += len(part)
        return found

    def joined(self) -> bytes:
        """Return the block."""
        return b"".join(self._parts)


def _shortest(column: np.ndarray[Any, Any]) -> str:
    """Return the shortest type that has all of the numbers as they are."""
    numbers = column.astype(np.float64)
    if not numbers.size:
        return "u1"
    if not (np.isfinite(numbers).all() and numbers.min() >= 0 and (numbers == np.floor(numbers)).all()):
        return "f8"
    return next((kind for kind, most in MOST.items() if numbers.max() <= most), "f8")
