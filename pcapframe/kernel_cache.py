"""Compiled kernels on disk: optional, checked, and never stale.

Numba's own cache looks only at the file that holds a function, so it serves stale machine code after an edit of a
function or a constant that is imported from another module; and a full disk or a damaged file ends the program. Here
each kernel is one file, named after everything that its machine code depends on, with a checksum. A file that cannot
be read, written or trusted only costs time: the kernel is compiled again.

This rests on private parts of Numba. Where a version lacks them, kernels are not kept; ``tests/test_kernel_cache.py``
says which part is missing.
"""

import contextlib
import hashlib
import os
import pickle
import re
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import platformdirs

try:
    from numba.core.caching import NullCache
    from numba.core.compiler import CompileResult
    from numba.core.runtime import rtsys
    from numba.core.serialize import dumps
except ImportError:  # another version of Numba
    NullCache = None

__all__ = ["attach", "cache_folder", "source_digest"]

PACKAGE = Path(__file__).parent
KEEP_UNUSED_S = 30 * 86400  # a kernel's file is removed after this long without use
CHECKSUM_BYTES = hashlib.sha256().digest_size
IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(%b[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]*))"
    % PACKAGE.name.encode(),
    re.MULTILINE,
)
NOT_FOLLOWED = re.compile(rb"^[ \t]*from[ \t]+\.|\\\n", re.MULTILINE)  # imports that IMPORT does not read


def cache_folder() -> Path:
    """Return the folder of the compiled kernels, which need not exist.

    Returns
    -------
    Path
        Below the environment variable ``PCAPFRAME_CACHE_DIR``, or below the user's folder for caches.
    """
    return Path(os.environ.get("PCAPFRAME_CACHE_DIR") or platformdirs.user_cache_dir("pcapframe")) / "kernels"


@cache
def _read(file: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the hash of a module's file and the files of the package that it imports."""
    source = Path(file).read_bytes()
    if NOT_FOLLOWED.search(source):
        raise ValueError(f"{file} has imports that are not followed: write them as from {PACKAGE.name}. … import …")
    files: set[str] = set()
    for module, imported, plain in IMPORT.findall(source):
        for name in re.findall(r"(?:^|,)\s*([\w.]+)", plain.decode()):
            files |= _module_files(name.split("."))
        parts = module.decode().split(".")
        names = re.sub(r"#.*", "", imported.decode())
        inner = [_module_files([*parts, name]) for name in re.findall(r"(?:^|[(,])\s*(\w+)", names)]
        files |= set().union(*inner)
        if not inner or not all(inner):  # what is imported is no module, but something in it
            files |= _module_files(parts)
    return hashlib.sha256(source).digest(), tuple(files)


def _module_files(name: list[str]) -> set[str]:
    """Return the file of a module of the package; none for what is no such module."""
    if name[0] != PACKAGE.name:
        return set()
    place = os.path.join(PACKAGE, *name[1:])
    return {path for path in (f"{place}.py", os.path.join(place, "__init__.py")) if os.path.isfile(path)}


@cache
def source_digest(file: str) -> bytes | None:
    """Return a hash of a module of the package and of all that it imports of the package, directly or not.

    Parameters
    ----------
    file : str
        Of the module, absolute.

    Returns
    -------
    bytes or None
        None for a file that cannot be followed: outside the package, unreadable, or with relative imports.
    """
    if not file.startswith(os.path.join(PACKAGE, "")):
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
        digest.update(os.path.relpath(one, PACKAGE).encode() + b"\0" + seen[one])
    return digest.digest()


def attach(dispatcher: Any, function: Callable[..., Any]) -> None:
    """Have a dispatcher of Numba keep its machine code on disk.

    Parameters
    ----------
    dispatcher : Dispatcher
        What ``numba.njit`` returned.
    function : callable
        The function that it compiles. One from outside the package is not kept: its sources are not followed.
    """
    if NullCache is not None:
        dispatcher._cache = _KernelCache(function)


class _KernelCache(NullCache or object):  # type: ignore[misc]  # numba has no types
    """One kernel's files, one for each signature.

    Whatever goes wrong here, the kernel can be compiled: so no error leaves this class.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled kernel for a signature, or None.

        Loading only starts the runtime. Numba's own cache first loads every module that compiling could need, which
        takes a quarter of the time of a small capture.
        """
        path = None
        try:
            path = self._path(sig, target_context.codegen())
            if path is None:
                return None
            content = path.read_bytes()
            payload = memoryview(content)[CHECKSUM_BYTES:]
            if hashlib.sha256(payload).digest() != content[:CHECKSUM_BYTES]:
                raise ValueError("damaged")
            with contextlib.suppress(OSError):
                os.utime(path)
            rtsys.initialize(target_context)
            return CompileResult._rebuild(target_context, *pickle.loads(payload))
        except FileNotFoundError:
            return None
        except Exception:  # damaged, unreadable, or of another Numba: made anew
            if path is not None:
                with contextlib.suppress(OSError):
                    path.unlink()
            return None

    def save_overload(self, sig: Any, cres: Any) -> None:
        """Keep a compiled kernel, if that is possible."""
        with contextlib.suppress(Exception):
            path = self._path(sig, cres.codegen)
            if path is None or cres.library.has_dynamic_globals or cres.lifted:
                return
            payload = dumps(cres._reduce())
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_unused(path.parent)
            _write(path, hashlib.sha256(payload).digest() + payload)

    def _path(self, sig: Any, codegen: Any) -> Path | None:
        """Return the file of a signature; None where the sources cannot be followed."""
        sources = source_digest(self._function.__code__.co_filename)
        if sources is None:
            return None
        name = f"{self._function.__module__}.{self._function.__qualname__}"
        versions = (sys.version, numba.__version__, llvmlite.__version__, numba.config.BOUNDSCHECK)
        depends_on = repr((name, sources, versions, codegen.magic_tuple(), str(sig)))
        shown = re.sub(r"[^\w.]", "", name.removeprefix(f"{PACKAGE.name}."))[-80:]
        return cache_folder() / f"{shown}-{hashlib.sha256(depends_on.encode()).hexdigest()[:24]}.kernel"


def _write(path: Path, content: bytes) -> None:
    """Write a file that appears under its name when all of it is written; leave nothing where that fails."""
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
    """Remove what was not used for long, once a process."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > KEEP_UNUSED_S:
                path.unlink()
