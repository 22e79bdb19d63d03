"""One-way delay by direction, with the range that the clocks leave it."""

from fractions import Fraction

import numpy as np
import pytest
from matplotlib.figure import Figure

import pcapframe as pf
from tests.builders import Conversation
from tests.joining.made import beyond, joined, talk
from tests.plots.test_losses_by_leg import three_points


def test_delay_and_its_range():
    """4 ms each way: the delay is between 0 and 8 ms, whatever the clocks show."""
    made = joined(list(talk(20)), beyond(talk(20), offset=Fraction(9)))
    data = pf.plots.one_way_delay_data(made)
    assert data["packets"].sum() == len(made.segments)
    assert set(data["from_client"]) == {True, False}
    assert data["delay_median_s"].to_numpy() == pytest.approx(np.full(len(data), 0.004), abs=5e-6)
    assert data["low_s"].to_numpy() == pytest.approx(np.zeros(len(data)), abs=5e-5)
    assert data["high_s"].to_numpy() == pytest.approx(np.full(len(data), 0.008), abs=5e-5)


def test_what_is_drawn():
    ax = pf.plots.one_way_delay(joined(list(talk(20)), beyond(talk(20))), ax=Figure().subplots())
    assert ax.get_legend_handles_labels()[1] == ["from clients", "from servers"]
    assert len(ax.collections) == 2


def test_nothing_to_compare():
    two = list(Conversation("192.0.2.7", client_isn=0x51234567, server_isn=0x61234567).handshake())
    made = joined(list(talk(2)), two)
    assert pf.plots.one_way_delay_data(made).empty
    ax = pf.plots.one_way_delay(made, ax=Figure().subplots())
    assert any("No packet was captured at two points" in text.get_text() for text in ax.texts)


def test_what_was_lost_at_a_middle_point_has_no_delay_of_the_whole_path():
    """A request that only client and middle have took 2 ms, and not the 4 ms of those that passed."""
    made = three_points()
    data = pf.plots.one_way_delay_data(made)
    assert data["packets"].sum() == (made.segments["fate"] == "passed").sum() < len(made.segments)
