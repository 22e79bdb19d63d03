"""Texts that are copied instead of drawn, and pictures as PNG."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from pcapframe.plots import _pixels
from pcapframe.plots._pixels import PixelCanvas, png_of
from tests.plots.made import draw_at_whole_pixels


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts that are drawn letter by letter."""
    return draw_at_whole_pixels(monkeypatch)


def figure(canvas: type[FigureCanvasAgg] = PixelCanvas, *, width: int = 300, height: int = 150) -> Figure:
    made = Figure(figsize=(width / 100, height / 100), dpi=100)
    canvas(made)
    return made


def pixels(made: Figure) -> Any:
    canvas = made.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).copy()


@pytest.mark.parametrize(
    "look", [{}, {"color": "red", "size": 17}, {"rotation": 90}, {"rotation": 30}, {"alpha": 0.5}, {"style": "italic"}]
)
def test_a_copied_text_looks_as_if_drawn(look: dict[str, Any], drawn: list[str]) -> None:
    made, plain = figure(height=300), figure(FigureCanvasAgg, height=300)
    for x, y in ((60, 130), (90, 105)):
        for each in (made, plain):
            each.texts.clear()
            each.text(x / 300, y / 300, "jagged (12 %)", **look)
        assert np.array_equal(pixels(made), pixels(plain))
    assert drawn == ["jagged (12 %)"] * 3  # of which two in the plain figure


@pytest.mark.parametrize("size", [10, 30, 60])
def test_letters_that_lean_out_are_whole(size: int) -> None:
    made, plain = figure(height=300), figure(FigureCanvasAgg, height=300)
    for x, y in ((60, 130), (90, 105)):
        for each in (made, plain):
            each.texts.clear()
            each.text(x / 300, y / 300, "Qf", style="italic", family="DejaVu Serif", size=size)
        assert np.array_equal(pixels(made), pixels(plain))


def test_a_text_is_copied_only_as_smooth_and_as_hinted() -> None:
    made, plain = figure(), figure(FigureCanvasAgg)
    for antialiased, hinting in ((True, "default"), (False, "default"), (True, "no_hinting")):
        for each in (made, plain):
            each.texts.clear()
            each.text(60 / 300, 70 / 150, "jagged", antialiased=antialiased)
        with rc_context({"text.hinting": hinting}):
            assert np.array_equal(pixels(made), pixels(plain))


def test_a_text_beside_another_does_not_hide_it() -> None:
    made, plain = figure(), figure(FigureCanvasAgg)
    for each in (made, plain):
        for x in (60, 61, 75, 200):
            each.text(x / 300, 70 / 150, "over")
    for _ in range(2):
        assert np.array_equal(pixels(made), pixels(plain))


def test_what_is_under_a_text_stays() -> None:
    made, plain = figure(), figure(FigureCanvasAgg)
    for face in ("white", "khaki"):
        for each in (made, plain):
            each.set_facecolor(face)
            each.texts.clear()
            for axes in each.axes:
                axes.remove()
            each.text(30 / 300, 40 / 150, "over")
            each.subplots().axhspan(0.3, 0.5, hatch="xx")
        assert np.array_equal(pixels(made), pixels(plain))


@pytest.mark.parametrize("place", [(-0.02, 0.5), (0.95, 0.5), (0.5, -0.03), (0.5, 0.98), (3, 3)])
def test_a_text_may_stand_out_of_the_picture(place: tuple[float, float]) -> None:
    made, plain = figure(), figure(FigureCanvasAgg)
    for each in (made, plain):
        each.text(*(round(part * size) / size for part, size in zip(place, (300, 150), strict=True)), "beyond")
    for _ in range(2):
        assert np.array_equal(pixels(made), pixels(plain))


def test_a_clipped_text_is_not_kept() -> None:
    made, plain = figure(), figure(FigureCanvasAgg)
    for clips in (True, False):
        for each in (made, plain):
            each.clear()
            axes = each.add_axes((0.1, 0.1, 0.5, 0.5))
            axes.set_axis_off()
            axes.text(0.8, 0.8, "clipped", clip_on=clips, transform=axes.transAxes)
        assert np.array_equal(pixels(made), pixels(plain))


def test_texts_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch, drawn: list[str]) -> None:
    monkeypatch.setattr(_pixels, "TEXTS", 2)
    made = figure()
    for text in ("a", "b", "c", "c", "a"):
        made.texts.clear()
        made.text(0.5, 0.5, text)
        made.canvas.draw()
    assert drawn == ["a", "b", "c", "a"]


@pytest.mark.parametrize("size", [(300, 150), (301, 149), (1, 1)])
def test_a_png_holds_the_pixels(size: tuple[int, int]) -> None:
    made = figure(width=size[0], height=size[1])
    made.set_facecolor("khaki")
    made.text(0.2, 0.5, "text")
    picture = Image.open(BytesIO(png_of(made)))
    picture.verify()
    picture = Image.open(BytesIO(png_of(made)))
    assert (picture.mode, picture.size) == ("RGB", size)
    assert np.array_equal(np.asarray(picture), pixels(made)[:, :, :3])
