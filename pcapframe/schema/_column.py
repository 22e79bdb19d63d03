"""What a column of a frame is, and what stands for null in plain arrays."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pcapframe.arrays import NO_TIME

NEVER = "never null"
NO_NUMBER = -1  # stands for null in plain arrays, where the column has no negative values

# By a column's dtype: the type of its plain array, and the value that stands for null there, which no row can have.
PLAIN: dict[str, tuple[npt.DTypeLike, Any]] = {
    "datetime64[ns, UTC]": (np.int64, NO_TIME),
    "category": (np.int32, NO_NUMBER),  # index of the category
    "boolean": (np.int8, NO_NUMBER),
    "UInt8": (np.int16, NO_NUMBER),
    "UInt16": (np.int32, NO_NUMBER),
    "UInt32": (np.int64, NO_NUMBER),
    "Int64": (np.int64, np.iinfo(np.int64).min),
    "float64": (np.float64, np.nan),
    "list<item: uint32>[pyarrow]": (np.uint32, ()),  # type of the elements
}


class Column(NamedTuple):
    """One column of a frame: its name, dtype, unit, what null means in it, and one line about it."""

    name: str
    dtype: str
    unit: str
    null: str
    doc: str

    @property
    def plain_dtype(self) -> np.dtype[Any]:
        """Type of the column in plain arrays: it can hold every value, and `null_value`."""
        return np.dtype(PLAIN[self.dtype][0] if self.dtype in PLAIN else self.dtype)

    @property
    def null_value(self) -> Any:
        """What plain arrays hold where the column is null; None for a column that is never null."""
        return None if self.null == NEVER else PLAIN[self.dtype][1]


def names(columns: Iterable[Column]) -> list[str]:
    """Return the names of `columns`, in order."""
    return [column.name for column in columns]
