"""Time stamps of captures as nanoseconds since 1970."""

from typing import Any

import numpy as np

from pcapframe.arrays import NO_TIME
from pcapframe.jit import inner_jit

__all__ = ["to_ns"]


@inner_jit
def to_ns(ticks: Any, power_of_two: Any, exponent: Any, offset_s: Any) -> Any:
    """Return a time stamp in nanoseconds since 1970; ``NO_TIME`` if 64 bits cannot hold it."""
    billion = np.uint64(1_000_000_000)
    seconds = rest = np.uint64(0)
    if power_of_two and exponent > 63:  # under a second
        shift = exponent - 32
        rest = ((ticks >> np.uint64(32)) * billion) >> np.uint64(shift) if shift < 64 else np.uint64(0)
    elif power_of_two:
        seconds = ticks >> np.uint64(exponent)
        fraction = ticks & ((np.uint64(1) << np.uint64(exponent)) - np.uint64(1))
        if exponent > 32:
            fraction >>= np.uint64(exponent - 32)
            exponent = 32
        rest = (fraction * billion) >> np.uint64(exponent)
    elif exponent > 19:  # under a second
        rest = ticks
        for _ in range(exponent - 9):
            rest //= np.uint64(10)
    else:
        unit = np.uint64(1)
        for _ in range(exponent):
            unit *= np.uint64(10)
        seconds = ticks // unit
        rest = ticks % unit
        if exponent <= 9:
            rest *= billion // unit
        else:
            rest //= unit // billion
    if seconds > np.uint64(9_000_000_000) or abs(offset_s) > 9_000_000_000:
        return NO_TIME
    total = np.int64(seconds) + offset_s
    if abs(total) > 9_000_000_000:
        return NO_TIME
    return total * 1_000_000_000 + np.int64(rest)
