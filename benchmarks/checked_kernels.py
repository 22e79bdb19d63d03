"""Bounds checks that find every wrong index, with NUMBA_BOUNDSCHECK=1 (``make fuzz``)."""

from numba import types
from numba.np import arrayobj

from pcapframe.jit import CHECKED

__all__ = ["check_below_zero"]


def check_below_zero() -> None:
    """Let an index below 0 be out of bounds, in kernels that are compiled after this.

    Numba counts it from the end of an array. Kernels mostly use the pointers of ``jit.unchecked``, before which other
    memory lies; with bounds checks these are arrays, so a read before the first element would go unnoticed.
    """
    if CHECKED:
        arrayobj.fix_integer_index = lambda context, builder, kind, index, _size: context.cast(
            builder, index, kind, types.intp if kind.signed else types.uintp
        )
