"""The marks of one connection, and parts of them that are few enough to draw; nothing is drawn here."""

import numpy as np
import pandas as pd

from pcapframe.arrays import Array

__all__ = ["MARKS", "Marks"]

MARKS = 4_000  # more marks of a kind are joined


class Marks:
    """Marks of several kinds, ordered by time.

    Parameters
    ----------
    marks : DataFrame
        ``kind`` (category), ``time_s``, ``low``, ``high``, and columns to keep; not modified.
    """

    def __init__(self, marks: pd.DataFrame) -> None:
        self._empty = marks.iloc[:0]
        self._kinds: list[pd.DataFrame] = []
        codes, time_s = marks["kind"].cat.codes.to_numpy(), marks["time_s"].to_numpy()
        for code in range(len(marks["kind"].cat.categories)):
            rows = np.flatnonzero(codes == code)
            if (np.diff(time_s[rows]) < 0).any():
                rows = rows[np.argsort(time_s[rows], kind="stable")]
            if rows.size:
                self._kinds.append(marks.take(rows))
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
