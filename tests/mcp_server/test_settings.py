"""What the user of the server decides."""

import dataclasses
from pathlib import Path

import pytest

from pcapframe.mcp_server import Settings


def test_by_default_the_working_directory_may_be_read_and_no_host_asked() -> None:
    settings = Settings()
    assert settings.roots == (Path(),)
    assert settings.allow_hosts == ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.roots = ()  # type: ignore[misc]
