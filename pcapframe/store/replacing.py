"""A folder that gets its name only when it is complete."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pcapframe.errors import ParameterError
from pcapframe.files import name_file
from pcapframe.store.folder import is_store

__all__ = ["new_folder"]

GONE_WITHIN_S = 20.0  # a task that was cancelled may still be writing


@contextmanager
def new_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """Make a folder that gets its name only when it is complete.

    Parameters
    ----------
    folder : path
        The folder; if it exists, it is a store, which is replaced.

    Yields
    ------
    Path
        An empty folder beside it. If the block fails, it is removed.

    Raises
    ------
    ParameterError
        `folder` exists and is no store.
    """
    target = Path(folder).absolute()
    if os.path.lexists(target) and not is_store(target) and not (target.is_dir() and not any(target.iterdir())):
        raise ParameterError(f"{folder} exists and is no store: choose another folder")
    aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        inner = aside / "new"
        inner.mkdir()
        yield inner
        if target.exists():
            os.rename(target, aside / "old")
        try:
            os.rename(inner, target)
        except OSError:
            if (aside / "old").exists():
                os.rename(aside / "old", target)
            raise
    except OSError as error:
        name_file(error, folder)
        raise
    finally:
        _remove(aside)


def _remove(folder: Path) -> None:
    """Remove a folder, into which others may still write: once it is gone, they cannot any more."""
    deadline = time.monotonic() + GONE_WITHIN_S
    while True:
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists() or time.monotonic() > deadline:
            return
        time.sleep(0.05)
