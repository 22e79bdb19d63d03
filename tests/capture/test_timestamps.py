"""Time stamps in every unit, as exact integers."""

from fractions import Fraction

import numpy as np
import pytest

from pcapframe.arrays import NO_TIME
from pcapframe.capture.timestamps import to_ns


@pytest.mark.parametrize("exponent", [0, 3, 6, 9, 12, 18, 19, 20, 27, 28, 60, 127])
@pytest.mark.parametrize("power_of_two", [0, 1])
@pytest.mark.parametrize("offset", [0, -7, 1_700_000_000])
def test_units(exponent, power_of_two, offset):
    for ticks in (0, 1, 12_345_678_901_234_567, 2**63, 2**64 - 1):
        exact = Fraction(ticks, 2**exponent if power_of_two else 10**exponent) + offset
        expected = int(exact * 10**9 // 1)
        found = int(to_ns.py_func(np.uint64(ticks), power_of_two, exponent, offset))
        if abs(exact) > 9_000_000_000:
            assert found == NO_TIME
        else:
            assert expected - 1 <= found <= expected  # binary fractions below 2^-32 s are dropped
