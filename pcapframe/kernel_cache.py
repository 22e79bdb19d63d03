"""Compiled kernels on disk: optional, checked, and never stale.

Numba's own cache checks only the file that holds a function. It serves stale machine code after an edit to a function
or constant imported from another module, and a full disk or a damaged file ends the program. Here each kernel is one
file with a checksum, named by a hash of everything that its machine code depends on. If the file cannot be read,
written or verified, the kernel is compiled again.

A wheel carries kernels that were compiled while it was built (see ``shipping``), for any processor of the kind. They
are named in the same way, and used where the same Python and Numba run them: then nothing is compiled at first use.

This uses private parts of Numba. With a version that lacks them, kernels are not cached;
``tests/test_kernel_cache.py`` says which part is missing.
"""

import contextlib
import hashlib
import os
import pickle
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding
import numba

from pcapframe import beside

try:
    from numba.core.caching import NullCache
    from numba.core.codegen import JITCodeLibrary
    from numba.core.compiler import CompileResult
    from numba.core.runtime import _nrt_python
    from numba.core.serialize import dumps
except ImportError:  # another version of Numba
    NullCache = JITCodeLibrary = None

__all__ = ["attach", "cache_folder", "source_digest"]

PACKAGE = Path(__file__).parent
WITHIN = os.path.join(PACKAGE, "")  # what the path of each of its modules begins with
KEEP_UNUSED_S = 30 * 86400  # a kernel's file is removed after this long without use
SHIPPED = PACKAGE / "kernels"
ANY_PROCESSOR = ("generic", "")  # Numba's name and features of a processor that has only what all of its kind have
CHECKSUM_BYTES = hashlib.sha256().digest_size
# Machine code calls Python by its binary interface, which a patch release leaves alone.
PYTHON = (sys.implementation.cache_tag, getattr(sys, "abiflags", ""))
# Each begins with a word, which is found many times faster than the beginning of a line.
FROM = re.compile(rb"from[ \t]+(%b[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)" % PACKAGE.name.encode())
IMPORT = re.compile(rb"import[ \t]+([^\n]*%b[^\n]*)" % PACKAGE.name.encode())
RELATIVE = re.compile(rb"from[ \t]+(\.)")  # not followed


def cache_folder() -> Path:
    """Return the folder of the compiled kernels, whether or not it exists.

    Returns
    -------
    Path
        Below ``PCAPFRAME_CACHE_DIR`` if the environment sets it, otherwise below the user's cache folder.
    """
    import platformdirs  # noqa: PLC0415  # not where the package carries its kernels

    return Path(os.environ.get("PCAPFRAME_CACHE_DIR") or platformdirs.user_cache_dir("pcapframe")) / "kernels"


@cache
def _read(file: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the hash of a module's file, and the files of the package's modules that it imports."""
    with open(file, "rb") as opened:
        source = opened.read()
    if b"\\\n" in source or any(_statements(RELATIVE, source)):
        raise ValueError(f"{file} has imports that are not followed: write them as from {PACKAGE.name}. … import …")
    files: set[str] = set()
    for (plain,) in _statements(IMPORT, source):
        for name in re.findall(r"(?:^|,)\s*([\w.]+)", plain.decode()):
            files |= _module_files(name)
    for module, imported in _statements(FROM, source):
        parts = module.decode()
        names = re.sub(r"#.*", "", imported.decode())
        inner = [_module_files(f"{parts}.{name}") for name in re.findall(r"(?:^|[(,])\s*(\w+)", names)]
        files |= set().union(*inner)
        if not inner or not all(inner):  # an imported name is no module: it is in the one after "from"
            files |= _module_files(parts)
    return hashlib.sha256(source).digest(), tuple(files)


def _statements(pattern: re.Pattern[bytes], source: bytes) -> Iterator[tuple[bytes, ...]]:
    """Yield the groups of each match that begins a line; before it are only blanks."""
    for match in pattern.finditer(source):
        if not source[source.rfind(b"\n", 0, match.start()) + 1 : match.start()].strip():
            yield match.groups()


@cache
def _module_files(name: str) -> set[str]:
    """Return the file of one of the package's modules; an empty set for any other name."""
    package, _, inner = name.partition(".")
    if package != PACKAGE.name:
        return set()
    place = WITHIN + inner.replace(".", os.sep)
    return {path for path in (f"{place}.py", os.path.join(place, "__init__.py")) if path in _sources()}


@cache
def _sources() -> frozenset[str]:
    """Return the files of all modules of the package."""
    folders = os.walk(PACKAGE)
    return frozenset(os.path.join(folder, file) for folder, _, files in folders for file in files if file[-3:] == ".py")


@cache
def source_digest(file: str) -> bytes | None:
    """Return a hash of a module of the package and of all modules of the package that it imports, even indirectly.

    Parameters
    ----------
    file : str
        Absolute path of the module.

    Returns
    -------
    bytes or None
        None if the imports cannot be followed: outside the package, unreadable, or with relative imports.
    """
    if not file.startswith(WITHIN):
        return None
    seen: dict[str, bytes] = {}
    left = [file, __file__, os.path.join(PACKAGE, "jit.py")]
    try:
        while left:
            one = left.pop()
            if one not in seen:
                seen[one], imported = _read(one)
                left += imported
    except (OSError, ValueError):
        return None
    digest = hashlib.sha256()
    for one in sorted(seen):
        digest.update(one.removeprefix(WITHIN).encode() + b"\0" + seen[one])
    return digest.digest()


def attach(dispatcher: Any, function: Callable[..., Any]) -> None:
    """Make a Numba dispatcher cache its machine code on disk.

    Parameters
    ----------
    dispatcher : Dispatcher
        What ``numba.njit`` returned.
    function : callable
        The function that it compiles. Functions from outside the package are not cached.
    """
    if NullCache is not None:
        dispatcher._cache = _KernelCache(function)
        dispatcher._compilation_chain_init_hook = _look_for_nothing


def _look_for_nothing() -> None:
    """Take the place of Numba's search of all installed packages for types of others, which kernels do not take."""


class _KernelCache(NullCache or object):  # type: ignore[misc]  # numba has no types
    """One kernel's files, one for each signature.

    No error leaves this class: whatever goes wrong, the kernel can still be compiled.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled kernel for a signature, or None.

        Numba's own cache first starts its runtime and loads every module that compiling could need, which takes a
        quarter of the time for a small capture.
        """
        with contextlib.suppress(Exception):  # not shipped, damaged, or from another Numba: as if there were none
            triple, *_ = target_context.codegen().magic_tuple()
            name = self._name(sig, (triple, *ANY_PROCESSOR))
            if name is not None:
                return _load(SHIPPED / name, target_context)
        path = None
        try:
            path = self._path(sig, target_context.codegen())
            if path is None:
                return None
            if not path.exists():
                beside.await_claimed(path)
            result = _load(path, target_context)
            with contextlib.suppress(OSError):
                os.utime(path)
            return result
        except FileNotFoundError:
            if path is not None:
                beside.claim(path)
            return None
        except Exception:  # damaged, unreadable, or from another Numba: compile again
            if path is not None:
                with contextlib.suppress(OSError):
                    path.unlink()
            return None

    def save_overload(self, sig: Any, cres: Any) -> None:
        """Write a compiled kernel to disk, if possible."""
        with contextlib.suppress(Exception):
            path = self._path(sig, cres.codegen)
            if path is None or cres.library.has_dynamic_globals or cres.lifted:
                return
            payload = dumps(_what_runs(cres))
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_unused(path.parent)
            _write(path, hashlib.sha256(payload).digest() + payload)
            beside.release(path)

    def _path(self, sig: Any, codegen: Any) -> Path | None:
        """Return the file for a signature; None if the sources cannot be followed."""
        name = self._name(sig, codegen.magic_tuple())
        return None if name is None else cache_folder() / name

    def _name(self, sig: Any, target: tuple[str, str, str]) -> str | None:
        """Return the name of the file for a signature and a processor; None if the sources cannot be followed."""
        sources = source_digest(self._function.__code__.co_filename)
        if sources is None:
            return None
        name = f"{self._function.__module__}.{self._function.__qualname__}"
        versions = (PYTHON, numba.__version__, llvmlite.__version__, numba.config.BOUNDSCHECK)
        depends_on = repr((name, sources, versions, target, str(sig)))
        shown = re.sub(r"[^\w.]", "", name.removeprefix(f"{PACKAGE.name}."))[-80:]
        return f"{shown}-{hashlib.sha256(depends_on.encode()).hexdigest()[:24]}.kernel"


def _what_runs(cres: Any) -> tuple[Any, ...]:
    """Return what a kernel is made anew from, without what was noted while it was compiled.

    Numba also keeps its types line by line, half of the file, and what each function that became part of it would need
    to make Python objects, which hardly any does: to load that takes a quarter of the time.
    """
    code = str(cres.library._final_module)
    *parts, environments = cres._replace(type_annotation="")._reduce()
    return (*parts, tuple(one for one in environments if code.count(one.env_name) != 1))  # 1: declared and not used


def _load(path: Path, target_context: Any) -> Any:
    """Return the compiled kernel in a file; raise whatever goes wrong."""
    content = path.read_bytes()
    payload = memoryview(content)[CHECKSUM_BYTES:]
    if hashlib.sha256(payload).digest() != content[:CHECKSUM_BYTES]:
        raise ValueError("damaged")
    _name_runtime()
    result = CompileResult._rebuild(_Target(target_context), *pickle.loads(payload))
    return result._replace(target_context=target_context)


@cache
def _name_runtime() -> None:
    """Tell LLVM where the functions of Numba's runtime are that kernels call.

    Starting the runtime does that too, but first compiles what only other kernels can be linked with. Where one is
    compiled, Numba starts it.
    """
    for name, address in _nrt_python.c_helpers.items():
        llvmlite.binding.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


class _Target:
    """What Numba knows of the processor, to which compiled code is added as it lies on the disk."""

    def __init__(self, target_context: Any) -> None:
        self._target_context = target_context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target_context, name)

    def codegen(self) -> "_Target":
        """Return what `unserialize_library` is asked of."""
        return self

    def unserialize_library(self, serialized: tuple[str, str, tuple[bytes, bytes]]) -> Any:
        """Return the library of a kernel, from its name, "object", and what `_Library` needs."""
        name, _, (machine_code, for_callers) = serialized
        return _Library(self._target_context.codegen(), name, machine_code, for_callers)


class _Library(JITCodeLibrary or object):  # type: ignore[misc]  # numba has no types
    """The machine code of a kernel, from the disk.

    What makes it part of kernels that call it is parsed when such a kernel is compiled. Numba parses it at once, and
    asks for the name of everything in it, which takes longer than all else.
    """

    def __init__(self, codegen: Any, name: str, machine_code: bytes, for_callers: bytes) -> None:
        self._for_callers, self._module = for_callers, None
        super().__init__(codegen, name)
        self.enable_object_caching()
        self._set_compiled_object(machine_code)
        self._finalize_final_module()

    @property
    def _shared_module(self) -> Any:
        if self._module is None:
            self._module = llvmlite.binding.parse_bitcode(self._for_callers)
        return self._module

    @_shared_module.setter
    def _shared_module(self, module: Any) -> None:
        """Numba sets None."""

    def get_pointer_to_function(self, name: str) -> int:
        """Return the address of a function that the library has."""
        return int(self.codegen._engine.get_function_address(name))


def _write(path: Path, content: bytes) -> None:
    """Write a file that gets its name only when it is complete; leave nothing behind if that fails."""
    aside = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise


@cache
def _remove_unused(folder: Path) -> None:
    """Remove files that have not been used for long, once per process."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > KEEP_UNUSED_S:
                path.unlink()
