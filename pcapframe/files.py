"""Files that are never half written."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["written_aside"]


@contextlib.contextmanager
def written_aside(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file to write that appears under its name when all of it is written.

    Parameters
    ----------
    path : path
        The file. What is not a regular file, such as ``/dev/stdout``, is written as it is.

    Yields
    ------
    binary file
        To be written; the file is as before if that fails.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    target = target.resolve()
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        try:
            yield file
            file.close()
            os.chmod(file.name, _mode_of(target))
            os.replace(file.name, target)
        except BaseException:
            os.unlink(file.name)
            raise


def _mode_of(target: Path) -> int:
    """Permissions of a file, or those that a new one gets."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
