"""Where the command line writes: streams, files, warnings, and the exit status of every error.

===  =====================================================================================
  0  done
  1  the capture cannot be read, the result cannot be written, or an extra is not installed
  2  the command line is not valid
  70  a fault of pcapframe
130  interrupted
141  whoever read the output has closed it
===  =====================================================================================
"""

import contextlib
import errno
import io
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from pcapframe.errors import ParameterError, PcapframeError, PcapframeWarning
from pcapframe.files import written_aside
from pcapframe.wording import printable

__all__ = [
    "STDOUT",
    "OutputClosed",
    "check_writable",
    "exit_status",
    "json_text",
    "replace_closed_streams",
    "say",
    "warnings_as_lines",
    "write",
]

STDOUT = "-"
BAD_CAPTURE, BAD_USAGE, FAULT, INTERRUPTED, CLOSED = 1, 2, 70, 130, 141


class OutputClosed(Exception):
    """Whoever read the output has closed it."""


class ClosedOutput(io.TextIOWrapper):
    """Standard output of a process that was started without one: what is written to it fails."""


def replace_closed_streams() -> None:
    """Take the places of standard streams that were closed before the start.

    Else the next file that is opened would get the number of one, and what is written to the other.
    """
    for number, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # gets the lowest number that is free: this one
    if sys.stdout is None:
        sys.stdout = ClosedOutput(open(1, "wb", closefd=False))
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)


def exit_status(command: Callable[[], Any]) -> int:
    """Run a command; whatever goes wrong becomes one line on standard error and an exit status.

    Parameters
    ----------
    command : callable
        The command line, in click's way without standalone mode.

    Returns
    -------
    int
        The exit status.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what the terminal's encoding lacks is written as its code
            stream.reconfigure(errors="backslashreplace")
    try:
        with warnings_as_lines():
            status = command()
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(file=shown)
        usage, mark, message = shown.getvalue().removesuffix("\n").partition("Error: ")
        say(f"{usage}{mark}{printable(message)}")
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return INTERRUPTED
    except ParameterError as error:
        return _failed(error, BAD_USAGE)
    except PcapframeError as error:
        return _failed(error, BAD_CAPTURE)
    except (BrokenPipeError, OutputClosed):
        _discard_output()
        return CLOSED
    except OSError as error:
        if error.errno == errno.EBADF and isinstance(sys.stdout, ClosedOutput):
            _discard_output()
            return _failed("standard output is closed", BAD_CAPTURE)
        return _failed(error, BAD_CAPTURE)
    except MemoryError:
        return _failed("there is not enough memory for this capture", BAD_CAPTURE)
    except Exception as error:  # a fault of ours: one line and a status too, with the way to its traceback
        if os.environ.get("PCAPFRAME_TRACEBACK"):
            raise
        what = f"{type(error).__name__}: {error}"
        return _failed(f"pcapframe failed ({what}); PCAPFRAME_TRACEBACK=1 shows where", FAULT)


def _discard_output() -> None:
    """Write the rest to nowhere, so that flushing it at the end of the process does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: object, status: int) -> int:
    say(printable(f"Error: {error}"))
    return status


def say(text: str) -> None:
    """Write lines to standard error, without what could steer a terminal.

    Parameters
    ----------
    text : str
        What is said.
    """
    with contextlib.suppress(OSError):
        click.echo(printable(text, keep="\n"), err=True)


@contextlib.contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Write every warning of pcapframe to standard error at once, as one line."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", PcapframeWarning)
        before = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
            if issubclass(category, PcapframeWarning):
                say(printable(f"Warning: {message}"))
            else:
                before(message, category, *rest, **named)

        warnings.showwarning = show
        yield


def json_text(answer: Any) -> str:
    """Write an answer as JSON, its keys in the order of the answer.

    Parameters
    ----------
    answer : dict
        Plain Python objects.

    Returns
    -------
    str
        Indented, ASCII only.
    """
    return json.dumps(answer, indent=2, allow_nan=False).replace("\x7f", "\\u007f")


def write(text: str, path: str) -> None:
    """Write text and a line end to a file or to standard output, without what could steer a terminal.

    Parameters
    ----------
    text : str
        What is written.
    path : str
        A file, or ``-`` for standard output.
    """
    lines = "".join(f"{printable(line)}\n" for line in text.split("\n"))
    if path == STDOUT:
        sys.stdout.write(lines)
        return
    with written_aside(path) as file:
        file.write(lines.encode("utf-8", "backslashreplace"))


def check_writable(path: str | None) -> None:
    """Refuse a file that cannot be written, before the work begins.

    Parameters
    ----------
    path : str or None
        A file, ``-`` for standard output, or None.

    Raises
    ------
    UsageError
        Its folder is not there or cannot be written, or it is a folder itself.
    """
    if path is None or path == STDOUT:
        return
    target = Path(path)
    folder = target.resolve().parent
    if target.is_dir():
        raise click.UsageError(f"{path}: is a folder, expected a file to write")
    if not folder.is_dir():
        raise click.UsageError(f"{path}: there is no folder {folder}")
    if not os.access(target if target.exists() and not target.is_file() else folder, os.W_OK):
        raise click.UsageError(f"{path}: cannot be written")
