"""Lists of texts in a file of their own."""

from pathlib import Path

import pandas as pd
import pytest

from pcapframe.schema import Column
from pcapframe.store.categories import numbered, read_categories, write_categories
from pcapframe.store.tables import AnotherStoreError


def test_lists_come_back_and_are_written_once(tmp_path: Path) -> None:
    hosts = pd.CategoricalDtype(pd.Index(["192.0.2.1", "2001:db8::1"], dtype="str"))
    levels = pd.CategoricalDtype(pd.Index(["low", "high"], dtype="str"), ordered=True)
    frame = pd.DataFrame({"src": pd.Series([], dtype=hosts), "dst": pd.Series([], dtype=hosts)})
    frame["level"] = pd.Series([], dtype=levels)
    lists: list[pd.CategoricalDtype] = []
    columns = [Column(name, "category", "text", "", "") for name in frame]
    assert numbered([frame], [columns], lists) == {"src": 0, "dst": 0, "level": 1}
    path = tmp_path / "categories.parquet"
    write_categories(path, lists, store="one")
    assert read_categories(path, [False, True], store="one") == [hosts, levels]
    with pytest.raises(AnotherStoreError):
        read_categories(path, [False, True], store="other")
