"""Pages: every entry once, in order; nothing too large; cursors that serve for their question only."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcapframe.errors import ParameterError
from pcapframe.mcp_server.paging import BUDGET, Cursor, Question, compact, page

QUESTION = Question("capture", ("tool", "a.pcap", None))


def made(items: list[Any], patterns: int = 0, width: int = 10) -> Any:
    """An answer with a list, a map and patterns, each entry of the patterns that wide."""

    def make(count: int) -> dict[str, Any]:
        frames = [7, 8, 9, 12][:count]
        evidence: dict[str, Any] = {"frames": frames, "frame_count": 4, "connections": [1], "connection_count": 1}
        pattern = {"name": "x" * width, "evidence": {**evidence, "display_filter": None}}
        return {
            "list": items[:count],
            "list_total": len(items),
            "inner": {"map": dict(list(enumerate(items))[:count]), "map_total": len(items)},
            "fixed": {"a": 1, "b": 2},
            "patterns": [pattern] * patterns,
        }

    return make


@given(st.lists(st.integers(), max_size=30), st.integers(1, 8), st.integers(0, 40))
def test_pages_together_are_the_whole(items: list[int], limit: int, patterns: int) -> None:
    seen: list[int] = []
    keys: list[int] = []
    cursor = Cursor()
    for _ in range(100):
        answer = page(made(items, patterns), QUESTION, cursor, limit=limit)
        assert answer["list_total"] == answer["inner"]["map_total"] == len(items)
        assert answer["patterns_total"] == patterns
        assert answer["fixed"] == {"a": 1, "b": 2}
        assert len(answer["list"]) <= limit
        seen += answer["list"]
        keys += answer["inner"]["map"]
        if answer["next_cursor"] is None:
            break
        cursor = QUESTION.read(answer["next_cursor"])
    assert seen == items
    assert keys == list(range(len(items)))


@given(st.integers(0, 60), st.integers(1, 3000))
def test_without_a_limit_an_answer_stays_small_and_loses_nothing(patterns: int, width: int) -> None:
    items = [f"{i:040}" for i in range(25)]
    seen: list[str] = []
    shown = 0
    cursor = Cursor()
    for _ in range(2000):
        answer = page(made(items, patterns, width), QUESTION, cursor, limit=None)
        assert len(compact(answer)) <= BUDGET
        if cursor.entries == 0:
            shown += len(answer["patterns"])
        if cursor.patterns == 0:
            seen += answer["list"]
        if answer["next_cursor"] is None:
            break
        cursor = QUESTION.read(answer["next_cursor"])
    assert shown == patterns
    assert seen == items


def test_evidence_is_cut_with_its_filter_and_on_the_first_page_only() -> None:
    first = page(made([0] * 5, 1), QUESTION, Cursor(), limit=2)["patterns"][0]["evidence"]
    assert first["frames"] == [7, 8]
    assert first["display_filter"] == "frame.number in {7, 8}"
    assert first["frame_count"] == 4
    second = page(made([0] * 5, 1), QUESTION, Cursor(2), limit=2)["patterns"][0]["evidence"]
    assert second == {**first, "frames": [], "connections": [], "display_filter": None}


def padded(padding: int) -> Any:
    """An answer with a list, two patterns and a capture's health, and so many letters."""
    entries = list(range(1, 101))

    def make(count: int) -> dict[str, Any]:
        def evidence() -> dict[str, Any]:
            shown = entries[:count]
            return {"frames": shown, "connections": shown, "frame_count": 100, "connection_count": 100}

        return {
            "health": {"findings": [{"sentence": "x" * padding, "evidence": evidence()}]},
            "by_source": {f"192.0.2.{i}": i for i in entries[:count]},
            "by_source_total": 100,
            "patterns": [{"evidence": evidence()}] * 2,
        }

    return make


def test_what_was_asked_for_is_cut_last() -> None:
    seen = []
    for padding in range(10_000, 11_500, 10):
        answer = page(padded(padding), QUESTION, Cursor(), limit=None)
        assert len(compact(answer)) <= BUDGET
        (finding,), patterns = answer["health"]["findings"], answer["patterns"]
        evidence = (len(each["evidence"]["frames"]) for each in (finding, patterns[0]))
        counts = (len(answer["by_source"]), *evidence, len(patterns))
        if counts not in seen:
            seen.append(counts)
    assert seen == [
        (10, 10, 10, 2),
        (10, 5, 10, 2),
        (10, 5, 5, 2),
        (10, 5, 3, 2),
        (7, 5, 3, 2),
        (5, 5, 3, 2),
        (5, 1, 3, 2),
        (5, 1, 3, 1),
        (3, 1, 1, 1),
        (2, 1, 1, 1),
        (1, 1, 1, 1),
    ]


def test_an_answer_without_lists_has_no_cursor() -> None:
    assert page(lambda _: {"file": "a"}, QUESTION, Cursor(), limit=None) == {"file": "a", "next_cursor": None}


@given(st.integers(0, 10**9), st.integers(0, 10**3), st.integers(0, 100))
def test_a_cursor_is_read_as_written(entries: int, patterns: int, count: int) -> None:
    cursor = Cursor(entries, patterns, count)
    assert QUESTION.read(QUESTION.write(cursor)) == cursor


@pytest.mark.parametrize("text", [None, ""])
def test_no_cursor_is_the_beginning(text: str | None) -> None:
    assert QUESTION.read(text) == Cursor()


def test_a_cursor_of_another_capture_or_question_is_refused() -> None:
    text = QUESTION.write(Cursor(10))
    with pytest.raises(ParameterError, match="belongs to another capture, or it has changed"):
        Question("changed", QUESTION.asked).read(text)
    with pytest.raises(ParameterError, match="belongs to another request"):
        Question("capture", ("tool", "a.pcap", 80)).read(text)


@given(st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_what_is_no_cursor_is_refused(text: str) -> None:
    if text:
        with pytest.raises(ParameterError, match="is not one that this server gave"):
            QUESTION.read(text)


@pytest.mark.parametrize(
    "forged", [{"entries": -1}, {"entries": "1"}, {"entries": 2**50}, {"patterns": True}, {"entries": 1.5}]
)
def test_forged_numbers_are_refused(forged: dict[str, Any]) -> None:
    data = {"entries": 0, "patterns": 0, "count": 0, "capture": "capture", "asked": "", **forged}
    text = base64.urlsafe_b64encode(compact(data).encode()).decode()
    with pytest.raises(ParameterError, match="is not one that this server gave"):
        QUESTION.read(text)


def test_what_stands_out_is_shown_first_and_no_entry_twice() -> None:
    events = [{"sentence": f"{n}", "frames": [1] * 10, "frame_count": 10} for n in range(18)]

    def make(count: int) -> dict[str, Any]:
        whole = {"standouts": events[: max(count, 10)], "standouts_total": 18, "list": ["x" * 1_500] * min(count, 30)}
        return {**whole, "list_total": 30}

    seen: list[str] = []
    sizes, cursor = [], Cursor()
    while True:
        answer = page(make, QUESTION, cursor, limit=None)
        sizes.append(len(compact(answer)))
        seen += [each["sentence"] for each in answer["standouts"]]
        assert len(seen) >= 10
        if answer["next_cursor"] is None:
            break
        cursor = QUESTION.read(answer["next_cursor"])
    assert seen == [str(n) for n in range(18)]
    assert max(sizes) <= BUDGET
