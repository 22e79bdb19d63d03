"""Compile functions that only kernels call without machine code of their own: it becomes part of their callers'.

Numba makes machine code of each function that it compiles, with all that it calls, and that is never run. This uses
private parts of Numba. With a version that lacks them, functions are compiled as Numba does it, which takes longer.
"""

from typing import Any

try:
    from numba.core.codegen import JITCodeLibrary
    from numba.core.compiler import Compiler
except ImportError:  # another version of Numba
    JITCodeLibrary = Compiler = None

__all__ = ["WITHOUT_CODE"]

WITHOUT_CODE: dict[str, Any] = {}  # options for ``numba.njit``

if Compiler is not None and hasattr(JITCodeLibrary, "_finalize_final_module"):

    class _Codegen:
        """Numba's, without addresses: there is no code to have any."""

        def __init__(self, codegen: Any) -> None:
            self._codegen = codegen

        def __getattr__(self, name: str) -> Any:
            return getattr(self._codegen, name)

        def set_env(self, name: str, environment: Any) -> None:
            """Set nothing."""

    class _Library(JITCodeLibrary):  # type: ignore[misc]  # numba has no types
        """What LLVM knows of a function, to be linked into that of its callers."""

        @property
        def codegen(self) -> Any:
            """Where it was compiled."""
            return _Codegen(self._codegen)

        def get_pointer_to_function(self, name: str) -> int:
            """Return no address."""
            self._ensure_finalized()
            return 0

        def _optimize_final_module(self) -> None:
            """Leave it to the callers."""

        def _finalize_final_module(self) -> None:
            self._finalize_dynamic_globals()
            self._finalized = True

    class _Compiler(Compiler):  # type: ignore[misc]  # numba has no types
        """Numba's, into such a library."""

        def __init__(self, typing: Any, target: Any, library: Any, *more: Any) -> None:
            super().__init__(typing, target, library, *more)
            if library is None:
                self.state.library = _Library(self.state.targetctx.codegen(), "inner")

    WITHOUT_CODE["pipeline_class"] = _Compiler
