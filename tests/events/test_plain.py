"""Totals as columns, and back."""

import numpy as np
import pandas as pd

import pcapframe as pf
from pcapframe.events import columns_of, gather_events, totals_of


def test_columns_hold_everything() -> None:
    analysis = pf.analyze(pf.example("resets.pcap"), progress=False)
    totals = gather_events(analysis.segments, analysis.connections).totals

    again = totals_of(columns_of(totals), totals.turns, vars(totals.floors))

    assert again.floors == totals.floors
    assert np.array_equal(again.sides, totals.sides)
    assert totals.idle.size
    for name, table in totals.tables.items():
        kept = [field for field in table.dtype.names or () if field != "chain"]
        assert np.array_equal(getattr(again, name)[kept], table[kept])
    pd.testing.assert_frame_equal(again.turns, totals.turns)
