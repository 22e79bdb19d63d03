"""Usual mistakes, in the notebooks' own cells: a sentence in the place of a traceback."""

import os
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.workshop.reviews import NOTEBOOKS

ROOT = NOTEBOOKS.parent.parent


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Errors that a notebook shows of cells in which something else stands than three dots."""
    notebook: Any = nbformat.read(NOTEBOOKS / "3_branch_office.ipynb", as_version=4)
    first, *cells = (cell for cell in notebook.cells if cell.cell_type == "code")
    tried = [
        ("who = ...", "who = client"),
        ("uploads = ...", "uploads = 3"),
        ("uploads = ...", "uploads = {}"),
        ("resent = ...", "resent = [1, 2]"),
        ("resent = ...", "resent = 10**400"),
        ("where = ...", "where = 7"),
        ("numbers = ...", "numbers = [1, 99]"),
        ("numbers = ...", 'numbers = "a"'),
        ("who = ...", 'who = "client"'),
    ]
    by_start = {start: next(cell for cell in cells if start in cell.source) for start, _ in tried}
    tried_cells = [nbformat.v4.new_code_cell(by_start[start].source.replace(start, other)) for start, other in tried]
    library = nbformat.v4.new_code_cell("import json\njson.loads('{')")
    own = nbformat.v4.new_code_cell("def half(n):\n    return n / 0\n\nhalf(2)")
    notebook.cells = [first, *tried_cells, library, own]
    folder = tmp_path_factory.mktemp("review")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    client = NotebookClient(notebook, timeout=300, allow_errors=True, resources={"metadata": {"path": str(folder)}})
    client.execute(env=environment)
    found: dict[str, list[str]] = {}
    for (_, other), cell in zip([*tried, ("", "library"), ("", "own")], notebook.cells[1:], strict=True):
        found[other] = ["\n".join(output.traceback) for output in cell.outputs if output.output_type == "error"]
    return found


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        (
            "who = client",
            '✘ who = client: client is not defined. A text needs quotes: "client". If a cell above defines client, run '
            "that cell first.",
        ),
        ("uploads = {}", "✘ Question 1: the answer is a list, such as [3, 5, 8]."),
        ("resent = [1, 2]", "✘ Question 3: the answer is one value; this has several, or none."),
        ("where = 7", '✘ Question 6: the answer is a text in quotes, such as "a".'),
    ],
)
def test_a_mistake_is_one_sentence(said: dict[str, list[str]], other: str, sentence: str) -> None:
    assert said[other] == [sentence]


@pytest.mark.parametrize("other", ["numbers = [1, 99]", 'numbers = "a"', "library"])
def test_what_does_not_fit_is_said_with_its_line(said: dict[str, list[str]], other: str) -> None:
    (text,) = said[other]
    assert len(text.splitlines()) <= 2
    assert "this does not fit" in text
    assert text.startswith("✘ json.loads('{'): " if other == "library" else "✘ display(connections.loc[numbers, ")


def test_other_errors_keep_their_traceback(said: dict[str, list[str]]) -> None:
    assert "ZeroDivisionError" in said["own"][0]
    assert "Traceback (most recent call last)" in said["own"][0]


def test_a_number_without_end_is_no_traceback(said: dict[str, list[str]]) -> None:
    assert said["resent = 10**400"][0].startswith("✘ Question 3: ")


def test_right_answers_are_as_before(said: dict[str, list[str]]) -> None:
    assert said['who = "client"'] == []
    assert said["uploads = 3"][0].startswith("✘ Question 1: not this.")
