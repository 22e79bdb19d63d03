"""Which lost bare ACKs can be told from those that a capture missed at all: those that leave a trace.

What shows that a bare ACK did not arrive is that its receiver, when it next sends something, does not know of it: it
echoes an older timestamp, or sends again what was acknowledged. Where the next packet of the ACK's sender arrives
before its receiver sends anything, no packet of any capture depends on whether the ACK arrived.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["AckScore", "score_acks"]


@dataclass(frozen=True)
class AckScore:
    """Lost bare ACKs.

    Parameters
    ----------
    lost, told : int
        All of them, and those that are said to be lost.
    traced, traced_told : int
        Those whose receiver sent something before the next packet of their sender arrived, and of these the told ones.
    """

    lost: int = 0
    told: int = 0
    traced: int = 0
    traced_told: int = 0

    def __add__(self, other: AckScore) -> AckScore:
        return AckScore(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def score_acks(
    rows: pd.DataFrame, upstream: np.ndarray, times: tuple[np.ndarray, np.ndarray], lost: np.ndarray
) -> AckScore:
    """Count lost bare ACKs, and which leave a trace.

    Parameters
    ----------
    rows : DataFrame
        Transmissions of a join of two points.
    upstream : ndarray of bool
        The first point is nearer to the sender.
    times : tuple of ndarray of int64
        True times of each row at both points; -1 where it was not captured. [ns]
    lost : ndarray of bool
        Bare ACKs that were lost between.
    """
    origin = max(int(time.max(initial=0)) for time in times)
    one, other = (np.where(time < 0, np.nan, time - origin) for time in times)
    sent, seen = np.where(upstream, one, other), np.where(upstream, other, one)
    own = pd.DataFrame({"stream": 2 * rows["path_id"].to_numpy(np.int64) + ~rows["from_client"].to_numpy(bool)})
    own["sent"], own["seen"] = sent, seen
    own["fate"] = rows["fate"].to_numpy()
    own["arrives"] = own["sent"] + (own["seen"] - own["sent"]).groupby(upstream).transform("min")
    asked = own[lost].sort_values("arrives", kind="stable")
    if asked.empty:
        return AckScore()
    there = own.dropna(subset="seen").sort_values("seen")[["stream", "seen"]]
    # what the receiver of these sends is seen first at the point that they did not reach
    answers = own.assign(stream=own["stream"] ^ 1, seen=own["sent"]).dropna(subset="seen").sort_values("seen")
    following, answer = (
        pd.merge_asof(asked[["stream", "arrives"]], other[["stream", "seen"]], left_on="arrives", right_on="seen",
                      by="stream", direction="forward")["seen"].to_numpy()
        for other in (there, answers)
    )  # fmt: skip
    traced = answer < np.where(np.isnan(following), np.inf, following)
    told = (asked["fate"] == "lost_between").to_numpy()
    return AckScore(len(asked), int(told.sum()), int(traced.sum()), int((traced & told).sum()))
