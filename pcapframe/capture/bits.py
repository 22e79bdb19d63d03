"""Compiled reads of big- and little-endian integers out of a byte buffer.

Indices are made unsigned: a signed index would be tested for wraparound at each byte, which also keeps the compiler
from combining the reads.
"""

from typing import Any

import numpy as np

from pcapframe.jit import inner_jit, prefetch

__all__ = ["LINE_BYTES", "be16", "be32", "be64", "byte", "fetch_ahead", "u16", "u32"]

LINE_BYTES = 64  # of the cache
RECORDS_AHEAD = 4


@inner_jit
def byte(buffer: Any, at: Any) -> Any:
    """Return the byte at `at`."""
    return np.int64(buffer[np.uint64(at)])


@inner_jit
def be16(buffer: Any, at: Any) -> Any:
    """Big-endian 16 bits at `at`."""
    return byte(buffer, at) << 8 | byte(buffer, at + 1)


@inner_jit
def be32(buffer: Any, at: Any) -> Any:
    """Big-endian 32 bits at `at`."""
    return byte(buffer, at) << 24 | byte(buffer, at + 1) << 16 | byte(buffer, at + 2) << 8 | byte(buffer, at + 3)


@inner_jit
def be64(buffer: Any, at: Any) -> Any:
    """Big-endian 64 bits at `at`, unsigned."""
    return np.uint64(be32(buffer, at)) << np.uint64(32) | np.uint64(be32(buffer, at + 4))


@inner_jit
def u16(buffer: Any, at: Any, big: Any) -> Any:
    """16 bits at `at` in the byte order given."""
    return be16(buffer, at) if big else byte(buffer, at + 1) << 8 | byte(buffer, at)


@inner_jit
def u32(buffer: Any, at: Any, big: Any) -> Any:
    """32 bits at `at` in the byte order given."""
    if big:
        return be32(buffer, at)
    return byte(buffer, at + 3) << 24 | byte(buffer, at + 2) << 16 | byte(buffer, at + 1) << 8 | byte(buffer, at)


@inner_jit
def fetch_ahead(buffer: Any, at: Any, stride: Any) -> None:
    """Prefetch the record at `at` and some after it, as if each were `stride` bytes long.

    A record's place depends on the length of the one before, so without this each one would wait for memory. Short
    records share cache lines; long ones come in runs of equal length.
    """
    for ahead in range(RECORDS_AHEAD):
        prefetch(buffer, at + ahead * stride)
