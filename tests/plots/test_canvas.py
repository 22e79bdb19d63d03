"""Charts that are drawn in a figure again."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.layout_engine import ConstrainedLayoutEngine

import pcapframe as pf
from pcapframe.plots import _canvas
from pcapframe.plots._canvas import Canvas
from tests.plots.made import draw_at_whole_pixels

SIZE = {"width": 800, "height": 400}


@pytest.fixture(scope="module")
def analyses() -> list[pf.Analysis]:
    resets, losses = (pf.analyze(pf.example(f"{name}.pcap")) for name in ("resets", "losses"))
    return [resets, losses, pf.analyze(resets, server_port=8080), resets]


def pixels(png: bytes) -> Any:
    return imread(BytesIO(png))


@pytest.mark.parametrize("name", ["overview", "retransmission_timeline", "rst_distribution", "rtt", "time_sequence"])
def test_nothing_is_left_of_what_was_drawn_before(name: str, analyses: list[pf.Analysis]) -> None:
    draw = getattr(pf.plots, name)
    canvas, fresh = Canvas(), {}
    for analysis in analyses:
        png = canvas.draw(lambda ax, of=analysis: draw(of, ax=ax), **SIZE)
        if id(analysis) not in fresh:
            fresh[id(analysis)] = Canvas().draw(lambda ax, of=analysis: draw(of, ax=ax), **SIZE)
        assert png == fresh[id(analysis)]


@pytest.mark.parametrize("name", ["retransmission_timeline", "rst_distribution", "time_sequence"])
def test_the_picture_is_what_matplotlib_saves(
    name: str, analyses: list[pf.Analysis], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_at_whole_pixels(monkeypatch)
    figure = Figure(figsize=(8, 4), dpi=100, layout="constrained")
    getattr(pf.plots, name)(analyses[0], ax=figure.subplots())
    figure.savefig(file := BytesIO(), format="png")
    png = Canvas().draw(lambda ax: getattr(pf.plots, name)(analyses[0], ax=ax), **SIZE)
    assert np.array_equal(pixels(png), pixels(file.getvalue())[:, :, :3])


def plain(ax: Axes) -> None:
    ax.plot([1, 2])


def test_a_figure_is_kept_as_long_as_size_and_look_are() -> None:
    canvas = Canvas()
    canvas.draw(plain, **SIZE)
    first = canvas.figure
    canvas.draw(plain, **SIZE)
    assert canvas.figure is first
    for other in ({"width": 500}, {"ratio": 2}, {"look": "dark"}):
        canvas.draw(plain, **{**SIZE, **other})
        assert canvas.figure is not first
        first = canvas.figure
    with style.context("dark_background"):
        assert pixels(canvas.draw(plain, **SIZE))[1, 1].tolist() == [0, 0, 0]


def test_a_sentence_in_place_of_a_chart_is_not_drawn_in_again() -> None:
    canvas = Canvas()
    before = canvas.draw(plain, **SIZE)
    assert canvas.is_full
    canvas.draw(lambda ax: ax.set_xticks([]), **SIZE)
    assert not canvas.is_full
    assert canvas.draw(plain, **SIZE) == before


def test_a_chart_that_fails_leaves_no_trace() -> None:
    def fails(ax: Axes) -> None:
        ax.plot([5, 0], color="red")
        raise ZeroDivisionError

    canvas = Canvas()
    before = canvas.draw(plain, **SIZE)
    with pytest.raises(ZeroDivisionError):
        canvas.draw(fails, **SIZE)
    assert canvas.draw(plain, **SIZE) == before


@pytest.fixture
def placed(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Figures whose layout was made."""
    made: list[Figure] = []
    execute = ConstrainedLayoutEngine.execute
    monkeypatch.setattr(
        ConstrainedLayoutEngine, "execute", lambda engine, figure: (made.append(figure), execute(engine, figure))
    )
    return made


def test_figures_that_are_alike_are_laid_out_once(placed: list[Figure]) -> None:
    canvas = Canvas()
    for amount, layouts in ((1, 1), (1, 1), (20, 2), (1, 2)):
        canvas.draw(lambda ax, amount=amount: ax.plot([0, amount]), **SIZE)
        assert len(placed) == layouts


def test_what_is_alike_may_be_said_otherwise(placed: list[Figure]) -> None:
    rough = Canvas(lambda _figure: 0)
    for amount in (1, 4000):
        rough.draw(lambda ax, amount=amount: ax.plot([0, amount]), **SIZE)
    assert len(placed) == 1


def test_only_the_last_layouts_are_kept(placed: list[Figure], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_canvas, "LAYOUTS", 2)
    canvas = Canvas()
    for amount in (1, 20, 300, 1):
        canvas.draw(lambda ax, amount=amount: ax.plot([0, amount]), **SIZE)
    assert len(placed) == 4
