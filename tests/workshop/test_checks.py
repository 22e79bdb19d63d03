import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.errors import ParameterError
from pcapframe.workshop.checks import AnswerError, Review, hashed, normalised
from tests.workshop.reviews import NOTEBOOKS, QUESTIONS, Question


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_the_unanswered_cell_fails(question: Question) -> None:
    with pytest.raises(AnswerError, match=f"Question {question.number}: not answered yet"):
        question.run(question.blank)


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_the_right_answer_passes(question: Question) -> None:
    assert str(question.run(question.answered)).startswith(f"✔ Question {question.number}: right. 1 of ")


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_typical_wrong_answers_fail_with_their_hint(question: Question) -> None:
    assert question.wrong
    for wrong, hint in question.wrong:
        with pytest.raises(AnswerError) as failed:
            question.run(question.with_answer(wrong))
        assert str(failed.value).endswith(hint)


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_any_other_answer_fails(question: Question) -> None:
    other = {"number": 987654.3, "text": "none of these", "list": [987, "nothing"]}[question.kind]
    with pytest.raises(AnswerError, match="not this"):
        question.run(question.with_answer(other))


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_nothing_that_a_participant_reads_states_the_key(question: Question) -> None:
    assert question.code_line not in (NOTEBOOKS / f"{question.review}.ipynb").read_text("utf-8")
    key = json.loads((NOTEBOOKS / "checks.json").read_text("utf-8"))[question.review]["questions"][question.number]
    assert set(key) == {"kind", "decimals", "salt", "right", "wrong", "hint"}
    shown = repr(question.value)
    for hint in (key["hint"], *key["wrong"].values()):
        assert not (len(shown) > 3 and shown in hint)


def test_a_review_counts_the_questions_that_are_right() -> None:
    review = Review("0_first_steps")
    assert str(review.check(1, 13)).endswith("1 of 3 so far.")
    assert str(review.check(1, 13)).endswith("1 of 3 so far.")
    with pytest.raises(AnswerError):
        review.check(3, [13])
    assert str(review.check(3, [12])).endswith("2 of 3 so far.")
    assert repr(review.check(3, 12)) == str(review.check(3, 12))


def test_a_notebook_shows_the_message_alone() -> None:
    with pytest.raises(AnswerError) as failed:
        Review("0_first_steps").check(1, 5)
    assert failed.value._render_traceback_() == [str(failed.value)]


def test_what_is_no_review_or_no_question() -> None:
    with pytest.raises(ParameterError, match="expected one of 0_first_steps, 1_web_shop"):
        Review("7_nothing")
    with pytest.raises(ParameterError, match="no question 99"):
        Review("0_first_steps").check(99, 1)


def test_a_folder_may_have_reviews_of_its_own(tmp_path, monkeypatch) -> None:
    salt = "s"
    question = {"kind": "number", "decimals": 0, "salt": salt, "right": hashed("7", salt), "wrong": {}, "hint": "Look."}
    own = {"6_monday": {"capture": "monday.pcap", "questions": {"1": question}}}
    (tmp_path / "checks.json").write_text(json.dumps(own))
    (tmp_path / "captures").mkdir()
    (tmp_path / "captures" / "monday.pcap").touch()
    (tmp_path / "answers").mkdir()
    for folder in (tmp_path, tmp_path / "answers"):
        monkeypatch.chdir(folder)
        review = Review("6_monday")
        assert review.capture == tmp_path / "captures" / "monday.pcap"
        assert review.check(1, "7")
        assert Review("1_web_shop").capture.is_file()


@given(st.integers(-(10**9), 10**9))
def test_a_number_in_any_clothes(number: int) -> None:
    forms = (number, float(number), str(number), f" {number} ", f"{number:,}", f"{number} %", f"{number} seconds",
             np.int64(number), np.float64(number), pd.Series([number]), [number])  # fmt: skip
    assert {normalised(form, "number") for form in forms} == {str(number)}


@given(st.data())
def test_a_list_in_any_order_and_form(data: st.DataObject) -> None:
    first = data.draw(st.lists(st.integers(0, 99), min_size=1))
    second = data.draw(st.permutations(first))
    forms = (first, second, tuple(second), set(second), pd.Index(second), np.array(second), str(second),
             ", ".join(map(str, second)))  # fmt: skip
    assert len({normalised(form, "list") for form in forms}) == 1


@given(st.text(), st.sampled_from(["text", "list"]))
def test_any_text_has_a_normal_form(text: str, kind: str) -> None:
    assert normalised(text, kind) == normalised(f"  {text}\n", kind)


@given(st.text())
def test_what_is_taken_for_a_number_is_one(text: str) -> None:
    try:
        once = normalised(text, "number", 3)
    except ValueError:
        return
    assert math.isfinite(float(once))


@pytest.mark.parametrize(
    "answer", ["twelve", "", True, None, float("nan"), float("inf"), 10**400, [1, 2], pd.Series([], dtype=int), {}]
)
def test_what_is_no_number(answer) -> None:
    with pytest.raises(ValueError, match="the answer is "):
        normalised(answer, "number")


@pytest.mark.parametrize("answer", [3, None, 2.5, ["a", "b"]])
def test_what_is_no_text(answer) -> None:
    with pytest.raises(ValueError, match="the answer is "):
        normalised(answer, "text")


@pytest.mark.parametrize("answer", [None, {}, object()])
def test_what_is_no_list(answer) -> None:
    with pytest.raises(ValueError, match="the answer is a list"):
        normalised(answer, "list")


def test_damaged_keys_are_told(tmp_path, monkeypatch) -> None:
    (tmp_path / "checks.json").write_text("{")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterError, match=r"checks\.json: is damaged"):
        Review("1_web_shop")
