"""What stands out, above the explorer."""

import pcapframe as pf
from pcapframe.widgets._standouts import StandoutList
from pcapframe.widgets._state import ExplorerState
from tests.analysis.test_standouts import fine, found, refused, talks
from tests.widgets.made import analysis


def unguarded(function: object) -> object:
    return function


def test_the_first_events_are_above_everything_and_a_click_selects_them() -> None:
    explorer = pf.explore(analysis())
    shown = explorer.standouts
    assert [button.description for button in shown.buttons] == [
        seen.sentence for seen in analysis().standouts[: len(shown.buttons)]
    ]
    assert explorer.children.index(shown) < explorer.children.index(explorer.export)
    of_refused = next(i for i, seen in enumerate(analysis().standouts) if seen.kind == "refused_connections")
    shown.buttons[of_refused].click()
    assert len(explorer.selection.connections) == analysis().standouts[of_refused].connections


def test_an_event_of_one_connection_opens_it() -> None:
    state = ExplorerState(found(*refused()[:1], *fine(3, server="198.51.100.9")))
    StandoutList(state, unguarded).buttons[0].click()  # type: ignore[arg-type]
    assert state.conn_id == 0
    assert (state.server, state.port) == ("198.51.100.1", "80")


def test_an_event_without_a_pattern_selects_its_server() -> None:
    silent = [talk.handshake().wait(30).close() for talk in talks(2, server="2001:db8::1", client="2001:db8::2")]
    state = ExplorerState(found(*silent, *fine(3)))
    StandoutList(state, unguarded).buttons[0].click()  # type: ignore[arg-type]
    assert (state.server, state.port, state.pattern) == ("2001:db8::1", "80", "")
    assert len(state.selection.connections) == 2


def test_nothing_says_what_was_looked_at() -> None:
    title = StandoutList(ExplorerState(found(*fine(2))), unguarded).children[0]  # type: ignore[arg-type]
    assert "Nothing stands out. Looked at: handshakes" in title.value
