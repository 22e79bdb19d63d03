"""The pickers show the state and set it, and have labels."""

import pandas as pd
import pytest

import pcapframe as pf
from pcapframe.widgets._controls import Controls
from tests.builders import pcap
from tests.widgets.made import analysis, state


def test_every_control_has_a_label() -> None:
    controls = Controls(state())
    assert [one for one in controls.children if one is not controls.range and not one.description] == []


def test_pickers_and_state_follow_each_other() -> None:
    explored = state()
    controls = Controls(explored)
    controls.server.value = "198.51.100.20"
    controls.handshake.value = "refused"
    assert len(explored.selection.connections) == 6
    explored.set(handshake="", pattern="refused_connections")
    assert (controls.handshake.value, controls.pattern.value) == ("", "refused_connections")
    controls.clear.click()
    assert len(explored.selection.connections) == 42
    assert controls.server.value == ""
    assert ("refused (6)", "refused") in controls.handshake.options


def test_every_picker_counts_what_the_other_filters_leave() -> None:
    explored = state()
    controls = Controls(explored)
    explored.set(server="198.51.100.20", handshake="complete")
    controls.count(explored.counts())
    connections = analysis().connections
    complete = connections[connections["handshake"] == "complete"]
    here = complete[complete["server"] == "198.51.100.20"]
    for picker, column, left in (
        (controls.server, "server", complete), (controls.port, "server_port", here), (controls.client, "client", here),
    ):  # fmt: skip
        counts = left[column].value_counts()
        expected = [f"{value} ({count:,})" for value, count in counts[counts > 0].items()]
        assert sorted(picker.options) == sorted(expected) != []
    events = pf.plots.rst_events(analysis().segments, here)
    phases = {value: text for text, value in controls.rst_phase.options if value}
    for phase, rows in events.groupby("phase", observed=False):
        assert phases[phase].endswith(f" ({rows['conn_id'].nunique():,})")
    controls.port.value = controls.port.options[0]  # as one picks a line of the list
    assert explored.port == controls.port.value == controls.port.options[0].split(" ")[0]


def test_the_slider_and_the_times_follow_each_other() -> None:
    explored = state()
    controls = Controls(explored)
    first = analysis().connections["start"].min()
    controls.slider.value = (2.0, 5.0)
    assert pd.Timestamp(explored.start, tz="UTC") == first.floor("us") + pd.Timedelta(seconds=2)
    assert 0 < len(explored.selection.connections) < 42
    controls.end.value = (first + pd.Timedelta(seconds=4)).isoformat()
    assert controls.slider.value == pytest.approx((2.0, 4.0))
    controls.slider.value = (controls.slider.min, controls.slider.max)
    assert (explored.start, explored.end) == ("", "")
    controls.start.value = "nonsense"
    assert "is not a time" in explored.problem
    controls.start.value = ""
    assert explored.problem == ""
    assert len(explored.selection.connections) == 42


def test_times_are_typed_and_shown_in_the_chosen_zone() -> None:
    pf.options.timezone = "Asia/Kolkata"
    try:
        explored = state()
        controls = Controls(explored)
        first = analysis().connections["start"].min()
        assert controls.start.description == "From (Asia/Kolkata)"
        controls.slider.value = (2.0, 5.0)
        assert explored.start.endswith("+05:30")
        assert pd.Timestamp(explored.start) == first.floor("us") + pd.Timedelta(seconds=2)
        taken = len(explored.selection.connections)
        controls.start.value = explored.start.removesuffix("+05:30")
        assert len(explored.selection.connections) == taken < 42
        assert controls.slider.value == pytest.approx((2.0, 5.0))
    finally:
        pf.options.timezone = None


def test_keys_that_arrive_after_the_filters_were_cleared_select_nothing() -> None:
    explored = state()
    controls = Controls(explored)
    slider, text = controls.slider, controls.text
    slider.set_state({"value": [2.0, 5.0]})  # as from the browser
    text.set_state({"value": "8080"})
    assert len(explored.selection.connections) < 42
    controls.clear.click()
    slider.set_state({"value": [3.0, 5.0]})  # held back meanwhile
    text.set_state({"value": "80801"})
    assert len(explored.selection.connections) == 42
    assert (explored.start, explored.text, explored.problem) == ("", "", "")
    assert slider.comm is None  # nor does it come so far: the browser lets go of what is closed
    assert text.comm is None
    assert not {slider, text} & set(controls.children)
    controls.slider.set_state({"value": [2.0, 5.0]})
    controls.text.set_state({"value": "8080"})
    assert (explored.start != "", explored.text) == (True, "8080")
    assert controls.range.value.startswith("<div class='pcapframe-range'>2.0")


def test_a_value_that_no_picker_has_is_an_error_of_the_state_and_not_lost() -> None:
    controls = Controls(state())
    controls.unlink()
    controls.port.value = "1"
    assert controls._state.port == ""


def test_a_capture_without_tcp() -> None:
    controls = Controls(pf.widgets.ExplorerState(pf.analyze(pcap([]))))
    assert controls.slider.disabled
    assert controls.server.options == ()
