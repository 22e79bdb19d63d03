from itertools import combinations

import pytest
from matplotlib.colors import to_rgb

from pcapframe.plots import _palette
from pcapframe.plots._palette import ENDING_LOOKS, HANDSHAKE_LOOKS, PHASE_LOOKS, REASON_LOOKS, SIDES
from pcapframe.plots.rst_events import PHASES
from pcapframe.schema import ENDINGS, HANDSHAKES, RESEND_REASONS

# Panels of the overview are told apart by their place and their words.
SETS = {
    name: value
    for name, value in vars(_palette).items()
    if isinstance(value, dict) and name.isupper() and name != "OVERVIEW_LOOKS"
}


def luminance(color: str) -> float:
    """Relative luminance by WCAG 2.1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_category_has_its_look() -> None:
    assert tuple(REASON_LOOKS) == RESEND_REASONS
    assert tuple(ENDING_LOOKS) == ENDINGS
    assert tuple(HANDSHAKE_LOOKS) == HANDSHAKES
    assert tuple(PHASE_LOOKS) == PHASES
    assert tuple(SIDES) == ("client", "server")


@pytest.mark.parametrize("looks", SETS.values(), ids=SETS)
def test_color_is_never_the_only_difference(looks: dict[str, _palette.Look]) -> None:
    for one, other in combinations(looks.values(), 2):
        assert one.color != other.color
        assert one.label != other.label
        assert (one.hatch, one.marker, one.line) != (other.hatch, other.marker, other.line)


@pytest.mark.parametrize("looks", SETS.values(), ids=SETS)
def test_every_color_is_seen_on_black(looks: dict[str, _palette.Look]) -> None:
    for look in looks.values():
        assert (luminance(look.color) + 0.05) / 0.05 > 3
