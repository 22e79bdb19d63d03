import numpy as np
import pytest

from pcapframe.plots import _shapes, _text
from pcapframe.plots._palette import Look
from tests.plots.made import axes


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("look", [{"fill": True, "facecolor": "red"}, {"fill": False, "color": "red"}])
@pytest.mark.parametrize("baseline", [0.0, [0.0, -2.0, 1.0]])
def test_steps_are_those_of_matplotlib(across: bool, look: dict[str, object], baseline: float | list[float]) -> None:
    ours, theirs = axes(), axes()
    top, edges = [3.0, np.nan, 7.0], np.array([1.0, 2.0, 4.0, 5.0])
    _shapes.steps(ours, top, edges, baseline=baseline, across=across, **look)  # type: ignore[arg-type]
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
    ax = axes()
    _shapes.steps(ax, [np.nan], np.array([1.0, 2.0]), baseline=[np.nan])
    assert np.isfinite(ax.get_ylim()).all()


def test_a_stack_is_one_artist_a_part() -> None:
    ax = axes()
    parts = {"a": np.array([1, 2]), "none": np.zeros(2), "b": np.array([3, 0])}
    looks = {name: Look(name, "red") for name in parts}
    _shapes.stack(ax, np.arange(3.0), parts, looks)
    _shapes.stack(ax, np.arange(3.0), parts, looks, down=True)
    values = [patch.get_data() for patch in ax.patches]
    assert [(v.values.tolist(), v.baseline.tolist()) for v in values] == [
        ([1, 2], [0, 0]),
        ([4, 2], [1, 2]),
        ([-1, -2], [0, 0]),
        ([-4, -2], [-1, -2]),
    ]
    _text.legend(ax)
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b"]


def test_others_do_not_dwarf_the_named() -> None:
    ax = axes()
    totals = np.array([40.0, 10, 988])
    ax.barh(np.arange(3), totals)
    assert _shapes.cut_others(ax, totals)
    assert ax.get_xlim() == (0, 52)
    (text,) = [one.get_text() for one in ax.texts]
    assert text == "988 →"


@pytest.mark.parametrize("totals", [[40.0, 10, 79], [0.0, 5], [5.0], []])
def test_others_that_can_be_compared_stay_whole(totals: list[float]) -> None:
    ax = axes()
    ax.barh(np.arange(len(totals)), totals)
    before = ax.get_xlim()
    assert not _shapes.cut_others(ax, np.array(totals))
    assert ax.get_xlim() == before
    assert len(ax.texts) == 0
