import sys

import matplotlib
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from pcapframe.plots import _axes, _shapes
from tests.plots.made import axes


def test_axes_given_are_taken() -> None:
    ax = axes()
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
    ax = Figure(figsize=(8, 4)).add_axes((0.1, 0.1, 0.8, 0.8)) if by_hand else axes()
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
    ax = axes()
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


def test_panels_may_have_scales_of_their_own() -> None:
    first, second = _axes.split(axes(), (1, 1), shared=False)
    first.set_xlim(3, 4)
    assert second.get_xlim() != (3, 4)


def test_text_takes_the_colour_of_the_style() -> None:
    with matplotlib.style.context("dark_background"):
        ax = axes()
    assert to_rgba(_axes.ink(ax)) == to_rgba("white")
    assert to_rgba(_shapes.outline(ax)["edgecolor"]) == to_rgba("black")
