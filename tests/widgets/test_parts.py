"""Text to copy, and calls that wait."""

import asyncio

from pcapframe.widgets._parts import Copied, Debounced


def test_calls_are_joined_where_a_loop_runs_and_made_at_once_elsewhere() -> None:
    calls = []
    debounced = Debounced(lambda: calls.append(1), 0.01)
    debounced()
    debounced("changed")
    assert len(calls) == 2

    async def many() -> None:
        for _ in range(5):
            debounced()
        assert len(calls) == 2
        await asyncio.sleep(0.05)
        debounced()
        debounced.cancel()
        await asyncio.sleep(0.03)

    asyncio.run(many())
    assert len(calls) == 3


def test_text_to_copy() -> None:
    copied = Copied("Python")
    assert (copied.label, copied.text) == ("Python", "")
