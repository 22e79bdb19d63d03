from pcapframe.plots import _text
from tests.plots.made import axes


def test_title_is_broken_to_the_width() -> None:
    of = "1,234 of 5,678 segments with payload, SYN or FIN were sent again in 12 of 345 connections"
    for width in (4, 14):
        ax = axes(width)
        _text.title(ax, "Something", of)
        lines = ax.get_title(loc="left").splitlines()
        assert lines[0] == "Something"
        assert " ".join(lines[1:]) == of
        assert (len(lines) > 2) == (width == 4)
        if len(lines) > 2:
            assert min(map(len, lines[1:])) > max(map(len, lines[1:])) // 2


def test_state_says_the_sentence() -> None:
    ax = axes()
    assert _text.state(ax, "Title", "There is nothing.") is ax
    assert [text.get_text() for text in ax.texts] == ["There is nothing."]
    assert not ax.get_xticks().size


def test_up_and_down_leaves_room_for_the_words() -> None:
    ax = axes()
    ax.plot([0, 1], [-3, 5])
    _text.up_and_down(ax)
    low, high = ax.get_ylim()
    assert low < -3
    assert high > 5
    assert [text.get_text() for text in ax.texts] == ["▲ from clients", "▼ from servers"]


def test_no_legend_without_labels() -> None:
    ax = axes()
    _text.legend(ax)
    assert ax.get_legend() is None


def test_long_text_loses_its_middle() -> None:
    assert _text.shorten("192.0.2.1:80", 12) == "192.0.2.1:80"
    assert len(_text.shorten("x" * 99, 12)) == 12
