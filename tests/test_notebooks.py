"""The notebooks are stored bare; pytest runs them too (nbmake, from ``notebooks``)."""

import json
from pathlib import Path

import pytest

from tests.test_architecture import JUDGING

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
EVERY = sorted(FOLDER.rglob("*.ipynb"))


def named(path: Path) -> str:
    return str(path.relative_to(FOLDER))


def test_there_are_notebooks() -> None:
    assert {path.stem for path in NOTEBOOKS} >= {"explorer", "report", "tour"}


@pytest.mark.parametrize("path", EVERY, ids=named)
def test_notebooks_are_stored_without_outputs(path: Path) -> None:
    notebook = json.loads(path.read_text("utf-8"))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["metadata"]["language_info"]["name"] == "python"
    for cell in notebook["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


def test_the_report_has_one_cell_of_parameters() -> None:
    notebook = json.loads((FOLDER / "report.ipynb").read_text("utf-8"))
    tagged = [cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1


@pytest.mark.parametrize("path", [*EVERY, FOLDER / "README.md", FOLDER / "workshops" / "checks.json"], ids=named)
def test_text_does_not_judge(path: Path) -> None:
    assert JUDGING.findall(path.read_text("utf-8")) == []
