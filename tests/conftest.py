"""What every test may use: hypothesis profiles, programs from outside PyPI, the shared corpus of captures."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest

os.environ.pop("COLUMNS", None)  # xdist sets it in its workers, and texts would have that width

ROOT = Path(__file__).parent.parent

# No deadline: the first example may compile kernels. The same examples each time, except when fuzzing; CI takes the
# first of them.
hypothesis.settings.register_profile("default", deadline=None, derandomize=True)
IN_CI = 15  # examples
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, max_examples=IN_CI)
FUZZED = 5_000  # examples
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=FUZZED)
hypothesis.settings.load_profile("default")

if os.environ.get("NUMBA_BOUNDSCHECK"):  # `make fuzz`
    from benchmarks.checked_kernels import check_below_zero

    check_below_zero()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what reads captures of others, so that it can be left out."""
    for item in items:
        if "shared_corpus" in getattr(item, "fixturenames", ()):
            item.add_marker("corpus")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is missing, or fail it where PCAPFRAME_REQUIRE names the program."""
    for mark in item.iter_markers("needs_program"):
        (program,) = mark.args
        if shutil.which(program) is None:
            required = program in os.environ.get("PCAPFRAME_REQUIRE", "").split()
            (pytest.fail if required else pytest.skip)(f"needs the program {program}, which is not installed")


def sampled(all_of_them: Sequence[Any], most: int) -> Sequence[Any]:
    """Evenly spread ones, in CI half of them, so that a test takes seconds; all of them in `make fuzz`."""
    examples = hypothesis.settings().max_examples
    return all_of_them if examples >= FUZZED else _spread(all_of_them, most // 2 if examples <= IN_CI else most)


def in_ci(all_of_them: Sequence[Any], most: int) -> Sequence[Any]:
    """Evenly spread ones in CI, which shows that the check holds; all of them in `make test` by itself."""
    return _spread(all_of_them, most) if hypothesis.settings().max_examples <= IN_CI else all_of_them


def examples(count: int) -> int:
    """Return of how many examples a property is tried whose examples take long: in CI of a third."""
    return count // 3 if hypothesis.settings().max_examples <= IN_CI else count


def _spread(all_of_them: Sequence[Any], most: int) -> Sequence[Any]:
    return all_of_them[:: max(1, -(-len(all_of_them) // most))]


@pytest.fixture(scope="session")
def shared_corpus() -> Path:
    """Folder of captures from other projects, where it lies beside the checkout."""
    folder = ROOT.parent / "shared" / "corpus"
    if not folder.is_dir():
        pytest.skip("no ../shared/corpus beside this checkout")
    return folder
