"""Make a participant's notebook and the keys of its checks from an answer notebook.

The answer notebook is the only source of a review. Its metadata has ``"pcapframe": {"capture": "FILE"}``. In every code
cell a line ``name = value  # answer`` is blanked for the participant. A question's cell has the tag ``question``, ends
in ``review.check(N, name)``, and has in its metadata ``"pcapframe": {"kind": "number", "decimals": 0, "hint": "…",
"wrong": [[typical wrong answer, hint], …]}``; kind may be ``text`` or ``list``. Cells with the tag ``solution`` are
left out.
"""

import ast
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from pcapframe.errors import ParameterError
from pcapframe.files import written_aside
from pcapframe.workshop.checks import KEYS, hashed, normalised

__all__ = ["blanked", "write_review"]

BLANK = "..."
_MARKED = re.compile(r"^(\s*(?P<name>\w+) = ).*?( *# answer)$", re.MULTILINE)
_CHECK = re.compile(r"^review\.check\((\d+), (\w+)\)$", re.MULTILINE)


def write_review(answer_notebook: str | os.PathLike[str]) -> Path:
    """Write the notebook without answers beside the folder of the answer notebook, and its keys.

    Parameters
    ----------
    answer_notebook : path
        ``DIR/answers/NAME.ipynb``.

    Returns
    -------
    Path
        ``DIR/NAME.ipynb``, replaced if there was one. ``DIR/checks.json`` has the keys, beside those of other reviews.

    Raises
    ------
    ParameterError
        The notebook lacks something; the message says what.
    """
    source = Path(answer_notebook)
    folder = source.resolve().parent.parent
    notebook = json.loads(source.read_text(encoding="utf-8"))
    capture = notebook["metadata"].get("pcapframe", {}).get("capture")
    if not capture:
        raise ParameterError(f'{source}: the notebook\'s metadata lacks "pcapframe": {{"capture": "FILE"}}')
    cells = notebook["cells"]
    asked = [_question(cell, f"{source.stem} {n}") for n, cell in enumerate(cells) if "question" in _tags(cell)]
    questions = dict(asked)
    if len(questions) < len(asked):
        raise ParameterError(f"{source}: two questions have the same number")
    participant = {**notebook, "cells": [_for_participant(cell) for cell in cells if "solution" not in _tags(cell)]}
    keys_file = folder / KEYS
    keys = json.loads(keys_file.read_text(encoding="utf-8")) if keys_file.is_file() else {}
    keys[source.stem] = {"capture": capture, "questions": questions}
    _write(keys_file, dict(sorted(keys.items())))
    _write(folder / source.name, participant)
    return folder / source.name


def blanked(code: str) -> str:
    r"""Replace each answer by three dots.

    Parameters
    ----------
    code : str
        Lines ``name = value  # answer`` have one.

    Returns
    -------
    str
        The code without them.

    Examples
    --------
    >>> print(blanked("port = 8080  # answer\nreview.check(3, port)"))
    port = ...
    review.check(3, port)
    """
    return _MARKED.sub(lambda match: f"{match[1]}{BLANK}", code)


def _tags(cell: dict[str, Any]) -> list[str]:
    tags: list[str] = cell["metadata"].get("tags", [])
    return tags


def _code(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _question(cell: dict[str, Any], where: str) -> tuple[str, dict[str, Any]]:
    """Return a question's number, and its key made from the answer in its cell."""
    code, told = _code(cell), cell["metadata"].get("pcapframe", {})
    check = _CHECK.search(code)
    answers = {match["name"]: match for match in _MARKED.finditer(code)}
    if not check or check[2] not in answers:
        raise ParameterError(f"{where}: expected a line NAME = VALUE  # answer, and one review.check(NUMBER, NAME)")
    if "hint" not in told:
        raise ParameterError(f"{where}: the cell's metadata lacks a hint")
    try:
        right = ast.literal_eval(answers[check[2]][0].partition("=")[2].strip())
    except (SyntaxError, ValueError):
        raise ParameterError(f"{where}: the answer has to be a plain number, text or list") from None
    kind, decimals = told.get("kind", "number"), told.get("decimals", 0)
    salt = hashlib.sha256(where.encode()).hexdigest()[:16]

    def key(answer: Any) -> str:
        return hashed(normalised(answer, kind, decimals), salt)

    wrong = {key(answer): hint for answer, hint in told.get("wrong", [])}
    if key(right) in wrong:
        raise ParameterError(f"{where}: a wrong answer is the same as the right one")
    return check[1], {
        "kind": kind, "decimals": decimals, "salt": salt, "right": key(right), "wrong": wrong, "hint": told["hint"],
    }  # fmt: skip


def _for_participant(cell: dict[str, Any]) -> dict[str, Any]:
    """Copy a cell without its answer, its output and the metadata that reveals the answer."""
    if cell["cell_type"] != "code":
        return cell
    tags = _tags(cell)
    # A missing answer raises an error; "Run All" still runs the later cells.
    kept = {"tags": [*tags, "raises-exception"]} if "question" in tags else {"tags": tags} if tags else {}
    lines = blanked(_code(cell)).splitlines(keepends=True)
    return {**cell, "metadata": kept, "source": lines, "outputs": [], "execution_count": None}


def _write(path: Path, content: dict[str, Any]) -> None:
    with written_aside(path) as file:
        file.write((json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
