"""Copies of one record: every field of each is that of the first."""

import numpy as np
import pytest

from pcapframe.conversation.records import copies
from pcapframe.conversation.sender_state import SENDER


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_copies_are_equal_and_writable(count: int) -> None:
    record = np.zeros((), SENDER)
    for place, name in enumerate(SENDER.names or ()):
        record[name] = place % 100
    made = copies(record, count)
    assert made.shape == (count,)
    assert made.dtype == SENDER
    assert all((made[name] == record[name]).all() for name in SENDER.names or ())
    made["high"] = 7
    assert record["high"] == 0
