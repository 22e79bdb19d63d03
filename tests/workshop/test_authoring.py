import json
import shutil
from pathlib import Path

import pytest

from pcapframe.errors import ParameterError
from pcapframe.workshop import AnswerError, Review, lay_out
from pcapframe.workshop.authoring import blanked, write_review
from tests.workshop.reviews import ANSWERS, NOTEBOOKS, QUESTIONS, REVIEWS, cells


def test_the_participants_notebooks_are_made_from_the_answers(tmp_path: Path) -> None:
    shutil.copytree(ANSWERS, tmp_path / "answers")
    made = [write_review(tmp_path / "answers" / f"{name}.ipynb") for name in REVIEWS]
    for path in (*made, tmp_path / "checks.json"):
        assert path.read_text("utf-8") == (NOTEBOOKS / path.name).read_text("utf-8"), path.name


@pytest.mark.parametrize("name", REVIEWS)
def test_nothing_of_the_answers_is_in_the_participants_notebook(name: str) -> None:
    text = (NOTEBOOKS / f"{name}.ipynb").read_text("utf-8")
    for trace in ("# answer", "solution", "**Answer.**", '"wrong"'):
        assert trace not in text
    asked = [cell for cell in cells(NOTEBOOKS / f"{name}.ipynb") if "question" in cell["metadata"].get("tags", [])]
    assert all("raises-exception" in cell["metadata"]["tags"] for cell in asked)
    assert all(set(cell["metadata"]) <= {"tags"} for cell in cells(NOTEBOOKS / f"{name}.ipynb"))


def test_questions_are_numbered_from_one() -> None:
    assert len(REVIEWS) == 8
    for name in REVIEWS:
        numbers = [int(question.number) for question in QUESTIONS if question.review == name]
        assert numbers == list(range(1, len(numbers) + 1))


def test_a_review_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(tmp_path)
    notebook = json.loads((tmp_path / "answers" / "1_web_shop.ipynb").read_text("utf-8"))
    notebook["metadata"]["pcapframe"]["capture"] = "monday.pcap"
    shutil.copy(NOTEBOOKS.parent.parent / "data" / "clean.pcap", tmp_path / "captures" / "monday.pcap")
    (tmp_path / "answers" / "6_monday.ipynb").write_text(json.dumps(notebook))
    assert write_review(tmp_path / "answers" / "6_monday.ipynb") == tmp_path / "6_monday.ipynb"
    monkeypatch.chdir(tmp_path)
    review = Review("6_monday")
    assert review.capture == tmp_path / "captures" / "monday.pcap"
    assert review.check(1, 45)
    with pytest.raises(AnswerError):
        review.check(1, 44)
    assert Review("5_second_opinion").check(1, 4)


def test_only_marked_lines_are_blanked() -> None:
    code = 'port = 80\nname = "a # b"  # answer\n    inner = [1, 2]  # answer\nother == 3  # answer\n'
    assert blanked(code) == "port = 80\nname = ...\n    inner = ...\nother == 3  # answer\n"


def cell(code: str, **told: object) -> dict[str, object]:
    metadata = {"tags": ["question"], "pcapframe": {"hint": "Look.", **told}}
    return {"cell_type": "code", "id": "a", "metadata": metadata, "source": code.splitlines(keepends=True)}


GOOD = "n = 3  # answer\nreview.check(1, n)"


@pytest.mark.parametrize(
    ("metadata", "asked", "problem"),
    [
        ({}, cell(GOOD), "lacks"),
        ({"pcapframe": {"capture": "a.pcap"}}, cell("n = 3\nreview.check(1, n)"), "expected a line"),
        ({"pcapframe": {"capture": "a.pcap"}}, cell("n = 3  # answer"), "expected a line"),
        ({"pcapframe": {"capture": "a.pcap"}}, cell("n = len(x)  # answer\nreview.check(1, n)"), "plain number"),
        ({"pcapframe": {"capture": "a.pcap"}}, cell(GOOD, wrong=[["3.0", "No."]]), "same as the right one"),
        ({"pcapframe": {"capture": "a.pcap"}}, cell(GOOD) | {"metadata": {"tags": ["question"]}}, "lacks a hint"),
    ],
)
def test_what_an_answer_notebook_lacks_is_told(tmp_path, metadata, asked, problem) -> None:
    (tmp_path / "answers").mkdir()
    path = tmp_path / "answers" / "mine.ipynb"
    path.write_text(json.dumps({"cells": [asked], "metadata": metadata}))
    with pytest.raises(ParameterError, match=problem):
        write_review(path)
    assert not (tmp_path / "mine.ipynb").exists()


def test_two_questions_cannot_have_one_number(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    path = tmp_path / "answers" / "mine.ipynb"
    path.write_text(json.dumps({"cells": [cell(GOOD), cell(GOOD)], "metadata": {"pcapframe": {"capture": "a.pcap"}}}))
    with pytest.raises(ParameterError, match="same number"):
        write_review(path)
