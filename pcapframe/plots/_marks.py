"""The marks of one connection, and parts of them that are few enough to draw; nothing is drawn here."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pcapframe.arrays import Array

__all__ = ["MARKS", "Marks"]

MARKS = 4_000  # more marks of a kind are joined


class Marks:
    """Marks of several kinds, ordered by time.

    Parameters
    ----------
    frames : sequence of DataFrame
        The marks of one kind each: ``kind`` (category), ``time_s``, ``low``, ``high``, and columns to keep; not
        modified. Frames of the same kind are put together.
    """

    def __init__(self, frames: Sequence[pd.DataFrame]) -> None:
        self._empty = frames[0].iloc[:0]
        same: dict[str, list[pd.DataFrame]] = {}
        for frame in frames:
            if len(frame):
                same.setdefault(frame["kind"].iloc[0], []).append(frame)
        kinds = [name for name in self._empty["kind"].cat.categories if name in same]
        self._kinds = [_in_order(pd.concat(same[name]) if len(same[name]) > 1 else same[name][0]) for name in kinds]
        ends = [frame["time_s"].iloc[[0, -1]] for frame in self._kinds]
        self.first_s = min((float(end.iloc[0]) for end in ends), default=0.0)
        self.last_s = max((float(end.iloc[1]) for end in ends), default=0.0)

    def count(self, kind: str) -> int:
        """Return how many marks there are of a kind."""
        return sum(len(frame) for frame in self._kinds if frame["kind"].iloc[0] == kind)

    def between(self, first_s: float | None = None, last_s: float | None = None, *, most: int = MARKS) -> pd.DataFrame:
        """Return the marks of a span of time, joined where they are too many to tell apart.

        Parameters
        ----------
        first_s, last_s : float, optional
            Ends; by default all of the time. Of each kind, the nearest mark beyond either end is included, so that
            lines go on. [s]
        most : int, default 4000
            Marks of a kind that are not joined.

        Returns
        -------
        DataFrame
            The same columns, and ``marks``, how many each row stands for. Of a kind with more than `most`, those in the
            same of ``most / 2`` columns of time are one, from the lowest ``low`` to the highest ``high``; the rest is
            of the first.
        """
        low = self.first_s if first_s is None else first_s
        high = self.last_s if last_s is None else last_s
        made = []
        for frame in self._kinds:
            time_s = frame["time_s"].to_numpy()
            first = max(int(np.searchsorted(time_s, low, "left")) - 1, 0)
            last = int(np.searchsorted(time_s, high, "right")) + 1
            made.append(_joined(frame.iloc[first:last], low, max(high - low, 1e-9), most))
        return pd.concat(made, ignore_index=True) if made else self._empty.assign(marks=np.empty(0, np.int64))


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Return marks by time; a capture has nearly all of them in order."""
    time_s = frame["time_s"].to_numpy()
    return frame.take(np.argsort(time_s, kind="stable")) if (time_s[1:] < time_s[:-1]).any() else frame


def _joined(frame: pd.DataFrame, low: float, span: float, most: int) -> pd.DataFrame:
    """Join the marks of one kind that are in the same column of time, if they are too many."""
    if len(frame) <= most:
        return frame.assign(marks=1)
    column = np.floor((frame["time_s"].to_numpy() - low) / span * (most // 2))
    starts = np.flatnonzero(np.append(True, np.diff(column) > 0))
    sizes: Array = np.diff(np.append(starts, len(frame)))
    return frame.take(starts).assign(
        low=np.minimum.reduceat(frame["low"].to_numpy(), starts),
        high=np.maximum.reduceat(frame["high"].to_numpy(), starts),
        marks=sizes,
    )
