import sys
import warnings

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.dates import date2num
from matplotlib.figure import Figure

from pcapframe.plots import _axes
from pcapframe.plots._palette import Look


def figure(width: float = 8) -> Axes:
    return Figure(figsize=(width, 4), layout="constrained").subplots()


def test_axes_given_are_taken() -> None:
    ax = figure()
    assert _axes.axes_or_new(ax) is ax


def test_new_axes_are_pyplots_so_that_a_notebook_shows_them() -> None:
    with matplotlib.rc_context({"backend": "Agg"}):
        ax = _axes.axes_or_new(None, size=(3, 2))
        other = _axes.axes_or_new(None)
        pyplot = sys.modules["matplotlib.pyplot"]
        assert pyplot.fignum_exists(ax.figure.number)  # type: ignore[union-attr]
        assert other is not ax
        assert ax.figure.get_size_inches().tolist() == [3, 2]  # type: ignore[union-attr]
        pyplot.close(ax.figure)
        pyplot.close(other.figure)


@pytest.mark.parametrize("where", ["below", "above", "right"])
@pytest.mark.parametrize("by_hand", [False, True])
def test_panel_shares_the_room_and_the_scale(where: str, by_hand: bool) -> None:
    if by_hand:
        ax = Figure(figsize=(8, 4)).add_axes((0.1, 0.1, 0.8, 0.8))
    else:
        ax = figure()
    panel = _axes.beside(ax, where, share=0.25)  # type: ignore[arg-type]
    ax.set_xlim(3, 4)
    ax.set_ylim(5, 6)
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    a, b = ax.get_position(), panel.get_position()
    assert not a.overlaps(b)
    if where == "right":
        assert b.x0 > a.x1
        assert panel.get_ylim() == (5, 6)
    else:
        assert (b.y1 < a.y0) if where == "below" else (b.y0 > a.y1)
        assert panel.get_xlim() == (3, 4)


def test_text_takes_the_colour_of_the_style() -> None:
    with matplotlib.style.context("dark_background"):
        ax = figure()
    assert to_rgba(_axes.ink(ax)) == to_rgba("white")
    assert to_rgba(_axes.outline(ax)["edgecolor"]) == to_rgba("black")


def test_title_is_broken_to_the_width() -> None:
    of = "1,234 of 5,678 segments with payload, SYN or FIN were sent again in 12 of 345 connections"
    for width in (4, 14):
        ax = figure(width)
        _axes.title(ax, "Something", of)
        lines = ax.get_title(loc="left").splitlines()
        assert lines[0] == "Something"
        assert " ".join(lines[1:]) == of
        assert (len(lines) > 2) == (width == 4)


def test_state_says_the_sentence() -> None:
    ax = figure()
    assert _axes.state(ax, "Title", "There is nothing.") is ax
    assert [text.get_text() for text in ax.texts] == ["There is nothing."]
    assert not ax.get_xticks().size


def test_a_single_moment_has_room_around_it() -> None:
    ax = figure()
    day = float(date2num(np.datetime64("2026-01-01")))
    with warnings.catch_warnings(action="error"):
        _axes.time_axis(ax, day, day)
        ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    low, high = ax.get_xlim()
    assert (high - low) * 86400 == pytest.approx(1, rel=1e-3)
    assert ax.get_xlabel() == "time (UTC)"


def test_dates_are_days_whatever_holds_the_times() -> None:
    index = pd.DatetimeIndex(["1970-01-02T12:00"], tz="UTC")
    assert _axes.dates(index).tolist() == _axes.dates(pd.Series(index)).tolist() == [1.5]


def test_counts_are_whole_numbers_without_a_sign() -> None:
    ax = figure()
    ax.set_ylim(-2, 2)
    _axes.count_axis(ax, "RSTs")
    ticks = ax.get_yticks()
    assert (ticks == ticks.round()).all()
    assert ax.yaxis.get_major_formatter()(-1234) == "1,234"


def test_units_have_prefixes() -> None:
    ax = figure()
    _axes.unit_axis(ax, "throughput", "bit/s")
    assert ax.get_ylabel() == "throughput [bit/s]"
    assert ax.yaxis.get_major_formatter()(-2e6) == "2 Mbit/s"
    _axes.share_axis(ax, "rate")
    assert ax.yaxis.get_major_formatter()(0.025) == "2.5"


def test_a_stack_is_one_artist_a_part() -> None:
    ax = figure()
    parts = {"a": np.array([1, 2]), "none": np.zeros(2), "b": np.array([3, 0])}
    looks = {name: Look(name, "red") for name in parts}
    _axes.stack(ax, np.arange(3.0), parts, looks)
    _axes.stack(ax, np.arange(3.0), parts, looks, down=True)
    values = [patch.get_data() for patch in ax.patches]
    assert [(v.values.tolist(), v.baseline.tolist()) for v in values] == [
        ([1, 2], [0, 0]),
        ([4, 2], [1, 2]),
        ([-1, -2], [0, 0]),
        ([-4, -2], [-1, -2]),
    ]
    _axes.legend(ax)
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]


def test_no_legend_without_labels() -> None:
    ax = figure()
    _axes.legend(ax)
    assert ax.get_legend() is None


def test_long_text_loses_its_middle() -> None:
    assert _axes.shorten("192.0.2.1:80", 12) == "192.0.2.1:80"
    assert len(_axes.shorten("x" * 99, 12)) == 12
