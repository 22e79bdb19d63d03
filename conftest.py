"""What tests and doctests share: charts without windows or figures left open, and a heap that is looked at once."""

import gc
import os
import sys
from collections.abc import Iterator

import pytest

os.environ.setdefault("MPLBACKEND", "Agg")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let each test run once."""
    parser.addoption("--each-once", action="store_true", help="of a test with parameters, run the first set alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the first set of parameters of each test."""
    if config.getoption("--each-once"):
        first = {item.nodeid.partition("[")[0]: item for item in reversed(items)}
        one = [first[item.nodeid.partition("[")[0]] is item for item in items]
        config.hook.pytest_deselected(items=[item for item, kept in zip(items, one, strict=True) if not kept])
        items[:] = [item for item, kept in zip(items, one, strict=True) if kept]


def pytest_collection() -> None:
    """Collect no garbage while tests are: a fifth of that time would go into looking for it."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Keep what is loaded out of every later look for garbage."""
    gc.enable()
    gc.freeze()


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """Close pyplot's figures: it warns of more than twenty."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")
