"""What a command reads: the captures of its command line."""

import os
import sys
from typing import TYPE_CHECKING, Any, Literal

import click

import pcapframe
from pcapframe.cli.options import Captures
from pcapframe.cli.output import STDOUT

if TYPE_CHECKING:
    from pcapframe.analysis import Analysis

__all__ = ["analyze_captures", "progress", "sources"]


def analyze_captures(
    captures: Captures,
    server_ip: str | None,
    server_port: int | None,
    start: str | None,
    end: str | None,
    thresholds: dict[str, float] | None = None,
) -> "Analysis":
    """Analyse the captures of a command line.

    Parameters
    ----------
    captures : tuple
        Files, ``-`` and URLs.
    server_ip, server_port, start, end, thresholds
        As for `pcapframe.analyze`, None where not given.

    Returns
    -------
    Analysis
        With a bar on the way, in a terminal.
    """
    # Before NumPy is loaded. Huge pages pay where memory is used again, as in a server; a process that analyses once
    # waits for them, in virtual machines for long.
    os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
    return pcapframe.analyze(
        sources(captures),
        server_ip=server_ip,
        server_port=server_port,
        start=start,
        end=end,
        thresholds=pcapframe.Thresholds().with_values(thresholds or {}),
        progress=progress(),
    )


def sources(captures: Captures) -> Any:
    """Return what to read, and refuse standard input that nobody fills.

    Parameters
    ----------
    captures : tuple
        Files, ``-`` and URLs.

    Returns
    -------
    capture or list
        What `pcapframe.read_pcap` takes.
    """
    if captures.count(STDOUT) > 1:
        raise click.UsageError("standard input (-) can be read once only")
    if STDOUT in captures and sys.stdin is not None and sys.stdin.isatty():
        raise click.UsageError("standard input (-) is a terminal: expected a capture, as in tcpdump -w - | …")
    return captures[0] if len(captures) == 1 else list(captures)


def progress() -> Literal[False] | None:
    """Show a bar in a terminal only.

    Returns
    -------
    None or False
        For the ``progress`` of `pcapframe.read_pcap`.
    """
    return None if sys.stderr.isatty() else False
