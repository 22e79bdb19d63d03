"""The reviews as the tests see them: every question of every notebook, with its answer and typical mistakes."""

import ast
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pcapframe.workshop import Review

NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks" / "workshops"
ANSWERS = NOTEBOOKS / "answers"
TRUTH: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "truth.json").read_text("utf-8"))


@dataclass(frozen=True)
class Question:
    """A cell that asks, in the participant's notebook and in the answer notebook."""

    review: str
    number: str
    name: str
    value: Any
    blank: str
    answered: str
    kind: str
    wrong: tuple[tuple[Any, str], ...]

    def __str__(self) -> str:
        return f"{self.review}-{self.number}"

    @property
    def code_line(self) -> str:
        return self.answered.splitlines()[-2].removesuffix("  # answer")

    def with_answer(self, value: Any) -> str:
        return self.blank.replace(f"{self.name} = ...", f"{self.name} = {value!r}")

    def run(self, code: str) -> Any:
        """Run the cell with nothing but the review, and return what its last line gives."""
        *before, last = ast.parse(code).body
        space = {"review": Review(self.review)}
        exec(compile(ast.Module(before, []), "cell", "exec"), space)
        return eval(compile(ast.Expression(last.value), "cell", "eval"), space)


@cache
def cells(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text("utf-8"))["cells"]


def tagged(path: Path, tag: str) -> list[dict[str, Any]]:
    return [cell for cell in cells(path) if tag in cell["metadata"].get("tags", [])]


def _questions(path: Path) -> list[Question]:
    asked = {cell["id"]: "".join(cell["source"]) for cell in tagged(NOTEBOOKS / path.name, "question")}
    found = []
    for cell in tagged(path, "question"):
        code, told = "".join(cell["source"]), cell["metadata"]["pcapframe"]
        call = ast.parse(code).body[-1].value
        number, name = call.args[0].value, call.args[1].id
        assigned = {line.targets[0].id: line.value for line in ast.parse(code).body if isinstance(line, ast.Assign)}
        found.append(Question(path.stem, str(number), name, ast.literal_eval(assigned[name]), asked[cell["id"]], code,
                              told["kind"], tuple(map(tuple, told["wrong"]))))  # fmt: skip
    return found


REVIEWS = sorted(path.stem for path in ANSWERS.glob("*.ipynb"))
QUESTIONS = [question for name in REVIEWS for question in _questions(ANSWERS / f"{name}.ipynb")]


def answers(review: str) -> dict[str, Any]:
    """Return the answers of a review, by the name that they have in its cells."""
    return {question.name: question.value for question in QUESTIONS if question.review == review}
