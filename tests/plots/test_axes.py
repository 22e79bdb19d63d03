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


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("by_hand", [False, True])
def test_panels_share_the_room_and_the_scale(across: bool, by_hand: bool) -> None:
    ax = Figure(figsize=(8, 4)).add_axes((0.1, 0.1, 0.8, 0.8)) if by_hand else figure()
    first, second, third = panels = _axes.split(ax, (0.5, 0.3, 0.2), ours=1, across=across)
    assert second is ax
    ax.set_xlim(3, 4)
    ax.set_ylim(5, 6)
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    boxes = [panel.get_position() for panel in panels]
    if across:
        assert boxes[0].x1 < boxes[1].x0 < boxes[1].x1 < boxes[2].x0
        assert first.get_ylim() == third.get_ylim() == (5, 6)
    else:
        assert boxes[0].y0 > boxes[1].y1 > boxes[1].y0 > boxes[2].y1
        assert first.get_xlim() == third.get_xlim() == (3, 4)


@pytest.mark.parametrize("across", [False, True])
def test_axes_that_are_cut_again_keep_their_panels(across: bool) -> None:
    ax = figure()
    panels = _axes.split(ax, (0.5, 0.5), across=across)
    assert _axes.split(ax, (0.5, 0.5), across=across) == panels
    assert _axes.split(ax, (0.6, 0.4), across=across)[1] not in panels
    panels = _axes.split(ax, (0.6, 0.4), across=across)
    panels[1].remove()
    assert _axes.split(ax, (0.6, 0.4), across=across)[1] is not panels[1]


def test_width_is_of_one_panel_or_of_all_beside() -> None:
    ax = Figure(figsize=(10, 4)).add_axes((0.1, 0.1, 0.8, 0.8))
    _, last = _axes.split(ax, (0.7, 0.3), across=True)
    assert _axes.inches(ax, last) == pytest.approx(8)
    assert _axes.inches(ax) == pytest.approx(8 * 0.94 * 0.7)


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("look", [{"fill": True, "facecolor": "red"}, {"fill": False, "color": "red"}])
@pytest.mark.parametrize("baseline", [0.0, [0.0, -2.0, 1.0]])
def test_steps_are_those_of_matplotlib(across: bool, look: dict[str, object], baseline: float | list[float]) -> None:
    ours, theirs = figure(), figure()
    top, edges = [3.0, np.nan, 7.0], np.array([1.0, 2.0, 4.0, 5.0])
    _axes.steps(ours, top, edges, baseline=baseline, across=across, **look)  # type: ignore[arg-type]
    orientation = "horizontal" if across else "vertical"
    theirs.stairs(top, edges, baseline=baseline, orientation=orientation, **look)  # type: ignore[arg-type]
    (one,), (other,) = ours.patches, theirs.patches
    np.testing.assert_array_equal(one.get_path().vertices, other.get_path().vertices)
    assert not look["fill"] or one.get_facecolor() == other.get_facecolor()
    assert one.get_edgecolor() == other.get_edgecolor()
    assert one.get_linewidth() == other.get_linewidth()
    assert ours.get_xlim() == theirs.get_xlim()
    assert ours.get_ylim() == theirs.get_ylim()


def test_steps_of_nothing_have_no_limits() -> None:
    ax = figure()
    _axes.steps(ax, [np.nan], np.array([1.0, 2.0]), baseline=[np.nan])
    assert np.isfinite(ax.get_ylim()).all()


def test_panels_may_have_scales_of_their_own() -> None:
    first, second = _axes.split(figure(), (1, 1), shared=False)
    first.set_xlim(3, 4)
    assert second.get_xlim() != (3, 4)


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
        if len(lines) > 2:
            assert min(map(len, lines[1:])) > max(map(len, lines[1:])) // 2


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


def test_a_unit_stands_once_with_its_prefix() -> None:
    ax = figure()
    _axes.unit_axis(ax, "throughput", "bit/s")
    assert ax.get_ylabel() == "throughput"
    assert ax.yaxis.get_major_formatter()(-2e6) == "2 Mbit/s"
    _axes.share_axis(ax, "rate")
    assert ax.yaxis.get_major_formatter()(0.025) == "2.5"


@pytest.mark.parametrize(("low", "high"), [(0.024, 0.026), (0.01, 0.1), (1e-6, 10), (1, 1)])
def test_logarithmic_scale_has_labels_however_short(low: float, high: float) -> None:
    for which in ("x", "y"):
        ax = figure()
        _axes.log_axis(ax, low, high, which=which)  # type: ignore[arg-type]
        ax.figure.draw_without_rendering()  # type: ignore[union-attr]
        axis = ax.xaxis if which == "x" else ax.yaxis
        left, right = axis.get_view_interval()
        assert left < low <= high < right
        if high / low > 2:
            assert sum(left <= tick <= right for tick in axis.get_majorticklocs()) >= 2


def test_seconds_tell_since_when() -> None:
    ax = figure()
    _axes.seconds_axis(ax, 1_500_000_000, 0, 0)
    assert ax.get_xlabel() == "seconds since 1970-01-01 00:00:01.500000 UTC"


def test_up_and_down_leaves_room_for_the_words() -> None:
    ax = figure()
    ax.plot([0, 1], [-3, 5])
    _axes.up_and_down(ax)
    low, high = ax.get_ylim()
    assert low < -3
    assert high > 5
    assert [text.get_text() for text in ax.texts] == ["▲ from clients", "▼ from servers"]


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


def test_bytes_have_no_parts() -> None:
    ax = Figure().subplots()
    ax.plot([0, 1], [0, 1])
    _axes.unit_axis(ax, "relative sequence number", "B")
    assert all(float(tick).is_integer() for tick in ax.get_yticks())
