"""A cluster that all tests of this folder share: starting one takes seconds."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """Two workers, each a process of its own."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, memory_limit="2GB", dashboard_address=None,
            silence_logs=50, env={"PCAPFRAME_THREADS": "1"},
        ) as made,
        distributed.Client(made) as client,
    ):  # fmt: skip
        yield client
