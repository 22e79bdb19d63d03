"""Compiled kernels on disk: never stale, never in the way, and Numba has the parts that they rest on."""

import ast
import hashlib
import inspect
import os
import subprocess
from pathlib import Path
from typing import Any

import numba
import pytest

import pcapframe
from pcapframe import kernel_cache
from pcapframe.jit import jit
from tests.kernels import CALL, MODULE, make_package, run

SAID = "Compiling kernels for this machine (first use).\n"
PACKAGE = Path(pcapframe.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return make_package(tmp_path)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def kept(package: Path, cache: Path) -> Path:
    """The file of the kernel, after a first run."""
    assert run(package, cache, CALL) == ("2", SAID)
    (file,) = (cache / "kernels").iterdir()
    assert run(package, cache, CALL) == ("2", "")
    return file


# Never stale.


def test_an_edit_is_noticed(package: Path, cache: Path, kept: Path) -> None:
    (package / "capture" / "numbers.py").write_text(MODULE.format(added=10))
    assert run(package, cache, CALL) == ("11", SAID)
    (package / "capture" / "numbers.py").write_text(MODULE.format(added=1))
    assert run(package, cache, CALL) == ("2", "")


KERNEL = """
@jit
def kernel{number}(value):
    return value + {constant}
"""
IMPORTS = {
    "from pcapframe.elsewhere.constants import ADDED": "ADDED",
    "from pcapframe.elsewhere import constants": "constants.ADDED",
    "from pcapframe.elsewhere import (\n    constants as named,\n)": "named.ADDED",
    "import os, pcapframe.elsewhere.constants as named": "named.ADDED",
    "from pcapframe.elsewhere import AGAIN": "AGAIN",
    "from pcapframe.elsewhere.middle import PASSED_ON": "PASSED_ON",
}


def test_an_edited_constant_of_another_module_is_noticed_in_any_folder(package: Path, cache: Path) -> None:
    for name in ("elsewhere", "plots"):
        (package / name).mkdir()
    (package / "plots" / "__init__.py").touch()
    (package / "elsewhere" / "__init__.py").write_text("from pcapframe.elsewhere.constants import ADDED as AGAIN")
    (package / "elsewhere" / "middle.py").write_text("from pcapframe.elsewhere.constants import ADDED as PASSED_ON")
    calls = []
    for number, (imports, constant) in enumerate(IMPORTS.items()):
        source = f"from pcapframe.jit import jit\n{imports}\n{KERNEL.format(number=number, constant=constant)}"
        (package / "plots" / f"drawn{number}.py").write_text(source)
        calls.append(f"from pcapframe.plots.drawn{number} import kernel{number}; print(kernel{number}(1))")
    constants = package / "elsewhere" / "constants.py"
    code = "\n".join(calls)
    constants.write_text("ADDED = 1")
    assert run(package, cache, code) == ("2\n2\n2\n2\n2\n2", SAID)
    assert run(package, cache, code) == ("2\n2\n2\n2\n2\n2", "")
    constants.write_text("ADDED = 7")
    assert run(package, cache, code) == ("8\n8\n8\n8\n8\n8", SAID)


def test_a_kernel_whose_imports_are_not_followed_is_not_kept(package: Path, cache: Path) -> None:
    (package / "capture" / "constants.py").write_text("ADDED = 1")
    source = KERNEL.format(number="", constant="ADDED")
    source = f"from pcapframe.jit import jit\nfrom .constants import ADDED\n{source}"
    (package / "capture" / "numbers.py").write_text(source)
    for _ in range(2):
        assert run(package, cache, CALL) == ("2", SAID)


@pytest.mark.parametrize("imports", ["import os, \\\n    pcapframe.jit as jit", "from .constants import ADDED"])
def test_imports_that_are_not_followed_are_refused(package: Path, imports: str) -> None:
    place = package / "capture" / "reading.py"
    place.write_text(f"if True:\n    {imports}\n")
    with pytest.raises(ValueError, match="not followed"):
        kernel_cache._read(str(place))


def test_an_import_in_a_sentence_or_an_example_is_none(package: Path) -> None:
    place = package / "capture" / "saying.py"
    place.write_text('"""Of data from .other files.\n\n>>> import pcapframe as pf\n>>> from pcapframe import jit\n"""')
    assert kernel_cache._read(str(place))[1] == ()


def test_a_kernel_from_outside_the_package_is_not_kept(package: Path, cache: Path) -> None:
    (package.parent / "outside.py").write_text(MODULE.format(added=1))
    for _ in range(2):
        assert run(package, cache, "from outside import kernel; print(kernel(1))") == ("2", SAID)
    assert not cache.exists()


def _imported(source: Path) -> set[Path]:
    """Files of the package that a module imports, read from its syntax tree."""
    files: set[Path] = set()
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                files |= _files(alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source} has a relative import"
            for alias in node.names:
                files |= _files(f"{node.module}.{alias.name}") or _files(str(node.module))
    return files


def _files(name: str) -> set[Path]:
    first, *rest = name.split(".")
    place = PACKAGE.joinpath(*rest)
    found = (place.with_suffix(".py"), place / "__init__.py")
    return {path for path in found if first == "pcapframe" and path.is_file()}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_imports_of_every_module_are_followed(source: Path) -> None:
    assert set(kernel_cache._read(str(source))[1]) >= {str(path) for path in _imported(source)}


# Never in the way.


def test_a_damaged_file_is_thrown_away_and_made_anew(package: Path, cache: Path, kept: Path) -> None:
    whole = kept.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 16
    for damaged in (b"", b"\0" * 10, whole[:-100], flipped):
        kept.write_bytes(damaged)
        assert run(package, cache, CALL) == ("2", SAID)
    assert run(package, cache, CALL) == ("2", "")


@pytest.mark.parametrize("place", [0, 50, 99])
def test_a_flipped_bit_is_noticed(tmp_path: Path, place: int) -> None:
    content = bytearray(kernel_cache.CHECKSUM_BYTES) + b"machine code"
    content[: kernel_cache.CHECKSUM_BYTES] = hashlib.sha256(b"machine code").digest()
    content[len(content) * place // 100] ^= 16
    (tmp_path / "one.kernel").write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        kernel_cache._load(tmp_path / "one.kernel", None)


def test_what_another_numba_wrote_is_thrown_away(package: Path, cache: Path, kept: Path) -> None:
    code = (
        "from pcapframe.capture.numbers import kernel; from pcapframe import kernel_cache\n"
        "class Other:\n"
        "    def _rebuild(*_): raise TypeError('other arguments')\n"
        "kernel_cache.CompileResult = Other\n"
        "print(kernel(1))"
    )
    assert run(package, cache, code) == ("2", SAID)


def test_a_cache_that_is_a_file_is_not_used(package: Path, cache: Path) -> None:
    cache.touch()
    for _ in range(2):
        assert run(package, cache, CALL) == ("2", SAID)


@pytest.mark.parametrize("call", ["write", "replace", "mkdir"])
def test_a_full_disk_or_a_folder_without_permission_ends_nothing(package: Path, cache: Path, call: str) -> None:
    code = f"""
import errno, pathlib
def failing(self, *arguments, **named):
    raise OSError(errno.ENOSPC, "No space left on device")
def partly(self, content):
    with self.open("wb") as file:
        file.write(content[:100])
    failing(self)
if {call!r} == "write":
    pathlib.Path.write_bytes = partly
else:
    setattr(pathlib.Path, {call!r}, failing)
{CALL}
"""
    assert run(package, cache, code) == ("2", SAID)
    assert not cache.exists() or list((cache / "kernels").iterdir()) == []  # not even half a file


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_full_file_system_ends_nothing(package: Path, cache: Path) -> None:
    cache.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(cache)], check=False)
    if mounted.returncode:
        pytest.skip("this system does not let root mount")
    try:
        assert run(package, cache, CALL) == ("2", SAID)
        assert list((cache / "kernels").iterdir()) == []
    finally:
        subprocess.run(["umount", str(cache)], check=True)


def test_what_was_long_unused_is_removed(package: Path, cache: Path, kept: Path) -> None:
    old, recent, other = (kept.with_name(name) for name in ("old.kernel", "recent.kernel", "killed.123.part"))
    for file in (old, recent, other):
        file.touch()
    for file in (old, other):
        os.utime(file, (0, 0))
    os.utime(kept, (0, 0))
    assert run(package, cache, CALL) == ("2", "")  # used again, so not old
    (package / "capture" / "numbers.py").write_text(MODULE.format(added=10))
    run(package, cache, CALL)
    assert sorted(kept.parent.iterdir()) == sorted([kept, recent, *set(kept.parent.glob("capture.*")) - {kept}])


def test_loading_what_is_compiled_leaves_the_compiler_alone(package: Path, cache: Path) -> None:
    code = f"{CALL}; import sys; print('numba.np.linalg' in sys.modules)"
    assert run(package, cache, code)[0].split() == ["2", "True"]
    assert run(package, cache, code)[0].split() == ["2", "False"]


def test_loading_what_is_compiled_starts_neither_the_runtime_nor_extensions_of_others(
    package: Path, cache: Path
) -> None:
    code = (
        f"{CALL}; from numba.core import entrypoints, runtime\n"
        "print(runtime.rtsys._init, entrypoints._already_initialized)"
    )
    assert run(package, cache, code)[0].split()[:2] == ["2", "True"]
    assert run(package, cache, code)[0].split() == ["2", "False", "False"]


ALLOCATING = """
import numpy as np
from pcapframe.jit import jit

@jit
def copies(array):
    return array.copy(), array
"""


def test_what_was_loaded_calls_the_runtime(package: Path, cache: Path) -> None:
    (package / "capture" / "allocating.py").write_text(ALLOCATING)
    code = "import numpy as np; from pcapframe.capture.allocating import copies; print(*copies(np.arange(3)))"
    for said in (SAID, ""):
        assert run(package, cache, code) == ("[0 1 2] [0 1 2]", said)


PRINTING = """
from pcapframe.jit import inner_jit, jit

@inner_jit
def first(array):
    return array[0]

@jit
def shows(array):
    print(array)
    return first(array)
"""


def test_what_was_loaded_has_what_it_needs_to_make_python_objects(package: Path, cache: Path) -> None:
    (package / "capture" / "printing.py").write_text(PRINTING)
    code = "import numpy as np; from pcapframe.capture.printing import shows; print(shows(np.arange(3)))\n"
    assert run(package, cache, code) == ("[0 1 2]\n0", SAID)
    code += "(made,) = shows.overloads.values()\n"
    code += "print([one.env_name.split('printing')[1][:6] for one in made.referenced_envs], repr(made.type_annotation))"
    assert run(package, cache, code) == ("[0 1 2]\n0\n['5shows'] ''", "")


def test_what_was_loaded_becomes_part_of_a_kernel_that_calls_it(package: Path, cache: Path, kept: Path) -> None:
    caller = "from pcapframe.capture.numbers import kernel\nfrom pcapframe.jit import jit\n"
    caller += "@jit\ndef twice(value):\n    return kernel(value) + kernel(value)\n"
    (package / "capture" / "calling.py").write_text(caller)
    call = f"{CALL}; from pcapframe.capture.calling import twice; print(twice(1))"
    assert run(package, cache, call) == ("2\n4", SAID)
    assert run(package, cache, call) == ("2\n4", "")


def test_functions_that_only_kernels_call_are_left_alone_where_nothing_is_compiled(package: Path, cache: Path) -> None:
    code = f"{CALL}; from pcapframe.capture.numbers import callee; print('_compiled' in vars(callee))"
    assert run(package, cache, code)[0].split() == ["2", "True"]
    assert run(package, cache, code)[0].split() == ["2", "False"]


def test_every_kernel_of_ours_is_kept() -> None:
    sources = [path for path in SOURCES if "import jit" in path.read_text() or "jit, " in path.read_text()]
    assert len(sources) >= 10
    assert [path for path in sources if kernel_cache.source_digest(str(path)) is None] == []


# Kernels that the package carries.


@pytest.fixture
def shipped(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the kernel in the package, compiled for any processor of this kind."""
    monkeypatch.setenv("NUMBA_CPU_NAME", kernel_cache.ANY_PROCESSOR[0])
    monkeypatch.setenv("NUMBA_CPU_FEATURES", kernel_cache.ANY_PROCESSOR[1])
    assert run(package, tmp_path / "other", CALL) == ("2", SAID)
    monkeypatch.delenv("NUMBA_CPU_NAME")
    monkeypatch.delenv("NUMBA_CPU_FEATURES")
    (tmp_path / "other" / "kernels").rename(package / "kernels")
    (file,) = (package / "kernels").iterdir()
    return file


def test_a_kernel_that_the_package_carries_is_used(package: Path, cache: Path, shipped: Path) -> None:
    before = shipped.stat()
    assert run(package, cache, CALL) == ("2", "")
    assert not cache.exists()
    after = shipped.stat()
    assert (after.st_mtime_ns, after.st_size) == (before.st_mtime_ns, before.st_size)


def test_it_is_not_used_after_an_edit(package: Path, cache: Path, shipped: Path) -> None:
    (package / "capture" / "numbers.py").write_text(MODULE.format(added=10))
    assert run(package, cache, CALL) == ("11", SAID)


def test_a_damaged_one_is_passed_over_and_left(package: Path, cache: Path, shipped: Path) -> None:
    damaged = shipped.read_bytes()[:-100]
    shipped.write_bytes(damaged)
    assert run(package, cache, CALL) == ("2", SAID)
    assert run(package, cache, CALL) == ("2", "")
    assert shipped.read_bytes() == damaged


def test_one_with_bounds_checks_is_compiled(
    package: Path, cache: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    assert run(package, cache, CALL) == ("2", SAID)


# Private parts of Numba. A version that fails here needs another `kernel_cache`, or a bound in pyproject.toml;
# without these parts kernels still work, but are compiled in every process.


@jit
def doubled(value: Any) -> Any:
    return 2 * value


def test_numba_has_the_private_parts_that_the_cache_rests_on() -> None:
    kernel: Any = doubled
    parts: Any = kernel_cache
    version = f"numba {numba.__version__}"
    assert parts.NullCache is not None, f"{version} lacks what kernel_cache imports of it"
    assert kernel(2) == 4
    assert isinstance(kernel._cache, parts._KernelCache)
    for method in ("load_overload", "save_overload"):
        mine, other = (inspect.signature(getattr(owner, method)) for owner in (parts._KernelCache, parts.NullCache))
        assert list(mine.parameters) == list(other.parameters), f"{version} calls {method} with other arguments"
    (result,) = kernel.overloads.values()
    rebuilt = parts.CompileResult._rebuild(kernel.targetctx, *result._reduce())
    assert rebuilt.signature == result.signature
    assert not result.lifted
    assert result.library.has_dynamic_globals is False
    assert result.codegen.magic_tuple() == kernel.targetctx.codegen().magic_tuple()
    assert "NRT_Allocate" in {f"NRT_{name}" for name in parts._nrt_python.c_helpers}
    assert "_compilation_chain_init_hook" in dir(type(kernel)), f"{version} looks for extensions elsewhere"


def test_without_these_parts_each_process_compiles(package: Path, cache: Path) -> None:
    code = (
        "import numba.core.compiler as compiler; result = compiler.CompileResult; del compiler.CompileResult\n"
        f"import pcapframe.kernel_cache; compiler.CompileResult = result; {CALL}"
    )
    assert run(package, cache, code) == ("2", SAID)
    assert not cache.exists()
