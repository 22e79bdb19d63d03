"""How all kernels are compiled: by Numba, cached on disk, with a notice while compiling."""

import functools
import sys
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba
from llvmlite import ir
from numba.core import event
from numba.extending import intrinsic

from pcapframe import beside, kernel_cache
from pcapframe.inner_code import WITHOUT_CODE

__all__ = ["borrowed", "inner_jit", "jit", "prefetch", "unchecked"]

P = ParamSpec("P")
R = TypeVar("R")
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_OURS: set[str] = set()
READING = "pcapframe.capture."  # modules whose kernels are compiled while a second process compiles the rest
CHECKED = bool(numba.config.BOUNDSCHECK)


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel that Python calls: releases the GIL, divides as C does, and is cached on disk.

    Parameters
    ----------
    function : callable
        A function that ``numba.njit`` can compile.

    Returns
    -------
    callable
        The compiled function, typed like `function`.
    """
    _OURS.add(f"{function.__module__}.{function.__qualname__}")
    compiled: Any = numba.njit(no_cfunc_wrapper=True, **OPTIONS)(function)  # no compiled code of others calls it
    kernel_cache.attach(compiled, function)
    return cast("Callable[P, R]", compiled)


class _Inner:
    """A function that only kernels call: Numba learns of it when one of them is compiled.

    Most processes compile none, and to tell Numba of hundreds of functions takes longer than to load all kernels.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(cast("Any", self), function)

    @functools.cached_property
    def _compiled(self) -> Any:
        options = {**OPTIONS, **WITHOUT_CODE, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        return numba.njit(**options)(self.__wrapped__)

    @property
    def _numba_type_(self) -> Any:
        """What Numba asks of a global of a function that it compiles."""
        return numba.types.Dispatcher(self._compiled)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compiled, name)


def inner_jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only kernels call: its machine code becomes part of theirs.

    It compiles faster than a function that Python can call, and is cached with its callers.

    Parameters
    ----------
    function : callable
        A function that ``numba.njit`` can compile.

    Returns
    -------
    callable
        For use in kernels, typed like `function`.
    """
    _OURS.add(f"{function.__module__}.{function.__qualname__}")
    return cast("Callable[P, R]", _Inner(function))


class _Notice(event.Listener):  # type: ignore[misc]  # numba has no types
    """Says on standard error that kernels are being compiled: a counter in a terminal, else one line per process."""

    TEXT = "Compiling kernels for this machine (first use)"

    def __init__(self) -> None:
        self._begun = 0
        self._under_way = 0  # compilations nest: a kernel's callees are compiled while it waits
        self._since = 0.0
        self._shown = 0  # length of the line in the terminal

    def on_start(self, event: Any) -> None:
        if not _is_ours(event) or sys.stderr is None:
            return
        if not self._begun:
            self._since = time.monotonic()
        self._begun += 1
        self._under_way += 1
        if event.data["dispatcher"].py_func.__module__.startswith(READING):
            beside.begin(kernel_cache.cache_folder())
        if sys.stderr.isatty():
            self._show(f"{self.TEXT}: {self._begun}, {time.monotonic() - self._since:.0f} s")
        elif self._begun == 1:
            sys.stderr.write(f"{self.TEXT}.\n")

    def on_end(self, event: Any) -> None:
        if not _is_ours(event) or sys.stderr is None:
            return
        self._under_way -= 1
        if not self._under_way and self._shown:
            self._show("")

    def _show(self, text: str) -> None:
        sys.stderr.write("\r" + text.ljust(self._shown) + ("" if text else "\r"))
        sys.stderr.flush()
        self._shown = len(text)


def _is_ours(event: Any) -> bool:
    function = event.data["dispatcher"].py_func
    return f"{function.__module__}.{function.__qualname__}" in _OURS


event.register("numba:compile", _Notice())


@intrinsic  # type: ignore[untyped-decorator]
def prefetch(_context: Any, array: Any, place: Any) -> Any:
    """Prefetch an element of a contiguous array into the processor's caches, in compiled code.

    A read soon after need not wait for memory. An index outside the array does no harm.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        number, address = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [address, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [address], kind)
        to_read, keep, is_data = (ir.Constant(number, value) for value in (0, 3, 1))
        builder.call(function, [builder.bitcast(builder.gep(data, [arguments[1]]), address), to_read, keep, is_data])
        return context.get_dummy_value()

    return numba.types.void(array, place), generate


@intrinsic  # type: ignore[untyped-decorator]
def borrowed(_context: Any, value: Any) -> Any:
    """Return an array, or a tuple with arrays, without its owner, in compiled code.

    Numba counts the references to an array that is passed to another kernel, in a way that other cores see: that takes
    longer than most of our kernels do. Of an array without an owner there is nothing to count. The caller must keep
    the array alive, as the arguments of a kernel are.
    """

    def without_owner(context: Any, builder: Any, kind: Any, one: Any) -> Any:
        if isinstance(kind, numba.types.BaseTuple):
            for place, inner in enumerate(kind):
                changed = without_owner(context, builder, inner, builder.extract_value(one, place))
                one = builder.insert_value(one, changed, place)
            return one
        if not isinstance(kind, numba.types.Array):
            return one
        array = context.make_array(kind)(context, builder, one)
        array.meminfo, array.parent = (ir.Constant(pointer.type, None) for pointer in (array.meminfo, array.parent))
        return array._getvalue()

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return without_owner(context, builder, signature.args[0], arguments[0])

    return value(value), generate


@intrinsic  # type: ignore[untyped-decorator]
def _data_pointer(_context: Any, array: Any) -> Any:
    """Return a pointer to the first element of a contiguous array, for compiled code."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, arguments[0]).data

    return numba.types.CPointer(array.dtype)(array), generate


@inner_jit
def unchecked(array: Any) -> Any:
    """Return a pointer to a contiguous array that supports `array[i]` only, in compiled code.

    When an array is passed to another kernel, Numba updates its reference count, which costs more than most of our
    kernels do. The caller must keep the array alive. With ``NUMBA_BOUNDSCHECK=1`` (``make fuzz``) this returns the
    array itself, so that every index is checked.
    """
    if CHECKED:
        return array
    return _data_pointer(array)
