"""Output of the command line: streams, files, warnings, and the exit status of every error.

===  =====================================================================================
  0  done
  1  the capture cannot be read, the result cannot be written, or an extra is not installed
  2  the command line is not valid
  70  a bug in pcapframe
130  interrupted
141  the reader of the output has closed the pipe
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
    """The reader of the output has closed the pipe."""


class ClosedOutput(io.TextIOWrapper):
    """Standard output of a process that was started without one: every write fails."""


def replace_closed_streams() -> None:
    """Open /dev/null in place of standard streams that are closed.

    Otherwise the next file opened could get the descriptor of standard output, and everything printed would go into it.
    """
    for number, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # gets the lowest free descriptor: this one
    if sys.stdout is None:
        sys.stdout = ClosedOutput(open(1, "wb", closefd=False))
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)


def exit_status(command: Callable[[], Any]) -> int:
    """Run a command; turn every error into one line on standard error and an exit status.

    Parameters
    ----------
    command : callable
        Runs click's command without standalone mode.

    Returns
    -------
    int
        The exit status.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # characters that the encoding lacks become escapes
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
        return _failed(_told(error), BAD_CAPTURE)
    except MemoryError:
        return _failed("there is not enough memory for this capture", BAD_CAPTURE)
    except Exception as error:  # a bug: one line and a status too, and how to get the traceback
        if os.environ.get("PCAPFRAME_TRACEBACK"):
            raise
        what = f"{type(error).__name__}: {error}"
        return _failed(f"pcapframe failed ({what}); PCAPFRAME_TRACEBACK=1 shows where", FAULT)


def _discard_output() -> None:
    """Discard the rest, so that flushing it at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _told(error: OSError) -> str:
    """Say what the system refused, and for which file."""
    if error.errno is None:
        return str(error)
    what = os.strerror(error.errno)
    return what if error.filename is None else f"{error.filename}: {what}"


def _failed(error: object, status: int) -> int:
    say(printable(f"Error: {error}"))
    return status


def say(text: str) -> None:
    """Write lines to standard error, with control characters escaped.

    Parameters
    ----------
    text : str
        One or more lines.
    """
    with contextlib.suppress(OSError):
        click.echo(printable(text, keep="\n"), err=True)


@contextlib.contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Write each warning of pcapframe to standard error as one line, when it occurs."""
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
    """Format an answer as JSON; keys keep their order.

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
    """Write text and a newline to a file or to standard output, with control characters escaped.

    Parameters
    ----------
    text : str
        One or more lines.
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
    """Refuse an output file that cannot be written, before the work begins.

    Parameters
    ----------
    path : str or None
        A file, ``-`` for standard output, or None.

    Raises
    ------
    UsageError
        Its folder does not exist or is not writable, or the path is a folder.
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
