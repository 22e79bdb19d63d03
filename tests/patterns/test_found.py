"""Patterns by number and by name."""

import copy
import pickle

import pytest

import pcapframe as pf
from pcapframe.errors import ParameterError
from pcapframe.patterns import Patterns


@pytest.fixture(scope="module")
def found() -> Patterns:
    return pf.analyze(pf.example("resets.pcap")).patterns


def test_by_name_and_by_number(found: Patterns) -> None:
    for seen in found:
        assert found[seen.pattern] is seen
        assert seen.pattern in found
        assert seen in found
    assert found == tuple(found)


def test_a_part_takes_names_too(found: Patterns) -> None:
    assert found[1:3].names == found.names[1:3]
    assert found[1:3][found.names[2]] is found[2]


def test_a_pattern_that_was_not_observed(found: Patterns) -> None:
    assert "small_window" not in found
    with pytest.raises(KeyError, match=r"small_window was not observed; observed: .*refused_connections"):
        found["small_window"]
    with pytest.raises(KeyError, match="observed: none"):
        Patterns()["small_window"]


def test_a_mistyped_name_suggests(found: Patterns) -> None:
    with pytest.raises(ParameterError, match=r"refused_connection'.*did you mean refused_connections"):
        found["refused_connection"]


def test_copies_are_equal(found: Patterns) -> None:
    assert pickle.loads(pickle.dumps(found)) == copy.deepcopy(found) == found
    assert type(copy.copy(found)) is Patterns


def test_how_they_are_shown(found: Patterns) -> None:
    page = found._repr_html_()
    for seen in found:
        assert seen.pattern in page
    assert Patterns()._repr_html_() == "<p>No pattern was observed.</p>"
