"""Functions that only kernels call have no machine code of their own, and kernels compute all the same."""

import numba
import numpy as np
import pytest

from pcapframe.inner_code import WITHOUT_CODE
from pcapframe.jit import OPTIONS, inner_jit, jit


@inner_jit
def _once(value):
    return value + 1


@inner_jit
def _twice(value):
    return _once(_once(value))


@jit
def _sum(values):
    total = 0
    for place in range(values.size):
        total += _twice(values[place]) + _once(values[place])
    return total


def test_kernels_compute_through_several_functions():
    assert _sum(np.arange(4)) == 6 + 8 + 6 + 4


def test_this_numba_has_the_parts_that_are_needed():
    assert WITHOUT_CODE


def test_no_machine_code_is_made_of_inner_functions(monkeypatch):
    made = []
    library = pytest.importorskip("numba.core.codegen").JITCodeLibrary
    add = library._finalize_specific
    monkeypatch.setattr(library, "_finalize_specific", lambda self: made.append(self.name) or add(self))
    inner = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS, **WITHOUT_CODE)(
        lambda value: value * 3
    )
    outer = numba.njit(no_cfunc_wrapper=True, **OPTIONS)(lambda value: inner(value) + 1)
    assert outer(5) == 16
    assert len(made) == 1
