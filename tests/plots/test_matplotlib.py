"""What charts need of matplotlib beyond what it documents: where a new version differs, a sentence says what breaks."""

import inspect
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator

from pcapframe.plots._shapes import steps


class Noting(RendererAgg):
    """Notes the texts that it draws."""

    def __init__(self, *size: float) -> None:
        super().__init__(*size)
        self.texts: list[str] = []

    def draw_text(self, gc: Any, x: float, y: float, s: str, *others: Any, **named: Any) -> None:
        self.texts.append(s)
        super().draw_text(gc, x, y, s, *others, **named)


def test_a_canvas_draws_every_text_with_the_renderer_that_it_returns() -> None:
    renderer = Noting(200, 100, 100)

    class Canvas(FigureCanvasAgg):
        def get_renderer(self) -> Noting:
            return renderer

    figure = Figure(figsize=(2, 1), dpi=100)
    ax = figure.subplots()
    ax.set_title("title")
    ax.set_xticks([0.5], ["tick"])
    Canvas(figure).draw()
    assert {"title", "tick"} <= set(renderer.texts), (
        "FigureCanvasAgg.draw no longer draws texts through get_renderer().draw_text: plots._pixels keeps no texts"
    )


def test_texts_are_drawn_with_the_arguments_that_tell_their_look() -> None:
    names = list(inspect.signature(RendererAgg.draw_text).parameters)
    assert names == ["self", "gc", "x", "y", "s", "prop", "angle", "ismath", "mtext"], (
        "RendererAgg.draw_text takes other arguments: plots._pixels tells texts apart by them"
    )


def test_pixels_can_be_written_in_place() -> None:
    renderer = RendererAgg(4, 3, 100)
    np.asarray(renderer.buffer_rgba())[1, 2] = 7
    assert np.asarray(renderer.buffer_rgba())[1, 2].tolist() == [7] * 4, (
        "RendererAgg.buffer_rgba returns a copy: plots._pixels copies the pixels of texts into it"
    )


def test_fonts_are_told_apart_by_their_hash() -> None:
    font = FontProperties(size=10)
    before = hash(font)
    assert before == hash(FontProperties(size=10)), "equal fonts hash differently: plots._pixels draws every text anew"
    font.set_size(11)
    assert hash(font) != before, "the hash of a font ignores a change: plots._pixels copies texts of the wrong size"


def test_panels_that_share_a_time_axis_share_its_ticks() -> None:
    upper, lower = Figure().subplots(2, sharex=True)
    upper.xaxis.set_major_locator(FixedLocator([1, 2]))
    assert lower.xaxis.get_majorticklocs().tolist() == [1, 2], (
        "shared axes have locators of their own: plots._canvas finds the ticks of times once for all panels"
    )


def test_a_layout_is_made_once_without_staying() -> None:
    figure = Figure(figsize=(4, 3))
    ax = figure.subplots()
    before = ax.get_position().bounds
    ConstrainedLayoutEngine().execute(figure)
    assert ax.get_position().bounds != before, "ConstrainedLayoutEngine.execute places nothing: see plots._canvas"
    assert figure.get_layout_engine() is None, "ConstrainedLayoutEngine.execute stays: plots._canvas keeps layouts"


def test_a_title_at_a_given_height_is_not_moved() -> None:
    ax: Axes = Figure(figsize=(4, 3)).subplots()
    ax.xaxis.tick_top()
    text = ax.set_title("title", loc="left", y=1.0)
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    assert text.get_position() == (0.0, 1.0), "set_title(y=…) moves the title: plots._text places it to save time"


def test_a_step_artist_makes_the_axes_full_and_a_text_does_not() -> None:
    ax: Axes = Figure().subplots()
    ax.text(0, 0, "nothing")
    assert not ax.has_data(), "a text counts as data: plots._canvas draws again where a sentence stood"
    steps(ax, [1.0], np.array([0.0, 1.0]))
    assert ax.has_data(), "StepPatch does not count as data: plots._canvas makes a new figure for each chart"
