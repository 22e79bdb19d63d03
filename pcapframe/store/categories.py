"""The lists of texts that the columns of a store share, in a file of their own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from pcapframe.schema import Column
from pcapframe.store.tables import STORE, of_store, parquet

__all__ = ["numbered", "read_categories", "write_categories"]


def numbered(
    frames: Sequence[pd.DataFrame], columns: Sequence[Sequence[Column]], lists: list[pd.CategoricalDtype]
) -> dict[str, int]:
    """Number the lists of categories of a file, each once: columns of addresses share one.

    Parameters
    ----------
    frames : sequence of DataFrame
        What the file holds.
    columns : sequence of sequence of Column
        Of each frame.
    lists : list of CategoricalDtype
        Those of other files; new ones are added.

    Returns
    -------
    dict
        The place in `lists`, by column.
    """
    numbers = {}
    for frame, wanted in zip(frames, columns, strict=True):
        for column in wanted:
            if column.dtype == "category":
                dtype: Any = frame[column.name].dtype
                same = (n for n, known in enumerate(lists) if known is dtype or known.categories is dtype.categories)
                number = next(same, len(lists))
                if number == len(lists):
                    lists.append(dtype)
                numbers[column.name] = number
    return numbers


def write_categories(path: Path, lists: Sequence[pd.CategoricalDtype], *, store: str) -> None:
    """Write lists of texts, a row group each.

    Parameters
    ----------
    path : Path
        The file.
    lists : sequence of CategoricalDtype
        As from `numbered`.
    store : str
        Identifier of the store that the file belongs to.
    """
    schema = pa.schema([("text", pa.large_string())], {STORE: store})
    with parquet().ParquetWriter(path, schema, compression="zstd") as writer:
        for dtype in lists:
            texts = pa.array(dtype.categories, pa.large_string())
            writer.write_table(pa.table([texts], schema=schema), row_group_size=max(len(texts), 1))


def read_categories(path: Path, ordered: Sequence[bool], *, store: str) -> list[pd.CategoricalDtype]:
    """Read what `write_categories` wrote.

    Parameters
    ----------
    path : Path
        The file.
    ordered : sequence of bool
        Whether the texts of each list are in an order that means something.
    store : str
        Identifier of the store.

    Returns
    -------
    list of CategoricalDtype
        The same.

    Raises
    ------
    AnotherStoreError
        The file belongs to another store.
    """
    with parquet().ParquetFile(path) as file:
        of_store(file, store)
        groups = (file.read_row_group(number)["text"] for number in range(file.num_row_groups))
        return [
            pd.CategoricalDtype(pd.Index(group.to_pandas(), dtype="str").rename(None), in_order)
            for group, in_order in zip(groups, ordered, strict=True)
        ]
