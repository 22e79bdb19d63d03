"""The captures that clients ask about: opened safely, analysed once, cached while there is room.

A capture is identified by its content: a file by device, inode, size and modification time, a download by its SHA-256.
One that has changed is read again. Analyses run in threads, so that the event loop keeps answering. An analysis stops
at its next step if no client waits for it any more or its time limit is reached.
"""

import asyncio
import hashlib
import math
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import IO, TypeAlias

from pcapframe.analysis import Analysis, analyze
from pcapframe.capture.fetching import BoundedCapture, fetch
from pcapframe.capture.remote import RemoteCapture, is_url
from pcapframe.errors import CaptureError
from pcapframe.mcp_server.folders import Folders, key_of
from pcapframe.mcp_server.listing import CaptureEntry, Listing, Looked
from pcapframe.mcp_server.room import Key, Room
from pcapframe.mcp_server.settings import Settings
from pcapframe.wording import printable

__all__ = ["Captures", "Held", "Report"]

AT_ONCE = 4  # captures analysed at a time
MOST_S = 600.0  # longest that one may take
REPORT_EVERY_S = 0.2
READING = 0.6  # share of an analysis, about; the later stages report no progress
UNKNOWN_BYTES = 64 << 20  # assumed to be left where the length is unknown
Report: TypeAlias = Callable[[float, str], Awaitable[None]]


@dataclass(frozen=True)
class Held:
    """An analysed capture.

    Parameters
    ----------
    name : str
        For answers: as the client named it, credentials masked.
    identity : str
        Identifies its content.
    analysis : Analysis
        Of the whole capture.
    """

    name: str
    identity: str
    analysis: Analysis


class _Stopped(Exception):
    """No client waits for this any more."""


@dataclass(eq=False)
class _Job:
    """An analysis under way, and how many clients wait for it."""

    name: str
    room: Room
    end: float = math.inf  # when its time is over
    waiting: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    at: tuple[float, str] = (0.0, "")
    future: "Future[tuple[Key, Analysis] | None] | None" = None

    def progress(
        self, what: str, *, begin: float = 0.0, end: float = 1.0, size: int | None = None
    ) -> Callable[[int, int | None], None]:
        """Return a function that records progress, and stops the work if no client waits for it or its time is over.

        Parameters
        ----------
        what : str
            The step.
        begin, end : float, optional
            Share of all the work that is done when the step begins and ends. [0 to 1]
        size : int, optional
            Length of the input, if the caller does not know it. [bytes]
        """

        def keep(done: int, of: int | None) -> None:
            if self.stop.is_set():
                raise _Stopped
            if time.monotonic() > self.end:
                raise CaptureError(self.name, f"takes longer than {MOST_S:g} s, the most allowed")
            share = done / (size or of or done + UNKNOWN_BYTES)
            self.at = (begin + (end - begin) * min(share, 1.0), what)

        return keep

    def claim(self, nbytes: int, packets: int) -> None:
        """Claim memory, as `BoundedCapture.claim`."""
        self.room.claim(self, self.name, nbytes, packets)


class Captures:
    """The captures of a server and their analyses.

    Parameters
    ----------
    settings : Settings
        What may be read and kept.

    Raises
    ------
    ParameterError
        A root is not a folder.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folders = Folders(settings.roots)
        self._listing = Listing(self._folders)
        self._room = Room(settings.cache_bytes)
        self._fetched: dict[str, Key] = {}  # content of each URL when it was last fetched
        self._jobs: dict[Key, _Job] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, "pcapframe-analysis")

    async def get(self, name: str, report: Report, *, as_before: bool = False) -> Held:
        """Return the analysis of a capture, kept or made now.

        Parameters
        ----------
        name : str
            Path or URL.
        report : async callable
            Awaited at intervals with the share of the work that is done and the current step.
        as_before : bool, default False
            For a URL, accept the content of the last fetch if its analysis is still kept.

        Returns
        -------
        Held
            Of the whole capture.

        Raises
        ------
        CaptureError
            It may not be read, cannot be read, or exceeds a limit.
        """
        if is_url(name):
            remote = self._remote(name)
            known = self._fetched.get(name)
            kept = None if known is None else self._room.find(known)
            if as_before and known is not None and kept is not None:
                return Held(remote.name, _identity(known), kept)
            key, analysis = await self._wait(("url", name), remote.name, partial(self._from_url, remote), report)
            self._fetched = {url: held for url, held in self._fetched.items() if held in self._room} | {name: key}
            return Held(remote.name, _identity(key), analysis)
        file = await asyncio.to_thread(self._folders.open, name)
        with file:
            key = key_of(file)
            kept = self._room.find(key)
            if kept is not None:
                return Held(name, _identity(key), kept)
            # The job gets its own descriptor: the client that asked first may leave before it ends.
            own = os.dup(file.fileno())
        key, analysis = await self._wait(key, name, partial(_from_file, key, own), report, unused=own)
        return Held(name, _identity(key), analysis)

    def find(self, contains: str = "") -> Looked:
        """Find the captures below the root folders, as `Listing.find`."""
        return self._listing.find(contains)

    def describe(self, names: tuple[str, ...]) -> list[CaptureEntry]:
        """Describe captures as `Listing.describe`, with what stands out in those whose analyses are kept."""
        return [{**entry, "standout": self._first_standout(key)} for key, entry in self._listing.describe(names)]

    def _first_standout(self, key: Key | None) -> str | None:
        kept = None if key is None else self._room.find(key)
        if kept is None:
            return None
        return printable(kept.standouts[0].sentence) if kept.standouts else "Nothing stands out"

    @contextmanager
    def reopen(self, asked: str, held: Held) -> Iterator[IO[bytes]]:
        """Open an analysed capture again, to read its packets.

        Parameters
        ----------
        asked : str
            Path or URL.
        held : Held
            What `get` returned for it.

        Yields
        ------
        binary file
            The same content.

        Raises
        ------
        CaptureError
            It has changed, or cannot be read.
        """
        if is_url(asked):
            with fetch(self._remote(asked)) as fetched:
                if _identity(("sha256", fetched.sha256)) != held.identity:
                    raise CaptureError(held.name, "has changed since it was analysed: ask again")
                yield fetched.file
            return
        with self._folders.open(asked) as file:
            if _identity(key_of(file)) != held.identity:
                raise CaptureError(held.name, "has changed since it was analysed: ask again")
            yield file

    def close(self) -> None:
        """Stop all analyses under way."""
        for job in self._jobs.values():
            job.stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _remote(self, url: str) -> RemoteCapture:
        return RemoteCapture(url, allow_hosts=self._settings.allow_hosts)

    async def _wait(
        self,
        key: Key,
        name: str,
        work: Callable[[_Job], tuple[Key, Analysis]],
        report: Report,
        *,
        unused: int | None = None,
    ) -> tuple[Key, Analysis]:
        """Wait for an analysis, which several clients may share; the last one to leave stops it."""
        job = self._jobs.get(key)
        if job is None:
            job = self._jobs[key] = _Job(name, self._room)
            job.future = self._pool.submit(_run, work, job)
        elif unused is not None:
            os.close(unused)
        assert job.future is not None
        job.waiting += 1
        future = asyncio.wrap_future(job.future)
        future.add_done_callback(lambda done: done.cancelled() or done.exception())  # marks the exception as retrieved
        try:
            while not (await asyncio.wait([future], timeout=REPORT_EVERY_S))[0]:
                await report(*job.at)
            result = future.result()
        finally:
            job.waiting -= 1
            if not job.waiting:
                job.stop.set()
            if (future.done() or not job.waiting) and self._jobs.get(key) is job:
                del self._jobs[key]
        if result is None:  # the server is closing
            raise asyncio.CancelledError
        self._room.keep(*result)
        return result

    def _from_url(self, remote: RemoteCapture, job: _Job) -> tuple[Key, Analysis]:
        with fetch(remote, job.progress("fetching", end=0.5)) as fetched:
            key = ("sha256", fetched.sha256)
            kept = self._room.find(key)
            if kept is not None:
                return key, kept
            bounded = replace(fetched, claim=job.claim)
            return key, analyze(bounded, progress=job.progress("analysing", begin=0.5, end=0.5 + READING / 2))


def _run(work: Callable[[_Job], tuple[Key, Analysis]], job: _Job) -> tuple[Key, Analysis] | None:
    """Do the work of a job; None if it was stopped."""
    job.end = time.monotonic() + MOST_S
    try:
        return work(job)
    except _Stopped:
        return None
    finally:
        job.room.release(job)


def _from_file(key: Key, descriptor: int, job: _Job) -> tuple[Key, Analysis]:
    with open(descriptor, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        bounded = BoundedCapture(job.name, file, size, None, job.claim)
        return key, analyze(bounded, progress=job.progress("analysing", end=READING, size=size))


def _identity(key: Key) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()[:16]
