"""One way to compile: Numba kernels, cached on disk, announced when they are compiled.

Numba's own cache looks only at the file that holds a function, so it serves stale machine code after an edit
of a function that is called from another module. The cache folder here is therefore named after a hash of every
source file of the package that can hold a kernel.
"""

import contextlib
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
import platformdirs
from llvmlite import ir
from numba.core import cgutils, event
from numba.core.caching import FunctionCache
from numba.core.runtime import rtsys
from numba.extending import intrinsic

__all__ = ["cache_folder", "inner_jit", "jit", "prefetch", "unchecked"]

KERNEL_FOLDERS = ("capture", "segments", "connections")
KEEP_UNUSED_S = 30 * 86400  # other versions' compiled kernels are removed after this long without use
PACKAGE = Path(__file__).parent
P = ParamSpec("P")
R = TypeVar("R")
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_OURS: set[str] = set()
CHECKED = bool(numba.config.BOUNDSCHECK)


def _source_hash() -> str:
    """Hash of every file that can hold a kernel or a constant that one has compiled in."""
    digest = hashlib.sha256(f"{numba.__version__} {CHECKED}".encode())
    files = [
        Path(__file__),
        PACKAGE / "schema.py",
        *(f for folder in KERNEL_FOLDERS for f in sorted((PACKAGE / folder).rglob("*.py"))),
    ]
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _choose_folder() -> Path | None:
    """Where compiled kernels are kept; None where nothing can be written."""
    base = os.environ.get("PCAPFRAME_CACHE_DIR") or platformdirs.user_cache_dir("pcapframe")
    folder = Path(base) / f"kernels-{_source_hash()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        for other in folder.parent.glob("kernels-*"):
            if time.time() - other.stat().st_mtime > KEEP_UNUSED_S:
                shutil.rmtree(other, ignore_errors=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


cache_folder = _choose_folder()
"""Folder of the compiled kernels, or None where none can be written (then each process compiles)."""


@contextlib.contextmanager
def _numba_cache_folder(folder: Path) -> Iterator[None]:
    """Have Numba take `folder` for what is decorated inside; the user's own functions keep their setting."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


class _KernelCache(FunctionCache):  # type: ignore[misc]  # numba has no types
    """Numba's cache on disk, but loading from it only starts the runtime.

    Numba's own loads every module that compiling could need first, which is a quarter of the time of a small capture.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel that Python calls: no GIL held, C division, its machine code cached on disk.

    Parameters
    ----------
    function : callable
        A function of the kind that ``numba.njit`` takes.

    Returns
    -------
    callable
        The compiled function; its types are those of `function`.
    """
    _OURS.add(f"{function.__module__}.{function.__qualname__}")
    compiled: Any = numba.njit(**OPTIONS)(function)
    if cache_folder is not None:
        with _numba_cache_folder(cache_folder):
            compiled._cache = _KernelCache(function)
    return cast("Callable[P, R]", compiled)


def inner_jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only kernels call: its machine code becomes part of theirs.

    It is compiled faster than one that Python may call, and is cached with its callers.

    Parameters
    ----------
    function : callable
        A function of the kind that ``numba.njit`` takes.

    Returns
    -------
    callable
        For use in kernels; its types are those of `function`.
    """
    _OURS.add(f"{function.__module__}.{function.__qualname__}")
    compiled: Callable[P, R] = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)(function)
    return compiled


class _Announcer(event.Listener):  # type: ignore[misc]  # numba has no types
    """Says once a process, on standard error, that kernels are being compiled."""

    said = False

    def on_start(self, event: Any) -> None:
        function = event.data["dispatcher"].py_func
        if not self.said and f"{function.__module__}.{function.__qualname__}" in _OURS:
            self.said = True
            sys.stderr.write("pcapframe compiles kernels that it needs for the first time, for 20 seconds at most.\n")

    def on_end(self, event: Any) -> None:
        """Nothing to say."""


event.register("numba:compile", _Announcer())


@intrinsic  # type: ignore[untyped-decorator]
def prefetch(_context: Any, array: Any, place: Any) -> Any:
    """Have the processor fetch an element of a contiguous array into its caches, in compiled code.

    Reading it soon after then need not wait for memory. A place beyond the array does no harm.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        number, address = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [address, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        to_read, keep, is_data = (ir.Constant(number, value) for value in (0, 3, 1))
        builder.call(function, [builder.bitcast(builder.gep(data, [arguments[1]]), address), to_read, keep, is_data])
        return context.get_dummy_value()

    return numba.types.void(array, place), generate


@intrinsic  # type: ignore[untyped-decorator]
def _data_pointer(_context: Any, array: Any) -> Any:
    """Pointer to the first element of a contiguous array, for compiled code."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return numba.types.CPointer(array.dtype)(array), generate


@inner_jit
def unchecked(array: Any) -> Any:
    """Return a contiguous array's elements for `array[i]` alone, in compiled code.

    Numba counts references to an array at each call of another kernel, which costs more than what most of ours do.
    The array itself must outlive the use. With ``NUMBA_BOUNDSCHECK=1`` (``make fuzz``) this is the array itself, so
    that each index is checked.
    """
    if CHECKED:
        return array
    return _data_pointer(array)
