"""Each filter that is set has a button that takes it away."""

from pcapframe.widgets._chips import Chips
from tests.widgets.made import state


def test_a_chip_takes_its_filter_away_and_undo_brings_it_back() -> None:
    explored = state()
    chips = Chips(explored)
    assert (chips.chips, chips.undo.disabled) == ({}, True)
    explored.set(handshake="refused", port="8080", text="é" * 99)
    chips.show()
    assert [chip.description for chip in chips.chips.values()][:2] == ["server port: 8080 ✕", "handshake: refused ✕"]
    assert len(chips.chips["text"].description) < 60
    chips.chips["handshake"].click()
    chips.show()
    assert list(chips.chips) == ["port", "text"]
    chips.undo.click()
    assert explored.handshake == "refused"


def test_control_characters_are_seen() -> None:
    explored = state()
    explored.text = "a\x07<b>"
    chips = Chips(explored)
    assert chips.chips["text"].description == "search: a\\x07<b> ✕"
    assert not chips.chips["text"].style.has_trait("description_allow_html")
