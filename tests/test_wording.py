import ast
import re
from pathlib import Path

import numpy as np
import pytest

from pcapframe.wording import agreeing, counted, joined, percent, printable, seconds, shortened, value_text


@pytest.mark.parametrize(("count", "text"), [(0, "0 RSTs"), (1, "1 RST"), (1_000_000, "1,000,000 RSTs")])
def test_counted(count: int, text: str) -> None:
    assert counted(count, "RST") == text


def test_agreeing() -> None:
    assert [agreeing(count, "copy", "copies") for count in (0, 1, 2)] == ["copies", "copy", "copies"]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0.00 %"), (0.00005, "less than 0.01 %"), (0.0035, "0.35 %"), (0.02, "2.0 %"), (0.5, "50.0 %"),
        (0.00996, "1.0 %"), (0.0341, "3.4 %"),
        (0.99999, "more than 99.9 %"), (1, "100.0 %"), (float("nan"), "an unknown share"),
    ],
)  # fmt: skip
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (0, "0 ms"),
        (0.0005, "0.5 ms"),
        (1.0, "1 s"),
        (0.9994, "999 ms"),
        (0.9996, "1 s"),
        (64.25, "64.2 s"),
        (999.7, "1,000 s"),
        (7200, "7,200 s"),
        (172_799, "172,799 s"),
        (172_800, "2 days"),
        (600_000, "6.94 days"),
        (126_582_416, "4.01 years"),
        (1e12, "31,688 years"),
        (-200_000, "-2.31 days"),
        (float("nan"), "an unknown time"),
    ],
)
def test_seconds(duration: float, text: str) -> None:
    assert seconds(duration) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "unknown"),
        (float("nan"), "unknown"),
        (True, "yes"),
        (np.bool_(False), "no"),
        (12_345, "12,345"),
        (np.int64(12_345), "12,345"),
        (0.00123456, "0.001235"),
        (123_456.7, "123,457"),
        (-20_000.0, "-20,000"),
        (2.0, "2"),
        ("text", "text"),
        ([], "none"),
        ([1, True], "1; yes"),
        ({"a": 1200, "b": None}, "a 1,200, b unknown"),
        (list(range(1_000)), "0; 1; 2; 3; 4; 995 more"),
    ],
)
def test_value_text(value: object, text: str) -> None:
    assert value_text(value) == text


def test_joined() -> None:
    assert joined(["a", "b"], 2, "; ") == "a; b"
    assert joined(["a"] * 5, 1_000_005) == "a, a, a, a, a, 1,000,000 more"


def test_shortened() -> None:
    assert shortened("a" * 300) == "a" * 300
    assert shortened("ab" * 5_000, 2) == "ab… (9,998 more characters)"
    assert shortened("abc", 2) == "ab… (1 more character)"


def test_every_character_that_shows_nothing_or_turns_the_line_is_escaped() -> None:
    hidden = {
        "\x00": "\\x00", "\n": "\\n", "\x1b": "\\x1b", "\x9b": "\\x9b", "\u00ad": "\\xad", "\u034f": "\\u034f",
        "\u061c": "\\u061c", "\u200b": "\\u200b", "\u200f": "\\u200f", "\u2028": "\\u2028", "\u202e": "\\u202e",
        "\u2066": "\\u2066", "\u3164": "\\u3164", "\ud800": "\\ud800", "\ue000": "\\ue000", "\ufe0f": "\\ufe0f",
        "\ufeff": "\\ufeff", "\U000e0041": "\\U000e0041", "\U000e0100": "\\U000e0100",
    }  # fmt: skip
    for character, escaped in hidden.items():
        assert printable(f"a{character}b") == f"a{escaped}b"
    for text in ("", "Größe 10 µs", "日本語", "x̂", "C:\\new"):
        assert printable(text) == text
    assert printable("a\n\tb\r", keep="\n\t") == "a\n\tb\\r"


def test_numbers_and_texts_are_written_in_one_place() -> None:
    """No other module has a formatter of percentages or of control characters of its own."""
    package = Path(__file__).parent.parent / "pcapframe"
    found = []
    for path in package.rglob("*.py"):
        if path.name == "wording.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "isprintable":
                found.append((path.name, node.lineno))
            if isinstance(node, ast.JoinedStr) and re.search(r":\.\d(f\}\s?%|%)", ast.unparse(node)):
                found.append((path.name, node.lineno))
    assert not found
