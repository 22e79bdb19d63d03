"""A table that is sorted by whoever made it."""

from typing import Any

import pandas as pd
import pytest

from pcapframe.widgets._rows import Heading, Rows

HEADINGS = [Heading("name", "name", head=True), Heading("size", "size", number=True), Heading("note")]


@pytest.fixture
def asked() -> list[Any]:
    return []


@pytest.fixture
def rows(asked: list[Any]) -> Rows:
    made = Rows("Things", lambda *given: asked.append(given))
    made.show(pd.DataFrame({"name": ["a", "b"], "size": [1, 2], "note": ["", "x"]}), HEADINGS, selected=1, sort="size")
    return made


def test_cells_are_texts(rows: Rows) -> None:
    assert rows.rows == [["a", "1", ""], ["b", "2", "x"]]
    assert (rows.selected_rows, rows.sort, rows.descending) == ([1], "size", False)
    assert [column["number"] for column in rows.columns] == [False, True, False]


def test_a_header_asks_for_an_order(rows: Rows, asked: list[Any]) -> None:
    for sort in ("size", "note", "", "__class__", 7):
        rows._hear(rows, {"sort": sort, "descending": True}, [])
    assert asked == [("size", True)]


def test_the_same_row_can_be_picked_again(rows: Rows) -> None:
    picked: list[Any] = []
    rows.observe(lambda change: picked.extend(change["new"]), "selected_rows")
    for row in (1, 1, 2, -1, "0", None):
        rows._hear(rows, {"row": row}, [])
    assert picked == [1, 1]


def test_no_rows() -> None:
    made = Rows("Nothing")
    made.show(pd.DataFrame({"name": [], "size": [], "note": []}), HEADINGS)
    assert made.rows == []
    made._hear(made, {"sort": "name", "descending": False}, [])
