"""Servers that several tests share: starting one takes seconds."""

from collections.abc import Iterator

import pytest

from tests.mcp_server.clients import Blocking, stdio


@pytest.fixture(scope="session")
def served() -> Iterator[Blocking]:
    """A client over stdio, of a server that reads the captures in data/."""
    with stdio() as client:
        yield client
