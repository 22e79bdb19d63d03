"""Output files that are never half written, and temporary files that are always removed."""

import contextlib
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

__all__ = ["exit_on_sigterm", "name_file", "written_aside"]


@contextlib.contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Make SIGTERM raise `SystemExit` inside the block, so that temporary files are removed.

    Does nothing outside the main thread, or if a handler is already set.

    Raises
    ------
    SystemExit
        With the status that a shell gives a process ended by this signal, 143.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _exit(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


@contextlib.contextmanager
def written_aside(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file for writing that gets its name only when it is complete.

    Parameters
    ----------
    path : path
        The file. If it exists and is not a regular file, such as ``/dev/stdout``, it is written directly.

    Yields
    ------
    binary file
        Open for writing. If the block fails, an existing file of this name is unchanged.
    """
    target = Path(path)
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    target = target.resolve()
    aside = ""
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
            aside = file.name
            yield file
        os.chmod(aside, _mode_of(target))
        os.replace(aside, target)
    except BaseException as error:
        if aside:
            with contextlib.suppress(FileNotFoundError):  # already renamed
                os.unlink(aside)
        name_file(error, path)
        raise


def name_file(error: BaseException, path: str | os.PathLike[str]) -> None:
    """Add to an error of the system, such as a full disk, which file was being written.

    Parameters
    ----------
    error : exception
        If it is an OSError that names no file, it names this one from now on.
    path : path
        As its user called it.
    """
    if isinstance(error, OSError) and error.errno is not None and error.filename is None:
        error.filename = os.fspath(path)


def _mode_of(target: Path) -> int:
    """Return the permissions of an existing file, or the default for a new one."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
