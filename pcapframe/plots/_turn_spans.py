"""The parts of the turns of one connection, one after another; nothing is drawn here."""

import numpy as np
import pandas as pd

from pcapframe.arrays import NO_TIME, Array
from pcapframe.conversation import NEEDED, READ, make_turns
from pcapframe.plots._bins import nanoseconds
from pcapframe.plots._connection import of_connection
from pcapframe.plots._frames import category, places
from pcapframe.plots._palette import TURN_LOOKS

__all__ = ["PARTS", "laid_out", "turn_spans"]

PARTS = tuple(TURN_LOOKS)
MOST = 1_000  # turns below a graph


def laid_out(turn: Array, lasted: Array, overlapping: Array, answered: Array, request_s: Array) -> pd.DataFrame:
    """Put the parts of turns one after another.

    Parameters
    ----------
    turn : ndarray of int64
        Their numbers.
    lasted : ndarray of float64
        A row for each turn, a column for each of `PARTS`; NaN where a part is not known. [s]
    overlapping, answered : ndarray of bool
        Of each turn.
    request_s : ndarray of float64
        When its request began. [s]

    Returns
    -------
    DataFrame
        The columns of ``turns_data``.
    """
    known = np.nan_to_num(lasted)
    ends = request_s[:, None] + np.cumsum(known, axis=1) - known[:, :1]
    shown = ~np.isnan(lasted)
    count = len(PARTS)
    return pd.DataFrame(
        {
            "turn": np.repeat(turn, count),
            "part": category(np.tile(np.arange(count), turn.size), PARTS),
            "start_s": (ends - known).ravel(),
            "end_s": ends.ravel(),
            "overlapping": np.repeat(overlapping, count),
            "answered": np.repeat(answered, count),
        }
    )[shown.ravel()].reset_index(drop=True)


def turn_spans(segments: pd.DataFrame, conn_id: int, *, from_client: bool) -> pd.DataFrame:
    """Return who waited for whom, as the ribbon below a chart of one connection shows it.

    Parameters
    ----------
    segments : DataFrame
        Columns of ``schema.SEGMENTS``; not modified.
    conn_id : int
        The connection.
    from_client : bool
        Whose data the chart follows; turns are the same for both.

    Returns
    -------
    DataFrame
        ``state`` (category: the parts of a turn), ``start_s`` and ``end_s`` since the connection's first packet
        (float64 [s]), and ``turn`` (int64, from 1). Of more than 1,000 turns, those that took the most time. Empty
        where no turn has a time.
    """
    rows = of_connection(segments, conn_id, ["conn_id", *READ])
    found = make_turns(rows, pd.DataFrame({name: [np.nan] for name in NEEDED}, index=[conn_id]))
    lasted = found[[f"{part}_s" for part in PARTS]].to_numpy()
    if len(found) > MOST:
        longest = np.sort(np.argpartition(-np.nansum(lasted, axis=1), MOST)[:MOST])
        found, lasted = found.iloc[longest], lasted[longest]
    time = nanoseconds(rows["time"])
    started = time[places(rows.index, found["request_frame"].to_numpy())]
    first = int(time[time != NO_TIME].min(initial=np.iinfo(np.int64).max))
    answered = found["response_frame"].notna().to_numpy()
    overlapping = found["overlapping"].to_numpy()
    made = laid_out(found["turn"].to_numpy(np.int64), lasted, overlapping, answered, (started - first) / 1e9)
    made = made[made["end_s"] > made["start_s"]].reset_index(drop=True)
    return made.rename(columns={"part": "state"})[["state", "start_s", "end_s", "turn"]]
