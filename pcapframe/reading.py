"""Read captures into columns, one after another, and show how far that is."""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import accumulate
from typing import Any, Literal

from pcapframe.capture.columns import PacketColumns
from pcapframe.capture.facts import CaptureFacts
from pcapframe.capture.folders import Listed
from pcapframe.capture.reader import Progress, read_capture
from pcapframe.capture.source import open_capture, source_name
from pcapframe.errors import CaptureError
from pcapframe.wording import counted, printable

__all__ = ["read_all"]

SHOW_PROGRESS_AFTER_S = 1.0


def read_all(
    captures: Listed, columns: PacketColumns, progress: Progress | Literal[False] | None
) -> list[CaptureFacts]:
    """Read captures one after another, each open only while it is read.

    Parameters
    ----------
    captures : Listed
        From `captures_in`.
    columns : PacketColumns
        Receives one row per packet.
    progress : callable or False, optional
        As for `read_pcap`.

    Returns
    -------
    list of CaptureFacts
        What each states. One of a folder or a pattern that cannot be read has no format, and says why.

    Raises
    ------
    CaptureError
        A capture that was named cannot be read, or none of a folder or a pattern can.
    """
    facts: list[CaptureFacts] = []
    errors: list[CaptureError] = []
    with _shown(captures, progress) as reports:
        for one, is_found, report in zip(captures.captures, captures.found, reports, strict=True):
            try:
                with report as tell, open_capture(one, tell) as stream:
                    facts.append(read_capture(stream, columns, tell))
            except CaptureError as error:
                if not is_found:
                    raise
                errors.append(error)
                facts.append(CaptureFacts(source_name(one), "", None))
                facts[-1].passed_over(error.problem, is_empty=_size(one) == 0)
    if len(errors) == len(facts):
        raise errors[0]
    return facts


@contextmanager
def _shown(
    captures: Listed, progress: Progress | Literal[False] | None
) -> Iterator[list[AbstractContextManager[Progress]]]:
    """Yield the progress callback of each capture: of all files together, or of each where a length is unknown."""
    names = [printable(source_name(one)) for one in captures.captures]
    sizes = [
        _size(one) or (0 if is_found else None)  # one that is gone by now is passed over
        for one, is_found in zip(captures.captures, captures.found, strict=True)
    ]
    if len(names) == 1 or None in sizes:
        yield [_progress(progress, name) for name in names]
        return
    known = [size or 0 for size in sizes]
    with _progress(progress, captures.name or counted(len(names), "capture")) as report:
        yield [nullcontext(_from(report, begin, sum(known))) for begin in accumulate(known[:-1], initial=0)]


def _from(report: Progress, begin: int, size: int) -> Progress:
    """Progress of a file, as that of all, which begins at this file's place."""
    return lambda done, _size: report(begin + done, size)


def _size(source: Any) -> int | None:
    """Length of a file [bytes], None for what is no file, or not there."""
    if not isinstance(source, str | os.PathLike):
        return None
    try:
        status = os.stat(source)
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


@contextmanager
def _progress(progress: Progress | Literal[False] | None, name: str) -> Iterator[Progress]:
    """Yield the progress callback: the user's, one that does nothing, or a bar that appears after a second."""
    if progress is not None:
        yield progress or (lambda _done, _size: None)
        return
    bars: list[Any] = []
    start = time.monotonic()

    def report(done: int, size: int | None) -> None:
        if not bars and time.monotonic() - start >= SHOW_PROGRESS_AFTER_S:
            from tqdm.auto import tqdm  # noqa: PLC0415  # most captures are read before it would be loaded

            bars.append(tqdm(total=size, desc=f"reading {name}", unit="B", unit_scale=True, leave=False))
        for bar in bars:
            bar.update(done - bar.n)

    try:
        yield report
    finally:
        for bar in bars:
            bar.close()
